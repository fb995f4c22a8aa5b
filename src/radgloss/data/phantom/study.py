"""One seed in, one whole patient out: pictures, report, history, measurements and every truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from radgloss.data.phantom import held_out
from radgloss.data.phantom.causal.ceiling import posterior_of
from radgloss.data.phantom.diagnoses import diagnoses_of, technique_of
from radgloss.data.phantom.grammar import Told, Written, write
from radgloss.data.phantom.imaging import Imaged, examine
from radgloss.data.phantom.imaging.nouns import uid
from radgloss.data.phantom.patients import Patient, draw, split_of, stream
from radgloss.data.phantom.truth import deniable, deniable_sides, findings, grouped
from radgloss.text.findings import EXAMS
from radgloss.types import Case, Finding, Identity, Masks, Report, Study, Truth

__all__ = ["T0", "Phantom", "make", "prior_of", "simulate", "told_of"]

UNREAD = Written(Report(technique="CT of the head without contrast."), (), "")  # nobody's words
T0 = datetime(2020, 1, 1, 12, tzinfo=UTC)  # of every made-up study


@dataclass(frozen=True, eq=False)
class Phantom:
    """A simulated patient with everything that is known.

    written: the report, sentence by sentence with the facts it states. imaged: pictures, looks and
    places. prior: the same patient earlier, where there was such a study."""

    patient: Patient
    imaged: Imaged
    study: Study
    written: Written
    truth: Truth
    prior: Phantom | None = None

    @property
    def report(self) -> Report:
        """What the author wrote."""
        return self.written.report

    @property
    def case(self) -> Case:
        """What a model is asked: the study, and what was known when it was made."""
        encounter = self.patient.encounter
        return Case(
            self.study,
            self.written.report.indication,
            encounter.measurements,
            self.prior.study if self.prior else None,
            T0,
        )

    @property
    def masks(self) -> Masks:
        """Lesion masks (F, R, C) on the first image."""
        return self.truth.masks[self.study.images[0].uid]

    @property
    def organs(self) -> Masks:
        """Organ masks (F, R, C) on the first image."""
        return self.truth.organs[self.study.images[0].uid]


def make(seed: int, exam: str) -> Phantom:
    """The phantom of that seed and exam: `simulate(draw(seed, exam))`."""
    return simulate(draw(seed, exam))


def simulate(patient: Patient) -> Phantom:
    """Pictures, words and truth; a changed lesion or history changes only what it must."""
    before = prior_of(patient)
    return _simulated(patient, simulate(before) if before else None)


def prior_of(patient: Patient) -> Patient | None:
    """The same patient at the earlier study: lesions at their size of then, new ones not yet."""
    if not patient.prior_days:
        return None
    then = tuple(
        replace(
            lesion,
            size_mm=lesion.prior_mm or lesion.size_mm,
            prior_mm=None,
            room_mm=max(lesion.size_mm, lesion.prior_mm or 0.0),
        )
        for lesion in patient.lesions
        if lesion.prior_mm != 0.0
    )
    return replace(patient, lesions=then, prior_days=0)


def _simulated(patient: Patient, prior: Phantom | None) -> Phantom:
    imaged = examine(patient)
    present = findings(patient, imaged)
    shown = [k for k, seen in enumerate(imaged.visible) if seen]
    visible = tuple(present[k] for k in shown)
    features = [patient.lesions[k].features for k in shown]
    written = UNREAD
    if patient.exam in EXAMS:
        told = told_of(patient, imaged, visible, features, prior is not None)
        written = write(stream(patient.seed, patient.exam, "words"), told)
    truth = Truth(present, visible, written.facts, imaged.masks, imaged.organs,
                  posterior_of(patient))  # fmt: skip
    return Phantom(patient, imaged, _study(patient, imaged), written, truth, prior)


def told_of(
    patient: Patient,
    imaged: Imaged,
    visible: tuple[Finding, ...],
    features: list[tuple[str, ...]],
    compared: bool,
) -> Told:
    """What the author knows: the visible, grouped; what may be denied; who the patient is.

    features: of each visible finding, the words of its look. compared: a prior study is there."""
    stated, looks = grouped(visible, features)
    asked = (*patient.encounter.history, *patient.encounter.known)
    day = T0 - timedelta(days=patient.prior_days)
    return Told(
        exam=patient.exam,
        technique=technique_of(patient),
        findings=stated,
        features=looks,
        deny=deniable(patient),
        deny_sides=deniable_sides(patient, visible),
        absent_organs=patient.absent,
        history=tuple(name for name, yes in asked if yes),
        denied=tuple(name for name, yes in asked if not yes),
        measurements=patient.encounter.measurements,
        comparison=f"{day.day} {day:%B %Y}" if compared else "",
        incidentals=patient.incidentals,
        diagnoses=diagnoses_of(patient, imaged),
        age=patient.age,
        sex=patient.sex,
        unnamed=() if split_of(patient.seed) == "test" else held_out.FINDINGS,
    )


def _study(patient: Patient, imaged: Imaged) -> Study:
    return Study(
        uid=uid(patient, "study"),
        images=imaged.images,
        identity=Identity(
            patient_id=patient.name,
            patient_name=f"Phantom^{patient.seed:07d}",
            sex=patient.sex,
            study_id="1",
        ),
        description=EXAMS[patient.exam].title if patient.exam in EXAMS else "CT of the head",
        age_years=float(patient.age),
        sex=patient.sex,
        synthetic=True,
    )
