"""Both lungs on one film: the room each has along every ray, and what pleura takes of it.

Erect, fluid lies at the base and climbs the wall (the meniscus) and air rises to the apex;
supine, fluid layers behind the lung as a veil and air gathers in front of the base, where it
deepens the costophrenic sulcus. Levels are found on a lattice of points of the body, so the
frontal and the lateral film of one patient hold the same fluid. Shapes: R rows · C columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.patients import Lesion
from radgloss.data.phantom.shapes import F32
from radgloss.data.phantom.thorax.anatomy import Body
from radgloss.data.phantom.thorax.forms import (
    FAR,
    SIDES,
    Curve,
    Interval,
    Plane,
    clipped,
    free,
    ordered,
)
from radgloss.data.phantom.thorax.view import View

__all__ = ["Lung", "drained", "flooded", "lungs", "silhouettes", "ventilated"]

LATTICE = 6.0  # mm between points when a volume is measured
RISE = 58.0  # mm that a meniscus climbs at the wall
STEEP = 2.6  # how suddenly it climbs


@dataclass(frozen=True, eq=False)
class Lung:
    """One lung's room along every ray: `room` less what the ordered `blocks` fill."""

    side: str
    room: Interval
    blocks: Sequence[Interval]
    path: F32  # (R, C) millimetres

    def within(self, *limits: Interval) -> F32:
        """Millimetres of this lung inside all limits too."""
        front, back = clipped(self.room, *limits)
        return free((front, np.maximum(back, front)), self.blocks)


def lungs(body: Body, view: View) -> dict[str, Lung]:
    """Both lungs with nothing in the pleural space."""
    middle = ordered([body.organ(view, name) for name in body.parts])
    out = {}
    for side in SIDES:
        blocks = ordered([*middle, body.domes[side].along(view)])
        room = body.cavities[side].along(view)
        out[side] = Lung(side, room, blocks, free(room, blocks))
    return out


def _lattice(body: Body, side: str) -> npt.NDArray[np.float64]:
    axes = np.arange(0, 150, LATTICE), np.arange(-115, 115, LATTICE), np.arange(-250, 125, LATTICE)
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    grid[:, 0] *= SIDES[side]
    return grid[body.in_lung(side, grid, 0.0)]


def _wall(body: Body, side: str, p: npt.NDArray[np.float64]) -> F32:
    """Distance from the lung's axis as a share of the way to the wall: (N,)."""
    a, c, b = body.cavities[side].section(p[:, 2].astype(np.float32))
    middle = 0.40 * a
    across = (np.abs(p[:, 0]) - middle) / np.maximum(a - middle, 1)
    return np.hypot(across, (p[:, 1] - c) / np.maximum(b, 1)).astype(np.float32)


def flooded(body: Body, view: View, lung: Lung, volume_ml: float) -> Lung:
    """The lung above or before that much pleural fluid."""
    p = _lattice(body, lung.side)
    s = body.frame.s
    if body.frame.erect:
        depth = p[:, 2] - RISE * s * np.clip(_wall(body, lung.side, p), 0, 1) ** STEEP
    else:
        depth = -p[:, 1] + 0.08 * p[:, 2]
    n = min(int(volume_ml * 1000 / LATTICE**3), len(depth) - 1)
    level = float(np.partition(depth, n)[n])
    if body.frame.erect:
        core = _core(body, view, lung.side, level)
    else:
        core = Plane((0.0, 1.0, -0.08), -level).along(view)
    front, back = clipped(lung.room, core)
    room = front, np.maximum(back, front)
    return replace(lung, room=room, path=free(room, lung.blocks))


def _core(body: Body, view: View, side: str, level: float) -> Interval:
    """What fluid up to `level` leaves dry: an interval around the lung's axis."""
    gu, gz = view.grid(0.0 if view.frontal else SIDES[side] * 60.0)
    a, c, b = body.cavities[side].section(gz)
    middle = np.float32(0.40) * a
    share = np.clip((gz - np.float32(level)) / np.float32(RISE * body.frame.s), 0, None)
    rho = share ** np.float32(1 / STEEP)
    if view.frontal:
        across = (SIDES[side] * gu - middle) / np.maximum(a - middle, 1)
        half = b * np.sqrt(np.clip(rho**2 - np.clip(across, -1, 1) ** 2, 0, None))
        axis = c + 0 * half
    else:
        across = (gu - c) / np.maximum(b, 1)
        half = (a - middle) * np.sqrt(np.clip(rho**2 - np.clip(across, -1, 1) ** 2, 0, None))
        axis = SIDES[side] * middle + 0 * half
    half = np.where(share > 1.35, FAR, half)
    return axis - half, axis + half


def drained(lung: Lung, interval: Interval) -> Lung:
    """The lung within a smaller room."""
    front, back = clipped(lung.room, interval)
    room = front, np.maximum(back, front)
    return replace(lung, room=room, path=free(room, lung.blocks))


def ventilated(body: Body, view: View, lung: Lung, lesion: Lesion) -> tuple[Lung, F32]:
    """The lung drawn away from the wall by a pneumothorax, and the pleural line's path (R, C)."""
    depth, s = lesion.size_mm, body.frame.s
    if not body.frame.erect:
        top = float(body.frame.front(np.array([60 * s], np.float32))[0])
        low = float(body.frame.front(np.array([-100 * s], np.float32))[0]) + 1.5 * depth
        slope = (top - low) / (160 * s)
        behind = Plane((0.0, -1.0, slope), -(low + 100 * s * slope))
        return drained(lung, behind.along(view)), view.blank()
    cavity = body.cavities[lung.side]
    gone = 1.5 if "tension" in lesion.features else 1.0
    edges = []
    for move in (-0.45, 0.0, 0.45):
        inset, lift = _collapse(s, depth * gone, move)
        edges.append(drained(lung, cavity.collapsed(inset, lift).along(view)))
    line = np.clip(edges[0].path - edges[2].path, 0, 8) * np.float32(0.9)
    return edges[1], line


def _collapse(s: float, depth: float, move: float) -> tuple[Curve, Curve]:
    """How far the lung leaves the wall, and how far its apex falls, by height."""

    def inset(z: F32) -> F32:
        upper = 1 / (1 + np.exp(-(z - 25 * s) / np.float32(26 * s)))
        return (depth * (np.float32(0.16) + np.float32(0.5) * upper) + np.float32(move)).astype(
            np.float32
        )

    def lift(z: F32) -> F32:
        up = np.clip((z + 20 * s) / np.float32(110 * s), 0, 1) ** np.float32(1.5)
        return (depth * up).astype(np.float32)

    return inset, lift


def silhouettes(both: Mapping[str, Lung]) -> dict[str, npt.NDArray[np.bool_]]:
    """Where each healthy lung is on the film, as masks (R, C)."""
    return {f"{side} lung": lung.path > 4.0 for side, lung in both.items()}
