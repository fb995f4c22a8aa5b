"""A sentence as the items of the lexicon that stand in it.

A scan takes the longest phrase that begins at each word, so that "no change in" is never a "no".
Hyphens count as spaces; numbers, lengths, segments and vertebrae are read by their own rules. What
a sentence holds depends on nothing outside it, so the sentences met last are kept: reports repeat
themselves, and a sentence met again costs no scan."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from radgloss.text.facts.lexicon import MARKS, WORD, lexicon
from radgloss.text.facts.measure import Measure, measures
from radgloss.text.facts.place import SEGMENTS, sites
from radgloss.text.facts.state import find_heads
from radgloss.text.facts.terms import Item, Place, Term, words

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
_LIST_MARKS = (".", ")", ":")  # after the number of a list's item
_NO_COUNT = frozenset(
    words(
        "image, images, series, grade, level, type, day, days, week, weeks, month, months, year, "
        "years, stage, phase, figure, case, number, frame, slice, in, on, of, at, by, from, since, "
        "view, rads, category, class"
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
    said = WORD.findall(low)
    ends = _ends(low, said)
    lengths = measures(low)
    segments = list(SEGMENTS.finditer(low)) if "seg" in low else []
    items: list[Item] = []
    entry_of, add = lexicon().get, items.append
    said.append("")  # no phrase goes on beyond the last word
    following, special = 0, _nearest(low, lengths, segments)
    for at, end in enumerate(ends):
        if at < following:
            continue
        if end > special:
            following = _measured_or_segment(at, said, ends, lengths, segments, items)
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
            add(Item(term, end - len(word), ends[last]))
            following = last + 1
        elif word in _SPINE:
            following = _vertebra(at, said, ends, items)
        elif len(word) <= 2 and word.isdecimal():
            _count(at, low, said, ends, items)
    return items


def _nearest(low: str, lengths: list[Measure], segments: list[re.Match[str]]) -> int:
    """Where the next length or segment begins."""
    if not lengths and not segments:
        return len(low)
    return min([m.start for m in lengths[:1]] + [m.start() for m in segments[:1]])


def _measured_or_segment(
    at: int,
    said: list[str],
    ends: list[int],
    lengths: list[Measure],
    segments: list[re.Match[str]],
    items: list[Item],
) -> int:
    """The word after a length or a segment that begins here; 0 where none does."""
    start, end = ends[at] - len(said[at]), ends[at]
    if lengths and end > lengths[0].start:
        length = lengths.pop(0)
        items.append(Item(_MEASURE, length.start, length.end, length))
        return _next_word(said, ends, length.end, at)
    if segments and start >= segments[0].start():
        match = segments.pop(0)
        if start == match.start():
            _add_segments(match, items)
            return _next_word(said, ends, match.end(), at)
    return 0


def _ends(low: str, said: list[str]) -> list[int]:
    """Where each word ends: no gap holds a character of a word, so the next find is right."""
    find, end = low.find, 0
    return [end := find(word, end) + len(word) for word in said]


def _next_word(said: list[str], ends: list[int], end: int, at: int) -> int:
    """The first word from number `at` on that begins at `end` or later."""
    at = bisect_right(ends, end, at)
    return at + 1 if at < len(ends) and ends[at] - len(said[at]) < end else at


def _add_segments(match: re.Match[str], items: list[Item]) -> None:
    for n, term in enumerate(_segment_terms(match[1])):
        if n:
            items.append(Item(MARKS["&"], match.start(), match.end()))
        items.append(Item(term, match.start(), match.end()))


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
    """A small count ("3 nodules"), unless it numbers a line of a list, an image or a grade."""
    term = _COUNTS.get(int(said[at]))
    named = said[at - 1] in _NO_COUNT if at else low[ends[0] : ends[0] + 1] in _LIST_MARKS
    if term is not None and not named:
        items.append(Item(term, ends[at] - len(said[at]), ends[at]))
