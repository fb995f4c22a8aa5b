"""CDGPT2 (Alfarghaly et al., Informatics in Medicine Unlocked 24, 100557): pictures and weighted
tags before the words, in every layer.

Unusual here: tags are the project's findings as the fact reader finds them in the training
reports, and their embeddings are learned; 64 pixels, phantoms. Four switches, one at a time; in the
last the decoder looks at its memory by cross-attention, as the plain captioner's does.

    radgloss train cdgpt2 -d phantoms/manifest.jsonl -o checkpoint
    radgloss train cdgpt2-pictures -d phantoms/manifest.jsonl -o pictures"""

from radgloss.data.feeds import Noted
from radgloss.systems.image_to_text.small import small
from radgloss.text.graph_of_findings import NAMES
from radgloss.train.run import Run

__all__ = ["both", "crossed", "even", "pictures", "tags"]


def both() -> Run:
    """CDGPT2: pictures and probable tags stand before the words (pseudo self-attention)."""
    return small("cdgpt2", "cdgpt2", Noted, tags=len(NAMES))


def pictures() -> Run:
    """CDGPT2 without tags."""
    return small("cdgpt2-pictures", "cdgpt2", Noted, tags=len(NAMES), told="pictures")


def tags() -> Run:
    """CDGPT2 without pictures: their tags alone."""
    return small("cdgpt2-tags", "cdgpt2", Noted, tags=len(NAMES), told="tags")


def even() -> Run:
    """CDGPT2 without weights: every tag is told alike, so tags say nothing of the patient."""
    return small("cdgpt2-even", "cdgpt2", Noted, tags=len(NAMES), weights="one")


def crossed() -> Run:
    """CDGPT2 without pseudo self-attention, and without tags: the plain captioner."""
    return small("cdgpt2-crossed", "captioner", Noted)
