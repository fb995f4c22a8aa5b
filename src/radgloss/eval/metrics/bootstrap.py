"""Intervals by resampling patients: everything of one patient comes along or stays away.

Percentile bootstrap (Efron and Tibshirani 1993, chapter 13). A statistic that a resample cannot
have (one class only) is left out of the percentiles."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["interval", "mean_interval"]

Index = npt.NDArray[np.intp]


def interval(
    patients: Sequence[Hashable],
    statistic: Callable[[Index], float],
    rounds: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """The statistic of all rows, and its interval over resampled patients.

    patients: whose each row is. statistic: takes row numbers (repeats allowed), returns a number
    or NaN. With fewer than two patients the interval is NaN.

    >>> rows = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0]
    >>> value, low, high = interval("aabbcc", lambda i: float(np.mean(np.array(rows)[i])))
    >>> round(value, 3), low <= value <= high
    (0.667, True)
    """
    everything = np.arange(len(patients))
    value = statistic(everything) if len(patients) else float("nan")
    rows: dict[Hashable, list[int]] = {}
    for k, patient in enumerate(patients):
        rows.setdefault(patient, []).append(k)
    if len(rows) < 2:
        return value, float("nan"), float("nan")
    sizes = np.array([len(own) for own in rows.values()])
    whose = np.concatenate([np.array(own) for own in rows.values()])  # rows, patient by patient
    rng = np.random.default_rng(seed)
    drawn = np.empty(rounds)
    for r in range(rounds):
        drawn[r] = statistic(whose[_places(sizes, rng.integers(len(sizes), size=len(sizes)))])
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return value, float("nan"), float("nan")
    low, high = np.percentile(drawn, [50 * (1 - level), 50 * (1 + level)])
    return value, float(low), float(high)


def _places(sizes: Index, chosen: Index) -> Index:
    """The places of the chosen groups, of these sizes, in a list that holds all one by one.

    >>> _places(np.array([2, 1, 3]), np.array([2, 0, 2]))
    array([3, 4, 5, 0, 1, 3, 4, 5])
    """
    starts, taken = np.cumsum(sizes) - sizes, sizes[chosen]
    within = np.arange(taken.sum()) - np.repeat(np.cumsum(taken) - taken, taken)
    return np.asarray(within + np.repeat(starts[chosen], taken))


def mean_interval(
    values: npt.ArrayLike, patients: Sequence[Hashable], rounds: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """The mean of one value a row, and its interval over resampled patients.

    >>> mean_interval([1, 1, 1], "abc")
    (1.0, 1.0, 1.0)
    """
    given = np.asarray(values, float)
    return interval(
        patients,
        lambda rows: float(given[rows].mean()) if len(rows) else float("nan"),
        rounds,
        seed,
    )
