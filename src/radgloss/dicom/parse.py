"""A DICOM file's header into plain values, by pydicom. Child only.

Lenient where files of honest makers differ from the standard, strict where a lie costs memory:
sizes, lengths and depth are checked before anybody believes them."""

from __future__ import annotations

import struct
from typing import IO, Any

import numpy as np

from radgloss.dicom import codecs
from radgloss.dicom.header import Header, Pixels
from radgloss.dicom.limits import Limits
from radgloss.dicom.plain import PIXEL_TAGS, Plain, Unusual, elements
from radgloss.dicom.planes import planes_of, region_spacing
from radgloss.dicom.source import Source
from radgloss.dicom.tables import table_of, tables_of, windows_of
from radgloss.dicom.values import (
    Data,
    first_of,
    integer_of,
    is_signed,
    number_of,
    numbers_of,
    text_of,
    texts_of,
    value_of,
)
from radgloss.types import Identity, InputRejected

__all__ = ["header", "meta", "opened_header", "pixel_element", "plain_header"]

DICOMDIR = "1.2.840.10008.1.3.10"


def header(source: Source, limits: Limits, digest: bool = True) -> Header:
    """Parse one file; its digest is "" unless asked for, for it takes as long as the parsing.

    Raises InputRejected; whatever else is raised, the server translates."""
    try:
        return plain_header(source, limits, digest)
    except Unusual:
        source.file.seek(0)
        return opened_header(source, limits, digest)


def plain_header(source: Source, limits: Limits, digest: bool = True) -> Header:
    """The same of an ordinary file, without pydicom. Raises Unusual as well."""
    plain = elements(source.file)
    source.file.seek(plain.end)
    source.preamble = True
    return _header(plain, source.file, source, limits, digest)


def opened_header(source: Source, limits: Limits, digest: bool = True) -> Header:
    """The same of any file, by pydicom."""
    from radgloss.dicom.opening import check_depth, dataset

    try:
        data, file = dataset(source, limits)
    except (EOFError, struct.error):  # in the length of an element
        raise _cut_off() from None
    except OSError as error:
        if error.errno is None:  # pydicom's own: a sequence without an end
            raise _cut_off() from None
        raise
    check_depth(data, limits.nesting)
    return _header(data, file, source, limits, digest)


def _header(data: Data, file: IO[bytes], source: Source, limits: Limits, digest: bool) -> Header:
    if text_of(data.file_meta, "MediaStorageSOPClassUID") == DICOMDIR:
        raise _refused("dicomdir", "a DICOMDIR, which only lists other files")
    if "SOPClassUID" not in data and "Rows" not in data and "SOPInstanceUID" not in data:
        if source.preamble:
            raise _refused("damaged", "a DICOM file that ends before it says what it is")
        raise _refused("not-dicom", "a data set that is no DICOM object")
    pixels = _pixels(data, file, source, limits)
    planes, notes = planes_of(data, pixels.frames if pixels else 0)
    region, more = region_spacing(data)
    return Header(
        digest=source.digest() if digest else "",
        size=source.size,
        sop_instance_uid=text_of(data, "SOPInstanceUID"),
        sop_class_uid=text_of(data, "SOPClassUID"),
        study_uid=text_of(data, "StudyInstanceUID"),
        series_uid=text_of(data, "SeriesInstanceUID"),
        frame_of_reference=text_of(data, "FrameOfReferenceUID"),
        transfer_syntax=text_of(data.file_meta, "TransferSyntaxUID"),
        identity=_identity(data),
        age=text_of(data, "PatientAge"),
        modality=text_of(data, "Modality"),
        study_description=text_of(data, "StudyDescription"),
        series_description=text_of(data, "SeriesDescription"),
        series_number=integer_of(data, "SeriesNumber"),
        instance_number=integer_of(data, "InstanceNumber"),
        body_part=text_of(data, "BodyPartExamined"),
        laterality=text_of(data, "ImageLaterality") or text_of(data, "Laterality"),
        view=_view(data),
        image_type=texts_of(data, "ImageType"),
        units=_units(data),
        patient_orientation=texts_of(data, "PatientOrientation"),
        imager_spacing=numbers_of(data, "ImagerPixelSpacing", 2),
        nominal_spacing=numbers_of(data, "NominalScannedPixelSpacing", 2),
        calibration=text_of(data, "PixelSpacingCalibrationType"),
        magnification=number_of(data, "EstimatedRadiographicMagnificationFactor", 0.0),
        aspect=numbers_of(data, "PixelAspectRatio", 2),
        presentation_inverse=text_of(data, "PresentationLUTShape") == "INVERSE",
        synthetic=text_of(data, "SyntheticData") == "YES",
        windows=windows_of(data),
        tables=tables_of(data),
        pixels=pixels,
        planes=planes,
        notes=(*notes, *more, *_leftover(pixels)),
        region_spacing=region,
    )


def meta(source: Source, limits: Limits) -> dict[str, str]:
    """The file meta information (group 2), as text."""
    from radgloss.dicom.opening import dataset

    data, _ = dataset(source, limits)
    return {e.keyword: str(e.value)[:80] for e in data.file_meta if e.VR != "OB"}


def _identity(data: Data) -> Identity:
    return Identity(
        patient_id=text_of(data, "PatientID"),
        issuer=text_of(data, "IssuerOfPatientID"),
        patient_name=text_of(data, "PatientName"),
        birth_date=text_of(data, "PatientBirthDate"),
        sex=text_of(data, "PatientSex"),
        study_date=text_of(data, "StudyDate"),
        study_time=text_of(data, "StudyTime"),
        study_id=text_of(data, "StudyID"),
        accession_number=text_of(data, "AccessionNumber"),
        referring_physician=text_of(data, "ReferringPhysicianName"),
    )


def _view(data: Data) -> str:
    stated = text_of(data, "ViewPosition")
    if stated:
        return stated
    codes = {"399348003": "AP", "399033003": "LL", "399074000": "PA", "260421001": "LL"}
    code = text_of(first_of(data, "ViewCodeSequence"), "CodeValue")
    return {"R-10202": "AP", "R-10206": "AP", "R-10214": "PA", "R-10236": "LL"}.get(
        code, codes.get(code, "")
    )


def _units(data: Data) -> str:
    stated = text_of(data, "Units") or text_of(data, "RescaleType") or text_of(data, "DoseUnits")
    if stated and stated != "US":  # US: unspecified
        return stated
    has_scale = "RescaleIntercept" in data or "SharedFunctionalGroupsSequence" in data
    return "HU" if text_of(data, "Modality") == "CT" and has_scale else ""


# ------------------------------------------------------------------ pixels


def _pixels(data: Data, file: IO[bytes], source: Source, limits: Limits) -> Pixels | None:
    rows, columns = integer_of(data, "Rows"), integer_of(data, "Columns")
    found = pixel_element(data, file)
    if not rows or not columns:
        return None
    if found is None:
        _check_whole(data, file)
        return None
    tag, vr, length, offset = found
    allocated = {0x7FE00008: 32, 0x7FE00009: 64}.get(tag, integer_of(data, "BitsAllocated", 16))
    stored = min(integer_of(data, "BitsStored", allocated) or allocated, allocated)
    high = integer_of(data, "HighBit", stored - 1)
    syntax = text_of(data.file_meta, "TransferSyntaxUID") or _guessed_syntax(data)
    pixels = Pixels(
        rows=rows,
        columns=columns,
        frames=max(integer_of(data, "NumberOfFrames", 1), 1),
        samples=integer_of(data, "SamplesPerPixel", 1) or 1,
        photometric=text_of(data, "PhotometricInterpretation") or "MONOCHROME2",
        allocated=allocated,
        stored=stored,
        high=high if stored - 1 <= high < allocated else stored - 1,
        signed=integer_of(data, "PixelRepresentation") == 1,
        planar=integer_of(data, "PlanarConfiguration"),
        kind={0x7FE00008: "float", 0x7FE00009: "double"}.get(tag, "int"),
        vr=vr,
        syntax=syntax,
        big_endian=data.original_encoding[1] is False,
        offset=offset,
        length=-1 if length == 0xFFFFFFFF else length,
        offsets=_long_table(data, "ExtendedOffsetTable"),
        lengths=_long_table(data, "ExtendedOffsetTableLengths"),
        padding=_padding(data),
        modality_lut=table_of(first_of(data, "ModalityLUTSequence"), is_signed(data)),
    )
    _check_budget(pixels, _end(file), limits)
    return pixels


def _check_whole(data: Data, file: IO[bytes]) -> None:
    """A picture without pixels whose bytes end within an element was cut off."""
    if isinstance(data, Plain):
        return  # its lengths add up
    stored: Any = data._dict.values()
    ends = [e.value_tell + e.length for e in stored if getattr(e, "is_raw", False)]
    last, end = max(ends, default=0), _end(file)
    if last > end or 0 < end - last < 12:  # in a value, or in what says its length
        raise _cut_off()


def _cut_off() -> InputRejected:
    found, wanted = "a file that ends within an element of its header", "all of it"
    return InputRejected("truncated", "file", found, wanted, "Send it again.")


def _end(file: IO[bytes]) -> int:
    here = file.tell()
    end = file.seek(0, 2)
    file.seek(here)
    return end


def _guessed_syntax(data: Data) -> str:
    implicit, little = data.original_encoding
    if implicit:
        return "1.2.840.10008.1.2"
    return "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"


def pixel_element(data: Data, file: IO[bytes]) -> tuple[int, str, int, int] | None:
    """Tag, VR, length and value position of the pixel data at the file's position."""
    implicit, little = data.original_encoding
    start = file.read(12)
    if len(start) < 8:
        return None
    order = "<" if little else ">"
    group, element = struct.unpack_from(f"{order}HH", start)
    tag = group << 16 | element
    if tag not in PIXEL_TAGS:
        return None
    here = file.tell() - len(start)
    explicit = start[4:6].isalpha()  # some switch to implicit half way, pydicom follows them
    if implicit or not explicit:
        return tag, "OW", struct.unpack_from(f"{order}I", start, 4)[0], here + 8
    if len(start) < 12:
        return None
    vr = start[4:6].decode("latin-1")
    return tag, vr, struct.unpack_from(f"{order}I", start, 8)[0], here + 12


def _long_table(data: Data, keyword: str) -> tuple[int, ...]:
    value = value_of(data, keyword)
    if not isinstance(value, bytes) or len(value) % 8:
        return ()
    return tuple(int(v) for v in np.frombuffer(value, "<u8"))


def _padding(data: Data) -> tuple[float, ...]:
    value = numbers_of(data, "PixelPaddingValue", 1) or numbers_of(
        data, "FloatPixelPaddingValue", 1
    )
    if not value:
        return ()
    limit = numbers_of(data, "PixelPaddingRangeLimit", 1)
    other = limit[0] if limit else value[0]
    if integer_of(data, "PixelRepresentation") == 1:  # some write the bit pattern as unsigned
        bits = integer_of(data, "BitsAllocated", 16)
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


def _refused(code: str, found: str, wanted: str = "a DICOM image") -> InputRejected:
    return InputRejected(code, "file", found, wanted, "Leave it out.")
