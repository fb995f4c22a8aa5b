"""Where frames lie: order along the normal, affines, tilt, gaps. Pure functions, LPS millimetres.

Instance numbers are never used to order: they are the writer's habit, positions are the patient.
PS3.3 C.7.6.2.1.1 (image plane), C.7.6.1.1.1 (patient orientation), 10.7 (pixel spacing)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from radgloss.dicom.header import Header, Plane
from radgloss.types import InputRejected

__all__ = ["Placed", "check", "normal", "place_projection", "place_stack"]

Vector = npt.NDArray[np.float64]
_DIRECTIONS = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1)}
_DIRECTIONS |= {"F": (0, 0, -1)}
_UNEVEN = 0.01  # share of a step by which steps may differ without a word
_TILT_DEGREES = 0.5


@dataclass(frozen=True, eq=False)
class Placed:
    """An affine (frame, row, column, 1) → LPS mm, how far to trust it, and what was odd."""

    affine: Vector
    spacing: Literal["patient", "detector", "none"]
    notes: tuple[str, ...] = ()


def check(what: str, plane: Plane) -> None:
    """Refuse geometry that contradicts itself. Raises InputRejected('geometry')."""
    if plane.orientation:
        along, down = np.array(plane.orientation[:3]), np.array(plane.orientation[3:])
        lengths = np.linalg.norm(along), np.linalg.norm(down)
        if not all(0.99 < length < 1.01 for length in lengths):
            raise _contradiction(what, "direction cosines that are not of unit length")
        if abs(along @ down) > 0.01:
            raise _contradiction(what, "rows and columns that are not at right angles")
    if plane.spacing and min(plane.spacing) <= 0:
        raise _contradiction(what, "a pixel spacing that is not positive")
    if plane.spacing and max(plane.spacing) > 1e3:
        raise _contradiction(what, "pixels larger than a metre")
    if plane.position and max(map(abs, plane.position)) > 1e5:
        raise _contradiction(what, "a position 100 m away")


def _contradiction(what: str, found: str) -> InputRejected:
    return InputRejected("geometry", what, found, "a possible place in space", "Leave it out.")


def normal(orientation: Sequence[float]) -> Vector:
    """Unit normal of an image plane: rows × columns.

    >>> normal((1, 0, 0, 0, 1, 0)).tolist()
    [0.0, 0.0, 1.0]
    """
    cross = np.cross(np.array(orientation[:3], float), np.array(orientation[3:], float))
    return np.asarray(cross / np.linalg.norm(cross))


def place_stack(planes: Sequence[Plane], thickness: float = 1.0) -> Placed:
    """The affine of planes already in order along their normal, all of one orientation.

    The step is the mean displacement, so that the first and the last frame are exactly placed and
    a tilted gantry shears the affine as it sheared the picture."""
    first = planes[0]
    along, down = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    between = normal(first.orientation)
    positions = np.array([p.position for p in planes])
    step = between * thickness
    notes: list[str] = []
    if len(planes) > 1:
        step = (positions[-1] - positions[0]) / (len(planes) - 1)
        notes = [*_gap_notes(positions, between), *_tilt_notes(step, between)]
    rows, columns = first.spacing or (1.0, 1.0)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = step, down * rows, along * columns
    affine[:3, 3] = positions[0]
    if len(planes) > 2:
        notes += _shift_notes(affine, positions)
    if not first.spacing:
        return Placed(affine, "none", (*notes, "no pixel spacing: in-plane sizes count pixels"))
    return Placed(affine, "patient", tuple(notes))


def _gap_notes(positions: Vector, between: Vector) -> list[str]:
    steps = np.diff(positions @ between)
    usual = float(np.median(steps))
    if np.ptp(steps) <= max(_UNEVEN * usual, 1e-3):
        return []
    gaps = np.flatnonzero(steps > 1.5 * usual)
    if not len(gaps):
        return [f"uneven steps: {steps.min():.2f} to {steps.max():.2f} mm"]
    where = ", ".join(f"after frame {i + 1} ({steps[i]:.2f} mm)" for i in gaps[:5])
    return [f"gap in the stack: {len(gaps)} {where}; the usual step is {usual:.2f} mm"]


def _tilt_notes(step: Vector, between: Vector) -> list[str]:
    upright = min(1.0, abs(float(step @ between)) / float(np.linalg.norm(step)))
    angle = math.degrees(math.acos(upright))
    return [f"gantry tilt: frames are sheared by {angle:.1f}°"] if angle > _TILT_DEGREES else []


def _shift_notes(affine: Vector, positions: Vector) -> list[str]:
    """How far the affine is from a frame's own position, where that is more than half a pixel."""
    line = positions[0] + np.arange(len(positions))[:, None] * affine[:3, 0]
    off = float(np.linalg.norm(line - positions, axis=1).max())
    pixel = min(np.linalg.norm(affine[:3, 1]), np.linalg.norm(affine[:3, 2]))
    if off <= 0.5 * pixel:
        return []
    return [f"the affine is up to {off:.1f} mm from a frame's own position"]


# ------------------------------------------------------------------ projections


def place_projection(header: Header) -> Placed:
    """The affine of a radiograph: directions from PatientOrientation, millimetres as trusted."""
    rows, columns, spacing, notes = _projected_spacing(header)
    along, down, more = _projected_directions(header.patient_orientation)
    affine = np.eye(4)
    affine[:3, 0] = np.cross(along, down)
    affine[:3, 1], affine[:3, 2] = down * rows, along * columns
    return Placed(affine, spacing, (*notes, *more))


def _projected_spacing(
    header: Header,
) -> tuple[float, float, Literal["patient", "detector", "none"], list[str]]:
    """Distance between rows and columns, and at which depth it holds (PS3.3 10.7.1.3)."""
    if header.region_spacing:
        rows, columns = header.region_spacing
        return rows, columns, "patient", ["calibrated spacing (ultrasound region)"]
    stored = header.planes[0].spacing if header.planes else ()
    detector = header.imager_spacing
    if stored and (header.calibration or (detector and not np.allclose(stored, detector, 1e-3))):
        # PS3.3 10.7.1.1: two terms; any other word stays in the file.
        known = header.calibration if header.calibration in ("GEOMETRY", "FIDUCIAL") else ""
        how = known.lower() or "pixel spacing differs from the detector's"
        return stored[0], stored[1], "patient", [f"calibrated spacing ({how})"]
    base = detector or stored
    if base and header.magnification > 1:
        factor = header.magnification
        note = f"spacing corrected for an estimated magnification of {factor:.2f}"
        return base[0] / factor, base[1] / factor, "patient", [note]
    if base:
        return base[0], base[1], "detector", ["uncalibrated: millimetres at the detector"]
    if header.nominal_spacing:
        note = "uncalibrated: millimetres on the scanned film"
        return header.nominal_spacing[0], header.nominal_spacing[1], "detector", [note]
    ratio = header.aspect if header.aspect and min(header.aspect) > 0 else (1.0, 1.0)
    return ratio[0] / ratio[1], 1.0, "none", ["no spacing: sizes count pixels"]


def _projected_directions(letters: Sequence[str]) -> tuple[Vector, Vector, list[str]]:
    """LPS directions along a row and down a column from e.g. ('L', 'F')."""
    if len(letters) == 2:
        along, down = (_direction(word) for word in letters)
        if along is not None and down is not None and abs(along @ down) < 0.5:
            return along, down, []
    return (
        np.array([1.0, 0.0, 0.0]),
        np.array([0.0, 0.0, -1.0]),
        ["orientation not stated: taken as left and feet"],
    )


def _direction(word: str) -> Vector | None:
    """The direction of the first letter; later letters are small obliquities."""
    letter = word.strip().upper()[:1]
    return np.array(_DIRECTIONS[letter], float) if letter in _DIRECTIONS else None
