"""The protocol between the reader and its children: length-prefixed JSON of plain values.

No pickle: what a child says is data, and is checked against a dataclass before anybody uses it.
A message is 4 bytes of length (big endian), then UTF-8 JSON."""

from __future__ import annotations

import dataclasses
import functools
import json
import socket
import struct
import types
import typing
from collections.abc import Callable
from typing import Any, TypeVar

from radgloss.errors import InputRejected

__all__ = ["LARGEST", "BadMessage", "encode", "pack", "receive", "send", "understood", "unpack"]

LARGEST = 64 << 20  # a header of 20,000 frames takes about 8 MB
T = TypeVar("T")


class BadMessage(Exception):  # noqa: N818 - what it is, not that it is an error
    """The other side said something that is not in the protocol."""


def encode(message: dict[str, Any]) -> bytes:
    """One message as it travels."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return struct.pack(">I", len(body)) + body


def send(channel: socket.socket, message: dict[str, Any]) -> None:
    """Write one message."""
    channel.sendall(encode(message))


def receive(channel: socket.socket) -> dict[str, Any]:
    """Read one message. Raises EOFError where the other side has gone, BadMessage on nonsense."""
    (length,) = struct.unpack(">I", _exactly(channel, 4))
    if length > LARGEST:
        raise BadMessage(f"message of {length} bytes")
    try:
        message = json.loads(_exactly(channel, length))
    except (ValueError, RecursionError) as error:
        raise BadMessage(type(error).__name__) from None
    if not isinstance(message, dict):
        raise BadMessage("not an object")
    return message


def _exactly(channel: socket.socket, count: int) -> bytes:
    parts, missing = [], count
    while missing:
        part = _part(channel, min(missing, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _part(channel: socket.socket, most: int) -> bytes:
    """Some bytes. Where the other side ended with words of ours unread, the system says so before
    it hands out what was said in time, and only once (`unix_release_sock` in Linux)."""
    try:
        return channel.recv(most)
    except ConnectionResetError:
        return channel.recv(most)


# ------------------------------------------------------------------ dataclasses <-> plain values


def pack(value: Any) -> Any:
    """A dataclass as a plain list in the order of its fields; tuples as lists."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple or kind is list:
        return [pack(v) for v in value]
    return [pack(getattr(value, name)) for name in _names(typing.cast(Any, kind))]


_PLAIN = frozenset((str, int, float, bool, type(None)))


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))


def unpack(kind: type[T], plain: Any) -> T:
    """A plain list as the dataclass `kind`, every field checked. Raises BadMessage."""
    return typing.cast(T, _reader(typing.cast(Any, kind))(plain))


def understood(kind: type[T], plain: Any, what: str) -> T:
    """`unpack` of what a child said of `what`. Raises InputRejected ('crashed'): nonsense means
    that the file has taken the child over."""
    try:
        return unpack(kind, plain)
    except BadMessage:
        raise InputRejected(
            "crashed", what, "bytes that confuse the decoder", "a readable file", "Leave it out."
        ) from None


@functools.cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(typing.cast(type, kind))
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        item = _reader(args[0])
        return lambda plain: tuple(item(v) for v in _checked(list, plain))
    if origin in (typing.Union, types.UnionType):
        inner = _reader(next(a for a in args if a is not type(None)))
        return lambda plain: None if plain is None else inner(plain)
    if kind is float:
        return _number
    return functools.partial(_checked, kind)


def _dataclass_reader(kind: type) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind)
    readers = [_reader(hints[f.name]) for f in dataclasses.fields(kind)]

    def read(plain: Any) -> Any:
        values = _checked(list, plain)
        if len(values) != len(readers):
            raise BadMessage(f"{kind.__name__} with {len(values)} fields")
        return kind(*(reader(v) for reader, v in zip(readers, values, strict=True)))

    return read


def _number(plain: Any) -> float:
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        raise BadMessage(f"number: {type(plain).__name__}")
    return float(plain)


def _checked(kind: type, plain: Any) -> Any:
    if not isinstance(plain, kind) or (kind is int and isinstance(plain, bool)):
        raise BadMessage(f"{kind.__name__}: {type(plain).__name__}")
    return plain
