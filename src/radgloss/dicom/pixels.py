"""Stored values into real values, frame by frame, into memory that was lent. Child only.

PS3.5 8 (how values are stored), PS3.3 C.11.1 (modality LUT), C.7.5.1.1.2 (padding).
Shapes: R rows · C columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np

from radgloss.dicom import codecs
from radgloss.dicom.header import Coded, Pixels, Table
from radgloss.dicom.limits import Limits
from radgloss.dicom.source import Source, body
from radgloss.types import InputRejected

__all__ = ["RealFrame", "frames", "stored_frames"]


@dataclass(frozen=True, eq=False)
class RealFrame:
    """One frame's stored values and the way to their real values."""

    stored: np.ndarray  # (R, C), any integer or float
    slope: float
    intercept: float
    padding: tuple[float, ...]
    table: Table | None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.stored.shape[0], self.stored.shape[1]

    def into(self, out: np.ndarray) -> int:
        """Write real values into `out` (R, C) float32; NaN where padded. → how many are NaN."""
        padded = self._padded()
        if self.table is not None:
            entries = self.table.entries()
            index = self.stored.astype(np.int64) - self.table.first
            np.copyto(out, entries[np.clip(index, 0, len(entries) - 1)], casting="unsafe")
        elif self.stored.dtype.itemsize > 2:  # 32 bits and more do not fit into a float32
            real = self.stored.astype(np.float64) * self.slope + self.intercept
            np.copyto(out, real, casting="unsafe")
        else:
            np.copyto(out, self.stored, casting="unsafe")
            if self.slope != 1.0:
                out *= np.float32(self.slope)
            if self.intercept != 0.0:
                out += np.float32(self.intercept)
        if padded is not None:
            out[padded] = np.nan
        elif self._always_finite() or (np.isfinite(out.min()) and np.isfinite(out.max())):
            return 0
        return _strange(out)

    def _always_finite(self) -> bool:
        """Whether sixteen bits cannot leave the range of a float32 here."""
        small = self.stored.dtype.kind in "iu" and self.stored.dtype.itemsize <= 2
        return small and abs(self.slope) < 1e30 and abs(self.intercept) < 1e30

    def _padded(self) -> np.ndarray | None:
        if not self.padding:
            return None
        low, high = self.padding
        where = (self.stored >= low) & (self.stored <= high) if low < high else self.stored == low
        return where if where.any() else None


def _strange(out: np.ndarray) -> int:
    """Padding, NaN and infinities all become NaN; how many there are."""
    finite = np.isfinite(out)
    out[~finite] = np.nan
    return int(out.size - finite.sum())


def frames(
    source: Source, header: Coded, wanted: Sequence[int], limits: Limits
) -> Iterator[RealFrame]:
    """The frames numbered `wanted` (from 0, ascending), ready for `into`."""
    pixels = header.pixels
    for number, stored in zip(wanted, stored_frames(source, pixels, wanted, limits), strict=True):
        plane = header.planes[min(number, len(header.planes) - 1)]
        yield RealFrame(stored, plane.slope, plane.intercept, pixels.padding, pixels.modality_lut)


def stored_frames(
    source: Source, pixels: Pixels, wanted: Sequence[int], limits: Limits
) -> Iterator[np.ndarray]:
    """Stored values of single frames: (R, C) or (R, C, samples)."""
    file = body(source, pixels.syntax, limits)
    if pixels.syntax in codecs.NATIVE:
        whole = source.whole if file is source.file else b""
        for number in wanted:
            yield _native(file, pixels, number, whole)
        return
    from pydicom.encaps import generate_frames, get_frame  # takes a tenth of a second

    file.seek(pixels.offset)
    table = (list(pixels.offsets), list(pixels.lengths)) if pixels.offsets else None
    if len(wanted) == pixels.frames:
        coded = generate_frames(file, number_of_frames=pixels.frames, extended_offsets=table)
        for _, data in zip(wanted, coded, strict=True):
            yield _bits(codecs.decode(data, pixels), pixels)
        return
    for number in wanted:
        file.seek(pixels.offset)
        data = get_frame(file, number, number_of_frames=pixels.frames, extended_offsets=table)
        yield _bits(codecs.decode(data, pixels), pixels)


def _native(file: IO[bytes], pixels: Pixels, number: int, whole: bytes) -> np.ndarray:
    """From `whole`, the same bytes in memory, without a copy where it is not empty."""
    count = pixels.rows * pixels.columns * pixels.samples
    if pixels.allocated == 1:
        return _single_bits(file, pixels, number)
    if pixels.photometric == "YBR_FULL_422":  # two pixels share their chroma: Y Y B R
        count = pixels.rows * pixels.columns * 2
    size = count * pixels.allocated // 8
    swapped = pixels.big_endian and pixels.vr == "OW" and pixels.allocated == 8  # PS3.5 A.3
    start = pixels.offset + number * size
    raw: bytes | memoryview
    if swapped:
        raw = _swapped(file, pixels, number * size, size)
    elif whole:
        raw = memoryview(whole)[start : start + size]
    else:
        file.seek(start)
        raw = file.read(size)
    if len(raw) < size:
        raise InputRejected(
            "truncated",
            "file",
            f"{len(raw)} of {size} bytes of frame {number + 1}",
            "all of them",
            "Send it again.",
        )
    values = np.frombuffer(raw, _dtype(pixels))
    if pixels.photometric == "YBR_FULL_422":
        return values.reshape(pixels.rows, -1, 4)
    values = _bits(values, pixels)
    if pixels.samples == 1:
        return values.reshape(pixels.rows, pixels.columns)
    if pixels.planar:
        return np.moveaxis(values.reshape(pixels.samples, pixels.rows, pixels.columns), 0, -1)
    return values.reshape(pixels.rows, pixels.columns, pixels.samples)


def _swapped(file: IO[bytes], pixels: Pixels, start: int, size: int) -> bytes:
    """Bytes that were written as big endian words: each pair is exchanged, odd ends included."""
    inset = start % 2
    file.seek(pixels.offset + start - inset)
    raw = file.read(size + inset + (size + inset) % 2)
    words = np.frombuffer(raw[: len(raw) // 2 * 2], np.uint16)
    return words.byteswap().tobytes()[inset : inset + size]


def _single_bits(file: IO[bytes], pixels: Pixels, number: int) -> np.ndarray:
    """Packed bits, least significant first; frames follow without a gap (PS3.5 8.1.1)."""
    count = pixels.rows * pixels.columns
    start = number * count
    file.seek(pixels.offset + start // 8)
    size = -(-(start % 8 + count) // 8)
    raw = file.read(size)
    if len(raw) < size:
        raise InputRejected(
            "truncated", "file", "too few bits", "all of the frame", "Send it again."
        )
    bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")
    return bits[start % 8 : start % 8 + count].reshape(pixels.rows, pixels.columns)


def _dtype(pixels: Pixels) -> np.dtype:
    order = ">" if pixels.big_endian else "<"
    letter = {"float": "f", "double": "f"}.get(pixels.kind, "i" if pixels.signed else "u")
    return np.dtype(f"{order}{letter}{pixels.allocated // 8}")


def _bits(values: np.ndarray, pixels: Pixels) -> np.ndarray:
    """Only the bits from HighBit downwards count; the others may hold an overlay (PS3.5 8.1.1)."""
    bits = 8 * values.dtype.itemsize
    if values.dtype.kind == "f" or pixels.stored >= bits:
        return values
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    if not pixels.signed and pixels.high == pixels.stored - 1:
        return np.bitwise_and(native, native.dtype.type((1 << pixels.stored) - 1))
    return (native << (bits - 1 - pixels.high)) >> (bits - pixels.stored)
