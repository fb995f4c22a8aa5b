"""A model that answers through a probe that was fitted on somebody's own studies.

Calibration, sets and the detector of strangers are the probe's, from its validation studies; what
the checkpoint was validated on says nothing about them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from radgloss.engine.aligner import Aligner
from radgloss.engine.probe_file import Probe, mean_of
from radgloss.engine.published import PublishedAligner
from radgloss.text.banks import canonical
from radgloss.text.denied import denied, opposite
from radgloss.types import InputRejected, Prediction, Status, Study

__all__ = ["Probed"]

OPPOSITE: dict[Status, Status] = {"absent": "present", "present": "absent"}
STATES: tuple[Status, ...] = ("absent", "present")


class Probed:
    """`Labeler` of a probe. Raises InputRejected('probe') where it is another model's."""

    def __init__(self, speaker: Aligner | PublishedAligner, probe: Probe) -> None:
        if probe.space != speaker.space:
            raise InputRejected(
                "probe", "the probe", f"one fitted on vectors of {probe.space}", speaker.space,
                "Give --model the model that it was fitted on, or fit it again.",
            )  # fmt: skip
        self.speaker, self.probe = speaker, probe
        self._place = {canonical(label): k for k, label in enumerate(probe.labels)}

    @property
    def coverages(self) -> tuple[float, ...]:
        """Those that its sets were fitted for."""
        return tuple(sorted({round(1 - s.alpha, 9) for s in self.probe.sets.values()}))

    def validated(self, study: Study) -> tuple[str, ...]:
        """Its labels, whatever the study."""
        return self.probe.labels

    def label(self, study: Study, labels: Sequence[str]) -> tuple[Prediction, ...]:
        """One prediction for each label; one that was not fitted is not decided."""
        frames = self.speaker.frames(study)
        stop, logits = self._stranger(study), self.probe.logits(frames)
        said = []
        for label in labels:
            what = denied(label)
            p = self._predict(what or label, logits, stop)
            said.append(opposite(p, label) if what else p)
        return tuple(said)

    def remaining(self, study: Study, label: str) -> tuple[Status, ...] | None:
        """What its validation leaves possible; see `Aligner.remaining`."""
        if what := denied(label):
            left = self.remaining(study, what)
            return None if left is None else tuple(OPPOSITE[s] for s in reversed(left))
        k = self._place.get(canonical(label))
        if k is None or self._stranger(study) or self.probe.labels[k] not in self.probe.sets:
            return None
        logit = float(self.probe.logits(self.speaker.frames(study))[k])
        (kept,) = self.probe.sets[self.probe.labels[k]].sets([[-logit, logit]])
        return tuple(s for s, yes in zip(STATES, kept, strict=True) if yes)

    def _predict(self, label: str, logits: np.ndarray, stop: str) -> Prediction:
        k = self._place.get(canonical(label))
        if k is None:
            return Prediction(label, 0.5, 0.0, True, "the probe was not fitted for this label")
        logit = float(logits[k])
        calibration = self.probe.calibration.get(self.probe.labels[k])
        if calibration is None:
            why = stop or "too few validation studies to calibrate this label: a log-odds alone"
            return Prediction(label, 0.5, logit, True, why)
        p = calibration.probability(logit)
        if stop:
            return Prediction(label, p, logit, True, stop)
        if calibration.decide(p) is None:
            return Prediction(label, p, logit, True, calibration.undecided(p))
        return Prediction(label, p, logit, False)

    def _stranger(self, study: Study) -> str:
        detector = self.probe.strangers
        if detector is None:
            return ""
        score = detector.score(mean_of(self.speaker.frames(study))[None])
        if score <= detector.threshold:
            return ""
        return (
            f"the study does not resemble those that the probe was fitted on (distance {score:.1f},"
            f" familiar up to {detector.threshold:.1f})"
        )
