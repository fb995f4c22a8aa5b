"""Recall that does not punish duplicates: texts that say the same thing are the same answer.

Shapes: Q queries · N candidates."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["expected_recall"]


def expected_recall(
    scores: npt.NDArray[np.floating],
    wanted: Sequence[Hashable],
    offered: Sequence[Hashable],
    k: int,
) -> npt.NDArray[np.float64]:
    """For each query the probability that a right candidate is among the first k, (Q,).

    Candidates of equal score come in any order with equal probability, so a model that gives every
    candidate one score gets exactly chance (hypergeometric), not luck.

    >>> expected_recall(np.zeros((1, 4)), ["a"], ["a", "b", "c", "d"], k=1)
    array([0.25])
    """
    out = np.zeros(len(wanted))
    for q, want in enumerate(wanted):
        right = np.array([offer == want for offer in offered], bool)
        if right.any():
            out[q] = _within(scores[q], right, k)
    return out


def _within(scores: npt.NDArray[np.floating], right: npt.NDArray[np.bool_], k: int) -> float:
    """The probability that a right one is among the first k, ties broken by chance."""
    best = scores[right].max()
    above = int((scores > best).sum())  # wrong ones all
    tied = int((scores == best).sum())
    hits = int((scores[right] == best).sum())
    room = min(k - above, tied)
    if room <= 0:
        return 0.0
    missed = 1.0
    for i in range(room):  # no right one among `room` draws without replacement
        missed *= max(tied - hits - i, 0) / (tied - i)
    return 1.0 - missed
