"""The drafter's wording: one plain sentence for each state of each finding.

Only what was decided is worded. A machine's doubt is never turned into "possible": what is too
close to call is left out of the text and listed beside it. ("Possible" is said only where the
finding itself is `uncertain`, as a text that was read may state it.) Whatever is worded here is
read back by `text.facts` as the finding that it came from."""

from __future__ import annotations

from collections.abc import Sequence

from radgloss.text.findings import EXAMS, SITES, FindingType, exam_findings
from radgloss.types import Finding

__all__ = [
    "abstention", "by_organ", "compared", "denials", "named", "nothing_found", "sentence",
    "technique",
]  # fmt: skip

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
    """One finding in words: side, size, site, severity and change, where they are known.

    >>> sentence(Finding("pleural effusion", "present", "left"))
    'There is a left pleural effusion.'
    >>> sentence(Finding("gallstones", "present")), sentence(Finding("free air", "absent"))
    ('There are gallstones.', 'No free air.')
    >>> sentence(Finding("kidney stone", "present", "left", "lower pole", (6.0,), change="new"))
    'There is a new 6 mm left kidney stone in the lower pole.'
    >>> sentence(Finding("pneumothorax", "absent", "right", change="resolved"))
    'The right pneumothorax has resolved.'
    """
    what = finding.what
    if finding.status == "absent" and finding.change == "resolved":
        verb = "have" if what in PLURAL else "has"
        return f"The {f'{finding.side} {what}'.strip()} {verb} resolved."
    place = f" in {_site(finding.site)}" if finding.site else ""
    if finding.status == "absent":
        return f"No {f'{finding.side} {what}'.strip()}{place}."
    words = (_before(finding), finding.severity, _size(finding.size_mm), finding.side)
    told = " ".join(w for w in words if w)
    if finding.status == "uncertain":
        return f"Possible {f'{told} {what}'.strip()}{place}."
    verb = "are" if what in PLURAL else "is"
    return f"There {verb} {named(what, told)}{place}{_after(finding)}."


def _before(finding: Finding) -> str:
    return finding.change if finding.change in ("new", "unchanged") else ""


def _after(finding: Finding) -> str:
    """The change of what is there in both, with the earlier size where it is known."""
    before = f" (previously {_size(finding.previous_mm)})" if finding.previous_mm else ""
    grown = {"increased": ", larger than before", "decreased": ", smaller than before"}
    return f"{grown.get(finding.change, '')}{before}"


def _size(size_mm: tuple[float, ...]) -> str:
    return " × ".join(f"{mm:g}" for mm in size_mm) + " mm" if size_mm else ""


def _site(site: str) -> str:
    if site in SITES["pancreas"]:  # a bare "head" is a person's
        site = f"{site} of the pancreas"
    return site if site.startswith("segment") else f"the {site}"


def denials(whats: Sequence[str]) -> str:
    """Findings that are denied together, in one sentence.

    >>> denials(["pneumothorax"]), denials(["consolidation", "lung nodule", "atelectasis"])
    ('No pneumothorax.', 'No consolidation, lung nodule or atelectasis.')
    """
    *first, last = whats
    return f"No {', '.join(first)} or {last}." if first else f"No {last}."


def technique(
    exam: str, frames: int, spacing_mm: float | None, views: Sequence[str] = (), images: int = 1
) -> str:
    """What was done, from the images themselves. frames, spacing_mm: of the longest series.

    >>> technique("ct-abdomen", 60, 5.0)
    'CT of the abdomen and pelvis, 60 axial frames every 5 mm.'
    >>> technique("xr-chest", 1, None, ("PA", "lateral"), 2)
    'Chest radiograph, PA and lateral.'
    >>> technique("ct-abdomen", 60, 5.0, images=3)
    'CT of the abdomen and pelvis, 3 series, the longest of 60 axial frames every 5 mm.'
    """
    title = EXAMS[exam].title
    parts = [title]
    if views:
        *first, last = views
        parts.append(f"{', '.join(first)} and {last}" if first else last)
    elif images > 1:
        parts.append(f"{images} series" if frames > 1 else f"{images} images")
    if frames > 1 and spacing_mm:
        longest = "the longest of " if images > 1 else ""
        parts.append(f"{longest}{frames} axial frames every {spacing_mm:.3g} mm")
    return f"{', '.join(parts)}."


COMPARED = {
    "study": "An earlier {title}, read by the same model.",
    "report": "The report of an earlier examination.",
    "both": "An earlier examination, by its report.",
    "other": "An earlier study was given, but could not be compared: it is no {title} that this "
    "model can read.",
}


def compared(exam: str, how: str) -> str:
    """What the study was compared with.

    >>> compared("xr-chest", "study")
    'An earlier chest radiograph, read by the same model.'
    """
    title = EXAMS[exam].title
    if title[1].islower():  # a word, not "CT"
        title = title[0].lower() + title[1:]
    return COMPARED[how].format(title=title)


def by_organ(exam: str, row: FindingType) -> int:
    """The place of a finding's organ in the report of an examination; organs of others come last.

    >>> by_organ("xr-chest", exam_findings("xr-chest")[-1]) > 0
    True
    """
    organs = EXAMS[exam].organs
    return organs.index(row.organ) if row.organ in organs else len(organs)


def nothing_found(undecided: Sequence[str], exam: str) -> str:
    """The conclusion where nothing was decided present: only what is denied is named in it.

    >>> nothing_found(["free fluid"], "us-pelvis")
    'No positive finding among those decided; see what was not assessed.'
    >>> nothing_found([], "us-pelvis")[:53]
    'No adnexal mass, ovarian cyst, intrauterine pregnancy'
    """
    rows = sorted(exam_findings(exam), key=lambda row: by_organ(exam, row))
    if len(undecided) == len(rows):
        return "Nothing that was looked for could be decided; see what was not assessed."
    if undecided:
        return "No positive finding among those decided; see what was not assessed."
    return denials([row.what for row in rows])


def abstention(why: str) -> str:
    """The one sentence of a draft that is not made."""
    return f"No draft was made: {why}."
