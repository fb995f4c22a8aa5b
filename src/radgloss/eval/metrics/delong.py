"""The area under the ROC curve with an interval that needs no resampling (DeLong et al. 1988).

By midranks (Sun and Xu 2014), so in n log n. Studies count as independent: where a patient has
several, `bootstrap.interval` over patients is right and this is too narrow.
Shapes: n studies · n1 positives · n0 negatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata

from radgloss.trust.arrays import Bools, Floats, binary, shares, vector

__all__ = ["Difference", "area", "difference"]


def area(
    scores: npt.ArrayLike, truth: npt.ArrayLike, level: float = 0.95
) -> tuple[float, float, float]:
    """AUROC and its interval, from (n,) scores and (n,) truth.

    With perfect separation the formula's variance is 0, which is no certainty; the far end is then
    the share that would still give so many successes in a row with probability (1 − level) / 2, for
    as many trials as the rarer class has studies. With one study of a class the interval is NaN.

    >>> tuple(round(v, 3) for v in area([1, 2, 3, 4, 5, 6], [0, 0, 1, 0, 1, 1]))
    (0.889, 0.581, 1.0)
    """
    shares(level=level)
    x = vector(scores)
    true = binary(truth, len(x))
    of_positives, of_negatives = _placements(x, true)
    n = min(len(of_positives), len(of_negatives))
    value = float(of_positives.mean())
    if n < 2:
        return value, float("nan"), float("nan")
    if value in (0.0, 1.0):
        end = float(((1 - level) / 2) ** (1 / n))
        return (1.0, end, 1.0) if value else (0.0, 0.0, 1 - end)
    error = np.sqrt(_covariance([of_positives], [of_negatives])[0, 0])
    half = float(norm.ppf((1 + level) / 2) * error)
    return value, max(value - half, 0.0), min(value + half, 1.0)


@dataclass(frozen=True)
class Difference:
    """Area of the first less that of the second, its interval, and the two-sided p of no
    difference (NaN where both rank every pair alike)."""

    value: float
    low: float
    high: float
    p: float


def difference(
    first: npt.ArrayLike, second: npt.ArrayLike, truth: npt.ArrayLike, level: float = 0.95
) -> Difference:
    """Two scores of the same studies compared, their correlation taken into account."""
    shares(level=level)
    a = vector(first)
    b = vector(second, len(a))
    true = binary(truth, len(a))
    if min(true.sum(), (~true).sum()) < 2:
        raise ValueError("one study of a class; wanted 2 of each at least")
    pairs = [_placements(x, true) for x in (a, b)]
    c = _covariance([p for p, _ in pairs], [n for _, n in pairs])
    value = float(pairs[0][0].mean() - pairs[1][0].mean())
    error = float(np.sqrt(max(c[0, 0] + c[1, 1] - 2 * c[0, 1], 0)))
    half = float(norm.ppf((1 + level) / 2)) * error
    p = float(2 * norm.sf(abs(value) / error)) if error > 1e-12 else float("nan")
    return Difference(value, value - half, value + half, p)


def _placements(x: Floats, true: Bools) -> tuple[Floats, Floats]:
    """For each positive the share of negatives below it, (n1,); for each negative the share of
    positives above it, (n0,); ties count half."""
    n1, n0 = int(true.sum()), int((~true).sum())
    among_all = rankdata(x)
    of_positives = (among_all[true] - rankdata(x[true])) / n0
    of_negatives = 1 - (among_all[~true] - rankdata(x[~true])) / n1
    return of_positives, of_negatives


def _covariance(of_positives: list[Floats], of_negatives: list[Floats]) -> Floats:
    """Of the areas of several scores, (scores, scores)."""
    p, n = np.atleast_2d(of_positives), np.atleast_2d(of_negatives)
    return np.asarray(np.atleast_2d(np.cov(p)) / p.shape[1] + np.atleast_2d(np.cov(n)) / n.shape[1])
