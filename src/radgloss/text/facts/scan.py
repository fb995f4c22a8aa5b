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
from radgloss.text.facts.measure import measures
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
    entry_of, items = lexicon().get, []
    at, count = 0, len(said)
    while at < count:
        word = said[at]
        if lengths and ends[at] > lengths[0].start:
            length = lengths.pop(0)
            items.append(Item(_MEASURE, length.start, length.end, length))
            at = _next_word(said, ends, length.end, at)
            continue
        if segments and ends[at] - len(word) >= segments[0].start():
            match = segments.pop(0)
            if ends[at] - len(word) == match.start():
                _add_segments(match, items)
                at = _next_word(said, ends, match.end(), at)
                continue
        entry = entry_of(word)
        if entry is not None:
            term, node = entry
            last = ahead = at
            while node is not None:
                ahead += 1
                if ahead == count or (entry := node.get(said[ahead])) is None:
                    break
                if entry[0] is not None:
                    term, last = entry[0], ahead
                node = entry[1]
            if term is not None:
                items.append(Item(term, ends[at] - len(word), ends[last]))
                at = last + 1
                continue
        if word in _SPINE:
            at += _vertebra(at, said, ends, items)
        elif len(word) <= 2 and word.isdecimal():
            _count(at, low, said, ends, items)
        at += 1
    return items


def _ends(low: str, said: list[str]) -> list[int]:
    """Where each word ends: no gap holds a character of a word, so the next find is right."""
    find, end = low.find, 0
    return [end := find(word, end) + len(word) for word in said]


def _next_word(said: list[str], ends: list[int], end: int, at: int) -> int:
    """The first word from number `at` on that begins at `end` or later."""
    at = bisect_right(ends, end, at)
    return at + 1 if at < len(said) and ends[at] - len(said[at]) < end else at


def _add_segments(match: re.Match[str], items: list[Item]) -> None:
    for n, term in enumerate(_segment_terms(match[1])):
        if n:
            items.append(Item(MARKS["&"], match.start(), match.end()))
        items.append(Item(term, match.start(), match.end()))


@lru_cache(512)
def _segment_terms(matched: str) -> tuple[Term, ...]:
    return tuple(Term("place", place=place) for place in sites(matched))


def _vertebra(at: int, said: list[str], ends: list[int], items: list[Item]) -> int:
    """ "T12"; how many more words were used, also where the number names no vertebra."""
    glued = at + 1 < len(said) and ends[at + 1] - len(said[at + 1]) == ends[at]
    if not glued or not said[at + 1].isdecimal():
        return 0
    letter, n = said[at], int(said[at + 1])
    if (letter == "t" and 2 < n <= 12) or (letter == "l" and n <= 5):
        place = Place("bones", "spine", f"{letter.upper()}{n}")
        items.append(Item(Term("place", place=place), ends[at] - len(letter), ends[at + 1]))
    return 1


def _count(at: int, low: str, said: list[str], ends: list[int], items: list[Item]) -> None:
    """A small count ("3 nodules"), unless it numbers a line of a list, an image or a grade."""
    term = _COUNTS.get(int(said[at]))
    named = said[at - 1] in _NO_COUNT if at else low[ends[0] : ends[0] + 1] in _LIST_MARKS
    if term is not None and not named:
        items.append(Item(term, ends[at] - len(said[at]), ends[at]))
