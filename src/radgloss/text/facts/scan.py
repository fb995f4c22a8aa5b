"""A sentence as the items of the lexicon that stand in it.

A scan takes the longest phrase that begins at each word, so that "no change in" is never a "no".
Hyphens count as spaces; numbers, lengths, segments and vertebrae are read by their own rules. What
a sentence holds depends on nothing outside it, so the sentences met last are kept: reports repeat
themselves, and a sentence met again costs no scan."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from radgloss.text.facts.lexicon import MARKS, WORD, lexicon
from radgloss.text.facts.measure import Measure, measures
from radgloss.text.facts.place import SEGMENTS, merge, sites
from radgloss.text.facts.spelling import Speller
from radgloss.text.facts.state import find_heads
from radgloss.text.facts.terms import Item, Place, Term, words
from radgloss.text.facts.zones import ZONES, sharing, zone_terms

__all__ = ["Sentence", "scan", "scanned"]

_PRONOUNS = frozenset(
    words(
        "it, this, these, they, largest, findings, appearances, finding, appearance, smallest, "
        "features, both, its, measuring, stable, unchanged, biggest, larger, dominant"
    )
)
_MEASURE = Term("measure")
_COUNTS = {n: Term("number", str(n)) for n in range(1, 21)}
_KEPT = 4096  # sentences of some 2 kB each
_SPINE = frozenset("tlc")
_UNKNOWN = (None, None)
_ANY = re.compile(f"({WORD.pattern})")
_PLAIN = re.compile(  # the same of a text in lower case without other letters, in half the time
    r"([a-z]+|\d+(?:[.,]\d+)*|\([-+]\)|\[ ?x? ?\]|[,;:()/\[\]?&'+<>]|\n\s*\n)"
)
_LIST_MARKS = (".", ")", ":")  # after the number of a list's item
_NO_COUNT = frozenset(
    words(
        "image, images, series, grade, level, type, day, days, week, weeks, month, months, year, "
        "years, stage, phase, figure, case, number, frame, slice, in, on, of, at, by, from, since, "
        "view, rads, category, class, patient, fig, figs, panel, subject, video, covid, "
        "arrow, segment, than, no, chapter, table, group, score"
    )
)
_AGES = frozenset(
    words(
        "year, years, y, yr, yrs, yo, month, months, week, weeks, day, days, hour, hours, h, hrs, "
        "min, minute, minutes, ml, cc, kg, mm, cm, m, hu, mg, g, fr, f, french, th, st, nd, rd, "
        "d, chamber, view"
    )
)
_LETTERS = {"r": Term("place", place=Place(side="right")),
            "l": Term("place", place=Place(side="left"))}  # fmt: skip
_SIDED = frozenset(
    words(
        "pleural, lung, lower, upper, mid, middle, kidney, renal, base, basal, effusion, ptx, "
        "apex, pneumothorax, hilum, hilar, apical, hemithorax, ureter, ovary, ovarian, adnexal, "
        "ij, subclavian, perihilar, hemidiaphragm, chest, ureteral, ureteric, rib, lobe, sided, "
        "picc, jugular, hydronephrosis, retrocardiac, costophrenic, basilar, pulmonary, adrenal, "
        "hip, "
        "hydroureteronephrosis, uvj, vuj, upj, puj, internal, consolidation, infiltrate, "
        "opacity, atelectasis"
    )
)


class Sentence(NamedTuple):
    """What one sentence holds. Shared by all who read it: nobody changes an item.

    items: in order, at characters of the sentence, each with its head.
    pointing: it points back ("It measures", "The largest is")."""

    items: Sequence[Item]
    pointing: bool


@lru_cache(_KEPT)
def scanned(sentence: str) -> Sentence:
    """A sentence, which is lower case, ready to be read."""
    items = scan(sentence)
    find_heads(items)
    return Sentence(items, not _PRONOUNS.isdisjoint(sentence.split(" ", 2)[:2]))


def scan(low: str) -> list[Item]:
    """The items of a sentence, which is lower case."""
    pieces = (_PLAIN if low.isascii() else _ANY).split(low)  # a gap, a word, a gap, …
    said = pieces[1::2]
    ends = list(accumulate(map(len, pieces)))[1::2]
    raw, said = said, list(map(_speller().__getitem__, said))
    if said != raw:
        _spell_out(raw, said, ends)
    lengths = measures(low)
    segments: list[_Spot] = []
    if "seg" in low or "upper" in low or "lower" in low or "mid" in low or "erior" in low:
        segments = _spots(low)
    items: list[Item] = []
    entry_of, add = lexicon().get, items.append
    said.append("")  # no phrase goes on beyond the last word
    following = 0
    special = _nearest(low, lengths, segments) if lengths or segments else len(low)
    for at, end in enumerate(ends):
        if at < following:
            continue
        if end > special:
            following = _measured_or_segment(at, raw, ends, lengths, segments, items)
            special = _nearest(low, lengths, segments)
            if following:
                continue
        word = said[at]
        term, node = entry_of(word, _UNKNOWN)
        last = ahead = at
        while node is not None:
            ahead += 1
            entry = node.get(said[ahead])
            if entry is None:
                break
            if entry[0] is not None:
                term, last = entry[0], ahead
            node = entry[1]
        if term is not None:
            start = end - len(raw[at])
            if term.cat == "place" and term.place[2] and items and items[-1].cat == "place":
                term = _with_its_side(term, items, start, low)
            add(Item(term, start, ends[last]))
            following = last + 1
        elif word in _LETTERS and _is_side(said[at + 1], items):
            add(Item(_LETTERS[word], end - 1, end))
        elif word in _SPINE:
            following = _vertebra(at, said, ends, items)
        elif len(word) <= 2 and word.isdecimal():
            _count(at, low, said, ends, items)
    return items


def _is_side(following: str, items: list[Item]) -> bool:
    """Whether a lone "R" or "L" is a side: before an organ, or last after a thing."""
    if following in _SIDED:
        return True
    return following in ("", ",", ";") and bool(items) and items[-1].cat == "thing"


@cache
def _speller() -> Speller:
    known: set[str] = set()
    wanted: set[str] = set()
    trees: list[tuple[dict[str, Any], tuple[str, ...]]] = [(lexicon(), ())]
    while trees:
        tree, said = trees.pop()
        known.update(tree)
        for word, (term, further) in tree.items():
            if term is not None and term.cat in ("thing", "place"):
                wanted.update((*said, word))
            if further is not None:
                trees.append((further, (*said, word)))
    return Speller(known, wanted)


def _spell_out(raw: list[str], said: list[str], ends: list[int]) -> None:
    """Put an abbreviation's words where it stands, in the words as written and as meant."""
    for at in range(len(said) - 1, -1, -1):
        if said[at] != raw[at] and " " in said[at]:
            long = said[at].split()
            raw[at : at + 1] = [raw[at]] * len(long)
            ends[at : at + 1] = [ends[at]] * len(long)
            said[at : at + 1] = long


class _Spot(NamedTuple):
    """Places that a pattern finds at characters [start, end) of a sentence."""

    start: int
    end: int
    terms: tuple[Term, ...]


def _spots(low: str) -> list[_Spot]:
    """Segments of the liver, and zones that share one noun, in order."""
    found: list[_Spot] = []
    if "seg" in low:
        found += [_Spot(m.start(), m.end(), _segment_terms(m[1])) for m in SEGMENTS.finditer(low)]
    if sharing(low):
        for match in ZONES.finditer(low):
            if terms := zone_terms(match["list"], match["side"], match["noun"].split()[-1]):
                found.append(_Spot(match.start(), match.end(), terms))
        found.sort()
    return found


def _with_its_side(term: Term, items: list[Item], start: int, low: str) -> Term:
    """ "right" and "lower lobe", right after each other, are one place."""
    before = items[-1]
    side = before.term.place
    if side[:3] != ("", "", "") or low[before.end : start].strip(" -"):
        return term
    both = _sided(term, side)
    if both is not term:
        items.pop()
    return both


@lru_cache(4096)
def _sided(term: Term, side: Place) -> Term:
    both = merge(side, term.place)
    return term if both is None else Term("place", place=both)


def _nearest(low: str, lengths: list[Measure], segments: list[_Spot]) -> int:
    """Where the next length or spot begins."""
    if not lengths and not segments:
        return len(low)
    return min([m.start for m in lengths[:1]] + [m.start for m in segments[:1]])


def _measured_or_segment(
    at: int,
    raw: list[str],
    ends: list[int],
    lengths: list[Measure],
    segments: list[_Spot],
    items: list[Item],
) -> int:
    """The word after a length or a spot that begins here; 0 where none does."""
    start, end = ends[at] - len(raw[at]), ends[at]
    if lengths and end > lengths[0].start:
        length = lengths.pop(0)
        items.append(Item(_MEASURE, length.start, length.end, length))
        return _next_word(raw, ends, length.end, at)
    if segments and start >= segments[0].start:
        spot = segments.pop(0)
        if start == spot.start:
            _add_spot(spot, items)
            return _next_word(raw, ends, spot.end, at)
    return 0


def _next_word(raw: list[str], ends: list[int], end: int, at: int) -> int:
    """The first word from number `at` on that begins at `end` or later."""
    at = bisect_right(ends, end, at)
    return at + 1 if at < len(ends) and ends[at] - len(raw[at]) < end else at


def _add_spot(spot: _Spot, items: list[Item]) -> None:
    for n, term in enumerate(spot.terms):
        if n:
            items.append(Item(MARKS["&"], spot.start, spot.end))
        items.append(Item(term, spot.start, spot.end))


@lru_cache(512)
def _segment_terms(matched: str) -> tuple[Term, ...]:
    return tuple(Term("place", place=place) for place in sites(matched))


def _vertebra(at: int, said: list[str], ends: list[int], items: list[Item]) -> int:
    """ "T12"; the word after it, also where the number names no vertebra."""
    glued = at + 1 < len(ends) and ends[at + 1] - len(said[at + 1]) == ends[at]
    if not glued or not said[at + 1].isdecimal():
        return 0
    letter, n = said[at], int(said[at + 1])
    if (letter == "t" and 2 < n <= 12) or (letter == "l" and n <= 5):
        place = Place("bones", "spine", f"{letter.upper()}{n}")
        items.append(Item(Term("place", place=place), ends[at] - len(letter), ends[at + 1]))
    return at + 2


def _count(at: int, low: str, said: list[str], ends: list[int], items: list[Item]) -> None:
    """A small count ("3 nodules"), unless it numbers a line of a list, an image or a patient, or
    belongs to a word that is no count ("COVID-19", "60-year-old", "2D")."""
    term = _COUNTS.get(int(said[at]))
    end = ends[at]
    start = end - len(said[at])
    before = low[max(0, start - 2) : start]
    glued = before[-1:].isalnum() or (before[-1:] in ("-", "–") and before[:1].isalnum())
    after = low[end : end + 1]
    named = said[at - 1] in _NO_COUNT if at else after in _LIST_MARKS
    if glued or named or after in ("%", "°", ")") or after.isalpha() or said[at + 1] in _AGES:
        return
    if term is not None:
        items.append(Item(term, start, end))
