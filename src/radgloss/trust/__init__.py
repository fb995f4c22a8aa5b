"""How far a score may be believed: fitted on validation, stored in the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from radgloss.trust.calibration import Calibration
from radgloss.trust.outlier import Outlier

__all__ = ["Calibration", "Outlier", "Trust"]


@dataclass(frozen=True, eq=False)
class Trust:
    """labels: how to read each label's score. sides: how to read "right against left" of a label
    (probability of right). outliers: by examination, is a study familiar? `fitted_on` names the
    validation set; figures are two-fold cross-fitted there and confirmed on test in the card."""

    labels: Mapping[str, Calibration]
    sides: Mapping[str, Calibration]
    outliers: Mapping[str, Outlier]
    fitted_on: str = ""
