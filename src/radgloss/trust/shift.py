"""Do the studies still come from where the validation studies came from?

Two questions. `two_sample` compares one batch with validation: Kolmogorov–Smirnov on a score, or
the maximum mean discrepancy on features (Gretton et al. 2012) with a permutation test. `watch`
follows a stream, study by study, and may be looked at after every one: a conformal test martingale
(Vovk et al., arXiv 2102.10439) starts with a capital of 1 and bets against "nothing has changed";
by Ville's inequality its capital ever reaches 1/alpha with probability at most alpha while that is
true. Repeating an ordinary test after each study has no such bound: sooner or later it alarms.

An alarm says that the studies differ, not why, and not that the model is wrong. Give one study a
patient. Shapes: n validation studies · m new ones · D features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from radgloss.trust.arrays import Floats, scores, shares, vector

__all__ = ["Compared", "Stream", "begin", "mmd", "two_sample", "watch"]

BETS = (-1.0, 0.0, 1.0)  # familiar studies too often, no bet, strange studies too often
JUMP = 0.01  # share of the capital that changes its bet at each study


@dataclass(frozen=True)
class Compared:
    """statistic: the distance, larger is more different. p: probability of one as large while
    nothing has changed. alarm: p at most alpha, so false in at most that share of batches."""

    test: Literal["KS", "MMD"]
    statistic: float
    p: float
    alpha: float
    n: int
    m: int

    @property
    def alarm(self) -> bool:
        return self.p <= self.alpha


def two_sample(
    validation: npt.ArrayLike,
    new: npt.ArrayLike,
    alpha: float = 0.05,
    rounds: int = 199,
    seed: int = 0,
) -> Compared:
    """Compare one batch with validation.

    Both (n,) scores: Kolmogorov–Smirnov, exact. Both (n, D) features: MMD by permutation of
    studies. The batch is chosen beforehand; for a stream that is looked at again and again see
    `watch`.

    >>> two_sample([0.1, 0.2, 0.3, 0.4, 0.5], [2.1, 2.2, 2.3, 2.4, 2.5]).alarm
    True
    """
    shares(alpha=alpha)
    if np.ndim(validation) == 1:
        a, b = vector(validation), vector(new)
        found = stats.ks_2samp(a, b)
        return Compared("KS", float(found.statistic), float(found.pvalue), alpha, len(a), len(b))
    x = scores(validation, what="features")
    y = scores(new, x.shape[1], "features")
    if min(len(x), len(y)) < 2:
        raise ValueError(f"{len(x)} and {len(y)} studies; wanted 2 of each at least")
    value, p = _permuted(x, y, rounds, seed)
    return Compared("MMD", value, p, alpha, len(x), len(y))


def mmd(x: npt.ArrayLike, y: npt.ArrayLike, width: float) -> float:
    """Squared maximum mean discrepancy, unbiased (Gretton et al. 2012, eq. 3).

    Kernel exp(−|a − b|² / (2 width²)); x: (n, D), y: (m, D)."""
    a, b = scores(x, what="features"), scores(y, what="features")
    kernel = _kernel(np.concatenate([a, b]), width)
    return _unbiased(kernel, np.arange(len(a) + len(b)) < len(a))


def _kernel(points: Floats, width: float) -> Floats:
    return np.asarray(np.exp(-_squared(points) / (2 * width * width)))


def _squared(points: Floats) -> Floats:
    norms = (points**2).sum(axis=1)
    return np.maximum(norms[:, None] + norms[None] - 2 * points @ points.T, 0)


def _unbiased(kernel: Floats, first: npt.NDArray[np.bool_]) -> float:
    n, m = int(first.sum()), int((~first).sum())
    f, s = first.astype(np.float64), (~first).astype(np.float64)
    of_first, of_second = f @ kernel @ f - n, s @ kernel @ s - m  # without the diagonal of ones
    return float(
        of_first / (n * (n - 1)) + of_second / (m * (m - 1)) - 2 * (f @ kernel @ s) / (n * m)
    )


def _permuted(x: Floats, y: Floats, rounds: int, seed: int) -> tuple[float, float]:
    points = np.concatenate([x, y])
    squared = _squared(points)
    apart = squared[~np.eye(len(points), dtype=bool)]
    width = float(np.sqrt(np.median(apart))) or 1.0  # the median heuristic
    kernel = np.exp(-squared / (2 * width * width))
    first = np.arange(len(points)) < len(x)
    value = _unbiased(kernel, first)
    rng = np.random.default_rng(seed)
    beyond = sum(_unbiased(kernel, rng.permutation(first)) >= value for _ in range(rounds))
    return value, (1 + beyond) / (1 + rounds)


# ------------------------------------------------------------------ a stream


@dataclass(frozen=True)
class Stream:
    """What has been seen so far. scores: validation's and the stream's, sorted. capital: of each
    bet. highest: the largest total so far. studies: of the stream. alarmed_at: the study at which
    the total first reached 1/alpha; None until then (an alarm stays)."""

    alpha: float
    scores: tuple[float, ...]
    capital: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 3)
    highest: float = 1.0
    studies: int = 0
    alarmed_at: int | None = None
    seed: int = 0

    @property
    def alarm(self) -> bool:
        return self.alarmed_at is not None


def begin(validation: npt.ArrayLike, alpha: float = 0.05, seed: int = 0) -> Stream:
    """Before the first study. validation: (n,) scores of familiar studies, higher is stranger.

    alpha: the probability of ever alarming while nothing has changed."""
    shares(alpha=alpha)
    values = np.sort(vector(validation))
    return Stream(alpha, tuple(float(v) for v in values), seed=seed)


def watch(stream: Stream, score: float) -> Stream:
    """After one more study; the stream that was given is left as it was.

    >>> stream = begin(range(100))
    >>> for _ in range(30):
    ...     stream = watch(stream, 1000.0)
    >>> stream.alarm
    True
    """
    if not np.isfinite(score):
        raise ValueError("a score that is not finite; wanted a number")
    held = np.array(stream.scores)
    place = int(np.searchsorted(held, score, side="right"))
    above = len(held) - place
    equal = place - int(np.searchsorted(held, score, side="left")) + 1  # and itself
    lot = float(np.random.default_rng((stream.seed, stream.studies)).random())
    p = (above + lot * equal) / (len(held) + 1)  # uniform while nothing has changed
    pooled = sum(stream.capital)
    kept = [(1 - JUMP) * c + JUMP * pooled / len(BETS) for c in stream.capital]
    capital = tuple(c * (1 + bet * (0.5 - p)) for c, bet in zip(kept, BETS, strict=True))
    total, studies = sum(capital), stream.studies + 1
    alarmed = stream.alarmed_at
    if alarmed is None and total >= 1 / stream.alpha:
        alarmed = studies
    return replace(
        stream,
        scores=(*stream.scores[:place], float(score), *stream.scores[place:]),
        capital=capital,
        highest=max(stream.highest, total),
        studies=studies,
        alarmed_at=alarmed,
    )
