"""From lesions to findings: what is present, what can be seen, and what an author may say of it.

Three truths (present, visible, reported) are kept apart: a 3 mm stone on a radiograph is present,
cannot be seen, and silence about it is right. Growth is a word only beyond the noise of measuring:
2 mm and a fifth (Eisenhauer et al., Eur J Cancer 2009;45:228, RECIST 1.1, asks for more)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from radgloss.data.phantom.diagnoses import AS_FINDING
from radgloss.data.phantom.grammar.report import OTHER, VAGUE
from radgloss.data.phantom.imaging import Imaged
from radgloss.data.phantom.patients import Lesion, Patient
from radgloss.text.findings import EXAMS, FINDINGS, exam_findings, finding_type
from radgloss.types import Change, Finding, Side

__all__ = ["change_of", "deniable", "deniable_sides", "findings", "grouped", "labels"]

MANY = 4  # foci from which an author says "multiple"
# Vaguer words for what a sharper one already names: never denied beside it.
COVERS = {
    "liver lesion": "liver",
    "lung opacity": "lungs",
    "pneumonia": "lungs",
}
KINDS_OF = ("liver lesion", "lung opacity")  # true of whatever `VAGUE` lists for them
LEAST_MM, LEAST_SHARE = 2.0, 0.2  # of growth or shrinkage that is called so


def findings(patient: Patient, imaged: Imaged) -> tuple[Finding, ...]:
    """One finding for each lesion, in the patient's order, sizes as they are in this body."""
    return tuple(
        _finding(lesion, size or lesion.size_mm)
        for lesion, size in zip(patient.lesions, imaged.sizes, strict=True)
    )


def change_of(size_mm: float, prior_mm: float | None) -> Change:
    """The word for a change of size; none without a prior study.

    >>> change_of(18, 12), change_of(13, 12), change_of(18, 0.0), change_of(18, None)
    ('increased', 'unchanged', 'new', '')
    """
    if prior_mm is None:
        return ""
    if prior_mm == 0:
        return "new"
    grown = size_mm - prior_mm
    if abs(grown) < LEAST_MM or abs(grown) < LEAST_SHARE * prior_mm:
        return "unchanged"
    return "increased" if grown > 0 else "decreased"


def _finding(lesion: Lesion, size: float) -> Finding:
    return Finding(
        what=lesion.what,
        side=lesion.side,
        site=lesion.site,
        size_mm=(float(size),) if lesion.size_mm else (),
        certainty=1.0,
        change=change_of(size, lesion.prior_mm),
        previous_mm=(float(lesion.prior_mm),) if lesion.prior_mm and lesion.size_mm else (),
        severity=lesion.severity,
        number="multiple" if "multiple" in lesion.features else "",
    )


def grouped(
    stated: Sequence[Finding], features: Sequence[tuple[str, ...]]
) -> tuple[tuple[Finding, ...], tuple[tuple[str, ...], ...]]:
    """What an author says: few foci one by one, many as one finding of the size of the largest."""
    kinds: dict[str, list[int]] = {}
    for k, finding in enumerate(stated):
        kinds.setdefault(finding.what, []).append(k)
    out: list[Finding] = []
    looks: list[tuple[str, ...]] = []
    for members in kinds.values():
        if len(members) < MANY:
            out += [stated[k] for k in members]
            looks += [features[k] for k in members]
            continue
        largest = max(members, key=lambda k: stated[k].size_mm[:1])
        sides: set[Side] = {stated[k].side for k in members}
        side: Side = next(iter(sides)) if len(sides) == 1 else "bilateral"
        out.append(replace(stated[largest], side=side, site="", number="multiple", change="",
                           previous_mm=()))  # fmt: skip
        looks.append(features[largest])
    return tuple(out), tuple(looks)


def deniable(patient: Patient) -> tuple[str, ...]:
    """What may truthfully be denied: not in the body at all, its organ there, no vaguer twin.

    A disease that this patient has is not denied, whether or not it has made its finding."""
    there = {lesion.what for lesion in patient.lesions} | _ill_with(patient)
    organs = {finding_type(what).organ for what in there}
    gone = set(patient.absent)
    return tuple(
        row.what
        for row in exam_findings(patient.exam)
        if row.what not in there
        and row.layer != "device"
        and COVERS.get(row.what) not in organs
        and row.organ not in gone
        and not (row.organ == "kidneys" and {"right kidney", "left kidney"} <= gone)
    )


def _ill_with(patient: Patient) -> set[str]:
    """Those of the patient's diseases that are findings, by the names of the findings table."""
    names = {AS_FINDING.get(name, name) for name in patient.encounter.diseases}
    return names & {row.what for row in FINDINGS}


def deniable_sides(patient: Patient, visible: Sequence[Finding]) -> tuple[tuple[str, Side], ...]:
    """(finding, other side) of what is seen on one side only: that side has its organ, and there
    nothing of the kind, seen or not, and nothing that a reader might call by its name."""
    out: dict[tuple[str, Side], None] = {}
    for finding in visible:
        row = finding_type(finding.what)
        side = OTHER.get(finding.side, "")
        if not side or side not in row.sides or row.layer == "device":
            continue
        if row.organ == "kidneys" and f"{side} kidney" in patient.absent:
            continue
        against = {finding.what, *VAGUE.get(finding.what, ())}
        if not any(x.what in against and x.side != finding.side for x in patient.lesions):
            out[finding.what, side] = None
    return tuple(out)


def labels(patient: Patient, imaged: Imaged) -> dict[str, bool | None]:
    """For every finding of the exam: True where it can be seen, False where it is not in the body,
    None where it is there and cannot be seen.

    A vaguer name ("liver lesion") is true of every sharper one. Pneumonia is a disease that a
    consolidation may be: True where the patient has both, None where only one of them is known."""
    if patient.exam not in EXAMS:
        return {}
    seen = {x.what for x, v in zip(patient.lesions, imaged.visible, strict=True) if v}
    there = {x.what for x in patient.lesions} | _ill_with(patient)
    for vague in KINDS_OF:
        seen |= {vague} if seen.intersection(VAGUE[vague]) else set()
        there |= {vague} if there.intersection(VAGUE[vague]) else set()
    if "pneumonia" in there and "consolidation" in seen:
        seen.add("pneumonia")
    if "consolidation" in seen and not patient.encounter.stratum:
        there.add("pneumonia")  # nobody drew why the lung is dense
    return {
        row.what: True if row.what in seen else None if row.what in there else False
        for row in exam_findings(patient.exam)
    }
