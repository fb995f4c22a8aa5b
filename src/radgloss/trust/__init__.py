"""How far a score may be believed: fitted on validation, stored in the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from radgloss.trust.calibration import Calibration
from radgloss.trust.outlier import Outlier

__all__ = ["Calibration", "Outlier", "Trust"]


@dataclass(frozen=True, eq=False)
class Trust:
    """Everything by examination: a kidney stone on CT is read otherwise than one on a film.

    labels: how to read each label's score. sides: how to read "right against left" of a label
    (probability of right). outliers: is a study familiar? `fitted_on` names the validation set;
    figures are two-fold cross-fitted there and confirmed on test in the card."""

    labels: Mapping[str, Mapping[str, Calibration]]
    sides: Mapping[str, Mapping[str, Calibration]]
    outliers: Mapping[str, Outlier]
    fitted_on: str = ""
