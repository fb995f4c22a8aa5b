"""Room in the liver: where its focal lesions will lie, and how it bulges over the large ones.

A cyst of 100 mm does not fit into a liver as it was made; the liver grows round it. So places are
chosen before the liver is painted: inside the segment where the lesion fits, else under a bulging
surface, else with its middle in a neighbouring segment, never into bone, wall, diaphragm, kidney
or spleen. What is painted later (stomach, bowel) goes round the bulge. Where even that does not
hold the lesion, it becomes as large as it can. A picture that ends below the liver's middle shows
none of them.
Places are tried on a 5 mm lattice tied to the body, so that they do not depend on the grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom.patients import Lesion, stream
from radgloss.data.phantom.shapes import F32, Grid, Paint, smooth_max, smooth_min
from radgloss.data.phantom.torso.forms import FAR, ball, noise
from radgloss.data.phantom.torso.scene import SPINE_Y, Scene

__all__ = ["PORTA", "Berth", "make_room", "segment_of"]

PORTA = (-30.0, -14.0, 34.0)  # where the portal vein divides, in a lean body of 172 cm
FOCAL = frozenset({
    "liver cyst", "liver hydatid cyst", "liver haemangioma", "hepatocellular carcinoma",
    "focal nodular hyperplasia", "liver metastases", "liver abscess",
})  # fmt: skip
LOBE = {
    "right lobe": ("segment V", "segment VI", "segment VII", "segment VIII"),
    "left lobe": ("segment II", "segment III", "segment IV"),
}
STEP = 5.0  # mm between the places that are tried
RIND = 3.0  # mm of liver, stretched thin, over a lesion that bulges
GAP = 3.0  # mm between two lesions
PROUD = (0.0, 0.35, 0.6)  # how much of its radius may stand out: as little as will do
STRAY = (0.0, 0.3, 0.6, 0.9)  # how far outside its segment its middle may lie, in radii


class Berth(NamedTuple):
    """The place of a lesion: its middle (x, y, z) in the picture, and its radius there."""

    middle: tuple[float, float, float]
    radius: float


class _Places(NamedTuple):
    """What is known of every place that is tried, (N,) or (N, 3).

    deep: below the liver's surface, mm. firm: from what must not give way, mm."""

    where: npt.NDArray[np.float64]
    deep: npt.NDArray[np.float64]
    firm: npt.NDArray[np.float64]
    segment: npt.NDArray[np.str_]


def make_room(scene: Scene, shape: Paint) -> dict[tuple[int, str], Berth]:
    """A berth for each focal lesion of the liver, the largest first; `shape` grows round them."""
    lesions = [x for x in scene.patient.lesions if x.what in FOCAL]
    if not lesions:
        return {}
    top = float(scene.grid.z[-1])
    if top < PORTA[2] * scene.s:  # a slab of the pelvis, which at most the liver's tip reaches
        return {(x.key, x.what): _above(scene, x, top) for x in lesions}
    places = _places(scene, shape)
    berths: dict[tuple[int, str], Berth] = {}
    for lesion in sorted(lesions, key=lambda one: -_radius(one)):
        berth, most = _berth(scene, places, lesion)
        berths[lesion.key, lesion.what] = berth
        away = np.sqrt(((places.where - np.array(berth.middle)) ** 2).sum(1))
        np.minimum(places.firm, away - most - GAP + RIND, out=places.firm)
    _bulge(scene, shape, list(berths.values()))
    return berths


def _above(scene: Scene, lesion: Lesion, top: float) -> Berth:
    """A place that the picture does not hold: a tip is not to house what lies in the liver."""
    r, (x, y, z) = _radius(lesion), (v * scene.s for v in PORTA)
    return Berth((x, y, max(z, top + r + GAP + scene.grid.spacing[0])), lesion.size_mm / 2)


def _radius(lesion: Lesion) -> float:
    """What the place must have room for: the lesion in any of the patient's studies."""
    return max(lesion.size_mm, lesion.prior_mm or 0.0, lesion.room_mm) / 2


def _places(scene: Scene, shape: Paint) -> _Places:
    """The lattice within the liver."""
    g = scene.grid
    axes = [a[s] for a, s in zip((g.z, g.y, g.x), shape.box, strict=True)]
    ticks = [np.arange(np.ceil(a[0] / STEP), np.floor(a[-1] / STEP) + 1) * STEP for a in axes]
    nearest = [np.clip(np.rint((t - a[0]) / (a[1] - a[0])).astype(int), 0, len(a) - 1)
               for t, a in zip(ticks, axes, strict=True)]  # fmt: skip
    pick = np.ix_(*nearest)
    deep, firm = -shape.distance[pick], _firm(scene, shape, ticks, pick)
    inside = (deep > 2) & (firm > RIND)
    z, y, x = (t[k] for t, k in zip(ticks, np.nonzero(inside), strict=True))
    ux, uy, uz = (p[shape.box][pick][inside] for p in (g.warped[0], g.warped[1], g.warped[2]))
    return _Places(
        np.column_stack([x, y, z]).astype(float), deep[inside].astype(float),
        firm[inside].astype(float), segment_of(ux, uy, uz, scene.s),
    )  # fmt: skip


def _firm(
    scene: Scene, shape: Paint, ticks: list[npt.NDArray[np.float64]], pick: tuple[object, ...]
) -> F32:
    """Millimetres from each place of the lattice to what does not give way."""
    near = np.pad(scene.solid[shape.box][pick], 1, constant_values=1.0)  # type: ignore[index]
    x, y, _ = (p[pick] for p in scene.points(shape.box))  # type: ignore[index]
    s = scene.s
    vessels = np.hypot(x / (40 * s), (y - (SPINE_Y + 6) * s) / (52 * s)) < 1  # and the spine
    taken = near[1:-1, 1:-1, 1:-1] < 0
    free = ~(taken | vessels)
    apart = ndimage.distance_transform_edt(free, STEP) - STEP / 2 if not free.all() else FAR
    limit = np.maximum(scene.wall[shape.box][pick], scene.dome[shape.box][pick])  # type: ignore[index]
    sides = [np.minimum(t - t[0], t[-1] - t) + STEP for t in ticks]
    edge = np.minimum(np.minimum(sides[0][:, None, None], sides[1][None, :, None]),
                      sides[2][None, None, :])  # fmt: skip
    return np.minimum(np.minimum(apart, -limit), edge).astype(np.float32)


def _berth(scene: Scene, places: _Places, lesion: Lesion) -> tuple[Berth, float]:
    """Where a lesion lies, and the radius that is kept for it."""
    r = _radius(lesion)
    rng = stream(scene.patient.seed, scene.patient.exam, "lesion", lesion.key)
    taste = _taste(places.where, int(rng.integers(2**32)))
    outside = _outside(places, lesion.site)
    best, kept = 0, -1.0
    for stray in STRAY:
        for proud in PROUD:
            room = np.minimum((places.deep - 1.5 * (proud == 0)) / (1 - proud), places.firm - RIND)
            room = np.where(outside <= stray * r, room, -1.0)
            if room.max() > kept:
                best, kept = int(room.argmax()), float(room.max())
            if kept >= r:
                best = int(np.argmax(np.where(room >= r, taste, -np.inf)))
                return _at(places, best, lesion.size_mm / 2), r
    kept = max(min(kept, r), 1.0)
    return _at(places, best, min(lesion.size_mm / 2, kept)), kept


def _at(places: _Places, index: int, radius: float) -> Berth:
    x, y, z = (float(v) for v in places.where[index])
    return Berth((x, y, z), radius)


def _outside(places: _Places, site: str) -> npt.NDArray[np.float64]:
    """(N,) mm from each place to the nearest one of the site; 0 everywhere for a site unknown."""
    inside = np.isin(places.segment, LOBE.get(site, (site,)))
    if not inside.any():
        return np.zeros(len(places.where))
    low = places.where.min(0)
    index = np.rint((places.where - low) / STEP).astype(int)
    box = np.ones(index.max(0) + 1, bool)
    box[tuple(index[inside].T)] = False
    away: npt.NDArray[np.float64] = ndimage.distance_transform_edt(box, STEP)
    return away[tuple(index.T)]


def _taste(where: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    """(N,) a smooth random liking for places, the same on every grid."""
    ticks = [np.arange(where[:, k].min(), where[:, k].max() + STEP / 2, STEP).astype(np.float32)
             for k in (2, 1, 0)]  # fmt: skip
    none = np.zeros((1, 1, 1), np.float32)
    grid = Grid(ticks[0], ticks[1], ticks[2], (none, none, none))
    values = noise(grid, grid.whole, seed, 18.0)
    z, y, x = (np.rint((where[:, k] - t[0]) / STEP).astype(int)
               for k, t in zip((2, 1, 0), ticks, strict=True))  # fmt: skip
    return values[z, y, x].astype(float)


def _bulge(scene: Scene, shape: Paint, berths: list[Berth]) -> None:
    """The liver's surface, drawn over what it holds."""
    limit = np.maximum(scene.wall[shape.box], scene.dome[shape.box]) + np.float32(1.0)
    limit = np.maximum(limit, np.float32(1.0) - scene.solid[shape.box])
    for berth in berths:
        lump = ball(scene.grid, berth.middle, berth.radius + RIND, box=shape.box).distance
        shape.distance[:] = smooth_min(shape.distance, smooth_max(lump, limit, 2), 5)


def segment_of(
    x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike, s: float
) -> npt.NDArray[np.str_]:
    """Couinaud's segment of points of the liver, by planes through the portal bifurcation.

    The middle hepatic vein's plane parts left from right, the falciform plane II and III from IV,
    the right hepatic vein's plane front (V, VIII) from back (VI, VII), the portal plane high
    from low. Points are of the body before the warp."""
    x, y, z = np.asarray(x), np.asarray(y), np.asarray(z)
    portal = np.array(PORTA) * s
    high = z > portal[2] + 6
    middle = x + 0.45 * (y + 14) < portal[0] - 4
    lateral = x > portal[0] + 36 * s
    back = y - 0.25 * (x + 70) > 2
    names = np.where(high, "segment VIII", "segment V")
    names = np.where(back, np.where(high, "segment VII", "segment VI"), names)
    left = np.where(lateral, np.where(z > 78 * s, "segment II", "segment III"), "segment IV")
    return np.where(middle, names, left)
