"""Shapes that are the same on every grid: noise tied to the body, tubes, balls, coarse lattices.

`shapes.field` draws its knots for one grid; here knots come from a hash of their place in the body,
so that a patient looks the same in thick and thin slices, on CT and on MR. Tubes and balls are
measured in true millimetres (never through the warp), which keeps vessels round, lesions at
their stated size, and the arithmetic on three short axes instead of three volumes.
Shapes: Z frames · Y rows · X columns · N segments; distances are negative inside; axes are LPS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.shapes import F32, Box, Grid, Paint, around

__all__ = [
    "FAR",
    "Segments",
    "ball",
    "box_between",
    "join",
    "noise",
    "path",
    "sample",
    "tube",
    "tube_along",
    "upsample",
    "windowed",
]

Points = npt.NDArray[np.float64]
FAR = np.float32(1e3)  # the distance where nothing was measured
_PRIMES = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], np.uint32)


def _knots(indices: Sequence[npt.NDArray[np.int64]], seed: int) -> F32:
    """A normal number for each lattice place, from a hash of its indices: the same everywhere."""
    z, y, x = (i.astype(np.uint32) * p for i, p in zip(indices, _PRIMES, strict=True))
    h = z[:, None, None] ^ y[None, :, None] ^ x[None, None, :] ^ np.uint32(seed & 0xFFFFFFFF)
    h ^= h >> 16
    h *= np.uint32(0x7FEB352D)  # lowbias32, a public-domain integer mixer
    h ^= h >> 15
    h *= np.uint32(0x846CA68B)
    h ^= h >> 16
    total = (h & 255).astype(np.float32)
    for shift in (8, 16, 24):
        total += (h >> shift) & 255
    return (total - np.float32(510)) * np.float32(1 / 147.8)  # four bytes: nearly normal


def _spline(axis: F32, scale: float) -> tuple[npt.NDArray[np.int64], F32]:
    """Lattice indices that matter for an axis, and the cubic B-spline weights (n, knots)."""
    u = axis.astype(np.float64) / scale
    first, last = int(np.floor(u[0])) - 1, int(np.floor(u[-1])) + 2
    index = np.arange(first, last + 1)
    t = np.abs(u[:, None] - index[None])
    weights = np.where(t < 1, 2 / 3 - t**2 + t**3 / 2, np.clip(2 - t, 0, None) ** 3 / 6)
    return index, weights.astype(np.float32)


def _spread(knots: F32, bases: Sequence[F32]) -> F32:
    """(kz, ky, kx) knots and (n, k) weights of each axis → (Z, Y, X), last axis last."""
    bz, by, bx = bases
    out = knots @ bx.T  # (kz, ky, X)
    out = by @ out  # (kz, Y, X)
    flat = bz @ out.reshape(len(out), -1)
    return flat.reshape(len(bz), len(by), len(bx))


def noise(grid: Grid, box: Box, seed: int, scale: float) -> F32:
    """Smooth noise of unit deviation in a box, with bumps about `scale` mm wide."""
    axes = (grid.z[box[0]], grid.y[box[1]], grid.x[box[2]])
    if min(len(a) for a in axes) == 0:
        return np.zeros(tuple(len(a) for a in axes), np.float32)
    parts = [_spline(a, scale) for a in axes]
    knots = _knots([i for i, _ in parts], seed) * np.float32(1 / 0.479**1.5)
    return _spread(knots, [w for _, w in parts])


def _linear(axis: F32, coarse: F32) -> F32:
    """(n, m) weights that interpolate linearly from a coarse axis."""
    step = coarse[1] - coarse[0]
    u = np.clip((axis - coarse[0]) / step, 0, len(coarse) - 1.001)
    t = np.abs(u[:, None] - np.arange(len(coarse))[None])
    return np.clip(1 - t, 0, 1).astype(np.float32)


def upsample(values: F32, coarse: Grid, grid: Grid) -> F32:
    """A smooth quantity known on a coarse grid → the fine one, by linear interpolation."""
    pairs = zip((grid.z, grid.y, grid.x), (coarse.z, coarse.y, coarse.x), strict=True)
    return _spread(values, [_linear(a, c) for a, c in pairs])


def sample(values: F32, coarse: Grid, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Several such quantities (Z, Y, X, C) at scattered points (N, 3) x, y, z → (N, C)."""
    p = np.atleast_2d(np.asarray(points, dtype=float))
    index, part = [], []
    for axis, q in zip((coarse.z, coarse.y, coarse.x), (p[:, 2], p[:, 1], p[:, 0]), strict=True):
        u = (q - float(axis[0])) / float(axis[1] - axis[0])
        u = np.minimum(np.maximum(u, 0), len(axis) - 1.001)
        low = u.astype(int)
        index.append(low)
        part.append((u - low)[:, None])
    (z, y, x), (c, b, a) = index, part
    planes = []
    for k in (z, z + 1):
        rows = [(1 - a) * values[k, j, x] + a * values[k, j, x + 1] for j in (y, y + 1)]
        planes.append((1 - b) * rows[0] + b * rows[1])
    out: npt.NDArray[np.float64] = (1 - c) * planes[0] + c * planes[1]
    return out


# ------------------------------------------------------------------ tubes and balls


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight pieces with a radius at either end, in true millimetres.

    a, b: (N, 3) x, y, z. ra, rb: (N,). along: (N, 2) any number that runs along the tube."""

    a: Points
    b: Points
    ra: npt.NDArray[np.float64]
    rb: npt.NDArray[np.float64]
    along: npt.NDArray[np.float64]


def path(points: Points, radii: npt.ArrayLike) -> Segments:
    """The pieces of one curve (N, 3) with radii (N,) or one for all."""
    r = np.broadcast_to(np.asarray(radii, dtype=float), (len(points),))
    u = np.linspace(0, 1, len(points))
    along = np.column_stack([u[:-1], u[1:]])
    return Segments(points[:-1], points[1:], r[:-1], r[1:], along)


def join(parts: Sequence[Segments]) -> Segments:
    """Several curves as one shape."""
    return Segments(
        np.concatenate([p.a for p in parts]),
        np.concatenate([p.b for p in parts]),
        np.concatenate([p.ra for p in parts]),
        np.concatenate([p.rb for p in parts]),
        np.concatenate([p.along for p in parts]),
    )


def box_between(grid: Grid, low: npt.ArrayLike, high: npt.ArrayLike, slack: float = 0.0) -> Box:
    """The box of voxels between two corners x, y, z in true millimetres."""
    a, b = np.asarray(low, float), np.asarray(high, float)
    return around(grid, (a[0], a[1], a[2]), (b[0], b[1], b[2]), slack)


def tube(
    grid: Grid,
    segments: Segments,
    reach: float = 3.0,
    squeeze: tuple[float, float, float] = (1, 1, 1),
    box: Box | None = None,
) -> Paint:
    """Distance to cones with round ends; it is true up to `reach` outside, and may be FAR beyond.

    `squeeze` flattens the tube along x, y, z (1 is round)."""
    box, distance = _sweep(grid, segments, reach, squeeze, box, None)
    return Paint(box, distance)


def tube_along(grid: Grid, segments: Segments, reach: float = 3.0) -> tuple[Paint, F32]:
    """The same, and for each voxel the `along` of the nearest piece."""
    along: list[F32] = []
    box, distance = _sweep(grid, segments, reach, (1, 1, 1), None, along)
    return Paint(box, distance), along[0]


def _sweep(
    grid: Grid,
    segments: Segments,
    reach: float,
    squeeze: tuple[float, float, float],
    box: Box | None,
    track: list[F32] | None,
) -> tuple[Box, F32]:
    """Distances piece by piece, each in its own window; `track` receives the nearest `along`."""
    room = np.maximum(segments.ra, segments.rb) + reach
    flat = np.array(squeeze, dtype=float)
    low = np.minimum(segments.a, segments.b) - room[:, None] / np.minimum(flat, 1)
    high = np.maximum(segments.a, segments.b) + room[:, None] / np.minimum(flat, 1)
    if box is None:
        box = box_between(grid, low.min(0), high.max(0))
    axes = [grid.z[box[0]], grid.y[box[1]], grid.x[box[2]]]
    out = np.full(tuple(len(a) for a in axes), FAR, np.float32)
    along = np.zeros(out.shape if track is not None else (0, 0, 0), np.float32)
    if track is not None:
        track.append(along)
    starts = [np.searchsorted(a, low[:, 2 - i]) for i, a in enumerate(axes)]
    stops = [np.searchsorted(a, high[:, 2 - i], "right") for i, a in enumerate(axes)]
    z, y, x = (a * np.float32(f) for a, f in zip(axes, flat[::-1], strict=True))
    begins, ways = segments.a * flat, (segments.b - segments.a) * flat
    lengths = np.maximum((ways**2).sum(1), 1e-6)
    for n in range(len(begins)):
        spans = tuple(slice(int(a[n]), int(b[n])) for a, b in zip(starts, stops, strict=True))
        part = out[spans]
        if part.size == 0:
            continue
        a, d, length = begins[n], ways[n], lengths[n]
        qx = (x[spans[2]] - np.float32(a[0]))[None, None, :]
        qy = (y[spans[1]] - np.float32(a[1]))[None, :, None]
        qz = (z[spans[0]] - np.float32(a[2]))[:, None, None]
        dot = (qx * np.float32(d[0]) + qy * np.float32(d[1])) + qz * np.float32(d[2])
        t = np.minimum(np.maximum(dot * np.float32(1 / length), 0), 1)
        square = (qx * qx + qy * qy) + qz * qz
        square -= t * (2 * dot - t * np.float32(length))
        ra, rb = segments.ra[n], segments.rb[n]
        here = np.sqrt(np.maximum(square, 0)) - (np.float32(ra) + t * np.float32(rb - ra))
        if track is not None:
            u0, u1 = segments.along[n]
            np.copyto(along[spans], np.float32(u0) + t * np.float32(u1 - u0), where=here < part)
        np.minimum(part, here, out=part)
    return box, out


def ball(
    grid: Grid,
    center: npt.ArrayLike,
    radii: npt.ArrayLike,
    turn: npt.NDArray[np.float64] | None = None,
    slack: float = 4.0,
    box: Box | None = None,
    shift_z: float = 0.0,
) -> Paint:
    """Distance to an ellipsoid in true millimetres, first order near its surface."""
    c = np.asarray(center, dtype=float) + np.array([0, 0, shift_z])
    r = np.broadcast_to(np.asarray(radii, dtype=float), (3,))
    turn = np.eye(3) if turn is None else turn
    if box is None:
        extent = np.sqrt(((turn * r) ** 2).sum(1))
        box = box_between(grid, c - extent, c + extent, slack)
    x = (grid.x[box[2]] - np.float32(c[0]))[None, None, :]
    y = (grid.y[box[1]] - np.float32(c[1]))[None, :, None]
    z = (grid.z[box[0]] - np.float32(c[2]))[:, None, None]
    k0 = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), np.float32)
    k1 = np.zeros_like(k0)
    for column, radius in zip(turn.T.astype(np.float32), r, strict=True):
        way = (column[0] * x + column[1] * y + column[2] * z) * np.float32(1 / radius)
        square = way * way
        k0 += square
        k1 += square * np.float32(1 / radius**2)
    k0, k1 = np.sqrt(k0), np.sqrt(k1) + np.float32(1e-6)
    return Paint(box, k0 * (k0 - 1) / k1)


def windowed(whole: Paint, box: Box, outside: float = float(FAR)) -> F32:
    """A shape's distance on another box of the same grid; `outside` where it was not measured."""
    shape = tuple(s.stop - s.start for s in box)
    out = np.full(shape, outside, np.float32)
    here, there = [], []
    for a, b in zip(box, whole.box, strict=True):
        low, high = max(a.start, b.start), min(a.stop, b.stop)
        if high <= low:
            return out
        here.append(slice(low - a.start, high - a.start))
        there.append(slice(low - b.start, high - b.start))
    out[tuple(here)] = whole.distance[tuple(there)]
    return out
