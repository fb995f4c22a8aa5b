"""What a file says about itself, without its pixels, as plain checked values.

Made by a child from hostile bytes, sent over `wire`, and used by the parent for everything that
needs no pixels: identification, grouping, ordering, budgets."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import numpy as np

from radgloss.types import Identity, InputRejected, Lut, Window

__all__ = ["MARKS", "Coded", "Header", "Pixels", "Plane", "Scan", "Table", "Voi"]

# What may tell apart frames that lie at the same place, in the order in which it is tried.
MARKS = (
    "StackID",
    "ImageType",
    "EchoTime",
    "InversionTime",
    "DiffusionBValue",
    "DiffusionDirection",
    "TemporalPosition",
    "TriggerTime",
    "ContentTime",
    "SegmentNumber",
    "AcquisitionNumber",
)


@dataclass(frozen=True)
class Voi:
    """A stored window, as it travels."""

    center: float
    width: float
    function: str
    explanation: str

    def window(self) -> Window:
        """The same, as a noun; an unknown function counts as LINEAR (PS3.3 C.11.2.1.3)."""
        if self.function == "SIGMOID":
            return Window(self.center, self.width, "SIGMOID", self.explanation)
        if self.function == "LINEAR_EXACT":
            return Window(self.center, self.width, "LINEAR_EXACT", self.explanation)
        return Window(self.center, self.width, "LINEAR", self.explanation)


@dataclass(frozen=True)
class Table:
    """A lookup table (PS3.3 C.11.1.1): `first` value mapped, bits of an entry, uint16 entries."""

    first: int
    bits: int
    data: str = field(repr=False)  # base64, little endian uint16
    explanation: str = ""

    @classmethod
    def of(cls, first: int, bits: int, entries: np.ndarray, explanation: str = "") -> Table:
        """From an array of entries."""
        data = base64.b64encode(entries.astype("<u2").tobytes()).decode()
        return cls(first, bits, data, explanation)

    def entries(self) -> np.ndarray:
        """(entries,) uint16."""
        return np.frombuffer(base64.b64decode(self.data), "<u2").astype(np.uint16)

    def lut(self) -> Lut:
        """The same, as a noun."""
        return Lut(self.first, self.entries(), self.bits, self.explanation)


@dataclass(frozen=True)
class Pixels:
    """How the pixels are stored, and where in the file. `length` is -1 for encapsulated data."""

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    high: int
    signed: bool
    planar: int
    kind: str  # "int", "float" or "double"
    vr: str
    syntax: str
    big_endian: bool
    offset: int
    length: int
    offsets: tuple[int, ...]  # Extended Offset Table, empty where none
    lengths: tuple[int, ...]
    padding: tuple[float, ...]  # () or (low, high): stored values that are no part of the picture
    modality_lut: Table | None

    @property
    def frame_bytes(self) -> int:
        """Size of one decoded frame."""
        return -(-self.rows * self.columns * self.samples * self.allocated // 8)


@dataclass(frozen=True)
class Plane:
    """One frame: where it lies (LPS mm), how its stored values become real, what marks it."""

    position: tuple[float, ...] = ()  # 3
    orientation: tuple[float, ...] = ()  # 6: along a row, then along a column
    spacing: tuple[float, ...] = ()  # 2: between rows, between columns
    slope: float = 1.0
    intercept: float = 0.0
    marks: tuple[str, ...] = ("",) * len(MARKS)


@dataclass(frozen=True)
class Header:
    """A file's identification, pixel description and geometry; `pixels` is None without any.

    digest: SHA-256 of the file in hexadecimal; "" where nobody has asked for it yet."""

    digest: str
    size: int
    sop_instance_uid: str
    sop_class_uid: str
    study_uid: str
    series_uid: str
    frame_of_reference: str
    transfer_syntax: str
    identity: Identity = field(repr=False)
    age: str = field(repr=False)
    modality: str
    study_description: str
    series_description: str
    series_number: int
    instance_number: int
    body_part: str
    laterality: str
    view: str
    image_type: tuple[str, ...]
    units: str
    patient_orientation: tuple[str, ...]
    imager_spacing: tuple[float, ...]
    nominal_spacing: tuple[float, ...]
    calibration: str
    magnification: float
    aspect: tuple[float, ...]
    presentation_inverse: bool
    synthetic: bool
    windows: tuple[Voi, ...]
    tables: tuple[Table, ...]
    pixels: Pixels | None
    planes: tuple[Plane, ...]  # one a frame
    notes: tuple[str, ...]
    volume: bool = False  # NIfTI: no DICOM rules of grouping apply
    affine: tuple[float, ...] = ()  # NIfTI: 16 values, (frame, row, column, 1) -> LPS mm
    layout: tuple[int, ...] = ()  # NIfTI: how stored axes become frame, row, column
    region_spacing: tuple[float, ...] = ()  # ultrasound: mm between rows, between columns


@dataclass(frozen=True)
class Coded:
    """The part of a header that decoding needs; who it is stays behind."""

    pixels: Pixels
    planes: tuple[Plane, ...]
    volume: bool
    layout: tuple[int, ...]

    @classmethod
    def of(cls, header: Header) -> Coded:
        """From a header that has pixels."""
        assert header.pixels is not None
        return cls(header.pixels, header.planes, header.volume, header.layout)


@dataclass(frozen=True)
class Scan:
    """Headers by file name (relative to what was scanned), and the files that were refused.

    ignored: files that are plainly something else (a README, a DICOMDIR); nobody's mistake."""

    headers: dict[str, Header]
    rejected: tuple[InputRejected, ...] = ()
    ignored: tuple[str, ...] = ()
