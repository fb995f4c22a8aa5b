"""Knowledge matters (Yang et al., arXiv 2112.15009): a graph of findings and the reports of similar
pictures, asked by multi-head knowledge attention.

Unusual here: general knowledge is the project's own table of findings as triples
(`text.graph_of_findings`); reports are retrieved by the model's own vectors among the last studies
that training met, never one of the same patient; 64 pixels, phantoms. Three switches.

    radgloss train knowledge -d phantoms/manifest.jsonl -o checkpoint
    radgloss train knowledge-none -d phantoms/manifest.jsonl -o none"""

from typing import Literal

from radgloss.data.feeds import Noted
from radgloss.models.image_to_text.knowledge import Graph
from radgloss.systems.image_to_text.small import small
from radgloss.text.graph_of_findings import NAMES, RELATIONS, graph
from radgloss.train.run import Run

__all__ = ["both", "general", "none", "specific"]


def _arm(name: str, told: Literal["both", "general", "specific", "none"]) -> Run:
    known = graph()
    own = Graph(len(known.nodes), len(RELATIONS), len(NAMES), known.triples)
    return small(name, "knowledge", Noted, graph=own, told=told)


def both() -> Run:
    """Knowledge matters: the graph and the reports of similar pictures."""
    return _arm("knowledge", "both")


def general() -> Run:
    """Knowledge matters without the reports of similar pictures."""
    return _arm("knowledge-general", "general")


def specific() -> Run:
    """Knowledge matters without the graph."""
    return _arm("knowledge-specific", "specific")


def none() -> Run:
    """Knowledge matters without knowledge."""
    return _arm("knowledge-none", "none")
