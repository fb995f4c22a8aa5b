"""Lesions of the kidneys and ureters."""

from __future__ import annotations

import itertools

import numpy as np

from radgloss.data.phantom.shapes import F32, coverage
from radgloss.data.phantom.torso.forms import Points, ball
from radgloss.data.phantom.torso.kidneys import STOPS, Kidney
from radgloss.data.phantom.torso.lesions.common import (
    Blob,
    Job,
    blob,
    copy_of,
    grown,
    half,
    placed,
    strand,
)
from radgloss.data.phantom.torso.scene import Mask, Placed, Scene

__all__ = ["KIDNEYS"]

ALONG = {"upper pole": 0.55, "interpolar region": 0.0, "lower pole": -0.55, "pelvis": -0.1}


def _kidney(job: Job) -> Kidney | None:
    return job.organs.kidneys.get(job.lesion.side)


def _index(scene: Scene, p: Points) -> tuple[int, int, int]:
    g = scene.grid
    k, j, i = (
        int(np.clip(round(float((v - a[0]) / (a[1] - a[0]))), 0, len(a) - 1))
        for a, v in zip((g.z, g.y, g.x), p[::-1], strict=True)
    )
    return k, j, i


def _surface(job: Job, kidney: Kidney, proud: float) -> tuple[Points, float]:
    """A place at the kidney's surface with room around it, and the radius it allows.

    proud: how far out the middle lies, as a share of the lesion's radius."""
    scene, r = job.scene, job.radius
    other = np.zeros(scene.grid.shape, bool)
    for name in ("liver", "spleen", "aorta", "inferior vena cava", "pancreas", "spine"):
        if name in scene.organs:
            other |= scene.organs[name]
    best, most, fits = np.zeros(3), -1e9, r
    base = ALONG.get(job.lesion.site, 0.0)
    turns = np.linspace(-2.2, 2.2, 9) + job.rng.uniform(-0.2, 0.2)
    for turn, out in itertools.product(turns, (proud, proud - 0.35, proud - 0.8)):
        along = base + float(job.rng.normal(0, 0.05))
        flat = np.sqrt(max(1 - along**2, 0.2))
        edge = scene.true([kidney.place(along, flat * np.cos(turn), flat * np.sin(turn))])[0]
        middle = scene.true([kidney.place(0.8 * along, -0.1, 0)])[0]
        way = (edge - middle) / np.linalg.norm(edge - middle)
        spot = edge + way * (out * r - 2)
        k, j, i = _index(scene, spot)
        room = min(-float(scene.wall[k, j, i]), -float(scene.dome[k, j, i])) - 1.5
        probe = ball(scene.grid, spot, r)
        inside = probe.distance < 0
        clash = float((inside & other[probe.box]).sum()) / max(float(inside.sum()), 1.0)
        for tx, ty, tz, tr in job.taken:
            room = min(room, float(np.linalg.norm(spot - (tx, ty, tz))) - tr - 2)
        taste = float(job.rng.uniform(0, 1.5)) - 1.5 * (proud - out)
        score = min(room - r, 0) - 60 * clash + taste
        if score > most:
            best, most, fits = spot, score, room
    radius = min(job.lesion.size_mm / 2, max(fits, 4.0))
    job.taken.append((best[0], best[1], best[2], max(radius, min(r, fits))))
    return best, radius


def _attach(job: Job, what: Blob, cover: F32) -> Mask:
    """The lesion belongs to its kidney from now on, and to no other organ."""
    scene = job.scene
    mask = half(cover)
    scene.own(f"{job.lesion.side} kidney", what.box, mask)
    return mask


def _cyst(job: Job) -> Placed | None:
    kidney = _kidney(job)
    if kidney is None:
        return None
    spot, radius = _surface(job, kidney, 0.35)
    what = blob(job.scene, spot, 2 * radius, job.rng, 0.02, (0.9, 1.0))
    before, cover = copy_of(job.scene, what.box), what.cover()
    job.scene.blend(what.box, what.cover(-1.0), "urothelium")
    job.scene.blend(what.box, cover, "cyst fluid")
    return placed(job, what.box, before, _attach(job, what, cover), what.size_mm)


def _mass(job: Job) -> Placed | None:
    kidney = _kidney(job)
    if kidney is None:
        return None
    spot, radius = _surface(job, kidney, 0.2)
    what = blob(job.scene, spot, 2 * radius, job.rng, 0.08)
    before, cover = copy_of(job.scene, what.box), what.cover()
    patches = job.scene.noise(job.rng, what.box, max(0.35 * radius, 5.0))
    dead = np.clip((patches - 0.7) * 0.9, 0, 0.9) * np.clip((radius - 12) / 10, 0, 1)
    inner = np.clip(-what.distance / np.float32(0.3 * radius), 0, 1)
    job.scene.blend(
        what.box, cover, "renal tumour", ("necrosis", (dead * inner).astype(np.float32)),
        patches * np.float32(0.05),
    )  # fmt: skip
    return placed(job, what.box, before, _attach(job, what, cover), what.size_mm)


def _stone(job: Job) -> Placed | None:
    kidney = _kidney(job)
    if kidney is None:
        return None
    along = {"upper pole": 0.4, "interpolar region": -0.02, "lower pole": -0.42, "pelvis": -0.06}
    out = -0.72 if job.lesion.site == "pelvis" else -0.16
    place = kidney.place(along.get(job.lesion.site, 0.0), out, float(job.rng.normal(0, 0.03)))
    spot = job.scene.true([place])[0]
    for tx, ty, tz, tr in job.taken:  # stones do not lie in each other
        away = spot - (tx, ty, tz)
        lack = job.radius + tr + 1 - float(np.linalg.norm(away))
        if lack > 0:
            spot = spot + np.array([0, 0.3, 1.0]) * lack
    job.taken.append((spot[0], spot[1], spot[2], job.radius))
    return _calcium(job, spot, f"{job.lesion.side} kidney")


def _ureteric(job: Job) -> Placed | None:
    kidney = _kidney(job)
    if kidney is None:
        return None
    share = STOPS.get(job.lesion.site, 0.5)
    spot = kidney.ureter[round(share * (len(kidney.ureter) - 1))]
    scene = job.scene
    record = _calcium(job, spot, "")
    rim = ball(scene.grid, spot, job.radius + 2.5)
    ring = np.abs(rim.distance + 1.0) - np.float32(1.0)
    scene.blend(rim.box, coverage(ring, 1.8) * np.float32(0.5), "urothelium")
    return record


def _calcium(job: Job, spot: Points, organ: str) -> Placed:
    what = blob(job.scene, spot, job.lesion.size_mm, job.rng, 0.05, (0.65, 0.92))
    before, cover = copy_of(job.scene, what.box), what.cover()
    job.scene.blend(what.box, cover, "stone")
    mask = half(cover)
    if organ:
        job.scene.own(organ, what.box, mask)
    return placed(job, what.box, before, mask, what.size_mm)


def _hydronephrosis(job: Job) -> Placed | None:
    scene = job.scene
    sides = ("right", "left") if job.lesion.side == "bilateral" else (job.lesion.side,)
    mask = np.zeros(scene.grid.shape, bool)
    for side in sides:
        kidney = job.organs.kidneys.get(side)
        if kidney is not None:
            mask[kidney.collecting.box] |= kidney.collecting.distance < 0
    if not mask.any():
        return None
    looks = scene.looks
    contrast = [abs(v["renal urine"] - v["visceral fat"]) for v in looks]
    return Placed(job.lesion, mask, np.array(contrast, np.float32), 0.0)


def _pyelonephritis(job: Job) -> Placed | None:
    """Wedges that enhance late; the swollen kidney was painted so; strands in the fat."""
    scene, kidney = job.scene, _kidney(job)
    if kidney is None:
        return None
    shape = grown(kidney.shape, scene, 12)
    before = copy_of(scene, shape.box)
    patches = scene.noise(job.rng, shape.box, 20.0)
    wedge = job.has("wedge")
    cut = np.maximum(shape.distance, (np.float32(0.35 if wedge else 0.0) - patches) * 7)
    water = np.zeros(scene.grid.shape, bool)
    water[kidney.collecting.box] = kidney.collecting.distance < 1
    keep = (~water[shape.box]) & (shape.distance < 1)
    fatty = before[0] < 0.5 * before[0][keep & (shape.distance < -2)].mean()
    cover = coverage(cut.astype(np.float32), 3.0) * keep * ~fatty
    scene.blend(shape.box, (cover * (0.85 if wedge else 0.35)).astype(np.float32), "nephritis")
    mask = cover >= 0.5
    if job.has("stranding"):
        strand(scene, shape, 12, job.rng, 0.55)
    return placed(
        job, shape.box, before, mask, 0.0, scene.label(f"{job.lesion.side} kidney")[shape.box]
    )


KIDNEYS = {
    "kidney stone": _stone,
    "ureteric stone": _ureteric,
    "hydronephrosis": _hydronephrosis,
    "kidney cyst": _cyst,
    "kidney mass": _mass,
    "pyelonephritis": _pyelonephritis,
}
