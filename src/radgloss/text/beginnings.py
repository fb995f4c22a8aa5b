"""What stands before a text that is to be written: the same words in training and in serving.

    [EXAM] CT of the abdomen and pelvis [INDICATION] 52-year-old woman with … [FINDINGS] …

Unusual here: reports that compare with an earlier study begin with a mark of their own, so that one
who asks without it, because there is no earlier study, gets no "new" and no "larger"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from radgloss.text.facts.sections import STATES_FACTS, parts
from radgloss.text.findings import EXAMS
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import Report, Section

__all__ = [
    "INDICATED",
    "SECTIONS",
    "Asked",
    "Part",
    "before",
    "beginning",
    "compares",
    "one_text",
    "two_texts",
]

Part = Section | Literal["caption"]
"""What may be asked for; a caption says what is seen and what is not, in any order."""

SECTIONS: tuple[Section, ...] = ("findings", "impression")
EARLIER = 192  # tokens of an earlier report, likewise
INDICATED = 96  # tokens of an indication; what it says later is not read
_BETWEEN = "\nIMPRESSION: "
_NOTHING = re.compile(r"none|no (prior|previous|comparison|earlier)|not available|n/?a\b", re.I)


@dataclass(frozen=True)
class Asked:
    """What is known before a section is written. compared: there is an earlier study."""

    section: Part
    exam: str = ""
    indication: str = ""
    compared: bool = False


def beginning(asked: Asked, tokenizer: Tokenizer) -> list[int]:
    """The tokens before the first word of a section.

    >>> t = Tokenizer.of_reports(["CT of the abdomen and pelvis"], size=300)
    >>> t.decode(beginning(Asked("findings", "ct-abdomen"), t))
    'CT of the abdomen and pelvis'
    """
    numbers: list[int] = []
    if asked.exam:
        title = EXAMS[asked.exam].title if asked.exam in EXAMS else asked.exam
        numbers += [tokenizer.mark("[EXAM]"), *tokenizer.pieces(title)]
    if asked.indication.strip():
        said = tokenizer.pieces(asked.indication.strip())[:INDICATED]
        numbers += [tokenizer.mark("[INDICATION]"), *said]
    if asked.compared:
        numbers.append(tokenizer.mark("[COMPARED]"))
    return [*numbers, tokenizer.mark(f"[{asked.section.upper()}]")]


def before(report: Report | str, tokenizer: Tokenizer) -> list[int]:
    """The tokens of an earlier report's findings and impression, for who is told of it.

    >>> t = Tokenizer.of_reports(["No effusion. Clear."], size=300)
    >>> t.decode(before("INDICATION: cough. FINDINGS: No effusion. IMPRESSION: Clear.", t))
    'No effusion. Clear.'
    """
    if isinstance(report, Report):
        said = [report.findings, report.impression]
    else:
        said = [report[p.start : p.end] for p in parts(report) if p.name in STATES_FACTS]
    return tokenizer.pieces(" ".join(t.strip() for t in said if t.strip()))[:EARLIER]


def compares(report: Report) -> bool:
    """Whether a report was written beside an earlier study.

    >>> compares(Report(comparison="6 December 2019.")), compares(Report(comparison="None."))
    (True, False)
    """
    return bool(report.comparison.strip()) and not _NOTHING.match(report.comparison.strip())


def one_text(report: Report) -> str:
    """Findings and impression as one text, as earlier reports are kept in a checkpoint.

    >>> two_texts(one_text(Report(findings="No effusion.", impression="Normal.")))
    ('No effusion.', 'Normal.')
    """
    return f"{report.findings}{_BETWEEN}{report.impression}"


def two_texts(text: str) -> tuple[str, str]:
    """The inverse: (findings, impression)."""
    findings, _, impression = text.partition(_BETWEEN)
    return findings, impression
