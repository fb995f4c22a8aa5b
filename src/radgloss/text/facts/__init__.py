"""The fact graph: what a radiology report states, read by rules in well under a millisecond.

A fact is (finding, status, side, site, size, change, certainty, severity, number) with its place in
the text. Text → sections → sentences → terms (`lexicon`) → mentions (`clause`) → facts (`graph`).
No model, no download, no chance: the same text gives the same facts, and every fact can be traced
to the words that made it. What it cannot do is told in docs/facts.md."""

from __future__ import annotations

from radgloss.text.facts.clause import Context, Mention, read_clause
from radgloss.text.facts.graph import Fact, Source, assemble
from radgloss.text.facts.merge import merge
from radgloss.text.facts.scan import scanned
from radgloss.text.facts.sections import STATES_FACTS, parts, report_parts
from radgloss.text.facts.sentences import sentences
from radgloss.types import Finding, Report

__all__ = ["Fact", "findings", "merge", "read"]


def read(report: str | Report, exam: str = "") -> tuple[Fact, ...]:
    """Every fact of a report, in the order of its text.

    exam: a name of EXAMS, which settles what a bare word means ("nodule" on a chest film lies in a
    lung). Never raises on any text.

    >>> [(f.finding.what, f.finding.status, f.finding.side) for f in
    ...  read("Small left effusion without pneumothorax.")]
    [('pleural effusion', 'present', 'left'), ('pneumothorax', 'absent', '')]
    """
    found: list[Fact] = []
    if isinstance(report, Report):
        for name, text in report_parts(report):
            _section(text, name, 0, len(text), exam, found)
    else:
        for part in parts(report):
            _section(report, part.name, part.start, part.end, exam, found)
    return tuple(found)


def findings(report: str | Report, exam: str = "") -> tuple[Finding, ...]:
    """What a report says of the present study, each thing once: merged, without history.

    >>> findings("5 mm stone in the lower pole of the right kidney. IMPRESSION: Right renal stone.")
    (Finding(what='kidney stone', status='present', side='right', site='lower pole',
             size_mm=(5.0,), certainty=None, change='', previous_mm=(), severity='', number=''),)
    """
    return tuple(f.finding for f in merge(read(report, exam)) if f.layer != "history")


def _section(text: str, name: str, start: int, end: int, exam: str, found: list[Fact]) -> None:
    """The facts of text[start:end]. Outside findings and impression only history is kept."""
    low = _lower(text)
    states = name in STATES_FACTS
    context = Context(history_only=not states, ticks="[x]" in low or "☑" in low or "☒" in low)
    if not states and name not in ("indication", "history"):
        return
    told: list[tuple[Source, list[Mention]]] = []
    for number, (first, last) in enumerate(sentences(text, start, end)):
        items, pointing = scanned(low[first:last])
        if items and (mentions := read_clause(items, context, pointing)):
            told.append((Source(name, number, first), mentions))
    for source, mentions in told:  # only now: a later sentence may have added ("It measures")
        for mention in mentions:
            if states or mention.term.cat == "procedure":
                found += assemble(mention, source, exam, context)


def _lower(text: str) -> str:
    """Lower case with every character in its place (some letters grow when lowered)."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(c if len(c.lower()) != 1 else c.lower() for c in text)
