"""A chest in three dimensions, seen along the ray: the intervals that each shape cuts from it.

Body coordinates in millimetres: x to the patient's left, y posterior, z superior; z = 0 lies at
the carina. A film needs only how much of each tissue every ray crosses, so shapes are kept as
closed forms and the points where a ray enters and leaves them are computed for every pixel
(constructive solid geometry along parallel rays, as in a PA film; divergence is left out).
Shapes: R rows · C columns; a `path` is millimetres along the ray."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from radgloss.data.phantom.patient import Lesion, Patient, stream
from radgloss.data.phantom.shapes import F32, field, polyline, tree
from radgloss.data.phantom.tissues import ATTENUATION as MU

__all__ = ["Film", "Shadow", "build"]

SIZE = 384  # rows and columns
SIDES = {"right": -1, "left": 1}
FAR = np.float32(1e4)
Interval = tuple[F32, F32]


@dataclass(frozen=True, eq=False)
class Shadow:
    """A lesion as the film has it: its silhouette, and how much it changes the line integral.

    mask: (R, C) bool. change: (R, C) float32, dimensionless."""

    lesion: Lesion
    mask: npt.NDArray[np.bool_]
    change: F32


@dataclass(frozen=True, eq=False)
class Film:
    """Line integrals of attenuation through a chest, before scatter, detector and noise.

    attenuation: (R, C) float32, dimensionless; rows run from head to feet, columns to the
    patient's left. x: (C,), z: (R,) millimetres. facts: measures of the anatomy."""

    attenuation: F32
    shadows: tuple[Shadow, ...]
    pixel: float
    x: F32
    z: F32
    facts: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class _Scene:
    """Film coordinates, and the cavity that lungs and pleura share."""

    patient: Patient
    x: F32  # (1, C)
    z: F32  # (R, 1)
    pixel: float
    s: float
    half_width: Callable[[F32], F32]  # of the thoracic cavity, by height
    half_depth: Callable[[F32], F32]
    domes: Mapping[str, tuple[float, float]]  # height and lateral place of each hemidiaphragm
    ripple: F32  # (1, C) unevenness of the diaphragm
    bend: F32  # (R, 1) sideways shift of the spine
    outer: float  # half width of the trunk at the skin

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.z), self.x.shape[1]

    def blank(self) -> F32:
        return np.zeros(self.shape, np.float32)


def build(patient: Patient) -> Film:
    """The film of that patient before physics, lesions included; the same every time."""

    def rng(key: int) -> np.random.Generator:
        return stream(patient.seed, patient.exam, "body", key)

    scene = _scene(patient, rng(0))
    trunk, fat = _trunk(scene, rng(1))
    blocks, facts = _mediastinum(scene, rng(2))
    grain = field(rng(3), scene.shape, (scene.pixel, scene.pixel), 6.0) * np.float32(0.03)
    grain += field(rng(4), scene.shape, (scene.pixel, scene.pixel), 38.0) * np.float32(0.05)
    out = MU["soft"] * trunk - (MU["soft"] - MU["fat"]) * fat

    shadows: list[Shadow] = []
    aerated = scene.blank()
    for side in SIDES:
        lung, removed, found = _hemithorax(scene, side, blocks, grain)
        aerated += lung
        out -= removed
        shadows += found
    out += _vessels(scene, rng(5), aerated)
    out -= _airways(scene, rng(6)) * np.float32(MU["soft"])
    out += _spine(scene, rng(7))
    out += _ribs(scene, rng(8))
    out += _shoulder_girdle(scene, rng(9))
    out -= _belly_gas(scene, rng(10)) * np.float32(MU["soft"])
    out += _incidentals(scene, rng(11), facts)
    for lesion in patient.lesions:
        if lesion.what == "lung nodule":
            own = stream(patient.seed, patient.exam, "lesion", lesion.key)
            shadow = _nodule(scene, own, lesion, aerated)
            out += shadow.change
            shadows.append(shadow)
    return Film(
        out.astype(np.float32),
        _merged(patient, shadows),
        scene.pixel,
        scene.x[0],
        scene.z[:, 0],
        facts,
    )


def _merged(patient: Patient, shadows: Sequence[Shadow]) -> tuple[Shadow, ...]:
    """One shadow for each lesion, in the patient's order; both sides of one joined."""
    out = []
    for lesion in patient.lesions:
        parts = [s for s in shadows if s.lesion is lesion]
        mask = np.logical_or.reduce([s.mask for s in parts])
        change = np.stack([s.change for s in parts]).sum(0)
        out.append(Shadow(lesion, mask, change))
    return tuple(out)


# ------------------------------------------------------------------ coordinates and rays


def _curve(points: Mapping[float, float]) -> Callable[[F32], F32]:
    """A smooth function through (height: value) pairs, constant beyond its ends."""
    z = np.array(sorted(points))
    shape = PchipInterpolator(z, np.array([points[k] for k in z]))
    return lambda at: shape(np.clip(at, z[0], z[-1])).astype(np.float32)


def _scene(patient: Patient, rng: np.random.Generator) -> _Scene:
    s = patient.scale * (0.94 if patient.sex == "F" else 1.0) * float(rng.normal(1, 0.025))
    tall = float(rng.normal(1, 0.05))  # depth of the breath
    wide = float(rng.normal(1, 0.03))
    width = {
        -230: 126, -140: 134, -90: 134, -40: 129, 10: 121, 50: 113, 80: 100, 98: 86, 108: 73,
        115: 58, 119: 44,
    }  # fmt: skip
    depth = {
        -230: 98, -140: 98, -90: 97, -40: 92, 10: 82, 50: 68, 80: 54, 98: 40, 108: 29, 115: 15,
        119: 0,
    }  # fmt: skip
    half_width = _curve({z * s: w * s * wide for z, w in width.items()})
    half_depth = _curve({z * s: d * s for z, d in depth.items()})
    plump = max(patient.bmi - 19, 0)
    outer = 150 * s * wide + 2.4 * plump + 6
    pixel = float(np.clip(round(1.06 * 2 * outer / SIZE, 3), 0.85, 1.12))
    middle = -28 * s + rng.normal(0, 5)
    x = ((np.arange(SIZE) - (SIZE - 1) / 2) * pixel + rng.normal(0, 3)).astype(np.float32)
    z = (middle - (np.arange(SIZE) - (SIZE - 1) / 2) * pixel).astype(np.float32)
    right = -104 * s * tall
    lower = right - float(rng.uniform(8, 20))
    domes = {"right": (right, 66.0 * s), "left": (lower, 68.0 * s)}
    ripple = field(rng, (SIZE,), (pixel,), 45.0)[None] * np.float32(1.6)
    curl = 9.0 if "scoliosis" in patient.incidentals else 1.2
    bend = np.sin((z - rng.normal(0, 20)) / (62 * s) * 1.1) * rng.choice((-1, 1)) * curl
    return _Scene(
        patient, x[None], z[:, None], pixel, s, half_width, half_depth, domes, ripple,
        bend[:, None].astype(np.float32), outer,
    )  # fmt: skip


def _chord(q: F32, radius: float | F32) -> F32:
    """Half the path through an ellipsoid whose film equation is q <= 1."""
    half = np.sqrt(np.clip(1 - q, 0, None)) * radius
    return half.astype(np.float32)


def _oval(scene: _Scene, cx: float, cz: float, rx: float, rz: float, degrees: float = 0.0) -> F32:
    """The film equation of an ellipse, 1 on its rim: (R, C)."""
    dx, dz = scene.x - np.float32(cx), scene.z - np.float32(cz)
    c, q = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    along, across = dx * np.float32(c) + dz * np.float32(q), dz * np.float32(c) - dx * np.float32(q)
    square = (along / np.float32(rx)) ** 2 + (across / np.float32(rz)) ** 2
    return square.astype(np.float32)


def _interval(q: F32, cy: float | F32, ry: float | F32) -> Interval:
    half = _chord(q, ry)
    empty = q >= 1
    return np.where(empty, FAR, cy - half), np.where(empty, -FAR, cy + half)


def _flank(q: F32, cy: float, ry: float) -> Interval:
    """An interval that thins out gently, as the muscles beside the spine do."""
    half = ry * np.clip(1 - q, 0, None) ** np.float32(1.5)
    empty = q >= 1
    return np.where(empty, FAR, cy - half), np.where(empty, -FAR, cy + half)


def _hull(intervals: Sequence[Interval]) -> Interval:
    """One interval over several that overlap: parts of one organ."""
    start = np.minimum.reduce([a for a, _ in intervals])
    return start, np.maximum.reduce([b for _, b in intervals])


@dataclass(frozen=True, eq=False)
class _Blocks:
    """What is solid along every ray, sorted from front to back."""

    starts: F32  # (K, R, C)
    ends: F32

    @staticmethod
    def of(intervals: Sequence[Interval]) -> _Blocks:
        starts = np.stack(np.broadcast_arrays(*(a for a, _ in intervals)))
        ends = np.stack(np.broadcast_arrays(*(b for _, b in intervals)))
        order = np.argsort(starts, axis=0)
        return _Blocks(np.take_along_axis(starts, order, 0), np.take_along_axis(ends, order, 0))

    def free(self, front: F32, back: F32, step: int = 1) -> F32:
        """How much of [front, back] no block fills: (R, C)."""
        reach = front.copy()
        solid = np.zeros_like(front)
        for start, end in zip(self.starts[:, ::step, ::step], self.ends[:, ::step, ::step],
                              strict=True):  # fmt: skip
            end = np.minimum(end, back)
            solid += np.clip(end - np.maximum(start, reach), 0, None)
            reach = np.maximum(reach, end)
        return np.clip(back - front - solid, 0, None)


# ------------------------------------------------------------------ trunk and mediastinum


def _trunk(scene: _Scene, rng: np.random.Generator) -> tuple[F32, F32]:
    """Paths through the whole trunk and through its fat; breasts where there are some."""
    s, o = scene.s, scene.outer
    plump = max(scene.patient.bmi - 19, 0)
    width = _curve(
        {
            -230 * s: o * 0.97, -120 * s: o, -30 * s: o + 2, 30 * s: o + 10, 60 * s: o + 24,
            92 * s: o + 34, 108 * s: o + 14, 122 * s: o - 34, 136 * s: o * 0.55,
            152 * s: 66 * s + plump, 170 * s: 56 * s + plump, 210 * s: 54 * s + plump,
        }
    )(scene.z)  # fmt: skip
    depth = _curve(
        {
            -230 * s: 112 * s + 2.6 * plump, -60 * s: 108 * s + 2.0 * plump, 20 * s: 98 * s + plump,
            70 * s: 92 * s + plump, 105 * s: 80 * s + plump, 130 * s: 62 * s, 210 * s: 56 * s,
        }
    )(scene.z)  # fmt: skip
    width = width + field(rng, (len(scene.z), 1), (scene.pixel, 1.0), 60.0) * np.float32(1.5)

    def path(a: F32, b: F32) -> F32:
        q = np.clip(np.abs(scene.x - 0.5 * scene.bend) / a, 0, 1)
        return (2 * b * np.sqrt(np.clip(1 - q**2.3, 0, None))).astype(np.float32)

    trunk = path(width, depth)
    rind = np.float32(4 + 1.5 * plump)
    fat = trunk - path(np.maximum(width - rind, 5), np.maximum(depth - rind, 5))
    if scene.patient.sex == "F":
        big = float(np.clip(rng.normal(1 + 0.04 * plump, 0.2), 0.5, 1.9))
        for side in (-1, 1):
            cx = side * (74 + rng.normal(0, 3)) * s
            cz = (-78 + rng.normal(0, 6)) * s
            upper = _oval(scene, cx, cz, 58 * s * big**0.4, 86 * s)
            lower = _oval(scene, cx, cz, 58 * s * big**0.4, 46 * s * big**0.6)
            oval = np.where(scene.z > cz, upper, lower)
            fade = 0.5 + np.clip((scene.z - cz) / np.float32(45 * s), 0, 1)
            breast = np.float32(28 * s * big) * np.clip(1 - oval, 0, None) ** fade
            breast *= np.clip((trunk - 30) / 60, 0, 1)
            trunk = trunk + breast
            fat = fat + breast * np.float32(0.7)
    return trunk.astype(np.float32), fat.astype(np.float32)


def _mediastinum(
    scene: _Scene, rng: np.random.Generator
) -> tuple[list[Interval], dict[str, float]]:
    """Heart (its apex to the left), great vessels, aortic arch (on the left), and the spine."""
    s = scene.s
    cavity = 2 * float(scene.half_width(np.array([-95 * s], np.float32))[0])
    ratio = float(np.clip(rng.normal(0.445, 0.026), 0.38, 0.495))
    k = ratio * cavity / (134 * s)  # stretches the heart to its share of the chest
    turn = float(rng.normal(-34, 4))

    def chamber(
        cx: float, cy: float, cz: float, rx: float, ry: float, rz: float, tilt: float = 0.0
    ) -> Interval:
        oval = _oval(scene, cx * s * k, cz * s, rx * s * k, rz * s, tilt)
        return _interval(oval, cy * s, ry * s)

    heart = _hull(
        [
            chamber(27, -10, -76, 63, 46, 45, turn),
            chamber(-11, -2, -62, 38, 42, 50),
            chamber(12, -28, -90, 52, 40, 36),
            chamber(2, 22, -44, 36, 30, 30),
        ]
    )
    trunk = _hull([chamber(22, -14, -16, 20, 26, 34), chamber(34, 2, -34, 19, 24, 26)])
    age = scene.patient.age
    knob = (14.5 + 0.06 * max(age - 30, 0)) * s * float(rng.normal(1, 0.06))
    arch_x, arch_z = (24 + 0.1 * max(age - 40, 0)) * s, (34 + rng.normal(0, 3)) * s
    down = arch_x - 4 * s + np.clip(-(scene.z - arch_z) / (300 * s), 0, 1) * -12 * s
    aorta_x = np.abs(scene.x - down - scene.bend) / np.float32(knob * 0.9)
    below = scene.z < arch_z
    aorta = np.where(below, aorta_x**2, _oval(scene, arch_x, arch_z, knob, knob))
    aorta = np.minimum(aorta, _oval(scene, arch_x, arch_z, knob, knob))
    ascending = _interval(_oval(scene, -10 * s, 8 * s, 25 * s, 52 * s), -18 * s, 28 * s)
    half = _curve(
        {-230 * s: 24 * s, -40 * s: 26 * s, 20 * s: 28 * s, 60 * s: 30 * s, 95 * s: 34 * s,
         116 * s: 42 * s, 150 * s: 46 * s}
    )(scene.z)  # fmt: skip
    belt = _curve({-60 * s: 40 * s, 10 * s: 58 * s, 90 * s: 62 * s})(scene.z)
    skew = np.float32(float(rng.normal(-2, 1.5)) * s)
    wiggle = field(rng, (len(scene.z), 1), (scene.pixel, 1.0), 24.0) * np.float32(0.9)
    middle = ((scene.x - skew - 0.4 * scene.bend) / (half + wiggle)) ** 2
    spine = ((scene.x - scene.bend) / np.float32(50 * s)) ** 2 + 0 * scene.z
    blocks = [
        heart,
        trunk,
        _interval(aorta.astype(np.float32), 34 * s, knob),
        ascending,
        _interval((middle + 0 * scene.x).astype(np.float32), 4 * s, belt),
        _flank(spine.astype(np.float32), 78 * s, 42 * s),
    ]
    return blocks, {"cardiothoracic ratio": ratio, "arch x": arch_x, "arch z": arch_z, "knob": knob}


def _dome(scene: _Scene, side: str) -> Interval:
    """The hemidiaphragm and all below it: a bowl turned over, deepest at the back and outside."""
    top, cx = scene.domes[side]
    s = scene.s
    out = (SIDES[side] * scene.x - np.float32(cx)) / np.float32(66 * s)
    middle = (scene.domes["right"][0] + scene.domes["left"][0]) / 2 - 18 * s  # where they meet
    drop = np.where(out > 0, 52 * s, (top - middle) * (66 * s / cx) ** 2)
    height = top - drop * out**2 + scene.ripple
    half = 92 * s * np.sqrt(np.clip(height - scene.z, 0, None) / np.float32(46 * s))
    empty = scene.z >= height
    return (
        np.where(empty, FAR, -10 * s - half).astype(np.float32),
        np.where(empty, -FAR, -10 * s + half).astype(np.float32),
    )


# ------------------------------------------------------------------ lungs and pleura


def _cavity(
    scene: _Scene, side: str, inset: F32 | float = 0.0, lift: F32 | float = 0.0, step: int = 1
) -> Interval:
    """Where a ray enters and leaves one side of the chest.

    `inset` (R, 1) mm draws the surface inwards, `lift` (R, 1) mm lowers the apex."""
    z, x = scene.z[::step], scene.x[:, ::step]
    a = np.maximum(scene.half_width(z + lift) - inset, 1)
    b = np.maximum(scene.half_depth(z + lift) - 0.5 * np.asarray(inset), 0)
    q = np.where(SIDES[side] * x > 0, np.clip(np.abs(x) / a, 0, 1), 1)
    half = b * np.sqrt(np.clip(1 - q**2.2, 0, None))
    center = np.float32(2 * scene.s)
    return (center - half).astype(np.float32), (center + half).astype(np.float32)


def _fluid_window(scene: _Scene, side: str, level: float, step: int = 1) -> F32:
    """Half the depth (R, C) that fluid up to `level` leaves to the lung: it climbs the wall.

    The surface is level + rise × r^2.6 (r = 1 at the wall): the meniscus of a film."""
    s = scene.s
    z, x = scene.z[::step], scene.x[:, ::step]
    a, b = scene.half_width(z), scene.half_depth(z)
    middle = 0.40 * a
    across = (SIDES[side] * x - middle) / np.maximum(a - middle, 1)
    rise = np.float32(58 * s)
    room = np.clip((z - level) / rise, 0, None) ** np.float32(2 / 2.6)
    half = b * np.sqrt(np.clip(room - np.clip(across, -1, 1) ** 2, 0, None))
    return np.where((z - level) > rise, FAR, half).astype(np.float32)


def _level(scene: _Scene, side: str, blocks: _Blocks, volume_ml: float) -> float:
    """The height of the fluid's surface that holds that volume: bisection on a coarse film."""
    step = 4
    front, back = _cavity(scene, side, step=step)
    whole = blocks.free(front, back, step)
    area = (scene.pixel * step) ** 2
    low, high = -230.0 * scene.s, 60.0 * scene.s
    for _ in range(14):
        middle = (low + high) / 2
        half = _fluid_window(scene, side, middle, step)
        left = blocks.free(
            np.maximum(front, -half), np.maximum(np.minimum(back, half), front), step
        )
        more = float(np.clip(whole - left, 0, None).sum()) * area / 1000 < volume_ml
        low, high = (middle, high) if more else (low, middle)
    return (low + high) / 2


def _hemithorax(
    scene: _Scene, side: str, mediastinum: Sequence[Interval], grain: F32
) -> tuple[F32, F32, list[Shadow]]:
    """One side: path of aerated lung, attenuation that air removes, and shadows of its disease."""
    blocks = _Blocks.of([*mediastinum, _dome(scene, side)])
    front, back = _cavity(scene, side)
    healthy = blocks.free(front, back)
    density = np.float32(MU["lung"]) * (1 + grain - np.clip(scene.z / 900, -0.1, 0.1))
    whole = healthy * (np.float32(MU["soft"]) - density)
    lung, removed = healthy, whole
    near = np.clip(np.abs(scene.x) / np.float32(26 * scene.s), 0, 1)
    beside = (near**2).astype(np.float32)  # fluid thins out towards the midline
    found: list[tuple[Lesion, npt.NDArray[np.bool_]]] = []
    for lesion in scene.patient.lesions:
        volume = dict(zip(SIDES, lesion.volume_ml, strict=True))[side]
        if lesion.what == "pleural effusion" and volume > 0:
            half = _fluid_window(scene, side, _level(scene, side, blocks, volume))
            front, back = np.maximum(front, -half), np.maximum(np.minimum(back, half), front)
            lung = (healthy - (healthy - blocks.free(front, back)) * beside).astype(np.float32)
            found.append((lesion, healthy - lung > 5.0))
            removed = lung * (np.float32(MU["soft"]) - density * np.float32(1.08))
    wet = removed
    for lesion in scene.patient.lesions:
        if lesion.what == "pneumothorax" and lesion.side == side:
            dry = lung
            inset, lift = _collapse(scene, lesion.size_mm)
            edges = []
            for shift in (-0.45, 0.0, 0.45):
                fore, aft = _cavity(scene, side, inset + shift, lift)
                fore = np.maximum(fore, front)
                edges.append(blocks.free(fore, np.maximum(np.minimum(aft, back), fore)))
            lung = edges[1]
            gas = np.clip(dry - lung, 0, None)
            squeezed = density * np.float32(1 + 0.5 * lesion.size_mm / 55)
            pleura = np.clip(edges[0] - edges[2], 0, None) * np.float32(0.6 * MU["soft"])
            removed = lung * (np.float32(MU["soft"]) - squeezed) + gas * np.float32(MU["soft"])
            removed = removed - pleura
            found.append((lesion, (gas > 3.0) & (gas > 0.4 * dry)))
    shadows = []
    for lesion, mask in found:
        change = (wet - removed) if lesion.what == "pneumothorax" else (whole - wet)
        shadows.append(Shadow(lesion, mask, change.astype(np.float32)))
    return lung, removed.astype(np.float32), shadows


def _collapse(scene: _Scene, depth: float) -> tuple[F32, F32]:
    """How far a pneumothorax draws the lung from the wall, and its apex down, by height."""
    s = scene.s
    upper = 1 / (1 + np.exp(-(scene.z - 25 * s) / np.float32(26 * s)))
    inset = depth * (np.float32(0.16) + np.float32(0.5) * upper)
    lift = depth * np.clip((scene.z + 20 * s) / np.float32(110 * s), 0, 1) ** np.float32(1.5)
    return inset.astype(np.float32), lift.astype(np.float32)


def _nodule(scene: _Scene, rng: np.random.Generator, lesion: Lesion, aerated: F32) -> Shadow:
    """A round shadow in its lobe, slightly uneven, where the film has enough lung to hold it."""
    s, r = scene.s, lesion.size_mm / 2
    side = SIDES[lesion.side]
    low, high = {
        "upper lobe": (12, 92),
        "middle lobe": (-72, -34),
        "lower lobe": (-100, -30),
    }[lesion.site]
    room = np.ones(scene.shape, bool)
    room &= (scene.z > low * s) & (scene.z < high * s)
    out = side * scene.x
    room &= (out > 0) & (out < scene.half_width(scene.z) - r - 7)
    need = aerated >= min(2.2 * r + 25, 0.8 * float(aerated[room].max(initial=0.0)))
    where = np.argwhere(room & need)
    row, column = where[int(rng.integers(len(where)))]
    dx = scene.x - scene.x[0, column]
    dz = scene.z - scene.z[row, 0]
    angle = np.arctan2(dz, dx)
    uneven = 1.0 + sum(
        float(rng.normal(0, 0.035)) * np.cos(k * angle + float(rng.uniform(0, 6.3)))
        for k in range(2, 6)
    )
    q = np.sqrt(dx**2 + dz**2) / (r * uneven)
    soft = np.float32(0.9 / r) * np.float32(scene.pixel)
    path = 2 * r * np.sqrt(np.clip(1 - q**2, 0, None)) * np.clip((1 - q) / soft + 0.5, 0, 1)
    change = path * np.float32(1.12 * (MU["soft"] - MU["lung"]))
    return Shadow(lesion, q <= 1, change.astype(np.float32))


# ------------------------------------------------------------------ strokes: tubes on the film


def _stroke(
    scene: _Scene,
    canvas: F32,
    points: npt.NDArray[np.float64],
    radii: npt.NDArray[np.float64],
    profile: Callable[[F32, F32], F32],
    weights: npt.NDArray[np.float64] | None = None,
    piece: int = 8,
) -> None:
    """Draw a curved tube: `profile(distance, radius)` of the nearest point, joined by maximum.

    points: (N, 2) x, z. Pieces keep the boxes small."""
    weights = np.ones(len(points)) if weights is None else weights
    x0, z0, p = float(scene.x[0, 0]), float(scene.z[0, 0]), scene.pixel
    for i in range(0, len(points) - 1, piece):
        part = points[i : i + piece + 1]
        reach = float(radii[i : i + piece + 1].max()) + 1.5 * p
        c0, c1 = (part[:, 0].min() - reach - x0) / p, (part[:, 0].max() + reach - x0) / p
        r0, r1 = (z0 - part[:, 1].max() - reach) / p, (z0 - part[:, 1].min() + reach) / p
        rows = slice(max(int(r0), 0), max(int(r1) + 2, 0))
        columns = slice(max(int(c0), 0), max(int(c1) + 2, 0))
        box = canvas[rows, columns]
        if box.size == 0:
            continue
        x, z = scene.x[:, columns], scene.z[rows]
        a, b = part[:-1].astype(np.float32), part[1:].astype(np.float32)
        along = b - a
        square = np.maximum((along**2).sum(1), 1e-6)
        dx, dz = x[None] - a[:, 0, None, None], z[None] - a[:, 1, None, None]
        t = np.clip(
            (dx * along[:, 0, None, None] + dz * along[:, 1, None, None])
            / square[:, None, None], 0, 1,
        )  # fmt: skip
        gap = np.hypot(dx - t * along[:, 0, None, None], dz - t * along[:, 1, None, None])
        r = radii[i : i + len(a), None, None].astype(np.float32)
        w = weights[i : i + len(a), None, None].astype(np.float32)
        np.maximum(box, (profile(gap, r) * w).max(0), out=box)


def _solid(gap: F32, r: F32) -> F32:
    """Path through a round tube."""
    return 2 * np.sqrt(np.clip(r**2 - gap**2, 0, None))


def _bone(cortex: float, thick: float) -> Callable[[F32, F32], F32]:
    """Attenuation that a flattened bone adds: a cortical shell around marrow, as line integrals."""
    shell, core = MU["cortical bone"] - MU["soft"], MU["trabecular bone"] - MU["soft"]

    def profile(gap: F32, r: F32) -> F32:
        whole = _solid(gap, r) * np.float32(thick) / r
        inner = _solid(gap, np.maximum(r - cortex, 0.1)) * np.float32(thick - cortex) / r
        return (whole - inner) * np.float32(shell) + inner * np.float32(core)

    return profile


def _vessels(scene: _Scene, rng: np.random.Generator, aerated: F32) -> F32:
    """Hila and the tapering trees of the lungs; larger below, as when standing."""
    s = scene.s
    out = scene.blank()
    for side, hilum in ((-1, (-30, 10, -14)), (1, (34, 12, -2))):
        start = np.array(hilum) * s
        plans = [
            ((side * 0.55, -0.2, 1.0), 4.0, 36, 5),
            ((side * 0.9, 0.3, 0.75), 3.2, 34, 5),
            ((side * 1.0, -0.5, -0.1), 3.6, 38, 5),
            ((side * 0.75, -0.4, -0.65), 4.4, 40, 5),
            ((side * 0.55, 0.5, -1.0), 6.2, 44, 6),
            ((side * 0.25, 0.3, -1.0), 4.2, 40, 5),
        ]
        canvas = scene.blank()
        for way, radius, length, generations in plans:
            for points, radii in tree(
                rng, start, way, 1.6 * radius * s, length * s, generations, 0.45
            ):
                _stroke(scene, canvas, points[:, [0, 2]], radii, _solid, piece=12)
        knot = polyline(
            np.array([(hilum[0], hilum[2] + 12), (hilum[0] + side * 6, hilum[2] - 8),
                      (hilum[0] + side * 7, hilum[2] - 34)]) * s, 12
        )  # fmt: skip
        _stroke(scene, canvas, knot, np.linspace(9, 6, 12) * s, _solid)
        out += canvas
    inside = np.clip(aerated / 30, 0, 1)
    solid = out * inside * (1.05 * (MU["soft"] - MU["lung"]))
    return solid.astype(np.float32)


def _airways(scene: _Scene, rng: np.random.Generator) -> F32:
    """Trachea and main bronchi: columns of air within the mediastinum; the right is steeper."""
    s = scene.s
    out = scene.blank()
    lean = float(rng.normal(-3, 1.5))
    top = [(1, 190), (0, 120), (lean, 50), (lean + 1, 4)]
    _stroke(scene, out, polyline(np.array(top) * s, 26), np.full(26, 8.6 * s), _solid)
    right = polyline(np.array([(lean, 3), (-14, -14), (-27, -31), (-33, -52)]) * s, 12)
    left = polyline(np.array([(lean + 2, 3), (16, -10), (34, -21), (45, -34)]) * s, 12)
    _stroke(scene, out, right, np.linspace(7.2, 4.5, 12) * s, _solid)
    _stroke(scene, out, left, np.linspace(6.4, 3.8, 12) * s, _solid)
    return out * np.float32(0.8)


def _spine(scene: _Scene, rng: np.random.Generator) -> F32:
    """Vertebral bodies, end plates, pedicles, spinous and transverse processes, one column."""
    s = scene.s
    band = np.abs(scene.x[0]) < 75 * s
    x = scene.x[:, band] - scene.bend
    z = scene.z
    pitch = (23.5 - z / (60 * s)) * s  # lower vertebrae are taller
    up = (z / pitch + float(rng.uniform(0, 1))) % 1
    half = (17.5 - z / (36 * s)) * s
    age = scene.patient.age
    waist = 1 - 0.1 * np.cos((up - 0.42) * 2 * np.pi / 0.84) ** 2

    def soft(d: F32, edge: float = 1.4) -> F32:
        return np.clip(0.5 - d / np.float32(edge), 0, 1)

    body = np.maximum(np.abs(x) - half * waist, (np.abs(up - 0.42) - 0.42) * pitch)
    plates = np.maximum(np.abs(np.abs(up - 0.42) - 0.41) * pitch - 1.1, np.abs(x) - half * waist)
    ovals = np.hypot((np.abs(x) - half * 0.68) / 4.0, (up - 0.62) * pitch / 5.6)
    ring = np.exp(-(((ovals - 1) / 0.28) ** 2))
    drop = np.hypot(x / 3.6, (up - 0.12) * pitch / 7.5)
    wings = np.maximum(
        np.abs((up - 0.62) * pitch + 0.12 * np.abs(x)) - 4.5, np.abs(x) - half - 15 * s
    )
    dense = float(np.clip(1.15 - 0.005 * max(age - 40, 0), 0.8, 1.2))
    grain = field(rng, x.shape, (scene.pixel, scene.pixel), 4.0)
    column = (
        soft(body, 2.0) * (0.075 + 0.012 * grain)
        + soft(plates) * 0.045
        + ring * 0.06
        + soft((drop - 1) * 4) * 0.06
        + soft(wings, 2.0) * 0.04
    )
    out = scene.blank()
    out[:, band] = column * np.float32(dense)
    return out


def _ribs(scene: _Scene, rng: np.random.Generator) -> F32:
    """Twelve pairs: level behind, falling steeply in front; cortex bright along their edges."""
    s = scene.s
    out = scene.blank()
    for side in (-1, 1):
        for k in range(1, 12):
            head = ((4.4 - k) * 23.0 + 12 + (k - 6) ** 2 * 0.18 + rng.normal(0, 1.2)) * s
            fall = np.interp(k, (1, 2, 4, 7, 11), (34, 52, 74, 88, 90)) * s
            end = np.interp(k, (1, 6, 8, 10, 11), (0.80, 0.80, 0.76, 0.64, 0.52))
            phi = np.linspace(0.07, end, 42) * np.pi
            z = head + 3 * s * np.sin(phi) - fall * (phi / np.pi) ** 1.55 / 0.8**1.55
            z += rng.normal(0, 0.5) * np.sin(2 * phi)
            a = scene.half_width(z.astype(np.float32)) + 3.5 * s
            if k == 1:
                a = np.full_like(a, 60 * s)
            x = side * a * np.sin(phi) ** 0.85 + np.interp(z, scene.z[::-1, 0], scene.bend[::-1, 0])
            b = scene.half_depth(z.astype(np.float32)) + 4 * s
            y = b * np.cos(phi)
            step = np.hypot(np.gradient(x), np.gradient(z))
            slant = np.hypot(step, np.gradient(y)) / np.maximum(step, 1e-3)
            weight = np.clip(slant, 1, 1.7)
            turn = int(np.argmin(np.abs(phi - 0.52 * np.pi))) + 1
            r = np.interp(phi / np.pi, (0, 0.3, 0.6, 0.8), (5.4, 6.6, 6.2, 7.2)) * s
            points = np.column_stack([x, z])
            profile = _bone(1.05, 4.6 * s)
            for part in (slice(0, turn + 1), slice(turn, len(phi))):
                if len(phi[part]) < 2:
                    continue
                canvas = scene.blank()
                fade = weight[part].copy()
                if part.start:
                    fade *= np.linspace(0.85, 0.4, len(fade))
                _stroke(scene, canvas, points[part], r[part], profile, fade)
                out += canvas
    dense = float(np.clip(1.12 - 0.004 * max(scene.patient.age - 40, 0), 0.85, 1.2))
    return out * np.float32(0.8 * dense)


def _shoulder_girdle(scene: _Scene, rng: np.random.Generator) -> F32:
    """Clavicles, scapulae turned off the lungs, and the heads of the arms."""
    s = scene.s
    out = scene.blank()
    for side in (-1, 1):
        raised = float(rng.normal(0, 4))
        clavicle = np.array(
            [(17, 82), (45, 90 + raised / 2), (90, 104 + raised), (128, 110 + raised),
             (150, 112 + raised)]
        ) * (side * s, s)  # fmt: skip
        canvas = scene.blank()
        r = np.interp(np.linspace(0, 1, 40), (0, 0.15, 0.6, 1), (8, 6, 5.2, 6.5)) * s
        _stroke(scene, canvas, polyline(clavicle, 40), r, _bone(1.5, 5.5 * s))
        out += canvas
        shift = float(rng.normal(0, 5))
        tip, glenoid = (142 + shift, -22), (160 + shift * 0.5, 84)
        corner = (118 + shift, 92)
        blade = _triangle(scene, [np.array(p) * (side * s, s) for p in (tip, glenoid, corner)])
        out += blade * np.float32(0.055)
        for a, b, r0, r1 in (
            (tip, glenoid, 3.2, 6.0),
            (tip, corner, 2.2, 2.2),
            (corner, (168, 108 + raised), 3.5, 7.0),
        ):
            canvas = scene.blank()
            line = polyline(np.array([a, b]) * (side * s, s), 18)
            _stroke(scene, canvas, line, np.linspace(r0, r1, 18) * s, _bone(1.2, 4.0 * s))
            out += canvas * np.float32(0.9)
        arm = _oval(scene, side * (186 + shift * 0.5) * s, (92 + raised) * s, 25 * s, 25 * s)
        shell = _chord(arm, 25 * s) - _chord(arm * 1.13, 23.4 * s)
        out += shell * np.float32(MU["cortical bone"] - MU["soft"]) * 0.8
        out += _chord(arm, 25 * s) * np.float32(2 * 0.004)
        shaft = np.array([(190 + shift * 0.5, 80 + raised), (214 + shift * 0.5, -60)])
        canvas = scene.blank()
        line = polyline(shaft * (side * s, s), 24)
        _stroke(scene, canvas, line, np.linspace(15, 12, 24) * s, _bone(3.5, 13 * s))
        out += canvas
    return out


def _triangle(scene: _Scene, corners: Sequence[npt.NDArray[np.float64]]) -> F32:
    """Coverage (R, C) of a triangle on the film."""
    middle = sum(corners) / 3
    inside = np.full(scene.shape, -FAR, np.float32)
    for i in range(3):
        a, b = corners[i], corners[(i + 1) % 3]
        normal = np.array([-(b - a)[1], (b - a)[0]]) / np.linalg.norm(b - a)
        if normal @ (middle - a) > 0:
            normal = -normal
        d = (scene.x - a[0]) * normal[0] + (scene.z - a[1]) * normal[1]
        inside = np.maximum(inside, d.astype(np.float32))
    return np.clip(0.5 - inside / 2, 0, 1)


def _belly_gas(scene: _Scene, rng: np.random.Generator) -> F32:
    """The gastric bubble under the left dome with its level, and gas of the colon."""
    s = scene.s
    top, cx = scene.domes["left"]
    size = float(rng.uniform(0.7, 1.25)) * s
    cz = top - 8 * s - 21 * size
    oval = _oval(scene, (cx - 10 * s) + rng.normal(0, 5), cz, 34 * size, 21 * size, 8)
    bubble = 2 * _chord(oval, 24 * size)
    level = cz + rng.uniform(-14, 2)
    bubble *= np.clip((scene.z - level) / 2.5, 0, 1)
    if rng.random() < 0.45:
        for _ in range(int(rng.integers(2, 5))):
            spot = _oval(
                scene, rng.uniform(60, 115) * s, top - rng.uniform(28, 60) * s,
                rng.uniform(8, 17) * s, rng.uniform(7, 13) * s,
            )  # fmt: skip
            bubble += _chord(spot, 16 * s)
    return np.clip(bubble, 0, 60)


def _incidentals(scene: _Scene, rng: np.random.Generator, facts: Mapping[str, float]) -> F32:
    """What no finding of the vocabulary names: a calcified arch, wires and pads on the skin."""
    out = scene.blank()
    if "aortic calcification" in scene.patient.incidentals:
        angle = np.linspace(np.radians(-40), np.radians(100), 20)
        r = facts["knob"] * 0.93
        arc = np.column_stack(
            [facts["arch x"] + r * np.cos(angle), facts["arch z"] + r * np.sin(angle)]
        )
        _stroke(scene, out, arc, np.full(20, 1.1), lambda gap, r: (gap < r) * np.float32(0.16))
    if "ecg leads" in scene.patient.incidentals:
        for _ in range(3):
            pad = np.array([rng.uniform(-120, 120), rng.uniform(-60, 90)]) * scene.s
            exit_ = np.array([rng.choice((-1, 1)) * 60, -200]) * scene.s
            mid = (pad + exit_) / 2 + rng.normal(0, 25, 2)
            wire = scene.blank()
            line = polyline([pad, mid, exit_], 60)
            _stroke(scene, wire, line, np.full(60, 0.7), lambda gap, r: (gap < r) * np.float32(0.3))
            out += wire
            disc = _oval(scene, pad[0], pad[1], 7, 7)
            out += (disc < 1) * np.float32(0.12) + (disc < 0.2) * np.float32(0.5)
    return out
