"""The nouns: what a reading room talks about, as frozen values.

Nothing here knows a GPU library, a file format or a database. Positions are LPS millimetres
(x towards the patient's Left, y Posterior, z Superior), as in DICOM PS3.3 C.7.6.2.1.1.
Shapes: F frames · R rows · C columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

from radgloss.errors import InputRejected

__all__ = [
    "MACHINE_MARK",
    "NO_MODALITY",
    "Answer",
    "Case",
    "Draft",
    "Embedding",
    "Evidence",
    "Finding",
    "Flag",
    "Hit",
    "Identity",
    "Image",
    "InputRejected",
    "Lut",
    "Measurement",
    "OrganState",
    "Origin",
    "Prediction",
    "Region",
    "Report",
    "ReportStatus",
    "Sentence",
    "Source",
    "Study",
    "Truth",
    "Window",
]

Masks = Mapping[str, npt.NDArray[np.bool_]]
Side = Literal["left", "right", "bilateral", "midline", ""]
Status = Literal["present", "absent", "uncertain", "not assessed"]
Section = Literal["technique", "comparison", "findings", "impression"]
Change = Literal["new", "increased", "decreased", "unchanged", "resolved", ""]
State = Literal["abnormal", "assessed and normal", "uncertain", "not assessed"]


MACHINE_MARK = "AI-generated draft - unverified - research use only, not a medical device"
"""What every machine text carries, in every format."""

NO_MODALITY = "modality not stated by the file"
"""A reader's note on an image that is of no known modality until somebody names it."""


# ------------------------------------------------------------------ pictures


@dataclass(frozen=True)
class Window:
    """A VOI window (PS3.3 C.11.2.1.2) in the units of the image's real values."""

    center: float
    width: float
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] = "LINEAR"
    explanation: str = ""


@dataclass(frozen=True, eq=False)
class Lut:
    """A VOI lookup table (PS3.3 C.11.2.1.1): entry i is shown for the real value `first + i`."""

    first: int
    data: npt.NDArray[np.uint16]  # (entries,)
    bits: int
    explanation: str = ""


@dataclass(frozen=True)
class Source:
    """Where one frame of an image came from; `frame_number` counts from 1, as DICOM does."""

    sop_instance_uid: str
    sop_class_uid: str
    series_instance_uid: str = ""
    frame_number: int = 1


@dataclass(frozen=True)
class Region:
    """A box of voxels in one image, both ends included: (frame, row, column) low and high."""

    low: tuple[int, int, int]
    high: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Image:
    """One stack of frames in real values, with its place in the patient.

    pixels: (F, R, C) float32, after the modality LUT (HU for CT) and before any window.
    affine: (4, 4), `affine @ (frame, row, column, 1)` = LPS millimetres of a voxel's centre.
    spacing: how far the millimetres can be trusted. `patient`: measured in the patient
        (PixelSpacing of a cross-section, or a calibrated radiograph); `detector`: at the detector,
        before magnification (ImagerPixelSpacing); `none`: unknown, the affine counts pixels.
    inverted: photometric MONOCHROME1; low values are shown bright. Applied after the window, last.
    voi: windows and tables as stored, first is the default. Empty: none stored.
    notes: what the reader found odd (gap, tilt, duplicate, several echoes), in words.
    technique: how it was acquired, by DICOM keyword (RepetitionTime, ContrastBolusAgent, …).
    """

    uid: str
    pixels: npt.NDArray[np.float32]
    affine: npt.NDArray[np.float64]
    modality: str
    view: str = ""
    spacing: Literal["patient", "detector", "none"] = "patient"
    units: str = ""
    inverted: bool = False
    voi: tuple[Window | Lut, ...] = ()
    body_part: str = ""
    description: str = ""
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()
    synthetic: bool = False
    technique: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Image({self.uid}, {self.modality}, frames×rows×columns={self.pixels.shape})"

    def to_mm(self, frame: float, row: float, column: float) -> npt.NDArray[np.float64]:
        """LPS millimetres (3,) of a voxel index; halves lie between voxel centres."""
        return (self.affine @ np.array([frame, row, column, 1.0]))[:3]

    def cut(self, region: Region) -> Image:
        """The part inside a box, in its own place; ValueError where the box leaves the image."""
        if min(region.low) < 0 or np.greater_equal(region.high, self.pixels.shape).any():
            raise ValueError(f"{region} leaves an image of {self.pixels.shape}")
        f, r, c = (slice(lo, hi + 1) for lo, hi in zip(region.low, region.high, strict=True))
        affine = self.affine.copy()
        affine[:3, 3] = self.to_mm(*region.low)
        return replace(
            self,
            uid=f"{self.uid}:{region.low}-{region.high}".replace(" ", ""),
            pixels=self.pixels[f, r, c],
            affine=affine,
            sources=self.sources[f] if len(self.sources) == len(self.pixels) else self.sources,
        )


@dataclass(frozen=True)
class Identity:
    """Who and which examination, as the files say. Kept out of every repr, hence of every log.

    Only the writers of DICOM and FHIR, and the archive's pseudonymiser, may read these fields."""

    patient_id: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)
    patient_name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    sex: str = field(default="", repr=False)
    study_date: str = field(default="", repr=False)
    study_time: str = field(default="", repr=False)
    study_id: str = field(default="", repr=False)
    accession_number: str = field(default="", repr=False)
    referring_physician: str = field(default="", repr=False)


@dataclass(frozen=True, eq=False)
class Study:
    """One examination: its images, who it belongs to, and what had to be left out.

    digests: SHA-256 of every file that was used, keyed by SOP Instance UID (or file name).
    left_out: the files of the same folder that were refused, each with its reason."""

    uid: str
    images: tuple[Image, ...]
    identity: Identity = field(default=Identity(), repr=False)
    description: str = ""
    age_years: float | None = None
    sex: str = ""
    digests: Mapping[str, str] = field(default_factory=dict, repr=False)
    left_out: tuple[InputRejected, ...] = field(default=(), repr=False)
    synthetic: bool = False

    def image(self, uid: str) -> Image:
        """The image of that uid; KeyError where the study has none."""
        for image in self.images:
            if image.uid == uid:
                return image
        raise KeyError(uid)


# ------------------------------------------------------------------ words


@dataclass(frozen=True)
class Finding:
    """One fact: what, whether, where, how large, how sure.

    size_mm: extents in millimetres, longest first; empty where nobody measured.
    certainty: probability that `status` holds, 1.0 for truth; None where unstated.
    change, previous_mm: against the comparison, where there was one.
    severity: a word of a scale (trace, small, mild, moderate, large, severe, …), else empty.
    number: how many, as said ("1", "2", "multiple"); empty where unstated."""

    what: str
    status: Status = "present"
    side: Side = ""
    site: str = ""
    size_mm: tuple[float, ...] = ()
    certainty: float | None = None
    change: Change = ""
    previous_mm: tuple[float, ...] = ()
    severity: str = ""
    number: str = ""


@dataclass(frozen=True)
class Report:
    """A person's report (or the phantom author's); never a machine's: that is a `Draft`."""

    indication: str = ""
    comparison: str = ""
    technique: str = ""
    findings: str = ""
    impression: str = ""


@dataclass(frozen=True)
class Measurement:
    """A typed value with unit (UCUM), reference range and time; `code` is LOINC where known.

    comparator: as in FHIR Quantity; "<" and ">" say that the value is only a limit, "" that it is
    the value."""

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    time: datetime | None = None
    code: str = ""
    comparator: Literal["", "<", "<=", ">=", ">"] = ""


@dataclass(frozen=True, eq=False)
class Case:
    """A study with what is known at its time t0; nothing later than t0 may enter.

    indication: what is asked. history: what is known of the patient. measurements: laboratory
    values, and lengths (mm, cm) that somebody measured in these pictures, named after what was
    measured. prior: an earlier study of the same patient. prior_report: what a person wrote of
    it."""

    study: Study
    history: str = ""
    measurements: tuple[Measurement, ...] = ()
    prior: Study | None = None
    t0: datetime | None = None
    indication: str = ""
    prior_report: str = ""


@dataclass(frozen=True, eq=False)
class Truth:
    """What a simulator knows about a case.

    present, visible, reported: three truths that may differ (a 3 mm stone is present on a
    radiograph, not visible). masks, organs: by image uid, then by name, (F, R, C) bool on that
    image's grid; the n-th present finding of a kind is named `what#n`, counted from 0."""

    present: tuple[Finding, ...]
    visible: tuple[Finding, ...] = ()
    reported: tuple[Finding, ...] = ()
    masks: Mapping[str, Masks] = field(default_factory=dict, repr=False)
    organs: Mapping[str, Masks] = field(default_factory=dict, repr=False)
    posterior: Mapping[str, float] = field(default_factory=dict)


# ------------------------------------------------------------------ what a machine says


@dataclass(frozen=True)
class Origin:
    """Where a machine's word came from; enough to make it again."""

    checkpoint: str
    preprocessing: str
    version: str
    seed: int = 0
    when: str = ""  # ISO 8601, UTC


@dataclass(frozen=True)
class Evidence:
    """What a sentence rests on: a place in an image, or an earlier report.

    centre_mm, extent_mm: of the region, LPS and along x, y, z; empty where the image does not say
    how large its pixels are."""

    kind: Literal["region", "report"]
    score: float
    image: str = ""
    frame: int = 0
    region: Region | None = None
    text: str = ""
    uid: str = ""
    centre_mm: tuple[float, ...] = ()
    extent_mm: tuple[float, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """One label's answer. `probability` is calibrated; where `abstained`, it must not be used."""

    label: str
    probability: float
    logit: float
    abstained: bool = False
    why: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """One machine sentence: where it stands, what it claims, on what, and how sure."""

    text: str
    section: Section
    organ: str = ""
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True)
class Flag:
    """What a check found wrong with a draft, for the reader to judge; the text stays as it is.

    code: the check (`engine.drafting.checks`). found: what it found, in words. sentence: its
    number among the draft's sentences, from 0; None where the whole draft is meant."""

    code: str
    found: str
    sentence: int | None = None


@dataclass(frozen=True)
class OrganState:
    """What was made of one organ of the examination.

    Abnormal: a finding of it is stated. Uncertain: none is, and a validated detector could not
    decide. Assessed and normal: every finding that the examination shows in it was looked for by a
    validated detector, and denied. Not assessed: neither; `silent` names what nothing is said of,
    in every state."""

    organ: str
    state: State
    silent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A machine's text; a different type from `Report`, so nobody files it as a person's.

    abstained: no draft could honestly be made; `why` says so and `sentences` holds no finding.
    not_assessed: the organs and findings on which the text is silent, for the reader to see.
    flags: what the checks found. organs: every organ of the examination, in the report's order.
    watcher: the checkpoint whose detectors stood over the text, where that is not its author."""

    study: str
    sentences: tuple[Sentence, ...]
    origin: Origin
    predictions: tuple[Prediction, ...] = ()
    abstained: bool = False
    why: str = ""
    not_assessed: tuple[str, ...] = ()
    support: tuple[Evidence, ...] = ()
    synthetic: bool = False
    flags: tuple[Flag, ...] = ()
    organs: tuple[OrganState, ...] = ()
    watcher: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every fact that the text states, in its order."""
        return tuple(f for s in self.sentences for f in s.findings)

    def text(self, section: str) -> str:
        """The sentences of one section, joined."""
        return " ".join(s.text for s in self.sentences if s.section == section)


@dataclass(frozen=True)
class ReportStatus:
    """One state of a report in the words of every format; made by `workflow.status` alone."""

    name: str
    sr_completion: str
    sr_verification: str
    sr_preliminary: str
    fhir: str
    hl7_result: str


@dataclass(frozen=True)
class Answer:
    """An answer to a question, with its evidence, or an abstention."""

    text: str
    probability: float
    abstained: bool = False
    why: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, eq=False)
class Embedding:
    """A unit vector (D,) and the space it lives in; spaces never mix."""

    vector: npt.NDArray[np.float32]
    space: str


@dataclass(frozen=True)
class Hit:
    """One search result; `score` is the cosine, higher is nearer."""

    uid: str
    score: float
    text: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
