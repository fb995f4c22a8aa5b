"""A shared space that knows what an expert knows (RadioGraphics e240103, "Data embedding").

"Fatty liver" and "steatosis" are one thing, and a model that met pictures with one of the words
only cannot know it. Here no picture ever comes with a sentence that says "fatty"; the expert's
table says which names belong together. Without it the table is never read. The card has, for every
silent name, its place among all findings' names by likeness to its other name.

    radgloss train expert -d phantoms/manifest.jsonl -o checkpoint
    radgloss train expert-untold -d phantoms/manifest.jsonl -o untold"""

from dataclasses import replace

from radgloss.data.feeds import Told
from radgloss.models.representation import expert
from radgloss.systems.representation.small import SMALL
from radgloss.train.run import Run

__all__ = ["told", "untold"]


def told() -> Run:
    """Shared space with expert categories: synonyms are told."""
    return replace(
        SMALL,
        name="expert",
        architecture="expert",
        model=expert.VARIANTS["small"],
        feed=Told(),
        batch=32,
    )


def untold() -> Run:
    """Shared space without its expert: synonyms are never read."""
    run = told()
    return replace(run, name="expert-untold", model=replace(run.model, knowledge=0.0))
