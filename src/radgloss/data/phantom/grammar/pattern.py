"""Phrase patterns: text with slots, of which optional parts appear where their slots are told.

    "There {is} {a} [{sev} ]{side} {x}[ in {place}]."

`{slot}` must be told, `[ … ]` may be left out. Before the text, `~` keeps the pattern out of the
making of any reader of reports; `!` keeps a broad denial for an organ with nothing wrong in it;
`CT,MR:` keeps the pattern to those ways of looking (`ways.py`). Which fields a sentence states is
read off the slots that were filled, so no second list can disagree with the words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TypeVar

from radgloss.data.phantom.grammar.spelling import Spelling, spell

__all__ = ["Pattern", "compiled", "finish", "fits", "fitting", "pick", "render"]

SIDED = frozenset({"side", "onside", "place"})
T = TypeVar("T")
AN = re.compile(  # before a vowel's sound: 8, 11 and 18, and letters that are read out
    r"\b([Aa]) (?=(?!uni|ure|uri|ute|use|eu|one\b)[aeiou]|8|1[18](?!\d)"
    r"|(?:HCC|MR|ET|ETT|NG|NGT|FNH|AAA|IV|LUL|LLL|RUL|RML|RLL|X-ray)\b)"
)
WAYS = re.compile(r"((?:CT|MR|US|XR|CE|T2|T1 opposed|arterial)(?:,(?:CT|MR|US|XR|CE|T2))*):")
PIECE = re.compile(r"\{(\w+)\}|\[([^\[\]]*)\]")


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern.

    parts: (literal, slot, group) of which one is set; a group holds its own parts.
    needs: slots that must be told. ways: of looking, empty where it fits all."""

    source: str
    parts: tuple[tuple[str, str, Pattern | None], ...]
    needs: frozenset[str]
    ways: frozenset[str]
    held_out: bool
    broad: bool

    @property
    def sided(self) -> bool:
        """Whether it has words for a side, in its text or in an optional part."""
        own = not self.needs.isdisjoint(SIDED)
        return own or any(group is not None and group.sided for _, _, group in self.parts)


@cache
def compiled(source: str, spelling: Spelling = "british") -> Pattern:
    """The pattern of a source line in one spelling.

    >>> compiled("~CT:A {size} cyst[ in {place}].").needs
    frozenset({'size'})
    """
    text = source.removeprefix("~")
    broad = text.startswith("!")
    text = text.removeprefix("!")
    match = WAYS.match(text)
    only = frozenset(match.group(1).split(",")) if match else frozenset[str]()
    text = text[match.end() :] if match else text
    parts: list[tuple[str, str, Pattern | None]] = []
    at = 0
    for piece in PIECE.finditer(text):
        if piece.start() > at:
            parts.append((spell(text[at : piece.start()], spelling), "", None))
        slot, group = piece.groups()
        parts.append(("", slot, None) if slot else ("", "", compiled(group, spelling)))
        at = piece.end()
    if at < len(text):
        parts.append((spell(text[at:], spelling), "", None))
    needs = frozenset(slot for _, slot, _ in parts if slot)
    return Pattern(source, tuple(parts), needs, only, source.startswith("~"), broad)


def fits(pattern: Pattern, ways: frozenset[str], slots: frozenset[str]) -> bool:
    """Whether the pattern suits the ways of looking and everything it must say is told."""
    return (not pattern.ways or not pattern.ways.isdisjoint(ways)) and pattern.needs <= slots


def fitting(words: Sequence[str], ways: frozenset[str]) -> tuple[str, ...]:
    """Those of some plain words that suit the ways of looking, without the mark that says so.

    >>> fitting(("collection", "CT:low-density lesion"), frozenset({"US"}))
    ('collection',)
    """
    out = []
    for word in words:
        mark = WAYS.match(word)
        if mark is None or not ways.isdisjoint(mark.group(1).split(",")):
            out.append(word[mark.end() :] if mark else word)
    return tuple(out)


def render(
    pattern: Pattern, values: Mapping[str, str], dice: Random, detail: float
) -> tuple[str, list[str]]:
    """The words, and the slots that were filled; an optional part is kept `detail` of the time.

    A side is never left out: nobody reports an effusion and not where."""
    words: list[str] = []
    used: list[str] = []
    for literal, slot, group in pattern.parts:
        if literal:
            words.append(literal)
        elif slot:
            words.append(values[slot])
            used.append(slot)
        elif (
            group is not None
            and all(s in values for s in group.needs)
            and (dice.random() < detail or ("side" in values and group.sided))
        ):
            text, more = render(group, values, dice, detail)
            words.append(text)
            used += more
    return "".join(words), used


def finish(text: str) -> str:
    """A sentence with one space between words, the right article and a capital letter.

    >>> finish("a  8 mm cyst , and a ureteric stone.")
    'An 8 mm cyst, and a ureteric stone.'
    """
    while "  " in text:
        text = text.replace("  ", " ")
    text = text.strip().replace(" ,", ",").replace(" .", ".")
    if "a " in text or text.startswith("A "):
        text = AN.sub(r"\1n ", text)
    return text[:1].upper() + text[1:]


def pick(dice: Random, options: Sequence[T]) -> T:
    """One of the options, each as likely."""
    return options[int(dice.random() * len(options))]
