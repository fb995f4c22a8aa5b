"""Whether the same model in fewer bits is still the same model, asked of studies with known truth.

Three questions, since each has its blind spot. Cosines are of vectors less the reference's mean:
vectors of one model lie in a narrow cone (arXiv 2203.02053), where even strangers have .99.
Neighbours are what a search shows. AUROC is what a label is worth.

The rule: the mean centred cosine, the mean overlap, and the change of every label's AUROC as
measured keep their limits. A label counts where 20 studies have it and 20 have not: with five of a
hundred, two pairs that trade places are already near the limit, and the largest of many such
changes says how few studies there were. Beside the largest change stands its 95 % interval, by
DeLong's paired variance (Biometrics 44:837, 1988); what is decided is the change itself.
Shapes: N studies · D width · L labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["LEAST_STUDIES", "LIMITS", "Agreement", "agreement", "auroc_change", "centred_cosine",
           "overlap"]  # fmt: skip

Floats = npt.NDArray[np.floating[Any]]
NEIGHBOURS = 10
LEAST_STUDIES = 50  # fewer have too few neighbours and too few ranks to tell
LEAST_EACH = 20  # studies with a label, and without it, for its AUROC to be asked
Z95 = 1.959964


@dataclass(frozen=True)
class Agreement:
    """cosine: mean centred cosine. overlap: mean share of the ten nearest that stay. auroc: the
    largest change of any label's AUROC; 0 where none could be asked. labels: how many could. label:
    which changed most. low, high: the 95 % interval of its change, with its sign. rare: the largest
    change of the labels with too few studies to count, which decides nothing.

    >>> Agreement(0.999, 0.98, 0.001, 200, 12).faults()
    ()
    >>> Agreement(0.999, 0.95, 0.001, 200, 12).faults()
    ('top-10 overlap 0.950 < 0.97',)
    """

    cosine: float
    overlap: float
    auroc: float
    studies: int
    labels: int
    label: str = ""
    low: float = 0.0
    high: float = 0.0
    rare: float = 0.0

    def faults(self) -> tuple[str, ...]:
        """Which limits it does not keep, in words; none where it is still the same model."""
        found = []
        if not self.cosine >= LIMITS["cosine"]:
            found.append(f"centred cosine {self.cosine:.4f} < {LIMITS['cosine']}")
        if not self.overlap >= LIMITS["overlap"]:
            found.append(f"top-10 overlap {self.overlap:.3f} < {LIMITS['overlap']}")
        if not self.auroc <= LIMITS["auroc"]:
            found.append(f"AUROC change {self.auroc:.4f} > {LIMITS['auroc']}")
        if self.labels < 1:
            found.append(f"no label that {LEAST_EACH} studies have and {LEAST_EACH} have not")
        if self.studies < LEAST_STUDIES:
            found.append(f"{self.studies} studies < {LEAST_STUDIES}")
        return tuple(found)

    def plain(self) -> dict[str, Any]:
        """As plain values, for a file."""
        return asdict(self)


LIMITS: Mapping[str, float] = {"cosine": 0.99, "overlap": 0.97, "auroc": 0.005}


def agreement(
    reference: Floats, other: Floats, scores: Mapping[str, tuple[Floats, Floats, npt.NDArray[Any]]]
) -> Agreement:
    """reference, other: (N, D) unit vectors of the same studies. scores: by label the reference's
    log-odds, the other's, and the truth, where it is known."""
    counted: dict[str, tuple[float, float]] = {}
    rare = [0.0]
    for name, (a, b, truth) in scores.items():
        there = truth.astype(bool)
        least = min(there.sum(), (~there).sum())
        if least >= LEAST_EACH:
            counted[name] = auroc_change(a, b, there)
        elif least > 1:
            rare.append(abs(auroc_change(a, b, there)[0]))
    label = max(counted, key=lambda name: abs(counted[name][0]), default="")
    change, spread = counted.get(label, (0.0, 0.0))
    return Agreement(
        float(np.mean(centred_cosine(reference, other))), overlap(reference, other), abs(change),
        len(reference), len(counted), label, change - Z95 * spread, change + Z95 * spread,
        max(rare),
    )  # fmt: skip


def centred_cosine(reference: Floats, other: Floats) -> Floats:
    """(N, D) twice → (N,), of vectors less the reference's mean.

    >>> a = np.array([[1.0, 0.1], [1.0, -0.1]])
    >>> centred_cosine(a, a[::-1]).round(6).tolist()
    [-1.0, -1.0]
    """
    middle = reference.mean(0)
    a, b = reference - middle, other - middle
    length = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(1) / np.maximum(length, 1e-12))


def overlap(reference: Floats, other: Floats, k: int = NEIGHBOURS) -> float:
    """Mean share of a study's k nearest others that stay among its k nearest."""
    k = min(k, len(reference) - 1)
    if k < 1:
        return 0.0
    both = zip(_nearest(reference, k), _nearest(other, k), strict=True)
    return float(np.mean([len(set(a) & set(b)) / k for a, b in both]))


def _nearest(vectors: Floats, k: int) -> list[list[int]]:
    near = vectors @ vectors.T
    np.fill_diagonal(near, -np.inf)
    return np.argsort(-near, axis=1, kind="stable")[:, :k].tolist()


def auroc_change(
    reference: Floats, other: Floats, truth: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """AUROC under the other's scores less that under the reference's, of the same studies, and its
    standard error (DeLong, paired).

    >>> truth = np.array([True, True, False, False])
    >>> auroc_change(np.array([4.0, 3, 2, 1]), np.array([4.0, 1, 2, 3]), truth)[0]
    -0.5
    """
    with_it, without = (
        b - a for a, b in zip(_placed(reference, truth), _placed(other, truth), strict=True)
    )
    variance = with_it.var(ddof=1) / len(with_it) + without.var(ddof=1) / len(without)
    return float(with_it.mean()), float(np.sqrt(variance))


def _placed(scores: Floats, truth: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Of each study with it, the share of those without that it ranks above, ties by half; of each
    without it, the share of those with it that rank above it. The mean of either is the AUROC."""
    there, not_there = np.asarray(scores, np.float64)[truth], np.asarray(scores, np.float64)[~truth]
    above = (there[:, None] > not_there) + 0.5 * (there[:, None] == not_there)
    return above.mean(1), above.mean(0)
