"""A draft without a language model: zero-shot pairs decide, templates word, evidence supports.

Per finding one of three: decided present (with side where that was decided too, and the place in
the picture), decided absent, or not assessed. The whole draft is refused where the study lies
outside what the model knows. History and priors are not read by this drafter, so they cannot put
words into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from radgloss.engine.aligner import Aligner
from radgloss.text import templates
from radgloss.text.findings import OF_WOMEN, FindingType, exam_findings, finding_type
from radgloss.types import (
    Case,
    Draft,
    Evidence,
    Finding,
    InputRejected,
    Origin,
    Prediction,
    Sentence,
    Side,
    Study,
)

__all__ = ["PairDrafter"]

SUPPORTS = 3


class PairDrafter:
    """`Drafter` over an `Aligner`."""

    def __init__(self, aligner: Aligner, version: str) -> None:
        self.aligner = aligner
        self.version = version

    def draft(self, case: Case) -> Draft:
        """The draft of a case, or an honest abstention.

        Raises InputRejected('no-images') for a study without images."""
        study = case.study
        if not study.images:
            raise InputRejected("no-images", f"study {study.uid}", "no image", "one", "Check it.")
        why = self.aligner.why_not(study)
        exam = self.aligner.exam(study)
        if why or exam is None:
            return self._abstention(study, why)
        rows = exam_findings(exam)
        predictions = _fitting(study, self.aligner.label(study, [r.what for r in rows]))
        stated = [self._stated(study, r, p) for r, p in zip(rows, predictions, strict=True)]
        findings = _by_organ(exam, [s for s in stated if s is not None])
        undecided = [p.label for p in predictions if p.abstained]
        return Draft(
            study=study.uid,
            sentences=(
                self._technique(study, exam),
                *findings,
                *_impression(exam, findings, undecided),
            ),
            origin=self._origin(),
            predictions=predictions,
            not_assessed=tuple(undecided),
            support=self._support(study, exam),
            synthetic=study.synthetic,
        )

    def _abstention(self, study: Study, why: str) -> Draft:
        return Draft(
            study=study.uid,
            sentences=(Sentence(templates.abstention(why), "impression"),),
            origin=self._origin(),
            abstained=True,
            why=why,
            synthetic=study.synthetic,
        )

    def _origin(self) -> Origin:
        c = self.aligner.checkpoint
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return Origin(c.name, c.preprocess.digest, self.version, when=now)

    def _technique(self, study: Study, exam: str) -> Sentence:
        image = max(study.images, key=lambda i: i.pixels.shape[0])
        step = image.affine[:3, 0]
        spacing = float(np.linalg.norm(step))
        # Only of an axial stack (a tilted gantry included) whose millimetres were measured.
        axial = image.spacing == "patient" and abs(step[2]) > 0.8 * spacing
        words = templates.technique(exam, len(image.pixels), spacing if axial else None)
        return Sentence(words, "technique")

    def _stated(self, study: Study, row: FindingType, p: Prediction) -> Sentence | None:
        """The sentence of one decided finding; None where nothing was decided."""
        if p.abstained:
            return None
        if p.probability < 0.5:
            finding = Finding(row.what, "absent", certainty=1 - p.probability)
        else:
            side = self._side(study, row)
            finding = Finding(row.what, "present", side, certainty=p.probability)
        return Sentence(
            text=templates.sentence(finding),
            section="findings",
            organ=row.organ,
            findings=(finding,),
            evidence=p.evidence,
            confidence=finding.certainty,
        )

    def _side(self, study: Study, row: FindingType) -> Side:
        """Right or left where that could be decided, else left unsaid."""
        exam = self.aligner.exam(study) or ""
        calibration = self.aligner.checkpoint.trust.sides.get(exam, {}).get(row.what)
        if calibration is None:
            return ""
        right = calibration.decide(calibration.probability(self.aligner.raw_side(study, row.what)))
        return "" if right is None else "right" if right else "left"

    def _support(self, study: Study, exam: str) -> tuple[Evidence, ...]:
        """The earlier reports whose vectors lie nearest to the study's, same examination."""
        support = self.aligner.checkpoint.support
        chosen = [i for i, e in enumerate(support.exams) if e == exam]
        if not chosen:
            return ()
        scores = support.vectors[chosen] @ self.aligner.embed_study(study).vector
        best = np.argsort(-scores)[:SUPPORTS]
        return tuple(
            Evidence("report", float(scores[b]), text=support.texts[chosen[b]]) for b in best
        )


def _fitting(study: Study, predictions: Sequence[Prediction]) -> tuple[Prediction, ...]:
    """Nothing is stated or denied of an organ that a person of that sex does not have. It stays
    listed as not assessed: a file's sex is an administrative entry, and may not be the body's."""
    if study.sex != "M":
        return tuple(predictions)
    why = "an organ that men do not have, and the study says that this is a man"
    return tuple(
        replace(p, abstained=True, why=why, evidence=()) if p.label in OF_WOMEN else p
        for p in predictions
    )


def _by_organ(exam: str, sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The exam's order of organs; within one, what is present comes first."""

    def place(s: Sentence) -> tuple[int, bool]:
        (finding,) = s.findings
        return templates.by_organ(exam, finding_type(finding.what)), finding.status == "absent"

    return tuple(sorted(sentences, key=place))


def _impression(
    exam: str, findings: Sequence[Sentence], undecided: list[str]
) -> tuple[Sentence, ...]:
    """What is present, sentence by sentence with its evidence; else what was looked for."""
    positive = [s for s in findings if s.findings[0].status == "present"]
    if positive:
        return tuple(replace(s, section="impression", organ="") for s in positive)
    return (Sentence(templates.nothing_found(undecided, exam), "impression"),)
