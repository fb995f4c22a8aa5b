"""The spleen, which disease may lengthen."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.shapes import Paint, ellipsoid, rotation, smooth_max
from radgloss.data.phantom.torso.forms import noise
from radgloss.data.phantom.torso.scene import Scene

__all__ = ["TILT", "paint_spleen"]

TILT = rotation("x", 14) @ rotation("z", -28) @ rotation("y", 10)


def paint_spleen(scene: Scene, rng: np.random.Generator) -> Paint | None:
    """The spleen's shape, or nothing where it was taken out."""
    length = float(rng.uniform(90, 108) + 6 * (scene.patient.sex == "M"))
    big = scene.find("splenomegaly")
    if big is not None:
        length = big.size_mm
    scene.label("spleen")
    if "spleen" in scene.patient.absent:
        return None
    seed = int(rng.integers(2**32))
    organ, center, grow = _shape(scene, length, seed)
    measured = _extent(scene, organ)
    if measured > 0.5 * length:  # diaphragm and warp take some of its length: give it back below
        organ, center, grow = _shape(scene, length + (length - measured), seed)
    # in the arterial phase red and white pulp fill at different speed: the moiré
    swirl = scene.noise(rng, organ.box, 13.0)
    x3, y3, z3 = scene.points(organ.box)
    bands = 0.5 + 0.5 * np.sin((x3 * 0.22 + y3 * 0.17 + z3 * 0.12) + 2.2 * swirl)
    grain = scene.noise(rng, organ.box, 8.0) * np.float32(0.02)
    scene.paint(organ, "spleen", organ="spleen", mix=("slow spleen", bands), grain=grain)
    scene.claim(organ, 2.0)
    scene.facts["spleen length"] = _extent(scene, organ)
    tip = scene.true([[center[0] - 26 * grow, center[1] - 20 * grow, center[2] + 4]])
    scene.places["splenic hilum"] = tip
    return organ


def _shape(
    scene: Scene, length: float, seed: int
) -> tuple[Paint, tuple[float, float, float], float]:
    """The organ of about that length, its middle before the warp, and its girth's factor."""
    g, s = scene.grid, scene.s
    half, grow = length / 2, (length / 103) ** 0.75
    x, y, _ = scene.at((92, 38, 0))[0]
    center = (x - 22 * (grow - 1), y - 26 * (grow - 1), 100 * s - half * 0.98)
    bean = ellipsoid(g, center, (30 * grow, 46 * grow, half), TILT)
    hollow = ellipsoid(
        g,
        (center[0] - 42 * grow, center[1] - 30 * grow, center[2] - 5),
        (24 * grow, 34 * grow, half * 0.9),
        TILT,
        bean.box,
    )
    shape = smooth_max(bean.distance, -hollow.distance, 12)
    wavy = shape + noise(g, bean.box, seed, 28.0) * np.float32(1.3)
    return scene.free(scene.inside(Paint(bean.box, wavy), 2.5), 0.0, 6.0), center, grow


def _extent(scene: Scene, organ: Paint) -> float:
    """Craniocaudal length in mm, to a fraction of a slice."""
    if organ.distance.size == 0 or not (organ.distance < 0).any():
        return 0.0
    depth = -organ.distance.min((1, 2))  # how deep each slice lies in the organ
    rows = np.flatnonzero(depth > 0)
    z, out = scene.grid.z[organ.box[0]], []
    for inner, outer in ((rows[0], rows[0] - 1), (rows[-1], rows[-1] + 1)):
        if 0 <= outer < len(depth):
            share = depth[inner] / max(depth[inner] - depth[outer], 1e-3)
            out.append(float(z[inner] + share * (z[outer] - z[inner])))
        else:
            out.append(float(z[inner]))
    return out[1] - out[0]
