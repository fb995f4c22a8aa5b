"""Counts that add up: intervals and tests over ten thousand resamples without scoring anew.

A `Family` is one way of comparing texts (BLEU, say) with its members (BLEU-1 … BLEU-4). It counts
once: n pairs → (n, k) numbers whose sum over any pairs is all its members need. A resample is then
a row of weights, and ten thousand of them one product of matrices.

Intervals: percentile bootstrap over patients (Efron and Tibshirani 1993, chapter 13). Tests:
approximate randomisation (Noreen 1989): each patient's two answers change places or not; every one
of the 2^P ways where these are few enough, else drawn ones, with the observed way counted in, so
that p is never 0. Many tests: Holm 1979. Shapes: n pairs · P patients · k counts · R rounds."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Family", "Floats", "Member", "NotAvailable", "by_patient", "holm", "intervals",
           "mean", "paired", "ratio"]  # fmt: skip

Floats = npt.NDArray[np.float64]
Value = Callable[[Floats], Floats]
WEIGHTS = 2_000_000  # at a time: as many resamples as these are for


class NotAvailable(Exception):  # noqa: N818 - not an error: an answer
    """Why a measure has no value here, in words for the table."""


@dataclass(frozen=True)
class Member:
    """One figure of a family. value: (…, k) sums → (…). aim: "high" or "low". probed: whether it
    has a line in the table of perturbations (one class of errors is not meant to see the others).
    """

    name: str
    value: Value
    aim: str = "high"
    probed: bool = True


@dataclass(frozen=True)
class Family:
    """count: (references, predictions) → (n, k); may raise `NotAvailable`. signature: everything
    that must be equal for two values to be comparable. corpus: the counts of a pair depend
    on the other pairs; where they do not, each pair of texts is counted once for all questions."""

    name: str
    signature: str
    members: tuple[Member, ...]
    count: Callable[[Sequence[str], Sequence[str]], Floats]
    corpus: bool = False


def ratio(over: int, under: int) -> Value:
    """Sum of one count over the sum of another; 0 where nothing was counted."""

    def value(sums: Floats) -> Floats:
        a, b = sums[..., over], sums[..., under]
        return np.divide(a, b, out=np.zeros_like(a, dtype=float), where=b != 0)

    return value


mean = ratio(0, 1)  # of a score for each pair, beside a column of ones


def by_patient(counts: Floats, patients: Sequence[Hashable]) -> Floats:
    """(n, k) → (P, k): the counts of each patient added up, in order of first appearance."""
    place: dict[Hashable, int] = {}
    rows = np.array([place.setdefault(p, len(place)) for p in patients], dtype=np.intp)
    found = np.zeros((len(place), counts.shape[1]))
    np.add.at(found, rows, counts)
    return found


def intervals(
    counts: Floats,
    values: Sequence[Value],
    rounds: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> list[tuple[float, float, float]]:
    """(value, low, high) of each; counts: (P, k) by patient. One patient alone has no interval."""
    whole = [float(v(counts.sum(0))) for v in values]
    if len(counts) < 2 or not rounds:
        return [(w, float("nan"), float("nan")) for w in whole]
    drawn = np.empty((rounds, len(values)))
    rng = np.random.default_rng(seed)
    step = _step(len(counts))
    for start in range(0, rounds, step):
        sums = _weights(rng, min(step, rounds - start), len(counts)) @ counts  # (R, k)
        for m, v in enumerate(values):
            drawn[start : start + len(sums), m] = v(sums)
    ends = np.percentile(drawn, [50 * (1 - level), 50 * (1 + level)], axis=0)
    return [(w, float(lo), float(hi)) for w, lo, hi in zip(whole, *ends, strict=True)]


def _step(patients: int) -> int:
    """How many resamples at a time."""
    return max(1, WEIGHTS // patients)


def _weights(rng: np.random.Generator, rounds: int, patients: int) -> Floats:
    """(rounds, P): how often each patient was drawn, P draws a round."""
    drawn = rng.integers(patients, size=(rounds, patients))
    drawn += (np.arange(rounds) * patients)[:, None]
    return np.bincount(drawn.ravel(), minlength=rounds * patients).reshape(rounds, -1).astype(float)


def paired(
    first: Floats,
    second: Floats,
    values: Sequence[Value],
    rounds: int = 10_000,
    seed: int = 0,
) -> list[tuple[float, float, float, float]]:
    """(difference first − second, low, high, p) of each value; counts by patient, (P, k) both.

    p is two-sided. Exact where 2^P ≤ rounds.

    >>> a, b = np.array([[1.0, 1]] * 5), np.array([[0.0, 1]] * 5)
    >>> paired(a, b, [mean])[0][3]  # five of five better: 2 of the 32 ways are as far apart
    0.0625
    """
    apart = [float(v(first.sum(0)) - v(second.sum(0))) for v in values]
    if len(first) < 2 or not rounds:
        return [(d, float("nan"), float("nan"), float("nan")) for d in apart]
    rng = np.random.default_rng(seed)
    exact = len(first) < 63 and 2 ** len(first) <= rounds
    total = 2 ** len(first) if exact else rounds
    further = np.zeros(len(values))
    gap = second - first  # a swap adds it to the first system's sum and takes it from the second's
    step = _step(len(first))
    for start in range(0, total, step):
        some = min(step, total - start)
        moved = (_ways(start, some, len(first)) if exact else
                 rng.integers(2, size=(some, len(first))).astype(float)) @ gap  # fmt: skip
        for m, v in enumerate(values):
            d = v(first.sum(0) + moved) - v(second.sum(0) - moved)
            further[m] += (np.abs(d) >= abs(apart[m]) - 1e-12).sum()
    p = further / total if exact else (further + 1) / (total + 1)
    drawn = np.empty((rounds, len(values)))
    for start in range(0, rounds, step):
        w = _weights(rng, min(step, rounds - start), len(first))
        a, b = w @ first, w @ second
        for m, v in enumerate(values):
            drawn[start : start + len(w), m] = v(a) - v(b)
    ends = np.percentile(drawn, [2.5, 97.5], axis=0)
    return [(d, float(lo), float(hi), float(q))
            for d, lo, hi, q in zip(apart, *ends, p, strict=True)]  # fmt: skip


def _ways(start: int, some: int, patients: int) -> Floats:
    """The ways numbered start … of changing places, as 0 and 1: (some, P)."""
    numbers = np.arange(start, start + some)
    return ((numbers[:, None] >> np.arange(patients)) & 1).astype(float)


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down: p-values that may be compared with one level together. NaN stays out.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted((i for i, q in enumerate(p) if q == q), key=lambda i: p[i])
    found, least = list(p), 0.0
    for rank, i in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * p[i]))
        found[i] = least
    return found
