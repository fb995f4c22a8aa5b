"""Pictures with their sentences, some of whose tokens are to be guessed (PMC-CLIP)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from radgloss.data.batch import Batch
from radgloss.data.feeds.captioned import Captioned
from radgloss.data.feeds.desk import Desk, FromPairs
from radgloss.data.pairs import Words

__all__ = ["Masked"]


@dataclass(frozen=True)
class Masked(FromPairs):
    """share: of the words of a text that are hidden, one at least; all pieces of a word go
    together, so that none betrays the others. words: as in `Captioned`."""

    share: float = 0.15
    words: Words = "whole"

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """The batches of `Captioned`, with `hidden`."""
        plain = Captioned(self.words).batches(desk)

        def batch(k: int) -> Batch:
            made = plain(k)
            rng = np.random.default_rng([desk.seed, k, 5])
            hidden = np.stack([self._hidden(row, rng) for row in made.words.numpy()])
            return replace(made, hidden=torch.from_numpy(hidden))

        return batch

    def _hidden(self, words: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(T,) bool for one text, whose tokens are pieces of these words."""
        count = int(words.max()) + 1
        some = rng.permutation(count)[: max(1, round(self.share * count))]
        return np.isin(words, some)
