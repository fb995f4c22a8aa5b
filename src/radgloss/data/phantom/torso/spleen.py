"""The spleen, which disease may lengthen."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.shapes import Paint, ellipsoid, rotation, smooth_max
from radgloss.data.phantom.torso.scene import Scene

__all__ = ["TILT", "paint_spleen"]

TILT = rotation("x", 14) @ rotation("z", -28) @ rotation("y", 10)


def paint_spleen(scene: Scene, rng: np.random.Generator) -> Paint | None:
    """The spleen's shape, or nothing where it was taken out."""
    g, s = scene.grid, scene.s
    length = float(rng.uniform(90, 108) + 6 * (scene.patient.sex == "M"))
    big = scene.find("splenomegaly")
    if big is not None:
        length = big.size_mm
    scene.label("spleen")
    if "spleen" in scene.patient.absent:
        return None
    half, grow = length / 2, (length / 103) ** 0.75
    x, y, _ = scene.at((94, 38, 0))[0]
    center = (x - 20 * (grow - 1), y - 26 * (grow - 1), 100 * s - half * 0.98)
    bean = ellipsoid(g, center, (27 * grow, 45 * grow, half), TILT)
    hollow = ellipsoid(
        g,
        (center[0] - 36 * grow, center[1] - 30 * grow, center[2] - 5),
        (24 * grow, 34 * grow, half * 0.9),
        TILT,
        bean.box,
    )
    shape = smooth_max(bean.distance, -hollow.distance, 10)
    wavy = shape + scene.noise(rng, bean.box, 28.0) * np.float32(1.3)
    organ = scene.inside(Paint(bean.box, wavy), 2.5)
    # in the arterial phase red and white pulp fill at different speed: the moiré
    swirl = scene.noise(rng, bean.box, 13.0)
    x3, y3, z3 = scene.points(bean.box)
    bands = 0.5 + 0.5 * np.sin((x3 * 0.22 + y3 * 0.17 + z3 * 0.12) + 2.2 * swirl)
    grain = scene.noise(rng, bean.box, 8.0) * np.float32(0.02)
    scene.paint(organ, "spleen", organ="spleen", mix=("slow spleen", bands), grain=grain)
    scene.claim(organ, 2.0)
    scene.facts["spleen length"] = length
    tip = scene.true([[center[0] - 26 * grow, center[1] - 20 * grow, center[2] + 4]])
    scene.places["splenic hilum"] = tip
    return organ
