"""Four more ways to say "this matches nothing that I know", each a `Detector` of `outlier`.

    mahalanobis   distance to a Gaussian of the training features (arXiv 1807.03888)
    mcm           1 − the largest softmax share among the known words (arXiv 2211.13445)
    energy        1 − τ log mean exp(cosine / τ) over the known words (arXiv 2010.03759, on cosines
                  and moved so that, like every distance here, it is not below 0)
    neglabel      1 − the share that known words take from words that nothing known is called
                  (arXiv 2403.20078, without its grouping)

The last three read vectors in the space of image and text and need no training picture, only words.
What they report is a distance: higher is stranger. Shapes: n pictures · D width · C classes ·
K known words · M strange words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from radgloss.trust import arrays
from radgloss.trust.outlier import Reads, threshold_of

__all__ = ["WORDED", "Mahalanobis", "Worded", "fit_mahalanobis", "fit_worded", "strange_words"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Mahalanobis:
    """means: (C, D), of the classes (one class: the mean of all). whiten: (D, D), features times it
    have unit covariance. threshold, false_alarms: as in `Outlier`."""

    means: Floats
    whiten: Floats
    threshold: float
    false_alarms: float
    kind: ClassVar[str] = "mahalanobis"
    reads: ClassVar[Reads] = "features"

    def score(self, pictures: Floats) -> float:
        """Median over pictures (n, D) of the distance to the nearest class's mean."""
        apart = (pictures[:, None] - self.means[None]) @ self.whiten  # (n, C, D)
        return float(np.median(np.sqrt((apart**2).sum(axis=2).min(axis=1))))

    def foreign(self, pictures: Floats) -> bool:
        """Beyond the threshold."""
        return self.score(pictures) > self.threshold


def fit_mahalanobis(
    training: Floats,
    validation: Sequence[Floats],
    classes: npt.ArrayLike | None = None,
    false_alarms: float = 0.05,
) -> Mahalanobis:
    """One covariance for all classes, shrunk towards a sphere (Ledoit and Wolf 2004).

    training: (pictures, D). classes: a number for each of them; None: all are one. validation:
    studies, each (n, D)."""
    x = arrays.scores(training, what="training features")
    seen = arrays.stacked(validation, "validation features")
    arrays.shares(false_alarms=false_alarms)
    which = np.zeros(len(x), int) if classes is None else np.asarray(classes)
    if which.shape != (len(x),):
        raise ValueError(f"classes of shape {which.shape} for {len(x)} pictures; wanted one each")
    names, number = np.unique(which, return_inverse=True)
    means = np.stack([x[number == c].mean(axis=0) for c in range(len(names))])
    value, axes = np.linalg.eigh(ledoit_wolf(x - means[number]))
    whiten = (axes / np.sqrt(np.maximum(value, 1e-9))) @ axes.T
    one = Mahalanobis(means.astype(np.float32), whiten.astype(np.float32), np.inf, false_alarms)
    found = [one.score(v.astype(np.float32)) for v in seen]
    return replace(one, threshold=threshold_of(found, false_alarms))


def ledoit_wolf(centred: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Covariance of centred (n, D) rows, shrunk as much as its own noise asks for, (D, D)."""
    n, D = centred.shape
    cov = centred.T @ centred / n
    level = float(np.trace(cov)) / D
    target = level * np.eye(D)
    spread = float(((cov - target) ** 2).sum())
    noise = (float(((centred**2).T @ (centred**2)).sum()) / n - float((cov**2).sum())) / n
    share = min(noise / spread, 1.0) if spread > 0 else 1.0
    return np.asarray(share * target + (1 - share) * cov)


# ------------------------------------------------------------------ by words


def _mcm(known: Floats, _: Floats, tau: float) -> Floats:
    return np.asarray(1 - np.exp(known.max(axis=1) / tau - logsumexp(known / tau, axis=1)))


def _energy(known: Floats, _: Floats, tau: float) -> Floats:
    return np.asarray(1 - tau * (logsumexp(known / tau, axis=1) - np.log(known.shape[1])))


def _neglabel(known: Floats, strange: Floats, tau: float) -> Floats:
    both = logsumexp(np.concatenate([known, strange], axis=1) / tau, axis=1)
    return np.asarray(1 - np.exp(logsumexp(known / tau, axis=1) - both))


WORDED: Mapping[str, Callable[[Floats, Floats, float], Floats]] = {
    "mcm": _mcm,  # of cosines (n, K) and (n, M) → (n,)
    "energy": _energy,
    "neglabel": _neglabel,
}
NEEDS_STRANGE = frozenset({"neglabel"})


@dataclass(frozen=True, eq=False)
class Worded:
    """kind: a name of WORDED. known: (K, D) unit vectors of what the model knows. strange: (M, D)
    of what it does not. tau: temperature of the cosines."""

    kind: str
    known: Floats
    strange: Floats
    tau: float
    threshold: float
    false_alarms: float
    reads: ClassVar[Reads] = "vectors"

    def score(self, pictures: Floats) -> float:
        """Median over pictures, (n, D) unit vectors."""
        cosines = pictures @ self.known.T, pictures @ self.strange.T
        return float(np.median(WORDED[self.kind](*cosines, self.tau)))

    def foreign(self, pictures: Floats) -> bool:
        """Beyond the threshold."""
        return self.score(pictures) > self.threshold


def fit_worded(
    kind: str,
    known: npt.ArrayLike,
    validation: Sequence[Floats],
    strange: npt.ArrayLike | None = None,
    tau: float = 0.1,
    false_alarms: float = 0.05,
) -> Worded:
    """Set the threshold on validation studies, each (n, D) unit vectors.

    known, strange: vectors of words, made unit here. tau: 1 / the model's scale is too sharp to
    tell strangers apart (MCM's authors use 1, on a scale of its own); .1 suits cosines.
    Raises ValueError for an unknown kind, or for "neglabel" without strange words."""
    if kind not in WORDED:
        raise ValueError(f"detector {kind!r}; wanted one of {', '.join(WORDED)}")
    if tau <= 0:
        raise ValueError(f"tau {tau}; wanted more than 0")
    arrays.shares(false_alarms=false_alarms)
    seen = arrays.stacked(validation, "validation vectors")
    words = _unit(arrays.scores(known, seen[0].shape[1], "known words"))
    if strange is None:
        if kind in NEEDS_STRANGE:
            raise ValueError(f"{kind} without strange words; wanted some that nothing known bears")
        others = np.zeros((0, words.shape[1]), np.float32)
    else:
        others = _unit(arrays.scores(strange, words.shape[1], "strange words"))
    one = Worded(kind, words, others, tau, np.inf, false_alarms)
    found = [one.score(v.astype(np.float32)) for v in seen]
    return replace(one, threshold=threshold_of(found, false_alarms))


def strange_words(
    candidates: npt.ArrayLike, known: npt.ArrayLike, most: int, eta: float = 0.05
) -> npt.NDArray[np.intp]:
    """The rows of `candidates` that lie farthest from every known word, at most `most` (NegMining).

    A candidate is as near as the 1 − eta quantile of its cosines, so that one chance neighbour does
    not make it familiar. candidates: (M, D), known: (K, D).

    >>> strange_words([[1.0, 0.1], [0.0, 1.0], [-1.0, 0.0]], [[1.0, 0.0]], most=2).tolist()
    [2, 1]
    """
    words = _unit(arrays.scores(known, what="known words"))
    others = _unit(arrays.scores(candidates, words.shape[1], "candidates"))
    near = np.quantile(others @ words.T, 1 - eta, axis=1)
    return np.argsort(near, kind="stable")[:most]


def _unit(v: npt.NDArray[np.float64]) -> Floats:
    length = np.linalg.norm(v, axis=1, keepdims=True)
    if (length == 0).any():
        raise ValueError("a vector of length 0; wanted a direction")
    return (v / length).astype(np.float32)
