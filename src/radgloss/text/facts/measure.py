"""Lengths in a sentence: sizes, previous sizes, distances, and what only looks like a size.

Everything in millimetres, longest extent first. Only a length with a unit is read, so dates, doses,
levels, segments, grades and densities never become sizes. A range ("2–3 mm") keeps its upper end
and says so; a bound ("< 5 mm", "sub-5-mm") is no size. "5 × 2 mm stones" may mean five stones or
one outline, so it is marked ambiguous and never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

__all__ = ["Measure", "measures"]

Extent = tuple[float, ...]  # millimetres, longest first


@dataclass(frozen=True, slots=True)
class Measure:
    """One measurement at text[start:end].

    sizes: one extent a thing ("12 and 15 mm" are two). previous: in the comparison.
    kind: only a `size` describes the thing; `distance` lies between it and something else; `wall`
    is a thickness; `technique` is how the picture was taken; `ambiguous` is undecidable; `paired`
    went into the `previous` of its neighbour.
    bound: "<" and ">" are limits, "~" is approximate, "range" is the upper end of one."""

    sizes: tuple[Extent, ...]
    start: int
    end: int
    kind: Literal["size", "distance", "wall", "technique", "ambiguous", "paired"] = "size"
    previous: Extent = ()
    bound: str = ""


_NUMBER = r"\d+(?:[.,]\d+)?"
_UNIT = r"(?:mm|cm|millimet(?:er|re)s?|centimet(?:er|re)s?)"
_JOIN = r"(?:[x×*]|by|to|and|or|,\s*and|,|/|→|->|=>|[-–—])"
_LENGTH = re.compile(
    rf"(?P<numbers>{_NUMBER}(?:\s*-?{_UNIT})?(?:\s*{_JOIN}\s*(?=\d){_NUMBER}(?:\s*-?{_UNIT})?)*)"
    rf"(?P<unit>[\s-]*{_UNIT})?(?![\w²³^]|\s*(?:/|hg\b|h2o\b))"
)
_PIECE = re.compile(rf"(?P<number>{_NUMBER})(?:[\s-]*(?P<unit>{_UNIT}))?")
_BEFORE_PREVIOUS = re.compile(
    r"(?:previous(?:ly)?|prior(?:ly)?|formerly|was|were|from|compared (?:with|to)|versus|vs\.?"
    r"|before|earlier|old)\s*(?:study|exam(?:ination)?|ct|mri?)?\s*(?:at|of|being|measured|measuring"
    r"|approximately|about|was)*[\s:(]*$"
)
_AFTER_PREVIOUS = re.compile(
    r"^\s*\)?,?\s*(?:previously(?!\s*(?:measur\w+|was|at|of)?\s*\d)"
    r"|on (?:the )?(?:prior|previous|last)|at (?:the )?(?:prior|previous)"
    r"|before\b|formerly)"
)
# cheaper than the patterns that they guard
_PREVIOUS_HINT = re.compile(r"pr|was|were|f[or]|compar|v[se]|before|earlier|old")
_TECHNIQUE_HINT = re.compile(r"s[lep]|thick|interv|colli")
_DISTANCE = re.compile(
    r"^\s*(?:\)\s*)?(?:above|below|from(?! \d)|proximal|distal|superior to|inferior to|"
    r"cephalad|caudal|beyond|deep|away|lateral to|medial to|to the|past|short of|off|inside|"
    r"anterior to|posterior to"
    r"|of the (?:carina|margin|skin|surface|capsule))\b(?! to\b)"
)
_TECHNIQUE_AFTER = re.compile(
    r"^\s*(?:axial|contiguous|thin)?\s*(?:slice|section|collimation|interval|increment|"
    r"reconstruction|images?|thick|cuts?)"
)
_TECHNIQUE_BEFORE = re.compile(
    r"(?:slice|section|thickness|interval|collimation|spacing)\s*\S*\s*$"
)
_WALL_BEFORE = re.compile(r"\bwall\b[^.;,]{0,30}$")
_BOUND_WORDS = {
    **dict.fromkeys(("<", "≤", "sub", "sub-", "under", "below"), "<"),
    **dict.fromkeys((">", "≥", "over", "exceeding"), ">"),
    **dict.fromkeys(("~", "≈", "approximately", "about", "around"), "~"),
    **dict.fromkeys(("roughly", "nearly", "circa"), "~"),
}
_LESS, _MORE = ("less", "smaller"), ("more", "greater", "larger")
_PLURAL_AFTER = re.compile(
    r"^\s*(?:[a-z-]+\s+){0,2}?(?:stones|calculi|cysts|nodules|lesions|foci)\b"
)


def _parse(number: str) -> float:
    whole, _, rest = number.replace(",", ".").partition(".")
    if "," in number and len(rest) == 3 and len(whole) <= 3 and whole != "0":
        return float(whole + rest)  # 1,200: a thousands separator
    return float(f"{whole}.{rest or 0}")


def measures(text: str, start: int = 0, end: int | None = None) -> list[Measure]:
    """The lengths in text[start:end], which is lower case.

    >>> [(m.sizes, m.previous) for m in measures("18 mm (previously 1.2 x 0,8 cm)")][0]
    (((18.0,),), (12.0, 8.0))
    >>> [(m.sizes, m.kind) for m in measures("tip 2 cm above the carina")]
    [(((20.0,),), 'distance')]
    """
    end = len(text) if end is None else end
    if (
        text.find("mm", start, end) < 0
        and text.find("cm", start, end) < 0
        and text.find("met", start, end) < 0
    ):
        return []
    found: list[Measure] = []
    for match in _LENGTH.finditer(text, start, end):
        first = match.start()
        if first > start and (text[first - 1].isalnum() or text[first - 1] in ".,"):
            continue  # "t12": the end of something else
        measure = _read(text, match, start, end)
        if measure is not None:
            found.append(measure)
    return _pair(text, found, end)


def _read(text: str, match: re.Match[str], start: int, end: int) -> Measure | None:
    """One match of the pattern, or None where it turns out to have no unit."""
    pieces = list(_PIECE.finditer(match["numbers"]))
    last_unit = (match["unit"] or "").strip(" -\t\n") or pieces[-1]["unit"]
    if not last_unit:
        return None
    values, unit = [], last_unit
    for piece in reversed(pieces):  # a number without a unit takes the one that follows it
        unit = piece["unit"] or unit
        values.append(round(_parse(piece["number"]) * (10 if unit[0] == "c" else 1), 3))
    values.reverse()
    joins = [match["numbers"][a.end() : b.start()].strip() for a, b in pairwise(pieces)]
    before, after = text[max(start, match.start() - 40) : match.start()], text[match.end() : end]
    sizes, previous, bound = _combine(values, joins, before)
    bound = _bound(before) or bound
    kind = _kind(pieces, joins, before, after[:60], sizes)
    if bound in ("<", ">"):
        sizes = ()
    return Measure(sizes, match.start(), match.end(), kind, previous, bound)


def _combine(
    values: list[float], joins: list[str], before: str
) -> tuple[tuple[Extent, ...], Extent, str]:
    """Numbers and what stands between them: extents, the previous extent, and "range"."""
    if not joins:
        return ((values[0],),), (), ""
    extents, bound = [[values[0]]], ""
    for value, join in zip(values[1:], joins, strict=True):
        if join in ("x", "×", "*", "by"):
            extents[-1].append(value)
        elif join in ("→", "->", "=>") or (join == "to" and re.search(r"\bfrom\s*$", before)):
            previous = tuple(sorted(extents[-1], reverse=True))
            return (((value,),), previous, "")
        elif join in ("to", "-", "–", "—", "or", "/"):
            extents[-1], bound = [max(value, extents[-1][0])], "range"
        else:
            extents.append([value])
    return tuple(tuple(sorted(e, reverse=True)) for e in extents), (), bound


def _bound(before: str) -> str:
    """A limit ("less than", "~") that stands right before a length."""
    words = before.rsplit(None, 2)[-2:]
    if not words:
        return ""
    last = words[-1]
    if last == "than" and len(words) == 2:
        denied = before.rstrip().endswith(("not more than", "no more than"))
        return "<" if words[0] in _LESS or denied else ">" if words[0] in _MORE else ""
    return _BOUND_WORDS.get(last) or _BOUND_WORDS.get(last[-1:], "")


def _kind(
    pieces: list[re.Match[str]],
    joins: list[str],
    before: str,
    after: str,
    sizes: tuple[Extent, ...],
) -> Literal["size", "distance", "wall", "technique", "ambiguous"]:
    if _TECHNIQUE_AFTER.match(after) or (
        _TECHNIQUE_HINT.search(before) and _TECHNIQUE_BEFORE.search(before)
    ):
        return "technique"
    if len(sizes) == 1 and len(sizes[0]) == 1 and _DISTANCE.match(after):
        return "distance"
    if before.endswith("within "):
        return "distance"
    if "wall" in before and _WALL_BEFORE.search(before) and "mass" not in before:
        return "wall"
    if joins in (["x"], ["×"]) and _PLURAL_AFTER.search(after):
        whole = all(p["number"].isdecimal() for p in pieces)
        return "ambiguous" if whole else "size"
    return "size"


def _pair(text: str, found: list[Measure], end: int) -> list[Measure]:
    """Join a measurement with the previous one that the text gives for it."""
    done: list[Measure] = []
    for measure in found:
        before = text[max(0, measure.start - 40) : measure.start]
        after = text[measure.end : min(end, measure.end + 40)]
        old = bool(_AFTER_PREVIOUS.match(after)) or (
            _PREVIOUS_HINT.search(before) is not None
            and _BEFORE_PREVIOUS.search(before) is not None
        )
        extent = measure.sizes[0] if measure.sizes else ()
        earlier = next((m for m in reversed(done) if m.kind != "paired"), None)
        if earlier and measure.start - earlier.end > 60:
            earlier = None
        last = done.index(earlier) if earlier else -1
        if old and earlier and earlier.kind == "size" and earlier.sizes and not earlier.previous:
            done[last] = replace(earlier, previous=extent)
            done.append(Measure((), measure.start, measure.end, "paired"))
        elif old and not measure.previous:
            done.append(Measure((), measure.start, measure.end, measure.kind, extent))
        elif earlier and earlier.previous and not earlier.sizes and measure.kind == "size":
            done[last] = replace(earlier, kind="paired", previous=())
            done.append(replace(measure, previous=earlier.previous))
        else:
            done.append(measure)
    return done
