"""Does a study resemble anything the model was trained on?

One interface for every detector (`Detector`): it reads either the features of a study's pictures or
their vectors in the shared space, gives a distance, and holds one threshold, beyond which a chosen
share of validation studies lies. A study's distance is the median of its pictures'. Which detector
is best differs between models and between kinds of stranger: `choosing` measures it.

This file has the interface and the first of them, the distance to the k-th nearest training picture
in standardised features (deep nearest neighbours, arXiv 2204.06507); `detectors` has the others.
Pure functions on arrays. Shapes: K kept pictures · n pictures asked · D features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Detector", "Outlier", "Reads", "distances", "fit", "threshold_of"]

Floats = npt.NDArray[np.float32]
Reads = Literal["features", "vectors"]


class Detector(Protocol):
    """reads: which arrays of a study it wants. threshold: the largest distance still called
    familiar. false_alarms: share of validation studies beyond it."""

    @property
    def kind(self) -> str: ...
    @property
    def reads(self) -> Reads: ...
    @property
    def threshold(self) -> float: ...
    @property
    def false_alarms(self) -> float: ...
    def score(self, pictures: Floats) -> float: ...
    def foreign(self, pictures: Floats) -> bool: ...


@dataclass(frozen=True, eq=False)
class Outlier:
    """bank: (K, D) standardised. mean, spread: (D,). k: which neighbour. threshold: the largest
    distance still called familiar. false_alarms: share of validation studies beyond it."""

    bank: Floats
    mean: Floats
    spread: Floats
    k: int
    threshold: float
    false_alarms: float
    kind: ClassVar[str] = "nearest"
    reads: ClassVar[Reads] = "features"

    def score(self, pictures: Floats) -> float:
        """Distance of a study: the median of its pictures' (n, D)."""
        return float(np.median(distances(self.bank, self._standard(pictures), self.k)))

    def foreign(self, pictures: Floats) -> bool:
        """Beyond the threshold."""
        return self.score(pictures) > self.threshold

    def _standard(self, features: Floats) -> Floats:
        return ((features - self.mean) / self.spread).astype(np.float32)


def distances(bank: Floats, features: Floats, k: int) -> Floats:
    """Euclidean distance of each of (n, D) to its k-th nearest of (K, D); (n,)."""
    squared = (features**2).sum(1)[:, None] + (bank**2).sum(1)[None] - 2 * features @ bank.T
    nearest = np.partition(squared, k - 1, axis=1)[:, k - 1]
    return np.sqrt(np.maximum(nearest, 0)).astype(np.float32)


def fit(
    training: Floats,
    validation: list[Floats],
    keep: int = 1500,
    k: int = 3,
    false_alarms: float = 0.05,
    seed: int = 0,
) -> Outlier:
    """Keep at most `keep` training pictures, evenly drawn; set the threshold so that
    `false_alarms` of the validation studies (each (n, D)) lie beyond it."""
    mean = training.mean(0)
    spread = np.maximum(training.std(0), 1e-6)
    chosen = np.random.default_rng(seed).permutation(len(training))[:keep]
    bank = ((training[chosen] - mean) / spread).astype(np.float16).astype(np.float32)
    one = Outlier(bank, mean, spread, k, np.inf, false_alarms)
    threshold = threshold_of([one.score(v) for v in validation], false_alarms)
    return Outlier(bank, mean, spread, k, threshold, false_alarms)


def threshold_of(scores: Sequence[float], false_alarms: float) -> float:
    """The value beyond which that share of the validation studies lies."""
    return float(np.quantile(np.array(scores), 1 - false_alarms))
