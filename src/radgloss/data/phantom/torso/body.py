"""The empty stage: how large this body is, its outline, its cavity and its diaphragm.

All of it is smooth, so it is worked out on an 8 mm lattice and interpolated: distances to the skin,
to the muscle under the fat, to the inside of the wall, and height above the diaphragm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from radgloss.data.phantom.patients import Patient
from radgloss.data.phantom.shapes import F32, Grid
from radgloss.data.phantom.torso.forms import FAR, noise, upsample
from radgloss.data.phantom.torso.scene import BACK, GridSpec, Look, Scene

__all__ = ["Outline", "ct_grid", "mr_grid", "set_stage"]

LATTICE = 8.0  # mm
WARP = (2.8, 2.4, 3.6)  # mm, one deviation, along x, y, z
LEVELS = (150, 60, 10, -40, -90, -140, -200, -240, -290)  # z of the tables below, mm
HALF_WIDTH = (140, 143, 138, 140, 151, 160, 168, 166, 158)
HALF_DEPTH = (99, 97, 89, 88, 92, 98, 106, 106, 98)
BEHIND = (110, 111, 108, 106, 108, 113, 118, 116, 108)  # y of the skin of the back
BELLY = (0.65, 0.9, 1.0, 1.0, 0.95, 0.85, 0.7, 0.65, 0.6)  # how far fat widens each level
# the cavity of the true pelvis: z, half width, half depth, centre y
PELVIS = (
    (-50, 150, 130, 0),
    (-85, 112, 96, 0),
    (-120, 92, 86, 6),
    (-160, 66, 72, 18),
    (-200, 53, 63, 22),
    (-232, 38, 48, 22),
    (-250, 17, 28, 24),
    (-262, 4, 10, 26),
)


@dataclass(frozen=True, eq=False)
class Outline:
    """(Z, Y, X) distances in mm, and what the wall's painters need beside them.

    lean: how much of the wall between fat and cavity is muscle rather than fat, 0 to 1."""

    skin: F32
    under: F32  # to the muscle under the fat
    inner: F32  # to the inside of that muscle
    lean: F32
    plump: float  # BMI above that of a lean body
    wide: float  # half width at the waist
    deep: float


def ct_grid(patient: Patient, slice_mm: float = 5.0) -> GridSpec:
    """Lung bases to pelvic floor in 192 × 192 pixels; 96 frames where slices are 5 mm."""
    s, plump = _scale(patient), _plump(patient)
    wide = (168 * s + 1.9 * plump) * 1.05 + 10
    pixel = float(np.clip(np.ceil(wide * 2 / 192 * 20) / 20, 1.75, 2.6))
    frames = round(480 / slice_mm)
    top = 176 * s
    half = 191 / 2 * pixel
    centre = BACK * s + 0.5 * plump - 0.45 * (2 * 98 * s + 3 * plump)
    return GridSpec(
        (frames, 192, 192),
        (slice_mm, pixel, pixel),
        (top - slice_mm * (frames - 1), centre - half, -half),
    )


def mr_grid(patient: Patient, pelvis: bool = False) -> GridSpec:
    """A slab of the upper abdomen, or of the pelvis: 40 frames of 6 mm in 160 × 192 pixels."""
    whole = ct_grid(patient)
    pixel = whole.spacing[2]
    s = _scale(patient)
    top = -60 * s if pelvis else 160 * s
    y0 = whole.origin[1] + 16 * pixel
    return GridSpec((40, 160, 192), (6.0, pixel, pixel), (top - 6.0 * 39, y0, whole.origin[2]))


def _scale(patient: Patient) -> float:
    return float((patient.height_cm / 172.0) ** 0.8)


def _plump(patient: Patient) -> float:
    return float(max(patient.bmi - 17, 0))


def set_stage(
    patient: Patient, looks: Sequence[Look], spec: GridSpec, rng: np.random.Generator
) -> tuple[Scene, Outline]:
    """The scene with air everywhere, and the outline that the wall is painted from."""
    s, plump = _scale(patient) * float(rng.normal(1, 0.015)), _plump(patient)
    seeds = [int(k) for k in rng.integers(2**32, size=8)]
    shape_rng = np.random.default_rng(seeds[7])
    z, y, x = spec.axes()
    lattice = [
        np.arange(np.floor(a[0] / LATTICE), np.ceil(a[-1] / LATTICE) + 2).astype(np.float32)
        * np.float32(LATTICE)
        for a in (z, y, x)
    ]
    coarse = Grid(lattice[0], lattice[1], lattice[2], (FAR, FAR, FAR))  # type: ignore[arg-type]
    bend = [
        np.clip(noise(coarse, coarse.whole, seed, 62.0), -2.2, 2.2) * np.float32(a)
        for seed, a in zip(seeds, WARP, strict=False)
    ]
    plain = (
        lattice[2][None, None, :] + bend[0],
        lattice[1][None, :, None] + bend[1],
        lattice[0][:, None, None] + bend[2],
    )
    coarse = Grid(lattice[0], lattice[1], lattice[2], plain)
    rough = noise(coarse, coarse.whole, seeds[3], 70.0) * np.float32(1.5)
    skin, under, inner, wall, lean = _outline(patient, shape_rng, plain, rough, s, plump)
    dome = _dome(shape_rng, plain, s)
    grid = Grid(z, y, x, (FAR, FAR, FAR))  # type: ignore[arg-type]
    ux, uy, uz = (upsample(p, coarse, grid) for p in plain)
    grid = Grid(z, y, x, (ux, uy, uz))
    fine = [upsample(p, coarse, grid) for p in (skin, under, inner, wall, dome, lean)]
    signal = np.empty((len(looks), *spec.shape), np.float32)
    for k, look in enumerate(looks):
        signal[k] = look["air"]
    scene = Scene(
        patient=patient,
        grid=grid,
        coarse=coarse,
        bend=np.stack(bend, axis=-1),
        looks=looks,
        signal=signal,
        solid=np.full(spec.shape, FAR, np.float32),
        wall=fine[3],
        dome=fine[4],
        s=s,
        gx=1 + 0.0105 * plump,
        gy=1 + 0.021 * plump,
    )
    wide = float(np.interp(0, LEVELS[::-1], HALF_WIDTH[::-1])) * s + 2.1 * plump
    deep = float(np.interp(0, LEVELS[::-1], HALF_DEPTH[::-1])) * s + 1.9 * plump
    scene.facts["girth"] = 2 * float(np.sqrt(wide * deep))
    return scene, Outline(fine[0], fine[1], fine[2], fine[5], plump, wide, deep)


def _table(z: F32, values: Sequence[float]) -> F32:
    return np.interp(z, LEVELS[::-1], values[::-1]).astype(np.float32)


def _outline(
    patient: Patient,
    rng: np.random.Generator,
    points: tuple[F32, F32, F32],
    rough: F32,
    s: float,
    plump: float,
) -> tuple[F32, F32, F32, F32, F32]:
    """Distances to skin, muscle, its inside and the cavity; how lean the wall is (lattice)."""
    x, y, z = (p / np.float32(s) for p in points)  # of the reference body
    more = plump / s * _table(z, BELLY)
    wide = _table(z, HALF_WIDTH) + 2.1 * more
    deep = _table(z, HALF_DEPTH) + 1.9 * more
    middle = _table(z, BEHIND) + 0.5 * more - deep
    dx, dy = x, y - middle
    radius = np.sqrt(dx * dx + dy * dy) + np.float32(1e-3)
    theta = np.arctan2(dy / deep, dx / wide)  # 0 left, +90° posterior
    c = np.abs(np.cos(theta))
    n = 2.35
    k = ((np.abs(dx) / wide) ** n + (np.abs(dy) / deep) ** n) ** (1 / n)
    rim = radius / k
    for order in range(2, 6):
        rim = rim * (1 + rng.normal(0, 0.006) * np.cos(order * theta + rng.uniform(0, 6.28)))
    behind, front = np.clip(np.sin(theta), 0, 1), np.clip(-np.sin(theta), 0, 1)
    rim = rim - 5 * np.exp(-((dx / 15) ** 2)) * (dy > 0)  # the furrow over the spine
    cleft = np.clip((-150 - z) / 50, 0, 1)  # between the buttocks, and lower between the thighs
    rim = rim - 20 * cleft * np.exp(-((dx / 7) ** 2)) * behind**4
    rim = rim - 40 * np.clip((-236 - z) / 30, 0, 1.4) * np.exp(-((dx / 13) ** 2)) * front**3
    skin = (radius - rim) * np.float32(0.95) * np.float32(s) + rough

    female = 1.25 if patient.sex == "F" else 1.0
    hips = np.clip((-40 - z) / 80, 0, 1)
    chest = np.clip((z - 30) / 50, 0, 1).astype(np.float32)
    fat = 0.75 + 0.75 * front * (1 - 0.5 * chest) + 0.8 * behind + 0.2 * c
    fat = female * (3.5 + plump * fat * (1 + 0.35 * hips - 0.2 * chest))
    under = skin + fat
    flank = 9 + 11 * c**2
    erector = 46 * np.exp(-((np.abs(dx) / 50) ** 4)) * (dy > 0) * np.clip((z + 190) / 90, 0.25, 1)
    muscle = np.maximum(flank * (1 - 0.3 * chest) + 4 * chest, erector + 8 * behind) * s
    inner = under + muscle
    wall = inner
    tables = np.array(PELVIS)[::-1]
    pw, pd, pc = (np.interp(z, tables[:, 0], tables[:, i]) for i in (1, 2, 3))
    extra = 0.5 * plump / s
    inlet = np.sqrt((x / (pw + extra)) ** 2 + ((y - pc) / (pd + extra)) ** 2) + 1e-3
    pelvic = np.hypot(x, y - pc) * (1 - 1 / inlet) * s
    pelvic = np.maximum(pelvic, (-262 - z) * s)
    wall = np.where(z > -45, wall, np.maximum(wall, pelvic))
    low = np.clip((-52 - z) / 25, 0, 1) * np.clip(1.5 - 1.9 * front, 0, 1)
    groin = np.clip((-205 - z) / 20, 0, 1)
    lean = np.clip(1 - np.maximum(low, groin), 0, 1)
    return tuple(a.astype(np.float32) for a in (skin, under, inner, wall, lean))


def _dome(rng: np.random.Generator, points: tuple[F32, F32, F32], s: float) -> F32:
    """Millimetres above the diaphragm, whose right dome stands higher than the left."""
    x, y, z = points
    right = (132 + rng.normal(0, 5)) * s
    left = right - rng.uniform(9, 20)
    height = np.full(x.shape, -1e3)
    for cx, top in ((-72 * s, right), (78 * s, left)):
        h = top - ((x - cx) / (13.5 * s)) ** 2 - ((y + 12) / (10.5 * s)) ** 2
        height = np.maximum(height, h)
    bridge = right - 26 - (x / (16 * s)) ** 2 - ((y + 12) / (10.5 * s)) ** 2
    height = np.maximum(height, bridge)
    return ((z - height) * 0.75).astype(np.float32)
