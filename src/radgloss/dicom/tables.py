"""Windows and lookup tables as stored: VOI, modality, palette. Child only."""

from __future__ import annotations

from typing import Any

import numpy as np

from radgloss.dicom.header import Table, Voi
from radgloss.dicom.values import (
    Data,
    first_of,
    functional,
    is_signed,
    items_of,
    many_of,
    number_of,
    numbers_of,
    text_of,
    texts_of,
    value_of,
)

__all__ = ["palette", "table_of", "tables_of", "windows_of"]


def windows_of(data: Data) -> tuple[Voi, ...]:
    where = data
    if "WindowCenter" not in data:
        where = first_of(functional(data, 0), "FrameVOILUTSequence")
    centers, widths = many_of(where, "WindowCenter"), many_of(where, "WindowWidth")
    words = texts_of(where, "WindowCenterWidthExplanation")
    function = text_of(where, "VOILUTFunction") or "LINEAR"
    pairs = zip(centers, widths, strict=False)
    return tuple(
        Voi(c, w, function, words[i] if i < len(words) else "")
        for i, (c, w) in enumerate(pairs)
        if w > 0 and (w >= 1 or function != "LINEAR")
    )


def tables_of(data: Data) -> tuple[Table, ...]:
    items = items_of(data, "VOILUTSequence")
    if not items:
        return ()
    signed = is_signed(data) or number_of(data, "RescaleIntercept", 0.0) < 0
    made = (table_of(item, signed) for item in items[:16])
    return tuple(table for table in made if table is not None)


def table_of(item: Data, signed: bool) -> Table | None:
    """A LUT item (PS3.3 C.11.1.1): descriptor of entries, first value mapped, bits."""
    described = numbers_of(item, "LUTDescriptor", 3)
    words = text_of(item, "LUTExplanation") or text_of(item, "ModalityLUTType")
    return _table(described, value_of(item, "LUTData"), signed, words)


def palette(data: Data, colour: str) -> Table | None:
    """One of the tables of a palette (PS3.3 C.7.9); `colour` is Red, Green or Blue."""
    described = numbers_of(data, f"{colour}PaletteColorLookupTableDescriptor", 3)
    values = value_of(data, f"{colour}PaletteColorLookupTableData")
    return _table(described, values, is_signed(data)) if isinstance(values, bytes) else None


def _table(
    described: tuple[float, ...], values: Any, signed: bool, words: str = ""
) -> Table | None:
    if not described or values is None:
        return None
    entries, first, bits = (int(d) for d in described)
    entries = entries or 65536
    if not 1 <= bits <= 16 or not 0 < entries <= 65536:
        return None
    array = _entries(values, entries)
    if signed and first >= 1 << 15:
        first -= 1 << 16
    return Table.of(first, bits, array, words) if len(array) else None


def _entries(values: Any, entries: int) -> np.ndarray:
    if isinstance(values, bytes):
        kind = "<u2" if len(values) >= 2 * entries else "u1"
        return np.frombuffer(values, kind, min(entries, len(values) // np.dtype(kind).itemsize))
    many = [values] if isinstance(values, int) else list(values)
    return np.array(many[:entries], dtype=np.int64).astype(np.uint16)
