"""Lesions of ovaries, adnexa and uterus."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.shapes import F32, coverage
from radgloss.data.phantom.torso.forms import Points, ball
from radgloss.data.phantom.torso.lesions.common import Blob, Job, blob, copy_of, half, placed
from radgloss.data.phantom.torso.scene import Mask, Placed

__all__ = ["PELVIS"]


def _room(job: Job, spot: Points, r: float, blocks: Mask) -> float:
    """Millimetres to spare round a ball, minus what of it lies in other organs."""
    g, scene = job.scene.grid, job.scene
    k, j, i = (
        int(np.clip(np.searchsorted(a, v), 0, len(a) - 1))
        for a, v in zip((g.z, g.y, g.x), spot[::-1], strict=True)
    )
    probe = ball(g, spot, r)
    inside = probe.distance < 0
    clash = float((inside & blocks[probe.box]).sum()) / max(float(inside.sum()), 1.0)
    return min(-float(scene.wall[k, j, i]) - r, 0.0) - 70 * clash


def _settle(job: Job, spots: list[Points], r: float, keep_off: tuple[str, ...]) -> Points:
    blocks = np.zeros(job.scene.grid.shape, bool)
    for name in keep_off:
        if name in job.scene.organs:
            blocks |= job.scene.organs[name]
    scores = [_room(job, p, r, blocks) + float(job.rng.uniform(0, 1)) for p in spots]
    return spots[int(np.argmax(scores))]


def _own(job: Job, what: Blob, mask: Mask, organ: str) -> None:
    """The lesion takes its place: no other organ is there any more."""
    for name, label in job.scene.organs.items():
        if name != "body wall":
            label[what.box] &= ~mask
    if organ:
        job.scene.own(organ, what.box, mask)


def _ovarian_cyst(job: Job) -> Placed | None:
    ovary = job.organs.ovaries.get(job.lesion.side)
    if ovary is None:
        return None
    scene, r = job.scene, job.radius
    side = ovary.side
    steps = [(0, 0, 0), (0, -0.5, 0.5), (-0.4, -0.5, 0.6), (0, 0, 0.9), (-0.3, -0.8, 0.2)]
    spots = [ovary.center + 0.8 * r * np.array([side * a, b, c]) for a, b, c in steps]
    spot = _settle(job, spots, r, ("bladder", "uterus", "pelvis bones", "spine"))
    what = blob(scene, spot, job.lesion.size_mm, job.rng, 0.02, (0.88, 0.99))
    before, cover = copy_of(scene, what.box), what.cover()
    if job.has("corpus luteum"):
        scene.blend(what.box, cover, "tubal ring")
        scene.blend(what.box, what.cover(float(np.clip(0.2 * r, 2.2, 4))), "haemorrhagic fluid")
    else:
        scene.blend(what.box, cover, "ovary")
        fluid = "haemorrhagic fluid" if job.has("lacy echoes") else "cyst fluid"
        scene.blend(what.box, what.cover(1.2), fluid)
    mask = half(cover)
    _own(job, what, mask, f"{job.lesion.side} ovary")
    return placed(job, what.box, before, mask, what.size_mm)


def _adnexal_mass(job: Job) -> Placed | None:
    """Beside the ovary, never in it."""
    ovary = job.organs.ovaries.get(job.lesion.side)
    if ovary is None:
        return None
    scene, r = job.scene, job.radius
    away = max(ovary.radii) + r + 2.5
    spots = []
    for turn in np.linspace(0, 6.28, 10)[:-1]:
        for rise in (-0.4, 0.2, 0.7):
            flat = np.sqrt(1 - rise**2)
            way = np.array([flat * np.cos(turn), flat * np.sin(turn), rise])
            spots.append(ovary.center + away * way)
    names = ("bladder", "uterus", "pelvis bones", "spine", "right ovary", "left ovary")
    spot = _settle(job, spots, r, names)
    what = blob(scene, spot, job.lesion.size_mm, job.rng, 0.05)
    before, cover = copy_of(scene, what.box), what.cover()
    if job.has("tubal ring"):
        scene.blend(what.box, cover, "tubal ring")
        scene.blend(what.box, what.cover(float(np.clip(0.42 * r, 2.5, 6))), "gestational fluid")
    elif job.has("fat"):
        _teratoma(job, what, cover)
    elif job.has("low-level echoes"):
        scene.blend(what.box, cover, "solid adnexal tissue")
        scene.blend(what.box, what.cover(2.2), "endometrioma")
    else:
        scene.blend(what.box, cover, "solid adnexal tissue")
        cells = scene.noise(job.rng, what.box, max(0.4 * r, 5.0))
        pocket = np.clip(0.6 + cells * 2.2, 0, 1) * what.cover(2.6)
        scene.blend(what.box, pocket.astype(np.float32), "pus")
    mask = half(cover)
    _own(job, what, mask, "")
    return placed(job, what.box, before, mask, what.size_mm)


def _teratoma(job: Job, what: Blob, cover: F32) -> None:
    """Fat that floats on fluid, a plug at the wall, a tooth in it."""
    scene, r = job.scene, what.size_mm / 2
    scene.blend(what.box, cover, "solid adnexal tissue")
    scene.blend(what.box, what.cover(1.6), "cyst fluid")
    y = scene.grid.y[what.box[1]][None, :, None]
    floats = np.maximum(what.distance + np.float32(1.6), y - np.float32(what.center[1] + 0.25 * r))
    scene.blend(what.box, coverage(floats.astype(np.float32), 2.0), "sebum")
    plug = what.center + np.array([0.45, 0.35, 0.1]) * r
    scene.paint(ball(scene.grid, plug, 0.3 * r), "solid adnexal tissue", 2.0)
    scene.paint(ball(scene.grid, plug, max(0.11 * r, 1.8)), "calcification", 1.8)


def _enlarged_ovary(job: Job) -> Placed | None:
    ovary = job.organs.ovaries.get(job.lesion.side)
    if ovary is None:
        return None
    scene = job.scene
    shape = ball(scene.grid, ovary.center, ovary.radii)
    before = copy_of(scene, shape.box)
    mask = shape.distance < 0
    scene.paint(shape, "ovary", organ=f"{job.lesion.side} ovary")
    inner = shape.distance + np.float32(1.5)
    scene.blend(shape.box, coverage(inner, 2.2), "enlarged ovary")
    if job.has("peripheral follicles"):
        n = 11
        for k in range(n):
            turn, rise = k * 2.399963, -0.85 + 1.7 * (k + 0.5) / n
            flat = np.sqrt(1 - rise**2)
            way = np.array([flat * np.cos(turn), flat * np.sin(turn), rise])
            spot = ovary.center + way * (np.array(ovary.radii) - 5.5)
            scene.paint(ball(scene.grid, spot, float(job.rng.uniform(2.6, 4.2))), "cyst fluid", 2.0)
    return placed(job, shape.box, before, mask, 2 * max(ovary.radii[:2]))


def _pregnancy(job: Job) -> Placed | None:
    """A sac in the cavity of the womb, with an embryo when it is large enough."""
    scene = job.scene
    if "uterine cavity" not in scene.places:
        return None
    spot = scene.places["uterine cavity"][0] + np.array([1.5, 0, 3.0])
    what = blob(scene, spot, job.lesion.size_mm, job.rng, 0.05, (0.6, 0.8))
    before, cover = copy_of(scene, what.box), what.cover()
    scene.blend(what.box, what.cover(-2.2), "chorion")
    scene.blend(what.box, cover, "gestational fluid")
    if job.lesion.size_mm >= 14:
        r = what.size_mm / 2
        pole = spot + np.array([0.2 * r, 0.3 * r, 0])
        scene.paint(ball(scene.grid, pole, (0.32 * r, 0.16 * r, 0.16 * r)), "embryo", 1.6)
    return placed(job, what.box, before, half(cover), what.size_mm)


PELVIS = {
    "ovarian cyst": _ovarian_cyst,
    "adnexal mass": _adnexal_mass,
    "enlarged ovary": _enlarged_ovary,
    "intrauterine pregnancy": _pregnancy,
}
