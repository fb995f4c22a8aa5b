"""The drafter's wording: one plain sentence for each state of each finding.

Only what was decided is worded. A machine's doubt is never turned into "possible": what is too
close to call is left out of the text and listed beside it."""

from __future__ import annotations

from radgloss.text.vocabulary import EXAMS, exam_findings
from radgloss.types import Finding

__all__ = ["abstention", "nothing_found", "sentence", "technique"]

_PRESENT = {
    "pneumothorax": "{Side}pneumothorax is present.",
    "pleural effusion": "{Side}pleural effusion is present.",
    "lung nodule": "Nodule in the {side}lung.",
    "liver cyst": "Cyst in the liver.",
    "kidney stone": "Stone in the {side}kidney.",
    "splenomegaly": "The spleen is enlarged.",
}
_ABSENT = {
    "pneumothorax": "No pneumothorax.",
    "pleural effusion": "No pleural effusion.",
    "lung nodule": "No lung nodule.",
    "liver cyst": "No liver cyst.",
    "kidney stone": "No kidney stone.",
    "splenomegaly": "The spleen is not enlarged.",
}


def sentence(finding: Finding) -> str:
    """One finding in words; KeyError for a finding without a template.

    >>> sentence(Finding("pleural effusion", "present", "left"))
    'Left pleural effusion is present.'
    >>> sentence(Finding("kidney stone", "present"))
    'Stone in the kidney.'
    """
    table = _PRESENT if finding.status == "present" else _ABSENT
    side = f"{finding.side} " if finding.side else ""
    text = table[finding.what].format(side=side, Side=side.capitalize())
    return text[0].upper() + text[1:]


def technique(exam: str, frames: int, spacing_mm: float | None) -> str:
    """What was done, from the image itself.

    >>> technique("ct-abdomen", 60, 5.0)
    'CT of the abdomen, 60 axial frames every 5 mm.'
    """
    title = EXAMS[exam].title
    if frames > 1 and spacing_mm:
        return f"{title}, {frames} axial frames every {spacing_mm:.3g} mm."
    return f"{title}."


def nothing_found(undecided: list[str], exam: str) -> str:
    """The conclusion where nothing was decided present.

    >>> nothing_found(["liver cyst"], "ct-abdomen")
    'No positive finding among those decided; see what was not assessed.'
    >>> nothing_found([], "xr-chest")
    'None of the findings looked for is present: lung nodule, pneumothorax, pleural effusion.'
    >>> nothing_found(["liver cyst", "kidney stone", "splenomegaly"], "ct-abdomen")
    'Nothing could be decided about what was looked for: liver cyst, splenomegaly, kidney stone.'
    """
    organs = EXAMS[exam].organs
    rows = sorted(exam_findings(exam), key=lambda row: organs.index(row.organ))
    names = ", ".join(row.what for row in rows)
    if len(undecided) == len(rows):
        return f"Nothing could be decided about what was looked for: {names}."
    if undecided:
        return "No positive finding among those decided; see what was not assessed."
    return f"None of the findings looked for is present: {names}."


def abstention(why: str) -> str:
    """The one sentence of a draft that is not made."""
    return f"No draft was made: {why}."
