"""Pictures some of which come with the captions of another: what noise in captions costs.

Captions found on the web or cut from papers are often another picture's. Here a share of the
pictures trade their captions among themselves, whole, once and for all. Only the steps meet the
traded ones: the store keeps the true captions, and so do those who judge by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from radgloss.data.batch import Batch
from radgloss.data.feeds.captioned import Captioned
from radgloss.data.feeds.desk import Desk

__all__ = ["Spoiled", "traded"]

SEED = 33


@dataclass(frozen=True)
class Spoiled(Captioned):
    """share: of the pictures that trade their captions."""

    share: float = 0.0

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """`Captioned.batches` with the captions as they were traded."""
        pairs = copy(desk.pairs)
        pairs.sentences = traded(pairs.sentences, self.share)
        return super().batches(replace(desk, pairs=pairs))


def traded(sentences: Sequence[list[str]], share: float, seed: int = SEED) -> list[list[str]]:
    """The captions, of which this share has been passed on, each to another picture.

    >>> traded([["a"], ["b"], ["c"]], 0.0)
    [['a'], ['b'], ['c']]
    >>> sorted(said for (said,) in traded([["a"], ["b"], ["c"]], 1.0))
    ['a', 'b', 'c']
    """
    many = round(share * len(sentences))
    chosen = np.random.default_rng(seed).permutation(len(sentences))[:many]
    out = list(sentences)
    for giver, taker in zip(chosen.tolist(), np.roll(chosen, 1).tolist(), strict=True):
        out[taker] = sentences[giver]
    return out
