"""Changes of a whole organ, painted with the organ itself; here they are put on record.

Also gallstones, cholecystitis and wide ducts."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.torso.lesions.common import (
    Job,
    blob,
    choose,
    copy_of,
    grown,
    half,
    placed,
    rind,
    stated,
    strand,
)
from radgloss.data.phantom.torso.scene import Placed

__all__ = ["DIFFUSE"]


def _steatosis(job: Job) -> Placed:
    return stated(job, job.scene.label("liver"), "liver", "liver fat", 0.0, job.organs.liver.fat)


def _cirrhosis(job: Job) -> Placed:
    """Its mask is the liver; what changed are the outer millimetres, and some veins."""
    scene = job.scene
    record = stated(job, scene.label("liver"), "liver", "visceral fat", 0.0, 0.12)
    if job.has("varices"):
        for sites, radius in (
            (((16, 4, 112), (24, -4, 100), (20, 8, 92), (30, 2, 84)), 2.8),
            (((62, 8, 60), (70, 0, 52), (64, 12, 44), (74, 6, 36)), 3.2),
            (((6, -66, 60), (2, -76, 44), (0, -84, 26)), 3.0),
        ):
            scene.vessel(scene.at(*sites), radius * scene.s, "portal vein", 30)
    return record


def _splenomegaly(job: Job) -> Placed:
    mask = job.scene.label("spleen")
    length = job.scene.facts["spleen length"]
    return stated(job, mask, "spleen", "visceral fat", length)


def _gallstones(job: Job) -> Placed | None:
    scene = job.scene
    lumen = scene.shapes.get("gallbladder lumen")
    if lumen is None or not (lumen.distance < 0).any():
        return None
    y = scene.grid.y[lumen.box[1]]
    inside = lumen.distance < 0
    low = float(y[np.flatnonzero(inside.any((0, 2)))].mean())
    fits = np.broadcast_to((y > low)[None, :, None], inside.shape)
    before = copy_of(scene, lumen.box)
    n = int(job.rng.integers(3, 7)) if job.has("multiple") else 1
    mask, size, taken = np.zeros(inside.shape, bool), 0.0, list(job.taken)
    own = Job(scene, job.organs, job.lesion, job.rng, [])
    for k in range(n):
        spot, radius = choose(own, lumen, fits, 0.3, 0.2)
        radius *= 1.0 if k == 0 else float(job.rng.uniform(0.5, 0.9))
        stone = blob(scene, spot, 2 * radius, job.rng, 0.06)
        cover = stone.cover()
        scene.blend(stone.box, cover, "gallstone")
        scene.blend(stone.box, stone.cover(0.45 * radius) * np.float32(0.35), "bile")
        here = np.zeros(scene.grid.shape, bool)
        here[stone.box] = half(cover)
        mask |= here[lumen.box]
        size = max(size, 2 * radius)
    job.taken[:] = taken
    return placed(job, lumen.box, before, mask, size)


def _cholecystitis(job: Job) -> Placed | None:
    scene = job.scene
    bag, lumen = scene.shapes.get("gallbladder"), scene.shapes.get("gallbladder lumen")
    if bag is None or lumen is None:
        return None
    round_ = grown(bag, scene, 14)
    before = copy_of(scene, round_.box)
    mask = np.zeros(round_.distance.shape, bool)
    if job.has("pericholecystic fluid"):
        mask |= rind(scene, round_, 3.5, job.rng, "exudate")
    mask |= strand(scene, round_, 13, job.rng, 0.6) & (round_.distance < 8)
    wall = (round_.distance < 0) & (grown(lumen, scene, 14).distance > 0)
    looks = scene.looks
    record = placed(job, round_.box, before, mask | wall, 0.0)
    swollen = [abs(v["inflamed gallbladder wall"] - v["visceral fat"]) for v in looks]
    contrast = np.maximum(record.contrast, 0.3 * np.array(swollen, np.float32))
    return Placed(job.lesion, record.mask, contrast, 0.0)


def _ducts(job: Job) -> Placed:
    return stated(job, job.scene.label("bile ducts"), "bile", "liver", job.lesion.size_mm)


DIFFUSE = {
    "hepatic steatosis": _steatosis,
    "cirrhosis": _cirrhosis,
    "splenomegaly": _splenomegaly,
    "gallstones": _gallstones,
    "acute cholecystitis": _cholecystitis,
    "biliary dilatation": _ducts,
}
