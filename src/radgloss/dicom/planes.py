"""Where each frame lies, how its values become real, and what marks it. Child only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from radgloss.dicom.header import MARKS, Plane
from radgloss.dicom.values import (
    Data,
    first_of,
    functional,
    integer_of,
    items_of,
    many_of,
    number_of,
    numbers_of,
    text_of,
    texts_of,
)

__all__ = ["planes_of", "region_spacing"]


def planes_of(data: Data, count: int) -> tuple[tuple[Plane, ...], list[str]]:
    if not count:
        return (), []
    if "SharedFunctionalGroupsSequence" in data or "PerFrameFunctionalGroupsSequence" in data:
        return tuple(_enhanced(data, number) for number in range(count)), []
    plane = Plane(
        position=numbers_of(data, "ImagePositionPatient", 3),
        orientation=numbers_of(data, "ImageOrientationPatient", 6),
        spacing=numbers_of(data, "PixelSpacing", 2),
        slope=number_of(data, "RescaleSlope", 1.0) or 1.0,
        intercept=number_of(data, "RescaleIntercept", 0.0),
        marks=_marks(data),
    )
    if "DoseGridScaling" in data:
        plane = replace(plane, slope=number_of(data, "DoseGridScaling", 1.0) or 1.0)
    if count == 1:
        return (plane,), []
    offsets = many_of(data, "GridFrameOffsetVector")
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


def _nuclear(data: Data, plane: Plane, count: int) -> tuple[tuple[Plane, ...], list[str]]:
    """NM tomography: first slice's place and SpacingBetweenSlices (PS3.3 C.8.4.9, C.8.4.15)."""
    detector = first_of(data, "DetectorInformationSequence")
    position = numbers_of(detector, "ImagePositionPatient", 3) or plane.position
    orientation = numbers_of(detector, "ImageOrientationPatient", 6) or plane.orientation
    step = number_of(data, "SpacingBetweenSlices", 0.0)
    slices = many_of(data, "SliceVector")
    if len(position) == 3 and len(orientation) == 6 and step and len(slices) == count:
        first = replace(plane, position=position, orientation=orientation)
        return _offset_planes(first, [(s - 1) * step for s in slices]), []
    return (replace(plane, position=()),) * count, ["frames without a position of their own"]


def _enhanced(data: Data, number: int) -> Plane:
    groups = functional(data, number)
    scale = first_of(groups, "PixelValueTransformationSequence")
    measures = first_of(groups, "PixelMeasuresSequence")
    return Plane(
        position=numbers_of(first_of(groups, "PlanePositionSequence"), "ImagePositionPatient", 3),
        orientation=numbers_of(
            first_of(groups, "PlaneOrientationSequence"), "ImageOrientationPatient", 6
        ),
        spacing=numbers_of(measures, "PixelSpacing", 2),
        slope=number_of(scale, "RescaleSlope", 1.0) or 1.0,
        intercept=number_of(scale, "RescaleIntercept", 0.0),
        marks=_enhanced_marks(groups),
    )


def _marks(data: Data) -> tuple[str, ...]:
    b_value = number_of(data, "DiffusionBValue", -1.0)
    found = {
        "ImageType": "\\".join(texts_of(data, "ImageType")[2:]),
        "EchoTime": text_of(data, "EchoTime"),
        "InversionTime": text_of(data, "InversionTime"),
        "DiffusionBValue": "" if b_value < 0 else f"{b_value:g}",
        "TemporalPosition": text_of(data, "TemporalPositionIdentifier"),
        "TriggerTime": text_of(data, "TriggerTime"),
        "ContentTime": text_of(data, "AcquisitionTime"),
        "AcquisitionNumber": text_of(data, "AcquisitionNumber"),
    }
    return tuple(found.get(name, "") for name in MARKS)


def _enhanced_marks(groups: Data) -> tuple[str, ...]:
    content = first_of(groups, "FrameContentSequence")
    diffusion = first_of(groups, "MRDiffusionSequence")
    gradient = first_of(diffusion, "DiffusionGradientDirectionSequence")
    kind = first_of(groups, "MRImageFrameTypeSequence") or first_of(
        groups, "CTImageFrameTypeSequence"
    )
    found = {
        "StackID": text_of(content, "StackID"),
        "ImageType": "\\".join(texts_of(kind, "FrameType")[2:]),
        "EchoTime": text_of(first_of(groups, "MREchoSequence"), "EffectiveEchoTime"),
        "InversionTime": text_of(first_of(groups, "MRModifierSequence"), "InversionTimes"),
        "DiffusionBValue": text_of(diffusion, "DiffusionBValue"),
        "DiffusionDirection": "\\".join(texts_of(gradient, "DiffusionGradientOrientation")),
        "TemporalPosition": text_of(content, "TemporalPositionIndex"),
        "TriggerTime": text_of(
            first_of(groups, "CardiacSynchronizationSequence"), "NominalCardiacTriggerDelayTime"
        ),
        "SegmentNumber": text_of(
            first_of(groups, "SegmentIdentificationSequence"), "ReferencedSegmentNumber"
        ),
    }
    return tuple(found.get(name, "") for name in MARKS)


def region_spacing(data: Data) -> tuple[tuple[float, ...], list[str]]:
    """Millimetres between rows and between columns of an ultrasound picture (PS3.3 C.8.5.5).

    From its two-dimensional regions in centimetres, where they agree; a trace over time or of
    velocities has none. () where there is no such region, with a word where they differ."""
    found = {_region(item) for item in items_of(data, "SequenceOfUltrasoundRegions")[:16]} - {()}
    if len(found) > 1:
        return (), ["regions of several scales: sizes count pixels"]
    return (found.pop() if found else ()), []


def _region(item: Data) -> tuple[float, ...]:
    names = ("RegionSpatialFormat", "PhysicalUnitsXDirection", "PhysicalUnitsYDirection")
    if tuple(integer_of(item, name) for name in names) != (1, 3, 3):  # 2D, cm, cm
        return ()
    spacing = tuple(
        abs(number_of(item, name, 0.0)) * 10 for name in ("PhysicalDeltaY", "PhysicalDeltaX")
    )
    return tuple(round(mm, 9) for mm in spacing) if all(1e-6 < mm < 1e3 for mm in spacing) else ()
