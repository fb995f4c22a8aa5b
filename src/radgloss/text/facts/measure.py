"""Lengths in a sentence: sizes, previous sizes, distances, and what only looks like a size.

Everything in millimetres, longest extent first. Only a length with a unit is read, so dates, doses,
levels, segments, grades and densities never become sizes. A range ("2–3 mm") keeps its upper end
and says so; a bound ("< 5 mm", "sub-5-mm") is no size. "5 × 2 mm stones" may mean five stones or
one outline, so it is marked ambiguous and never guessed."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

__all__ = ["Measure", "measures"]

Extent = tuple[float, ...]  # millimetres, longest first


Kind = Literal["size", "distance", "wall", "technique", "ambiguous", "paired"]


class Measure(NamedTuple):
    """One measurement at text[start:end]; a tuple, which is quick to make.

    sizes: one extent a thing ("12 and 15 mm" are two). previous: in the comparison.
    kind: only a `size` describes the thing; `distance` lies between it and something else; `wall`
    is a thickness; `technique` is how the picture was taken; `ambiguous` is undecidable; `paired`
    went into the `previous` of its neighbour.
    bound: "<" and ">" are limits, "~" is approximate, "range" is the upper end of one."""

    sizes: tuple[Extent, ...]
    start: int
    end: int
    kind: Kind = "size"
    previous: Extent = ()
    bound: str = ""


_NUMBER = r"\d\d*(?:[.,]\d+)?"  # not \d+: a class in front lets the search skip what is no digit
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
_PREVIOUS_FIRST = frozenset("),poabf")
_PREVIOUS_ENDS = (  # how text ends that may match _BEFORE_PREVIOUS: cheaper than the pattern
    "previous", "ly", "prior", "was", "were", "from", "with", "to", "versus", "vs", "vs.", "before",
    "earlier", "old", "study", "exam", "examination", "ct", "mr", "mri", "at", "of", "being",
    "measured", "measuring", "about",
)  # fmt: skip
_TECHNIQUE_HINT = re.compile(r"[stic](?:[lep]|hick|nterv|olli)")
_DISTANCE = re.compile(
    r"^\s*(?:\)\s*)?(?:above|below|from(?! \d)|proximal|distal|superior to|inferior to|"
    r"cephalad|caudal|beyond|deep|away|lateral to|medial to|to the|past|short of|off|inside|"
    r"anterior to|posterior to"
    r"|of the (?:carina|margin|skin|surface|capsule))\b(?! to\b)"
)
_TECHNIQUE_AFTER = re.compile(
    r"^\s*(?:axial|contiguous|thin)?\s*(?:slice|section|collimation|interval|increment|"
    r"reconstruction|images?|thick|cuts?|tomogram|films?|levels?)"
)
_TECHNIQUE_FIRST = frozenset("acstirfl")  # cheaper than the pattern
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


def measures(text: str) -> list[Measure]:
    """The lengths in a sentence, which is lower case.

    >>> [(m.sizes, m.previous) for m in measures("18 mm (previously 1.2 x 0,8 cm)")][0]
    (((18.0,),), (12.0, 8.0))
    >>> [(m.sizes, m.kind) for m in measures("tip 2 cm above the carina")]
    [(((20.0,),), 'distance')]
    """
    if "mm" not in text and "cm" not in text and "met" not in text:
        return []
    found: list[Measure] = []
    for match in _LENGTH.finditer(text):
        first = match.start()
        if first and (text[first - 1].isalnum() or text[first - 1] in ".,"):
            continue  # "t12": the end of something else
        numbers = _numbers(match["numbers"], match["unit"] or "")
        if numbers is not None:
            found.append(_read(text, first, match.end(), numbers))
    return _pair(text, found) if found else found


class _Numbers(NamedTuple):
    """values: in millimetres. joins: what stands between them. whole: no decimal in any."""

    values: tuple[float, ...]
    joins: tuple[str, ...]
    whole: bool


@lru_cache(4096)
def _numbers(written: str, unit: str) -> _Numbers | None:
    """ "1.2 x 0,8" and " cm", or None where nothing tells a unit. Most reports write the same."""
    pieces = list(_PIECE.finditer(written))
    unit = unit.strip(" -\t\n") or pieces[-1]["unit"]
    if not unit:
        return None
    values = []
    for piece in reversed(pieces):  # a number without a unit takes the one that follows it
        unit = piece["unit"] or unit
        values.append(round(_parse(piece["number"]) * (10 if unit[0] == "c" else 1), 3))
    joins = tuple(written[a.end() : b.start()].strip() for a, b in pairwise(pieces))
    whole = all(p["number"].isdecimal() for p in pieces)
    return _Numbers(tuple(reversed(values)), joins, whole)


def _read(text: str, start: int, end: int, numbers: _Numbers) -> Measure:
    before, after = text[max(0, start - 40) : start], text[end : end + 60]
    sizes, previous, bound = _combine(numbers, before)
    words = before.rsplit(None, 2)[-2:]
    bound = _bound(before, words) or bound
    kind = _kind(numbers, before, words, after, sizes)
    return Measure(() if bound in ("<", ">") else sizes, start, end, kind, previous, bound)


def _combine(numbers: _Numbers, before: str) -> tuple[tuple[Extent, ...], Extent, str]:
    """Numbers and what stands between them: extents, the previous extent, and "range"."""
    values, joins, _ = numbers
    if not joins:
        return (values,), (), ""
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


def _bound(before: str, words: list[str]) -> str:
    """A limit ("less than", "~") that stands right before a length."""
    if not words:
        return ""
    last = words[-1]
    if last == "than" and len(words) == 2:
        denied = before.rstrip().endswith(("not more than", "no more than"))
        return "<" if words[0] in _LESS or denied else ">" if words[0] in _MORE else ""
    return _BOUND_WORDS.get(last) or _BOUND_WORDS.get(last[-1:], "")


def _kind(
    numbers: _Numbers, before: str, words: list[str], after: str, sizes: tuple[Extent, ...]
) -> Kind:
    """words: the last two of those before, which alone can tell of technique."""
    told = after.lstrip()[:1] in _TECHNIQUE_FIRST and _TECHNIQUE_AFTER.match(after)
    if told or (_TECHNIQUE_HINT.search(" ".join(words)) and _TECHNIQUE_BEFORE.search(before)):
        return "technique"
    if len(sizes) == 1 and len(sizes[0]) == 1 and _DISTANCE.match(after):
        return "distance"
    if before.endswith("within "):
        return "distance"
    if "wall" in before and _WALL_BEFORE.search(before) and "mass" not in before:
        return "wall"
    if numbers.joins in (("x",), ("×",)) and _PLURAL_AFTER.search(after):
        return "ambiguous" if numbers.whole else "size"
    return "size"


def _pair(text: str, found: list[Measure]) -> list[Measure]:
    """Join a measurement with the previous one that the text gives for it."""
    done: list[Measure] = []
    for measure in found:
        old = _is_previous(text, measure)
        if not (old or done):
            done.append(measure)
            continue
        extent = measure.sizes[0] if measure.sizes else ()
        earlier = next((m for m in reversed(done) if m.kind != "paired"), None)
        if earlier and measure.start - earlier.end > 60:
            earlier = None
        last = done.index(earlier) if earlier else -1
        if old and earlier and earlier.kind == "size" and earlier.sizes and not earlier.previous:
            done[last] = earlier._replace(previous=extent)
            done.append(Measure((), measure.start, measure.end, "paired"))
        elif old and not measure.previous:
            done.append(Measure((), measure.start, measure.end, measure.kind, extent))
        elif earlier and earlier.previous and not earlier.sizes and measure.kind == "size":
            done[last] = earlier._replace(kind="paired", previous=())
            done.append(measure._replace(previous=earlier.previous))
        else:
            done.append(measure)
    return done


def _is_previous(text: str, measure: Measure) -> bool:
    """Whether the words around a length say that it is the comparison's."""
    after = text[measure.end : measure.end + 40]
    if after.lstrip()[:1] in _PREVIOUS_FIRST and _AFTER_PREVIOUS.match(after):
        return True
    before = text[max(0, measure.start - 40) : measure.start]
    bare = before.replace(":", " ").replace("(", " ").rstrip()
    return bare.endswith(_PREVIOUS_ENDS) and _BEFORE_PREVIOUS.search(before) is not None
