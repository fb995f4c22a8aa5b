"""What the top of an abdominal scan shows of the chest: lung bases and the heart's floor."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.shapes import Paint, ellipsoid, tree
from radgloss.data.phantom.torso.forms import join, path, tube, windowed
from radgloss.data.phantom.torso.scene import SPINE_Y, Scene

__all__ = ["paint_lungs"]


def paint_lungs(scene: Scene, rng: np.random.Generator) -> None:
    """The lung bases behind and above the diaphragm, with their vessels; the floor of the heart."""
    g, s = scene.grid, scene.s
    low = int(np.searchsorted(g.z, 15 * s))
    scene.label("lungs")
    if low == len(g.z):
        return
    box = (slice(low, len(g.z)), slice(0, len(g.y)), slice(0, len(g.x)))
    air = np.maximum(np.float32(2) - scene.dome[box], scene.wall[box] + np.float32(1.5))
    x, y, _ = scene.points(box)
    hub = np.sqrt(((x - 2) / (38 * s)) ** 2 + ((y - SPINE_Y * s + 4) / (36 * s)) ** 2) - 1
    air = np.maximum(air, -hub * np.float32(36 * s))
    weave = scene.noise(rng, box, 9.0)
    whole = Paint(box, air)
    share = np.clip(np.float32(0.02) * weave + np.float32(0.02), 0, 1)
    scene.paint(whole, "lung", 2.4, organ="lungs", mix=("vein", share))
    parts = []
    for side in (-1, 1):
        for _ in range(3):
            start = (side * 52 * s, (SPINE_Y - 22) * s, 182 * s)
            way = (side * rng.uniform(0.1, 0.8), rng.uniform(-0.5, 0.6), -1)
            parts.append(tree(rng, start, way, 3.2, 38, 4, 0.45))
    vessel = tube(g, join(scene.branches(parts)), 2.0)
    within = windowed(whole, vessel.box) + np.float32(1)
    scene.paint(Paint(vessel.box, np.maximum(vessel.distance, within)), "vein", 2.6, keep=0.8)
    heart = _heart(scene)
    scene.paint(heart, "myocardium")
    for cx, cy, r in ((36, -26, 20), (2, -34, 17)):
        room = scene.at((cx, cy, 158))[0]
        chamber = tube(
            g, path(scene.true([room, room + np.array([-6, 8, 24])]), np.array([r, r]) * s)
        )
        shape = np.maximum(chamber.distance, windowed(heart, chamber.box) + np.float32(7))
        scene.paint(Paint(chamber.box, shape), "vein", 3.0)
    scene.label("lungs")[heart.box] &= heart.distance > 0


def _heart(scene: Scene) -> Paint:
    """The lower part of the heart, lying on the diaphragm."""
    s = scene.s
    heart = ellipsoid(scene.grid, tuple(scene.at((24, -30, 156))[0]), (56 * s, 44 * s, 36 * s))
    limit = np.maximum(scene.wall[heart.box] + np.float32(6), np.float32(1) - scene.dome[heart.box])
    return Paint(heart.box, np.maximum(heart.distance, limit))
