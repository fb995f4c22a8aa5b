"""What the detectors of a checkpoint decide: of the study, and of its prior.

The one place where predictions become findings, for the drafter that words them and for the watcher
that holds somebody else's words against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from radgloss.engine.aligner import Aligner
from radgloss.engine.drafting import comparison
from radgloss.text import templates
from radgloss.text.findings import OF_WOMEN, FindingType, exam_findings, finding_type
from radgloss.types import Case, Finding, Prediction, Sentence, Side, Study

__all__ = ["ask", "before", "stated"]


def ask(aligner: Aligner, study: Study, exam: str, places: bool = True) -> tuple[Prediction, ...]:
    """One prediction for each finding that the examination shows; places: with their evidence.

    Nothing is decided of an organ that a person of that sex does not have. It stays listed as not
    assessed: a file's sex is an administrative entry, and may not be the body's."""
    whats = [row.what for row in exam_findings(exam)]
    said = aligner.label(study, whats) if places else aligner.answers(study, whats)
    if study.sex != "M":
        return said
    why = "an organ that men do not have, and the study says that this is a man"
    return tuple(
        replace(p, abstained=True, why=why, evidence=()) if p.label in OF_WOMEN else p for p in said
    )


def stated(
    aligner: Aligner, study: Study, predictions: Sequence[Prediction]
) -> tuple[Finding, ...]:
    """One finding for each prediction that was decided, with its side where that was too."""
    found = []
    for p in predictions:
        if p.abstained:
            continue
        if p.probability < 0.5:
            found.append(Finding(p.label, "absent", certainty=1 - p.probability))
        else:
            side = _side(aligner, study, finding_type(p.label))
            found.append(Finding(p.label, "present", side, certainty=p.probability))
    return tuple(found)


def _side(aligner: Aligner, study: Study, row: FindingType) -> Side:
    """Right or left where that could be decided, else left unsaid."""
    exam = aligner.exam(study) or ""
    calibration = aligner.checkpoint.trust.sides.get(exam, {}).get(row.what)
    if calibration is None:
        return ""
    right = calibration.decide(calibration.probability(aligner.raw_side(study, row.what)))
    return "" if right is None else "right" if right else "left"


def before(
    aligner: Aligner, case: Case, exam: str
) -> tuple[tuple[Finding, ...], tuple[Sentence, ...]]:
    """What was decided of the prior, and what a comparison section says of it; nothing of both
    where no prior was given. Where a person's report of it is there, her word counts."""
    if case.prior_report:
        how = "report" if case.prior is None else "both"
        return comparison.from_report(case.prior_report, exam), _compared(exam, how)
    if case.prior is None:
        return (), ()
    apart = aligner.apart()
    if apart.why_not(case.prior) or apart.exam(case.prior) != exam:
        return (), _compared(exam, "other")
    predictions = ask(apart, case.prior, exam, places=False)
    return stated(apart, case.prior, predictions), _compared(exam, "study")


def _compared(exam: str, how: str) -> tuple[Sentence, ...]:
    return (Sentence(templates.compared(exam, how), "comparison"),)
