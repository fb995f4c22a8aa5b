"""Change against the prior: only where a prior was given, and only between two decided findings.

A change of size is said only of two measured lengths, and only beyond what two readers differ by:
2 mm and a fifth (RECIST 1.1 section 4.3 asks for a fifth). Where nobody measured, "there in both"
is all that is known, and no word of change is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from radgloss.engine.drafting.reading import canonical
from radgloss.text.facts import findings
from radgloss.types import Change, Finding

__all__ = ["FAR", "SHARE", "changed", "from_report", "grown"]

FAR, SHARE = 2.0, 0.2  # mm, and share of the earlier length
DECIDED = ("present", "absent")


def changed(now: Sequence[Finding], before: Sequence[Finding]) -> tuple[Finding, ...]:
    """What is said now, with its change where both decided; in the same order.

    before: decided findings of the prior. Where they contradict each other (a report and a model
    that disagree), or the sides do not fit, the finding is returned as it is.

    >>> changed([Finding("pneumothorax", "present", "left")], [Finding("pneumothorax", "absent")])
    (Finding(what='pneumothorax', status='present', side='left', site='', size_mm=(),
             certainty=None, change='new', previous_mm=(), severity='', number=''),)
    """
    return tuple(_changed(f, now, before) for f in now)


def _changed(finding: Finding, now: Sequence[Finding], before: Sequence[Finding]) -> Finding:
    if finding.status not in DECIDED or finding.change:
        return finding
    name = canonical(finding.what)
    then = [b for b in before if canonical(b.what) == name and b.status in DECIDED]
    there = [b for b in then if b.status == "present"]
    gone = [b for b in then if b.status == "absent" and _fits(b, finding) and not b.site]
    if finding.status == "absent":
        same = [b for b in there if _fits(finding, b)]
        if len(same) != 1 or gone or finding.site:
            return finding
        return replace(finding, change="resolved", side=finding.side or same[0].side)
    if gone and not there:
        return replace(finding, change="new")
    alone = sum(canonical(f.what) == name and f.status == "present" for f in now) == 1
    if gone or len(there) != 1 or not alone or there[0].side != finding.side:
        return finding
    change = grown(finding.size_mm, there[0].size_mm)
    return replace(finding, change=change, previous_mm=there[0].size_mm) if change else finding


def _fits(wide: Finding, narrow: Finding) -> bool:
    """Whether a denial speaks of the side that another finding lies on."""
    return not wide.side or wide.side == narrow.side


def grown(now: tuple[float, ...], before: tuple[float, ...]) -> Change:
    """The change of two measured lengths; "" where either was not measured.

    >>> grown((12.0,), (8.0,)), grown((9.0,), (8.0,)), grown((), (8.0,))
    ('increased', 'unchanged', '')
    """
    if not now or not before:
        return ""
    step = now[0] - before[0]
    if abs(step) < FAR or abs(step) < SHARE * before[0]:
        return "unchanged"
    return "increased" if step > 0 else "decreased"


def from_report(text: str, exam: str) -> tuple[Finding, ...]:
    """What a prior report decided, its own comparison taken out.

    A denial of a change alone ("no new nodule") decides nothing about the finding itself."""
    read = findings(text, exam)
    return tuple(
        replace(f, change="", previous_mm=())
        for f in read
        if f.status in DECIDED and not (f.status == "absent" and f.change not in ("", "resolved"))
    )
