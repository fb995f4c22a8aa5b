"""What replaces air in the lung: nodules, consolidation by lobe, oedema, and collapsed lung.

Lobes are cut by planes: the oblique fissures of both sides and the horizontal one of the right.
Where consolidated lung touches the heart or the diaphragm the border between them vanishes by
itself, because nothing is left for the beam to tell them apart (the silhouette sign).
Shapes: R rows · C columns; a path is millimetres; a change is a dimensionless line integral."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.patients import Lesion
from radgloss.data.phantom.shapes import F32, field
from radgloss.data.phantom.thorax import airways as tubes
from radgloss.data.phantom.thorax.anatomy import Body
from radgloss.data.phantom.thorax.forms import SIDES, Ellipsoid, Plane
from radgloss.data.phantom.thorax.lungs import Lung
from radgloss.data.phantom.thorax.strokes import dust, solid, stroke
from radgloss.data.phantom.thorax.view import View
from radgloss.data.phantom.tissues import ATTENUATION as MU

__all__ = ["bands", "consolidation", "haze", "kerley", "lobe", "nodule", "place"]

Points = npt.NDArray[np.float64]
FILLED = np.float32(MU["soft"] - MU["lung"])
CALCIFIED = np.float32(0.55 * (MU["cortical bone"] - MU["soft"]) + FILLED)
REACH = {"small": 26.0, "moderate": 44.0, "large": 300.0, "lobar": 300.0}  # mm; large: the lobe
SOFT = (0.55, 0.75, 0.92, 1.06)  # nested regions make a soft border away from fissures


def lobe(side: str, site: str, s: float) -> list[Plane]:
    """The planes that bound a lobe. Raises KeyError for a lobe that side does not have."""
    # from the fifth thoracic vertebra through the hilum to the floor behind the sternum
    oblique, steep = 54.0 * s, 1.3
    tilt = 0.07 * SIDES[side]  # no fissure is quite level, or its edge would be a ruler's
    below, above = Plane((tilt, -steep, 1.0), -oblique), Plane((-tilt, steep, -1.0), oblique)
    over, under = Plane((tilt, 0.04, -1.0), 18 * s), Plane((-tilt, -0.04, 1.0), -18 * s)
    lobes = {
        ("right", "upper lobe"): [above, over],
        ("right", "middle lobe"): [above, under],
        ("right", "lower lobe"): [below],
        ("left", "upper lobe"): [above],
        ("left", "lower lobe"): [below],
    }
    return lobes[side, site]


def place(body: Body, rng: np.random.Generator, side: str, site: str, margin: float) -> Points:
    """A point (3,) of that lobe at least `margin` mm within the lung, as far as it has room."""
    s = body.frame.s
    planes = lobe(side, site, s)
    low, high = np.array([16, -100, -200]) * s, np.array([130, 100, 105]) * s
    p = rng.uniform(low, high, (6000, 3))
    p[:, 0] *= SIDES[side]
    p = p[np.logical_and.reduce([plane.contains(p) for plane in planes])]
    for share in (1.0, 0.7, 0.4, 0.0):
        room = margin * share
        fits = p[body.in_lung(side, p, room)]
        if room:  # keep clear of heart, vessels and spine as well
            for step in (np.array([room, 0, 0]), np.array([0, room, 0])):
                fits = fits[body.in_lung(side, fits + step, 0) & body.in_lung(side, fits - step, 0)]
        if len(fits):
            return fits[0]
    raise AssertionError(f"no room in the {side} {site}")


def nodule(
    body: Body, view: View, rng: np.random.Generator, lesion: Lesion, centre: Points
) -> tuple[npt.NDArray[np.bool_], F32]:
    """A round shadow, slightly uneven; its longest diameter is the lesion's size.

    A mass is more lobulated, a granuloma calcified, a spiculated one has thorns around it."""
    zoom = float(view.factor(centre[view.setup.ray]))
    r = lesion.size_mm / 2 * zoom
    u, z = view.project(centre[None])[0]
    du, dz = view.u - np.float32(u), view.z - np.float32(z)
    thorny = "spiculated" in lesion.features
    rough = {"lung mass": 0.055, "lung granuloma": 0.02}.get(lesion.what, 0.03)
    amounts, phases = rng.normal(0, rough, 6), rng.uniform(0, 6.3, 6)

    def outline(angle: F32) -> F32:
        wave = sum(
            a * np.cos(k * angle + q) for k, a, q in zip(range(2, 8), amounts, phases, strict=True)
        )
        return (1 + wave).astype(np.float32)

    turn = np.linspace(0, 2 * np.pi, 360, endpoint=False).astype(np.float32)
    rim = outline(turn) * np.stack([np.cos(turn), np.sin(turn)])  # (2, angles)
    across = np.stack([np.cos(turn[:180:3]), np.sin(turn[:180:3])]).T @ rim
    widest = float(np.ptp(across, axis=1).max()) / 2
    q = np.hypot(du, dz) / (np.float32(r) * outline(np.arctan2(dz, du)) / np.float32(widest))
    edge = np.float32(0.9 * view.pixel / r)
    path = 2 * r / zoom * np.sqrt(np.clip(1 - q**2, 0, None)) * np.clip((1 - q) / edge + 0.5, 0, 1)
    dense = CALCIFIED if lesion.what == "lung granuloma" else np.float32(1.1) * FILLED
    change = path.astype(np.float32) * dense
    if thorny:
        change = change + _thorns(view, rng, centre, lesion.size_mm / 2) * FILLED
    return q <= 1, change


def _thorns(view: View, rng: np.random.Generator, centre: Points, r: float) -> F32:
    """Path through fine strands that radiate into the lung."""
    parts = []
    for _ in range(34):
        way = rng.normal(0, 1, 3)
        way /= np.linalg.norm(way)
        long = r * float(rng.uniform(0.45, 1.0))
        t = np.linspace(0, 1, 24)[:, None]
        points = centre + way * (0.85 * r + long * t) + rng.normal(0, 0.08 * r, 3) * t**2
        parts.append((points, (0.09 * r + 0.25) * (1 - 0.8 * t[:, 0]), np.full(24, long / 24)))
    return dust(view, parts)


def consolidation(
    body: Body, view: View, lung: Lung, rng: np.random.Generator, site: str, lesion: Lesion
) -> tuple[F32, F32, Points]:
    """Lung filled with fluid or pus: its path (R, C), its change (R, C), its middle (3,)."""
    s = body.frame.s
    reach = REACH.get(lesion.severity, 44.0) * s
    centre = place(body, rng, lung.side, site, 22 * s)
    radii = reach * rng.uniform(0.85, 1.2, 3)
    limits = [plane.along(view) for plane in lobe(lung.side, site, s)]
    path = view.blank()
    for share in SOFT if reach < 200 else (1.0,):
        part = Ellipsoid(centre, radii * share, np.eye(3)).along(view)
        path += lung.within(part, *limits)
    path /= len(SOFT) if reach < 200 else 1
    texture = field(rng, view.shape, (view.pixel, view.pixel), 11.0) * np.float32(0.10)
    texture += field(rng, view.shape, (view.pixel, view.pixel), 26.0) * np.float32(0.08)
    change = path * FILLED * np.clip(np.float32(0.9) + texture, 0.4, 1.0)
    if "air bronchograms" in lesion.features:
        change = change - _bronchograms(body, view, lung.side, site, centre, radii, path)
    return path, change.astype(np.float32), centre


def _bronchograms(
    body: Body, view: View, side: str, site: str, centre: Points, radii: Points, path: F32
) -> F32:
    """What the air in bronchi takes from the change where lung around them is solid."""
    air = view.blank()
    planes = lobe(side, site, body.frame.s)
    shape = Ellipsoid(centre, radii * 0.95, np.eye(3))
    for line, r in tubes.bronchi(body, side):
        inside = shape.contains(line) & body.in_lung(side, line, 2.0)
        inside &= np.logical_and.reduce([plane.contains(line) for plane in planes])
        if inside.sum() > 3:
            stroke(view, air, line, r, solid, inside.astype(float), 0.6)
    return np.minimum(air, 0.8 * path) * np.float32(0.95 * MU["soft"])


def haze(
    body: Body, view: View, both: dict[str, Lung], rng: np.random.Generator, amount: float
) -> F32:
    """Fluid in the alveoli around both hila, thinning to the wall: the change (R, C)."""
    s = body.frame.s
    out = view.blank()
    cloud = field(rng, view.shape, (view.pixel, view.pixel), 9.0) * np.float32(0.22)
    cloud += field(rng, view.shape, (view.pixel, view.pixel), 30.0) * np.float32(0.25)
    for side, lung in both.items():
        hilum = body.moved([(SIDES[side] * 52, 14, -30)])[0]
        u, z = view.project(hilum[None])[0]
        wide = (46.0 if view.frontal else 52.0) * s
        q = ((view.u - np.float32(u)) / wide) ** 2 + ((view.z - np.float32(z)) / (60 * s)) ** 2
        near = np.exp(-np.float32(0.7) * q)
        out += lung.path * near * np.clip(1 + cloud, 0.2, 2.0)
    return (np.float32(amount) * FILLED * out).astype(np.float32)


def kerley(body: Body, view: View, rng: np.random.Generator, severity: str) -> F32:
    """Septal lines: short, thin, level with the floor, at the walls of the lower lungs (R, C)."""
    s = body.frame.s
    parts = []
    for side, sign in SIDES.items():
        low = body.domes[side].top - 34 * s
        for z in np.arange(low, low + 78 * s, 5.5 * s):
            level = np.array([z], np.float32)
            a, c, b = (float(v[0]) for v in body.cavities[side].section(level))
            for _ in range({"mild": 4, "moderate": 6, "severe": 6}.get(severity, 5)):
                phi = float(rng.uniform(-0.9, 0.9))
                y = c + b * np.sign(phi) * np.abs(np.sin(phi)) ** 0.87
                start = np.array([sign * a * np.cos(phi) ** 0.87, y, z])
                inward = np.array([-sign * np.cos(phi), -np.sin(phi), float(rng.normal(0, 0.08))])
                long = float(rng.uniform(10, 19)) * s
                t = np.linspace(0.08, 1, 30)[:, None]
                points = start + inward * long * t + np.array([0, 0, rng.normal(0, 1.2)])
                keep = body.in_lung(side, points, 0.5)
                radius = np.where(keep, 0.85 * s, 0.0)
                parts.append((points, radius, np.full(30, long / 30)))
    return dust(view, parts) * FILLED


def bands(
    body: Body, view: View, rng: np.random.Generator, side: str, severity: str
) -> tuple[F32, Points]:
    """Plates of collapsed lung just above a dome, seen on edge: the change (R, C) and a middle."""
    s = body.frame.s
    out = view.blank()
    dome = body.domes[side]
    first = np.zeros(3)
    for i in range({"mild": 1, "moderate": 3}.get(severity, 2)):
        c = np.array([SIDES[side] * (dome.cx + rng.uniform(-12, 14) * s),
                      dome.cy + rng.uniform(-8, 26) * s,
                      dome.top + (8 + 10 * i + rng.uniform(0, 5)) * s])  # fmt: skip
        first = c if i == 0 else first
        half = float(rng.uniform(20, 34)) * s
        slope = float(rng.normal(0, 0.18))
        along = np.array([1.0, 0, slope]) if view.frontal else np.array([0, 1.0, slope])
        t = np.linspace(-1, 1, 22)[:, None]
        points = c + half * t * along + np.array([0, 0, 3.0 * s]) * t**2
        fade = np.sqrt(np.clip(1 - t[:, 0] ** 2, 0, 1)) * body.in_lung(side, points, 1.0)
        r = np.full(22, float(rng.uniform(1.1, 2.0)) * s)
        deep = np.float32(2 * 0.6 * half)

        def plate(gap: F32, r: F32, deep: np.float32 = deep) -> F32:
            return deep * np.clip(r + np.float32(0.5) - gap, 0, 1)

        stroke(view, out, points, r, plate, fade, 0.95)
    return np.clip(out, 0, 70) * FILLED * np.float32(0.6), first
