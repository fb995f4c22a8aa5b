"""Aorta, inferior vena cava, their branches, iliac and femoral vessels, the mesenteric roots."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.shapes import Paint, polyline
from radgloss.data.phantom.torso.forms import path, tube
from radgloss.data.phantom.torso.scene import SPINE_Y, Scene

__all__ = ["aorta_radius", "paint_vessels"]

FORK = -66.0  # z of the aortic bifurcation, mm
# artery from the fork to the groin on the left side: common, external iliac, femoral
ILIAC = (
    (2, 3, -64),
    (18, 5, -92),
    (31, 9, -118),
    (42, 0, -150),
    (54, -32, -182),
    (64, -52, -206),
    (66, -56, -232),
    (70, -52, -290),
)
ILIAC_RADII = (6.6, 5.6, 5.2, 4.4, 4.2, 4.4, 4.4, 4.0)
INTERNAL = ((31, 12, -116), (40, 38, -142), (44, 48, -170), (48, 40, -195))


def aorta_radius(scene: Scene, rng: np.random.Generator) -> float:
    """Of the healthy abdominal aorta, mm; larger in men and with age."""
    r = 8.2 * scene.s * (1.1 if scene.patient.sex == "M" else 1.0) + 0.028 * scene.patient.age
    return float(r * rng.normal(1, 0.04))


def paint_vessels(scene: Scene, rng: np.random.Generator) -> None:
    """The great vessels and what leaves them; labels "aorta" and "inferior vena cava"."""
    s = scene.s
    r = aorta_radius(scene, rng)
    ahead = (SPINE_Y - 20) * s
    sway = rng.normal(0, 2, 3)
    sites = np.array(
        [
            (6 * s, ahead + 8 * s - r, 190 * s),
            (7 * s, ahead + 4 * s - r, 140 * s),
            (9 * s + sway[0], ahead + 1 - r, 60 * s),
            (7 * s + sway[1], ahead - 2 - r, -10 * s),
            (3 * s, ahead - 3 - r, FORK * s),
        ]
    )
    line = scene.line(sites, 60)
    radii = np.linspace(1.14, 0.9, 60) * r
    aorta = tube(scene.grid, path(line, radii))
    scene.places["aorta"] = line
    scene.facts["aorta radius"] = r
    cava_sites = np.array(
        [
            (-20 * s, ahead - 30 * s, 128 * s),
            (-22 * s, ahead - 22 * s, 105 * s),
            (-21 * s, ahead - 12 * s, 60 * s),
            (-19 * s, ahead - 8 * s, 0),
            (-13 * s, ahead - 2 * s, (FORK - 10) * s),
        ]
    )
    cava = tube(
        scene.grid,
        path(scene.line(cava_sites, 40), np.linspace(12.0, 9.0, 40) * s),
        squeeze=(0.84, 1.15, 1),
    )
    scene.paint(cava, "vein", organ="inferior vena cava")
    _iliacs(scene, rng)
    scene.paint(aorta, "artery", organ="aorta")
    scene.shapes["aorta"] = aorta
    wall = Paint(aorta.box, np.abs(aorta.distance + 0.2) - np.float32(0.8))
    scene.paint(wall, "vessel wall", 1.6, keep=0.35)
    if "aortic calcification" in scene.patient.incidentals:
        shell = np.abs(aorta.distance + 0.5) - np.float32(1.3)
        patches = scene.noise(rng, aorta.box, 13.0)
        shape = Paint(aorta.box, np.maximum(shell, (1.0 - patches) * np.float32(3)))
        scene.paint(shape, "calcification", 1.8)
    _branches(scene, rng, ahead, r)
    scene.claim(Paint(aorta.box, aorta.distance), 2.0)
    scene.claim(cava, 2.0)


def _iliacs(scene: Scene, rng: np.random.Generator) -> None:
    s = scene.s
    for side in (-1, 1):
        sites = np.array([(side * x, y, z) for x, y, z in ILIAC], float)
        sites[0, 0] = 2
        line = scene.line(sites * s, 64)
        u = np.linspace(0, 1, 64)
        radii = np.interp(u, np.linspace(0, 1, len(ILIAC)), ILIAC_RADII) * s
        beside = np.interp(u, (0, 0.3, 0.6, 1), (-4 if side < 0 else -13, 3, -9, -10)) * s
        vein = line + np.column_stack(
            [beside if side > 0 else -beside * (u > 0.25) - 6 * (u <= 0.25), 7 * s + 0 * u, 0 * u]
        )
        scene.paint(tube(scene.grid, path(vein, radii * 1.2), squeeze=(1, 1.1, 1)), "vein")
        artery = tube(scene.grid, path(line, radii))
        scene.paint(artery, "artery")
        if "aortic calcification" in scene.patient.incidentals:
            shell = np.abs(artery.distance + 0.5) - np.float32(0.9)
            patches = scene.noise(rng, artery.box, 11.0)
            spots = np.maximum(shell, (1.3 - patches) * np.float32(3))
            scene.paint(Paint(artery.box, spots), "calcification", 1.8)
        inner = np.array([(side * x, y, z) for x, y, z in INTERNAL]) * s
        scene.vessel(inner, np.array([4.2, 3.6, 2.8, 2.0]) * s, "artery")
        scene.vessel(inner + np.array([side * 5, 5, 0]), np.array([4.6, 4, 3, 2]) * s, "vein")


def _branches(scene: Scene, rng: np.random.Generator, ahead: float, r: float) -> None:
    """Renal vessels, coeliac trunk, superior mesenteric artery and vein, splenic artery."""
    s, y0 = scene.s, ahead - r
    for side, name, z in ((-1, "right", 4), (1, "left", 12)):
        if f"{name} hilum" not in scene.places:
            continue
        hilum = scene.places[f"{name} hilum"][0]
        start = (-16 * s if side < 0 else -12 * s, y0 + 4, z * s)
        sites = [start, hilum + np.array([-side * 22 * s, -6, 2]), hilum]
        if side > 0:  # the left renal vein crosses in front of the aorta
            sites = [start, (8 * s, y0 - r - 4, z * s + 2), (28 * s, y0 + 2, z * s), hilum]
        scene.vessel(
            np.array(sites), np.array([4.6, 4.4, 4.2, 3.6])[: len(sites)] * s, "renal vein"
        )
        artery = np.array([(8 * s, y0, z * s), (side * 24 * s, y0 + 12, z * s - 2), hilum])
        scene.vessel(artery, np.array([3.0, 2.7, 2.3]) * s, "artery")
    mesenteric = np.array(
        [
            (7 * s, y0 - 4, 28 * s),
            (7 * s, y0 - r - 8, 14 * s),
            (5 * s, y0 - r - 18 * s, -14 * s),
            (-4 * s, y0 - r - 24 * s, -70 * s),
            (-24 * s, y0 - r - 24 * s, -104 * s),
        ]
    )
    scene.vessel(mesenteric, np.array([3.8, 3.8, 3.6, 3.0, 2.0]) * s, "artery", 40)
    beside = mesenteric[1:] + np.array([-12 * s, 0, 0])
    beside[0] += (3 * s, -4, -4)
    scene.vessel(beside, np.array([5.8, 5.4, 4.4, 3.0]) * s, "portal vein", 40, "portal vein")
    scene.places["mesentery"] = polyline(mesenteric, 40)
    trunk = np.array([(7 * s, y0 - 3, 46 * s), (6 * s, y0 - r - 8 * s, 44 * s)])
    scene.vessel(trunk, 3.6 * s, "artery", 12)
    inferior = scene.at((5, 0, -40), (16, -8, -80), (24, 6, -125))
    scene.vessel(inferior, np.array([2.4, 2.0, 1.6]) * s, "artery", 24)
