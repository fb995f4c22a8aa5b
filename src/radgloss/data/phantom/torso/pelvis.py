"""Bladder, uterus and ovaries, or prostate and seminal vesicles, with their ligaments and fat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from radgloss.data.phantom.shapes import Paint, ellipsoid, rotation, smooth_min
from radgloss.data.phantom.torso.forms import Points, ball
from radgloss.data.phantom.torso.scene import Scene

__all__ = ["Ovary", "paint_pelvis"]

MENOPAUSE = 51


@dataclass(frozen=True, eq=False)
class Ovary:
    """center: (3,) in the picture. radii: mm along x, y, z."""

    side: int
    center: Points
    radii: tuple[float, float, float]


def paint_pelvis(scene: Scene, rng: np.random.Generator) -> dict[str, Ovary]:
    """What this person has below the bowel; the ovaries by side (none in a man)."""
    seeds = [int(k) for k in rng.integers(2**31, size=4)]
    female = scene.patient.sex == "F"
    full = _bladder(scene, np.random.default_rng(seeds[0]), female)
    if not female:
        _prostate(scene, np.random.default_rng(seeds[1]))
        return {}
    for name in ("uterus", "right ovary", "left ovary"):
        scene.label(name)
    if "uterus" not in scene.patient.absent:
        _uterus(scene, np.random.default_rng(seeds[2]), full)
    return _ovaries(scene, np.random.default_rng(seeds[3]))


def _bladder(scene: Scene, rng: np.random.Generator, female: bool) -> float:
    s = scene.s
    full = float(rng.uniform(0.75, 1.2))
    z = -198 if female else -196
    center = scene.at((rng.normal(0, 2), -30, z + 9 * (full - 1) * 2))[0]
    radii = (37 * s * full**0.8, 27 * s * full**0.6, 25 * s * full)
    bag = ellipsoid(scene.grid, tuple(center), radii, rotation("x", 12))
    bag = Paint(bag.box, np.maximum(bag.distance, scene.wall[bag.box] + np.float32(2)))
    scene.paint(bag, "bladder wall", organ="bladder")
    inner = Paint(bag.box, bag.distance + np.float32(2.6))
    # contrast sinks: the layer that the kidneys have made since the injection lies behind
    y = scene.points(bag.box)[1]
    heavy = np.clip((y - np.float32(center[1] + 0.25 * radii[1])) / np.float32(5), 0, 1)
    scene.paint(inner, "urine", mix=("layered urine", heavy))
    scene.claim(bag, 2.0)
    scene.shapes["bladder"] = bag
    return full


def _prostate(scene: Scene, rng: np.random.Generator) -> None:
    g, s = scene.grid, scene.s
    age = scene.patient.age
    grow = float(np.clip(0.9 + 0.008 * (age - 40) + rng.normal(0, 0.06), 0.85, 1.4))
    center = scene.at((0, -12, -236))[0]
    gland = ellipsoid(g, tuple(center), (23 * s * grow, 16 * s * grow, 17 * s * grow))
    grain = scene.noise(rng, gland.box, 7.0) * np.float32(0.04)
    scene.paint(gland, "prostate", organ="prostate", grain=grain)
    core = (center[0], center[1] - 3 * s, center[2] + 3 * s)
    inner = ellipsoid(g, core, (14 * s * grow, 10 * s * grow, 13 * s * grow))
    knots = scene.noise(rng, inner.box, 7.0) * np.float32(0.12)
    scene.paint(inner, "transition zone", grain=knots)
    scene.claim(gland, 1.0)
    for side in (-1, 1):
        sites = scene.at((side * 4, 14, -216), (side * 18, 16, -210), (side * 30, 20, -204))
        scene.vessel(sites, np.array([5, 6.5, 3.5]) * s, "seminal vesicle", 12)


def _uterus(scene: Scene, rng: np.random.Generator, full: float) -> None:
    """A pear tilted forward over the bladder; smaller and without lining after the menopause."""
    g, s = scene.grid, scene.s
    young = scene.patient.age < MENOPAUSE
    size = float(rng.uniform(0.92, 1.1)) * (1.0 if young else 0.72) * s
    lean = float(rng.normal(0, 4))
    low = scene.at((0, 16, -206))[0]
    top = scene.at((lean, -8, -166 + 8 * (full - 1)))[0]
    body = ellipsoid(g, tuple(top), (25 * size, 20 * size, 26 * size), rotation("x", -35))
    box = scene.box(np.minimum(top, low) - 32 * s, np.maximum(top, low) + 32 * s)
    body = ellipsoid(g, tuple(top), (26 * size, 20 * size, 27 * size), rotation("x", -35), box)
    neck = ellipsoid(g, tuple(low + (top - low) * 0.12), (15 * size, 13 * size, 20 * size),
                     rotation("x", -20), box)  # fmt: skip
    shape = smooth_min(body.distance, neck.distance, 14)
    shape = shape + scene.noise(rng, box, 22.0) * np.float32(0.9)
    whole = scene.free(Paint(box, shape), 1.5)
    grain = scene.noise(rng, box, 7.0) * np.float32(0.035)
    scene.paint(whole, "myometrium", organ="uterus", grain=grain)
    lining = 3.4 if young else 1.3
    slit = ellipsoid(g, tuple(top + (low - top) * 0.08), (13 * size, lining * s, 17 * size),
                     rotation("x", -35), box)  # fmt: skip
    zone = Paint(box, slit.distance - np.float32(3.2 * s))
    scene.paint(zone, "junctional zone", 2.4)
    scene.paint(slit, "endometrium", 2.0)
    canal = ball(g, scene.true([low])[0], np.array([2.2, 2.2, 12]) * s, rotation("x", -25))
    scene.paint(canal, "endometrium", 2.0, keep=0.6)
    sites = scene.at((0, 20, -216), (0, 14, -250))
    scene.vessel(sites, 8.5 * s, "vagina", 10)
    scene.claim(whole, 1.5)
    scene.places["uterine cavity"] = scene.true([top])
    scene.facts["uterus size"] = size / s
    for side in (-1, 1):  # round and broad ligaments
        corner = top + np.array([side * 22 * size, 2, 4])
        for x, y, z in ((64, -18, -168), (58, 8, -176)):
            end = scene.at((side * x, y, z))[0]
            line = [corner, 0.5 * (corner + end) + np.array([0, 0, 5]), end]
            scene.vessel(np.array(line), 1.5 * s, "muscle", 10)


def _ovaries(scene: Scene, rng: np.random.Generator) -> dict[str, Ovary]:
    out = {}
    young = scene.patient.age < MENOPAUSE
    for side, name in ((-1, "right"), (1, "left")):
        own = np.random.default_rng(int(rng.integers(2**31)))
        if f"{name} ovary" in scene.patient.absent:
            continue
        site = (side * (43 + own.normal(0, 3)), 8 + own.normal(0, 4), -164 + own.normal(0, 5))
        big = scene.find("enlarged ovary", name)
        size = 1.0 if young else 0.6
        radii = tuple(float(r * size * scene.s * own.uniform(0.9, 1.1)) for r in (11, 9, 14))
        if big is not None:
            radii = tuple(float(r) for r in np.array([1.0, 0.8, 0.9]) * big.size_mm / 2)
            site = (side * (34 + 0.3 * radii[0]), -2, -160)
        center = scene.true(scene.at(site))[0]
        center = _clear(scene, center, max(radii))
        ovary = Ovary(side, center, (radii[0], radii[1], radii[2]))
        shape = ball(scene.grid, center, radii)
        if big is None:
            shape = scene.free(shape, 0.5)
        scene.paint(shape, "ovary", organ=f"{name} ovary")
        if young and big is None:
            _follicles(scene, own, ovary)
        scene.claim(shape, 1.5)
        out[name] = ovary
    return out


def _clear(scene: Scene, center: Points, radius: float) -> Points:
    """Move a place a little until a ball round it touches neither bone wall nor bladder."""
    g = scene.grid
    best, most = center, -1e9
    for dx in (0, -8, 8, -16, 16):
        for dz in (0, 10, -10, 20):
            p = center + np.array([dx, 0, dz], float)
            index = tuple(
                int(np.clip(np.searchsorted(a, v), 0, len(a) - 1))
                for a, v in zip((g.z, g.y, g.x), p[::-1], strict=True)
            )
            room = min(float(scene.solid[index]), -float(scene.wall[index]), radius + 2)
            if room - 0.05 * (abs(dx) + abs(dz)) > most:
                best, most = p, room - 0.05 * (abs(dx) + abs(dz))
    return best


def _follicles(scene: Scene, rng: np.random.Generator, ovary: Ovary) -> None:
    for _ in range(int(rng.integers(3, 7))):
        way = rng.normal(0, 1, 3)
        spot = ovary.center + 0.55 * way / np.linalg.norm(way) * np.array(ovary.radii)
        scene.paint(ball(scene.grid, spot, float(rng.uniform(1.8, 4.0))), "cyst fluid", 2.0)
