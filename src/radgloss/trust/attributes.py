"""Classes that nobody was trained on, named by their attributes (primer, Figs 8 and 9).

    ESZSL   one bilinear map from features to attributes, in closed form (Romera-Paredes and Torr
            2015): V = (XᵀX + γI)⁻¹ Xᵀ Y S (SᵀS + λI)⁻¹, with Y of +1 and −1
    DAP     one classifier an attribute, their answers multiplied (Lampert et al. 2009)

Both are fitted on seen classes and asked about any class with a row of attributes. An attribute
that no seen class shows, or that all show, cannot be learned: DAP leaves it out. When seen and
unseen classes are offered together, models prefer what they were trained on; `handicap` takes that
much off the seen (calibrated stacking, Chao et al. 2016), and the harmonic mean of both accuracies
says whether it was worth it (Xian et al. 2017). Shapes: N examples · D width · K seen classes ·
C classes asked · A attributes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from radgloss.trust.arrays import Floats, Ints, scores
from radgloss.trust.probe import LinearProbe

__all__ = ["DAP", "ESZSL", "General", "generalised", "harmonic", "per_class"]


@dataclass(eq=False)
class ESZSL:
    """gamma, lam: the penalties on features and on attributes; the paper seeks both on validation
    classes. map: (D, A)."""

    gamma: float = 1.0
    lam: float = 1.0
    map: Floats = field(init=False, repr=False)

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, attributes: npt.ArrayLike) -> Self:
        """X: (N, D). y: (N,) row numbers of `attributes`, (K, A), the seen classes'."""
        if min(self.gamma, self.lam) <= 0:
            raise ValueError(f"gamma {self.gamma}, lam {self.lam}; wanted more than 0")
        x, number, s = _seen(X, y, attributes)
        sign = np.where(np.eye(len(s))[number] > 0, 1.0, -1.0)  # (N, K)
        left = x.T @ x + self.gamma * np.eye(x.shape[1])
        right = s.T @ s + self.lam * np.eye(s.shape[1])
        middle = np.linalg.solve(left, x.T @ sign @ s)
        self.map = np.linalg.solve(right, middle.T).T
        return self

    def scores(self, X: npt.ArrayLike, attributes: npt.ArrayLike) -> Floats:
        """(n, D) and (C, A) → (n, C), higher fits better."""
        if not hasattr(self, "map"):
            raise ValueError("a classifier that was not fitted; call fit first")
        x = scores(X, self.map.shape[0], "X")
        return np.asarray(x @ self.map @ scores(attributes, self.map.shape[1], "attributes").T)


@dataclass(eq=False)
class DAP:
    """C: of the attribute classifiers (see LinearProbe). known: the attributes that seen classes
    tell apart. share: how many seen classes show each, the prior that its answer is held against.
    """

    C: float = 1.0
    known: Ints = field(init=False, repr=False)
    share: Floats = field(init=False, repr=False)
    width: int = field(init=False, repr=False, default=0)
    probes: list[LinearProbe] = field(init=False, repr=False, default_factory=list)

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, attributes: npt.ArrayLike) -> Self:
        """As ESZSL's; attributes of 0 and 1."""
        x, number, s = _seen(X, y, attributes)
        if not np.isin(s, (0, 1)).all():
            raise ValueError("attributes with other values than 0 and 1")
        told = s[np.unique(number)]  # of classes that have examples
        self.known = np.flatnonzero((told.min(axis=0) == 0) & (told.max(axis=0) == 1))
        if not len(self.known):
            raise ValueError("no attribute that tells the seen classes apart")
        self.share, self.width = told.mean(axis=0)[self.known], s.shape[1]
        self.probes = [LinearProbe(C=self.C).fit(x, s[number, a]) for a in self.known]
        return self

    def scores(self, X: npt.ArrayLike, attributes: npt.ArrayLike) -> Floats:
        """Log of the product over attributes of p(attribute | x) / p(attribute), (n, C)."""
        if not self.probes:
            raise ValueError("a classifier that was not fitted; call fit first")
        wanted = scores(attributes, self.width, "attributes")[:, self.known]  # (C, A')
        yes = np.stack([probe.predict_proba(X)[:, 1] for probe in self.probes], axis=1)  # (n, A')
        yes = np.clip(yes, 1e-12, 1 - 1e-12)
        with_it, without = np.log(yes / self.share), np.log((1 - yes) / (1 - self.share))
        return np.asarray(with_it @ wanted.T + without @ (1 - wanted).T)


def _seen(
    X: npt.ArrayLike, y: npt.ArrayLike, attributes: npt.ArrayLike
) -> tuple[Floats, Ints, Floats]:
    x, s, number = scores(X, what="X"), scores(attributes, what="attributes"), np.asarray(y)
    if number.shape != (len(x),) or number.dtype.kind not in "iu":
        raise ValueError(f"y of shape {number.shape} and type {number.dtype} for {len(x)} rows; "
                         "wanted one row number of attributes each")  # fmt: skip
    if number.min() < 0 or number.max() >= len(s):
        raise ValueError(f"class {int(number.max())} of {len(s)} rows of attributes")
    if len(np.unique(number)) < 2:
        raise ValueError("one seen class only; wanted two at least")
    return x, number.astype(np.intp), s


# ------------------------------------------------------------------ measuring


def per_class(said: Sequence[Hashable], true: Sequence[Hashable]) -> float:
    """Mean over classes of the share named right, so that a frequent class counts once.

    >>> per_class("aaab", "aaaa"), per_class("aaaa", "aaab")
    (0.75, 0.5)
    """
    if len(said) != len(true) or not len(true):
        raise ValueError(f"{len(said)} answers for {len(true)} truths; wanted one each")
    names = list(dict.fromkeys(true))
    right = [[s == t for s, t in zip(said, true, strict=True) if t == name] for name in names]
    return float(np.mean([np.mean(r) for r in right]))


def harmonic(seen: float, unseen: float) -> float:
    """2 · seen · unseen / (seen + unseen); 0 where either is.

    >>> harmonic(0.5, 1.0), harmonic(0.9, 0.0)
    (0.6666666666666666, 0.0)
    """
    return 2 * seen * unseen / (seen + unseen) if seen > 0 and unseen > 0 else 0.0


@dataclass(frozen=True)
class General:
    """Accuracy by class with seen and unseen offered together, and their harmonic mean."""

    seen: float
    unseen: float
    handicap: float

    @property
    def harmonic(self) -> float:
        return harmonic(self.seen, self.unseen)


def generalised(
    given: npt.ArrayLike, truth: npt.ArrayLike, seen: npt.ArrayLike, handicap: float = 0.0
) -> General:
    """From (n, C) scores over all classes, (n,) class numbers, and which of the C were seen.

    handicap: taken off every seen class's score; found on validation, never on test.

    >>> generalised([[2.0, 1.0], [2.0, 1.5]], [0, 1], [True, False], handicap=0.7)
    General(seen=1.0, unseen=1.0, handicap=0.7)
    """
    rows, true = scores(given), np.asarray(truth)
    known = np.asarray(seen, bool)
    if known.shape != (rows.shape[1],) or known.all() or not known.any():
        raise ValueError("seen: wanted one of true and false for each class, both kinds")
    said = (rows - handicap * known).argmax(axis=1)
    parts = [np.flatnonzero(known[true] == kind) for kind in (True, False)]
    if not all(len(part) for part in parts):
        raise ValueError("examples of one kind of class only; wanted seen and unseen ones")
    of_seen, of_unseen = (per_class(said[p].tolist(), true[p].tolist()) for p in parts)
    return General(of_seen, of_unseen, handicap)
