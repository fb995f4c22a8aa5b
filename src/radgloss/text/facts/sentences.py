"""Where a sentence ends, in text that people dictate.

A point ends a sentence only before space, the end, or a capital glued to it. It does not end one
inside a number, after an abbreviation ("Dr.", "approx."), or after the number of a list item. A
line ends a sentence unless the text plainly runs on (the next line starts in lower case, or the
line was long and stopped without punctuation: a hard wrap)."""

from __future__ import annotations

import re

from radgloss.text.facts.terms import words

__all__ = ["sentences"]

_CANDIDATE = re.compile(r"[.!?\n](?:(?<=\n)\s*|(?<!\n)[.!?]*(?=\s|$|[A-Z]))")
_ALWAYS = frozenset(words("dr, mr, mrs, ms, prof, vs, cf, eg, ie, e.g, i.e, fig, figs, incl"))
_ABBREVIATIONS = frozenset(
    words(
        "approx, ca, resp, max, min, diam, st, ser, im, nr, sr, jr, dept, ext, abd, bilat, lat, w"
    )
)
_LAST_WORD = re.compile(r"([A-Za-z][A-Za-z.]*|\d+)$")
_LONGEST = 1000  # characters of one sentence
_WRAP = 60  # a line at least this long that stops without punctuation was wrapped


def sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Spans (start, end) of the sentences in text[start:end], without surrounding space.

    >>> text = "1. A 3.5 mm stone. 2. Seen by Dr. Who.No cyst"
    >>> [text[a:b] for a, b in sentences(text)]
    ['1. A 3.5 mm stone.', '2. Seen by Dr. Who.', 'No cyst']
    """
    end = len(text) if end is None else end
    found: list[tuple[int, int]] = []
    begin = start
    for match in _CANDIDATE.finditer(text, start, end):
        at, stop = match.start(), match.end()
        if text[at] == "\n":
            if not _line_ends(text, begin, at, stop, end):
                continue
        elif text[at] == "?" and (at == begin or text[at - 1].isspace()) and text[stop:end]:
            continue  # "?appendicitis"
        elif text[at] == "." and not _point_ends(text, begin, at, stop, end):
            continue
        _keep(text, begin, stop, found)
        begin = stop
    _keep(text, begin, end, found)
    if any(b - a > _LONGEST for a, b in found):
        return [piece for a, b in found for piece in _broken(text, a, b)]
    return found


def _broken(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """A sentence that nobody could mean, cut at spaces: reading stays linear in the text."""
    found: list[tuple[int, int]] = []
    while end - begin > _LONGEST:
        cut = text.rfind(" ", begin, begin + _LONGEST)
        cut = cut if cut > begin else begin + _LONGEST
        _keep(text, begin, cut, found)
        begin = cut
    _keep(text, begin, end, found)
    return found


def _keep(text: str, begin: int, stop: int, found: list[tuple[int, int]]) -> None:
    while begin < stop and text[begin].isspace():
        begin += 1
    while stop > begin and text[stop - 1].isspace():
        stop -= 1
    if begin < stop:
        found.append((begin, stop))


def _point_ends(text: str, begin: int, at: int, stop: int, end: int) -> bool:
    if stop < end and text[stop].isspace() and at - begin > 12 and text[at - 6 : at].isalpha():
        return True  # a long word: no abbreviation, no number
    last = _LAST_WORD.search(text, max(begin, at - 12), at)
    if last is None:
        return True
    word = last.group().lower()
    if word.isdecimal():  # "2." opens a list item when nothing stands before it
        return bool(text[begin : last.start()].strip(" \t\n-•*#("))
    if stop < end and text[stop].isalpha():  # glued to the next word: "clear.No effusion"
        return len(word) > 1 and text[at - 1].islower()
    if word in _ALWAYS:
        return False
    if word in _ABBREVIATIONS:
        rest = text[stop : stop + 3].lstrip()
        return bool(rest) and rest[0].isupper()
    if len(word) == 1 and word in "rl":  # "R. pleural effusion", but "clear b/l."
        return at > 1 and text[at - 2] == "/"
    return True


def _line_ends(text: str, begin: int, at: int, stop: int, end: int) -> bool:
    if stop >= end or text.count("\n", at, stop) > 1:
        return True
    before = text[at - 1] if at > begin else "."
    after = text[stop]
    if after.islower() or before in ",(":
        return False
    line_start = text.rfind("\n", 0, at) + 1
    wrapped = at - line_start >= _WRAP and before not in ".:;!?"
    return not (wrapped and ":" not in text[stop : stop + 30] and after not in "-•*")
