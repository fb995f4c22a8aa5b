"""Text out of any model that has `begin` and `step` (`models.image_to_text`): pure functions.

The same request gives the same text whoever else is in the batch: rows never see each other, and a
row that is drawn has a generator of its own."""

from radgloss.engine.generating.writing import (
    Plan,
    Speaker,
    Written,
    greedy,
    nucleus,
    prefilled,
    read,
)

__all__ = ["Plan", "Speaker", "Written", "greedy", "nucleus", "prefilled", "read"]
