"""Noisy captions: CLIP on pictures some of which come with another's text (primer, glossary).

A model that learns from found captions meets wrong ones; how many can it bear? Without noise the
recipe is `clip-small`.

    radgloss train clip-spoiled -d phantoms/manifest.jsonl -o spoiled"""

from dataclasses import replace

from radgloss.data.feeds import Spoiled
from radgloss.systems.alignment import clip
from radgloss.train.run import Run

__all__ = ["most", "some"]


def some() -> Run:
    """CLIP where two captions in five are another picture's."""
    return replace(clip.small(), name="clip-spoiled", feed=Spoiled(share=0.4))


def most() -> Run:
    """CLIP where four captions in five are another picture's."""
    return replace(clip.small(), name="clip-spoiled-most", feed=Spoiled(share=0.8))
