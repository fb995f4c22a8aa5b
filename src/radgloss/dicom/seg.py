"""Label maps as DICOM Segmentation (PS3.3 A.51): one segment a structure, on the source's grid.

Binary segments may overlap, so a lesion and the organ it lies in keep all their voxels. Only frames
that hold a segment are stored. Written and read with highdicom; nothing depends on the clock."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from highdicom.seg import (
    SegmentAlgorithmTypeValues,
    Segmentation,
    SegmentationTypeValues,
    SegmentDescription,
    segread,
)
from pydicom.sr.codedict import codes

from radgloss.types import InputRejected

__all__ = ["read_segments", "write_segments"]

Mask = npt.NDArray[np.bool_]


def write_segments(
    masks: Mapping[str, Mask], sources: Sequence[Path], uid: str, path: Path
) -> Path:
    """Write named masks (F, R, C) over the files of one image, given in the order of its frames.

    uid: the root of the object's own identifiers; the same uid gives the same bytes. Structures
    without a voxel are left out. Raises InputRejected('segments') where no voxel is marked at all
    or a mask does not fit the frames."""
    named = {name: mask.shape for name, mask in masks.items() if mask.any()}
    if not named:
        raise InputRejected("segments", path.name, "no marked voxel", "at least one structure",
                            "Leave the file out.")  # fmt: skip
    images = [pydicom.dcmread(source, stop_before_pixels=False) for source in sources]
    wanted = (len(images), images[0].Rows, images[0].Columns)
    wrong = next((name for name, shape in named.items() if shape != wanted), None)
    if wrong:
        raise InputRejected("segments", wrong, f"a mask of {named[wrong]}",
                            f"one of {wanted}", "Give masks on the image's grid.")  # fmt: skip
    pixels = np.zeros((*wanted, len(named)), np.uint8)  # (F, R, C, segments)
    for k, name in enumerate(named):  # one by one: all together they take as much again
        pixels[..., k] = masks[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # highdicom warns of empty dates and names
        made = Segmentation(
            source_images=images,
            pixel_array=pixels,
            segmentation_type=SegmentationTypeValues.BINARY,
            segment_descriptions=[_described(k, name) for k, name in enumerate(named, 1)],
            series_instance_uid=f"{uid}.1",
            series_number=900,
            sop_instance_uid=f"{uid}.2",
            instance_number=1,
            manufacturer="radgloss",
            manufacturer_model_name="phantom",
            software_versions="1",
            device_serial_number="0",
            content_label="TRUTH",
            content_description="Structures of a simulated patient",
        )
    _settle(made, images[0], uid)
    made.save_as(path, enforce_file_format=True)
    return path


def _settle(made: Segmentation, first: pydicom.Dataset, uid: str) -> None:
    """Take the clock and chance out: the source's dates, identifiers from our own root."""
    for element in made.iterall():
        if element.keyword == "DimensionOrganizationUID":
            element.value = f"{uid}.3"
        elif element.keyword == "ContributionDateTime":
            element.value = first.ContentDate + first.ContentTime
    for what in ("Content", "InstanceCreation", "Series"):
        for part in ("Date", "Time"):
            if what + part in made:
                setattr(made, what + part, getattr(first, f"Content{part}"))
    if "SyntheticData" in first:
        made.SyntheticData = first.SyntheticData


def _described(number: int, name: str) -> SegmentDescription:
    """A segment under its plain name; a property type from the standard's own short list."""
    lesion = name.startswith("finding/")
    return SegmentDescription(
        segment_number=number,
        segment_label=name[:64],
        segmented_property_category=(
            codes.SCT.MorphologicallyAbnormalStructure if lesion else codes.SCT.AnatomicalStructure
        ),
        segmented_property_type=(codes.SCT.Lesion if lesion else codes.SCT.Organ),
        algorithm_type=SegmentAlgorithmTypeValues.MANUAL,
        tracking_uid=None,
        tracking_id=None,
    )


def read_segments(path: Path) -> dict[str, dict[str, Mask]]:
    """Structures by name, each (R, C) by the SOP Instance UID of the frame that holds it.

    For our own files; raises InputRejected('segments') for one that is no segmentation."""
    try:
        seg: Segmentation = segread(path)
    except (ValueError, AttributeError, pydicom.errors.InvalidDicomError) as problem:
        raise InputRejected("segments", path.name, "no DICOM Segmentation", "one of ours",
                            "Check the file.") from problem  # fmt: skip
    uids = [uid for _, _, uid in seg.get_source_image_uids()]
    numbers = list(seg.segment_numbers)
    frames = seg.get_pixels_by_source_instance(
        uids,
        segment_numbers=numbers,
        ignore_spatial_locations=True,
        assert_missing_frames_are_empty=True,
    )  # (frames, R, C, segments)
    out: dict[str, dict[str, Mask]] = {}
    for s, number in enumerate(numbers):
        name = str(seg.get_segment_description(number).segment_label)
        out[name] = {
            uid: frames[f, :, :, s] > 0 for f, uid in enumerate(uids) if frames[f, :, :, s].any()
        }
    return out
