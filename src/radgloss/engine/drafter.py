"""A draft without a language model: zero-shot pairs decide, templates word, evidence supports.

Per finding one of three: decided present (with side where that was decided too, and the place in
the picture), decided absent, or not assessed. The whole draft is refused where the study lies
outside what the model knows. Indication and history set the order of the impression; a prior is
read by the same model, and compared where both readings were decided. Neither can put a finding
into the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from radgloss import terms
from radgloss.engine.aligner import Aligner
from radgloss.engine.drafting import comparison, deciding, inputs
from radgloss.engine.drafting.asked import asked
from radgloss.engine.drafting.impression import impression
from radgloss.text import templates
from radgloss.text.findings import finding_type
from radgloss.types import (
    Case,
    Draft,
    Evidence,
    Finding,
    Image,
    Origin,
    Prediction,
    Sentence,
    Study,
)

__all__ = ["PairDrafter"]

SUPPORTS = 3
VIEWS = {"LL": "left lateral", "RL": "right lateral", "LATERAL": "lateral"}


class PairDrafter:
    """`Drafter` over an `Aligner`."""

    def __init__(self, aligner: Aligner, version: str) -> None:
        self.aligner = aligner
        self.version = version

    def draft(self, case: Case) -> Draft:
        """The draft of a case, or an honest abstention.

        Raises what `drafting.inputs.check` raises."""
        inputs.check(case)
        study = case.study
        why = self.aligner.why_not(study)
        exam = self.aligner.exam(study)
        if why or exam is None:
            return self._abstention(study, why)
        predictions = deciding.ask(self.aligner, study, exam)
        before, compared = deciding.before(self.aligner, case, exam)
        now = comparison.changed(deciding.stated(self.aligner, study, predictions), before)
        by_name = {p.label: p for p in predictions}
        findings = _sentences(exam, now, by_name)
        undecided = [p.label for p in predictions if p.abstained]
        names = asked(f"{case.indication}. {case.history}", exam)
        return Draft(
            study=study.uid,
            sentences=(
                self._technique(study, exam),
                *compared,
                *findings,
                *impression(findings, exam, undecided, names),
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
        views = tuple(dict.fromkeys(VIEWS.get(v, v) for i in study.images if (v := _view(i))))
        words = templates.technique(
            exam, len(image.pixels), spacing if axial else None, views, len(study.images)
        )
        return Sentence(words, "technique")

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


def _view(image: Image) -> str:
    return terms.view(image.view) if image.modality in ("CR", "DX") else ""


def _sentences(
    exam: str, findings: Sequence[Finding], predictions: Mapping[str, Prediction]
) -> tuple[Sentence, ...]:
    """Organ by organ in the exam's order: what is there, what has gone, then the denials of the
    organ in one sentence."""

    def place(f: Finding) -> tuple[int, bool, bool]:
        row = finding_type(f.what)
        return templates.by_organ(exam, row), f.status == "absent", not f.change

    made: list[Sentence] = []
    for f in sorted(findings, key=place):
        organ = finding_type(f.what).organ
        one = Sentence(
            templates.sentence(f), "findings", organ, (f,),
            predictions[f.what].evidence if f.status == "present" else (), f.certainty,
        )  # fmt: skip
        if made and _denies(one) and _denies(made[-1]) and made[-1].organ == organ:
            made[-1] = _joined(made[-1], f)
        else:
            made.append(one)
    return tuple(made)


def _denies(sentence: Sentence) -> bool:
    return all(f.status == "absent" and not f.change for f in sentence.findings)


def _joined(sentence: Sentence, finding: Finding) -> Sentence:
    """Two denials in one sentence, which is as sure as the less sure of them."""
    both = (*sentence.findings, finding)
    sure = [f.certainty for f in both if f.certainty is not None]
    return replace(
        sentence, text=templates.denials([f.what for f in both]), findings=both,
        confidence=min(sure),
    )  # fmt: skip
