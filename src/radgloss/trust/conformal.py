"""Sets of classes that hold the right one as often as was promised (split conformal prediction).

Whatever the model, whatever its calibration: if a new study is exchangeable with the validation
studies, its set holds the true class with probability at least 1 − alpha (Vovk et al. 2005; Lei et
al., arXiv 1604.04173). "Class by class" keeps the promise within each class, so that a rare disease
is not paid for by the healthy (Mondrian; Sadinle et al., arXiv 1609.00451). The adaptive kind (APS,
RAPS; arXiv 2006.02544, 2009.14193) gives hard studies larger sets.

The promise is an average over studies, not one for the study at hand; it ends where the studies
change (see `shift`), and studies of one patient are not exchangeable with each other: give one a
patient. Shapes: n studies · K classes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.trust.arrays import Bools, Floats, Ints, probabilities, scores, shares, whole

__all__ = [
    "Adaptive",
    "Conformal",
    "Coverage",
    "conformal_quantile",
    "coverage",
    "fit",
    "fit_adaptive",
]


def conformal_quantile(strangeness: npt.ArrayLike, alpha: float) -> float:
    """The ceil((n + 1)(1 − alpha))-th smallest of n values; infinite where n is too small.

    One more value from the same source lies at or below it with probability at least 1 − alpha,
    and at most 1 − alpha + 1/(n + 1) where no two are equal.

    >>> conformal_quantile([1, 2, 3, 4], alpha=0.4), conformal_quantile([1, 2], alpha=0.1)
    (3.0, inf)
    """
    shares(alpha=alpha)
    values = np.sort(np.asarray(strangeness, np.float64))
    rank = int(np.ceil((len(values) + 1) * (1 - alpha) - 1e-9))
    return float(values[rank - 1]) if rank <= len(values) else float("inf")


@dataclass(frozen=True)
class Conformal:
    """A class belongs to the set when its score is at least its class's `least`.

    least: K values; −inf where validation had too few of a class to leave it out at this alpha.
    studied: validation studies of each class. by_class: the promise holds within each class."""

    alpha: float
    least: tuple[float, ...]
    studied: tuple[int, ...]
    by_class: bool

    def sets(self, given: npt.ArrayLike) -> Bools:
        """Which classes remain for each study, (n, K) → (n, K).

        An empty row: no class fits. A full row: nothing could be ruled out."""
        rows = scores(given, len(self.least))
        return np.asarray(rows >= np.array(self.least))


def fit(
    given: npt.ArrayLike, truth: npt.ArrayLike, alpha: float = 0.1, by_class: bool = False
) -> Conformal:
    """Thresholds from validation studies that the scores were not fitted on.

    given: (n, K), higher where the class fits better: logits, cosines or probabilities (any rising
    transformation that all studies share gives the same sets). truth: (n,) class numbers. Raises
    ValueError for scores that are not finite, for unknown classes, or without any study.

    >>> one = fit([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]], [0, 0, 1, 1], alpha=0.2)
    >>> one.sets([[0.65, 0.35], [0.5, 0.5]]).tolist()
    [[True, False], [False, False]]
    """
    rows = scores(given)
    true = whole(truth, rows)
    K = rows.shape[1]
    own = -rows[np.arange(len(rows)), true]  # strangeness of the true class
    if by_class:
        least = [-conformal_quantile(own[true == k], alpha) for k in range(K)]
    else:
        least = [-conformal_quantile(own, alpha)] * K
    return Conformal(alpha, tuple(least), _counts(true, K), by_class)


@dataclass(frozen=True)
class Adaptive:
    """Classes in falling order of probability until their sum passes `most`.

    penalty, free: every class after the first `free` adds `penalty` (RAPS); 0 is APS."""

    alpha: float
    most: float
    penalty: float
    free: int
    studied: tuple[int, ...]

    def sets(self, given: npt.ArrayLike, seed: int = 0) -> Bools:
        """(n, K) probabilities → (n, K). The last class of a set is kept or left out by lot, which
        makes the coverage exact; a study's lot comes from its own row, whatever the batch."""
        p = probabilities(given, len(self.studied))
        return np.asarray(_sums(p, _lots(p, seed), self.penalty, self.free) <= self.most)


def fit_adaptive(
    given: npt.ArrayLike,
    truth: npt.ArrayLike,
    alpha: float = 0.1,
    penalty: float = 0.0,
    free: int = 1,
    seed: int = 0,
) -> Adaptive:
    """APS (penalty 0) or RAPS from (n, K) probabilities and (n,) class numbers."""
    p = probabilities(given)
    true = whole(truth, p)
    if penalty < 0 or free < 0:
        raise ValueError(f"penalty {penalty} and free {free}; wanted neither below 0")
    own = _sums(p, _lots(p, seed), penalty, free)[np.arange(len(p)), true]
    most = conformal_quantile(own, alpha)
    return Adaptive(alpha, most, penalty, free, _counts(true, p.shape[1]))


def _sums(p: Floats, lots: Floats, penalty: float, free: int) -> Floats:
    """For each class the mass above it, a share of its own, and the penalty of its rank, (n, K)."""
    order = np.argsort(-p, axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    falling = np.take_along_axis(p, order, axis=1)
    above = np.take_along_axis(np.cumsum(falling, axis=1) - falling, rank, axis=1)
    late = np.maximum(rank + 1 - free, 0)
    return np.asarray(above + lots[:, None] * p + penalty * late)


def _lots(p: Floats, seed: int) -> Floats:
    """A number from 0 to 1 for each row, (n,)."""
    salt = seed.to_bytes(8, "little", signed=True)
    drawn = [hashlib.sha256(salt + np.ascontiguousarray(row).tobytes()).digest() for row in p]
    return np.array([int.from_bytes(d[:6], "little") / 2**48 for d in drawn])


def _counts(true: Ints, K: int) -> tuple[int, ...]:
    return tuple(int(c) for c in np.bincount(true, minlength=K))


@dataclass(frozen=True)
class Coverage:
    """covered: share of sets with the true class. size: mean classes in a set. empty, single:
    shares of sets. by_class: covered within each class; NaN where there is no study."""

    covered: float
    size: float
    empty: float
    single: float
    by_class: tuple[float, ...]
    n: int


def coverage(sets: npt.ArrayLike, truth: npt.ArrayLike) -> Coverage:
    """What sets did on studies whose truth is known, (n, K) and (n,).

    >>> coverage([[True, False], [True, True], [False, False]], [0, 1, 1]).by_class
    (1.0, 0.5)
    """
    kept = np.asarray(sets, bool)
    true = whole(truth, kept)
    hit = kept[np.arange(len(kept)), true]
    sizes = kept.sum(axis=1)
    each = [hit[true == k] for k in range(kept.shape[1])]
    return Coverage(
        covered=float(hit.mean()),
        size=float(sizes.mean()),
        empty=float((sizes == 0).mean()),
        single=float((sizes == 1).mean()),
        by_class=tuple(float(h.mean()) if len(h) else float("nan") for h in each),
        n=len(kept),
    )
