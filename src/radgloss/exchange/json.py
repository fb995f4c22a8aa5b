"""A draft as JSON with a schema number, both ways, nothing lost and nothing guessed.

Unusual here: the dataclasses of `types` are the schema. Reading follows their annotations, so an
unknown, missing or doubled key, a value of another type or a number that is not finite is an
error that names its place; nothing is coerced."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from radgloss.types import MACHINE_MARK, Draft, InputRejected, ReportStatus

__all__ = ["SCHEMA", "from_json", "marking", "to_json"]

SCHEMA = 2
_FIRST: dict[str, Any] = {"flags": [], "organs": [], "watcher": ""}  # not yet in schema 1
_FIRST_EVIDENCE: dict[str, list[Any]] = {"centre_mm": [], "extent_mm": []}
KIND = "radgloss-draft"


def marking() -> dict[str, Any]:
    """The fields that tell a program what the mark tells a person."""
    return {
        "machine_generated": True,
        "verified": False,
        "use": "research",
        "notice": MACHINE_MARK,
    }


def to_json(draft: Draft, status: ReportStatus) -> str:
    """The draft and its status as JSON text, ending in a newline; same draft, same text.

    ValueError where a number is not finite: JSON has no word for it."""
    whole = {
        "kind": KIND,
        "schema": SCHEMA,
        "marking": marking(),
        "status": asdict(status),
        "draft": asdict(draft),
    }
    return json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def from_json(text: str) -> tuple[Draft, ReportStatus]:
    """What `to_json` wrote. `InputRejected`: not JSON (`draft-not-json`), of a newer schema
    (`draft-schema`), or not of this shape (`draft-json`)."""
    whole = _parse(text)
    if not isinstance(whole, dict) or whole.get("kind") != KIND:
        raise _wrong("the document", "another kind of document", f"kind {KIND!r}")
    _check_schema(whole.get("schema"))
    _check_keys(whole, ("kind", "schema", "marking", "status", "draft"), "the document")
    if whole["marking"] != marking():
        raise _wrong("marking", "another marking", "the machine-text marking, unchanged")
    if whole["schema"] == 1:
        _upgrade(whole["draft"])
    draft = _read(Draft, whole["draft"], "draft")
    return draft, _read(ReportStatus, whole["status"], "status")


def _upgrade(draft: Any) -> None:
    """Give a draft of schema 1 the keys that came later, empty; a wrong shape is told below."""
    if isinstance(draft, dict):
        draft |= {k: v for k, v in _FIRST.items() if k not in draft}
    todo = [draft]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo += value
        elif isinstance(value, dict):
            if isinstance(value.get("kind"), str) and "region" in value:
                value |= {k: v for k, v in _FIRST_EVIDENCE.items() if k not in value}
            todo += value.values()


def _parse(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_not_finite)
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputRejected):
            raise
        raise InputRejected(
            "draft-not-json",
            "the draft",
            "text that is not JSON",
            "a draft.json as this program writes it",
            "Write the draft again.",
        ) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise _wrong("a JSON object", "the same key twice", "each key once")
    return dict(pairs)


def _not_finite(word: str) -> Any:
    raise _wrong("a number", word, "a finite number")


def _check_schema(schema: object) -> None:
    if type(schema) is int and schema > SCHEMA:
        raise InputRejected(
            "draft-schema",
            "the draft",
            f"schema {schema}",
            f"schema {SCHEMA} or older",
            "Read it with a newer radgloss.",
        )
    if type(schema) is not int or schema < 1:
        raise _wrong("schema", f"{schema!r:.40}", f"a number from 1 to {SCHEMA}")


def _check_keys(value: Mapping[str, Any], names: tuple[str, ...], place: str) -> None:
    unknown, missing = set(value) - set(names), set(names) - set(value)
    if unknown:
        raise _wrong(place, f"the unknown key {sorted(unknown)[0]!r:.60}", "only known keys")
    if missing:
        raise _wrong(place, f"no {sorted(missing)[0]!r}", "every key of the schema")


def _read(kind: Any, value: Any, place: str) -> Any:
    """A JSON value as the annotated type `kind`, or an error that names `place`."""
    if is_dataclass(kind):
        return _read_dataclass(kind, value, place)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal and value in arguments and isinstance(value, str):
        return value
    if origin in (Union, UnionType):  # only `X | None` occurs
        rest = next(a for a in arguments if a is not NoneType)
        return None if value is None else _read(rest, value, place)
    if origin is tuple and isinstance(value, list):
        return _read_tuple(arguments, value, place)
    if kind is float and type(value) in (int, float) and _is_finite(value):
        return float(value)
    if kind in (str, int, bool) and type(value) is kind:
        return value
    raise _wrong(place, f"a {type(value).__name__} that does not fit", _name(kind))


def _read_dataclass(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(place, f"a {type(value).__name__}", "an object")
    hints = get_type_hints(kind)
    _check_keys(value, tuple(f.name for f in fields(kind)), place)
    return kind(**{f.name: _read(hints[f.name], value[f.name], f"{place}.{f.name}")
                   for f in fields(kind)})  # fmt: skip


def _read_tuple(kinds: tuple[Any, ...], values: list[Any], place: str) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(values)
    if len(kinds) != len(values):
        raise _wrong(place, f"{len(values)} values", f"{len(kinds)} values")
    return tuple(
        _read(k, v, f"{place}[{i}]") for i, (k, v) in enumerate(zip(kinds, values, strict=True))
    )


def _is_finite(value: int | float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _name(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(repr(a) for a in get_args(kind))
    return f"a {getattr(kind, '__name__', str(kind))}"


def _wrong(place: str, found: str, wanted: str) -> InputRejected:
    return InputRejected("draft-json", place, found, wanted, "Write the draft again.")
