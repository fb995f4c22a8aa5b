"""Pictures out as standard DICOM: CT series (PS3.3 A.3) and digital radiographs (A.26).

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
)

from radgloss.types import Image, InputRejected, Study, Window

__all__ = ["write_images"]

IMPLEMENTATION = UID("2.25.255017423306846518370871290613347219043")
DATE, TIME = "20200101", "120000"  # of everything; a made-up study happened at no time
CT_INTERCEPT = -1024
CODES = {  # SNOMED CT, PS3.16 CID 4 / CID 4031
    "CHEST": ("51185008", "Chest"),
    "ABDOMEN": ("818983003", "Abdomen"),
    "HEAD": ("69536005", "Head"),
}


def write_images(study: Study, folder: Path) -> tuple[Path, ...]:
    """Write every image of a study into `folder`, one file a frame; returns the paths in order.

    UIDs are the images' own where they have them (`Image.sources`), else hashes under 2.25 of the
    study's UID. Pixels are rounded to whole real values: HU for CT, 0..65535 for radiographs.
    Raises InputRejected('write-modality') for anything but CT, DX and CR."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for number, image in enumerate(study.images, 1):
        if image.modality == "CT":
            datasets = _ct(study, image, number)
        elif image.modality in ("DX", "CR"):
            datasets = [_radiograph(study, image, number)]
        else:
            raise InputRejected(
                "write-modality", image.uid, f"modality {image.modality!r}", "CT, DX or CR",
                "Write it with another tool.",
            )  # fmt: skip
        for k, dataset in enumerate(datasets, 1):
            path = folder / f"{number:02d}-{k:04d}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            paths.append(path)
    return tuple(paths)


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
    return ds


def _store(ds: Dataset, values: npt.NDArray[np.float32], bits: int) -> None:
    ds.BitsStored, ds.HighBit = bits, bits - 1
    stored = np.clip(np.rint(values), 0, (1 << bits) - 1).astype("<u2")
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW"


def _ct(study: Study, image: Image, number: int) -> list[Dataset]:
    """CT Image IOD (PS3.3 A.3), one dataset a frame; geometry from the affine (C.7.6.2)."""
    frame, row, column = (image.affine[:3, k] for k in range(3))
    spacing = [_number(float(np.linalg.norm(v))) for v in (row, column)]
    along = np.concatenate([column / np.linalg.norm(column), row / np.linalg.norm(row)])
    thickness = float(np.linalg.norm(frame))
    bits = 16 if float(image.pixels.max()) > 4095 + CT_INTERCEPT else 12
    out = []
    for k, pixels in enumerate(image.pixels):
        ds = _common(study, image, number, k, CTImageStorage)
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.Modality = "CT"
        ds.PatientPosition = "HFS"
        ds.FrameOfReferenceUID = _uid(study.uid, "frame of reference")
        ds.PositionReferenceIndicator = ""
        ds.AcquisitionNumber = 1
        ds.KVP = "120"
        ds.SliceThickness = _number(thickness)
        ds.SpacingBetweenSlices = _number(thickness)
        ds.PixelSpacing = spacing
        ds.ImageOrientationPatient = [_number(v) for v in along]
        ds.ImagePositionPatient = [_number(v) for v in image.to_mm(k, 0, 0)]
        ds.SliceLocation = _number(image.to_mm(k, 0, 0)[2])
        ds.PhotometricInterpretation = "MONOCHROME2"
        ds.RescaleIntercept = str(CT_INTERCEPT)
        ds.RescaleSlope = "1"
        ds.RescaleType = "HU"
        _store(ds, pixels - CT_INTERCEPT, bits)
        out.append(ds)
    return out


def _radiograph(study: Study, image: Image, number: int) -> Dataset:
    """Digital X-Ray Image IOD, for presentation (PS3.3 A.26)."""
    ds = _common(study, image, number, 0, DigitalXRayImageStorageForPresentation)
    spacing = [_number(float(np.linalg.norm(image.affine[:3, k]))) for k in (1, 2)]
    inverse = image.inverted
    ds.ImageType = ["ORIGINAL", "PRIMARY", ""]
    ds.Modality = "DX"
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.ViewPosition = image.view
    ds.PatientOrientation = ["L", "F"]  # columns run to the left, rows to the feet
    ds.ImageLaterality = "U"
    ds.AnatomicRegionSequence = DicomSequence([_code(image.body_part)])
    ds.ImagerPixelSpacing = spacing
    ds.DetectorType = "DIRECT"
    ds.PositionerType = "NONE"
    ds.KVP = "120"
    ds.AcquisitionContextSequence = DicomSequence([])
    ds.PhotometricInterpretation = "MONOCHROME1" if inverse else "MONOCHROME2"
    ds.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"
    ds.PixelIntensityRelationship = "LOG"
    ds.PixelIntensityRelationshipSign = 1 if inverse else -1
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    _store(ds, image.pixels[0], 12 if float(image.pixels.max()) <= 4095 else 16)
    return ds


def _code(body_part: str) -> Dataset:
    value, meaning = CODES.get(body_part, CODES["CHEST"])
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "SCT"
    item.CodeMeaning = meaning
    return item
