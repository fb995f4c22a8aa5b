"""One compressed frame into stored values: who decodes which transfer syntax. Child only.

The size that the codestream states (SIZ, SOF) must equal Rows × Columns before a decoder is called:
a codestream of a few bytes may claim 30,000² and be believed. Decoders: imagecodecs (JPEG of every
process, JPEG-LS, JPEG 2000, HTJ2K, JPEG XL) and pylibjpeg-rle; all permissive licences."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from radgloss.dicom.header import Pixels
from radgloss.types import InputRejected

__all__ = ["NATIVE", "VIDEO", "Stream", "available", "decode", "examine"]

NATIVE = {
    "1.2.840.10008.1.2": "Implicit VR Little Endian",
    "1.2.840.10008.1.2.1": "Explicit VR Little Endian",
    "1.2.840.10008.1.2.2": "Explicit VR Big Endian",
    "1.2.840.10008.1.2.1.99": "Deflated Explicit VR Little Endian",
}
RLE = "1.2.840.10008.1.2.5"
VIDEO = ("1.2.840.10008.1.2.4.10",)  # every MPEG syntax begins so: 100 to 108
_JPEG = {f"1.2.840.10008.1.2.4.{n}": "jpeg" for n in ("50", "51", "57", "70")}
_LS = {f"1.2.840.10008.1.2.4.{n}": "jpeg-ls" for n in ("80", "81")}
_J2K = {f"1.2.840.10008.1.2.4.{n}": "jpeg2000" for n in ("90", "91", "92", "93")}
_HT = {f"1.2.840.10008.1.2.4.{n}": "htj2k" for n in ("201", "202", "203")}
_XL = {f"1.2.840.10008.1.2.4.{n}": "jpegxl" for n in ("110", "111", "112")}
COMPRESSED = {RLE: "rle", **_JPEG, **_LS, **_J2K, **_HT, **_XL}


@dataclass(frozen=True)
class Stream:
    """What a codestream says of itself. `adobe`: the APP14 colour transform, -1 without one."""

    rows: int
    columns: int
    samples: int
    precision: int
    signed: bool = False
    adobe: int = -1
    component_ids: bytes = b""
    colour_transform: bool = False  # JPEG 2000: the inverse is part of decoding


@functools.cache
def _library() -> Any:
    """imagecodecs, imported when the first frame needs it: it takes as long as many frames do."""
    import imagecodecs

    return imagecodecs


def available() -> dict[str, str]:
    """Transfer syntax UID → decoder, of everything that can be read here."""
    decoders = {
        "jpeg": ("JPEG8", "libjpeg-turbo"),
        "jpeg-ls": ("JPEGLS", "CharLS"),
        "jpeg2000": ("JPEG2K", "OpenJPEG"),
        "htj2k": ("HTJ2K", "OpenJPH"),
        "jpegxl": ("JPEGXL", "libjxl"),
    }
    found = dict.fromkeys(NATIVE, "numpy")
    for uid, name in COMPRESSED.items():
        if name == "rle":
            found[uid] = "pylibjpeg-rle"
        elif getattr(_library(), decoders[name][0]).available:
            found[uid] = decoders[name][1]
    return found


def decode(data: bytes, pixels: Pixels) -> np.ndarray:
    """One frame: (R, C) or (R, C, samples), stored values in an integer of their container."""
    name = COMPRESSED.get(pixels.syntax)
    if name is None:
        code = "video" if pixels.syntax.startswith(VIDEO) else "transfer-syntax"
        raise _refused(code, f"transfer syntax {pixels.syntax}", "a still picture's")
    if name == "rle":
        return _rle(data, pixels)
    stream = examine(data)
    wanted = (pixels.rows, pixels.columns, pixels.samples)
    if (stream.rows, stream.columns, stream.samples) != wanted and name != "jpegxl":
        found = f"a codestream of {stream.rows}×{stream.columns}×{stream.samples}"
        raise _refused("codestream", found, "×".join(map(str, wanted)))
    array: np.ndarray = _DECODERS[name](data, stream, pixels)
    if array.shape[:2] != wanted[:2] or array.size != np.prod(wanted):
        raise _refused("codestream", f"a frame of shape {array.shape}", "×".join(map(str, wanted)))
    return _signed(array.reshape(wanted if pixels.samples > 1 else wanted[:2]), stream, pixels)


def _jpeg(data: bytes, stream: Stream, pixels: Pixels) -> np.ndarray:
    """Colour as the data set says, not as the library guesses: RGB without an Adobe transform was
    coded as RGB, even if a library takes three components for YCbCr."""
    if pixels.samples == 3 and pixels.photometric == "RGB" and stream.adobe <= 0:
        return np.asarray(_library().jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB"))
    return np.asarray(_library().jpeg8_decode(data))


_DECODERS: dict[str, Callable[[bytes, Stream, Pixels], np.ndarray]] = {
    "jpeg": _jpeg,
    "jpeg-ls": lambda data, *_: _library().jpegls_decode(data),
    "jpeg2000": lambda data, *_: _library().jpeg2k_decode(data, numthreads=1),
    "htj2k": lambda data, *_: _library().htj2k_decode(data),
    "jpegxl": lambda data, *_: _library().jpegxl_decode(data, numthreads=1),
}


def _signed(array: np.ndarray, stream: Stream, pixels: Pixels) -> np.ndarray:
    """Bit patterns of the codestream's precision, read as Pixel Representation says.

    JPEG and JPEG-LS know no sign; some JPEG 2000 writers state the wrong one. Either way the low
    `precision` bits are right, so they are kept and their top bit is read as asked."""
    if pixels.signed == (array.dtype.kind == "i") and not (pixels.signed and not stream.signed):
        return array
    bits = min(stream.precision or pixels.stored, 8 * array.dtype.itemsize)
    kind = np.dtype(f"{'i' if pixels.signed else 'u'}{array.dtype.itemsize}")
    spare = 8 * array.dtype.itemsize - bits
    return (array.view(kind) << spare) >> spare


def _rle(data: bytes, pixels: Pixels) -> np.ndarray:
    """PS3.5 Annex G: segments are the bytes of a sample, most significant first, planes apart."""
    from rle.rle import decode_frame  # type: ignore[import-not-found]

    if len(data) < 64:
        raise _refused("truncated", f"{len(data)} bytes of RLE", "a header of 64 bytes")
    (segments,) = struct.unpack_from("<I", data)
    if segments != pixels.samples * pixels.allocated // 8:
        raise _refused("codestream", f"{segments} RLE segments", "one for each byte of a sample")
    raw = decode_frame(data, pixels.rows * pixels.columns, pixels.allocated, "<")
    kind = np.dtype(f"<{'i' if pixels.signed else 'u'}{pixels.allocated // 8}")
    planes = np.frombuffer(raw, kind).reshape(pixels.samples, pixels.rows, pixels.columns)
    return planes[0] if pixels.samples == 1 else np.moveaxis(planes, 0, -1)


# ------------------------------------------------------------------ what a codestream claims


def examine(data: bytes) -> Stream:
    """The claims of a JPEG, JPEG-LS, JPEG 2000 or JPEG XL codestream, read by hand."""
    start = data[:12]
    if start.startswith(b"\xff\x4f\xff\x51"):
        return _siz(data, 0)
    if start[4:8] == b"jP  ":
        where = data.find(b"\xff\x4f\xff\x51", 0, 4096)
        if where >= 0:
            return _siz(data, where)
    if start.startswith(b"\xff\xd8"):
        return _sof(data)
    if start.startswith(b"\xff\x0a") or start[4:8] == b"JXL ":
        return Stream(0, 0, 0, 0)  # checked after decoding; the child's cap holds until then
    raise _refused("codestream", "bytes that are no known codestream", "JPEG or JPEG 2000")


def _siz(data: bytes, where: int) -> Stream:
    """SIZ marker segment, ISO/IEC 15444-1 A.5.1."""
    if len(data) < where + 45:
        raise _refused("truncated", "a codestream without its size", "a whole one")
    x, y, x0, y0 = struct.unpack_from(">4I", data, where + 8)
    samples, depth = struct.unpack_from(">HB", data, where + 40)
    cod = data.find(b"\xff\x52", where, where + 65536)
    transform = cod >= 0 and len(data) > cod + 8 and data[cod + 8] == 1
    signed = bool(depth & 0x80)
    return Stream(y - y0, x - x0, samples, (depth & 0x7F) + 1, signed, colour_transform=transform)


def _sof(data: bytes) -> Stream:
    """Frame header of a JPEG or JPEG-LS codestream, ITU-T T.81 B.2.2."""
    at, adobe = 2, -1
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker == 0xEE and data[at + 4 : at + 9] == b"Adobe" and length >= 14:
            adobe = data[at + 15]
        if marker in _FRAMES and at + 10 <= len(data):
            precision, rows, columns, samples = struct.unpack_from(">BHHB", data, at + 4)
            ids = data[at + 10 : at + 10 + 3 * samples : 3]
            return Stream(rows, columns, samples, precision, adobe=adobe, component_ids=ids)
        at += 2 + length
    raise _refused("truncated", "a JPEG without a frame header", "a whole one")


_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def _refused(code: str, found: str, wanted: str) -> InputRejected:
    return InputRejected(code, "file", found, wanted, "Ask for the file again, or leave it out.")
