"""A DICOM file's header into plain values, by pydicom. Child only.

Lenient where files of honest makers differ from the standard, strict where a lie costs memory:
sizes, lengths and depth are checked before anybody believes them."""

from __future__ import annotations

import functools
import io
import math
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

import numpy as np
import pydicom
from pydicom import config
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from radgloss.dicom import codecs
from radgloss.dicom.header import MARKS, Header, Pixels, Plane, Table, Voi
from radgloss.dicom.limits import Limits
from radgloss.dicom.source import Source, inflate
from radgloss.types import Identity, InputRejected

__all__ = ["body", "dataset", "header", "meta"]

config.settings.reading_validation_mode = config.IGNORE
DEFLATED = "1.2.840.10008.1.2.1.99"
DICOMDIR = "1.2.840.10008.1.3.10"
_PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)


def body(source: Source, syntax: str, limits: Limits) -> IO[bytes]:
    """The file in which pixel offsets count: itself, or what it inflates to (PS3.5 A.5)."""
    if syntax != DEFLATED:
        return source.file
    source.file.seek(0)
    return io.BytesIO(_inflated(source.file.read(), limits))


def _inflated(data: bytes, limits: Limits) -> bytes:
    """Meta information as it is, then the deflated rest inflated."""
    if data[128:132] != b"DICM" or data[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        raise _refused("damaged", "a deflated file without its length of meta information")
    (length,) = struct.unpack_from("<I", data, 140)
    start = 144 + length
    return data[:start] + inflate(data[start:], limits)


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
        file = io.BytesIO(_inflated(file.read(), limits))
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
    meta = FileMetaDataset(read(file, False, True, stop_when=lambda tag, vr, n: tag.group != 2))
    data = read(file, implicit, True, stop_when=lambda tag, vr, n: tag in _PIXEL_TAGS)
    encoding = data.original_encoding[0] if data.original_encoding[0] is not None else implicit
    return FileDataset(file, data, b"", meta, encoding, True)


def _looks_like_dicom(start: bytes) -> bool:
    """A data set without preamble: its first tag is of group 2 or 8, in either byte order."""
    if len(start) < 8:
        return False
    little, big = struct.unpack_from("<H", start)[0], struct.unpack_from(">H", start)[0]
    element = struct.unpack_from("<H" if little in (2, 8) else ">H", start, 2)[0]
    return (little in (2, 8) or big in (2, 8)) and element <= 0x70


def header(source: Source, limits: Limits) -> Header:
    """Parse one file. Raises InputRejected; whatever else is raised, the server translates."""
    digest = source.digest()
    data, file = dataset(source, limits)
    if str(data.file_meta.get("MediaStorageSOPClassUID", "")) == DICOMDIR:
        raise _refused("dicomdir", "a DICOMDIR, which only lists other files")
    if "SOPClassUID" not in data and "Rows" not in data and "SOPInstanceUID" not in data:
        if source.preamble:
            raise _refused("damaged", "a DICOM file that ends before it says what it is")
        raise _refused("not-dicom", "a data set that is no DICOM object")
    _check_depth(data, limits.nesting)
    pixels = _pixels(data, file, source, limits)
    planes, notes = _planes(data, pixels.frames if pixels else 0)
    return Header(
        digest=digest,
        size=source.size,
        sop_instance_uid=_text(data, "SOPInstanceUID"),
        sop_class_uid=_text(data, "SOPClassUID"),
        study_uid=_text(data, "StudyInstanceUID"),
        series_uid=_text(data, "SeriesInstanceUID"),
        frame_of_reference=_text(data, "FrameOfReferenceUID"),
        transfer_syntax=_text(data.file_meta, "TransferSyntaxUID"),
        identity=_identity(data),
        age=_text(data, "PatientAge"),
        modality=_text(data, "Modality"),
        study_description=_text(data, "StudyDescription"),
        series_description=_text(data, "SeriesDescription"),
        series_number=_integer(data, "SeriesNumber"),
        instance_number=_integer(data, "InstanceNumber"),
        body_part=_text(data, "BodyPartExamined"),
        laterality=_text(data, "ImageLaterality") or _text(data, "Laterality"),
        view=_view(data),
        image_type=_texts(data, "ImageType"),
        units=_units(data),
        patient_orientation=_texts(data, "PatientOrientation"),
        imager_spacing=_numbers(data, "ImagerPixelSpacing", 2),
        nominal_spacing=_numbers(data, "NominalScannedPixelSpacing", 2),
        calibration=_text(data, "PixelSpacingCalibrationType"),
        magnification=_number(data, "EstimatedRadiographicMagnificationFactor", 0.0),
        aspect=_numbers(data, "PixelAspectRatio", 2),
        presentation_inverse=_text(data, "PresentationLUTShape") == "INVERSE",
        synthetic=_text(data, "SyntheticData") == "YES",
        windows=_windows(data),
        tables=_tables(data),
        pixels=pixels,
        planes=planes,
        notes=(*notes, *_leftover(pixels)),
    )


def meta(source: Source, limits: Limits) -> dict[str, str]:
    """The file meta information (group 2), as text."""
    data, _ = dataset(source, limits)
    return {e.keyword: str(e.value)[:80] for e in data.file_meta if e.VR != "OB"}


# ------------------------------------------------------------------ plain values


@functools.cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def _value(data: Dataset, keyword: str) -> Any:
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


def _text(data: Dataset, keyword: str) -> str:
    value = _value(data, keyword)
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, pydicom.multival.MultiValue | list):
        value = value[0] if len(value) else ""
    return str(value).replace("\0", "").strip()[:1024]


def _texts(data: Dataset, keyword: str) -> tuple[str, ...]:
    value = _value(data, keyword)
    if value is None:
        return ()
    many = value if isinstance(value, pydicom.multival.MultiValue | list) else [value]
    return tuple(str(v).strip() for v in many)[:16]


def _integer(data: Dataset, keyword: str, default: int = 0) -> int:
    number = _number(data, keyword, float(default))
    return int(number) if abs(number) < 1 << 53 else default


def _number(data: Dataset, keyword: str, default: float) -> float:
    values = _numbers(data, keyword, 1)
    return values[0] if values else default


def _numbers(data: Dataset, keyword: str, count: int) -> tuple[float, ...]:
    """Exactly `count` finite numbers, else ()."""
    value = _value(data, keyword)
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


def _first(data: Dataset, keyword: str) -> Dataset:
    """The first item of a sequence, or an empty one."""
    value = _value(data, keyword)
    return value[0] if isinstance(value, Sequence) and len(value) else _NONE


_NONE = Dataset()  # an item that is not there


def _identity(data: Dataset) -> Identity:
    return Identity(
        patient_id=_text(data, "PatientID"),
        issuer=_text(data, "IssuerOfPatientID"),
        patient_name=_text(data, "PatientName"),
        birth_date=_text(data, "PatientBirthDate"),
        sex=_text(data, "PatientSex"),
        study_date=_text(data, "StudyDate"),
        study_time=_text(data, "StudyTime"),
        study_id=_text(data, "StudyID"),
        accession_number=_text(data, "AccessionNumber"),
        referring_physician=_text(data, "ReferringPhysicianName"),
    )


def _view(data: Dataset) -> str:
    stated = _text(data, "ViewPosition")
    if stated:
        return stated
    codes = {"399348003": "AP", "399033003": "LL", "399074000": "PA", "260421001": "LL"}
    code = _text(_first(data, "ViewCodeSequence"), "CodeValue")
    return {"R-10202": "AP", "R-10206": "AP", "R-10214": "PA", "R-10236": "LL"}.get(
        code, codes.get(code, "")
    )


def _units(data: Dataset) -> str:
    stated = _text(data, "Units") or _text(data, "RescaleType") or _text(data, "DoseUnits")
    if stated and stated != "US":  # US: unspecified
        return stated
    has_scale = "RescaleIntercept" in data or "SharedFunctionalGroupsSequence" in data
    return "HU" if _text(data, "Modality") == "CT" and has_scale else ""


def _check_depth(data: Dataset, most: int) -> None:
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


# ------------------------------------------------------------------ pixels


def _pixels(data: Dataset, file: IO[bytes], source: Source, limits: Limits) -> Pixels | None:
    rows, columns = _integer(data, "Rows"), _integer(data, "Columns")
    found = _pixel_element(data, file)
    if found is None or not rows or not columns:
        return None
    tag, vr, length, offset = found
    allocated = {0x7FE00008: 32, 0x7FE00009: 64}.get(tag, _integer(data, "BitsAllocated", 16))
    stored = min(_integer(data, "BitsStored", allocated) or allocated, allocated)
    high = _integer(data, "HighBit", stored - 1)
    syntax = _text(data.file_meta, "TransferSyntaxUID") or _guessed_syntax(data)
    pixels = Pixels(
        rows=rows,
        columns=columns,
        frames=max(_integer(data, "NumberOfFrames", 1), 1),
        samples=_integer(data, "SamplesPerPixel", 1) or 1,
        photometric=_text(data, "PhotometricInterpretation") or "MONOCHROME2",
        allocated=allocated,
        stored=stored,
        high=high if stored - 1 <= high < allocated else stored - 1,
        signed=_integer(data, "PixelRepresentation") == 1,
        planar=_integer(data, "PlanarConfiguration"),
        kind={0x7FE00008: "float", 0x7FE00009: "double"}.get(tag, "int"),
        vr=vr,
        syntax=syntax,
        big_endian=data.original_encoding[1] is False,
        offset=offset,
        length=-1 if length == 0xFFFFFFFF else length,
        offsets=_long_table(data, "ExtendedOffsetTable"),
        lengths=_long_table(data, "ExtendedOffsetTableLengths"),
        padding=_padding(data),
        modality_lut=_table(_first(data, "ModalityLUTSequence"), _signed(data)),
    )
    _check_budget(pixels, _end(file), limits)
    return pixels


def _end(file: IO[bytes]) -> int:
    here = file.tell()
    end = file.seek(0, 2)
    file.seek(here)
    return end


def _signed(data: Dataset) -> bool:
    """The first value mapped is signed where the pixels are (PS3.3 C.11.1.1)."""
    return _integer(data, "PixelRepresentation") == 1


def _guessed_syntax(data: Dataset) -> str:
    implicit, little = data.original_encoding
    if implicit:
        return "1.2.840.10008.1.2"
    return "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"


def _pixel_element(data: Dataset, file: IO[bytes]) -> tuple[int, str, int, int] | None:
    """Tag, VR, length and value position of the pixel data at the file's position."""
    implicit, little = data.original_encoding
    start = file.read(12)
    if len(start) < 8:
        return None
    order = "<" if little else ">"
    group, element = struct.unpack_from(f"{order}HH", start)
    tag = group << 16 | element
    if tag not in _PIXEL_TAGS:
        return None
    here = file.tell() - len(start)
    explicit = start[4:6].isalpha()  # some switch to implicit half way, pydicom follows them
    if implicit or not explicit:
        return tag, "OW", struct.unpack_from(f"{order}I", start, 4)[0], here + 8
    if len(start) < 12:
        return None
    vr = start[4:6].decode("latin-1")
    return tag, vr, struct.unpack_from(f"{order}I", start, 8)[0], here + 12


def _long_table(data: Dataset, keyword: str) -> tuple[int, ...]:
    value = _value(data, keyword)
    if not isinstance(value, bytes) or len(value) % 8:
        return ()
    return tuple(int(v) for v in np.frombuffer(value, "<u8"))


def _padding(data: Dataset) -> tuple[float, ...]:
    value = _numbers(data, "PixelPaddingValue", 1) or _numbers(data, "FloatPixelPaddingValue", 1)
    if not value:
        return ()
    limit = _numbers(data, "PixelPaddingRangeLimit", 1)
    other = limit[0] if limit else value[0]
    if _integer(data, "PixelRepresentation") == 1:  # some write the bit pattern as unsigned
        bits = _integer(data, "BitsAllocated", 16)
        value = (_as_signed(value[0], bits),)
        other = _as_signed(other, bits)
    return min(value[0], other), max(value[0], other)


def _as_signed(value: float, bits: int) -> float:
    return value - (1 << bits) if value >= 1 << (bits - 1) else value


def _check_budget(pixels: Pixels, end: int, limits: Limits) -> None:
    """Nothing is allocated for sizes that do not fit (see Limits), nor for bytes that lack."""
    if pixels.allocated not in (1, 8, 16, 32, 64) or not 1 <= pixels.samples <= 4:
        found = f"{pixels.samples} samples of {pixels.allocated} bits"
        raise _refused("unsupported", found)
    if pixels.syntax.startswith(codecs.VIDEO) and pixels.syntax not in codecs.COMPRESSED:
        raise InputRejected(
            "video", "file", "a video", "still pictures", "Export its frames, or leave it out."
        )
    if pixels.syntax not in codecs.NATIVE and pixels.syntax not in codecs.COMPRESSED:
        raise _refused("transfer-syntax", f"transfer syntax {pixels.syntax[:64]}")
    size = f"{pixels.frames} frames of {pixels.rows}×{pixels.columns}"
    real = pixels.rows * pixels.columns * 4
    if (
        max(pixels.frame_bytes, real) > limits.frame_bytes
        or pixels.frames * real * pixels.samples > limits.pixels_bytes
        or pixels.frames > limits.frames
    ):
        raise _refused("too-large", size, "pictures within Limits")
    if 3 * max(pixels.frame_bytes, real) > limits.memory_bytes:  # coded, decoded and real values
        raise _refused("memory", size, "frames that fit into Limits.memory_bytes")
    if pixels.syntax in codecs.NATIVE:
        bits = pixels.rows * pixels.columns * pixels.samples * pixels.allocated * pixels.frames
        if pixels.photometric == "YBR_FULL_422":
            bits = bits * 2 // 3
        if pixels.offset + -(-bits // 8) > end:
            found = f"{max(end - pixels.offset, 0)} bytes of pixels for {size}"
            raise InputRejected("truncated", "file", found, "all of them", "Send it again.")


def _leftover(pixels: Pixels | None) -> list[str]:
    """A word about whole frames of bytes that NumberOfFrames does not count."""
    if pixels is None or pixels.syntax not in codecs.NATIVE or pixels.samples > 1:
        return []
    more = (pixels.length - pixels.frames * pixels.frame_bytes) // max(pixels.frame_bytes, 1)
    return [f"pixel data hold {more} more frames than stated"] if more > 0 else []


# ------------------------------------------------------------------ windows and tables


def _windows(data: Dataset) -> tuple[Voi, ...]:
    where = data
    if "WindowCenter" not in data:
        where = _first(_functional(data, 0), "FrameVOILUTSequence")
    centers, widths = _many(where, "WindowCenter"), _many(where, "WindowWidth")
    words = _texts(where, "WindowCenterWidthExplanation")
    function = _text(where, "VOILUTFunction") or "LINEAR"
    pairs = zip(centers, widths, strict=False)
    return tuple(
        Voi(c, w, function, words[i] if i < len(words) else "")
        for i, (c, w) in enumerate(pairs)
        if w > 0 and (w >= 1 or function != "LINEAR")
    )


def _many(data: Dataset, keyword: str) -> tuple[float, ...]:
    value = _value(data, keyword)
    if value is None:
        return ()
    many = value if isinstance(value, pydicom.multival.MultiValue | list) else [value]
    try:
        numbers = tuple(float(v) for v in many)
    except (TypeError, ValueError):
        return ()
    return numbers[:64] if all(map(math.isfinite, numbers)) else ()


def _tables(data: Dataset) -> tuple[Table, ...]:
    items = data.get("VOILUTSequence")
    if not isinstance(items, Sequence):
        return ()
    signed = _signed(data) or _number(data, "RescaleIntercept", 0.0) < 0
    made = (_table(item, signed) for item in items[:16])
    return tuple(table for table in made if table is not None)


def _table(item: Dataset, signed: bool) -> Table | None:
    """A LUT item (PS3.3 C.11.1.1): descriptor of entries, first value mapped, bits."""
    described = _numbers(item, "LUTDescriptor", 3)
    values = item.get("LUTData")
    if not described or values is None:
        return None
    entries, first, bits = (int(d) for d in described)
    entries = entries or 65536
    if not 1 <= bits <= 16 or not 0 < entries <= 65536:
        return None
    array = _entries(values, entries)
    if signed and first >= 1 << 15:
        first -= 1 << 16
    words = _text(item, "LUTExplanation") or _text(item, "ModalityLUTType")
    return Table.of(first, bits, array, words) if len(array) else None


def palette(data: Dataset, colour: str) -> Table | None:
    """One of the tables of a palette (PS3.3 C.7.9); `colour` is Red, Green or Blue."""
    item = Dataset()
    described = _numbers(data, f"{colour}PaletteColorLookupTableDescriptor", 3)
    values = data.get(f"{colour}PaletteColorLookupTableData")
    if not described or not isinstance(values, bytes):
        return None
    item.LUTDescriptor = [int(d) for d in described]
    item.LUTData = values
    return _table(item, _signed(data))


def _entries(values: Any, entries: int) -> np.ndarray:
    if isinstance(values, bytes):
        kind = "<u2" if len(values) >= 2 * entries else "u1"
        return np.frombuffer(values, kind, min(entries, len(values) // np.dtype(kind).itemsize))
    many = list(values) if isinstance(values, pydicom.multival.MultiValue | list) else [values]
    return np.array(many[:entries], dtype=np.int64).astype(np.uint16)


# ------------------------------------------------------------------ frames


def _functional(data: Dataset, number: int) -> Dataset:
    """The functional groups of a frame: its own, over the shared ones (PS3.3 C.7.6.16)."""
    shared = _first(data, "SharedFunctionalGroupsSequence")
    items = data.get("PerFrameFunctionalGroupsSequence")
    own = items[number] if isinstance(items, Sequence) and number < len(items) else Dataset()
    both = Dataset()
    both.update(shared)
    both.update(own)
    return both


def _planes(data: Dataset, count: int) -> tuple[tuple[Plane, ...], list[str]]:
    if not count:
        return (), []
    if "SharedFunctionalGroupsSequence" in data or "PerFrameFunctionalGroupsSequence" in data:
        return tuple(_enhanced(data, number) for number in range(count)), []
    plane = Plane(
        position=_numbers(data, "ImagePositionPatient", 3),
        orientation=_numbers(data, "ImageOrientationPatient", 6),
        spacing=_numbers(data, "PixelSpacing", 2),
        slope=_number(data, "RescaleSlope", 1.0) or 1.0,
        intercept=_number(data, "RescaleIntercept", 0.0),
        marks=_marks(data),
    )
    if "DoseGridScaling" in data:
        plane = replace(plane, slope=_number(data, "DoseGridScaling", 1.0) or 1.0)
    if count == 1:
        return (plane,), []
    offsets = _many(data, "GridFrameOffsetVector")
    if len(plane.orientation) == 6 and len(plane.position) == 3 and len(offsets) == count:
        return _offset_planes(plane, [o - offsets[0] for o in offsets]), []
    return _nuclear(data, plane, count)


def _offset_planes(plane: Plane, offsets: list[float]) -> tuple[Plane, ...]:
    """Frames shifted along the normal (RT Dose, PS3.3 C.8.8.3.2; NM reconstructions)."""
    normal = np.cross(plane.orientation[:3], plane.orientation[3:])
    return tuple(
        replace(plane, position=tuple(float(p) for p in np.array(plane.position) + o * normal))
        for o in offsets
    )


def _nuclear(data: Dataset, plane: Plane, count: int) -> tuple[tuple[Plane, ...], list[str]]:
    """NM tomography: first slice's place and SpacingBetweenSlices (PS3.3 C.8.4.9, C.8.4.15)."""
    detector = _first(data, "DetectorInformationSequence")
    position = _numbers(detector, "ImagePositionPatient", 3) or plane.position
    orientation = _numbers(detector, "ImageOrientationPatient", 6) or plane.orientation
    step = _number(data, "SpacingBetweenSlices", 0.0)
    slices = _many(data, "SliceVector")
    if len(position) == 3 and len(orientation) == 6 and step and len(slices) == count:
        first = replace(plane, position=position, orientation=orientation)
        return _offset_planes(first, [(s - 1) * step for s in slices]), []
    return (replace(plane, position=()),) * count, ["frames without a position of their own"]


def _enhanced(data: Dataset, number: int) -> Plane:
    groups = _functional(data, number)
    scale = _first(groups, "PixelValueTransformationSequence")
    measures = _first(groups, "PixelMeasuresSequence")
    return Plane(
        position=_numbers(_first(groups, "PlanePositionSequence"), "ImagePositionPatient", 3),
        orientation=_numbers(
            _first(groups, "PlaneOrientationSequence"), "ImageOrientationPatient", 6
        ),
        spacing=_numbers(measures, "PixelSpacing", 2),
        slope=_number(scale, "RescaleSlope", 1.0) or 1.0,
        intercept=_number(scale, "RescaleIntercept", 0.0),
        marks=_enhanced_marks(groups),
    )


def _marks(data: Dataset) -> tuple[str, ...]:
    b_value = _number(data, "DiffusionBValue", -1.0)
    found = {
        "ImageType": "\\".join(_texts(data, "ImageType")[2:]),
        "EchoTime": _text(data, "EchoTime"),
        "InversionTime": _text(data, "InversionTime"),
        "DiffusionBValue": "" if b_value < 0 else f"{b_value:g}",
        "TemporalPosition": _text(data, "TemporalPositionIdentifier"),
        "TriggerTime": _text(data, "TriggerTime"),
        "ContentTime": _text(data, "AcquisitionTime"),
        "AcquisitionNumber": _text(data, "AcquisitionNumber"),
    }
    return tuple(found.get(name, "") for name in MARKS)


def _enhanced_marks(groups: Dataset) -> tuple[str, ...]:
    content = _first(groups, "FrameContentSequence")
    diffusion = _first(groups, "MRDiffusionSequence")
    gradient = _first(diffusion, "DiffusionGradientDirectionSequence")
    kind = _first(groups, "MRImageFrameTypeSequence") or _first(groups, "CTImageFrameTypeSequence")
    found = {
        "StackID": _text(content, "StackID"),
        "ImageType": "\\".join(_texts(kind, "FrameType")[2:]),
        "EchoTime": _text(_first(groups, "MREchoSequence"), "EffectiveEchoTime"),
        "InversionTime": _text(_first(groups, "MRModifierSequence"), "InversionTimes"),
        "DiffusionBValue": _text(diffusion, "DiffusionBValue"),
        "DiffusionDirection": "\\".join(_texts(gradient, "DiffusionGradientOrientation")),
        "TemporalPosition": _text(content, "TemporalPositionIndex"),
        "TriggerTime": _text(
            _first(groups, "CardiacSynchronizationSequence"), "NominalCardiacTriggerDelayTime"
        ),
        "SegmentNumber": _text(
            _first(groups, "SegmentIdentificationSequence"), "ReferencedSegmentNumber"
        ),
    }
    return tuple(found.get(name, "") for name in MARKS)


def _refused(code: str, found: str, wanted: str = "a DICOM image") -> InputRejected:
    return InputRejected(code, "file", found, wanted, "Leave it out.")
