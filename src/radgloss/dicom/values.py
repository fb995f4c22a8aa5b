"""Elements of a data set as plain values: text, numbers, items; nonsense is absence. Child only.

A data set is one of pydicom's, or an ordinary file's elements (see `plain`), which need no pydicom;
so it is imported where there is one."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from radgloss.dicom.plain import KEYWORDS, TEXTS, Plain, simple_value

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Data: TypeAlias = "Dataset | Plain"

__all__ = [
    "Data",
    "first_of",
    "functional",
    "integer_of",
    "is_signed",
    "items_of",
    "many_of",
    "number_of",
    "numbers_of",
    "text_of",
    "texts_of",
    "value_of",
]


def value_of(data: Data, keyword: str) -> Any:
    """An element's value, None where absent: a string, number, bytes, items, or a list of those.

    Plain ASCII text is read from the raw bytes, which means the same in every character set and is
    many times faster than pydicom's general road; all else goes that road."""
    if isinstance(data, Plain):
        return data.value(keyword)
    tag, known = KEYWORDS[keyword]
    element: Any = data._dict.get(tag)  # type: ignore[call-overload]
    if element is None:
        return None
    raw, vr = element.value, element.VR or known
    if type(raw) is bytes and getattr(element, "is_raw", False):
        if vr in TEXTS and raw.isascii() and b"\x1b" not in raw:
            return simple_value(vr, raw) if raw else None
        if vr == "US" and len(raw) == 2:
            return int.from_bytes(raw, "little" if element.is_little_endian else "big")
    return data[tag].value


def items_of(data: Data, keyword: str) -> Sequence[Data]:
    """The items of a sequence, none where it is absent or no sequence."""
    value = value_of(data, keyword)
    return value if _is_many(value) and len(value) and hasattr(value[0], "_dict") else ()


def _is_many(value: Any) -> bool:
    """A list, or pydicom's of values or of items."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def text_of(data: Data, keyword: str) -> str:
    value = value_of(data, keyword)
    if value is None or isinstance(value, bytes):
        return ""
    if _is_many(value):
        value = value[0] if len(value) else ""
    return str(value).replace("\0", "").strip()[:1024]


def texts_of(data: Data, keyword: str) -> tuple[str, ...]:
    value = value_of(data, keyword)
    if value is None:
        return ()
    many = value if _is_many(value) else [value]
    return tuple(str(v).strip() for v in many)[:16]


def integer_of(data: Data, keyword: str, default: int = 0) -> int:
    number = number_of(data, keyword, float(default))
    return int(number) if abs(number) < 1 << 53 else default


def number_of(data: Data, keyword: str, default: float) -> float:
    values = numbers_of(data, keyword, 1)
    return values[0] if values else default


def numbers_of(data: Data, keyword: str, count: int) -> tuple[float, ...]:
    """Exactly `count` finite numbers, else ()."""
    value = value_of(data, keyword)
    if value is None or (isinstance(value, str | bytes) and not value):
        return ()
    many = value if _is_many(value) else [value]
    try:
        numbers = tuple(float(v) for v in many)
    except (TypeError, ValueError):
        return ()
    if count == 1:
        numbers = numbers[:1]
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else ()


def first_of(data: Data, keyword: str) -> Data:
    """The first item of a sequence, or an empty one."""
    items = items_of(data, keyword)
    return items[0] if items else _NONE


_NONE = Plain({})  # an item that is not there


def many_of(data: Data, keyword: str) -> tuple[float, ...]:
    value = value_of(data, keyword)
    if value is None:
        return ()
    many = value if _is_many(value) else [value]
    try:
        numbers = tuple(float(v) for v in many)
    except (TypeError, ValueError):
        return ()
    return numbers[:64] if all(map(math.isfinite, numbers)) else ()


def is_signed(data: Data) -> bool:
    """The first value mapped is signed where the pixels are (PS3.3 C.11.1.1)."""
    return integer_of(data, "PixelRepresentation") == 1


def functional(data: Data, number: int) -> Data:
    """The functional groups of a frame: its own, over the shared ones (PS3.3 C.7.6.16)."""
    shared = first_of(data, "SharedFunctionalGroupsSequence")
    items = items_of(data, "PerFrameFunctionalGroupsSequence")
    own = items[number] if number < len(items) else _NONE
    if isinstance(shared, Plain):
        return own
    both = copy.copy(shared)
    if not isinstance(own, Plain):
        both.update(own)
    return both
