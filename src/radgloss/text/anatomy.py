"""A report's findings, organ by organ, however they were written.

Some reports have a heading for each organ, some a line, most neither. A sentence belongs to the
organs that its facts are about (`text.facts`), which know the heading they stand under; one without
facts ("It measures 3 cm.") goes with the one before it in its line, or else after it. The headings
themselves are left out, so that what is said of an organ reads alike in all kinds of report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from radgloss.text.facts import read
from radgloss.text.facts.sentences import sentences
from radgloss.text.findings import EXAMS, ORGANS

__all__ = ["OTHER", "by_organ"]

OTHER = "other"
_HEADING = re.compile(r"[A-Z][A-Za-z ,/]{2,30}:\s*")


def by_organ(text: str, exam: str = "") -> Mapping[str, str]:
    """What is said of each organ of the examination, in its report's order; what is said of none
    of them is `OTHER`.

    >>> by_organ("Simple hepatic cyst. It measures 3 cm. SPLEEN: Normal.", "ct-abdomen")
    {'liver': 'Simple hepatic cyst. It measures 3 cm.', 'spleen': 'Normal.'}
    """
    known = EXAMS[exam].organs if exam in EXAMS else tuple(ORGANS)
    facts = read(text, exam)
    said: dict[str, list[str]] = {organ: [] for organ in (*known, OTHER)}
    spans = sentences(text)
    found = [[f.organ for f in facts if begin <= f.span[0] < end] for begin, end in spans]
    about = [tuple(dict.fromkeys(o if o in known else OTHER for o in of)) for of in found]
    for k, (begin, end) in enumerate(spans):
        heading = _HEADING.match(text, begin, end)
        of = about[k] or ((OTHER,) if heading else _beside(text, spans, about, k))
        about[k] = of
        words = text[heading.end() if heading else begin : end] or text[begin:end]
        for organ in of:
            said[organ].append(words)
    return {organ: " ".join(words) for organ, words in said.items() if words}


def _beside(
    text: str, spans: Sequence[tuple[int, int]], about: Sequence[tuple[str, ...]], k: int
) -> tuple[str, ...]:
    """What a sentence without facts is about: as the one before it in its line, or after it."""
    for other in (k - 1, k + 1):
        if 0 <= other < len(spans):
            low, high = sorted((spans[k], spans[other]))
            if "\n" not in text[low[1] : high[0]] and about[other]:
                return about[other]
    return (OTHER,)
