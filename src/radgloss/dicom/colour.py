"""Colour frames as RGB bytes: palette, YBR, planar and 16-bit included. Child only.

PS3.3 C.7.6.3.1.2 (photometric interpretation), C.7.9 (palettes).
Shapes: R rows · C columns; everything comes out as (R, C, 3) uint8."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from radgloss.dicom import opening, pixels, tables
from radgloss.dicom.header import Coded, Pixels
from radgloss.dicom.limits import Limits
from radgloss.dicom.source import Source
from radgloss.types import InputRejected

__all__ = ["COLOURS", "UNCONVERTED", "frames", "unshared"]

COLOURS = ("RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL")


def frames(
    source: Source, header: Coded, wanted: Sequence[int], limits: Limits
) -> Iterator[np.ndarray]:
    """The frames numbered `wanted` (from 0)."""
    coded = header.pixels
    palette = _palette(source, limits) if coded.photometric == "PALETTE COLOR" else None
    for stored in pixels.stored_frames(source, coded, wanted, limits):
        if palette is not None:
            yield _looked_up(stored, *palette)
        else:
            yield _rgb(stored, coded)


def _rgb(stored: np.ndarray, coded: Pixels) -> np.ndarray:
    if coded.photometric.startswith("YBR") and coded.syntax in UNCONVERTED:
        if coded.photometric == "YBR_FULL_422" and stored.shape[2] == 4:
            stored = unshared(stored, coded)
        return _from_ybr(_bytes(stored, coded))
    return _bytes(stored, coded)  # JPEG and JPEG 2000 decoders have converted already


# Syntaxes whose decoder leaves YBR as it is.
UNCONVERTED = frozenset(
    f"1.2.840.10008.1.2{end}"
    for end in ("", ".1", ".2", ".1.99", ".5", ".4.57", ".4.70", ".4.80", ".4.81")
)


def _bytes(stored: np.ndarray, coded: Pixels) -> np.ndarray:
    """The top 8 of the stored bits."""
    if coded.stored <= 8:
        return stored.astype(np.uint8)
    return (stored >> (coded.stored - 8)).astype(np.uint8)


def unshared(stored: np.ndarray, coded: Pixels) -> np.ndarray:
    """(R, C/2, Y Y B R) → (R, C, Y B R)."""
    full = np.empty((coded.rows, coded.columns, 3), stored.dtype)
    full[:, 0::2, 0], full[:, 1::2, 0] = stored[:, :, 0], stored[:, :, 1]
    full[:, :, 1:] = np.repeat(stored[:, :, 2:], 2, axis=1)
    return full


def _from_ybr(values: np.ndarray) -> np.ndarray:
    """PS3.3 C.7.6.3.1.2, the inverse of YBR_FULL (CCIR 601-2)."""
    y, b, r = (values[..., i].astype(np.float32) for i in range(3))
    b, r = b - 128.0, r - 128.0
    rgb = np.stack([y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b], axis=-1)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def _palette(source: Source, limits: Limits) -> tuple[int, np.ndarray]:
    """First value mapped and (entries, 3) bytes."""
    source.file.seek(0)
    data, _ = opening.dataset(source, limits)
    columns, first = [], 0
    for name in ("Red", "Green", "Blue"):
        table = tables.palette(data, name)
        if table is None:
            raise InputRejected(
                "damaged", "file", "a palette without its tables", "a palette", "Leave it out."
            )
        first = table.first
        entries = table.entries()
        columns.append((entries >> 8 if table.bits > 8 else entries).astype(np.uint8))
    size = min(len(c) for c in columns)
    return first, np.stack([c[:size] for c in columns], axis=-1)


def _looked_up(stored: np.ndarray, first: int, table: np.ndarray) -> np.ndarray:
    index = np.clip(stored.astype(np.int64) - first, 0, len(table) - 1)
    return np.asarray(table[index])
