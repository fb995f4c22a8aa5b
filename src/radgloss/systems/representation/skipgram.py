"""Word vectors by skip-gram (Mikolov et al., arXiv 1310.4546) on the sentences of reports.

Unusual here: whole words, windows that end with the sentence, no decay. Without its idea: each
word's neighbour is drawn from all reports, so a word's company says nothing about it. What the
primer's figure 5 shows is on the card: nearest words, and the share of words whose nearest is of
their own kind (sides, organs, sizes …), beside chance and beside the words' bare numbers.

    radgloss train words -d phantoms/manifest.jsonl -o checkpoint
    radgloss train words-anywhere -d phantoms/manifest.jsonl -o anywhere"""

from dataclasses import replace

from radgloss.data.feeds import Neighbours
from radgloss.models.representation import skipgram
from radgloss.systems.representation.small import SMALL
from radgloss.train.run import Run

__all__ = ["anywhere", "window"]


def window() -> Run:
    """Word embeddings: words in similar company lie close."""
    return replace(
        SMALL,
        name="words",
        architecture="skipgram",
        model=skipgram.VARIANTS["small"],
        feed=Neighbours(),
        batch=512,
        steps=6000,
        rate=5e-3,
        weight_decay=0.0,
        keep_every=2000,
    )


def anywhere() -> Run:
    """Word embeddings without their idea: company drawn from all reports."""
    return replace(window(), name="words-anywhere", feed=Neighbours(near="anywhere"))
