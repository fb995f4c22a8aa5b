"""The tiny language of `where`: `modality=CR and (view!=PA or age>=70)`.

    expression := term ("or" term)*        term := factor ("and" factor)*
    factor     := "(" expression ")" | name operator value
    operator   := "=" | "!=" | "<" | "<=" | ">" | ">="
    name       := letter (letter | digit | "_" | "-" | ".")*
    value      := characters up to a space, bracket, quote, "=", "<" or ">"
                | "quoted", with \\" and \\\\ for a quote and a backslash

A field may list several values, `SEPARATOR` between them: it equals each of them. A row without the
field is not equal to anything: `view=PA` leaves it out, `view!=PA` keeps it, and no order holds.
Order is that of numbers, or of dates; a date may be cut short, as `date<=2019-05` keeps all of
May 2019."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any

from radgloss.types import InputRejected

__all__ = ["SEPARATOR", "Compare", "Every", "Expression", "Some", "holds", "matches", "parse"]

SEPARATOR = "; "  # between the values that a field lists
_DEPTH = 32  # brackets within brackets
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True)
class Compare:
    """`name = value`, and so on. operator: "=", "!=", "<", "<=", ">" or ">="."""

    name: str
    value: str
    operator: str


@dataclass(frozen=True)
class Every:
    """All parts hold."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Some:
    """At least one part holds."""

    parts: tuple[Expression, ...]


Expression = Compare | Every | Some

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<bracket>[()])
      | (?P<operator>!=|<=|>=|[=<>])
      | (?P<quoted>"(?:[^"\\]|\\["\\])*")
      | (?P<word>(?:[^\s()"=!<>]|!(?!=))+)""",
    re.VERBOSE,
)
_NAME = re.compile(r"[^\W\d][\w.-]*")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_DATE = re.compile(r"(\d{4})(?:-?(\d\d)(?:-?(\d\d))?)?")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int  # counted from 1


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _wrong(
                text, _Token("", text[at], at + 1), "a word, quotes that close, or a comparison"
            )
        if match.lastgroup != "space":
            yield _Token(str(match.lastgroup), match.group(), at + 1)
        at = match.end()
    yield _Token("end", "", len(text) + 1)


def _wrong(text: str, token: _Token, wanted: str) -> InputRejected:
    found = f"{token.text!r} at position {token.at}" if token.text else "its end"
    if not token.text:
        found += f" at position {token.at}"
    do = "Write it like: modality=CR and view!=PA."
    return InputRejected("bad-filter", f"where {text!r}", found, wanted, do)


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def whole(self) -> Expression:
        found = self.expression(0)
        if self.token.kind != "end":
            raise _wrong(self.text, self.token, "and, or, or nothing more")
        return found

    def expression(self, depth: int) -> Expression:
        parts = [self.term(depth)]
        while self._word("or"):
            parts.append(self.term(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def term(self, depth: int) -> Expression:
        parts = [self.factor(depth)]
        while self._word("and"):
            parts.append(self.factor(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _word(self, word: str) -> bool:
        found = self.token.kind == "word" and self.token.text == word
        self.at += found
        return found

    def factor(self, depth: int) -> Expression:
        token = self.take()
        if token == _Token("bracket", "(", token.at):
            return self._bracketed(token, depth + 1)
        if token.kind != "word" or not _NAME.fullmatch(token.text) or token.text in ("and", "or"):
            raise _wrong(self.text, token, "the name of a field")
        operator = self.take()
        if operator.kind != "operator":
            raise _wrong(self.text, operator, "=, !=, <, <=, > or >=")
        value = self.take()
        if value.kind not in ("word", "quoted"):
            raise _wrong(self.text, value, "a value")
        found = Compare(token.text, _value(value), operator.text)
        if found.operator in _ORDERS and not (_number(found.value) or _date(found.value)):
            raise _wrong(self.text, value, "a number, or a date as 2019-05-31")
        return found

    def _bracketed(self, opening: _Token, depth: int) -> Expression:
        if depth > _DEPTH:
            raise _wrong(self.text, opening, f"at most {_DEPTH} brackets within each other")
        inner = self.expression(depth)
        closing = self.take()
        if closing.text != ")":
            raise _wrong(self.text, closing, "a closing bracket")
        return inner


def _value(token: _Token) -> str:
    if token.kind == "word":
        return token.text
    return re.sub(r'\\(["\\])', r"\1", token.text[1:-1])


def _number(text: str) -> tuple[float, ...]:
    """The number, or nothing."""
    return (float(text),) if _NUMBER.fullmatch(text) else ()


def _date(text: str) -> str:
    """A date or the beginning of one, its hyphens aside, or nothing."""
    found = _DATE.fullmatch(text)
    return "".join(part for part in found.groups() if part) if found else ""


def holds(compare: Compare, stated: str | None) -> bool:
    """Does a field's value pass? None: the row has no such field.

    >>> [holds(Compare("date", "2019-05", "<="), d) for d in ("2019-05-31", "2019-06-01")]
    [True, False]
    """
    if stated is None:
        return compare.operator == "!="
    if compare.operator in _ORDERS:
        return any(_ordered(compare, value) for value in stated.split(SEPARATOR))
    same = stated == compare.value or compare.value in stated.split(SEPARATOR)
    return same == (compare.operator == "=")


def _ordered(compare: Compare, value: str) -> bool:
    order = _ORDERS[compare.operator]
    mine, theirs = _number(value), _number(compare.value)
    if mine and theirs:
        return order(mine, theirs)
    day, limit = _date(value), _date(compare.value)
    common = min(len(day), len(limit))
    return bool(common) and order(day[:common], limit[:common])


def parse(text: str) -> Expression:
    """The meaning of a filter; InputRejected `bad-filter` names the position of the mistake.

    >>> parse("modality=CR and view!=PA")
    Every(parts=(Compare(name='modality', value='CR', operator='='),
                 Compare(name='view', value='PA', operator='!=')))
    """
    return _Parser(text).whole()


def matches(expression: Expression, fields: Mapping[str, str]) -> bool:
    """Does a row with these fields pass?

    >>> matches(parse("view!=PA"), {"modality": "CR"})
    True
    """
    if isinstance(expression, Compare):
        return holds(expression, fields.get(expression.name))
    results = (matches(part, fields) for part in expression.parts)
    return all(results) if isinstance(expression, Every) else any(results)
