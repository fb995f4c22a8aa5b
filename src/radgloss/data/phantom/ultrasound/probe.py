"""A curved array on the skin: where its rays run in the patient and land on the picture.

A convex transducer of radius R sends N rays that fan out from a virtual apex R behind the middle of
its face. A *polar* sample (s, k) lies `depth[s]` beyond the face along ray k; a *pixel* (row,
column) lies in the plane of the fan. Both are functions of one pose, and `affine` says the same to
a reader of the file.
Shapes: S samples along a ray · N rays · R rows · C columns; positions are LPS millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.shapes import F32

__all__ = ["COLUMNS", "PAD", "ROWS", "Pose", "Scanner", "Sector", "pose"]

F64 = npt.NDArray[np.float64]
ROWS, COLUMNS = 416, 512
MARGIN = 18  # pixels kept free of the fan at the left, right and lower border, for the scale
PAD = 32  # rays beyond each edge, so that the beam's width has neighbours; not shown


@dataclass(frozen=True)
class Scanner:
    """What the operator and the maker have set.

    frequency: MHz. radius: of the array, mm. field: angle of the fan, degrees. depth: mm.
    focus: depth of the transmit focus, mm. dynamic_range: dB from black to white.
    tgc: dB/cm/MHz that the time-gain compensation assumes. gain: dB, None = the operator turns it
    until soft tissue has its usual grey. compound: how many independent looks are averaged."""

    frequency: float = 3.5
    radius: float = 60.0
    field: float = 66.0
    depth: float = 160.0
    focus: float = 75.0
    dynamic_range: float = 54.0
    tgc: float = 0.5
    gain: float | None = None
    compound: int = 3
    rays: int = 176
    samples: int = 512
    noise: float = -62.0  # of the receiver, dB relative to liver at the face


@dataclass(frozen=True, eq=False)
class Pose:
    """Where the probe is held.

    face: (3,) the middle of its face. beam: (3,) unit, into the body, the picture's downward.
    right: (3,) unit, at a right angle to it, the picture's left-to-right."""

    face: F64
    beam: F64
    right: F64

    @property
    def across(self) -> F64:
        """(3,) unit normal of the plane: the way a sweep of frames goes."""
        return np.cross(self.right, self.beam)

    def moved(self, millimetres: float) -> Pose:
        """The same probe slid along the normal of its plane."""
        return Pose(self.face + millimetres * self.across, self.beam, self.right)


def pose(face: npt.ArrayLike, beam: npt.ArrayLike, right: npt.ArrayLike) -> Pose:
    """A pose from any two directions that are not parallel; `right` is made square to `beam`.

    >>> pose((0, -90, 0), (0, 2, 0), (1, 1, 0)).right.tolist()
    [1.0, 0.0, 0.0]
    """
    down = np.asarray(beam, float) / np.linalg.norm(np.asarray(beam, float))
    side = np.asarray(right, float) - (np.asarray(right, float) @ down) * down
    length = np.linalg.norm(side)
    assert length > 1e-6, "the beam and the picture's right are parallel"
    return Pose(np.asarray(face, float), down, side / length)


@lru_cache(maxsize=16)
def _fan(scanner: Scanner) -> tuple[F32, F32]:
    """depth (S,) mm beyond the face; angle (N + 2 PAD,) radians, positive to the right."""
    half = np.radians(scanner.field) / 2
    step = 2 * half / (scanner.rays - 1)
    angle = -half + step * (np.arange(scanner.rays + 2 * PAD) - PAD)
    depth = (np.arange(scanner.samples) + 0.5) * scanner.depth / scanner.samples
    return depth.astype(np.float32), angle.astype(np.float32)


@lru_cache(maxsize=16)
def _pixels(scanner: Scanner) -> tuple[float, float, F32, F32]:
    """Pixel (mm), the face's row, and (R, C): depth beyond the face, and angle, of every pixel."""
    half = np.radians(scanner.field) / 2
    rise = scanner.radius * (1 - np.cos(half))  # the ends of the face lie higher than its middle
    pixel = max(
        2 * (scanner.radius + scanner.depth) * np.sin(half) / (COLUMNS - 2 * MARGIN),
        (scanner.depth + rise) / (ROWS - 2 * MARGIN),
    )
    top = (ROWS - (scanner.depth + rise) / pixel) / 2 + rise / pixel
    row, column = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    down = (row - top) * pixel + scanner.radius
    side = (column - (COLUMNS - 1) / 2) * pixel
    return float(pixel), float(top), np.hypot(down, side) - scanner.radius, np.arctan2(side, down)


@dataclass(frozen=True, eq=False)
class Sector:
    """The fan of one pose: its rays in the patient, its pixels, and the way between them."""

    scanner: Scanner
    pose: Pose

    @cached_property
    def apex(self) -> F64:
        return self.pose.face - self.scanner.radius * self.pose.beam

    @property
    def depth(self) -> F32:
        """(S,) millimetres beyond the face."""
        return _fan(self.scanner)[0]

    @property
    def angle(self) -> F32:
        """(N + 2 PAD,) radians from the beam, positive to the picture's right."""
        return _fan(self.scanner)[1]

    @property
    def pixel(self) -> float:
        """Millimetres between rows and between columns."""
        return _pixels(self.scanner)[0]

    def rays(self) -> F32:
        """(3, S, N + 2 PAD) LPS of polar samples."""
        r = self.depth[:, None] + np.float32(self.scanner.radius)
        a = self.angle[None]
        down, side = r * np.cos(a), r * np.sin(a)
        return self._place(down, side)

    def _place(self, down: F32, side: F32) -> F32:
        """Distances from the apex along the beam and to the right → (3, ...) LPS."""
        out = [
            np.float32(o) + np.float32(b) * down + np.float32(s) * side
            for o, b, s in zip(self.apex, self.pose.beam, self.pose.right, strict=True)
        ]
        return np.stack(out)

    def pixels(self) -> F32:
        """(3, R, C) LPS of the middles of pixels."""
        pixel, top, _, _ = _pixels(self.scanner)
        row, column = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
        down = (row - np.float32(top)) * np.float32(pixel) + np.float32(self.scanner.radius)
        side = (column - np.float32((COLUMNS - 1) / 2)) * np.float32(pixel)
        return self._place(down, side)

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """(R, C) the pixels that some ray reaches."""
        _, _, depth, angle = _pixels(self.scanner)
        half = np.radians(self.scanner.field) / 2
        return (depth >= 0) & (depth < self.scanner.depth) & (np.abs(angle) <= half)

    @property
    def polar(self) -> tuple[F32, F32]:
        """(R, C) each: the fractional sample and (padded) ray of every pixel."""
        _, _, depth, angle = _pixels(self.scanner)
        step = self.angle[1] - self.angle[0]
        sample = depth * np.float32(self.scanner.samples / self.scanner.depth) - np.float32(0.5)
        return sample, (angle - self.angle[0]) / step

    def affine(self, step: float = 1.0) -> F64:
        """(4, 4): `affine @ (frame, row, column, 1)` = LPS, frames `step` mm along the normal."""
        pixel, top, _, _ = _pixels(self.scanner)
        out = np.eye(4)
        out[:3, 0] = step * self.pose.across
        out[:3, 1] = pixel * self.pose.beam
        out[:3, 2] = pixel * self.pose.right
        corner = -top * self.pose.beam - (COLUMNS - 1) / 2 * self.pose.right
        out[:3, 3] = self.pose.face + pixel * corner
        return out

    def pixel_of(self, point: npt.ArrayLike) -> tuple[float, float, float]:
        """(row, column, distance from the plane in mm) of a place in the patient.

        Through depth and angle, as the scan converter goes, not through the affine."""
        pixel, top, _, _ = _pixels(self.scanner)
        way = np.asarray(point, float) - self.apex
        down, side = way @ self.pose.beam, way @ self.pose.right
        r, a = np.hypot(down, side), np.arctan2(side, down)
        row = top + (r * np.cos(a) - self.scanner.radius) / pixel
        column = (COLUMNS - 1) / 2 + r * np.sin(a) / pixel
        return float(row), float(column), float(way @ self.pose.across)
