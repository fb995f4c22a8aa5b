"""General knowledge as a typed graph: which finding lies in which organ, is of which kind, can be
seen in which examination.

Made from the one table of `text.findings`, the project's own; no outside terminology is in it. Two
relations have no triple here: a report that states or denies a finding adds its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from radgloss.text.findings import FINDINGS, FindingType
from radgloss.types import Finding

__all__ = ["NAMES", "RELATIONS", "Graph", "graph", "signs"]

NAMES = tuple(f.what for f in FINDINGS)
"""The findings, in the order in which every vector of facts has them."""

RELATIONS = ("lies in", "is of kind", "is", "is seen in", "states", "denies")


@dataclass(frozen=True)
class Graph:
    """nodes: names, the findings first, in the order of NAMES. triples: (head, relation, tail)."""

    nodes: tuple[str, ...]
    triples: tuple[tuple[int, int, int], ...]


@cache
def graph() -> Graph:
    """The graph of the findings.

    >>> g = graph()
    >>> [(g.nodes[h], RELATIONS[r], g.nodes[t]) for h, r, t in g.triples][0]
    ('liver cyst', 'lies in', 'organ: liver')
    """
    told = [(f.what, *said) for f in FINDINGS for said in _said(f)]
    nodes = tuple(dict.fromkeys((*NAMES, *(tail for _, _, tail in told))))
    number = {name: n for n, name in enumerate(nodes)}
    triples = tuple((number[h], RELATIONS.index(r), number[t]) for h, r, t in told)
    return Graph(nodes, triples)


def _said(row: FindingType) -> Iterable[tuple[str, str]]:
    yield "lies in", f"organ: {row.organ}"
    yield "is of kind", f"kind: {row.kind}"
    yield "is", f"layer: {row.layer}"
    for exam in row.exams:
        yield "is seen in", f"exam: {exam}"


def signs(findings: Iterable[Finding]) -> npt.NDArray[np.int8]:
    """(K,): 1 stated, -1 denied, 0 left open; what is stated anywhere is stated.

    >>> found = signs([Finding("liver cyst"), Finding("gallstones", "absent")])
    >>> int(found[NAMES.index("liver cyst")]), int(found[NAMES.index("gallstones")])
    (1, -1)
    """
    out = np.zeros(len(NAMES), np.int8)
    places = {name: k for k, name in enumerate(NAMES)}
    for f in findings:
        k = places.get(f.what)
        if k is not None and f.status == "present":
            out[k] = 1
        elif k is not None and f.status == "absent" and not out[k]:
            out[k] = -1
    return out
