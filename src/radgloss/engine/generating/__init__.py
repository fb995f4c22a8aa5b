"""Text out of any model that has `begin` and `step` (`models.image_to_text`): pure functions.

The same request gives the same text whoever else is in the batch: rows never see each other, and a
row that is drawn has a generator of its own."""

from radgloss.engine.generating.beam import beam
from radgloss.engine.generating.grammar import Choice, Grammar, Literal, Part, Words, compiled
from radgloss.engine.generating.guessing import NGrams, Speculated, own_words, speculated
from radgloss.engine.generating.writing import (
    Plan,
    Rule,
    Speaker,
    Written,
    greedy,
    nucleus,
    prefilled,
    read,
)

__all__ = [
    "Choice",
    "Grammar",
    "Literal",
    "NGrams",
    "Part",
    "Plan",
    "Rule",
    "Speaker",
    "Speculated",
    "Words",
    "Written",
    "beam",
    "compiled",
    "greedy",
    "nucleus",
    "own_words",
    "prefilled",
    "read",
    "speculated",
]
