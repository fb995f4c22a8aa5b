"""The liver with its vessels and ducts, and the gallbladder in its bed.

The liver fills the right upper quadrant and tapers across the midline. In cirrhosis its surface is
nodular, its right lobe shrinks, its left and caudate lobes grow, and fluid may lie around it. It
bulges over focal lesions that are larger than it is thick (`room`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.shapes import (
    F32,
    Paint,
    ellipsoid,
    rotation,
    smooth_max,
    smooth_min,
    tree,
)
from radgloss.data.phantom.torso.forms import join, path, tube, windowed
from radgloss.data.phantom.torso.room import PORTA, Berth, make_room
from radgloss.data.phantom.torso.scene import SPINE_Y, Scene

__all__ = ["Liver", "paint_liver"]

FAT_SHARE = {"mild": 0.14, "moderate": 0.22, "severe": 0.32}  # of the liver's volume, in steatosis


@dataclass(frozen=True, eq=False)
class Liver:
    """shape: distance to the surface, vessels ignored. fat: its share of fat, 0 to 1.

    berths: where each focal lesion will lie, by its key and name."""

    shape: Paint
    berths: Mapping[tuple[int, str], Berth]
    fat: float


def paint_liver(scene: Scene, rng: np.random.Generator) -> Liver:
    """Parenchyma (fatty where it must be), vessels and ducts; then the gallbladder."""
    seeds = [int(k) for k in rng.integers(2**31, size=6)]
    shape = _outline(scene, np.random.default_rng(seeds[0]))
    _fissure(scene, shape)
    berths = make_room(scene, shape)
    fat = _parenchyma(scene, shape, np.random.default_rng(seeds[1]))
    _vessels(scene, shape, np.random.default_rng(seeds[2]))
    scene.claim(shape, 1.0)
    scene.shapes["liver"] = shape
    _gallbladder(scene, shape, np.random.default_rng(seeds[3]))
    return Liver(shape, berths, fat)


def _outline(scene: Scene, rng: np.random.Generator) -> Paint:
    g, s = scene.grid, scene.s
    sick = scene.has("cirrhosis")
    features = getattr(scene.find("cirrhosis"), "features", ())
    right_size, left_size = (0.9, 1.14) if sick else (1.0, 1.0)
    grow = s * float(rng.normal(1, 0.035))
    cavity = 103 * s * scene.gx
    big_left = rng.uniform(0.85, 1.12) * left_size
    r = grow * right_size
    box = scene.box((-cavity - 14, -110 * s * scene.gy, -95 * s), (100 * s, 92 * s, 150 * s))
    right = ellipsoid(g, (-cavity * 0.60, 0, 46 * s), (90 * r, 98 * r, 92 * r), None, box)
    tongue = ellipsoid(g, (-cavity * 0.92, 5, -14 * s), (34 * r, 56 * r, 58 * r), None, box)
    ly = 10 + (-52 * s - 10) * scene.gy
    left = ellipsoid(
        g, (8, ly, 76 * s), (76 * grow * big_left, 43 * grow, 44 * grow), rotation("y", -10), box
    )
    shape = smooth_min(right.distance, left.distance, 22)
    shape = smooth_min(shape, tongue.distance, 14)
    x, y, z = scene.points(box)
    hub = np.sqrt(((x - 6) / (56 * s)) ** 2 + ((y - (SPINE_Y + 6) * s) / (66 * s)) ** 2) - 1
    shape = smooth_max(shape, -hub * np.float32(56 * s), 10)
    slope = (-0.62 * (z - 6 * s) + 0.62 * (x + 40 * s) + 0.46 * (y + 10)) * np.float32(0.9)
    under = np.minimum(slope, (x + 62 * s) * 0.9 + 0 * y)
    shape = smooth_max(shape, under.astype(np.float32), 14)
    fossa = ellipsoid(
        g, (-63 * s, (SPINE_Y + 7) * s, -6 * s), (31 * s, 27 * s, 56 * s), rotation("z", -38), box
    )
    if "right kidney" not in scene.patient.absent:
        shape = smooth_max(shape, -fossa.distance, 6)
    tail = 1.35 if "large caudate" in features else 1.0
    caudate = ellipsoid(
        g, (-14 * s, 4 * s, 62 * s), (17 * s * tail, 14 * s * tail, 30 * s), rotation("z", -20), box
    )
    shape = smooth_min(shape, caudate.distance, 6)
    shape = shape + scene.noise(rng, box, 34.0) * np.float32(1.8)
    nodules = scene.noise(rng, box, 9.0)
    if sick and "nodular surface" in features:
        shape = shape + np.clip(nodules, -1.4, 1.4) * np.float32(1.9)
    fluid = scene.find("free fluid")
    afloat = sick and fluid is not None and fluid.severity in ("moderate", "large")
    gap = 11.0 if afloat else 2.5  # a shrunken liver in ascites
    limit = np.maximum(scene.wall[box], scene.dome[box] + np.float32(0.5)) + np.float32(gap)
    return scene.free(Paint(box, smooth_max(shape, limit, 5)), 0.0, 6.0)


def _fissure(scene: Scene, shape: Paint) -> None:
    """The cleft of the round ligament, with fat in it, between segments III and IV."""
    x, y, z = scene.points(shape.box)
    s = scene.s
    plane = np.abs(x - (8 * s + 0.16 * (y + 40 * s))) - (1.6 + 0.05 * np.clip(58 * s - z, 0, 60))
    deep = np.maximum(plane, z - 62 * s)
    deep = np.maximum(deep, -(y + 88 * s * scene.gy))
    cut = smooth_max(shape.distance, -deep.astype(np.float32), 4)
    shape.distance[:] = cut


def _parenchyma(scene: Scene, shape: Paint, rng: np.random.Generator) -> float:
    steatosis = scene.find("hepatic steatosis")
    fat = 0.02
    fine = scene.noise(rng, shape.box, 11.0)
    share = np.full(shape.distance.shape, np.float32(fat), np.float32)
    if steatosis is not None:
        fat = FAT_SHARE.get(steatosis.severity, FAT_SHARE["moderate"])
        share[:] = fat + 0.012 * fine
        if "focal sparing" in steatosis.features:
            share *= 1 - np.float32(0.75) * _spared(scene, shape)
    sick = scene.has("cirrhosis")
    coarse = fine * np.float32(0.035 if sick else 0.018)
    scene.paint(shape, "liver", organ="liver", mix=("liver fat", share), grain=coarse)
    scene.facts["liver fat"] = fat
    return fat


def _spared(scene: Scene, shape: Paint) -> F32:
    """Normal liver beside the gallbladder bed, 0 to 1."""
    x, y, z = scene.points(shape.box)
    s = scene.s
    away = np.sqrt(
        ((x + 34 * s) / 24) ** 2 + ((y + 44 * s * scene.gy) / 18) ** 2 + ((z - 20 * s) / 18) ** 2
    )
    near: F32 = np.clip(1.6 - away, 0, 1).astype(np.float32)
    return near**2 * (3 - 2 * near)


def _vessels(scene: Scene, shape: Paint, rng: np.random.Generator) -> None:
    g, s = scene.grid, scene.s
    porta = np.array(PORTA) * s
    start = scene.at((-22, SPINE_Y - 42, 108))[0]
    portal, hepatic = [], []
    for way, r in (((-1, 0.15, 0.25), 5.8), ((0.6, -0.72, 0.5), 5.0)):
        portal.append(tree(rng, porta, way, r, 42 * s, 5))
    for way in ((-1, 0.12, -0.35), (-0.55, -0.8, -0.42), (0.75, -0.7, -0.25)):
        hepatic.append(tree(rng, start, way, 5.0, 47 * s, 4))
    for parts, vein in ((hepatic, "hepatic vein"), (portal, "portal vein")):
        vessel = tube(g, join(scene.branches(parts)), 2.0)
        within = windowed(shape, vessel.box) + np.float32(2.0)
        inside = Paint(vessel.box, np.maximum(vessel.distance, within))
        scene.paint(inside, vein, 2.6, keep=0.92, organ="portal vein" if vein[0] == "p" else "")
    _ducts(scene, shape, rng, porta)
    trunk = scene.at((4, -16, 0), (-14, -16, 20))
    scene.vessel(np.vstack([trunk, porta]), 6.8 * s, "portal vein", 26, "portal vein")
    artery = scene.at((6, -2, 40), (-4, -18, 34), (-16, -22, 26), (-28, -22, 34))
    scene.vessel(artery, np.array([3.0, 2.8, 2.4, 1.8]) * s, "artery", 26)


def _ducts(
    scene: Scene, shape: Paint, rng: np.random.Generator, porta: npt.NDArray[np.float64]
) -> None:
    """The common duct beside the portal vein; wide, with its tree in the liver, when dilated."""
    s, g = scene.s, scene.grid
    wide = scene.find("biliary dilatation")
    calibre = (wide.size_mm if wide is not None else float(rng.uniform(3.5, 5.5))) / 2
    own = np.random.default_rng(int(rng.integers(2**31)))
    sites = np.vstack(
        [porta + np.array([-4, -7, 5]), scene.at((-33, -19, 20), (-30, -8, 2), (-33, -4, -16))]
    )
    line = scene.line(sites, 30)
    duct = tube(g, path(line, np.interp(np.linspace(0, 1, 30), (0, 0.2, 0.8, 1), (0.8, 1, 1, 0.5))
                        * calibre))  # fmt: skip
    rim = Paint(duct.box, duct.distance - np.float32(0.8))
    scene.paint(rim, "urothelium", 2.0, keep=0.5)
    scene.paint(duct, "bile", 2.0, organ="bile ducts")
    scene.shapes["common duct"] = duct
    if wide is None:
        return
    parts = [
        tree(own, porta + np.array([-3, -6, 6]), way, calibre * 0.55, 38 * s, 4)
        for way in ((-1, 0.2, 0.35), (0.6, -0.75, 0.6))
    ]
    ducts = tube(g, join(scene.branches(parts)), 2.0)
    within = windowed(shape, ducts.box) + np.float32(3.0)
    inside = Paint(ducts.box, np.maximum(ducts.distance, within))
    scene.paint(inside, "bile", 2.2, organ="bile ducts")
    scene.shapes["liver ducts"] = inside


def _gallbladder(scene: Scene, shape: Paint, rng: np.random.Generator) -> None:
    """A bag of bile that hangs from the liver's lower surface, half in its bed, never within."""
    g, s = scene.grid, scene.s
    scene.label("gallbladder")
    size = float(rng.uniform(0.85, 1.12)) * s
    x, y = scene.at((-44 + rng.normal(0, 3), -40 + rng.normal(0, 3), 0))[0, :2]
    if "gallbladder" in scene.patient.absent:
        return
    sick = scene.find("acute cholecystitis")
    features = sick.features if sick is not None else ()
    if "distension" in features:
        size *= 1.32
    column = scene.true([[x, y, z] for z in np.arange(-80, 90, 4.0) * s])
    depth = _depth_at(scene, shape, column)
    inside = np.flatnonzero(depth < 0)
    floor = float(np.arange(-80, 90, 4.0)[inside[0]] * s) if len(inside) else -6 * s
    bag = ellipsoid(
        g,
        (x, y - 4, floor - 6 * size),
        (13.5 * size, 15 * size, 24 * size),
        rotation("x", -28) @ rotation("y", -12),
    )
    bag = scene.inside(bag)
    thick = 4.2 if "wall thickening" in features else 1.6
    bed = Paint(bag.box, bag.distance - np.float32(2.5))
    scene.paint(bed, "visceral fat", 3.0, keep=0.5)
    scene.label("liver")[bag.box] &= bag.distance > 0
    lining = "inflamed gallbladder wall" if sick is not None else "gallbladder wall"
    scene.paint(bag, lining, organ="gallbladder")
    lumen = Paint(bag.box, bag.distance + np.float32(thick))
    scene.paint(lumen, "bile")
    scene.claim(bag, 2.0)
    scene.shapes["gallbladder"], scene.shapes["gallbladder lumen"] = bag, lumen


def _depth_at(scene: Scene, shape: Paint, points: npt.NDArray[np.float64]) -> F32:
    """A shape's distance at points of the picture; far outside where it was not measured."""
    g, out = scene.grid, []
    for px, py, pz in points:
        index = []
        for axis, v, span in zip((g.z, g.y, g.x), (pz, py, px), shape.box, strict=True):
            i = int(np.clip(np.searchsorted(axis, v), 0, len(axis) - 1))
            index.append(i - span.start if span.start <= i < span.stop else -1)
        ok = min(index) >= 0
        out.append(float(shape.distance[tuple(index)]) if ok else 99.0)
    return np.array(out, np.float32)
