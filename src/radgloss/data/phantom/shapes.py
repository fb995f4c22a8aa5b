"""Shapes in millimetres: signed distances, tubes, smooth fields, and paint with soft edges.

Everything is evaluated inside a box of the grid, never on the whole of it, and every edge is
blended over about one voxel, which is what partial volume does to a real picture.
Shapes: Z frames · Y rows · X columns; distances are negative inside; axes are LPS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = [
    "Box",
    "Grid",
    "Paint",
    "around",
    "coverage",
    "ellipsoid",
    "field",
    "polyline",
    "rotation",
    "smooth_max",
    "smooth_min",
    "spline_basis",
    "tree",
    "tube",
]

F32 = npt.NDArray[np.float32]
Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Grid:
    """A lattice of voxel centres; `warped` holds each voxel's position in the undeformed body.

    z, y, x: (Z,), (Y,), (X,) millimetres, ascending. warped: x, y, z, each (Z, Y, X)."""

    z: F32
    y: F32
    x: F32
    warped: tuple[F32, F32, F32]

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.z), len(self.y), len(self.x)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres between (frames, rows, columns)."""
        return tuple(float(a[1] - a[0]) for a in (self.z, self.y, self.x))  # type: ignore[return-value]

    def points(self, box: Box) -> tuple[F32, F32, F32]:
        """x, y, z of the voxels of a box, in the undeformed body."""
        return self.warped[0][box], self.warped[1][box], self.warped[2][box]

    @property
    def whole(self) -> Box:
        return slice(0, len(self.z)), slice(0, len(self.y)), slice(0, len(self.x))

    def slabs(self, frames: int = 16) -> Iterator[Box]:
        """The whole, a few frames at a time: for sums of whole volumes that no neighbour enters,
        whose intermediate steps would otherwise take as much memory as the body itself."""
        _, rows, columns = self.whole
        for first in range(0, len(self.z), frames):
            yield slice(first, min(first + frames, len(self.z))), rows, columns


@dataclass(frozen=True, eq=False)
class Paint:
    """A shape on the grid: where it is, and how far each voxel of the box lies outside it."""

    box: Box
    distance: F32


@lru_cache(maxsize=256)
def spline_basis(n: int, step: float, scale: float) -> F32:
    """(n, knots) cubic B-spline weights: n samples `step` mm apart, knots `scale` mm apart."""
    position = np.arange(n) * step / scale
    knots = int(np.ceil(position[-1])) + 4
    t = np.abs(position[:, None] - (np.arange(knots)[None] - 1))
    near = 2 / 3 - t**2 + t**3 / 2
    far = np.clip(2 - t, 0, None) ** 3 / 6
    return np.where(t < 1, near, far).astype(np.float32)


def field(
    rng: np.random.Generator, shape: tuple[int, ...], spacing: tuple[float, ...], scale: float
) -> F32:
    """Smooth noise of unit deviation over a lattice, with bumps about `scale` mm wide.

    Random knots are joined by cubic B-splines axis by axis: three small matrix products."""
    bases = [spline_basis(n, s, scale) for n, s in zip(shape, spacing, strict=True)]
    out = rng.standard_normal(tuple(b.shape[1] for b in bases), dtype=np.float32)
    for axis, basis in enumerate(bases):
        out = np.moveaxis(np.tensordot(basis, out, axes=(1, axis)), 0, axis)
    spread = float(0.479 ** (len(shape) / 2))  # mean of sum(weights**2) along one axis
    return np.ascontiguousarray(out / np.float32(spread), dtype=np.float32)


def rotation(about: str, degrees: float) -> npt.NDArray[np.float64]:
    """(3, 3) rotation of body coordinates about one axis, right-handed."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    rows = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    return np.array(rows[about], dtype=float)


def _span(axis: F32, low: float, high: float) -> slice:
    a, b = np.searchsorted(axis, [low, high])
    stop = min(int(b) + 1, len(axis))
    return slice(min(int(a), stop), stop)


def around(
    grid: Grid,
    low: tuple[float, float, float],
    high: tuple[float, float, float],
    slack: float = 9.0,
) -> Box:
    """The box of voxels between two corners (x, y, z), widened by `slack` mm for the warp."""
    axes = (grid.z, grid.y, grid.x)
    spans = [
        _span(a, lo - slack, hi + slack)
        for a, lo, hi in zip(axes, low[::-1], high[::-1], strict=True)
    ]
    return spans[0], spans[1], spans[2]


def ellipsoid(
    grid: Grid,
    center: tuple[float, float, float],
    radii: tuple[float, float, float],
    turn: npt.NDArray[np.float64] | None = None,
    box: Box | None = None,
) -> Paint:
    """Distance to an ellipsoid, first order near its surface.

    `turn` takes the ellipsoid's own axes to the body's. `box` overrides its bounding box."""
    turn = np.eye(3) if turn is None else turn
    reach = np.sqrt(((turn * np.array(radii)) ** 2).sum(1))
    if box is None:
        low, high = np.array(center) - reach, np.array(center) + reach
        box = around(grid, tuple(low), tuple(high))
    x, y, z = (p - np.float32(c) for p, c in zip(grid.points(box), center, strict=True))
    k0 = np.zeros(x.shape, np.float32)
    k1 = np.zeros(x.shape, np.float32)
    for column, radius in zip(turn.T.astype(np.float32), radii, strict=True):
        along = (column[0] * x + column[1] * y + column[2] * z) * np.float32(1 / radius)
        square = along * along
        k0 += square
        k1 += square * np.float32(1 / radius**2)
    k0, k1 = np.sqrt(k0), np.sqrt(k1) + np.float32(1e-6)
    return Paint(box, k0 * (k0 - 1) / k1)


def polyline(points: npt.ArrayLike, n: int) -> npt.NDArray[np.float64]:
    """(n, D) points along a Catmull-Rom curve through the given ones (K, D)."""
    p = np.asarray(points, dtype=float)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    u = np.linspace(0, len(p) - 3 - 1e-9, n)
    i, t = np.floor(u).astype(int), (u % 1)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )


def tube(
    grid: Grid,
    points: npt.NDArray[np.float64],
    radii: npt.NDArray[np.float64],
    reach: float = 4.0,
    flatten: tuple[float, float, float] = (1, 1, 1),
) -> Paint:
    """Distance to a string of balls; `points` (N, 3) x, y, z should lie closer than a radius.

    `reach` is how far outside the tube distances are filled in; beyond it they are large.
    `flatten` squeezes the balls along x, y, z (1 = round)."""
    top = float(np.max(radii)) + reach
    box = around(grid, tuple(points.min(0) - top), tuple(points.max(0) + top))
    x, y, z = grid.points(box)
    out = np.full(x.shape, 1e3, np.float32)
    if out.size == 0:
        return Paint(box, out)
    dz, dy, dx = grid.spacing
    z0, y0, x0 = (float(a[s.start]) for a, s in zip((grid.z, grid.y, grid.x), box, strict=True))
    fx, fy, fz = (np.float32(f) for f in flatten)
    for (px, py, pz), r in zip(points, radii, strict=True):
        w = r + reach + 6.0
        spans = [
            slice(max(int((c - w - o) / s), 0), max(int((c + w - o) / s) + 2, 0))
            for c, o, s in ((pz, z0, dz), (py, y0, dy), (px, x0, dx))
        ]
        local = spans[0], spans[1], spans[2]
        part = out[local]
        if part.size == 0:
            continue
        square = (
            ((x[local] - np.float32(px)) * fx) ** 2
            + ((y[local] - np.float32(py)) * fy) ** 2
            + ((z[local] - np.float32(pz)) * fz) ** 2
        )
        np.minimum(part, np.sqrt(square) - np.float32(r), out=part)
    return Paint(box, out)


def tree(
    rng: np.random.Generator,
    start: npt.ArrayLike,
    toward: npt.ArrayLike,
    radius: float,
    length: float,
    generations: int,
    spread: float = 0.55,
) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """A branching tree of vessels: a list of (points (N, 3), radii (N,)), thinning as it goes.

    Each branch forks in two; radii follow Murray's law roughly (cube of parent = sum of cubes)."""
    out: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = []
    stack = [
        (np.asarray(start, float), np.asarray(toward, float), radius, length, generations),
    ]
    while stack:
        p, way, r, long, left = stack.pop()
        way = way / np.linalg.norm(way)
        bend = rng.normal(0, 0.22, 3)
        n = max(int(long / max(r * 0.9, 1.2)), 3)
        t = np.linspace(0, 1, n)[:, None]
        points = p + long * (t * way + 0.5 * t**2 * bend)
        radii = r * (1 - 0.25 * t[:, 0])
        out.append((points, radii))
        if left <= 1:
            continue
        tip = points[-1] - points[-2]
        side = np.cross(tip, rng.normal(0, 1, 3))
        side /= np.linalg.norm(side) + 1e-9
        share = rng.uniform(0.35, 0.65)
        for sign, part in ((1.0, share), (-1.0, 1 - share)):
            turn = tip / np.linalg.norm(tip) + sign * side * spread * rng.uniform(0.6, 1.3)
            stack.append(
                (points[-1], turn, r * part ** (1 / 3), long * rng.uniform(0.65, 0.9), left - 1)
            )
    return out


def smooth_min(a: F32, b: F32, k: float) -> F32:
    """The union of two distances, rounded over `k` mm."""
    h = np.clip(np.float32(0.5) + (b - a) * np.float32(0.5 / k), 0, 1)
    out: F32 = b + (a - b) * h - np.float32(k) * h * (1 - h)
    return out


def smooth_max(a: F32, b: F32, k: float) -> F32:
    """The intersection of two distances, rounded over `k` mm."""
    return -smooth_min(-a, -b, k)


def coverage(distance: F32, soft: float) -> F32:
    """How much of each voxel a shape fills, 0 to 1, its edge blended over `soft` mm."""
    return np.clip(np.float32(0.5) - distance * np.float32(1 / soft), 0, 1)
