"""How far a score may be believed: fitted on validation, stored in the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from radgloss.trust.calibration import Calibration
from radgloss.trust.conformal import Conformal
from radgloss.trust.outlier import Detector, Outlier

__all__ = ["Calibration", "Conformal", "Detector", "Outlier", "Trust"]


@dataclass(frozen=True, eq=False)
class Trust:
    """Everything by examination: a kidney stone on CT is read otherwise than one on a film.

    labels: how to read each label's score. sides: how to read "right against left" of a label
    (probability of right). outliers: is a study familiar? sets: which of absent (class 0) and
    present (1) remain, from the scores −logit and logit, with a stated coverage. chosen: by
    examination, which detector it is and how that was measured. familiar: the validation studies'
    distances, sorted, to which a stream of new ones is compared. `fitted_on` names the validation
    set; figures are two-fold cross-fitted there and confirmed on test in the card."""

    labels: Mapping[str, Mapping[str, Calibration]]
    sides: Mapping[str, Mapping[str, Calibration]]
    outliers: Mapping[str, Detector]
    fitted_on: str = ""
    sets: Mapping[str, Mapping[str, Conformal]] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)
    familiar: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
