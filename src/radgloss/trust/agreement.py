"""Whether the same model in fewer bits is still the same model, asked of studies with known truth.

Three questions, since each has its blind spot. Cosines are of vectors less the reference's mean:
vectors of one model lie in a narrow cone (arXiv 2203.02053), where even strangers have .99.
Neighbours are what a search shows. AUROC is what a label is worth.
Shapes: N studies · D width · L labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from radgloss.trust.calibration import auroc

__all__ = ["LEAST_STUDIES", "LIMITS", "Agreement", "agreement", "auroc_change", "centred_cosine",
           "overlap"]  # fmt: skip

Floats = npt.NDArray[np.floating[Any]]
NEIGHBOURS = 10
LEAST_STUDIES = 50  # fewer have too few neighbours and too few ranks to tell
LEAST_EACH = 5  # studies with a label, and without it, for its AUROC to be asked


@dataclass(frozen=True)
class Agreement:
    """cosine: mean centred cosine. overlap: mean share of the ten nearest that stay. auroc: the
    largest change of any label's AUROC; 0 where none could be asked. labels: how many could.

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

    def faults(self) -> tuple[str, ...]:
        """Which limits it does not keep, in words; none where it is still the same model."""
        found = []
        if not self.cosine >= LIMITS["cosine"]:
            found.append(f"centred cosine {self.cosine:.4f} < {LIMITS['cosine']}")
        if not self.overlap >= LIMITS["overlap"]:
            found.append(f"top-10 overlap {self.overlap:.3f} < {LIMITS['overlap']}")
        if not self.auroc <= LIMITS["auroc"]:
            found.append(f"AUROC change {self.auroc:.4f} > {LIMITS['auroc']}")
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
    changes = [
        auroc_change(a, b, truth.astype(bool))
        for a, b, truth in scores.values()
        if min(truth.sum(), (~truth.astype(bool)).sum()) >= LEAST_EACH
    ]
    return Agreement(
        float(np.mean(centred_cosine(reference, other))), overlap(reference, other),
        max(changes, default=0.0), len(reference), len(changes),
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


def auroc_change(reference: Floats, other: Floats, truth: npt.NDArray[np.bool_]) -> float:
    """|AUROC − AUROC| of the same studies under two sets of scores."""
    a, b = np.asarray(reference, np.float64), np.asarray(other, np.float64)
    return abs(auroc(b, truth) - auroc(a, truth))
