"""What runs through the lungs: arteries, veins and bronchi, branching and tapering to the wall.

Shapes: R rows · C columns · N points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.shapes import F32, polyline
from radgloss.data.phantom.thorax.anatomy import Body
from radgloss.data.phantom.thorax.forms import SIDES
from radgloss.data.phantom.thorax.strokes import dust, solid, stroke
from radgloss.data.phantom.thorax.view import View

__all__ = [
    "BRONCHI", "TRACHEA", "Branches", "airways", "branches", "bronchi", "drawn", "hila", "trees",
]  # fmt: skip

Points = npt.NDArray[np.float64]
TRACHEA = ((0.0, -18.0, 190.0), (0.0, -8.0, 120.0), (-2.0, 2.0, 60.0), (-3.0, 12.0, 0.0))
BRONCHI = {  # the right one steeper, as every tube knows
    "right": ((-3.0, 12.0, 1.0), (-14.0, 15.0, -14.0), (-26.0, 18.0, -32.0), (-32.0, 20.0, -54.0)),
    "left": ((-2.0, 12.0, 1.0), (16.0, 17.0, -11.0), (34.0, 21.0, -22.0), (45.0, 24.0, -36.0)),
}
HILA = {  # central vessels: points, first and last radius in mm
    "right": (
        (((-16, -2, -12), (-32, 2, -16), (-40, 10, -34), (-44, 16, -60)), 7.5, 4.6),
        (((-20, -6, -8), (-36, -6, 2), (-44, -4, 22)), 5.6, 3.0),
        (((-22, 24, -50), (-40, 30, -56), (-58, 36, -64)), 5.0, 2.8),
        (((-24, -12, -30), (-40, -18, -12), (-50, -18, 12)), 4.2, 2.6),
    ),
    "left": (
        (((16, -4, 0), (34, 6, 6), (44, 20, -8), (46, 26, -52)), 8.2, 4.4),
        (((28, 2, 6), (42, 2, 16), (50, 2, 34)), 5.0, 2.8),
        (((22, 26, -48), (40, 32, -54), (58, 38, -60)), 4.8, 2.8),
        (((30, -14, -22), (44, -20, -6), (52, -20, 14)), 4.0, 2.6),
    ),
}
ROOTS = {  # where trees start, where they go, first radius and length, for the right side
    "right": (
        ((-43, -4, 20), (-0.5, 0.1, 1.0), 3.0, 34), ((-44, 0, 16), (-0.9, 0.6, 0.6), 2.8, 34),
        ((-46, -16, 8), (-0.8, -0.7, 0.5), 2.8, 36), ((-50, -18, 6), (-0.4, -0.5, 1.0), 2.4, 34),
        ((-41, 4, -32), (-1.0, -0.9, -0.3), 3.0, 38), ((-40, 0, -28), (-0.6, -1.0, -0.5), 2.8, 36),
        ((-42, 12, -38), (-0.9, 0.9, 0.1), 3.0, 34), ((-44, 14, -52), (-1.0, 0.3, -0.5), 3.4, 40),
        ((-44, 16, -58), (-0.7, 0.7, -1.0), 3.8, 42), ((-44, 16, -58), (-0.3, 0.2, -1.0), 3.6, 40),
        ((-44, 12, -54), (-0.8, -0.5, -0.9), 3.4, 40), ((-56, 34, -62), (-1.0, 0.5, -0.6), 2.6, 36),
    ),
    "left": (
        ((48, 2, 32), (0.5, 0.1, 1.0), 3.0, 34), ((46, 6, 26), (0.9, 0.6, 0.6), 2.8, 34),
        ((48, -16, 8), (0.8, -0.7, 0.5), 2.8, 36), ((52, -18, 10), (0.4, -0.5, 1.0), 2.4, 34),
        ((46, 0, -10), (1.0, -0.9, -0.2), 3.0, 38), ((46, 2, -22), (0.8, -0.9, -0.6), 2.8, 36),
        ((46, 20, -16), (0.9, 0.9, 0.2), 3.0, 34), ((46, 24, -42), (1.0, 0.3, -0.4), 3.4, 38),
        ((46, 26, -50), (0.7, 0.7, -1.0), 3.8, 42), ((46, 26, -50), (0.35, 0.4, -1.0), 3.4, 40),
        ((46, 22, -48), (0.9, -0.4, -0.9), 3.2, 40), ((56, 36, -60), (1.0, 0.5, -0.6), 2.6, 34),
    ),
}  # fmt: skip
GENERATIONS = 7
STEP = 0.6  # mm between pieces of dust


@dataclass(frozen=True, eq=False)
class Branches:
    """Samples along all branches of one lung: points (N, 3), radii (N,), lengths (N,)."""

    points: Points
    radii: Points
    lengths: Points


def trees(body: Body, side: str) -> Branches:
    """The vessels of one lung beyond the hilum; all branches of a generation grow together."""
    rng = body.frame.rng(30 + SIDES[side])
    s = body.frame.s
    roots = ROOTS[side]
    p = body.moved([r[0] for r in roots])
    way = np.array([r[1] for r in roots], float)
    r = np.array([r[2] for r in roots]) * s * rng.uniform(0.85, 1.15, len(roots))
    long = np.array([r[3] for r in roots]) * s * rng.uniform(0.85, 1.15, len(roots))
    kept: list[tuple[Points, Points, Points]] = []
    for _ in range(GENERATIONS):
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        bend = rng.normal(0, 0.22, p.shape)
        n = max(int(long.max() / STEP), 4)
        t = np.linspace(0, 1, n)[None, :, None]
        line = p[:, None] + long[:, None, None] * (t * way[:, None] + 0.5 * t**2 * bend[:, None])
        radii = r[:, None] * (1 - 0.25 * t[..., 0])
        kept.append((line.reshape(-1, 3), radii.ravel(), np.repeat(long / n, n)))
        tip = way + bend
        tip /= np.linalg.norm(tip, axis=1, keepdims=True)
        lateral = np.cross(tip, rng.normal(0, 1, tip.shape))
        lateral /= np.linalg.norm(lateral, axis=1, keepdims=True) + 1e-9
        share = rng.uniform(0.3, 0.7, len(p))
        alive = r > 0.28 * s
        p = np.repeat(line[alive, -1], 2, axis=0)
        sign = np.tile([1.0, -1.0], int(alive.sum()))
        part = np.where(sign > 0, np.repeat(share[alive], 2), np.repeat(1 - share[alive], 2))
        angle = np.where(part > 0.5, 0.3, 0.62) * rng.uniform(0.7, 1.3, len(part))
        way = np.repeat(tip[alive], 2, axis=0)
        way = way + (sign * angle)[:, None] * np.repeat(lateral[alive], 2, axis=0)
        r = np.repeat(r[alive] * 0.75, 2) * (2 * part) ** (1 / 3)
        long = np.repeat(long[alive], 2) * rng.uniform(0.62, 0.92, len(part))
    points = np.concatenate([k[0] for k in kept])
    radii, lengths = np.concatenate([k[1] for k in kept]), np.concatenate([k[2] for k in kept])
    inside = body.in_lung(side, points, 5.0 * s)
    return Branches(points[inside], radii[inside], lengths[inside])


def branches(body: Body, tree: Branches, upper: float = 0.0) -> Branches:
    """The same vessels, filled as gravity has it: standing, the bases carry more blood.

    upper: 0 to 1, how far the upper vessels are distended instead (cephalisation)."""
    z = tree.points[:, 2] / (100 * body.frame.s)
    lean = 0.20 if body.frame.erect else 0.04
    gain = 1 - lean * np.tanh(z + 0.2)
    gain = gain * (1 + upper * 0.55 * np.clip(z + 0.25, 0, 1) ** 0.5)
    return Branches(tree.points, tree.radii * gain, tree.lengths)


def drawn(view: View, lungs: list[Branches]) -> F32:
    """Path through the small vessels of both lungs: (R, C)."""
    return dust(view, [(b.points, b.radii, b.lengths) for b in lungs])


def hila(body: Body, view: View, upper: float = 0.0) -> F32:
    """Path through the central arteries and veins, as far as they lie in lung: (R, C)."""
    out = view.blank()
    s = body.frame.s
    for side in SIDES:
        for i, (points, first, last) in enumerate(HILA[side]):
            line = polyline(body.moved(points), 16)
            wide = 1 + (0.35 * upper if i in (1, 3) else 0.0)
            r = np.linspace(first, last, 16) * s * wide
            fade = np.where(body.in_lung(side, line, 0.0), 1.0, 0.35)
            stroke(view, out, line, r, solid, fade)
    return out


def airways(body: Body, view: View) -> F32:
    """Path of air through the trachea and main bronchi: (R, C)."""
    s, out = body.frame.s, view.blank()
    wide = 8.4 if body.frame.patient.sex == "M" else 7.4
    line = polyline(body.moved(TRACHEA), 30)
    stroke(view, out, line, np.full(30, wide * s), solid)
    for side, (first, last) in (("right", (7.0, 4.6)), ("left", (6.2, 4.0))):
        line = polyline(body.moved(BRONCHI[side]), 16)
        stroke(view, out, line, np.linspace(first, last, 16) * s, solid)
    return out


def bronchi(body: Body, side: str) -> list[tuple[Points, Points]]:
    """Segmental bronchi beside the arteries of one lung: (points (N, 3), radii (N,)) each.

    Normally too thin-walled to see; consolidated lung around them shows them as air."""
    rng = body.frame.rng(40 + SIDES[side])
    s = body.frame.s
    out = []
    for start, way, radius, long in ROOTS[side]:
        p, d = body.moved([start])[0], np.array(way, float)
        d /= np.linalg.norm(d)
        for k in range(5):
            turn = d + rng.normal(0, 0.34 if k else 0.1, 3)
            turn /= np.linalg.norm(turn)
            reach = float(long) * s * (1.3 if k == 0 else rng.uniform(0.8, 1.3))
            first = p if k == 0 else p + d * float(long) * s * rng.uniform(0.4, 1.0)
            t = np.linspace(0, 1, 14)[:, None]
            line = first + reach * (t * turn + 0.5 * t**2 * rng.normal(0, 0.2, 3))
            wide = radius * s * (0.75 if k == 0 else 0.45)
            out.append((line, wide * (1 - 0.5 * t[:, 0])))
    return out
