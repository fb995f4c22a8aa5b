"""An abdomen in three dimensions, as CT sees it: organs by size, sex, habitus and phase.

Body coordinates in millimetres: x to the patient's left, y posterior, z superior; z = 0 lies at
the lower border of the second lumbar vertebra. Shapes are stated in an undeformed body; a smooth
warp then makes every patient different. Later shapes overwrite earlier ones, as printed order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.patient import Lesion, Patient, stream
from radgloss.data.phantom.shapes import (
    F32,
    Box,
    Grid,
    Paint,
    around,
    coverage,
    ellipsoid,
    field,
    polyline,
    rotation,
    smooth_max,
    smooth_min,
    tree,
    tube,
)
from radgloss.data.phantom.tissues import HU

__all__ = ["Anatomy", "Placed", "build"]

FRAMES, ROWS, COLUMNS = 56, 160, 192
SLICE = 5.0  # mm
BOTTOM = -140.0  # z of the lowest frame
SPINE_Y = 34.0  # centre of the vertebral bodies
BACK = 108.0  # the skin behind them, before fat
TILT_SPLEEN = rotation("x", 14) @ rotation("z", -28) @ rotation("y", 10)


@dataclass(frozen=True, eq=False)
class Placed:
    """A lesion where it came to lie: its voxels, and how far it stands out in HU.

    mask: (Z, Y, X) bool. contrast: mean absolute change that it makes inside its own mask."""

    lesion: Lesion
    mask: npt.NDArray[np.bool_]
    contrast: float


@dataclass(frozen=True, eq=False)
class Anatomy:
    """A body on its grid: noiseless CT numbers, organs and lesions.

    hu: (Z, Y, X) float32. organs: boxes and coverage by name."""

    grid: Grid
    hu: F32
    organs: Mapping[str, npt.NDArray[np.bool_]]
    placed: tuple[Placed, ...]
    facts: Mapping[str, float] = dataclass_field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Scene:
    """What the painters share; `hu` is painted in place, `organs` filled."""

    patient: Patient
    grid: Grid
    hu: F32
    organs: dict[str, npt.NDArray[np.bool_]]
    table: Mapping[str, float]
    s: float  # linear scale of the organs
    wide: float  # half width and half depth of the body at the skin
    deep: float
    wall: F32  # (Z, Y, X) distance to the inner side of the abdominal wall, negative inside
    dome: F32  # (Z, Y, X) distance above the diaphragm

    def paint(
        self, what: Paint, value: float | F32, soft: float = 2.2, organ: str = "", keep: float = 1.0
    ) -> None:
        """Blend a value into the picture where the shape covers it."""
        cover = coverage(what.distance, soft) * np.float32(keep)
        part = self.hu[what.box]
        part += cover * (value - part)
        if organ:
            whole = self.organs.setdefault(organ, np.zeros(self.grid.shape, bool))
            whole[what.box] |= what.distance < 0

    def inside(self, what: Paint, gap: float = 2.0) -> Paint:
        """The part of a shape that lies within the abdominal cavity."""
        limit = np.maximum(self.wall[what.box] + gap, self.dome[what.box] + gap)
        return Paint(what.box, smooth_max(what.distance, limit, 6))


def build(patient: Patient) -> Anatomy:
    """The abdomen of that patient, its lesions included, before noise; the same every time."""
    rng = stream(patient.seed, patient.exam, "body")
    scene = _scene(patient, rng)
    _wall(scene, stream(patient.seed, patient.exam, "body", 1))
    _spine(scene, stream(patient.seed, patient.exam, "body", 2))
    _bowel(scene, stream(patient.seed, patient.exam, "body", 3))
    _vessels(scene, stream(patient.seed, patient.exam, "body", 4))
    _pancreas(scene, stream(patient.seed, patient.exam, "body", 5))
    spleen = _spleen(scene, stream(patient.seed, patient.exam, "body", 6))
    kidneys = _kidneys(scene, stream(patient.seed, patient.exam, "body", 7))
    liver = _liver(scene, stream(patient.seed, patient.exam, "body", 8))
    _stomach(scene, stream(patient.seed, patient.exam, "body", 9))
    _lungs(scene, stream(patient.seed, patient.exam, "body", 10))
    placed = _lesions(scene, liver, kidneys)
    _table(scene)
    facts = {"spleen length": spleen, "girth": 2 * float(np.sqrt(scene.wide * scene.deep))}
    return Anatomy(scene.grid, scene.hu, scene.organs, placed, facts)


def _grid(rng: np.random.Generator, pixel: float) -> Grid:
    shape = (FRAMES, ROWS, COLUMNS)
    spacing = (SLICE, pixel, pixel)
    z = (BOTTOM + SLICE * np.arange(FRAMES)).astype(np.float32)
    y = ((np.arange(ROWS) - (ROWS - 1) / 2) * pixel).astype(np.float32)
    x = ((np.arange(COLUMNS) - (COLUMNS - 1) / 2) * pixel).astype(np.float32)
    amplitude = (3.2, 2.6, 5.0)
    warped = [
        np.float32(a) * field(rng, shape, spacing, 62.0) + np.float32(shift)
        for a, shift in zip(amplitude, (rng.normal(0, 3), rng.normal(0, 3), 0), strict=True)
    ]
    for w, axis in zip(warped, (x[None, None, :], y[None, :, None], z[:, None, None]), strict=True):
        w += axis
    return Grid(z, y, x, (warped[0], warped[1], warped[2]))


def _scene(patient: Patient, rng: np.random.Generator) -> _Scene:
    s = patient.scale * float(rng.normal(1, 0.02))
    fat = max(patient.bmi - 17, 0)
    wide = 134 * s + 2.7 * fat + 12
    deep = 92 * s + 2.3 * fat
    pixel = float(np.clip(np.ceil(wide * 2.14 / COLUMNS * 20) / 20, 1.75, 2.3))
    grid = _grid(rng, pixel)
    table = dict(HU[patient.phase])
    for name in ("liver", "spleen", "cortex", "medulla", "aorta", "ivc", "pancreas"):
        table[name] *= float(rng.normal(1, 0.05))
    wall, hu = _outline(patient, rng, grid, s, wide, deep, table)
    dome = _dome(rng, grid, s)
    return _Scene(patient, grid, hu, {}, table, s, wide, deep, wall, dome)


def _dome(rng: np.random.Generator, grid: Grid, s: float) -> F32:
    """Millimetres above the diaphragm, whose right dome stands higher than the left."""
    x, y, z = grid.points(grid.whole)
    right = 134 * s + rng.normal(0, 6)
    left = right - rng.uniform(8, 20)
    height = np.float32(-1e3)
    x2, y2 = x[0], y[0]
    for cx, top in ((-72 * s, right), (76 * s, left)):
        h = top - ((x2 - cx) / (13.5 * s)) ** 2 - ((y2 + 12) / (10.5 * s)) ** 2
        height = np.maximum(height, h.astype(np.float32))
    bridge = right - 26 - (x2 / (16 * s)) ** 2 - ((y2 + 12) / (10.5 * s)) ** 2
    height = np.maximum(height, bridge.astype(np.float32))
    return ((z - height) * np.float32(0.75)).astype(np.float32)


def _outline(
    patient: Patient,
    rng: np.random.Generator,
    grid: Grid,
    s: float,
    wide: float,
    deep: float,
    table: Mapping[str, float],
) -> tuple[F32, F32]:
    """Skin, fat and muscle; returns the distance to the cavity's wall, and the first picture."""
    x, y, _ = grid.points(grid.whole)
    yc = (
        BACK * s + 0.5 * max(patient.bmi - 17, 0) - deep
    )  # the back lies on the table, whoever is thick or thin
    dx, dy = x[0], y[0] - np.float32(yc)
    theta = np.arctan2(dy, dx)  # 0 left, +90° posterior
    radius = np.sqrt(dx * dx + dy * dy) + np.float32(1e-3)
    c, q = np.abs(np.cos(theta)), np.abs(np.sin(theta))
    rho = (c / wide) ** 2.5 + (q / deep) ** 2.5
    rho = rho ** (-1 / 2.5)
    for k in range(2, 6):
        rho *= 1 + rng.normal(0, 0.007) * np.cos(k * theta + rng.uniform(0, 6.28))
    rho -= 7 * np.exp(-((dx / 16) ** 2)) * (dy > 0)  # the furrow over the spine
    level = 1 + 0.03 * np.cos((grid.z - 20) / 75 + rng.normal(0, 0.3)).astype(np.float32)
    slope = np.float32(0.95)
    skin = (radius[None] - level[:, None, None] * rho[None]).astype(np.float32) * slope
    skin += field(rng, grid.shape, grid.spacing, 70.0) * np.float32(1.6)

    behind = np.clip(np.sin(theta), 0, 1)
    front = np.clip(-np.sin(theta), 0, 1)
    plump = max(patient.bmi - 17, 0)
    female = 1.25 if patient.sex == "F" else 1.0
    fat = female * (3 + plump * (0.75 + 0.75 * front + 0.9 * behind + 0.2 * c))
    muscle = s * (10 + 9 * c**2 + 30 * np.clip(behind, 0, 1) ** 5)
    chest = np.clip((grid.z - 30) / 50, 0, 1)[:, None, None]  # thinner over the ribs
    muscle3 = (muscle[None] * (1 - 0.25 * chest) + 3 * chest).astype(np.float32)
    outer = skin + fat[None].astype(np.float32)
    wall = (outer + muscle3).astype(np.float32)

    hu = np.full(grid.shape, table["air"], np.float32)
    lobules = field(rng, grid.shape, grid.spacing, 9.0) * np.float32(5)
    for distance, value, soft in (
        (skin, table["skin"], 2.4),
        (skin + np.float32(2.2), table["fat"] + lobules, 2.4),
        (outer, table["muscle"] + lobules * np.float32(0.6), 2.4),
    ):
        hu += coverage(distance, soft) * (value - hu)
    # thin fat between the three flat muscles, and streaks in the back muscles
    depth = -outer / muscle3
    lines = (np.exp(-(((depth - 0.36) / 0.05) ** 2)) + np.exp(-(((depth - 0.68) / 0.05) ** 2))) * (
        (c**2 * (1 - behind))[None] * (1 - chest)
    )
    streak = np.clip(lobules / np.float32(5) - np.float32(1.1), 0, 1) * behind[None] * (depth > 0.1)
    weight = np.clip(lines.astype(np.float32) * np.float32(0.55) + streak, 0, 0.85)
    weight *= (depth > 0) & (depth < 1)
    hu += weight * (np.float32(-90) - hu)
    cavity = coverage(wall, 2.4)
    hu += cavity * (np.float32(table["visceral fat"]) + lobules - hu)
    _ribs(rng, grid, outer, muscle3, theta, hu, table, s)
    return wall, hu


def _ribs(
    rng: np.random.Generator,
    grid: Grid,
    outer: F32,
    muscle: F32,
    theta: F32,
    hu: F32,
    table: Mapping[str, float],
    s: float,
) -> None:
    """Ribs slope down from back to front within the wall; a slice cuts each of them obliquely."""
    mid = -outer - muscle * np.float32(0.62)  # depth relative to the middle of the rib layer
    frames = slice(int(np.searchsorted(grid.z, -70)), FRAMES)
    close = np.abs(mid[frames]) < 7
    where = np.nonzero(close)
    z = grid.warped[2][frames][where]
    arc = np.abs(np.pi / 2 - theta[where[1], where[2]])  # 0 behind, pi in front
    arc = np.where(arc > np.pi, 2 * np.pi - arc, arc)
    left = np.cos(theta[where[1], where[2]]) > 0
    pitch = 25.0 * s
    drop = 62 * s * np.clip(arc - 0.35, 0, None) ** 1.15 - 0.0
    phase = (z + drop + np.where(left, rng.normal(0, 4), rng.normal(0, 4))) / pitch
    offset = (phase - np.floor(phase) - 0.5) * pitch
    margin = -58 * s + 95 * s * np.clip(arc / np.pi, 0, 1) ** 2.2  # the costal arch
    depth = mid[frames][where]
    distance = np.sqrt((depth / 4.2) ** 2 + (offset / 6.6) ** 2) - 1
    distance = np.maximum(distance * 4.4, (margin - z) * 0.5)
    distance = np.maximum(distance, (0.42 - arc) * 80)  # joins the spine's own parts
    cover = np.clip(0.5 - distance / 2.4, 0, 1)
    edge = np.clip(1.3 + distance / 2.6, 0, 1)
    bone = table["rib"] * (0.45 + 0.9 * edge)
    gristle = np.clip((arc - 2.05) / 0.12, 0, 1)
    value = bone * (1 - gristle) + table["cartilage"] * gristle
    part = hu[frames]
    old = part[where]
    part[where] = old + (cover * (value - old)).astype(np.float32)


def _wall(scene: _Scene, rng: np.random.Generator) -> None:
    """Muscles that stand free of the wall: psoas, quadratus lumborum, crura, rectus; and ilium."""
    g, s, m = scene.grid, scene.s, scene.table["muscle"]
    for side in (-1, 1):
        psoas = [
            (side * 24 * s, SPINE_Y - 2, 30),
            (side * 34 * s, SPINE_Y, -30),
            (side * 43 * s, SPINE_Y - 8, -80),
            (side * 50 * s, SPINE_Y - 22, -140),
        ]
        line = polyline(psoas, 40)
        radii = np.interp(np.arange(40), (0, 14, 39), (6, 15, 21)) * s
        scene.paint(tube(g, line, radii, flatten=(1, 0.85, 0.6)), m)
        quadratus = ellipsoid(
            g, (side * 66 * s, SPINE_Y + 22, -60), (22 * s, 10 * s, 75), rotation("z", side * -18)
        )
        scene.paint(quadratus, m)
        crus = polyline([(side * 17, SPINE_Y - 26, 100), (side * 15, SPINE_Y - 22, 10)], 24)
        scene.paint(tube(g, crus, np.linspace(6, 3, 24)), m)
        wing = ellipsoid(
            g, (side * 98 * s, 34, -158), (6.5, 62 * s, 66 * s), rotation("z", side * 36)
        )
        y = g.points(wing.box)[1]
        bend = ((y - 34) / (62 * s)) ** 2 * np.float32(9)  # the wing is hollow towards the belly
        bent = ellipsoid(
            _shifted(g, side * bend, wing.box),
            (side * 98 * s, 34, -158),
            (6.5, 62 * s, 66 * s),
            rotation("z", side * 36),
            (slice(0, bend.shape[0]), slice(0, bend.shape[1]), slice(0, bend.shape[2])),
        ).distance
        rim = np.clip(1 + bent / 2.6, 0, 1)
        scene.paint(Paint(wing.box, bent), 230 + 450 * rim)


def _shifted(grid: Grid, dx: F32, box: Box) -> Grid:
    """The part of a grid in a box, its points moved along x: a way to bend a shape."""
    x, y, z = grid.points(box)
    return Grid(grid.z[box[0]], grid.y[box[1]], grid.x[box[2]], (x + dx, y, z))


def _spine(scene: _Scene, rng: np.random.Generator) -> None:
    """Vertebrae with cortex, marrow, canal, pedicles, laminae, and processes; discs between."""
    g, s, t = scene.grid, scene.s, scene.table
    age = scene.patient.age
    box = around(g, (-58 * s, SPINE_Y - 30 * s, -200), (58 * s, SPINE_Y + 80 * s, 250), slack=4)
    x, y, z = g.points(box)
    y = y - np.float32(SPINE_Y)
    y = y + np.float32(0.0)
    pitch = np.float32(35 * s)
    up = (z / pitch) % 1  # 0..1 along one vertebra and its disc
    grain = field(rng, x.shape, g.spacing, 5.5)
    waist = np.float32(1.0) + np.float32(0.1) * np.cos(up * np.float32(2 * np.pi / 0.74))
    a, b = 24.5 * s, 18.0 * s
    round_ = (np.sqrt((x / (a * waist)) ** 2 + (y / (b * waist)) ** 2) - 1) * np.float32(b)
    dent = np.sqrt((x / (13 * s)) ** 2 + ((y - 23 * s) / (9 * s)) ** 2)  # flat back of the body
    round_ = smooth_max(round_, (1 - dent) * np.float32(9 * s), 4)
    body = np.maximum(round_, (up - np.float32(0.74)) * pitch)
    body = np.maximum(body, -up * pitch)
    marrow = (t["trabecular"] - 1.2 * max(age - 35, 0)) + grain * np.float32(38)
    edge = np.clip(np.float32(1) + body / np.float32(2.0), 0, 1)
    scene.paint(Paint(box, round_ + 1.5), t["disc"], 2.2)
    scene.paint(Paint(box, body), marrow + edge * np.float32(380), 2.2)

    ring = np.sqrt((x / (16.5 * s)) ** 2 + ((y - 27 * s) / (14.5 * s)) ** 2) - 1
    arch = np.maximum(np.abs(ring * np.float32(14 * s) + 2) - np.float32(3.6 * s), 14 * s - y)
    lamina = np.maximum(arch, (np.abs(up - 0.4) - 0.36) * pitch)
    pedicle = np.maximum(
        np.maximum(np.abs(np.abs(x) - 15.5 * s) - 4.4 * s, np.abs(y - 18 * s) - 9 * s),
        (np.abs(up - 0.5) - 0.2) * pitch,
    )
    facet = np.sqrt(
        ((np.abs(x) - 19 * s) / (7 * s)) ** 2
        + ((y - 33 * s) / (8 * s)) ** 2
        + ((((up + 0.12) % 1) - 0.5) * pitch / (15 * s)) ** 2
    )
    spinous = np.maximum(np.abs(x) - 2.7 * s, np.abs(y - 50 * s) - 14 * s)
    spinous = np.maximum(spinous, (np.abs(up - 0.36) - 0.3) * pitch)
    level = np.abs(y - (22 + 0.12 * np.abs(x)) * s) - 3.2 * s
    wings = np.maximum(np.maximum(level, np.abs(x) - 40 * s), 15 * s - np.abs(x))
    wings = np.maximum(wings, (np.abs(up - 0.5) - 0.13) * pitch)
    for part in (lamina, pedicle, (facet - 1) * np.float32(7 * s), spinous, wings):
        rim = np.clip(np.float32(1) + part / np.float32(3), 0, 1)
        scene.paint(Paint(box, part.astype(np.float32)), 240 + rim * np.float32(480), 2.2)
    canal = (ring + np.float32(0.33)) * np.float32(11 * s)
    canal = np.maximum(canal, (14.5 * s - y).astype(np.float32))
    scene.paint(Paint(box, canal), t["cord"], 2.0)


def _mucosa(
    scene: _Scene, what: Paint, content: float | F32, wall: float, gas_above: float | None
) -> None:
    """A hollow organ: wall, content, and gas where it rises (anterior when lying on the back)."""
    scene.paint(what, scene.table["bowel wall"])
    inner = Paint(what.box, what.distance + np.float32(wall))
    scene.paint(inner, content)
    if gas_above is not None:
        y = scene.grid.points(what.box)[1]
        gas = np.maximum(inner.distance + 0.6, y - np.float32(gas_above))
        scene.paint(Paint(what.box, gas), scene.table["gas"], 1.6)


def _bowel(scene: _Scene, rng: np.random.Generator) -> None:
    """Small bowel loops in the middle, and a colon that frames them."""
    g, s, t = scene.grid, scene.s, scene.table
    reach_x, front = scene.wide * 0.62, -scene.deep * 0.45
    oral = "oral contrast" in scene.patient.incidentals
    for k in range(12):
        n = 6
        stops = np.column_stack(
            [
                np.clip(
                    (rng.uniform(-0.7, 0.8) if k < 9 else 0.55) + rng.normal(0, 0.32, n), -0.9, 0.9
                )
                * reach_x,
                rng.uniform(front - 12, 6, n),
                np.linspace(0, 1, n) * rng.choice((-1, 1)) * 38
                + (-150 + 20 * k if k < 9 else -15 + 22 * (k - 9))
                + rng.normal(0, 16, n),
            ]
        )
        line = polyline(stops, 90)
        radii = (10.0 + 2.4 * np.sin(np.linspace(0, 11, 90) + k)) * s
        loop = scene.inside(tube(g, line, radii, reach=3), 2.0)
        base = t["oral contrast"] if oral and k < 2 else t["bowel content"]
        mottled = base + 10 * rng.standard_normal() + np.zeros(1, np.float32)
        level = float(stops[:, 1].min() + 5) if rng.random() < 0.4 else None
        _mucosa(scene, loop, mottled, 2.0, level)
    side = scene.wide * 0.63
    frame = [
        (-side, 30, -150),
        (-side, 24, -60),
        (-side * 0.92, 0, 0),
        (-side * 0.55, front - 18, -12),
        (0, front - 22, -42),
        (side * 0.6, front - 12, 12),
        (side * 0.98, 22, 58),
        (side * 1.04, 30, -10),
        (side * 1.02, 30, -150),
    ]
    jitter = rng.normal(0, 5, (len(frame), 3))
    line = polyline(np.array(frame) + jitter, 200)
    u = np.linspace(0, 1, 200)
    calibre = np.interp(u, (0, 0.15, 0.5, 0.8, 1), (25, 24, 19, 14, 13)) * s
    haustra = 1 + 0.16 * np.sin(u * 105 + rng.uniform(0, 6)) ** 3
    colon = tube(g, line, calibre * haustra, reach=3)
    colon = Paint(colon.box, np.maximum(colon.distance, scene.wall[colon.box] + 1.5))
    clumps = field(rng, colon.distance.shape, g.spacing, 7.0)
    stool = t["stool"] + 22 * clumps - 700 * np.clip(clumps - 1.15, 0, 0.9)
    scene.paint(colon, t["bowel wall"])
    inner = Paint(colon.box, colon.distance + np.float32(2.2))
    scene.paint(inner, stool.astype(np.float32))
    y = g.points(colon.box)[1]
    rise = np.maximum(inner.distance + 0.8, y - np.float32(front - 16 + rng.normal(0, 3)))
    scene.paint(Paint(colon.box, rise), t["gas"], 1.6)
    for _ in range(9):  # mesenteric vessels
        start = (rng.normal(6, 6), -8, rng.uniform(-20, 20))
        way = (rng.uniform(-1, 1), rng.uniform(-0.7, 0.2), rng.uniform(-1.2, 0.1))
        for points, radii in tree(rng, start, way, 2.6, 38, 3):
            scene.paint(tube(g, points, radii, reach=2), t["ivc"], 2.4, keep=0.9)


def _vessels(scene: _Scene, rng: np.random.Generator) -> None:
    """Aorta, inferior vena cava, their branches to the kidneys, and the superior mesenteric."""
    g, s, t = scene.grid, scene.s, scene.table
    r = 9.0 * s * (1.1 if scene.patient.sex == "M" else 1.0) + 0.03 * scene.patient.age
    ahead = SPINE_Y - 19 * s
    aorta_line = polyline(
        [
            (7, ahead - r + 6, 160),
            (9 + rng.normal(0, 2), ahead - r, 60),
            (7 + rng.normal(0, 2), ahead - r, -20),
            (3, ahead - r + 1, -72),
        ],
        70,
    )
    aorta = tube(g, aorta_line, np.linspace(1.12, 0.9, 70) * r)
    scene.paint(aorta, t["aorta"], organ="aorta")
    for side in (-1, 1):
        iliac = polyline(
            [(3, ahead - r + 1, -70), (side * 24, ahead - 4, -100), (side * 40, ahead + 2, -140)],
            36,
        )
        scene.paint(tube(g, iliac, np.full(36, 5.5 * s)), t["aorta"])
        vein = iliac + np.array([-5 if side < 0 else 3, 9, 0])
        scene.paint(tube(g, vein, np.full(36, 6.5 * s)), t["ivc"])
    if "aortic calcification" in scene.patient.incidentals:
        shell = np.abs(aorta.distance + 0.5) - 1.3
        patches = field(rng, shell.shape, g.spacing, 13.0)
        scene.paint(
            Paint(aorta.box, np.maximum(shell, (1.0 - patches) * np.float32(3))),
            t["calcification"],
            1.8,
        )
    cava = polyline(
        [(-22, ahead - 22, 150), (-22, ahead - 12, 70), (-19, ahead - 7, 0), (-14, ahead - 3, -76)],
        70,
    )
    scene.paint(tube(g, cava, np.linspace(11.5, 9.0, 70) * s, flatten=(0.82, 1.15, 1)), t["ivc"])
    y0 = ahead - r
    mesenteric = polyline([(7, y0 - 10, 18), (6, y0 - 20, -5), (4, y0 - 26, -70)], 40)
    scene.paint(tube(g, mesenteric, np.full(40, 3.8)), t["aorta"])
    beside = mesenteric + np.array([-11, 1, 0])
    scene.paint(tube(g, beside, np.full(40, 5.2)), t["portal vein"])
    for side, z in ((-1, -4), (1, 6)):
        hilum = (side * 45 * s, SPINE_Y + 2, z)
        vein = polyline([(-16 if side < 0 else -12, y0 + 2 - 3 * side, z + 3), hilum], 24)
        if side > 0:
            vein = polyline([(-12, y0 + 2, z + 4), (8, y0 - 12, z + 3), (26, y0 + 2, z), hilum], 36)
        scene.paint(tube(g, vein, np.full(len(vein), 4.3 * s)), t["ivc"])
        artery = polyline([(8, y0, z + 4), (side * 22, y0 + 10, z + 2), hilum], 30)
        scene.paint(tube(g, artery, np.full(30, 2.6 * s)), t["aorta"])


def _pancreas(scene: _Scene, rng: np.random.Generator) -> None:
    """Head in the duodenum's arm, body over the vessels, tail towards the spleen."""
    g, s, t = scene.grid, scene.s, scene.table
    line = polyline(
        np.array(
            [
                (-34, -8, -8),
                (-26, -16, 12),
                (-4, -30, 24),
                (22, -26, 34),
                (52, -4, 44),
                (78, 22, 56),
            ]
        )
        * s
        + rng.normal(0, 3, (6, 3)),
        70,
    )
    thick = np.interp(np.linspace(0, 1, 70), (0, 0.15, 0.4, 1), (13.5, 12.5, 8.5, 9.5)) * s
    gland = scene.inside(tube(g, line, thick, flatten=(1, 1, 0.85)))
    lobes = field(rng, gland.distance.shape, g.spacing, 8.0)
    frayed = gland.distance + np.float32(0.9 + 0.02 * max(scene.patient.age - 40, 0)) * lobes
    scene.paint(
        Paint(gland.box, frayed), t["pancreas"] + lobes * np.float32(7), 2.6, organ="pancreas"
    )
    splenic = line[24:] + np.array([0, 9, 2])
    scene.paint(tube(g, splenic, np.full(len(splenic), 3.8)), t["portal vein"])
    c = polyline(
        np.array([(-30, -22, 26), (-52, -8, 14), (-54, -2, -18), (-30, 0, -30), (-8, -6, -26)]) * s,
        60,
    )
    duodenum = scene.inside(tube(g, c, np.full(60, 11.0 * s)))
    _mucosa(scene, duodenum, t["bowel content"], 2.2, -16.0 if rng.random() < 0.5 else None)


def _spleen(scene: _Scene, rng: np.random.Generator) -> float:
    """The spleen; returns its length in millimetres, which the disease may have set."""
    g, s, t = scene.grid, scene.s, scene.table
    normal = float(rng.uniform(90, 108) + 6 * (scene.patient.sex == "M"))
    big = [lesion for lesion in scene.patient.lesions if lesion.what == "splenomegaly"]
    length = big[0].size_mm if big else normal
    half, grow = length / 2, (length / 103) ** 0.75
    top = 100 * s
    center = (
        (scene.wide * 0.56) - 2 * (grow - 1) * 10,
        38 - 26 * (grow - 1),
        top - half * 0.98,
    )
    bean = ellipsoid(g, center, (27 * grow, 45 * grow, half), TILT_SPLEEN)
    box = bean.box
    hollow = ellipsoid(
        g,
        (center[0] - 36 * grow, center[1] - 30 * grow, center[2] - 5),
        (24 * grow, 34 * grow, half * 0.9),
        TILT_SPLEEN,
        box,
    )
    shape = smooth_max(bean.distance, -hollow.distance, 10)
    wavy = shape + field(rng, shape.shape, g.spacing, 28.0) * np.float32(1.3)
    organ = scene.inside(Paint(box, wavy), 2.5)
    pulp = t["spleen"] + field(rng, shape.shape, g.spacing, 9.0) * np.float32(3)
    scene.paint(organ, pulp, organ="spleen")
    return length


@dataclass(frozen=True, eq=False)
class _Kidney:
    side: int
    center: tuple[float, float, float]
    radii: tuple[float, float, float]
    turn: npt.NDArray[np.float64]

    def place(self, along: float, out: float, fore: float) -> npt.NDArray[np.float64]:
        """Body coordinates of a place in the kidney: fractions of its radii."""
        own = np.array([self.side * out, fore, along]) * np.array(self.radii)
        return np.asarray(self.center) + self.turn @ own


def _kidneys(scene: _Scene, rng: np.random.Generator) -> dict[str, _Kidney]:
    """Two kidneys with cortex, pyramids, sinus fat, calyces and pelvis; the left stands higher."""
    g, s, t = scene.grid, scene.s, scene.table
    out = {}
    for side, name in ((-1, "right"), (1, "left")):
        center = (
            side * (60 + rng.normal(0, 3)) * s,
            SPINE_Y + 4 + rng.normal(0, 3),
            (-12 if side < 0 else 8) + rng.normal(0, 5),
        )
        radii = (
            27 * s * rng.normal(1, 0.04),
            23 * s * rng.normal(1, 0.04),
            53 * s * rng.normal(1, 0.05),
        )
        turn = rotation("z", side * 38) @ rotation("y", side * 12)
        kidney = _Kidney(side, center, radii, turn)
        out[name] = kidney
        bean = ellipsoid(g, center, radii, turn)
        box = bean.box
        notch = ellipsoid(
            g, tuple(kidney.place(0, -1.25, -0.1)), (17 * s, 11 * s, 16 * s), turn, box
        )
        bumps = field(rng, bean.distance.shape, g.spacing, 16.0) * np.float32(0.9)
        shape = smooth_max(bean.distance + bumps, -notch.distance, 5)
        whole = Paint(box, shape)
        halo = Paint(box, shape - np.float32(9))  # perirenal fat keeps bowel away
        scene.paint(halo, t["visceral fat"], 4.0)
        scene.paint(whole, t["cortex"], organ=f"{name} kidney")
        pyramids = field(rng, shape.shape, g.spacing, 13.0)
        medulla = np.maximum(shape + np.float32(6.5), -np.float32(2.2) * (pyramids + 0.5))
        scene.paint(Paint(box, medulla), t["medulla"], 3.0)
        sinus = ellipsoid(
            g, tuple(kidney.place(0, -0.42, -0.05)), (13 * s, 8.5 * s, 27 * s), turn, box
        )
        ragged = sinus.distance + field(rng, shape.shape, g.spacing, 8.0) * np.float32(2.0)
        scene.paint(Paint(box, ragged), t["visceral fat"], 3.0)
        for along in (-0.36, 0.0, 0.36):  # calyces drain into the pelvis
            calyx = polyline(
                [kidney.place(along, -0.12, 0), kidney.place(along * 0.3, -0.6, -0.05)], 9
            )
            scene.paint(tube(g, calyx, np.full(9, 2.6 * s), reach=2), t["urine"], 2.4)
        pelvis = polyline(
            [
                kidney.place(0.15, -0.5, 0),
                kidney.place(-0.1, -0.85, -0.1),
                kidney.place(-0.5, -1.15, -0.3),
            ],
            16,
        )
        scene.paint(tube(g, pelvis, np.linspace(5.2, 2.4, 16) * s, reach=2), t["urine"], 2.4)
        gland = polyline([kidney.place(1.1, -0.7, -0.7), kidney.place(1.3, -0.4, -0.5)], 12)
        scene.paint(tube(g, gland, np.full(12, 3.6)), t["adrenal"])
        if "renal cyst" in scene.patient.incidentals and side == (1 if rng.random() < 0.5 else -1):
            spot = kidney.place(rng.uniform(-0.5, 0.5), 0.85, rng.uniform(-0.4, 0.4))
            r = float(rng.uniform(6, 16))
            scene.paint(ellipsoid(g, tuple(spot), (r, r, r)), 6.0)
    return out


@dataclass(frozen=True, eq=False)
class _Liver:
    box: Box
    distance: F32  # to the surface, vessels ignored
    portal: tuple[float, float, float]


def _liver(scene: _Scene, rng: np.random.Generator) -> _Liver:
    """The liver fills the right upper quadrant and tapers across the midline; bile below it."""
    g, s, t = scene.grid, scene.s, scene.table
    grow = s * float(rng.normal(1, 0.04))
    cavity = scene.wide * 0.72
    box = around(g, (-cavity - 12, -115, -95), (95 * s, 92, 160))
    right = ellipsoid(g, (-cavity * 0.60, 0, 46 * s), (90 * grow, 98 * grow, 94 * grow), None, box)
    tongue = ellipsoid(g, (-cavity * 0.92, 5, -18), (34 * grow, 58 * grow, 62 * grow), None, box)
    left = ellipsoid(
        g,
        (8, -52 * s, 76 * s),
        (74 * grow * rng.uniform(0.85, 1.15), 44 * grow, 46 * grow),
        rotation("y", -10),
        box,
    )
    shape = smooth_min(right.distance, left.distance, 22)
    shape = smooth_min(shape, tongue.distance, 14)
    x, y, z = g.points(box)
    hub = np.sqrt(((x - 6) / (56 * s)) ** 2 + ((y - SPINE_Y - 6) / (66 * s)) ** 2) - 1
    shape = smooth_max(shape, -hub * np.float32(56 * s), 10)
    slope = (-0.62 * (z - 6 * s) + 0.62 * (x + 40 * s) + 0.46 * (y + 10)) * np.float32(0.9)
    under = np.minimum(slope, (x + 62 * s) * 0.9 + 0 * y)
    shape = smooth_max(shape, under.astype(np.float32), 14)
    fossa = ellipsoid(
        g, (-63 * s, SPINE_Y + 5, -14), (31 * s, 27 * s, 54 * s), rotation("z", -38), box
    )
    shape = smooth_max(shape, -fossa.distance, 6)
    shape = shape + field(rng, shape.shape, g.spacing, 34.0) * np.float32(2.0)
    limit = np.maximum(scene.wall[box] + np.float32(2.5), scene.dome[box] + np.float32(3.0))
    shape = smooth_max(shape, limit, 5)
    parenchyma = t["liver"] + field(rng, shape.shape, g.spacing, 11.0) * np.float32(2.5)
    scene.paint(Paint(box, shape), parenchyma, organ="liver")

    porta = (-30 * s, -14 * s, 34 * s)
    lines = []
    for way, r in (((-1, 0.15, 0.25), 5.6), ((0.55, -0.75, 0.5), 4.8)):
        lines += [(p, q, "portal vein") for p, q in tree(rng, porta, way, r, 42 * s, 5)]
    for way in ((-1, 0.1, -0.35), (-0.55, -0.8, -0.4), (0.75, -0.7, -0.25)):
        start = (-22, SPINE_Y - 42, 104 * s)
        lines += [(p, q, "hepatic vein") for p, q in tree(rng, start, way, 4.8, 46 * s, 4)]
    for points, radii, vein in lines:
        vessel = tube(g, points, radii, reach=2)
        inside = _cut(Paint(box, shape), vessel, 2.0)
        scene.paint(inside, t[vein], 2.6, keep=0.9)
    trunk = polyline([(-4, -12 * s, 8 * s), (-16 * s, -14 * s, 22 * s), porta], 26)
    scene.paint(tube(g, trunk, np.full(26, 6.6 * s)), t["portal vein"])
    _gallbladder(scene, rng, box, shape)
    return _Liver(box, shape, porta)


def _cut(whole: Paint, part: Paint, gap: float) -> Paint:
    """A part limited to the inside of a whole: both as boxes of the same grid."""
    spans, inner, outer = [], [], []
    for a, b in zip(whole.box, part.box, strict=True):
        low, high = max(a.start, b.start), max(min(a.stop, b.stop), max(a.start, b.start))
        spans.append(slice(low, high))
        outer.append(slice(low - a.start, high - a.start))
        inner.append(slice(low - b.start, high - b.start))
    distance = np.maximum(part.distance[tuple(inner)], whole.distance[tuple(outer)] + gap)
    return Paint((spans[0], spans[1], spans[2]), distance)


def _gallbladder(scene: _Scene, rng: np.random.Generator, box: Box, liver: F32) -> None:
    """A bag of bile that hangs from the liver's lower surface, half in its bed, never within."""
    g, s, t = scene.grid, scene.s, scene.table
    x, y = -46 * s + rng.normal(0, 4), -40 * s + rng.normal(0, 4)
    row = int(np.clip(np.searchsorted(g.y, y) - box[1].start, 0, liver.shape[1] - 1))
    column = int(np.clip(np.searchsorted(g.x, x) - box[2].start, 0, liver.shape[2] - 1))
    inside = np.flatnonzero(liver[:, row, column] < 0)
    floor = float(g.z[box[0].start + inside[0]]) if len(inside) else -6 * s
    size = float(rng.uniform(0.85, 1.15)) * s
    bag = ellipsoid(
        g,
        (x, y - 4, floor - 7 * size),
        (13.5 * size, 15 * size, 23 * size),
        rotation("x", -28) @ rotation("y", -12),
    )
    bag = scene.inside(bag)
    bed = Paint(bag.box, bag.distance - np.float32(2.5))
    scene.paint(bed, t["visceral fat"], 3.0, keep=0.6)
    scene.organs["liver"][bag.box] &= bag.distance > 0
    scene.paint(bag, t["gallbladder wall"], organ="gallbladder")
    scene.paint(Paint(bag.box, bag.distance + np.float32(1.6)), t["bile"])


def _stomach(scene: _Scene, rng: np.random.Generator) -> None:
    """A bag under the left dome, gas in front, fluid and food behind, folds in its wall."""
    g, s, t = scene.grid, scene.s, scene.table
    front = -scene.deep * 0.38
    line = polyline(
        [
            (30 * s, 2, 104 * s),
            (60 * s, -4, 88 * s),
            (66 * s, front, 52 * s),
            (44 * s, front - 16, 22 * s),
            (6 * s, front - 8, 12 * s),
            (-22 * s, -34, 20 * s),
        ],
        60,
    )
    full = float(rng.uniform(0.75, 1.2))
    calibre = np.interp(np.linspace(0, 1, 60), (0, 0.25, 0.55, 0.85, 1), (17, 29, 26, 15, 9))
    bag = scene.inside(tube(g, line, calibre * full * s, reach=3), 3.0)
    folds = field(rng, bag.distance.shape, g.spacing, 8.0) * np.float32(1.6)
    spleen = scene.organs["spleen"][bag.box]
    liver = scene.organs["liver"][bag.box]
    free = np.where(spleen | liver, np.float32(6.0), bag.distance)
    meal = t["oral contrast"] if "oral contrast" in scene.patient.incidentals else 30.0
    scene.paint(Paint(bag.box, free), t["bowel wall"])
    inner = Paint(bag.box, free + np.float32(3.6) + folds)
    scene.paint(inner, np.float32(meal) + folds * 6)
    level = front - 10 + rng.uniform(-8, 10)
    gas = np.maximum(inner.distance + 0.4, g.points(bag.box)[1] - np.float32(level))
    scene.paint(Paint(bag.box, gas), t["gas"], 1.6)


def _lungs(scene: _Scene, rng: np.random.Generator) -> None:
    """The lung bases behind and above the diaphragm, and the floor of the heart."""
    g, s, t = scene.grid, scene.s, scene.table
    low = int(np.searchsorted(g.z, 20))
    box = (slice(low, FRAMES), slice(0, ROWS), slice(0, COLUMNS))
    rise = -scene.dome[box] + np.float32(2)
    air = np.maximum(rise, scene.wall[box] + np.float32(1.5))
    x, y, _ = g.points(box)
    hub = np.sqrt(((x - 2) / (40 * s)) ** 2 + ((y - SPINE_Y) / (42 * s)) ** 2) - 1
    air = np.maximum(air, -hub * np.float32(38 * s))
    weave = field(rng, air.shape, g.spacing, 9.0)
    scene.paint(Paint(box, air), t["lung"] + 22 * weave, 2.4, organ="lungs")
    for side in (-1, 1):
        for _ in range(3):
            start = (side * 52 * s, SPINE_Y - 22, 175 * s)
            way = (side * rng.uniform(0.1, 0.8), rng.uniform(-0.5, 0.6), -1)
            for points, radii in tree(rng, start, way, 3.4, 40, 4, 0.45):
                vessel = tube(g, points, radii, reach=2)
                if min(v.stop - v.start for v in vessel.box) > 0:
                    scene.paint(_cut(Paint(box, air), vessel, 1.0), 20.0, 2.6, keep=0.8)
    heart = ellipsoid(g, (24 * s, -30 * s, 150 * s), (56 * s, 44 * s, 34 * s))
    heart = Paint(heart.box, np.maximum(heart.distance, scene.wall[heart.box] + 6))
    scene.paint(heart, t["myocardium"])
    scene.paint(Paint(heart.box, heart.distance + np.float32(10)), t["heart"], 3.0)


# ------------------------------------------------------------------ disease


def _lesions(scene: _Scene, liver: _Liver, kidneys: Mapping[str, _Kidney]) -> tuple[Placed, ...]:
    out: list[Placed] = []
    taken: list[tuple[npt.NDArray[np.float64], float]] = []
    for lesion in scene.patient.lesions:
        rng = stream(scene.patient.seed, scene.patient.exam, "lesion", lesion.key)
        if lesion.what == "liver cyst":
            spot = _in_liver(scene, rng, liver, lesion, taken)
            taken.append((spot, lesion.size_mm / 2))
            r = lesion.size_mm / 2
            out.append(_put(scene, lesion, spot, (r, r * 0.96, r * 0.98)))
        elif lesion.what == "kidney stone":
            out.append(_stone(scene, rng, kidneys[lesion.side], lesion))
        elif lesion.what == "splenomegaly":
            out.append(Placed(lesion, scene.organs["spleen"].copy(), 100.0))
    return tuple(out)


def _put(
    scene: _Scene,
    lesion: Lesion,
    spot: npt.NDArray[np.float64],
    radii: tuple[float, float, float],
    turn: npt.NDArray[np.float64] | None = None,
) -> Placed:
    """Paint an ellipsoid of the lesion's CT number, averaged over the thickness of a slice.

    The mask is where it fills at least half of a voxel, or half as much as where it fills most."""
    offsets = np.linspace(-0.4, 0.4, 5) * SLICE
    center = (float(spot[0]), float(spot[1]), float(spot[2]))
    box = ellipsoid(scene.grid, center, radii, turn).box
    layers = [
        ellipsoid(scene.grid, (center[0], center[1], center[2] + d), radii, turn, box).distance
        for d in offsets
    ]
    cover = np.mean([coverage(d, 2.0) for d in layers], axis=0, dtype=np.float32)
    part = scene.hu[box]
    change = cover * (np.float32(lesion.value) - part)
    part += change
    mask = np.zeros(scene.grid.shape, bool)
    mask[box] = cover >= 0.5 * float(cover.max())
    return Placed(lesion, mask, float(np.abs(change[mask[box]]).mean()))


def segment_of(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    portal: tuple[float, float, float],
    s: float,
    y: npt.ArrayLike,
) -> npt.NDArray[np.str_]:
    """Couinaud's segment of points of the liver, by planes through the portal bifurcation.

    The middle hepatic vein's plane parts left from right, the falciform plane II and III from IV,
    the right hepatic vein's plane front (V, VIII) from back (VI, VII), the portal plane high
    from low."""
    x, y, z = np.asarray(x), np.asarray(y), np.asarray(z)
    high = z > portal[2] + 6
    middle = x + 0.45 * (y + 14) < portal[0] - 4
    lateral = x > portal[0] + 36 * s
    back = y - 0.25 * (x + 70) > 2
    names = np.where(high, "segment VIII", "segment V")
    names = np.where(back, np.where(high, "segment VII", "segment VI"), names)
    left = np.where(lateral, np.where(z > 78 * s, "segment II", "segment III"), "segment IV")
    return np.where(middle, names, left)


def _in_liver(
    scene: _Scene,
    rng: np.random.Generator,
    liver: _Liver,
    lesion: Lesion,
    taken: list[tuple[npt.NDArray[np.float64], float]],
) -> npt.NDArray[np.float64]:
    """A place for a cyst: in its segment, as deep as its radius allows, away from the others."""
    thin = (slice(None), slice(None, None, 3), slice(None, None, 3))
    depth = -liver.distance[thin]
    x, y, z = (p[thin] for p in scene.grid.points(liver.box))
    r = lesion.size_mm / 2
    fits = segment_of(x, z, liver.portal, scene.s, y) == lesion.site
    for spot, radius in taken:
        gap = np.sqrt((x - spot[0]) ** 2 + (y - spot[1]) ** 2 + (z - spot[2]) ** 2)
        fits &= gap > radius + r + 4
    best = depth[fits].max() if fits.any() else 0.0
    where = np.argwhere(fits & (depth >= min(r + 1, best * 0.9)))
    if len(where) == 0:
        where = np.argwhere(depth >= depth.max() * 0.9)
    k, j, i = where[int(rng.integers(len(where)))]
    return np.array([x[k, j, i], y[k, j, i], z[k, j, i]], dtype=float)


def _stone(scene: _Scene, rng: np.random.Generator, kidney: _Kidney, lesion: Lesion) -> Placed:
    along = {"upper pole": 0.5, "interpolar region": 0.0, "lower pole": -0.5, "pelvis": -0.08}
    out = -0.58 if lesion.site == "pelvis" else -0.16
    spot = kidney.place(along[lesion.site] + rng.normal(0, 0.03), out, rng.normal(0, 0.04))
    r = lesion.size_mm / 2
    radii = (r, r * rng.uniform(0.65, 0.95), r * rng.uniform(0.7, 1.0))
    return _put(scene, lesion, spot, radii, rotation("z", rng.uniform(0, 180)))


def _table(scene: _Scene) -> None:
    """The top of the scanner's table under the back."""
    g = scene.grid
    bottom = BACK * scene.s + 0.5 * max(scene.patient.bmi - 17, 0) + 9
    y = g.y[:, None] - (bottom - (g.x[None, :] / 34) ** 2 * 0.35)
    for depth in (0.0, 15.0):
        line = np.clip(1.2 - np.abs(y - depth) / 1.6, 0, 1)
        line = line * (np.abs(g.x)[None, :] < 205)
        part = scene.hu
        part += (line * (scene.table["table"] + 1000))[None] * (part < -900)
