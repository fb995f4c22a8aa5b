"""Lesions of bowel, pancreas and aorta."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.shapes import Paint, coverage, polyline
from radgloss.data.phantom.torso.bowel import SIGMOID
from radgloss.data.phantom.torso.forms import Points, ball, path, tube, windowed
from radgloss.data.phantom.torso.lesions.common import (
    Job,
    blob,
    copy_of,
    grown,
    half,
    placed,
    rind,
    stated,
    strand,
)
from radgloss.data.phantom.torso.lesions.measure import longest_axial
from radgloss.data.phantom.torso.pancreas import PARTS
from radgloss.data.phantom.torso.scene import Placed

__all__ = ["BOWEL"]


def _abscess(job: Job, spot: Points, size_mm: float) -> None:
    """A pocket of pus with a wall and a bubble beside an inflamed bowel."""
    what = blob(job.scene, spot, size_mm, job.rng, 0.08)
    job.scene.blend(what.box, what.cover(), "abscess wall")
    job.scene.blend(what.box, what.cover(3.0), "pus")
    bubble = ball(job.scene.grid, spot + np.array([0, -0.28 * size_mm, 0]), 0.11 * size_mm)
    job.scene.paint(bubble, "gas", 1.8)


def _appendicitis(job: Job) -> Placed:
    """A thick blind tube from the caecum, with what it does to the fat around it."""
    scene = job.scene
    s, root = scene.s, scene.places["caecum"][0]
    steps = np.array([(0, 0, 0), (12, -12, -4), (27, -20, -10), (40, -16, -20), (47, -6, -32)]) * s
    line = polyline(root + steps, 26)
    r = job.lesion.size_mm / 2
    worm = grown(tube(scene.grid, path(line, r), 22.0), scene, 4)
    before = copy_of(scene, worm.box)
    if job.has("stranding"):
        strand(scene, worm, 15, job.rng, 0.75)
    if job.has("abscess"):
        _abscess(job, line[-1] + np.array([12, 2, -10]) * s, 30.0)
    scene.paint(worm, "inflamed bowel wall", 2.0, "bowel")
    thick = float(np.clip(0.38 * r, 1.8, 2.8))
    scene.paint(Paint(worm.box, worm.distance + np.float32(thick)), "bowel fluid", 2.0)
    if job.has("appendicolith"):
        scene.paint(ball(scene.grid, line[9], max(0.45 * r, 2.2)), "calcification", 1.8)
    return placed(job, worm.box, before, worm.distance < 0, job.lesion.size_mm)


def _diverticulitis(job: Job) -> Placed:
    """A stretch of sigmoid with a thick wall, gas-filled pouches, and inflamed fat."""
    scene, colon = job.scene, job.scene.shapes["colon"]
    line = scene.places["colon"]
    u = np.linspace(0, 1, len(line))
    part = line[(u > SIGMOID[0] + 0.03) & (u < SIGMOID[1] - 0.06)]
    near = grown(tube(scene.grid, path(part, 14.0 * scene.s), 24.0), scene, 4)
    before = copy_of(scene, near.box)
    there = windowed(colon, near.box, 60.0)
    wall = np.maximum(np.abs(there + 1.0) - np.float32(3.6), near.distance - 3)
    if job.has("stranding"):
        strand(scene, near, 18, job.rng, 0.8)
    if job.has("abscess"):
        _abscess(job, part[len(part) // 2] + np.array([14, -20, 4]) * scene.s, 28.0)
    scene.paint(Paint(near.box, wall.astype(np.float32)), "inflamed bowel wall", 2.2)
    if job.has("diverticula") or not job.lesion.features:
        for k in range(9):
            p = part[int((k + 0.5) / 9 * len(part))]
            turn = job.rng.uniform(0, 6.28)
            out = np.array([np.cos(turn), -abs(np.sin(turn)), 0.3 * np.sin(turn)])
            spot = p + out * 15.5 * scene.s
            scene.paint(ball(scene.grid, spot, 4.0), "bowel wall", 1.8)
            scene.paint(ball(scene.grid, spot, 2.6), "gas", 1.8)
    return placed(job, near.box, before, wall < 0, 0.0)


def _obstruction(job: Job) -> Placed:
    scene = job.scene
    wide = scene.shapes["small bowel wide"]
    mask = np.zeros(scene.grid.shape, bool)
    mask[wide.box] = wide.distance < 0
    return stated(job, mask, "bowel fluid", "visceral fat", job.lesion.size_mm)


def _pancreatic_mass(job: Job) -> Placed:
    scene, gland = job.scene, job.organs.pancreas
    low, high = PARTS.get(job.lesion.site, PARTS["head"])
    share = 0.5 * (low + high) + job.rng.uniform(-0.2, 0.2) * (high - low)
    spot = gland.line[round(share * (len(gland.line) - 1))]
    what = blob(scene, spot, job.lesion.size_mm, job.rng, 0.08)
    before, cover = copy_of(scene, what.box), what.cover()
    keep = np.ones(cover.shape, bool)
    for name in ("aorta", "inferior vena cava", "spine", "liver", "stomach"):
        keep &= ~scene.label(name)[what.box]
    cover = (cover * keep).astype(np.float32)
    scene.blend(what.box, cover, "pancreatic tumour")
    mask = half(cover)
    scene.own("pancreas", what.box, mask)
    size = what.size_mm
    if not keep[what.distance < 0].all():
        size = min(size, longest_axial(mask, scene.grid.spacing))
    return placed(job, what.box, before, mask, size)


def _pancreatitis(job: Job) -> Placed:
    """The swollen gland was painted so; fluid, strands and dead parts come here."""
    scene = job.scene
    grade = {"mild": 0.6, "moderate": 1.0, "severe": 1.5}.get(job.lesion.severity, 1.0)
    gland = grown(job.organs.pancreas.shape, scene, 22)
    before = copy_of(scene, gland.box)
    mask = gland.distance < 0
    if job.has("necrosis"):
        dead = scene.noise(job.rng, gland.box, 22.0) - np.float32(0.35)
        cut = np.maximum(gland.distance + 1, -dead * 8)
        scene.paint(Paint(gland.box, cut.astype(np.float32)), "necrosis", 3.0)
    strand(scene, gland, 14 + 10 * grade, job.rng, 0.5 + 0.2 * grade)
    if job.has("peripancreatic fluid"):
        mask |= rind(scene, gland, 4.0 + 4.5 * grade, job.rng, "exudate")
    record = placed(job, gland.box, before, mask, 0.0)
    swollen = [abs(v["inflamed pancreas"] - v["pancreas"]) for v in scene.looks]
    return Placed(
        job.lesion, record.mask, np.maximum(record.contrast, np.array(swollen, np.float32)), 0.0
    )


def _aneurysm(job: Job) -> Placed:
    """A spindle below the renal arteries, bulging forward and left; clot along its front wall."""
    scene, line = job.scene, job.scene.places["aorta"]
    s, r0 = scene.s, scene.facts["aorta radius"]
    r = job.lesion.size_mm / 2
    part = line[line[:, 2] < 2 * s]
    t = np.linspace(0, 1, len(part))
    bulge = np.sin(np.pi * np.clip(t * 1.08, 0, 1)) ** 0.8
    radii = r0 * 0.95 + (r - r0 * 0.95) * bulge / bulge.max()
    grow = (radii - r0)[:, None]
    path_ = part + grow * np.array([0.25, -0.92, 0.0])
    sac = grown(tube(scene.grid, path(path_, radii), 32.0), scene, 4)
    before = copy_of(scene, sac.box)
    bone = scene.label("spine")[sac.box]
    shape = Paint(sac.box, np.where(bone, np.float32(3), sac.distance))
    mask = shape.distance < 0
    scene.paint(shape, "vessel wall", organ="aorta")
    scene.paint(Paint(sac.box, shape.distance + np.float32(1.8)), "thrombus")
    lumen = np.minimum(radii - 2.0, r0 + 0.42 * (radii - r0))
    centre = path_ + np.array([0.0, 1.0, 0.0]) * (0.3 * (radii - lumen))[:, None]
    inner = tube(scene.grid, path(centre, lumen), 3.0, box=sac.box)
    scene.paint(inner, "artery")
    plaque = np.abs(shape.distance + 1.0) - np.float32(1.2)
    patches = scene.noise(job.rng, sac.box, 12.0)
    spots = np.maximum(plaque, (np.float32(0.9) - patches) * 3)
    scene.paint(Paint(sac.box, spots.astype(np.float32)), "calcification", 1.8)
    if job.has("haematoma"):
        x = scene.grid.x[sac.box[2]][None, None, :]
        pool = sac.distance - np.float32(16) * np.clip(
            0.75 + 0.5 * scene.noise(job.rng, sac.box, 18.0) + (x - path_[:, 0].mean()) / 45, 0, 1.7
        )
        cover = coverage(pool.astype(np.float32), 3.0) * (shape.distance > 0) * ~bone
        solid = scene.solid[sac.box] > -2
        scene.blend(sac.box, (cover * solid).astype(np.float32), "blood")
    return placed(job, sac.box, before, mask, job.lesion.size_mm)


BOWEL = {
    "appendicitis": _appendicitis,
    "diverticulitis": _diverticulitis,
    "bowel obstruction": _obstruction,
    "pancreatic mass": _pancreatic_mass,
    "acute pancreatitis": _pancreatitis,
    "aortic aneurysm": _aneurysm,
}
