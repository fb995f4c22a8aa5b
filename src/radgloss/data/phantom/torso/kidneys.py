"""Kidneys with cortex, pyramids, sinus, calyces, pelvis and ureter; adrenals above them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.shapes import Paint, ellipsoid, rotation, smooth_max
from radgloss.data.phantom.torso.forms import Points, Segments, join, path, tube, windowed
from radgloss.data.phantom.torso.scene import SPINE_Y, Scene

__all__ = ["STOPS", "Kidney", "paint_kidneys", "paint_ureters"]

# how wide calyces and pelvis become, as a factor of their usual calibre, and how thin the cortex
GRADES = {"": (1.0, 0.0), "mild": (2.2, 0.0), "moderate": (3.7, 1.5), "severe": (5.4, 4.0)}
URETER = (  # the left side, from the pelvis of the kidney to the bladder
    (35, 14, -44),
    (31, 6, -80),
    (27, 2, -118),
    (38, 34, -160),
    (40, 32, -188),
    (16, 8, -204),
)
STOPS = {"upper ureter": 0.22, "mid ureter": 0.5, "distal ureter": 0.92}  # along it, by site


@dataclass(frozen=True, eq=False)
class Kidney:
    """One kidney's own frame: fractions of its radii, and where its parts lie.

    side: -1 right, 1 left. shape: distance to its surface. ureter: (N, 3) places, downwards.
    calyces: places of the upper, middle and lower calyx and of the pelvis."""

    side: int
    center: tuple[float, float, float]
    radii: tuple[float, float, float]
    turn: npt.NDArray[np.float64]
    shape: Paint
    ureter: Points
    collecting: Paint

    def place(self, along: float, out: float, fore: float) -> npt.NDArray[np.float64]:
        """Body coordinates, before the warp, of a place: fractions of its radii."""
        own = np.array([self.side * out, fore, along]) * np.array(self.radii)
        return np.asarray(self.center) + self.turn @ own


def paint_kidneys(scene: Scene, rng: np.random.Generator) -> dict[str, Kidney]:
    """Both kidneys, or the one that is there; the left stands higher."""
    out: dict[str, Kidney] = {}
    seeds = rng.integers(2**31, size=2)
    for side, name, seed in ((-1, "right", seeds[0]), (1, "left", seeds[1])):
        own = np.random.default_rng(int(seed))
        scene.label(f"{name} kidney")
        _adrenal(scene, side)
        if f"{name} kidney" not in scene.patient.absent:
            out[name] = _kidney(scene, own, side, name)
    return out


def _adrenal(scene: Scene, side: int) -> None:
    z = 62 if side < 0 else 58
    root = scene.at((side * 33, 20, z))[0]
    for dx, dy in ((6.0, 13.0), (-7.0, 13.0)):
        steps = np.array([(0, 0, 0), (side * dx * 0.5, dy * 0.6, -5), (side * dx, dy, -12)])
        line = scene.line(root + steps, 8)
        scene.paint(tube(scene.grid, path(line, 2.2 * scene.s)), "adrenal")


def _kidney(scene: Scene, rng: np.random.Generator, side: int, name: str) -> Kidney:
    g, s = scene.grid, scene.s
    swollen = scene.find("pyelonephritis", name)
    swell = 1.09 if swollen is not None and "swelling" in swollen.features else 1.0
    water = scene.find("hydronephrosis", name)
    wide, thin = GRADES[water.severity or "moderate"] if water is not None else GRADES[""]
    swell *= 1 + 0.025 * (wide - 1)
    low = -22 if scene.has("splenomegaly") and side > 0 else 0
    center = (
        float(side * (60 + rng.normal(0, 2.5)) * s * (0.5 + 0.5 * scene.gx)),
        (SPINE_Y + 6 + rng.normal(0, 2.5)) * s,
        ((0 if side < 0 else 16) + rng.normal(0, 4) + low * 0.4) * s,
    )
    radii = tuple(float(r * s * rng.normal(1, 0.035) * swell) for r in (27, 23, 54))
    turn = rotation("z", side * 38) @ rotation("y", side * 12)
    blank = Paint((slice(0, 0),) * 3, np.zeros((0, 0, 0), np.float32))
    kidney = Kidney(
        side, center, (radii[0], radii[1], radii[2]), turn, blank, np.zeros((0, 3)), blank
    )
    bean = ellipsoid(g, center, kidney.radii, turn)
    box = bean.box
    notch = ellipsoid(g, tuple(kidney.place(0, -1.25, -0.1)), (17 * s, 11 * s, 16 * s), turn, box)
    bumps = scene.noise(rng, box, 16.0) * np.float32(0.9)
    shape = Paint(box, smooth_max(bean.distance + bumps, -notch.distance, 5))
    halo = Paint(box, shape.distance - np.float32(9))  # perirenal fat keeps bowel away
    scene.paint(halo, "visceral fat", 4.0)
    _fascia(scene, shape)
    grain = scene.noise(rng, box, 8.0) * np.float32(0.02)
    scene.paint(shape, "renal cortex", organ=f"{name} kidney", grain=grain)
    pyramids = scene.noise(rng, box, 12.0)
    medulla = np.maximum(
        shape.distance + np.float32(6.5 - thin * 0.6), np.float32(-2.4) * (pyramids + 0.45)
    )
    scene.paint(Paint(box, medulla), "renal medulla", 3.0)
    sinus = ellipsoid(g, tuple(kidney.place(0, -0.42, -0.05)), (13 * s, 8.5 * s, 27 * s), turn, box)
    ragged = sinus.distance + scene.noise(rng, box, 8.0) * np.float32(2.0)
    scene.paint(Paint(box, ragged), "visceral fat", 3.0)
    hilum = scene.true([kidney.place(0, -0.9, 0.0)])[0]
    for spread in (-0.4, 0.05, 0.42):  # vessels fan into the sinus
        line = scene.line([kidney.place(0.02, -1.05, 0.12), kidney.place(spread, -0.35, 0.1)], 6)
        scene.paint(tube(g, path(line, np.linspace(2.8, 1.6, 6) * s)), "renal vein")
    ureter = _ureter(scene, kidney, rng)
    calyx = _collecting(scene, kidney, wide)
    collecting = tube(g, calyx)
    inside = np.minimum(shape.distance, np.float32(40))
    own = windowed(Paint(box, inside), collecting.box, 60.0)
    limit = np.where(own > 0, -60, own + np.float32(3.5))  # never through the cortex
    collecting = Paint(collecting.box, smooth_max(collecting.distance, limit, 2))
    wall = Paint(collecting.box, collecting.distance - np.float32(0.9))
    scene.paint(wall, "urothelium", 2.0, keep=0.7)
    scene.paint(collecting, "renal urine", 2.0)
    scene.claim(shape, 4.0)
    scene.places[f"{name} hilum"] = hilum[None]
    return Kidney(side, center, kidney.radii, turn, shape, ureter, collecting)


def _fascia(scene: Scene, shape: Paint) -> None:
    """Gerota's fascia: a thin line in the fat round the kidney."""
    line = np.abs(shape.distance - np.float32(11)) - np.float32(0.45)
    scene.paint(Paint(shape.box, line.astype(np.float32)), "muscle", 1.6, keep=0.22)


def _ureter(scene: Scene, kidney: Kidney, rng: np.random.Generator) -> Points:
    side = kidney.side
    start = kidney.place(-0.45, -1.12, -0.25)
    sites = [(side * x + rng.normal(0, 1.5), y, z) for x, y, z in URETER]
    return scene.line(np.vstack([start, scene.at(*sites)]), 60)


def _collecting(scene: Scene, kidney: Kidney, wide: float) -> Segments:
    """Calyces that drain into the pelvis, and the pelvis that drains into the ureter."""
    s, parts = scene.s, []
    bulb = 1 + 0.75 * (wide - 1)
    for along in (-0.42, -0.02, 0.4):
        line = scene.line([kidney.place(along, -0.1, 0), kidney.place(along * 0.3, -0.6, -0.05)], 8)
        radius = np.linspace(2.7 * bulb, 2.3 * (0.5 + 0.5 * wide), 8) * s
        parts.append(path(line, radius))
    line = scene.line(
        [
            kidney.place(0.12, -0.5, 0),
            kidney.place(-0.1, -0.85, -0.1),
            kidney.place(-0.45, -1.12, -0.25),
        ],
        14,
    )
    parts.append(path(line, np.linspace(4.6 * (0.6 + 0.4 * wide), 2.3 * np.sqrt(wide), 14) * s))
    return join(parts)


def paint_ureters(scene: Scene, kidneys: dict[str, Kidney]) -> None:
    """The ureters, wide down to whatever blocks them."""
    for name, kidney in kidneys.items():
        water, stone = scene.find("hydronephrosis", name), scene.find("ureteric stone", name)
        wide = np.sqrt(GRADES[water.severity or "moderate"][0]) if water is not None else 1.0
        stop = STOPS.get(stone.site, 0.5) if stone is not None else (0.12 if water else 0.0)
        u = np.linspace(0, 1, len(kidney.ureter))
        radius = np.where(u <= stop, 1.45 * wide - 0.2, 1.25) * scene.s
        shape = tube(scene.grid, path(kidney.ureter, radius), 2.0)
        scene.paint(Paint(shape.box, shape.distance - np.float32(0.7)), "urothelium", 2.0)
        scene.paint(shape, "renal urine", 2.0)
