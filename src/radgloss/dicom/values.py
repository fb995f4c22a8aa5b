"""Elements of a data set as plain values: text, numbers, items; nonsense is absence. Child only."""

from __future__ import annotations

import functools
import math
from typing import Any

import pydicom
from pydicom import config
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

__all__ = [
    "first_of",
    "functional",
    "integer_of",
    "is_signed",
    "many_of",
    "number_of",
    "numbers_of",
    "text_of",
    "texts_of",
    "value_of",
]

config.settings.reading_validation_mode = config.IGNORE


@functools.cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def value_of(data: Dataset, keyword: str) -> Any:
    """An element's value, None where absent: a string, number, bytes, or a list of those.

    Plain ASCII text is read from the raw bytes, which means the same in every character set and is
    many times faster than pydicom's general road; all else goes that road."""
    tag = _tag(keyword)
    element = data._dict.get(tag)
    if element is None:
        return None
    raw = element.value
    if type(element) is RawDataElement and type(raw) is bytes:
        if element.VR in _TEXTS and raw.isascii() and b"\x1b" not in raw:
            text = raw.decode("ascii")
            return [part.strip(" \0") for part in text.split("\\")] if raw else None
        if element.VR == "US" and len(raw) == 2:
            return int.from_bytes(raw, "little" if element.is_little_endian else "big")
    return data[tag].value


_TEXTS = {"AS", "CS", "DA", "DS", "IS", "LO", "PN", "SH", "TM", "UI"}


def text_of(data: Dataset, keyword: str) -> str:
    value = value_of(data, keyword)
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, pydicom.multival.MultiValue | list):
        value = value[0] if len(value) else ""
    return str(value).replace("\0", "").strip()[:1024]


def texts_of(data: Dataset, keyword: str) -> tuple[str, ...]:
    value = value_of(data, keyword)
    if value is None:
        return ()
    many = value if isinstance(value, pydicom.multival.MultiValue | list) else [value]
    return tuple(str(v).strip() for v in many)[:16]


def integer_of(data: Dataset, keyword: str, default: int = 0) -> int:
    number = number_of(data, keyword, float(default))
    return int(number) if abs(number) < 1 << 53 else default


def number_of(data: Dataset, keyword: str, default: float) -> float:
    values = numbers_of(data, keyword, 1)
    return values[0] if values else default


def numbers_of(data: Dataset, keyword: str, count: int) -> tuple[float, ...]:
    """Exactly `count` finite numbers, else ()."""
    value = value_of(data, keyword)
    if value is None or (isinstance(value, str | bytes) and not value):
        return ()
    many = value if isinstance(value, pydicom.multival.MultiValue | list) else [value]
    try:
        numbers = tuple(float(v) for v in many)
    except (TypeError, ValueError):
        return ()
    if count == 1:
        numbers = numbers[:1]
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else ()


def first_of(data: Dataset, keyword: str) -> Dataset:
    """The first item of a sequence, or an empty one."""
    value = value_of(data, keyword)
    return value[0] if isinstance(value, Sequence) and len(value) else _NONE


_NONE = Dataset()  # an item that is not there


def many_of(data: Dataset, keyword: str) -> tuple[float, ...]:
    value = value_of(data, keyword)
    if value is None:
        return ()
    many = value if isinstance(value, pydicom.multival.MultiValue | list) else [value]
    try:
        numbers = tuple(float(v) for v in many)
    except (TypeError, ValueError):
        return ()
    return numbers[:64] if all(map(math.isfinite, numbers)) else ()


def is_signed(data: Dataset) -> bool:
    """The first value mapped is signed where the pixels are (PS3.3 C.11.1.1)."""
    return integer_of(data, "PixelRepresentation") == 1


def functional(data: Dataset, number: int) -> Dataset:
    """The functional groups of a frame: its own, over the shared ones (PS3.3 C.7.6.16)."""
    shared = first_of(data, "SharedFunctionalGroupsSequence")
    items = data.get("PerFrameFunctionalGroupsSequence")
    own = items[number] if isinstance(items, Sequence) and number < len(items) else Dataset()
    both = Dataset()
    both.update(shared)
    both.update(own)
    return both
