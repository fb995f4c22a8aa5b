"""The parts of a report, and which of them state facts about the present study.

Names and codes are LOINC's (reason 18785-6, technique 55111-9, comparison 18834-2, findings
59776-5, impression 19005-8) and DICOM's (recommendation, DCM 121074). Text before the first
heading is taken as findings: most short reports have no headings at all. An organ's heading
("Liver:") is no section; it stays in the text and opens a context there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from radgloss.types import Report

__all__ = ["STATES_FACTS", "Part", "parts"]


@dataclass(frozen=True, slots=True)
class Part:
    """One section: its canonical name and text[start:end] without the heading."""

    name: str
    start: int
    end: int


_HEADINGS: dict[str, tuple[str, ...]] = {
    "indication": (
        "indication", "indications", "clinical indication", "reason for exam", "reason",
        "reason for examination", "reason for study", "reason for this examination",
        "clinical information", "clinical details", "clinical question", "clinical data",
        "clinical context", "question",
    ),
    "history": ("history", "clinical history", "past medical history", "medical history",
                "patient history", "hx", "pmh"),
    "technique": ("technique", "procedure", "exam", "examination", "study", "protocol", "views",
                  "contrast", "dose", "type of examination", "technical details", "sequences"),
    "comparison": ("comparison", "comparisons", "compared with", "compared to", "prior studies",
                   "previous studies", "prior study", "comparison studies"),
    "findings": ("findings", "finding", "report", "result", "results", "description",
                 "observations"),
    "impression": ("impression", "impressions", "conclusion", "conclusions", "opinion",
                   "summary", "assessment", "interpretation", "diagnosis"),
    "recommendation": ("recommendation", "recommendations", "follow-up", "follow up", "advice",
                       "suggestion", "plan"),
    "other": ("communication", "notification", "notifications", "attestation", "dictated by",
              "signed by", "electronically signed", "billing", "disclaimer", "limitations"),
}  # fmt: skip
_NAME = {word: name for name, words in _HEADINGS.items() for word in words}
_HEADING = re.compile(
    r"[.\n][ \t*#_]*(?=[^.:\n]{1,40}[:\n])("  # what may be one at all, before which one it is
    + "|".join(re.escape(w) for w in sorted(_NAME, key=len, reverse=True))
    + r")[ \t*_]*(?::|(?=\n))",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"\n|[.;!?](?=\s|$)")
STATES_FACTS = frozenset({"findings", "impression"})


def parts(text: str) -> list[Part]:
    """The sections of a free text, in order.

    >>> text = "INDICATION: cough. FINDINGS: Clear lungs. IMPRESSION: Normal."
    >>> [(p.name, text[p.start:p.end].strip()) for p in parts(text)]
    [('indication', 'cough.'), ('findings', 'Clear lungs.'), ('impression', 'Normal.')]
    """
    if ":" not in text and "\n" not in text:  # no heading without either
        return [Part("findings", 0, len(text))] if text.strip() else []
    found: list[Part] = []
    name, begin = "findings", 0
    for match in _HEADING.finditer("\n" + text):  # so that the first line begins like any other
        if text[begin : match.start()].strip():
            found.append(Part(name, begin, match.start()))
        name, begin = _NAME[match[1].lower()], match.end() - 1
    if text[begin:].strip():
        found.append(Part(name, begin, len(text)))
    return found if any(p.name in STATES_FACTS and p.start for p in found) else _cut(text, found)


def _cut(text: str, found: list[Part]) -> list[Part]:
    """Where no heading of findings ever comes, another heading rules its own line or sentence.

    "PMH: gout. Clear lungs." tells of the lungs, whatever stands before."""
    cut: list[Part] = []
    for part in found:
        at = part.end
        if part.name not in STATES_FACTS:
            start = (
                part.start
                + len(text[part.start : part.end])
                - len(text[part.start : part.end].lstrip(": \t\n*_"))
            )
            ends = _SENTENCE.search(text, start, part.end)
            at = ends.end() if ends else part.end
        cut.append(Part(part.name, part.start, at))
        if text[at : part.end].strip():
            cut.append(Part("findings", at, part.end))
    return cut


def report_parts(report: Report) -> list[tuple[str, str]]:
    """(section, text) of the sections of a `Report` that hold text."""
    named = (
        ("indication", report.indication),
        ("comparison", report.comparison),
        ("technique", report.technique),
        ("findings", report.findings),
        ("impression", report.impression),
    )
    return [(name, text) for name, text in named if text.strip()]
