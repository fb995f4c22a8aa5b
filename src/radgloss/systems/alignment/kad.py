"""KAD (Zhang et al., arXiv 2302.14042): knowledge first, entities for words, a query decoder.

Unusual here: knowledge is the project's own table of findings, synonyms and organs; entities come
from the fact reader; 64 pixels, phantoms. The model's `answers` asks the decoder; the labels that
the checkpoint serves are asked in the shared space, as of every system. Three switches, one at a
time.

    radgloss train kad -d phantoms/manifest.jsonl -o checkpoint
    radgloss train kad-unknowing -d phantoms/manifest.jsonl -o unknowing"""

from dataclasses import replace

from radgloss.data.feeds import Queried
from radgloss.models.alignment import kad
from radgloss.systems.alignment.small import SMALL
from radgloss.train.run import Run

__all__ = ["knowing", "unasked", "unknowing", "words"]


def knowing() -> Run:
    """KAD: text tower trained on knowledge, entities, a decoder asked for each disease."""
    return replace(
        SMALL,
        name="kad",
        architecture="kad",
        model=kad.VARIANTS["small"],
        feed=Queried(),
    )


def unknowing() -> Run:
    """KAD without knowledge: the text tower learns from the pictures' texts alone."""
    run = knowing()
    model = replace(run.model, frozen=False)
    return replace(run, name="kad-unknowing", model=model, feed=Queried(knowledge=0.0))


def words() -> Run:
    """KAD with the sentences as they stand instead of their entities."""
    return replace(knowing(), name="kad-words", feed=Queried(text="sentences"))


def unasked() -> Run:
    """KAD without its query decoder."""
    run = knowing()
    return replace(run, name="kad-unasked", model=replace(run.model, asked=0.0))
