"""Fluid and air where none should be: peritoneum and pleura, each filled to its volume.

A space is filled in an order of millimetres (towards the back for fluid, towards the front for
air, away from the place where it starts), until the volume is in."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.shapes import F32, Box
from radgloss.data.phantom.torso.forms import windowed
from radgloss.data.phantom.torso.lesions.common import Job, copy_of, fat_in, fill, placed
from radgloss.data.phantom.torso.scene import Mask, Placed

__all__ = ["SPACES"]

FLUID_ML = {"trace": 15.0, "small": 80.0, "moderate": 400.0, "large": 1500.0}
AIR_ML = {"small": 12.0, "moderate": 90.0, "large": 350.0}
EFFUSION_ML = {"small": 120.0, "moderate": 450.0, "large": 1000.0}


def _peritoneal(job: Job, box: Box) -> tuple[F32, F32, F32, Mask]:
    """x, y, z of the reference body, and where the peritoneal cavity has fat between organs."""
    scene = job.scene
    x, y, z = (p / np.float32(scene.s) for p in scene.points(box))
    free = fat_in(scene, box, 0.5)
    # behind the peritoneum lie kidneys and vessels; it is a vault over the spine
    vault = 6 + 42 * (x / (90 * scene.gx)) ** 2
    behind = np.where(z > -120, y > np.minimum(vault, 52), y > 58)
    free &= ~behind & (z > -236)
    return x, y, z, free


def _fluid(job: Job) -> Placed:
    scene = job.scene
    box = scene.grid.whole
    free, order = np.empty(scene.grid.shape, bool), np.empty(scene.grid.shape, np.float32)
    ripples = scene.noise(job.rng, box, 20.0)
    for slab in scene.grid.slabs():
        free[slab], first = _reached(job, slab)
        order[slab] = first + 2.2 * ripples[slab]
    total = job.lesion.volume_ml[0] or FLUID_ML.get(job.lesion.severity, 80.0)
    before = copy_of(scene, box)
    material = "blood" if job.has("echogenic") else "ascites"
    mask, _ = fill(scene, box, free, order, total, material)
    return placed(job, box, before, mask, 0.0)


def _reached(job: Job, box: Box) -> tuple[Mask, F32]:
    """Where fluid may lie, and in what order it gets there, mm."""
    scene = job.scene
    x, y, z, free = _peritoneal(job, box)
    # the pouch behind bladder or womb, the space under and beside the liver, the gutters
    low = np.sqrt((x / 1.9) ** 2 + ((y - 34) / 1.0) ** 2 + ((z + 196) / 1.5) ** 2) - 6
    liver = windowed(job.organs.liver.shape, box, 80.0)
    medial = np.sqrt(np.clip(x + 75 * scene.gx, 0, 150) ** 2 + 60) - 7.7
    liver = liver + 0.22 * np.clip(20 - y, 0, 80) + 0.22 * medial  # it lies behind and beside
    gutter = (110 * scene.gx - np.abs(x)) * 0.9 + 0.25 * np.clip(24 - y, 0, 80) + 24
    gutter = gutter + 0.25 * np.clip(-100 - z, 0, 90)
    liver = liver + 3 + 0.6 * np.clip(-40 - z, 0, 90)
    if job.lesion.site == "right upper quadrant":
        return free, np.minimum(liver, np.minimum(low + 50, gutter + 12))
    return free, np.minimum(low, np.minimum(liver + 20.0, gutter))


def _air(job: Job) -> Placed:
    """It rises to the front: before the liver first, then under the whole anterior wall."""
    scene = job.scene
    box = scene.grid.whole
    free = fat_in(scene, box, -99.0) | scene.label("liver")
    order, front = np.empty(scene.grid.shape, np.float32), np.float32(np.inf)
    for slab in scene.grid.slabs():
        x, y, z = (p / np.float32(scene.s) for p in scene.points(slab))
        wall, dome = scene.wall[slab], scene.dome[slab]
        free[slab] &= (wall < -1) & (dome < -2) & (wall > -24) & (y < 0) & (z > -110)
        front = min(front, y[free[slab]].min(initial=np.inf))
    for slab in scene.grid.slabs():
        x, y, z = (p / np.float32(scene.s) for p in scene.points(slab))
        ahead = 0.15 * np.clip(-scene.wall[slab], 0, 40)
        order[slab] = (y - front) + 0.22 * np.abs(x + 28) + 0.16 * np.abs(z - 40) + ahead
    total = AIR_ML.get(job.lesion.severity, 60.0)
    before = copy_of(scene, box)
    mask, _ = fill(scene, box, free, order, total, "gas")
    scene.label("liver")[mask] = False
    return placed(job, box, before, mask, 0.0)


def _effusion(job: Job) -> Placed | None:
    """A crescent behind each lung base, as far as the scan shows it."""
    scene = job.scene
    lungs = scene.label("lungs")
    if not lungs.any():
        return None
    rows = np.flatnonzero(lungs.any((1, 2)))
    box: Box = (slice(int(rows[0]), int(rows[-1]) + 1), *scene.grid.whole[1:])
    x, y, z = scene.points(box)
    before = copy_of(scene, box)
    mask = np.zeros(x.shape, bool)
    usual = EFFUSION_ML.get(job.lesion.severity, 200.0)
    right, left = job.lesion.volume_ml
    if right + left == 0:
        right = usual * (job.lesion.side in ("right", "bilateral"))
        left = usual * (job.lesion.side in ("left", "bilateral"))
    high = float(z.max() - z.min())
    for sign, volume in ((-1, right), (1, left)):
        if volume <= 0:
            continue
        where = lungs[box] & (np.sign(x) == sign)
        # it lies against the back wall, thickest below; the scan shows the lower part of it
        deep = -scene.wall[box] + 0.22 * (z - z.min()) + 1.0 * np.clip(62 - y, 0, 120)
        shown = volume * float(np.clip(high / 140.0, 0.2, 0.7))
        part, _ = fill(scene, box, where, deep.astype(np.float32), shown, "ascites")
        mask |= part
    lungs[box] &= ~mask
    return placed(job, box, before, mask, 0.0)


SPACES = {"free fluid": _fluid, "free air": _air, "pleural effusion": _effusion}
