"""Pictures out as standard DICOM: CT (PS3.3 A.3), MR (A.4), ultrasound (A.6), radiographs (A.26).

Explicit VR little endian, uncompressed. Nothing depends on the clock or on chance: the same study
gives the same bytes. Only simulated or de-identified studies should be written this way: every
file says that the patient's identity was removed (PS3.15 E), and that the pixels are synthetic
where they are (Synthetic Data, PS3.3 C.12.1.1.9)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    UID,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    MRImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from radgloss.types import Image, InputRejected, Study, Window

__all__ = ["write_images"]

IMPLEMENTATION = UID("2.25.255017423306846518370871290613347219043")
DATE, TIME = "20200101", "120000"  # of everything; a made-up study happened at no time
CT_INTERCEPT = -1024
CODES = {  # SNOMED CT, PS3.16 CID 4 / CID 4031
    "PELVIS": ("12921003", "Pelvis"),
    "CHEST": ("51185008", "Chest"),
    "ABDOMEN": ("818983003", "Abdomen"),
    "HEAD": ("69536005", "Head"),
}


def write_images(study: Study, folder: Path) -> tuple[Path, ...]:
    """Write every image of a study into `folder`, one file a frame; returns the paths in order.

    UIDs are the images' own where they have them (`Image.sources`), else hashes under 2.25 of the
    study's UID. Pixels are rounded to whole real values: HU for CT, 0..65535 for MR and
    radiographs, 0..255 for ultrasound, whose cine frames share one file.
    Raises InputRejected('write-modality') for any other modality."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    series = _series_numbers(study)
    for number, image in enumerate(study.images, 1):
        if image.modality not in _WRITERS:
            raise InputRejected(
                "write-modality", image.uid, f"modality {image.modality!r}",
                ", ".join(_WRITERS), "Write it with another tool.",
            )  # fmt: skip
        datasets = _WRITERS[image.modality](study, image, number)
        for k, dataset in enumerate(datasets, 1):
            dataset.SeriesNumber = series.get(dataset.SeriesInstanceUID, number)
            path = folder / f"{number:02d}-{k:04d}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            paths.append(path)
    return tuple(paths)


def _series_numbers(study: Study) -> dict[str, int]:
    """Series are numbered in the order in which their first image stands."""
    uids = dict.fromkeys(s.series_instance_uid for i in study.images for s in i.sources)
    return {uid: k for k, uid in enumerate(filter(None, uids), 1)}


def _uid(*parts: object) -> str:
    """A UID under 2.25 (PS3.5 B.2): a version 8 UUID made of a hash."""
    digest = bytearray(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return f"2.25.{int.from_bytes(bytes(digest), 'big')}"


def _number(value: float) -> str:
    """A decimal string of at most 16 characters (PS3.5 6.2, DS)."""
    return f"{round(float(value), 6):.10g}"


def _common(study: Study, image: Image, number: int, k: int, sop_class: str) -> Dataset:
    """Patient, study, series, equipment and SOP common: what every file says first."""
    who = study.identity
    source = image.sources[k] if k < len(image.sources) else None
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = IMPLEMENTATION
    ds.file_meta.ImplementationVersionName = "RADGLOSS"
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = source.sop_instance_uid if source else _uid(study.uid, number, k)
    ds.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    if image.synthetic:
        ds.SyntheticData = "YES"
    ds.PatientName = who.patient_name
    ds.PatientID = who.patient_id
    ds.PatientBirthDate = ""
    ds.PatientSex = study.sex if study.sex in ("M", "F", "O") else ""
    if study.age_years is not None:
        ds.PatientAge = f"{int(study.age_years):03d}Y"
    ds.PatientIdentityRemoved = "YES"
    ds.DeidentificationMethod = "Simulated patient" if image.synthetic else "Written de-identified"
    ds.StudyInstanceUID = study.uid
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = ds.AcquisitionDate = DATE
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = ds.AcquisitionTime = TIME
    ds.ReferringPhysicianName = ""
    ds.StudyID = who.study_id
    ds.AccessionNumber = who.accession_number
    ds.StudyDescription = study.description[:64]
    series = source.series_instance_uid if source else ""
    ds.SeriesInstanceUID = series or _uid(study.uid, number, "series")
    ds.SeriesNumber = number
    ds.SeriesDescription = image.description[:64]
    ds.InstanceNumber = k + 1
    ds.Manufacturer = "radgloss"
    ds.ManufacturerModelName = "phantom" if image.synthetic else "radgloss"
    ds.DeviceSerialNumber = "0"
    ds.SoftwareVersions = "1"
    ds.BodyPartExamined = image.body_part
    ds.SamplesPerPixel = 1
    ds.Rows, ds.Columns = image.pixels.shape[1:]
    ds.BitsAllocated = 16
    ds.PixelRepresentation = 0
    ds.BurnedInAnnotation = "NO"
    ds.LossyImageCompression = "00"
    windows = [w for w in image.voi if isinstance(w, Window)]
    if windows:
        ds.WindowCenter = [_number(w.center) for w in windows]
        ds.WindowWidth = [_number(w.width) for w in windows]
        if all(w.explanation for w in windows):
            ds.WindowCenterWidthExplanation = [w.explanation for w in windows]
        if windows[0].function != "LINEAR":
            ds.VOILUTFunction = windows[0].function
    for keyword, value in image.technique.items():
        setattr(ds, keyword, value.split("\\") if "\\" in value else value)
    return ds


def _store(ds: Dataset, values: npt.NDArray[np.float32], bits: int) -> None:
    ds.BitsStored, ds.HighBit = bits, bits - 1
    stored = np.clip(np.rint(values), 0, (1 << bits) - 1).astype("<u2")
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW"


def _section(study: Study, image: Image, number: int, k: int, sop_class: str) -> Dataset:
    """One frame of a cross-section: geometry from the affine (PS3.3 C.7.6.2)."""
    frame, row, column = (image.affine[:3, j] for j in range(3))
    along = np.concatenate([column / np.linalg.norm(column), row / np.linalg.norm(row)])
    thickness = _number(float(np.linalg.norm(frame)))
    place = image.to_mm(k, 0, 0)
    ds = _common(study, image, number, k, sop_class)
    ds.Modality = image.modality
    ds.PatientPosition = "HFS"
    ds.FrameOfReferenceUID = _uid(study.uid, "frame of reference")
    ds.PositionReferenceIndicator = ""
    ds.AcquisitionNumber = number
    ds.SliceThickness = thickness
    ds.SpacingBetweenSlices = thickness
    ds.PixelSpacing = [_number(float(np.linalg.norm(v))) for v in (row, column)]
    ds.ImageOrientationPatient = [_number(v) for v in along]
    ds.ImagePositionPatient = [_number(v) for v in place]
    ds.SliceLocation = _number(place[2])
    ds.PhotometricInterpretation = "MONOCHROME2"
    return ds


def _ct(study: Study, image: Image, number: int) -> list[Dataset]:
    """CT Image IOD (PS3.3 A.3), one dataset a frame."""
    bits = 16 if float(image.pixels.max()) > 4095 + CT_INTERCEPT else 12
    out = []
    for k, pixels in enumerate(image.pixels):
        ds = _section(study, image, number, k, CTImageStorage)
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        if "KVP" not in ds:
            ds.KVP = "120"
        ds.RescaleIntercept = str(CT_INTERCEPT)
        ds.RescaleSlope = "1"
        ds.RescaleType = "HU"
        _store(ds, pixels - CT_INTERCEPT, bits)
        out.append(ds)
    return out


def _mr(study: Study, image: Image, number: int) -> list[Dataset]:
    """MR Image IOD (PS3.3 A.4), one dataset a frame; values have no absolute unit.

    What the sequence was comes from `Image.technique`; type 1 and 2 attributes it does not state
    are written as a spin echo of unknown times."""
    derived = image.description.upper().startswith("ADC")
    out = []
    for k, pixels in enumerate(image.pixels):
        ds = _section(study, image, number, k, MRImageStorage)
        ds.ImageType = (
            ["DERIVED", "PRIMARY", "ADC", "NONE"] if derived else ["ORIGINAL", "PRIMARY", "M", "SE"]
        )
        for keyword, value in _MR_UNSTATED.items():
            if keyword not in ds:
                setattr(ds, keyword, value)
        _store(ds, pixels, 12 if float(image.pixels.max()) <= 4095 else 16)
        out.append(ds)
    return out


_MR_UNSTATED = {
    "ScanningSequence": "SE", "SequenceVariant": "NONE", "ScanOptions": "", "EchoTime": "",
    "RepetitionTime": "", "EchoTrainLength": "", "MRAcquisitionType": "2D",
    "MagneticFieldStrength": "1.5",
}  # fmt: skip


def _ultrasound(study: Study, image: Image, number: int) -> list[Dataset]:
    """Ultrasound Image IOD (PS3.3 A.6), or Multi-frame (A.7) for a cine; 8 bits.

    Millimetres of a pixel, where they are known, stand in one calibrated region (C.8.5.5); the
    IOD has no place in the patient for a frame, so none is written."""
    cine = len(image.pixels) > 1
    sop_class = UltrasoundMultiFrameImageStorage if cine else UltrasoundImageStorage
    ds = _common(study, image, number, 0, sop_class)
    ds.Modality = "US"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "", "0001"]
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.PatientOrientation = ""
    if image.spacing != "none":
        ds.SequenceOfUltrasoundRegions = DicomSequence([_region(image)])
    if cine:
        ds.NumberOfFrames = len(image.pixels)
        ds.FrameTime = "50"
        ds.FrameIncrementPointer = 0x00181063
        ds.StartTrim, ds.StopTrim = 1, len(image.pixels)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    stored = np.clip(np.rint(image.pixels), 0, 255).astype(np.uint8).tobytes()
    ds.PixelData = stored + b"\0" * (len(stored) % 2)
    ds["PixelData"].VR = "OB"
    return [ds]


def _region(image: Image) -> Dataset:
    """The whole frame as one tissue region in centimetres (PS3.3 C.8.5.5.1)."""
    rows, columns = image.pixels.shape[1:]
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, 1, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = 0, 0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = columns - 1, rows - 1
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3  # cm
    item.PhysicalDeltaX = float(np.linalg.norm(image.affine[:3, 2])) / 10
    item.PhysicalDeltaY = float(np.linalg.norm(image.affine[:3, 1])) / 10
    return item


def _radiograph(study: Study, image: Image, number: int) -> list[Dataset]:
    """Digital X-Ray Image IOD, for presentation (PS3.3 A.26)."""
    ds = _common(study, image, number, 0, DigitalXRayImageStorageForPresentation)
    spacing = [_number(float(np.linalg.norm(image.affine[:3, k]))) for k in (1, 2)]
    inverse = image.inverted
    ds.ImageType = ["ORIGINAL", "PRIMARY", ""]
    ds.Modality = "DX"
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.ViewPosition = image.view
    # Rows run to the feet; columns to the left, on a lateral film to the back.
    ds.PatientOrientation = ["P", "F"] if image.view == "LL" else ["L", "F"]
    ds.ImageLaterality = "U"
    ds.AnatomicRegionSequence = DicomSequence([_code(image.body_part)])
    ds.ImagerPixelSpacing = spacing
    ds.DetectorType = "DIRECT"
    ds.PositionerType = "NONE"
    if "KVP" not in ds:
        ds.KVP = "120"
    ds.AcquisitionContextSequence = DicomSequence([])
    ds.PhotometricInterpretation = "MONOCHROME1" if inverse else "MONOCHROME2"
    ds.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"
    ds.PixelIntensityRelationship = "LOG"
    ds.PixelIntensityRelationshipSign = 1 if inverse else -1
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    _store(ds, image.pixels[0], 12 if float(image.pixels.max()) <= 4095 else 16)
    return [ds]


_WRITERS = {
    "CT": _ct, "MR": _mr, "US": _ultrasound, "DX": _radiograph, "CR": _radiograph,
}  # fmt: skip


def _code(body_part: str) -> Dataset:
    value, meaning = CODES.get(body_part, CODES["CHEST"])
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "SCT"
    item.CodeMeaning = meaning
    return item
