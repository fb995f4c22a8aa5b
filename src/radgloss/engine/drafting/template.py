"""A department's own template, filled from a draft: fields that only earned words may enter.

A template is text with fields in braces. `{lungs}` takes what the draft says of the lungs;
`{lungs|The lungs are clear.}` takes the words after the bar instead, but only where the draft calls
that organ assessed and normal, so that no template can write "normal" on its own. Where nothing may
be said, the field says `[not assessed]`. Other fields: `technique`, `comparison`, `impression`, and
`other` for the organs that have no field; a brace itself is written twice.

    LUNGS AND PLEURA: {lungs|The lungs are clear.} {pleura|No effusion or pneumothorax.}
    HEART: {heart}
    OTHER: {other}
    CONCLUSION: {impression}
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from radgloss.text.facts import read
from radgloss.text.findings import EXAMS, exam_findings
from radgloss.types import MACHINE_MARK, Draft, InputRejected, Report

__all__ = ["Field", "Template", "filled", "template"]

SECTIONS = ("technique", "comparison", "impression")
OTHER = "other"
NOT_ASSESSED = "[not assessed]"
NOTHING = "[nothing]"
LONGEST = 50_000  # characters
_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True)
class Field:
    """One field: its name, and the words for an organ that is assessed and normal, or ""."""

    name: str
    normal: str = ""


@dataclass(frozen=True)
class Template:
    """Text and fields in their order; made by `template`, which checks it."""

    pieces: tuple[str | Field, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields alone."""
        return tuple(p for p in self.pieces if isinstance(p, Field))


def template(text: str, exam: str = "") -> Template:
    """A template from its text, for an examination, or for any.

    Raises InputRejected('template'): a brace that opens nothing, a name that is no field (of that
    examination), a field twice, no field for a finding, text that states a finding by itself, or
    words for the normal that state one or speak of another organ."""
    if len(text) > LONGEST:
        raise _rejected("its length", f"{len(text)} characters", f"at most {LONGEST}")
    pieces: list[str | Field] = []
    at = 0
    for match in _PIECE.finditer(text):
        pieces.append(text[at : match.start()])
        at = match.end()
        if match[0] in ("{{", "}}"):
            pieces.append(match[0][0])
        elif match[1] is None:
            line = text.count("\n", 0, match.start()) + 1
            raise _rejected(f"line {line}", f"a lone {match[0]!r}", "{name}, or the brace twice")
        else:
            name, _, normal = match[1].partition("|")
            pieces.append(Field(name.strip().lower(), normal.strip()))
    whole = Template(tuple(p for p in (*pieces, text[at:]) if p))
    _check(whole, exam)
    return whole


def _check(whole: Template, exam: str) -> None:
    organs, names = _organs(exam), [f.name for f in whole.fields]
    known = (*organs, OTHER, *SECTIONS)
    for field in whole.fields:
        if field.name not in known:
            raise _rejected(f"the field {field.name!r:.40}", "no such field", ", ".join(known))
        if names.count(field.name) > 1:
            raise _rejected(f"the field {field.name!r}", "it twice", "each field once")
        if field.normal:
            _check_normal(field, exam)
    if not any(n in organs or n == OTHER for n in names):
        raise _rejected("its fields", "none for a finding", "an organ, or {other}")
    for piece in whole.pieces:
        if isinstance(piece, str) and (said := _asserted(piece, exam)):
            found = f"text outside the fields that states {said[0]}"
            raise _rejected("the text", found, "words that state no finding")


def _check_normal(field: Field, exam: str) -> None:
    what = f"the field {field.name!r}"
    if field.name in (*SECTIONS, OTHER):
        raise _rejected(what, "words for the normal", "them behind the name of an organ")
    facts = [f for f in read(Report(findings=field.normal), exam) if f.layer != "history"]
    for fact in facts:
        if fact.finding.status != "absent":
            found = f"words for the normal that state {fact.finding.what}"
            raise _rejected(what, found, "words that deny or call normal")
        if fact.organ and fact.organ != field.name:
            raise _rejected(what, f"words that speak of the {fact.organ}", f"the {field.name}")


def _asserted(text: str, exam: str) -> list[str]:
    facts = read(Report(findings=text), exam)
    return [f.finding.what for f in facts if f.layer != "history"]


def _organs(exam: str) -> tuple[str, ...]:
    exams = (exam,) if exam else tuple(EXAMS)
    return tuple(dict.fromkeys(
        o for e in exams for o in (*EXAMS[e].organs, *(r.organ for r in exam_findings(e)))
    ))  # fmt: skip


def _rejected(where: str, found: str, wanted: str) -> InputRejected:
    return InputRejected(
        "template", f"the template, {where}", found, wanted,
        "Mend the template (docs/drafts.md).",
    )  # fmt: skip


def filled(whole: Template, draft: Draft) -> str:
    """The template with the draft's words, marked as a machine's above and below.

    Every sentence of the findings stands in it once: at its organ's field, or in `other`, which is
    added below where the template has none and something would be lost."""
    named = {f.name for f in whole.fields}
    rest = [s.text for s in draft.sentences if s.section == "findings" and s.organ not in named]
    made = "".join(p if isinstance(p, str) else _said(p, draft, rest) for p in whole.pieces)
    lost = [] if OTHER in named or not rest else ["", "OTHER", *rest]
    why = [f"No draft was made: {draft.why}", ""] if draft.abstained else []
    return "\n".join([MACHINE_MARK, "", *why, made.rstrip("\n"), *lost, "", MACHINE_MARK, ""])


def _said(field: Field, draft: Draft, rest: Iterable[str]) -> str:
    if field.name in SECTIONS:
        return draft.text(field.name) or NOTHING
    if field.name == OTHER:
        return " ".join(rest) or NOTHING
    state = next((o.state for o in draft.organs if o.organ == field.name), "not assessed")
    if state == "assessed and normal" and field.normal:
        return field.normal
    own = (s.text for s in draft.sentences if s.section == "findings" and s.organ == field.name)
    return " ".join(own) or NOT_ASSESSED
