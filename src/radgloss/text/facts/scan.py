"""A sentence as the items of the lexicon that stand in it.

A scan takes the longest phrase that begins at each word, so that "no change in" is never a "no".
Hyphens count as spaces; numbers, lengths, segments and vertebrae are read by their own rules."""

from __future__ import annotations

import re
from bisect import bisect_left

from radgloss.text.facts.lexicon import MARKS, WORD, lexicon
from radgloss.text.facts.measure import measures
from radgloss.text.facts.place import SEGMENTS, sites
from radgloss.text.facts.terms import Item, Place, Term, words

__all__ = ["begins_with_pronoun", "scan"]

_PRONOUNS = frozenset(
    words(
        "it, this, these, they, largest, findings, appearances, finding, appearance, smallest, "
        "features, both, its, measuring, stable, unchanged, biggest, larger, dominant"
    )
)
_MEASURE = Term("measure")
_SPINE = frozenset("tlc")
_LIST_MARKS = (".", ")", ":")  # after the number of a list's item
_NO_COUNT = frozenset(
    words(
        "image, images, series, grade, level, type, day, days, week, weeks, month, months, year, "
        "years, stage, phase, figure, case, number, frame, slice, in, on, of, at, by, from, since, "
        "view, rads, category, class"
    )
)


def scan(low: str, start: int, end: int) -> list[Item]:
    """The items of the sentence low[start:end], which is lower case."""
    tree = lexicon()
    said = WORD.findall(low, start, end)
    starts = _starts(low, said, start)
    lengths = measures(low, start, end)
    segments = list(SEGMENTS.finditer(low, start, end)) if low.find("seg", start, end) >= 0 else []
    items: list[Item] = []
    at, count = 0, len(said)
    while at < count:
        word = said[at]
        if lengths and starts[at] + len(word) > lengths[0].start:
            length = lengths.pop(0)
            items.append(Item(_MEASURE, length.start, length.end, length))
            at = bisect_left(starts, length.end, at)
            continue
        if segments and starts[at] >= segments[0].start():
            match = segments.pop(0)
            if starts[at] == match.start():
                _add_segments(match, items)
                at = bisect_left(starts, match.end(), at)
                continue
        entry = tree.get(word)
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
                items.append(Item(term, starts[at], starts[last] + len(said[last])))
                at = last + 1
                continue
        if word in _SPINE:
            at += _vertebra(at, said, starts, items)
        elif word.isdecimal() and (
            at or low[starts[0] + len(word) : starts[0] + len(word) + 1] not in _LIST_MARKS
        ):
            _count(at, said, starts, items)
        at += 1
    return items


def _starts(low: str, said: list[str], at: int) -> list[int]:
    """Where each word begins: no gap holds a character of a word, so the next find is right."""
    starts: list[int] = []
    find, add = low.find, starts.append
    for word in said:
        at = find(word, at)
        add(at)
        at += len(word)
    return starts


def _add_segments(match: re.Match[str], items: list[Item]) -> None:
    for n, place in enumerate(sites(match[1])):
        if n:
            items.append(Item(MARKS["&"], match.start(), match.end()))
        items.append(Item(Term("place", place=place), match.start(), match.end()))


def _vertebra(at: int, said: list[str], starts: list[int], items: list[Item]) -> int:
    """ "T12"; how many more words were used, also where the number names no vertebra."""
    glued = at + 1 < len(said) and starts[at + 1] == starts[at] + 1
    if not glued or not said[at + 1].isdecimal():
        return 0
    letter, n = said[at], int(said[at + 1])
    if (letter == "t" and 2 < n <= 12) or (letter == "l" and n <= 5):
        place = Place("bones", "spine", f"{letter.upper()}{n}")
        end = starts[at + 1] + len(said[at + 1])
        items.append(Item(Term("place", place=place), starts[at], end))
    return 1


def _count(at: int, said: list[str], starts: list[int], items: list[Item]) -> None:
    """A small count ("3 nodules"), unless it is the number of an image or of a grade."""
    word = said[at]
    before = said[at - 1] if at else ""
    if len(word) <= 2 and 0 < int(word) <= 20 and before not in _NO_COUNT:
        items.append(Item(Term("number", str(int(word))), starts[at], starts[at] + len(word)))


def begins_with_pronoun(low: str, start: int, end: int) -> bool:
    """Whether a sentence points back ("It measures", "The largest is")."""
    first, _, rest = low[start : min(end, start + 40)].partition(" ")
    return first in _PRONOUNS or rest.partition(" ")[0] in _PRONOUNS
