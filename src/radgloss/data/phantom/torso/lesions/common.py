"""What all lesions share: a place in an organ, a shape of exact size, and a record of the change.

A focal lesion is a ball whose long axis lies in the axial plane; its lumps vanish at the two ends
of that axis, so that its longest axial diameter is exactly what was asked for. Its edges are
averaged over the thickness of a slice. Places are chosen by a smooth random field tied to the body,
so that they do not depend on the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom.patients import Lesion
from radgloss.data.phantom.shapes import F32, Box, Paint, coverage, rotation
from radgloss.data.phantom.torso.forms import FAR, Points, box_between, noise, windowed
from radgloss.data.phantom.torso.kidneys import Kidney
from radgloss.data.phantom.torso.liver import Liver
from radgloss.data.phantom.torso.pancreas import Pancreas
from radgloss.data.phantom.torso.pelvis import Ovary
from radgloss.data.phantom.torso.scene import Mask, Placed, Scene

__all__ = [
    "Blob",
    "Job",
    "Organs",
    "blob",
    "choose",
    "fat_in",
    "fill",
    "placed",
    "rind",
    "stated",
    "strand",
]


@dataclass(frozen=True, eq=False)
class Organs:
    """The shapes that lesions are placed in."""

    liver: Liver
    spleen: Paint | None
    kidneys: Mapping[str, Kidney]
    pancreas: Pancreas
    ovaries: Mapping[str, Ovary]


@dataclass(frozen=True, eq=False)
class Job:
    """One lesion to be painted. taken: places (x, y, z, radius) that others hold already."""

    scene: Scene
    organs: Organs
    lesion: Lesion
    rng: np.random.Generator
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    @property
    def radius(self) -> float:
        """Half the size that the place must have room for: now, or in the prior study."""
        return max(self.lesion.size_mm, self.lesion.prior_mm or 0.0, self.lesion.room_mm) / 2

    def has(self, feature: str) -> bool:
        """Whether the lesion shows a feature."""
        return feature in self.lesion.features


@dataclass(frozen=True, eq=False)
class Blob:
    """A lumpy ball. layers: its distance at several depths of a slice; the middle one first."""

    box: Box
    center: Points
    size_mm: float
    layers: tuple[F32, ...]

    @property
    def distance(self) -> F32:
        """In the middle of each slice."""
        return self.layers[0]

    def cover(self, inset: float = 0.0, soft: float = 1.8) -> F32:
        """How much of each voxel it fills when shrunk by `inset` mm."""
        total = coverage(self.layers[0] + np.float32(inset), soft)
        for layer in self.layers[1:]:
            total = total + coverage(layer + np.float32(inset), soft)
        return total * np.float32(1 / len(self.layers))


def blob(
    scene: Scene,
    center: npt.ArrayLike,
    size_mm: float,
    rng: np.random.Generator,
    lumps: float = 0.04,
    slim: tuple[float, float] = (0.86, 0.98),
) -> Blob:
    """A ball of that longest axial diameter; lumps are relative to its radius."""
    g, c, r = scene.grid, np.asarray(center, dtype=float), size_mm / 2
    radii = (r, r * float(rng.uniform(*slim)), r * float(rng.uniform(*slim)))
    turn = rotation("z", float(rng.uniform(0, 180))).astype(np.float32)
    seed = int(rng.integers(2**32))
    dz = scene.grid.spacing[0]
    box = box_between(g, c - r, c + r, 5.0 + dz)
    steps = (0.0, -0.4, -0.2, 0.2, 0.4) if r < 4 * dz else (0.0,)
    x = (g.x[box[2]] - np.float32(c[0]))[None, None, :]
    y = (g.y[box[1]] - np.float32(c[1]))[None, :, None]
    z = (g.z[box[0]] - np.float32(c[2]))[:, None, None]
    along = (turn[0, 0] * x + turn[1, 0] * y) * np.float32(1 / radii[0])
    across = (turn[0, 1] * x + turn[1, 1] * y) * np.float32(1 / radii[1])
    flat = along * along + across * across
    ends = np.clip(1 - 1.15 * np.abs(along), 0, 1)
    bumps = noise(g, box, seed, max(0.55 * r, 2.5)) * ends * np.float32(min(lumps * r, 0.12 * r))
    layers = []
    for step in steps:
        up = (z + np.float32(step * dz)) * np.float32(1 / radii[2])
        k = np.sqrt(flat + up * up) + np.float32(1e-6)
        slope = np.sqrt(
            (along / radii[0]) ** 2 + (across / radii[1]) ** 2 + (up / radii[2]) ** 2
        ) + np.float32(1e-6)
        layers.append((k * (k - 1) / slope + bumps).astype(np.float32))
    return Blob(box, c, size_mm, tuple(layers))


def choose(
    job: Job, shape: Paint, fits: Mask | None, margin: float = 1.0, gap: float = 3.0
) -> tuple[Points, float]:
    """A place for a ball inside a shape, and the radius that it can have there.

    Where there is room it keeps the radius asked for; otherwise it takes the roomiest place."""
    g, r = job.scene.grid, job.radius
    depth = -shape.distance
    z, y, x = (a[s].astype(np.float32) for a, s in zip((g.z, g.y, g.x), shape.box, strict=True))
    room = depth - np.float32(margin)
    for tx, ty, tz, tr in job.taken:
        away = np.sqrt(
            (z - tz)[:, None, None] ** 2 + (y - ty)[None, :, None] ** 2 + (x - tx)[None, None] ** 2
        )
        np.minimum(room, away - np.float32(tr + gap), out=room)
    if fits is not None and fits.any():
        if float(room[fits].max()) < 0.5 * r:  # a thin place: its neighbourhood will do
            near = ndimage.distance_transform_edt(~fits, g.spacing)
            fits = near < 14
        room = np.where(fits, room, -FAR)
    taste = noise(g, shape.box, int(job.rng.integers(2**32)), 18.0)
    need = min(r, 0.92 * float(room.max()))
    index = np.unravel_index(int(np.argmax(np.where(room >= need, taste, -FAR))), room.shape)
    spot = np.array([x[index[2]], y[index[1]], z[index[0]]], dtype=float)
    radius = min(job.lesion.size_mm / 2, max(float(room[index]), 1.0))
    job.taken.append((spot[0], spot[1], spot[2], max(r, radius)))
    return spot, radius


def placed(
    job: Job, box: Box, before: F32, mask: Mask, size_mm: float, within: Mask | None = None
) -> Placed:
    """The record of a lesion painted in a box: mask of the box, and what changed inside it."""
    scene = job.scene
    if within is not None:
        mask = mask & within
    whole = np.zeros(scene.grid.shape, bool)
    whole[box] = mask
    contrast = np.zeros(len(scene.looks), np.float32)
    if mask.any():
        for k in range(len(scene.looks)):
            contrast[k] = np.abs(scene.signal[k][box][mask] - before[k][mask]).mean()
    return Placed(job.lesion, whole, contrast, round(size_mm, 2))


def stated(
    job: Job, mask: Mask, seen: str, instead: str, size_mm: float = 0.0, share: float = 1.0
) -> Placed:
    """The record of a change that the organ was painted with: one material where another would be.

    share: how much of the mask's voxels the change amounts to."""
    looks = job.scene.looks
    contrast = np.array([abs(look[seen] - look[instead]) * share for look in looks], np.float32)
    return Placed(job.lesion, mask.copy(), contrast, round(size_mm, 2))


def copy_of(scene: Scene, box: Box) -> F32:
    """The signal of a box before it is painted on."""
    return scene.signal[(slice(None), *box)].copy()


def half(cover: F32) -> Mask:
    """Where a shape fills at least half as much of a voxel as where it fills most."""
    return cover >= 0.5 * max(float(cover.max()), 1e-6) if cover.size else cover > 0


def fat_in(scene: Scene, box: Box, claimed: float = 0.0) -> Mask:
    """Where the cavity holds fat and nothing else."""
    free = scene.wall[box] < -1
    free &= scene.dome[box] < -1
    free &= scene.solid[box] > claimed
    for name, mask in scene.organs.items():
        if name != "body wall":
            free &= ~mask[box]
    return free


def strand(
    scene: Scene, what: Paint, reach: float, rng: np.random.Generator, strength: float
) -> Mask:
    """Inflamed fat round a shape, fading over `reach` mm, in streaks; its mask in the box."""
    away = np.clip(1 - np.clip(what.distance, 0, None) * np.float32(1 / reach), 0, 1)
    streaks = np.clip(0.55 + 0.4 * scene.noise(rng, what.box, 4.5), 0.05, 1)
    cover = (away * streaks * np.float32(strength) * fat_in(scene, what.box)).astype(np.float32)
    scene.blend(what.box, cover, "stranded fat")
    return cover > 0.25 * strength


def rind(scene: Scene, what: Paint, thick: float, rng: np.random.Generator, material: str) -> Mask:
    """Fluid that coats a shape, thicker here than there; its mask in the box."""
    ragged = what.distance - np.float32(thick) * (
        1 + 0.45 * scene.noise(rng, what.box, 14.0)
    ).astype(np.float32)
    cover = coverage(ragged, 2.2) * fat_in(scene, what.box)
    scene.blend(what.box, cover.astype(np.float32), material)
    return cover >= 0.5


def fill(
    scene: Scene, box: Box, where: Mask, order: F32, volume_ml: float, material: str
) -> tuple[Mask, float]:
    """Pour a volume into a region, lowest `order` (mm) first; the mask and the ml that went in."""
    voxel = float(np.prod(scene.grid.spacing)) / 1000
    values = order[where]
    if len(values) == 0:
        return np.zeros(where.shape, bool), 0.0
    count = min(max(round(volume_ml / voxel), 1), len(values))
    level = np.float32(np.partition(values, count - 1)[count - 1])
    cover = coverage(order - level, 2.4) * where
    scene.blend(box, cover.astype(np.float32), material)
    mask = where & (order <= level)
    return mask, float(mask.sum()) * voxel


def grown(what: Paint, scene: Scene, margin: float) -> Paint:
    """The same shape on a box wider by a margin; far outside where it was not measured."""
    axes = scene.grid.spacing
    box = tuple(
        slice(max(s.start - int(margin / d) - 1, 0), min(s.stop + int(margin / d) + 1, n))
        for s, d, n in zip(what.box, axes, scene.grid.shape, strict=True)
    )
    whole: Box = (box[0], box[1], box[2])
    return Paint(whole, windowed(what, whole, 60.0))
