"""Table E.1-1 of PS3.15 as data, and the one action that a set of options makes of each row.

An option overrides the profile (E.1.1); of several, keeping overrides cleaning, except that dates
which are shifted are shifted everywhere. Where the table leaves the choice to the object's
definition (X/Z, X/D, …) the action that suits every definition is taken: an empty or dummy value
tells no more than none, and no object becomes invalid for want of it.

Attributes that the table does not name are kept, as the profile says; but see `beyond`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from radgloss.dicom.deid.options import OPTIONS, Options

__all__ = ["EDITION", "KINDS", "Row", "Safe", "action", "beyond", "row_of", "rows", "safe_private"]

EDITION = "2024e"
KINDS = ("X", "Z", "D", "U", "K", "C")
_SURE = {"X/Z": "Z", "X/D": "D", "X/Z/D": "D", "Z/D": "D", "X/Z/U*": "U"}
DATES = ("DA", "DT", "TM")
Safe = Mapping[tuple[str, int], frozenset[int]]


@dataclass(frozen=True)
class Row:
    """One row: tag pattern (8 digits, x for any), keyword, basic action, actions by option."""

    pattern: str
    keyword: str
    basic: str
    options: Mapping[str, str]


@functools.cache
def rows() -> tuple[Row, ...]:
    """Every row but the one of private attributes."""
    found = []
    for line in _lines("table_e1_1.txt"):
        tag, keyword, basic, *more = line.split()
        options = dict(part.split("=") for part in more)
        assert options.keys() <= OPTIONS.keys(), line
        found.append(Row(tag.replace(",", ""), keyword, basic, options))
    return tuple(found)


@functools.cache
def _by_pattern() -> Mapping[str, Row]:
    return {row.pattern: row for row in rows()}


def row_of(tag: int) -> Row | None:
    """The row that names this tag, curves (50xx) and overlays (60xx) included."""
    digits = f"{tag:08x}"
    found = _by_pattern()
    if digits in found or not digits.startswith(("50", "60")):
        return found.get(digits)
    return found.get(f"{digits[:2]}xx{digits[4:]}") or found.get(f"{digits[:2]}xxxxxx")


def action(row: Row, options: Options, vr: str) -> str:
    """X, Z, D, U, K or C.

    >>> from radgloss.dicom.deid.options import chosen
    >>> date = row_of(0x00080022)
    >>> [action(date, chosen((), r), "DA") for r in ([], ["dates"], ["shifted-dates"])]
    ['Z', 'K', 'C']
    """
    asked = {row.options[name] for name in options.names if name in row.options}
    if vr in DATES and "shifted-dates" in options and "shifted-dates" in row.options:
        return "C"
    for kind in ("K", "C"):
        if kind in asked:
            return kind
    return _SURE.get(row.basic, row.basic)


# ------------------------------------------------------------------ what the table does not name

_KEPT_URIS = ("CodingSchemeURL", "URNCodeValue")
_KEPT_UIDS = (
    *("ClassUID", "ClassUIDInFile", "ClassesInStudy", "ClassesInSeries", "ClassesSupported"),
    *("SyntaxUID", "SyntaxUIDInFile", "CodingSchemeUID", "ContextUID", "MappingResourceUID"),
    *("CreatorUID", "CreatorVersionUID", "ColorPaletteInstanceUID"),
)
_TYPED = ("Comment", "Notes", "BirthDate", "DeathDate", "OrderNumber", "PassID", "ItineraryID")
_TEXT = ("SH", "LO", "ST", "LT", "UC", "UT")


def beyond(keyword: str, vr: str, options: Options) -> str:
    """The action for an attribute without a row, by what it can hold (E.1.1, notes 1 and 4).

    Names, network addresses, dates and UIDs of things are treated as their like in the table are,
    and so is what a person types freely; what is unknown to the dictionary goes."""
    if not keyword:
        return "X"
    if vr == "PN":
        return "D"
    if vr in DATES:
        return "K" if "dates" in options else "C" if "shifted-dates" in options else "X"
    if vr == "AE" or (vr == "UR" and keyword not in _KEPT_URIS):
        return "X"
    if vr == "UI":
        return "K" if "uids" in options or keyword.endswith(_KEPT_UIDS) else "U"
    if vr in _TEXT and any(word in keyword for word in _TYPED):
        return "C" if "descriptors" in options and "Comment" in keyword else "X"
    return "K"


@functools.cache
def safe_private() -> Safe:
    """(private creator, group) → the elements (their last two digits) thought to be safe."""
    found = {}
    for line in _lines("safe_private.txt"):
        creator, numbers = line.split("\t")
        group, *elements = (int(n, 16) for n in numbers.split())
        found[creator, group] = frozenset(elements)
    return found


def _lines(name: str) -> list[str]:
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
