"""A tokenizer that never corrupts a number or a unit.

Every token is a slice of the text at its own offsets, so that the text can be put together again.
A number keeps its decimal point or comma ("1.2", "1,2"), a word keeps its apostrophe, and anything
else that is not space is a token of one character. Nothing is lower-cased, corrected or dropped."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["TOKEN", "Token", "joined", "tokens"]

TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|[\w]")


@dataclass(frozen=True, slots=True)
class Token:
    """text == whole[start:end], always."""

    text: str
    start: int
    end: int


def tokens(text: str) -> tuple[Token, ...]:
    """The tokens in order.

    >>> [t.text for t in tokens("A 1.2 × 0,8-cm cyst.")]
    ['A', '1.2', '×', '0,8', '-', 'cm', 'cyst', '.']
    """
    return tuple(Token(m.group(), m.start(), m.end()) for m in TOKEN.finditer(text))


def joined(text: str, found: tuple[Token, ...]) -> str:
    """The text again, from its tokens and the space between them (the inverse of `tokens`)."""
    parts, at = [], 0
    for token in found:
        parts += [text[at : token.start], token.text]
        at = token.end
    return "".join(parts) + text[at:]
