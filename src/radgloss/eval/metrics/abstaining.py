"""What silence buys: the error among the studies that are decided, for every share decided.

Risk-coverage curves and their area (El-Yaniv and Wiener 2010; Geifman et al., arXiv 1805.08206).
Studies of equal confidence come in any order with equal probability: the curve is its mean over
those orders. Shapes: n studies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.trust.arrays import Floats, binary, shares, vector

__all__ = ["RiskCoverage", "risk_coverage"]


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """coverage, risk: (n,), the share decided and the error among them, the surest first.

    area: mean risk over all shares. excess: area less that of a perfect order of the same errors;
    0 means that every error was less sure than every right answer."""

    coverage: Floats
    risk: Floats
    area: float
    excess: float

    def at(self, coverage: float) -> float:
        """The risk when at least this share is decided."""
        shares(coverage=min(coverage, 1 - 1e-12))
        return float(self.risk[int(np.searchsorted(self.coverage, coverage - 1e-12))])


def risk_coverage(confidence: npt.ArrayLike, wrong: npt.ArrayLike) -> RiskCoverage:
    """From (n,) confidences, higher is surer, and whether each answer was wrong.

    >>> found = risk_coverage([0.9, 0.8, 0.7, 0.6], [0, 0, 1, 0])
    >>> found.risk.round(2).tolist(), round(found.excess, 3)
    ([0.0, 0.0, 0.33, 0.25], 0.083)
    """
    sure = vector(confidence, what="confidences")
    errors = binary(wrong, len(sure), both=False).astype(np.float64)
    risk = _risk(sure, errors)
    best = _risk(-errors, errors)
    coverage = np.arange(1, len(sure) + 1) / len(sure)
    return RiskCoverage(coverage, risk, float(risk.mean()), float(risk.mean() - best.mean()))


def _risk(sure: Floats, errors: Floats) -> Floats:
    """The expected share of errors among the first 1, 2, … n."""
    _, tie, size = np.unique(-sure, return_inverse=True, return_counts=True)
    rate = np.bincount(tie, errors) / size  # within equals each place has the same expectation
    return np.asarray(np.cumsum(np.repeat(rate, size)) / np.arange(1, len(sure) + 1))
