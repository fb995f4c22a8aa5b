"""What was made of each organ: abnormal, assessed and normal, uncertain, or not assessed.

"Normal" is said of an organ only where every finding that the examination shows in it was looked
for by a detector that was validated for that examination, and was denied. One finding without such
a detector, and the organ was not assessed, whatever the rest: what was not looked for is named."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from radgloss.engine.drafting.reading import ASSERTED, canonical
from radgloss.text.findings import EXAMS, FindingType, exam_findings
from radgloss.trust import Calibration
from radgloss.types import Finding, OrganState, Prediction, State

__all__ = ["decided", "organ_states", "validated"]


def validated(fitted: Mapping[str, Calibration]) -> frozenset[str]:
    """The findings whose detector can decide at all: validation left it a threshold.

    fitted: of one examination, as `Trust.labels` holds them."""
    return frozenset(
        what for what, c in fitted.items()
        if c.absent_below is not None or c.present_above is not None
    )  # fmt: skip


def decided(predictions: Sequence[Prediction]) -> dict[str, bool]:
    """By finding, whether it is there, where that was decided."""
    return {canonical(p.label): p.probability >= 0.5 for p in predictions if not p.abstained}


def organ_states(
    exam: str,
    stated: Sequence[Finding],
    predictions: Sequence[Prediction],
    detectors: Collection[str],
) -> tuple[OrganState, ...]:
    """Every organ of an examination, in the report's order, then organs that it shows in part.

    stated: what the text says. predictions: what the detectors say. detectors: the findings whose
    detector was validated for this examination."""
    answers = decided(predictions)
    present = {canonical(f.what) for f in stated if f.status in ASSERTED}
    denied = {canonical(f.what) for f in stated
              if f.status == "absent" and not (f.side or f.site or f.change)}  # fmt: skip
    rows = exam_findings(exam)
    names = dict.fromkeys((*EXAMS[exam].organs, *(r.organ for r in rows)))
    states = []
    for organ in names:
        own = [r for r in rows if r.organ == organ]
        found = _state(organ, own, present, denied, answers, detectors)
        if found.state == "assessed and normal" and organ not in EXAMS[exam].organs:
            found = replace(found, state="not assessed")  # a chest film shows free air, no bowel
        states.append(found)
    return tuple(states)


def _state(
    organ: str,
    rows: Sequence[FindingType],
    present: set[str],
    denied: set[str],
    answers: Mapping[str, bool],
    detectors: Collection[str],
) -> OrganState:
    whats = [r.what for r in rows]
    silent = tuple(w for w in whats if w not in present and w not in denied)
    borne_out = [w in denied and w in detectors and answers.get(w) is False for w in whats]
    state: State = "not assessed"
    if any(w in present for w in whats):
        state = "abnormal"
    elif any(w in detectors and answers.get(w, True) for w in whats):
        state = "uncertain"  # left open, or seen by the detector and not by the text
    elif whats and all(borne_out):
        state = "assessed and normal"
    return OrganState(organ, state, silent)
