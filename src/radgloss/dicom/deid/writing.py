"""A de-identified file as bytes: fresh preamble and meta, the header, then the pixels. Child only.

Pixels are copied part by part and never decoded here; of encapsulated ones the words in the streams
are blanked, of native ones bytes beyond the last frame are cut. Nothing after the pixels is
written: signatures, padding and private groups are all that may stand there."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from pydicom.dataset import Dataset, FileDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info

from radgloss.dicom import codecs
from radgloss.dicom.deid import codestream, marks
from radgloss.dicom.values import integer_of
from radgloss.types import InputRejected

__all__ = ["Element", "copied", "header", "native"]

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
_PART = 1 << 20
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True)
class Element:
    """Where the pixel data element stands: tag, VR, length of its value, position of its value."""

    tag: int
    vr: str
    length: int
    offset: int


def header(data: Dataset, syntax: str) -> bytes:
    """Everything before the pixels, in that transfer syntax."""
    buffer = DicomBytesIO()
    buffer.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(buffer, marks.meta(data, syntax))
    buffer.is_little_endian = syntax != BIG
    buffer.is_implicit_VR = syntax == IMPLICIT
    write_dataset(buffer, data)
    return buffer.getvalue()


def _head(tag: int, vr: str, length: int, syntax: str) -> bytes:
    order = ">" if syntax == BIG else "<"
    group, element = tag >> 16, tag & 0xFFFF
    if syntax == IMPLICIT:
        return struct.pack(f"{order}HHI", group, element, length)
    return struct.pack(f"{order}HH2s2xI", group, element, vr.encode("ascii"), length)


def native(tag: int, vr: str, parts: Iterator[bytes], length: int) -> Iterator[bytes]:
    """Native pixel data in explicit little endian, of `length` bytes."""
    yield _head(tag, vr, length + length % 2, EXPLICIT)
    yield from parts
    yield b"\0" * (length % 2)


def copied(file: IO[bytes], element: Element, data: FileDataset, syntax: str) -> Iterator[bytes]:
    """The pixel data element as it was, without words in its streams and bytes beyond its end."""
    file.seek(element.offset)
    if syntax in codecs.NATIVE:
        yield from _native(file, element, data, syntax)
        return
    if element.length != _UNDEFINED:
        raise _damaged("compressed pixels that are not encapsulated")
    yield _head(element.tag, "OB", _UNDEFINED, syntax)
    yield from _items(file)


def _native(file: IO[bytes], element: Element, data: FileDataset, syntax: str) -> Iterator[bytes]:
    length = element.length
    expected = _expected(element.tag, data)
    if length == _UNDEFINED:
        length = expected
    if expected:
        length = min(length, expected)
    yield _head(element.tag, element.vr, length + length % 2, syntax)
    left = length
    while left:
        part = file.read(min(left, _PART))
        if not part:
            raise InputRejected(
                "truncated", "file", f"{length - left} of {length} bytes of pixels", "all of them",
                "Send it again.",
            )  # fmt: skip
        left -= len(part)
        yield part
    yield b"\0" * (length % 2)


def _expected(tag: int, data: Any) -> int:
    """Bytes that the frames take, 0 where the header does not say."""
    bits = {0x7FE00008: 32, 0x7FE00009: 64}.get(tag) or integer_of(data, "BitsAllocated")
    frames = max(integer_of(data, "NumberOfFrames", 1), 1)
    samples = integer_of(data, "SamplesPerPixel", 1) or 1
    count = integer_of(data, "Rows") * integer_of(data, "Columns") * samples * frames
    if str(data.get("PhotometricInterpretation", "")) == "YBR_FULL_422":
        count = count * 2 // 3
    return -(-count * bits // 8)


def _items(file: IO[bytes]) -> Iterator[bytes]:
    """Every fragment (PS3.5 A.4), its words blanked; lengths are checked before they are read."""
    here = file.tell()
    end = file.seek(0, 2)
    file.seek(here)
    while True:
        head = file.read(8)
        if len(head) < 8:
            raise _damaged("fragments without an end")
        group, element, length = struct.unpack("<HHI", head)
        if (group, element) == (0xFFFE, 0xE0DD):
            yield struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
            return
        if (group, element) != (0xFFFE, 0xE000) or length > end - file.tell():
            raise _damaged("fragments that contradict their lengths")
        yield head
        stream, _ = codestream.blanked(file.read(length))
        for at in range(0, len(stream), _PART):
            yield stream[at : at + _PART]


def _damaged(found: str) -> InputRejected:
    return InputRejected("damaged", "file", found, "encapsulated pixels", "Send it again.")
