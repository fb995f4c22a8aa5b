"""The pancreas across the great vessels, with its duct, the splenic vein behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.shapes import Paint
from radgloss.data.phantom.torso.forms import Points, path, tube
from radgloss.data.phantom.torso.scene import Scene

__all__ = ["PARTS", "Pancreas", "paint_pancreas"]

SITES = (
    (-36, -4, -14),
    (-29, -14, 8),
    (-10, -27, 22),
    (18, -25, 34),
    (50, -4, 46),
    (78, 20, 60),
)
PARTS = {"head": (0.0, 0.22), "body": (0.42, 0.66), "tail": (0.78, 0.96)}  # along the gland


@dataclass(frozen=True, eq=False)
class Pancreas:
    """line: (N, 3) its middle in the picture, head first. shape: distance to its surface."""

    line: Points
    radii: npt.NDArray[np.float64]
    shape: Paint


def paint_pancreas(scene: Scene, rng: np.random.Generator) -> Pancreas:
    """Head in the duodenum's arm, body over the vessels, tail towards the spleen."""
    g, s = scene.grid, scene.s
    n = 48
    jitter = rng.normal(0, 2.5, (len(SITES), 3))
    line = scene.line(scene.at(*SITES) + jitter, n)
    u = np.linspace(0, 1, n)
    radii = np.interp(u, (0, 0.12, 0.3, 0.45, 1), (12, 13, 9.5, 8.2, 9.5)) * s
    ill = scene.find("acute pancreatitis")
    if ill is not None and "swelling" in ill.features:
        radii = radii * {"mild": 1.2, "moderate": 1.35, "severe": 1.5}.get(ill.severity, 1.3)
    gland = tube(g, path(line, radii), 3.0 if ill is None else 34.0, (1, 1, 0.88))
    gland = scene.inside(gland)
    lobes = scene.noise(rng, gland.box, 8.0)
    frayed = 0.9 + 0.022 * max(scene.patient.age - 40, 0)
    if ill is not None:
        frayed *= 0.4  # oedema smooths the lobules away
    shape = Paint(
        gland.box,
        np.maximum(gland.distance + np.float32(frayed) * lobes, 1.0 - scene.solid[gland.box]),
    )
    material = "inflamed pancreas" if ill is not None else "pancreas"
    fat = np.clip(lobes * np.float32(0.1 + 0.003 * max(scene.patient.age - 40, 0)), 0, 0.5)
    scene.paint(
        shape, material, 2.6, "pancreas", mix=("visceral fat", fat), grain=lobes * np.float32(0.03)
    )
    _duct(scene, line, u)
    splenic = line[18:] + np.array([0, 8.5 * s, 2])
    if "spleen" not in scene.patient.absent:
        splenic = np.vstack([splenic, scene.places["splenic hilum"]])
    vein = tube(g, path(splenic, np.linspace(4.6, 3.6, len(splenic)) * s))
    scene.paint(vein, "portal vein", organ="portal vein")
    if "spleen" not in scene.patient.absent:
        wave = splenic + np.column_stack(
            [
                0 * splenic[:, 0],
                -4 + 3 * np.sin(np.arange(len(splenic)) * 0.9),
                6 + 0 * splenic[:, 0],
            ]
        )
        scene.paint(tube(g, path(wave, 2.4 * s)), "artery")
    scene.claim(shape, 1.5)
    return Pancreas(line, radii, shape)


def _duct(scene: Scene, line: Points, u: npt.NDArray[np.float64]) -> None:
    """The main duct, wide upstream of a tumour."""
    mass = scene.find("pancreatic mass")
    wide = np.full(len(u), 1.0)
    if mass is not None and {"duct dilatation", "double duct"} & set(mass.features):
        stop = sum(PARTS.get(mass.site, PARTS["head"])) / 2
        wide = np.where(u > stop, 2.9, 1.0)
    duct = tube(scene.grid, path(line, wide * scene.s), 2.0)
    scene.paint(duct, "pancreatic fluid", 2.0)
