"""Tubes, lines and leads: where each runs in the body, where its tip lies, how it looks.

Shapes: R rows · C columns · N points; a change is a dimensionless line integral."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom.patients import Lesion
from radgloss.data.phantom.shapes import F32, polyline
from radgloss.data.phantom.thorax.airways import BRONCHI, TRACHEA
from radgloss.data.phantom.thorax.anatomy import Body
from radgloss.data.phantom.thorax.forms import SIDES
from radgloss.data.phantom.thorax.strokes import solid, stroke, wall
from radgloss.data.phantom.thorax.view import View

__all__ = ["COURSES", "Course", "device", "leads"]

Points = npt.NDArray[np.float64]
PLASTIC, BARIUM = np.float32(0.016), np.float32(0.11)  # 1/mm above soft tissue


@dataclass(frozen=True, eq=False)
class Course:
    """points: (N, 3) from outside to the tip. radius: mm. stripe: marked by a line of barium
    in a pale wall, else dense throughout. eye: mm from the tip where the stripe is broken."""

    points: Points
    radius: float
    stripe: bool
    eye: float = 0.0

    @property
    def tip(self) -> Points:
        return self.points[-1]


def _fine(points: npt.ArrayLike, step: float = 2.5) -> Points:
    """A smooth curve through points (K, 3) in steps of about `step` mm."""
    line = polyline(np.asarray(points, float), 400)
    gone = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, gone[-1], max(int(gone[-1] / step), 8))
    return np.column_stack([np.interp(at, gone, line[:, k]) for k in range(3)])


def _cut(line: Points, z: float) -> Points:
    """A falling curve as far as the height z, its last point exactly there."""
    above = line[line[:, 2] > z]
    end = [float(np.interp(-z, -line[:, 2], line[:, k])) for k in (0, 1)]
    end.append(z)
    return np.vstack([above, end])


def _endotracheal(body: Body, lesion: Lesion, rng: np.random.Generator) -> Course:
    line = _fine(body.moved(TRACHEA))
    carina = float(body.moved([TRACHEA[-1]])[0, 2])
    if lesion.size_mm >= 0:
        return Course(_cut(line, carina + lesion.size_mm), 4.8, True)
    main = _fine(body.moved(BRONCHI["right"]), 1.5)
    return Course(np.vstack([line[:-2], _cut(main, carina + lesion.size_mm)]), 4.8, True)


VENOUS = {  # tips by site and side of entry, in the table body
    ("superior vena cava", "right"): (-21.0, -8.0, 4.0),
    ("superior vena cava", "left"): (-21.0, -8.0, 4.0),
    ("right atrium", "right"): (-20.0, -8.0, -62.0),
    ("right atrium", "left"): (-20.0, -8.0, -62.0),
    ("brachiocephalic vein", "right"): (-24.0, -6.0, 72.0),
    ("brachiocephalic vein", "left"): (10.0, -20.0, 66.0),
}


def _venous(body: Body, lesion: Lesion, rng: np.random.Generator) -> Course:
    side = lesion.side if lesion.side in SIDES else "right"
    tip = np.array(VENOUS[lesion.site or "superior vena cava", side])
    tip[2] += float(rng.uniform(-9, 9))
    if side == "right":
        way = [(-40, -4, 190), (-36, -2, 150), (-29, -4, 104), (-22, -8, 60), (-21, -8, 30)]
    else:
        way = [(42, -4, 190), (38, -4, 150), (34, -8, 104), (26, -14, 78), (8, -20, 66),
               (-12, -14, 54), (-21, -8, 34)]  # fmt: skip
    if lesion.site == "brachiocephalic vein":
        way = way[: 3 if side == "right" else 4]
    elif lesion.site == "right atrium":
        way = [*way, (-22, -8, -10)]
    return Course(_fine(body.moved([*way, tuple(tip)])), 1.25, False)


def _nasogastric(body: Body, lesion: Lesion, rng: np.random.Generator) -> Course:
    s = body.frame.s
    if lesion.site == "right lower lobe bronchus":
        air = [*TRACHEA, *BRONCHI["right"][1:], (-38.0, 26.0, -78.0 + float(rng.uniform(-8, 8)))]
        return Course(_fine(body.moved(air)), 1.9, True)
    gullet = [(0, 14, 190), (1, 18, 110), (3, 26, 30), (5, 30, -30), (10, 30, -80)]
    if lesion.site == "oesophagus":
        gullet[-1] = (6, 30, -48 + int(rng.integers(0, 30)))
        return Course(_fine(body.moved(gullet)), 1.9, True)
    dome = body.domes["left"]
    deep = float(rng.uniform(50, 68)) * s
    under = [
        (dome.cx * 0.34, 20 * s, dome.top - 22 * s),
        (dome.cx * 0.62, 12 * s, dome.top - 40 * s),
        (
            dome.cx * float(rng.uniform(0.75, 0.95)),
            4 * s,
            dome.top - deep,
        ),
    ]
    return Course(_fine(np.vstack([body.moved(gullet), under])), 1.9, True)


def _drain(body: Body, lesion: Lesion, rng: np.random.Generator) -> Course:
    sign, s = SIDES.get(lesion.side, 1), body.frame.s
    z = float(rng.uniform(-55, -25))
    wall_x = float(body.frame.half_width(np.array([z * s], np.float32))[0]) / s
    top = float(rng.uniform(52, 84))
    inner = float(body.frame.half_width(np.array([top * s], np.float32))[0]) / s
    way = np.array([
        (wall_x + 46, -4, z - 34), (wall_x + 16, 2, z - 12), (wall_x - 5, 10, z + 8),
        (wall_x - 16, 24, z + 46), (0.5 * (wall_x + inner) - 18, 30, 0.35 * z + 0.65 * top),
        (inner * 0.62, 26, top),
    ]) * (sign, 1, 1)  # fmt: skip
    return Course(_fine(way * s), 4.2, True, eye=62.0)


COURSES: dict[str, Callable[[Body, Lesion, np.random.Generator], Course]] = {
    "endotracheal tube": _endotracheal,
    "central venous catheter": _venous,
    "nasogastric tube": _nasogastric,
    "chest tube": _drain,
}


def device(view: View, course: Course) -> tuple[npt.NDArray[np.bool_], F32]:
    """A tube drawn: its mask and its change (R, C)."""
    out = view.blank()
    n = len(course.points)
    if course.stripe:
        pale, line = view.blank(), view.blank()
        stroke(view, pale, course.points, course.radius, wall(min(1.1, 0.5 * course.radius)))
        aside = np.array([0.62, 0.62, 0.0]) * course.radius
        weight = np.ones(n)
        if course.eye:
            left = np.linalg.norm(np.diff(course.points, axis=0), axis=1)[::-1].cumsum()[::-1]
            weight[:-1][np.abs(left - course.eye) < 5] = 0.0
        stroke(view, line, course.points + aside, min(1.0, 0.5 * course.radius), solid, weight)
        out = pale * PLASTIC + line * np.float32(1.5) * BARIUM
    else:
        stroke(view, out, course.points, course.radius, solid)
        out = out * BARIUM
    body = view.blank()
    stroke(view, body, course.points, course.radius, solid)
    return ndimage.binary_dilation(body > 0.2), out.astype(np.float32)


def leads(body: Body, view: View) -> F32:
    """Monitoring pads and wires on the skin: what no finding of the table names."""
    rng, s, out = body.frame.rng(60), body.frame.s, view.blank()
    front = -118.0 if view.frontal else -96.0
    exit_ = np.array([float(rng.choice((-1, 1))) * 74, front, -245])
    for x, z in ((-86, 74), (88, 70), (96, -74)):
        pad = np.array([x + rng.normal(0, 9), front + 6, z + rng.normal(0, 10)])
        bow = rng.choice((-1, 1)) * rng.uniform(18, 50)
        middle = (pad + exit_) / 2 + np.array([bow, 0, rng.normal(0, 25)])
        wire = _fine(np.array([pad, middle, exit_]) * s, 4.0)
        stroke(view, out, wire, 0.75, lambda g, r: np.clip(r + 0.3 - g, 0, 1) * np.float32(0.3))
        u, z_at = view.project(pad[None] * s)[0]
        gap = np.hypot(view.u - np.float32(u), view.z - np.float32(z_at))
        out += np.clip(8 - gap, 0, 1) * np.float32(0.07) + np.clip(3.2 - gap, 0, 1) * 0.5
    return out.astype(np.float32)
