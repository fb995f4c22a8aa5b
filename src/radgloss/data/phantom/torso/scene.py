"""The stage of the torso: its grid, its coordinates, and paint that knows materials by name.

A shape is painted with a *material*; every `Look` says what a material is worth in one channel
(HU in a phase, the signal of a sequence, echogenicity, attenuation), so one pass paints them all
and partial volume blends the signals. Body coordinates are millimetres: x to the patient's left,
y posterior, z superior; z = 0 is the lower border of the second lumbar vertebra. Sites are stated
for a lean body of 172 cm and taken to this patient's by `Scene.at`; a smooth warp then bends the
large organs, and moves the thin ones along.
Shapes: K channels · Z frames · Y rows · X columns; axes are LPS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.patients import Lesion, Patient, stream
from radgloss.data.phantom.shapes import F32, Box, Grid, Paint, coverage, polyline, smooth_max
from radgloss.data.phantom.torso.forms import (
    Points,
    Segments,
    box_between,
    noise,
    path,
    sample,
    tube,
)

__all__ = ["Anatomy", "GridSpec", "Look", "Mask", "Placed", "Scene"]

Look = Mapping[str, float]
Mask = npt.NDArray[np.bool_]
SPINE_Y = 34.0  # centre of the vertebral bodies
BACK = 108.0  # the skin behind them, before fat
IN_LIVER = ("portal vein", "bile ducts")
SLACK = (9.0, 9.0, 13.0)  # mm that the warp may move a shape: x, y, z


@dataclass(frozen=True)
class GridSpec:
    """A lattice of voxels. shape: (Z, Y, X). spacing: mm. origin: first centre, (z, y, x) mm."""

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]

    def axes(self) -> tuple[F32, F32, F32]:
        """Voxel centres along z, y, x in millimetres."""
        z, y, x = (
            (o + s * np.arange(n)).astype(np.float32)
            for n, s, o in zip(self.shape, self.spacing, self.origin, strict=True)
        )
        return z, y, x

    def thinned(self, every: int) -> GridSpec:
        """The same field of view with fewer, larger voxels in each direction."""
        shape = tuple(max(n // every, 1) for n in self.shape)
        spacing = tuple(s * every for s in self.spacing)
        origin = tuple(
            o + s * (every - 1) / 2 for o, s in zip(self.origin, self.spacing, strict=True)
        )
        return GridSpec(
            (shape[0], shape[1], shape[2]),
            (spacing[0], spacing[1], spacing[2]),
            (origin[0], origin[1], origin[2]),
        )


@dataclass(frozen=True, eq=False)
class Placed:
    """A lesion where it came to lie.

    mask: (Z, Y, X) bool. contrast: (K,) mean absolute change that it makes inside its own mask.
    size_mm: the true longest axial diameter of the shape (length for a spleen); 0 where a lesion
    has none. The lesion's own size may be larger where its organ had no room for it."""

    lesion: Lesion
    mask: Mask
    contrast: npt.NDArray[np.float32]
    size_mm: float


@dataclass(frozen=True, eq=False)
class Anatomy:
    """A body on its grid, noiseless, one channel for each look.

    signal: (K, Z, Y, X) float32. organs: (Z, Y, X) bool by name. facts: lengths, mm."""

    grid: GridSpec
    signal: F32
    organs: Mapping[str, Mask]
    placed: tuple[Placed, ...]
    facts: Mapping[str, float] = dataclass_field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Scene:
    """What the painters share; `signal`, `organs`, `solid` and `facts` are filled as they go."""

    patient: Patient
    grid: Grid
    coarse: Grid  # 8 mm lattice on which smooth things are worked out
    bend: F32  # (Z, Y, X, 3) warp x, y, z on the coarse lattice, mm
    looks: Sequence[Look]
    signal: F32  # (K, Z, Y, X)
    solid: F32  # (Z, Y, X) distance to any organ that bowel must go round
    wall: F32  # (Z, Y, X) distance to the inner side of the abdominal wall, negative inside
    dome: F32  # (Z, Y, X) millimetres above the diaphragm
    s: float  # linear scale of the body
    gx: float  # how much wider, and deeper in front, the cavity is than in a lean body
    gy: float
    organs: dict[str, Mask] = dataclass_field(default_factory=dict)
    facts: dict[str, float] = dataclass_field(default_factory=dict)
    shapes: dict[str, Paint] = dataclass_field(default_factory=dict)
    places: dict[str, Points] = dataclass_field(default_factory=dict)

    # ---- where

    def at(self, *sites: tuple[float, float, float]) -> Points:
        """Sites of the lean reference body (x, y, z) → this body before the warp, (N, 3)."""
        p = np.array(sites, dtype=float) * self.s
        p[:, 0] *= self.gx
        p[:, 1] = np.where(p[:, 1] < 10, 10 + (p[:, 1] - 10) * self.gy, p[:, 1])
        return p

    def true(self, points: npt.ArrayLike) -> Points:
        """Points of the body before the warp → where they are in the picture."""
        p = np.atleast_2d(np.asarray(points, dtype=float))
        out = p.copy()
        for _ in range(3):  # the warp is gentle, so this settles at once
            out = p - sample(self.bend, self.coarse, out)
        return out

    def branches(
        self, trees: Sequence[list[tuple[Points, Points]]], pieces: int = 3
    ) -> list[Segments]:
        """Trees of vessels (`shapes.tree`, before the warp) as a few pieces a branch."""
        kept = []
        for points, radii in (branch for grown in trees for branch in grown):
            keep = np.unique(np.linspace(0, len(points) - 1, pieces + 1).astype(int))
            kept.append((points[keep], radii[keep]))
        places = self.true(np.concatenate([p for p, _ in kept]))
        ends = np.cumsum([len(p) for p, _ in kept])[:-1]
        parts = np.split(places, ends)
        return [path(p, r) for p, (_, r) in zip(parts, kept, strict=True)]

    def line(self, sites: npt.ArrayLike, n: int) -> Points:
        """A smooth curve of n points through places of the body (N, 3), in the picture."""
        return self.true(polyline(sites, n))

    def points(self, box: Box) -> tuple[F32, F32, F32]:
        """x, y, z of a box before the warp."""
        return self.grid.points(box)

    def box(self, low: npt.ArrayLike, high: npt.ArrayLike) -> Box:
        """The box around two corners x, y, z of the body, with room for the warp."""
        slack = np.array(SLACK)
        return box_between(self.grid, np.asarray(low) - slack, np.asarray(high) + slack)

    def noise(self, rng: np.random.Generator, box: Box, scale: float) -> F32:
        """Smooth noise in a box, the same on any grid; takes one number from the stream."""
        return noise(self.grid, box, int(rng.integers(2**32)), scale)

    # ---- who

    def has(self, what: str, side: str = "") -> bool:
        """Whether the patient has a lesion of that name (on that side, where one is asked for)."""
        return self.find(what, side) is not None

    def find(self, what: str, side: str = "") -> Lesion | None:
        """The first lesion of that name and side."""
        for lesion in self.patient.lesions:
            if lesion.what == what and (not side or lesion.side in (side, "bilateral")):
                return lesion
        return None

    def rng(self, key: int) -> np.random.Generator:
        """The stream of one part of the body."""
        return stream(self.patient.seed, self.patient.exam, "body", key)

    # ---- paint

    def value(self, material: str, channel: int) -> float:
        """What a material is worth in one channel."""
        return self.looks[channel][material]

    def paint(
        self,
        what: Paint,
        material: str,
        soft: float = 2.2,
        organ: str = "",
        keep: float = 1.0,
        mix: tuple[str, F32] | None = None,
        grain: F32 | None = None,
    ) -> None:
        """Blend a material into every channel where the shape covers it.

        mix: a second material and its share (0 to 1) in each voxel of the box. grain: relative
        change of the value in each voxel. organ: the label that grows by this shape."""
        if what.distance.size == 0:
            return
        cover = coverage(what.distance, soft)
        if keep != 1.0:
            cover *= np.float32(keep)
        self.blend(what.box, cover, material, mix, grain)
        if organ:
            self.own(organ, what.box, what.distance < 0)

    def blend(
        self,
        box: Box,
        cover: F32,
        material: str,
        mix: tuple[str, F32] | None = None,
        grain: F32 | None = None,
    ) -> None:
        """Blend by a coverage (0 to 1) over a box."""
        for k, look in enumerate(self.looks):
            part = self.signal[k][box]
            value = np.float32(look[material])
            if mix is None and grain is None:
                part += cover * (value - part)
                continue
            worth = np.full(cover.shape, value, np.float32)
            if grain is not None:
                worth *= 1 + grain
            if mix is not None:
                worth += mix[1] * (np.float32(look[mix[0]]) - worth)
            worth -= part
            worth *= cover
            part += worth

    def label(self, organ: str) -> Mask:
        """The mask of an organ, empty at first."""
        if organ not in self.organs:
            self.organs[organ] = np.zeros(self.grid.shape, bool)
        return self.organs[organ]

    def own(self, organ: str, box: Box, mask: Mask) -> None:
        """Voxels of a box belong to an organ from now on, and to no other one.

        Vessels and ducts stay part of the liver, and everything in it part of the body wall."""
        for name, label in self.organs.items():
            shared = name == "body wall" or (name == "liver" and organ in IN_LIVER)
            if name != organ and not shared:
                label[box] &= ~mask
        self.label(organ)[box] |= mask

    def claim(self, what: Paint, gap: float = 0.0) -> None:
        """Room that bowel must go round, widened by a gap."""
        part = self.solid[what.box]
        np.minimum(part, what.distance - np.float32(gap), out=part)

    def free(self, what: Paint, gap: float = 1.2, round_mm: float = 3.0) -> Paint:
        """The part of a shape that no claimed organ occupies."""
        taken = np.float32(gap) - self.solid[what.box]
        return Paint(what.box, smooth_max(what.distance, taken, round_mm))

    def inside(self, what: Paint, gap: float = 2.0, round_mm: float = 6.0) -> Paint:
        """The part of a shape that lies within the abdominal cavity."""
        limit = np.maximum(self.wall[what.box], self.dome[what.box]) + np.float32(gap)
        return Paint(what.box, smooth_max(what.distance, limit, round_mm))

    def vessel(
        self,
        sites: npt.ArrayLike,
        radii: npt.ArrayLike,
        material: str,
        n: int = 24,
        organ: str = "",
    ) -> Paint:
        """A curved tube through places of the body, painted; radii are one, or one a site."""
        line = self.line(sites, n)
        r = np.broadcast_to(np.asarray(radii, dtype=float), (len(np.atleast_2d(sites)),))
        radius = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(r)), r)
        shape = tube(self.grid, path(line, radius))
        self.paint(shape, material, organ=organ)
        return shape

    def bone(
        self, what: Paint, seed: int, cortex: float = 2.4, organ: str = "", dense: float = 1.0
    ) -> None:
        """Cortical bone with spongy bone inside, whose marrow is mottled."""
        if what.distance.size == 0:
            return
        self.claim(what, 1.5)
        grain = noise(self.grid, what.box, seed, 5.5) * np.float32(0.17)
        rim = np.clip(1 + what.distance * np.float32(1 / cortex), 0, 1) * np.float32(dense)
        self.paint(what, "cancellous bone", 2.0, organ, mix=("cortical bone", rim), grain=grain)
