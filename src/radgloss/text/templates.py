"""The drafter's wording: one plain sentence for each state of each finding.

Only what was decided is worded. A machine's doubt is never turned into "possible": what is too
close to call is left out of the text and listed beside it."""

from __future__ import annotations

from radgloss.text.findings import EXAMS, FindingType, exam_findings
from radgloss.types import Finding

__all__ = ["abstention", "by_organ", "named", "nothing_found", "sentence", "technique"]

PLURAL = frozenset({"gallstones", "liver metastases"})
UNCOUNTED = frozenset({
    "hepatic steatosis", "cirrhosis", "acute cholecystitis", "biliary dilatation", "splenomegaly",
    "acute pancreatitis", "hydronephrosis", "pyelonephritis", "appendicitis", "diverticulitis",
    "bowel obstruction", "free air", "free fluid", "consolidation", "pneumonia", "pulmonary oedema",
    "atelectasis", "hyperinflation", "cardiomegaly", "focal nodular hyperplasia",
})  # fmt: skip


def named(what: str, side: str = "") -> str:
    """A finding with its side and its article, where English gives it one.

    >>> named("kidney stone", "left"), named("ovarian cyst"), named("free air")
    ('a left kidney stone', 'an ovarian cyst', 'free air')
    """
    words = f"{side} {what}".strip()
    if what in PLURAL or what in UNCOUNTED or side == "bilateral":
        return words
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def sentence(finding: Finding) -> str:
    """One finding in words.

    >>> sentence(Finding("pleural effusion", "present", "left"))
    'There is a left pleural effusion.'
    >>> sentence(Finding("gallstones", "present")), sentence(Finding("free air", "absent"))
    ('There are gallstones.', 'No free air.')
    """
    if finding.status == "absent":
        return f"No {finding.what}."
    verb = "are" if finding.what in PLURAL else "is"
    return f"There {verb} {named(finding.what, finding.side)}."


def technique(exam: str, frames: int, spacing_mm: float | None) -> str:
    """What was done, from the image itself.

    >>> technique("ct-abdomen", 60, 5.0)
    'CT of the abdomen and pelvis, 60 axial frames every 5 mm.'
    """
    title = EXAMS[exam].title
    if frames > 1 and spacing_mm:
        return f"{title}, {frames} axial frames every {spacing_mm:.3g} mm."
    return f"{title}."


def by_organ(exam: str, row: FindingType) -> int:
    """The place of a finding's organ in the report of an examination; organs of others come last.

    >>> by_organ("xr-chest", exam_findings("xr-chest")[-1]) > 0
    True
    """
    organs = EXAMS[exam].organs
    return organs.index(row.organ) if row.organ in organs else len(organs)


def nothing_found(undecided: list[str], exam: str) -> str:
    """The conclusion where nothing was decided present.

    >>> nothing_found(["free fluid"], "us-pelvis")
    'No positive finding among those decided; see what was not assessed.'
    >>> nothing_found([], "xr-abdomen")[:78]
    'None of the findings looked for is present: bowel obstruction, free air, kidne'
    """
    rows = sorted(exam_findings(exam), key=lambda row: by_organ(exam, row))
    names = ", ".join(row.what for row in rows)
    if len(undecided) == len(rows):
        return f"Nothing could be decided about what was looked for: {names}."
    if undecided:
        return "No positive finding among those decided; see what was not assessed."
    return f"None of the findings looked for is present: {names}."


def abstention(why: str) -> str:
    """The one sentence of a draft that is not made."""
    return f"No draft was made: {why}."
