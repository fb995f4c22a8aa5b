"""Scores into probabilities without assuming a curve: only that they rise together.

Isotonic regression by pooling adjacent violators (Zadrozny and Elkan 2002), read between the
middles of its pools ("centred", Oron and Flournoy, arXiv 1701.05964), so that two scores in the
range of validation seldom get one probability and the ranking survives. It needs many studies:
with few it draws steps around chance, where Platt's two numbers are enough.
Shapes: n studies · P pools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

from radgloss.trust.arrays import Floats, binary, vector

__all__ = ["Steps", "fit"]


@dataclass(frozen=True)
class Steps:
    """Probabilities at rising scores; straight between them, level beyond both ends. (P,) each."""

    at: tuple[float, ...]
    probability: tuple[float, ...]

    def __call__(self, scores: npt.ArrayLike) -> Floats:
        """(n,) scores → (n,) probabilities."""
        return np.asarray(np.interp(np.asarray(scores, float), self.at, self.probability))


def fit(scores: npt.ArrayLike, truth: npt.ArrayLike) -> Steps:
    """From (n,) scores and (n,) truth; ValueError unless both classes are there.

    No probability is nearer to 0 or 1 than 1 / (studies of the outermost pool + 2): a pool without
    exceptions does not prove that there are none (Laplace).

    >>> fit([1, 2, 3, 4, 5, 6], [0, 0, 1, 0, 1, 1]).probability
    (0.25, 0.5, 0.75)
    """
    x = vector(scores)
    true = binary(truth, len(x))
    at, same, counts = np.unique(x, return_inverse=True, return_counts=True)  # equal scores agree
    share = np.bincount(same, true) / counts
    pooled = optimize.isotonic_regression(share, weights=counts)
    edges = pooled.blocks
    weight = np.add.reduceat(counts, edges[:-1])
    middle = np.add.reduceat(at * counts, edges[:-1]) / weight
    value = pooled.x[edges[:-1]]
    value = _without_certainty(value, 1 / (weight[0] + 2), 1 - 1 / (weight[-1] + 2))
    return Steps(tuple(map(float, middle)), tuple(map(float, value)))


def _without_certainty(value: Floats, low: float, high: float) -> Floats:
    """The outermost pools moved off 0 and 1, never past their neighbours."""
    inner = value[1:-1]
    first = max(value[0], min(low, float(inner[0]) if len(inner) else 0.5))
    last = min(value[-1], max(high, float(inner[-1]) if len(inner) else 0.5))
    return np.array([first, *inner, last]) if len(value) > 1 else value
