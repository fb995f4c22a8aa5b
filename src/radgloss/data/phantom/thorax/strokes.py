"""Curved tubes drawn on a film: bones, large vessels and devices as strokes, small vessels as dust.

A stroke takes its profile across from the distance to the nearest point of its axis, and is
longer along the ray where it runs towards the viewer. Dust is for thousands of fine branches: the
volume of every short piece is dropped on the grid and spread over the tube's own width, which is
what a tube thinner than a few pixels leaves on a film. Shapes: N points."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom.shapes import F32
from radgloss.data.phantom.thorax.view import View
from radgloss.data.phantom.tissues import ATTENUATION as MU

__all__ = ["Profile", "bone", "dust", "solid", "stroke", "wall"]

Profile = Callable[[F32, F32], F32]  # (distance from the axis, radius) -> path or line integral
Points = npt.NDArray[np.float64]
STEEP = 0.4  # a stroke towards the viewer is at most 1 / STEEP times as long along the ray


def solid(gap: F32, r: F32) -> F32:
    """Path through a round tube."""
    return 2 * np.sqrt(np.clip(r**2 - gap**2, 0, None))


def wall(thick: float) -> Profile:
    """Path through the wall of a hollow tube."""

    def profile(gap: F32, r: F32) -> F32:
        return solid(gap, r) - solid(gap, np.maximum(r - np.float32(thick), 0.05))

    return profile


def bone(cortex: float, thick: float) -> Profile:
    """Line integral that a flattened bone adds to soft tissue: a cortical shell round marrow."""
    shell, core = MU["cortical bone"] - MU["soft"], MU["trabecular bone"] - MU["soft"]

    def profile(gap: F32, r: F32) -> F32:
        whole = solid(gap, r) * np.float32(thick) / r
        inner = solid(gap, np.maximum(r - cortex, 0.1)) * np.float32(thick - cortex) / r
        return (whole - inner) * np.float32(shell) + inner * np.float32(core)

    return profile


def stroke(
    view: View,
    canvas: F32,
    points: Points,
    radii: npt.ArrayLike,
    profile: Profile,
    weights: npt.ArrayLike = 1.0,
    steep: float = STEEP,
) -> None:
    """Add one curved tube to the canvas (R, C): `points` (N, 3), radii and weights (N,)."""
    n = len(points)
    flat = view.project(points)
    zoom = view.factor(points[:, view.setup.ray])
    r = np.broadcast_to(np.asarray(radii, float), n) * zoom
    step = np.diff(points, axis=0)
    tilt = np.abs(step[:, view.setup.ray]) / np.maximum(np.linalg.norm(step, axis=1), 1e-6)
    longer = 1 / np.maximum(np.sqrt(np.clip(1 - tilt**2, 0, 1)), steep)
    longer = np.interp(np.arange(n), np.arange(n - 1) + 0.5, longer)
    w = np.broadcast_to(np.asarray(weights, float), n) * longer / zoom
    u0, z0, p = float(view.u[0, 0]), float(view.z[0, 0]), view.pixel
    reach = float(r.max()) + 1.5 * p
    rows, columns = view.shape
    box = _box(flat, reach, u0, z0, p, rows, columns)
    own = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.float32)
    if own.size == 0:
        return
    for i in range(0, n - 1, 4):
        part = slice(i, min(i + 5, n))
        near = float(r[part].max()) + 1.5 * p
        ys, xs = _box(flat[part], near, u0, z0, p, rows, columns)
        target = own[ys.start - box[0].start : ys.stop - box[0].start,
                     xs.start - box[1].start : xs.stop - box[1].start]  # fmt: skip
        if target.size == 0:
            continue
        _segments(view.u[:, xs], view.z[ys], target, flat[part], r[part], w[part], profile)
    canvas[box] += own


def _box(
    flat: Points, reach: float, u0: float, z0: float, p: float, rows: int, columns: int
) -> tuple[slice, slice]:
    r0, r1 = (z0 - flat[:, 1].max() - reach) / p, (z0 - flat[:, 1].min() + reach) / p
    c0, c1 = (flat[:, 0].min() - reach - u0) / p, (flat[:, 0].max() + reach - u0) / p
    ys = slice(min(max(int(r0), 0), rows), min(max(int(r1) + 2, 0), rows))
    return ys, slice(min(max(int(c0), 0), columns), min(max(int(c1) + 2, 0), columns))


def _segments(
    u: F32, z: F32, target: F32, flat: Points, r: Points, w: Points, profile: Profile
) -> None:
    """Join by maximum the profile of a few straight pieces: (R, C) pixels of one small box."""
    f = np.float32
    for a, b, r0, r1, w0, w1 in zip(flat[:-1], flat[1:], r[:-1], r[1:], w[:-1], w[1:], strict=True):
        along = b - a
        square = max(float(along @ along), 1e-6)
        du, dz = u - f(a[0]), z - f(a[1])
        t = np.clip(du * f(along[0] / square) + dz * f(along[1] / square), 0, 1)
        gap = np.hypot(du - t * f(along[0]), dz - t * f(along[1]))
        value = profile(gap, f(r0) + t * f(r1 - r0)) * (f(w0) + t * f(w1 - w0))
        np.maximum(target, value, out=target)


def dust(view: View, parts: Sequence[tuple[Points, Points, Points]]) -> F32:
    """Path (R, C) through many thin tubes: (points (N, 3), radii (N,), lengths (N,)) each.

    A round tube's projected path has variance r²/4 across, so pieces of like radius are spread
    together by a Gaussian of that width."""
    points = np.concatenate([a for a, _, _ in parts])
    r = np.concatenate([b for _, b, _ in parts])
    long = np.concatenate([c for _, _, c in parts])
    flat = view.project(points)
    rows, columns = view.shape
    fx = (flat[:, 0] - float(view.u[0, 0])) / view.pixel
    fy = (float(view.z[0, 0]) - flat[:, 1]) / view.pixel
    inside = (fx > 0) & (fx < columns - 1.01) & (fy > 0) & (fy < rows - 1.01) & (r > 0)
    fx, fy, r, long = fx[inside], fy[inside], r[inside], long[inside]
    volume = np.pi * r**2 * long / view.pixel**2
    bucket = np.clip(np.floor(np.log(r / 0.3) / np.log(1.45)), 0, 8).astype(int)
    x, y = fx.astype(int), fy.astype(int)
    tx, ty = fx - x, fy - y
    out = view.blank()
    for k in np.unique(bucket):
        m = bucket == k
        flatgrid = np.zeros(rows * columns)
        for dy, wy in ((0, 1 - ty[m]), (1, ty[m])):
            for dx, wx in ((0, 1 - tx[m]), (1, tx[m])):
                at = (y[m] + dy) * columns + x[m] + dx
                flatgrid += np.bincount(at, volume[m] * wy * wx, minlength=rows * columns)
        width = max(0.5 * float(np.average(r[m], weights=volume[m])) / view.pixel, 0.3)
        drop = flatgrid.reshape(rows, columns).astype(np.float32)
        out += ndimage.gaussian_filter(drop, width, truncate=3.0)
    return out
