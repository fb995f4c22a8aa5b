"""Sentence → region: does the text point at what it speaks of?

Only true positive sentences are judged, on images whose mask is known; a true sentence without a
region counts as a miss. What a sentence states is what its drafter says it states, or, of a drafter
that never says, what its words state. Primer, Fig 11."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from radgloss.eval.metrics.bootstrap import mean_interval
from radgloss.eval.metrics.regions import box_of, iou, points_at
from radgloss.eval.score import Examined, Score
from radgloss.text.facts import findings
from radgloss.types import Draft, Evidence, Finding, Sentence, Truth

__all__ = ["grounded", "masks_of"]

TASK = "grounding"
SLACK_MM = 5.0  # a reader's finger on the screen


def masks_of(truth: Truth, finding: Finding, image: str) -> list[np.ndarray]:
    """The masks (F, R, C) on one image of the present lesions that a stated finding may mean."""
    counts: dict[str, int] = {}
    out = []
    for present in truth.present:
        number = counts.get(present.what, 0)
        counts[present.what] = number + 1
        mask = truth.masks.get(image, {}).get(f"{present.what}#{number}")
        same_side = not finding.side or present.side in (finding.side, "bilateral", "")
        if present.what == finding.what and same_side and mask is not None and mask.any():
            out.append(mask)
    return out


def grounded(cases: Sequence[Examined], drafts: Sequence[Draft]) -> tuple[Score, ...]:
    """Pointing accuracy and the best overlap of boxes, over true positive sentences."""
    hits, overlaps, patients = [], [], []
    for case, draft in zip(cases, drafts, strict=True):
        visible = {f.what for f in case.truth.visible}
        for sentence, finding in _positive(draft, case.exam):
            if finding.what in visible:
                hit, overlap = _judged(case, sentence, finding)
                hits.append(hit)
                overlaps.append(overlap)
                patients.append(case.patient)
    if not hits:
        return (Score(TASK, "pointing", float("nan")), Score(TASK, "IoU", float("nan")))
    return (
        Score(TASK, "pointing", *mean_interval(hits, patients), len(hits)),
        Score(TASK, "IoU", *mean_interval(overlaps, patients), len(hits)),
    )


def _positive(draft: Draft, exam: str) -> Iterable[tuple[Sentence, Finding]]:
    """Each positive statement once: those of the findings section."""
    told = bool(draft.findings)
    for sentence in draft.sentences:
        for finding in sentence.findings if told else findings(sentence.text, exam):
            if finding.status == "present" and sentence.section == "findings":
                yield sentence, finding


def _judged(case: Examined, sentence: Sentence, finding: Finding) -> tuple[float, float]:
    judged = [_one(case, finding, e) for e in sentence.evidence if e.region is not None]
    return (
        max((hit for hit, _ in judged), default=0.0),
        max((overlap for _, overlap in judged), default=0.0),
    )


def _one(case: Examined, finding: Finding, evidence: Evidence) -> tuple[float, float]:
    assert evidence.region is not None
    masks = masks_of(case.truth, finding, evidence.image)
    if not masks:
        return 0.0, 0.0
    affine = case.case.study.image(evidence.image).affine
    slack = round(SLACK_MM / max(float(np.linalg.norm(affine[:3, 2])), 0.1))
    hit = any(points_at(evidence.region, mask, slack) for mask in masks)
    return float(hit), max(iou(evidence.region, box_of(mask)) for mask in masks)
