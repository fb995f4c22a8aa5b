"""A file's bytes into a data set, up to its pixels, by pydicom. Child only.

Depth of sequences and sizes of inflated data are checked here."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import IO, Any

import pydicom
from pydicom import config
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence

from radgloss.dicom.limits import Limits
from radgloss.dicom.plain import PIXEL_TAGS
from radgloss.dicom.source import DEFLATED, Source, inflated
from radgloss.types import InputRejected

__all__ = ["check_depth", "dataset"]

config.settings.reading_validation_mode = config.IGNORE


def dataset(source: Source, limits: Limits) -> tuple[FileDataset, IO[bytes]]:
    """Everything before the pixels, and the file positioned at the pixel data element."""
    file = source.file
    start = file.read(4096)
    file.seek(0)
    plain = start[128:132] != b"DICM"
    source.preamble = not plain
    if plain and not _looks_like_dicom(start):
        raise InputRejected(
            "not-dicom", "file", "bytes that are not DICOM", "a DICOM file", "Leave it out."
        )
    syntax = "" if plain else _syntax(start)
    if syntax == DEFLATED:
        file = io.BytesIO(inflated(file.read(), limits))
        data = _read_known(file, False)
    elif not plain and syntax in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1"):
        data = _read_known(file, syntax == "1.2.840.10008.1.2")
    else:
        data = pydicom.dcmread(file, stop_before_pixels=True, force=plain)
    return data, file


def _syntax(start: bytes) -> str:
    """The transfer syntax in the meta information, which is explicit little endian (PS3.10 7.1)."""
    at = 132
    while at + 8 <= len(start) and start[at : at + 2] == b"\x02\x00":
        long = start[at + 4 : at + 6] in (b"OB", b"UN", b"SQ", b"OW", b"UT")
        if long and at + 12 > len(start):
            break
        head, form, where = (12, "<I", at + 8) if long else (8, "<H", at + 6)
        (length,) = struct.unpack_from(form, start, where)
        if start[at + 2 : at + 4] == b"\x10\x00":
            return start[at + head : at + head + length].rstrip(b"\0 ").decode("latin-1")
        at += head + length
    return ""


def _read_known(file: IO[bytes], implicit: bool) -> FileDataset:
    """Read a little endian file, or an inflated one, which dcmread would inflate again.

    What dcmread does besides (looking at the syntax in three ways) takes as long as the reading."""
    file.seek(132)
    read: Any = pydicom.filereader.read_dataset
    meta = FileMetaDataset(read(file, False, True, stop_when=lambda tag, vr, n: tag >> 16 != 2))
    data = read(file, implicit, True, stop_when=lambda tag, vr, n: tag in PIXEL_TAGS)
    encoding = data.original_encoding[0] if data.original_encoding[0] is not None else implicit
    return FileDataset(file, data, b"", meta, encoding, True)


def _looks_like_dicom(start: bytes) -> bool:
    """A data set without preamble: its first tag is of group 2 or 8, in either byte order."""
    if len(start) < 8:
        return False
    little, big = struct.unpack_from("<H", start)[0], struct.unpack_from(">H", start)[0]
    element = struct.unpack_from("<H" if little in (2, 8) else ">H", start, 2)[0]
    return (little in (2, 8) or big in (2, 8)) and element <= 0x70


def check_depth(data: Dataset, most: int) -> None:
    """Sequences deeper than `most` are refused; defined-length ones are not opened to look."""
    level = [data]
    for _ in range(most):
        level = [item for d in level for item in _opened_items(d)]
        if not level:
            return
    raise _refused("nesting", f"sequences nested deeper than {most}")


def _opened_items(data: Dataset) -> Iterator[Dataset]:
    for element in data._dict.values():
        if getattr(element, "VR", "") == "SQ" and isinstance(element.value, Sequence):
            yield from element.value


def _refused(code: str, found: str) -> InputRejected:
    return InputRejected(code, "file", found, "a DICOM image", "Leave it out.")
