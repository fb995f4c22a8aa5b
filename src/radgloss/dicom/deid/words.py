"""Free text without what identifies: what the header says of people, and what looks like it.

Two strengths. What the header names (people, numbers, the date of birth) is taken out of every text
that stays, whatever the options. Where text is *cleaned* (action C), rules take out besides what
looks like a date, number, address or titled name. A person whom no header names and no title
precedes is not found: the report says so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["GONE", "Known", "known", "ruled", "without"]

GONE = "[removed]"
_TITLES = {"dr", "md", "phd", "prof", "mr", "mrs", "ms", "miss", "sir", "jr", "sr", "rn", "rt"}
_NOBODY = {"anonymous", "anonymized", "removed", "unknown", "none", "null", "test", "patient"}
_LEAST_LETTERS = 3  # shorter parts of names are words of the field: LI-RADS, AN, DE
_LEAST_NUMBER = 4
_WIDE = re.compile("[\u2e80-\uffef]")  # scripts that put no blank between words


@dataclass(frozen=True)
class Known:
    """What one header says of people; `pattern` finds it in text, `words` are its parts."""

    words: frozenset[str]
    pattern: re.Pattern[str] | None

    def seen(self, text: str) -> bool:
        """Whether any of it stands in that text."""
        return self.pattern is not None and self.pattern.search(text) is not None

    def lies_in(self, data: bytes) -> bool:
        """Whether a long part of it stands in those bytes, in UTF-8 or as single bytes."""
        lower = data.lower()
        return any(len(w) > 4 and w.lower().encode() in lower for w in self.words)


def known(names: Iterable[str], numbers: Iterable[str], dates: Iterable[str]) -> Known:
    """From person names (PN), numbers and institutions as they stand, and dates (DA).

    >>> who = known(["Doe^Jane^^Dr"], ["MR-4711"], ["19610412"])
    >>> without("Jane Doe (mr-4711), *12.04.1961: no doer", who)
    '[removed] [removed] ([removed]), *[removed]: no doer'
    """
    words = {w for name in names for w in _parts(name)}
    words |= {n.strip() for n in numbers if len(n.strip()) >= _LEAST_NUMBER}
    words = {w for w in words if w.lower() not in _NOBODY}
    shapes = [_shape(w) for w in sorted(words, key=lambda w: (-len(w), w))]
    for day in dates:
        words |= {w for w in _spellings(day)}
        shapes += [_shape(w) for w in _spellings(day)]
    pattern = re.compile("|".join(shapes), re.IGNORECASE) if shapes else None
    return Known(frozenset(words), pattern)


def _parts(name: str) -> Iterable[str]:
    for part in re.split(r"[\^=\s,.;/()]+", name):
        least = 2 if _WIDE.search(part) else _LEAST_LETTERS
        if len(part) >= least and part.lower() not in _TITLES:
            yield part


def _shape(word: str) -> str:
    """A word by itself; one with a digit in it, or of a script without blanks, anywhere."""
    escaped = re.escape(word)
    if _WIDE.search(word) or (len(word) > 4 and any(c.isdigit() for c in word)):
        return escaped
    return rf"(?<![^\W_]){escaped}(?![^\W_])"


def _spellings(day: str) -> tuple[str, ...]:
    """A date (YYYYMMDD) as people write it."""
    if not re.fullmatch(r"\d{8}", day):
        return ()
    y, m, d = day[:4], day[4:6], day[6:]
    return (day, *(s.join(p) for s in "-./" for p in ((y, m, d), (d, m, y), (m, d, y))))


def without(text: str, who: Known) -> str:
    """The text without what the header names."""
    return who.pattern.sub(GONE, text) if who.pattern else text


# ------------------------------------------------------------------ what looks like it

_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATES = (
    r"\b(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}\b",
    r"\b\d{1,2}[-./]\d{1,2}[-./](?:(?:19|20)\d\d|\d\d)\b",
    r"\b(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\b",
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?[ -]{_MONTH}\.?,?[ -](?:19|20)?\d\d\b",
    rf"\b{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d\b",
)
_NUMBERED = r"mrn|pid|dob|ssn|nhs|accession|acc|patient ?(?:id|no)|case ?(?:id|no)|room|ward|bed"
_BY = "read|signed|reported|dictated|performed|requested|referred|verified|reviewed|transcribed"
_RULES = (
    r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    r"\b(?:https?|ftp)://\S+|\bwww\.\S+",
    r"(?<![\w.])\+?\(?\d{2,5}\)?[-./ ]\d{3,4}[-. ]\d{3,5}\b",
    r"\b\d{3}-\d{2}-\d{4}\b",
    rf"\b(?:{_NUMBERED})\b\.?(?: ?(?:number|num|#))?\s*[:#=]*\s*[\w-]*\d[\w-]*",
    r"\b(?:patient(?:'s)? )?name\s*[:=]\s*[^\n;,]+",
    r"\b(?:dr|doctor|prof|professor|mr|mrs|ms|miss|nurse)\b\.?\s+(?-i:[A-Z])[\w'’-]+"
    r"(?:\s+(?-i:[A-Z])[\w'’-]+)?",
    rf"\b(?:{_BY})\s+by\b\s*:?\s*[^\n.;,]+",
    r"\b(?:9\d|1[0-2]\d)[- ]?(?:years?|yrs?|yo|y/o|y)\b",
    r"\d{6,}",
)
_ALWAYS = re.compile("|".join(_RULES), re.IGNORECASE)
_WITH_DATES = re.compile("|".join((*_DATES, *_RULES)), re.IGNORECASE)


def ruled(text: str, who: Known, keep_dates: bool = False) -> str:
    """The text cleaned: without what the header names and without what the rules find.

    >>> ruled("CT thorax, Dr. House, 12 May 2019, tel 030 555 12345; 5 mm", known([], [], []))
    'CT thorax, [removed], [removed], tel [removed]; 5 mm'
    """
    return (_ALWAYS if keep_dates else _WITH_DATES).sub(GONE, without(text, who))
