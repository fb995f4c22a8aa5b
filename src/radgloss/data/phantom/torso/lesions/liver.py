"""Focal lesions of liver and spleen: cysts, hydatids, tumours, abscess, granuloma, infarct."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from radgloss.data.phantom.shapes import F32, Paint, coverage
from radgloss.data.phantom.torso.forms import windowed
from radgloss.data.phantom.torso.lesions.common import (
    Blob,
    Job,
    blob,
    choose,
    copy_of,
    grown,
    half,
    placed,
)
from radgloss.data.phantom.torso.lesions.measure import longest_axial
from radgloss.data.phantom.torso.scene import Mask, Placed

__all__ = ["LIVER", "SPLEEN"]

POLES = {"upper pole": (0.62, 1.01), "mid portion": (0.3, 0.7), "lower pole": (-0.01, 0.38)}


def _liver_blob(job: Job, lumps: float = 0.04) -> Blob:
    """The ball in the berth that the liver kept for it."""
    berth = job.organs.liver.berths[job.lesion.key, job.lesion.what]
    return blob(job.scene, berth.middle, 2 * berth.radius, job.rng, lumps)


def _pole(job: Job) -> Mask:
    """The part of the spleen that the site names, in the box of its shape."""
    shape = job.organs.spleen
    assert shape is not None
    z = job.scene.grid.z[shape.box[0]]
    rows = np.flatnonzero((shape.distance < 0).any((1, 2)))
    bottom, top = float(z[rows[0]]), float(z[rows[-1]])
    low, high = POLES.get(job.lesion.site, (-0.1, 1.1))
    share = (z - bottom) / max(top - bottom, 1.0)
    fits = (share >= low) & (share <= high)
    return np.broadcast_to(fits[:, None, None], shape.distance.shape)


def _spleen_blob(job: Job, lumps: float = 0.03, proud: float = 0.45) -> Blob:
    """proud: how far it may bulge out of the organ, as a share of its radius."""
    scene, shape = job.scene, job.organs.spleen
    assert shape is not None
    wide = grown(shape, scene, 30)
    limit = np.maximum(scene.wall[wide.box], scene.dome[wide.box]) + np.float32(1.5)
    others = np.full(wide.distance.shape, -60, np.float32)
    for name in ("left kidney", "aorta", "spine"):
        near = ndimage.distance_transform_edt(~scene.label(name)[wide.box], scene.grid.spacing)
        np.maximum(others, 1.5 - near, out=others, casting="unsafe")
    bulge = np.maximum(wide.distance - np.float32(proud * job.radius), np.maximum(limit, others))
    fits = windowed(Paint(shape.box, _pole(job).astype(np.float32)), wide.box, 0.0) > 0
    spot, radius = choose(job, Paint(wide.box, bulge), fits & (wide.distance < -2), 0.5)
    return blob(scene, spot, 2 * radius, job.rng, lumps)


def _organ(job: Job, what: Blob) -> Mask:
    name = "liver" if "liver" in job.lesion.what or job.lesion.what in LIVER else "spleen"
    return job.scene.label(name)[what.box]


def _done(job: Job, what: Blob, before: F32, cover: F32) -> Placed:
    mask = half(cover)
    if job.lesion.what in SPLEEN:  # it may bulge; what it displaces is no longer there
        job.scene.own("spleen", what.box, mask)
    return placed(job, what.box, before, mask, what.size_mm, _organ(job, what))


def _plain(job: Job, what: Blob, material: str, calcified: bool = False) -> Placed:
    before, cover = copy_of(job.scene, what.box), what.cover()
    job.scene.blend(what.box, cover, material)
    if calcified:
        _shell(job, what)
    return _done(job, what, before, cover)


def _shell(job: Job, what: Blob, reach: float = 0.35) -> None:
    """Calcium in parts of a wall."""
    patches = job.scene.noise(job.rng, what.box, max(0.5 * what.size_mm / 2, 6.0))
    thick = np.clip(0.6 + 0.012 * what.size_mm, 0.7, 1.5)
    rim = np.abs(what.distance + np.float32(thick)) - np.float32(thick)
    rim = np.maximum(rim, (np.float32(reach) - patches) * np.float32(4))
    job.scene.blend(what.box, coverage(rim.astype(np.float32), 1.6), "calcification")


def _cyst(job: Job) -> Placed:
    return _plain(job, _liver_blob(job, 0.02), "cyst fluid")


def _splenic_cyst(job: Job) -> Placed:
    return _plain(job, _spleen_blob(job, 0.02), "cyst fluid", job.has("wall calcification"))


def _hydatid(job: Job, what: Blob) -> Placed:
    """Wall, mother's fluid; daughter cysts along the wall, floating membrane, calcium."""
    scene, r = job.scene, what.size_mm / 2
    before, cover = copy_of(scene, what.box), what.cover()
    thick = float(np.clip(0.05 * r, 1.6, 3.5))
    marked = bool(job.lesion.features)
    scene.blend(what.box, cover, "hydatid wall" if marked else "cyst fluid")
    scene.blend(what.box, what.cover(thick if marked else 1.2), "hydatid fluid")
    grid = scene.grid
    x = (grid.x[what.box[2]] - np.float32(what.center[0]))[None, None, :]
    y = (grid.y[what.box[1]] - np.float32(what.center[1]))[None, :, None]
    z = (grid.z[what.box[0]] - np.float32(what.center[2]))[:, None, None]
    inside = what.cover(thick)
    if job.has("daughter cysts"):
        n = int(np.clip(5 + r / 5, 6, 14))
        for k in range(n):
            small = r * float(job.rng.uniform(0.16, 0.27))
            turn, rise = k * 2.399963 + job.rng.uniform(-0.2, 0.2), job.rng.uniform(-0.75, 0.75)
            out = (r - small - 1.2 * thick) * 0.86
            flat = out * np.sqrt(1 - rise**2)
            cx, cy, cz = flat * np.cos(turn), flat * np.sin(turn) * 0.9, out * rise * 0.9
            away = np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) - np.float32(small)
            septum = coverage(np.abs(away) - np.float32(0.8), 1.8) * inside
            scene.blend(what.box, coverage(away.astype(np.float32), 1.8) * inside, "daughter fluid")
            scene.blend(what.box, septum.astype(np.float32), "hydatid wall")
    if job.has("floating membrane"):
        wave = 0.28 * r * np.sin(x * np.float32(5.2 / r) + z * np.float32(2.4 / r))
        wave = wave + 0.12 * r * np.sin(x * np.float32(11 / r) + 1.0)
        sheet = np.abs(y - np.float32(0.15 * r) - wave) * np.float32(0.75) - np.float32(1.0)
        sheet = np.maximum(sheet, what.distance + np.float32(0.12 * r))
        scene.blend(what.box, coverage(sheet.astype(np.float32), 1.8), "membrane")
    if job.has("wall calcification"):
        _shell(job, what, -0.1)
    return _done(job, what, before, cover)


def _haemangioma(job: Job) -> Placed:
    """Nodules at the border fill first, then the middle, then the core (or never)."""
    scene, what = job.scene, _liver_blob(job, 0.08)
    before, cover = copy_of(scene, what.box), what.cover()
    r = what.size_mm / 2
    core = "haemangioma core" if job.has("fill-in") else "haemangioma scar"
    if r < 9:  # small ones flash
        core = "haemangioma middle"
    scene.blend(what.box, cover, "haemangioma middle" if job.has("fill-in") else core)
    scene.blend(what.box, what.cover(0.36 * r, 0.3 * r), core)
    if job.has("nodular enhancement") or not job.lesion.features:
        knots = scene.noise(job.rng, what.box, max(0.34 * r, 4.0))
        reach = np.float32(0.3 * r) * (0.55 + 0.5 * knots)
        rim = np.maximum(-(what.distance + reach), what.distance)
        rim = np.maximum(rim, (np.float32(-0.15) - knots) * np.float32(5))
        nodules = coverage(rim.astype(np.float32), 2.0) * (cover > 0.3)
        scene.blend(what.box, nodules.astype(np.float32), "haemangioma nodule")
    return _done(job, what, before, cover)


def _carcinoma(job: Job) -> Placed:
    blush, wash = job.has("arterial enhancement"), job.has("washout")
    material = "carcinoma" if wash else "carcinoma without washout"
    material = material if blush else "carcinoma without blush"
    scene, what = job.scene, _liver_blob(job, 0.06)
    before, cover = copy_of(scene, what.box), what.cover()
    mosaic = scene.noise(job.rng, what.box, max(0.3 * what.size_mm / 2, 4.0))
    dead = np.clip((mosaic - 1.1) * 0.8, 0, 0.8) * (what.size_mm > 30)
    grain = mosaic * np.float32(0.04)
    if job.has("capsule"):
        scene.blend(what.box, cover, "capsule")
        inner = what.cover(1.9)
    else:
        inner = cover
    scene.blend(what.box, inner, material, ("necrosis", dead.astype(np.float32)), grain)
    return _done(job, what, before, cover)


def _hyperplasia(job: Job) -> Placed:
    """Homogeneous, lobulated, with a star of scar in the middle."""
    scene, what = job.scene, _liver_blob(job, 0.1)
    before, cover = copy_of(scene, what.box), what.cover()
    scene.blend(what.box, cover, "nodular hyperplasia")
    if job.has("scar"):
        g, r = scene.grid, what.size_mm / 2
        x = (g.x[what.box[2]] - np.float32(what.center[0]))[None, None, :]
        y = (g.y[what.box[1]] - np.float32(what.center[1]))[None, :, None]
        z = (g.z[what.box[0]] - np.float32(what.center[2]))[:, None, None]
        turn = job.rng.uniform(0, 2)
        arms = np.cos(3 * np.arctan2(y, x) + turn)
        away = np.sqrt(x * x + y * y + (0.8 * z) ** 2)
        star = away - np.float32(r) * (0.22 + 0.3 * np.clip(arms, 0, 1) ** 3)
        scene.blend(what.box, coverage(star.astype(np.float32), 2.2), "central scar")
    return _done(job, what, before, cover)


def _metastasis(job: Job) -> Placed:
    scene, what = job.scene, _liver_blob(job, 0.07)
    before, cover = copy_of(scene, what.box), what.cover()
    r = what.size_mm / 2
    if job.has("hypervascular"):
        scene.blend(what.box, cover, "hypervascular metastasis")
        if r > 12:
            scene.blend(what.box, what.cover(0.55 * r, 0.3 * r), "metastasis")
        return _done(job, what, before, cover)
    if job.has("rim"):
        scene.blend(what.box, cover, "metastasis rim")
        scene.blend(what.box, what.cover(min(0.28 * r, 4.0), 2.4), "metastasis")
    else:
        scene.blend(what.box, cover, "metastasis")
    if r > 10:
        scene.blend(what.box, what.cover(0.6 * r, 0.35 * r) * np.float32(0.85), "necrosis")
    return _done(job, what, before, cover)


def _abscess(job: Job) -> Placed:
    """Pus in a ragged wall with oedema round it; several small ones run together; gas on top."""
    scene, what = job.scene, _liver_blob(job, 0.09)
    before, cover = copy_of(scene, what.box), what.cover()
    r = what.size_mm / 2
    organ = _organ(job, what)
    scene.blend(what.box, (coverage(what.distance - 3.5, 5.0) * organ).astype(np.float32), "oedema")
    scene.blend(what.box, cover, "abscess wall")
    inner = what.cover(float(np.clip(0.14 * r, 2.4, 4.0)), 2.2)
    if job.has("cluster"):
        cells = scene.noise(job.rng, what.box, max(0.42 * r, 6.0))
        walls = np.clip(1.3 - np.abs(cells) * 4.2, 0, 1)
        inner = (inner * (1 - 0.9 * walls)).astype(np.float32)
    scene.blend(what.box, inner, "pus")
    if job.has("gas"):
        y = scene.grid.y[what.box[1]][None, :, None]
        front = y - np.float32(what.center[1] - 0.56 * r)
        pocket = np.maximum(what.distance + np.float32(0.2 * r), front)
        scene.blend(what.box, coverage(pocket.astype(np.float32), 1.8), "gas")
    return _done(job, what, before, cover)


def _splenic_hydatid(job: Job) -> Placed:
    return _hydatid(job, _spleen_blob(job))


def _liver_hydatid(job: Job) -> Placed:
    return _hydatid(job, _liver_blob(job, 0.02))


def _granuloma(job: Job) -> Placed:
    return _plain(job, _spleen_blob(job, 0.05, 0.0), "calcification")


def _infarct(job: Job) -> Placed:
    """A wedge with its base on the surface and its tip towards the hilum."""
    scene, shape = job.scene, job.organs.spleen
    assert shape is not None
    g, fits = scene.grid, _pole(job)
    hilum = scene.places["splenic hilum"][0]
    spot, _ = choose(job, Paint(shape.box, np.abs(shape.distance + 9.0) - 14.0), fits, 0.0)
    way = spot - hilum
    way[2] *= 0.4
    way /= np.linalg.norm(way)
    size = job.lesion.size_mm
    tip = spot - way * size * 0.62
    x = (g.x[shape.box[2]] - np.float32(tip[0]))[None, None, :]
    y = (g.y[shape.box[1]] - np.float32(tip[1]))[None, :, None]
    z = (g.z[shape.box[0]] - np.float32(tip[2]))[:, None, None]
    along = x * np.float32(way[0]) + y * np.float32(way[1]) + z * np.float32(way[2])
    off = np.sqrt(np.maximum(x * x + y * y + z * z - along * along, 0))
    wedge = off - np.float32(0.46) * along
    wedge = np.maximum(wedge, np.abs(along - 0.5 * size) - np.float32(0.5 * size))
    wedge = np.maximum(wedge + 0.6 * scene.noise(job.rng, shape.box, 9.0), shape.distance + 0.4)
    before, cover = copy_of(scene, shape.box), coverage(wedge.astype(np.float32), 2.4)
    scene.blend(shape.box, cover, "infarct")
    mask = half(cover)
    return placed(
        job,
        shape.box,
        before,
        mask,
        longest_axial(mask, g.spacing),
        scene.label("spleen")[shape.box],
    )


LIVER = {
    "liver cyst": _cyst,
    "liver hydatid cyst": _liver_hydatid,
    "liver haemangioma": _haemangioma,
    "hepatocellular carcinoma": _carcinoma,
    "focal nodular hyperplasia": _hyperplasia,
    "liver metastases": _metastasis,
    "liver abscess": _abscess,
}
SPLEEN = {
    "splenic cyst": _splenic_cyst,
    "splenic hydatid cyst": _splenic_hydatid,
    "splenic granuloma": _granuloma,
    "splenic infarct": _infarct,
}
