"""Which outlier detector suits this model? The one that told given strangers apart best.

Measured on validation: familiar studies against strangers that somebody gave (another body part,
another modality, an artefact), never the test's. The winner's figure is the best of several on the
same studies, so it flatters: confirm it on test. Detectors whose AUROC lies within `margin` of the
best count as equal, and the first of them is taken; order them from the simplest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.trust.calibration import auroc
from radgloss.trust.outlier import Detector, Reads

__all__ = ["Choice", "Looked", "choose"]

Floats = npt.NDArray[np.float32]
Looked = Mapping[Reads, Floats]
"""One study as a detector may read it: its pictures' features, its pictures' vectors."""


@dataclass(frozen=True, eq=False)
class Choice:
    """name: of the detector that was taken. auroc: of every candidate. caught: share of strangers
    beyond its threshold. false_alarms: share of familiar studies beyond it."""

    name: str
    detector: Detector
    auroc: Mapping[str, float]
    caught: Mapping[str, float]
    false_alarms: Mapping[str, float]
    familiar: int
    strange: int

    def __str__(self) -> str:
        others = ", ".join(f"{n} {a:.3f}" for n, a in self.auroc.items() if n != self.name)
        beside = f" ({others})" if others else ""
        return (
            f"{self.name}: AUROC {self.auroc[self.name]:.3f}{beside}, chosen on {self.familiar} "
            f"familiar and {self.strange} strange validation studies; caught "
            f"{self.caught[self.name]:.0%} at {self.false_alarms[self.name]:.0%} false alarms"
        )


def choose(
    candidates: Mapping[str, Detector],
    familiar: Sequence[Looked],
    strange: Sequence[Looked],
    margin: float = 0.005,
) -> Choice:
    """Score every study with every candidate and take the best.

    Raises ValueError without candidates, or with fewer than two studies of a kind: an unmeasured
    choice is none."""
    if not candidates:
        raise ValueError("no detector; wanted one at least")
    if min(len(familiar), len(strange)) < 2:
        raise ValueError(
            f"{len(familiar)} familiar and {len(strange)} strange studies; wanted 2 of each"
        )
    true = np.arange(len(familiar) + len(strange)) >= len(familiar)
    area, caught, alarms = {}, {}, {}
    for name, detector in candidates.items():
        found = np.array([detector.score(s[detector.reads]) for s in (*familiar, *strange)])
        area[name] = auroc(found, true)
        caught[name] = float((found[true] > detector.threshold).mean())
        alarms[name] = float((found[~true] > detector.threshold).mean())
    best = max(area.values())
    name = next(n for n, a in area.items() if a >= best - margin)
    return Choice(
        name, candidates[name], area, caught, alarms, len(familiar), len(strange)
    )  # fmt: skip
