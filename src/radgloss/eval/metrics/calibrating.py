"""Do probabilities mean what they say? Brier score, slope and intercept, and the curve behind them.

The expected calibration error is `trust.calibration.expected_calibration_error`. Shapes: n studies.

A slope below 1 says that the probabilities are too extreme, above 1 too timid; an intercept above 0
that the finding is commoner here than was said (Cox 1958; Van Calster et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from radgloss.trust.arrays import Bools, Floats, binary, vector
from radgloss.trust.calibration import lower_bound

__all__ = ["Bin", "Recalibration", "brier", "recalibration", "reliability"]

FURTHEST = 1e-6  # a probability of exactly 0 or 1 has no log-odds
STEPS = 100


def brier(probability: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """Mean squared distance of the probability from what happened (Brier 1950).

    >>> brier([0.9, 0.2], [1, 0])
    0.025
    """
    p = _probability(probability)
    return float(np.mean((p - binary(truth, len(p), both=False)) ** 2).round(12))


@dataclass(frozen=True)
class Recalibration:
    """slope, intercept: of log-odds(true) = intercept + slope · log-odds(said); 1 and 0 are right.
    in_the_large: the intercept with the slope held at 1; above 0 the finding was underestimated.
    NaN for slope and intercept where the probabilities separate the classes: no finite line fits.
    """

    slope: float
    intercept: float
    in_the_large: float


def recalibration(probability: npt.ArrayLike, truth: npt.ArrayLike) -> Recalibration:
    """By maximum likelihood, from (n,) probabilities and (n,) truth with both classes."""
    p = _probability(probability)
    true = binary(truth, len(p))
    x = logit(np.clip(p, FURTHEST, 1 - FURTHEST))
    large = _newton(np.ones((len(x), 1)), x, true)
    if x[true].min() >= x[~true].max() or x[true].max() <= x[~true].min():
        return Recalibration(float("nan"), float("nan"), float(large[0]))
    line = _newton(np.stack([np.ones_like(x), x], axis=1), np.zeros_like(x), true)
    return Recalibration(float(line[1]), float(line[0]), float(large[0]))


def _newton(design: Floats, offset: Floats, true: Bools) -> Floats:
    """Coefficients of a logistic regression without penalty, by damped Newton steps."""
    w = np.zeros(design.shape[1])

    def loss(v: Floats) -> float:
        z = design @ v + offset
        return float(np.sum(np.logaddexp(0, z) - true * z))

    for _ in range(STEPS):
        p = expit(design @ w + offset)
        slope = design.T @ (p - true)
        bend = design.T @ (design * (p * (1 - p))[:, None])
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        size = 1.0
        while loss(w - size * step) > loss(w) and size > 1e-8:
            size /= 2
        w = w - size * step
        if np.abs(size * step).max() < 1e-10:
            break
    return np.asarray(w)


@dataclass(frozen=True)
class Bin:
    """said: mean probability. happened: share of positives, with a 95 % Wilson interval."""

    said: float
    happened: float
    low: float
    high: float
    n: int


def reliability(
    probability: npt.ArrayLike, truth: npt.ArrayLike, bins: int = 10
) -> tuple[Bin, ...]:
    """What happened against what was said, in bins of equal count, rising.

    >>> [(b.said, b.happened, b.n) for b in reliability([0.1, 0.1, 0.8, 0.8], [0, 0, 1, 0], 2)]
    [(0.1, 0.0, 2), (0.8, 0.5, 2)]
    """
    if bins < 1:
        raise ValueError(f"{bins} bins; wanted one at least")
    p = _probability(probability)
    true = binary(truth, len(p), both=False)
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(p))) if len(part)]
    return tuple(_bin(p[part], true[part]) for part in parts)


def _bin(p: Floats, true: Bools) -> Bin:
    n, yes = len(p), int(true.sum())
    low, high = lower_bound(yes, n, 1.96), 1 - lower_bound(n - yes, n, 1.96)
    return Bin(float(p.mean()), yes / n, max(low, 0.0), min(high, 1.0), n)


def _probability(given: npt.ArrayLike) -> Floats:
    p = vector(given, what="probabilities")
    if (p < 0).any() or (p > 1).any():
        raise ValueError("probabilities beyond 0 to 1")
    return p
