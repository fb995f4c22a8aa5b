"""Few studies with pictures, and the words of all reports (VisualGPT's setting).

The first share of the run brings no picture: the sections of every report, so that a decoder learns
the language. The rest brings pictures with their texts, of a few studies only, which are the same
in every epoch.

Shapes: R texts · T tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from radgloss.data.batch import NOBODY, Batch
from radgloss.data.feeds.desk import Desk
from radgloss.data.feeds.written import Written, grouped

__all__ = ["Scarce", "without_pictures"]


@dataclass(frozen=True)
class Scarce(Written):
    """share: of the studies whose pictures are seen, one at least. language: share of the steps, at
    the start, that bring words alone."""

    share: float = 0.1
    language: float = 0.4

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Steps of words, then steps of pictures.

        Raises what `Written.batches` raises."""
        pictures = grouped(desk, self.sections)
        order = np.random.default_rng([desk.seed, 9]).permutation(list(pictures))
        few = {int(s): pictures[int(s)] for s in order[: max(round(self.share * len(order)), 1)]}
        words, pairs = self._dealt(desk, pictures), self._dealt(desk, few)
        first = round(self.language * desk.steps)
        return lambda k: without_pictures(words(k)) if k < first else pairs(k)


def without_pictures(batch: Batch) -> Batch:
    """The texts of a batch without its pictures."""
    nothing = torch.zeros(0)
    return replace(
        batch, images=nothing, looks=nothing, study=batch.study[:0], place=batch.place[:0],
        answers=batch.answers[:0], owner=torch.full_like(batch.owner, NOBODY),
    )  # fmt: skip
