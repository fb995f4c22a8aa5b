"""What JPEG, JPEG-LS and JPEG 2000 streams say besides their picture, blanked where it stands.

Comments and application segments may hold names, dates and serial numbers (ITU-T T.81 B.2.4,
ISO/IEC 15444-1 A.9.2). Their bytes become zeros and no length changes, so the picture and every
table of offsets stay as they are. Segments that decoding needs (JFIF, Adobe, SPIFF, HP's colour
transform) are left."""

from __future__ import annotations

import re
import struct

__all__ = ["blanked"]

_NEEDED = {0xE0: b"JFIF\0", 0xE8: b"", 0xEE: b"Adobe"}
_LATER = re.compile(rb"\xff[\xe0-\xef\xfe]")  # in coded data 0xFF stands before markers only
_END = b"\xff\xd9"


def blanked(stream: bytes) -> tuple[bytes, int]:
    """The stream without its words, of the same length, and how many segments held any.

    >>> blanked(bytes.fromhex("ffd8fffe00064a616e65ffd9"))[0].hex()
    'ffd8fffe000600000000ffd9'
    """
    if stream.startswith(b"\xff\xd8"):
        return _jpeg(bytearray(stream))
    if stream.startswith(b"\xff\x4f\xff\x51"):
        return _jpeg2000(bytearray(stream))
    return stream, 0


def _zero(stream: bytearray, start: int, end: int) -> int:
    end = min(end, len(stream))
    had = any(stream[start:end])
    stream[start:end] = bytes(max(end - start, 0))
    return int(had)


def _jpeg(stream: bytearray) -> tuple[bytes, int]:
    at, count = 2, 0
    while at + 4 <= len(stream) and stream[at] == 0xFF and stream[at + 1] != 0xDA:
        count += _segment(stream, at)
        at += 1 if stream[at + 1] == 0xFF else 2 + _length(stream, at)
    for found in _LATER.finditer(bytes(stream), at):
        count += _segment(stream, found.start())
    last = stream.rfind(_END)
    if last > 0:
        count += _zero(stream, last + 2, len(stream))
    return bytes(stream), count


def _length(stream: bytearray, at: int) -> int:
    return int(struct.unpack_from(">H", stream, at + 2)[0]) if at + 4 <= len(stream) else 2


def _segment(stream: bytearray, at: int) -> int:
    """Blank the segment there if it is words; whether it held any."""
    marker = stream[at + 1]
    if marker != 0xFE and not 0xE0 <= marker <= 0xEF:
        return 0
    needed = _NEEDED.get(marker)
    start, end = at + 4, at + 2 + _length(stream, at)
    if needed is not None and stream[start : start + len(needed)] == needed:
        spared = {0xE0: 14, 0xEE: 12}.get(marker, end - start)  # a JFIF thumbnail is a picture too
        start += spared
    return _zero(stream, start, end) if start < end else 0


def _jpeg2000(stream: bytearray) -> tuple[bytes, int]:
    at, count, part_start, part_length = 2, 0, 0, 0
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker == 0xD9:
            return bytes(stream), count + _zero(stream, at + 2, len(stream))
        if marker == 0x93:  # start of data: on to the next tile-part
            if part_length == 0:
                break
            at = part_start + part_length
            continue
        if marker == 0x90 and at + 12 <= len(stream):  # SOT: Lsot Isot Psot TPsot TNsot
            part_start, (part_length,) = at, struct.unpack_from(">I", stream, at + 6)
        if marker == 0x64:
            count += _zero(stream, at + 6, at + 2 + _length(stream, at))  # after Rcme
        at += 2 + max(_length(stream, at), 2)
    return bytes(stream), count
