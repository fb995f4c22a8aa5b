"""The elements of an ordinary file, found by the lengths that they state. Child only, no pydicom.

pydicom reads everything, but its import takes a tenth of a second and a slice's header a third of a
millisecond. Most files are ordinary: a preamble, little endian, elements whose lengths add up, text
in ASCII, Latin 1 or UTF-8 (PS3.5 7.1 and 7.5, PS3.10 7.1). Those are read here. Whatever is unusual
(another encoding, a byte too few, a value of a sequence asked for) raises `Unusual`, and the file
is pydicom's from its first byte. A test holds that both say the same, of damaged files as well."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

__all__ = ["KEYWORDS", "PIXEL_TAGS", "TEXTS", "Plain", "Unusual", "elements", "simple_value"]

PIXEL_TAGS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_IMPLICIT, _EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
_NOT_HERE = ("1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")  # big endian, deflated
_PORTIONS = (8 << 10, 256 << 10)  # bytes read at first, and where the pixels come later
_DEEPEST = 8  # sequences in sequences
_UNDEFINED = 0xFFFFFFFF
_ITEM, _END_OF_ITEM, _END_OF_ITEMS = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_CHARACTERS = 0x00080005

TEXTS = frozenset(["AS", "CS", "DA", "DS", "IS", "LO", "PN", "SH", "TM", "UI"])
_FREE = frozenset(("LO", "PN", "SH"))  # text in the file's character set
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
_BYTES = frozenset(("OB", "OV", "OW"))
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_CODINGS = {"": "ascii", "ISO_IR 6": "ascii", "ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}


class Unusual(Exception):  # noqa: N818 - what it is, not that it is an error
    """A file, or a value of it, that is left to pydicom."""


class _TooShort(Unusual):
    """The portion that was read ends before the pixels."""


@dataclass(frozen=True, eq=False, slots=True)
class Plain:
    """A data set's elements up to its pixels: tag → VR ("" where implicit) and the bytes as stored,
    None for a sequence without length. `end`: where in the file the next element starts."""

    found: dict[int, tuple[str, bytes | None]]
    implicit: bool = False
    coding: str = "ascii"
    end: int = 0
    meta: Plain | None = None

    def __contains__(self, keyword: str) -> bool:
        return KEYWORDS[keyword][0] in self.found

    def __len__(self) -> int:
        return len(self.found)

    @property
    def file_meta(self) -> Plain:
        """The meta information (group 2)."""
        assert self.meta is not None
        return self.meta

    @property
    def original_encoding(self) -> tuple[bool, bool]:
        """Whether VRs are implicit, and whether bytes are little endian, as pydicom says it."""
        return self.implicit, True

    def value(self, keyword: str) -> Any:
        """A list of texts, a number or several, bytes; None where absent or empty.

        Raises Unusual where only pydicom knows what the bytes mean."""
        tag, known = KEYWORDS[keyword]
        vr, raw = self.found.get(tag, ("", b""))
        if raw == b"":
            return None
        if raw is None:
            raise Unusual
        if not vr:
            vr = self._signed_or_not() if known == "US or SS" else known
        return simple_value(vr, raw, self.coding)

    def _signed_or_not(self) -> str:
        """The VR of what is stored as the pixels are (PS3.5 A.1, note 3 of PS3.3 C.7.5.1.1.2)."""
        _, raw = self.found.get(KEYWORDS["PixelRepresentation"][0], ("", b""))
        if raw not in (b"\0\0", b"\1\0"):
            raise Unusual
        return "SS" if raw == b"\1\0" else "US"


def simple_value(vr: str, raw: bytes, coding: str = "ascii") -> Any:
    """The value of an element that is not empty. Raises Unusual where that takes more than a look.

    >>> simple_value("DS", b"0.5\\\\-1 ")
    ['0.5', '-1']
    """
    if vr in TEXTS:
        if b"\x1b" in raw or not (raw.isascii() or (vr in _FREE and b"=" not in raw)):
            raise Unusual
        try:
            text = raw.decode(coding if not raw.isascii() else "ascii")
        except UnicodeDecodeError:
            raise Unusual from None
        return [part.strip(" \0") for part in text.split("\\")]
    if vr in _BYTES:
        return raw
    letter = _NUMBERS.get(vr)
    size = struct.calcsize(letter) if letter else 0
    if not size or len(raw) % size:
        raise Unusual
    values = struct.unpack(f"<{len(raw) // size}{letter}", raw)
    return values[0] if len(values) == 1 else list(values)


def elements(file: IO[bytes]) -> Plain:
    """The elements before the pixels of a file at its start. Raises Unusual."""
    data = b""
    for portion in _PORTIONS:
        data += file.read(portion - len(data))
        try:
            return _elements(data, ended=len(data) < portion)
        except _TooShort:
            if len(data) < portion:
                break
    raise Unusual


def _elements(data: bytes, ended: bool) -> Plain:
    if data[128:132] != b"DICM":
        raise Unusual
    meta, start = _read(data, 132, len(data), False, lambda tag: tag >> 16 != 2)
    about = Plain(meta)
    syntax = (about.value("TransferSyntaxUID") or [""])[0]
    if not syntax.startswith(_IMPLICIT) or syntax in _NOT_HERE or start + 8 > len(data):
        raise Unusual
    implicit = syntax == _IMPLICIT
    if implicit and data[start + 4 : start + 6].isupper():  # it may be explicit all the same
        raise Unusual
    found, end = _read(data, start, len(data), implicit, PIXEL_TAGS.__contains__)
    whole = ended and end == len(data)
    if not whole and end + 12 > len(data):  # neither the end nor the start of pixels
        raise _TooShort
    return Plain(found, implicit, _coding(found.get(_CHARACTERS)), end, about)


Found = dict[int, tuple[str, bytes | None]]


def _read(
    data: bytes, at: int, end: int, implicit: bool, stops: Callable[[int], bool], depth: int = 0
) -> tuple[Found, int]:
    """Elements from `at` until a tag that `stops`, or exactly to `end`, and where that is."""
    found: Found = {}
    while at < end:
        if at + 8 > end:
            raise _TooShort
        group, number, length = _HEAD(data, at)
        tag = group << 16 | number
        if stops(tag):
            return found, at
        start, vr = at + 8, b""
        if not implicit:
            vr = data[at + 4 : at + 6]
            if vr in _SHORT:
                length >>= 16
            elif vr in _LONG and start + 4 <= end:
                (length,) = _WORD(data, start)
                start += 4
            else:
                raise Unusual
        if group == 0xFFFE:
            raise Unusual
        if length == _UNDEFINED:
            if vr not in (b"", b"SQ"):
                raise Unusual
            found[tag] = "SQ", None
            at = _after_items(data, start, end, implicit, depth + 1)
            continue
        at = start + length
        if at > end:
            raise _TooShort
        found[tag] = vr.decode("ascii"), data[start:at]
        if tag == _CHARACTERS:
            _coding(found[tag])
    return found, at


_HEAD = struct.Struct("<HHI").unpack_from
_WORD = struct.Struct("<I").unpack_from


def _after_items(data: bytes, at: int, end: int, implicit: bool, depth: int) -> int:
    """Where a sequence without length ends: its items' lengths, or their elements', lead there."""
    if depth > _DEEPEST:
        raise Unusual
    while at + 8 <= end:
        group, number, length = _HEAD(data, at)
        tag, at = group << 16 | number, at + 8
        if tag == _END_OF_ITEMS and length == 0:
            return at
        if tag != _ITEM:
            raise Unusual
        last = end if length == _UNDEFINED else at + length
        if last > end:
            raise _TooShort
        _, at = _read(data, at, last, implicit, _END_OF_ITEM.__eq__, depth)
        if length == _UNDEFINED and at + 8 > end:
            raise _TooShort
        if length == _UNDEFINED:
            at += 8  # its delimiter
        elif at != last:
            raise Unusual
    raise _TooShort


def _coding(element: tuple[str, bytes | None] | None) -> str:
    """How text beyond ASCII is coded (PS3.3 C.12.1.1.2). Raises Unusual where that is rare."""
    raw = element[1] if element else b""
    name = (raw or b"").decode("latin-1").strip(" \0")
    if raw is None or name not in _CODINGS:
        raise Unusual
    return _CODINGS[name]


# ------------------------------------------------------------------ what is asked for, PS3.6

KEYWORDS: dict[str, tuple[int, str]] = {
    "MediaStorageSOPClassUID": (0x00020002, "UI"),
    "TransferSyntaxUID": (0x00020010, "UI"),
    "ImageType": (0x00080008, "CS"),
    "SOPClassUID": (0x00080016, "UI"),
    "SOPInstanceUID": (0x00080018, "UI"),
    "SyntheticData": (0x0008001C, "CS"),
    "StudyDate": (0x00080020, "DA"),
    "StudyTime": (0x00080030, "TM"),
    "AcquisitionTime": (0x00080032, "TM"),
    "ContentTime": (0x00080033, "TM"),
    "AccessionNumber": (0x00080050, "SH"),
    "Modality": (0x00080060, "CS"),
    "ReferringPhysicianName": (0x00080090, "PN"),
    "CodeValue": (0x00080100, "SH"),
    "StudyDescription": (0x00081030, "LO"),
    "SeriesDescription": (0x0008103E, "LO"),
    "FrameType": (0x00089007, "CS"),
    "PatientName": (0x00100010, "PN"),
    "PatientID": (0x00100020, "LO"),
    "IssuerOfPatientID": (0x00100021, "LO"),
    "PatientBirthDate": (0x00100030, "DA"),
    "PatientSex": (0x00100040, "CS"),
    "PatientAge": (0x00101010, "AS"),
    "BodyPartExamined": (0x00180015, "CS"),
    "EchoTime": (0x00180081, "DS"),
    "InversionTime": (0x00180082, "DS"),
    "SpacingBetweenSlices": (0x00180088, "DS"),
    "TriggerTime": (0x00181060, "DS"),
    "EstimatedRadiographicMagnificationFactor": (0x00181114, "DS"),
    "ImagerPixelSpacing": (0x00181164, "DS"),
    "NominalScannedPixelSpacing": (0x00182010, "DS"),
    "ViewPosition": (0x00185101, "CS"),
    "SequenceOfUltrasoundRegions": (0x00186011, "SQ"),
    "RegionSpatialFormat": (0x00186012, "US"),
    "RegionDataType": (0x00186014, "US"),
    "PhysicalUnitsXDirection": (0x00186024, "US"),
    "PhysicalUnitsYDirection": (0x00186026, "US"),
    "PhysicalDeltaX": (0x0018602C, "FD"),
    "PhysicalDeltaY": (0x0018602E, "FD"),
    "DiffusionGradientDirectionSequence": (0x00189076, "SQ"),
    "InversionTimes": (0x00189079, "FD"),
    "EffectiveEchoTime": (0x00189082, "FD"),
    "DiffusionBValue": (0x00189087, "FD"),
    "DiffusionGradientOrientation": (0x00189089, "FD"),
    "MREchoSequence": (0x00189114, "SQ"),
    "MRModifierSequence": (0x00189115, "SQ"),
    "MRDiffusionSequence": (0x00189117, "SQ"),
    "CardiacSynchronizationSequence": (0x00189118, "SQ"),
    "MRImageFrameTypeSequence": (0x00189226, "SQ"),
    "CTImageFrameTypeSequence": (0x00189329, "SQ"),
    "StudyInstanceUID": (0x0020000D, "UI"),
    "SeriesInstanceUID": (0x0020000E, "UI"),
    "StudyID": (0x00200010, "SH"),
    "SeriesNumber": (0x00200011, "IS"),
    "AcquisitionNumber": (0x00200012, "IS"),
    "InstanceNumber": (0x00200013, "IS"),
    "PatientOrientation": (0x00200020, "CS"),
    "ImagePositionPatient": (0x00200032, "DS"),
    "ImageOrientationPatient": (0x00200037, "DS"),
    "FrameOfReferenceUID": (0x00200052, "UI"),
    "Laterality": (0x00200060, "CS"),
    "ImageLaterality": (0x00200062, "CS"),
    "TemporalPositionIdentifier": (0x00200100, "IS"),
    "StackID": (0x00209056, "SH"),
    "FrameContentSequence": (0x00209111, "SQ"),
    "PlanePositionSequence": (0x00209113, "SQ"),
    "PlaneOrientationSequence": (0x00209116, "SQ"),
    "TemporalPositionIndex": (0x00209128, "UL"),
    "NominalCardiacTriggerDelayTime": (0x00209153, "FD"),
    "SamplesPerPixel": (0x00280002, "US"),
    "PhotometricInterpretation": (0x00280004, "CS"),
    "PlanarConfiguration": (0x00280006, "US"),
    "NumberOfFrames": (0x00280008, "IS"),
    "Rows": (0x00280010, "US"),
    "Columns": (0x00280011, "US"),
    "PixelSpacing": (0x00280030, "DS"),
    "PixelAspectRatio": (0x00280034, "IS"),
    "BitsAllocated": (0x00280100, "US"),
    "BitsStored": (0x00280101, "US"),
    "HighBit": (0x00280102, "US"),
    "PixelRepresentation": (0x00280103, "US"),
    "PixelPaddingValue": (0x00280120, "US or SS"),
    "PixelPaddingRangeLimit": (0x00280121, "US or SS"),
    "FloatPixelPaddingValue": (0x00280122, "FL"),
    "PixelSpacingCalibrationType": (0x00280A02, "CS"),
    "WindowCenter": (0x00281050, "DS"),
    "WindowWidth": (0x00281051, "DS"),
    "RescaleIntercept": (0x00281052, "DS"),
    "RescaleSlope": (0x00281053, "DS"),
    "RescaleType": (0x00281054, "LO"),
    "WindowCenterWidthExplanation": (0x00281055, "LO"),
    "VOILUTFunction": (0x00281056, "CS"),
    "RedPaletteColorLookupTableDescriptor": (0x00281101, "US or SS"),
    "GreenPaletteColorLookupTableDescriptor": (0x00281102, "US or SS"),
    "BluePaletteColorLookupTableDescriptor": (0x00281103, "US or SS"),
    "RedPaletteColorLookupTableData": (0x00281201, "OW"),
    "GreenPaletteColorLookupTableData": (0x00281202, "OW"),
    "BluePaletteColorLookupTableData": (0x00281203, "OW"),
    "ModalityLUTSequence": (0x00283000, "SQ"),
    "LUTDescriptor": (0x00283002, "US or SS"),
    "LUTExplanation": (0x00283003, "LO"),
    "ModalityLUTType": (0x00283004, "LO"),
    "LUTData": (0x00283006, "US or OW"),
    "VOILUTSequence": (0x00283010, "SQ"),
    "PixelMeasuresSequence": (0x00289110, "SQ"),
    "FrameVOILUTSequence": (0x00289132, "SQ"),
    "PixelValueTransformationSequence": (0x00289145, "SQ"),
    "DetectorInformationSequence": (0x00540022, "SQ"),
    "SliceVector": (0x00540080, "US"),
    "ViewCodeSequence": (0x00540220, "SQ"),
    "Units": (0x00541001, "CS"),
    "SegmentNumber": (0x00620004, "US"),
    "SegmentIdentificationSequence": (0x0062000A, "SQ"),
    "ReferencedSegmentNumber": (0x0062000B, "US"),
    "PresentationLUTShape": (0x20500020, "CS"),
    "DoseUnits": (0x30040002, "CS"),
    "GridFrameOffsetVector": (0x3004000C, "DS"),
    "DoseGridScaling": (0x3004000E, "DS"),
    "SharedFunctionalGroupsSequence": (0x52009229, "SQ"),
    "PerFrameFunctionalGroupsSequence": (0x52009230, "SQ"),
    "ExtendedOffsetTable": (0x7FE00001, "OV"),
    "ExtendedOffsetTableLengths": (0x7FE00002, "OV"),
}
