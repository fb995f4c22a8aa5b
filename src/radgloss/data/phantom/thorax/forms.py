"""Closed forms of three dimensions, and the interval that each cuts from a ray.

Constructive solid geometry along parallel rays: every form gives where a ray enters and leaves
it, for all pixels at once, along x or along y; what is empty starts at +FAR and ends at -FAR.
`contains` tells the same form point by point. Shapes: R rows · C columns · N points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from radgloss.data.phantom.shapes import F32
from radgloss.data.phantom.thorax.view import View

__all__ = [
    "FAR", "SIDES", "Cavity", "Column", "Curve", "Dome", "Ellipsoid", "Interval", "Plane",
    "clipped", "curve", "free", "hull", "length", "ordered",
]  # fmt: skip

FAR = np.float32(1e4)
SIDES = {"right": -1, "left": 1}
Interval = tuple[F32, F32]  # (R, C) each
Curve = Callable[[F32], F32]
Points = npt.NDArray[np.float64]  # (N, 3)


def curve(points: Mapping[float, float], scale: float = 1.0) -> Curve:
    """A smooth function through (height: value) pairs, both times `scale`; constant beyond."""
    z = np.array(sorted(points)) * scale
    if len(z) == 1:
        only = np.float32(points[next(iter(points))] * scale)
        return lambda at: np.full_like(at, only, dtype=np.float32)
    shape = PchipInterpolator(z, np.array([points[k] for k in sorted(points)]) * scale)
    return lambda at: shape(np.clip(at, z[0], z[-1])).astype(np.float32)


def _interval(middle: F32 | np.float32, half: F32, inside: npt.NDArray[np.bool_]) -> Interval:
    return np.where(inside, middle - half, FAR), np.where(inside, middle + half, -FAR)


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """center (3,), radii (3,) along its own axes, `turn` (3, 3) from its axes to the body's."""

    center: npt.NDArray[np.float64]
    radii: npt.NDArray[np.float64]
    turn: npt.NDArray[np.float64]

    @property
    def form(self) -> npt.NDArray[np.float64]:
        """(3, 3) A such that p' A p = 1 on the surface, p from the center."""
        return (self.turn / self.radii**2) @ self.turn.T

    @property
    def extent(self) -> npt.NDArray[np.float64]:
        """Half its size along each body axis."""
        return np.sqrt(((self.turn * self.radii) ** 2).sum(1))

    def along(self, view: View) -> Interval:
        t, u = view.setup.ray, view.setup.across
        gu, gz = view.grid(float(self.center[t]))
        A = self.form.astype(np.float32)
        du, dz = gu - np.float32(self.center[u]), gz - np.float32(self.center[2])
        b = A[t, u] * du + A[t, 2] * dz
        c = A[u, u] * du**2 + 2 * A[u, 2] * du * dz + A[2, 2] * dz**2 - 1
        under = b * b - A[t, t] * c
        half = np.sqrt(np.maximum(under, 0)) / A[t, t]
        return _interval(np.float32(self.center[t]) - b / A[t, t], half, under > 0)

    def contains(self, p: Points) -> npt.NDArray[np.bool_]:
        d = p - self.center
        return np.einsum("ni,ij,nj->n", d, self.form, d) <= 1


@dataclass(frozen=True, eq=False)
class Column:
    """An upright column of elliptical section: centre (x, y) and half axes by height."""

    x: Curve
    y: Curve
    rx: Curve
    ry: Curve
    power: float = 2.0
    depth: tuple[float, float] = (0.0, 0.0)  # its place along x and along y, for its enlargement

    def along(self, view: View) -> Interval:
        gu, gz = view.grid(self.depth[view.setup.ray])
        at = (self.x, self.rx), (self.y, self.ry)
        (cu, ru), (ct, rt) = at[view.setup.across], at[view.setup.ray]
        q = np.abs((gu - cu(gz)) / np.maximum(ru(gz), 1e-3))
        half = rt(gz) * np.sqrt(np.clip(1 - q**self.power, 0, None))
        return _interval(ct(gz), half, q < 1)

    def contains(self, p: Points) -> npt.NDArray[np.bool_]:
        z = p[:, 2].astype(np.float32)
        q = np.abs((p[:, 0] - self.x(z)) / np.maximum(self.rx(z), 1e-3)) ** self.power
        return q + ((p[:, 1] - self.y(z)) / np.maximum(self.ry(z), 1e-3)) ** 2 <= 1


def _none(z: F32) -> F32:
    return np.zeros_like(z)


@dataclass(frozen=True, eq=False)
class Cavity:
    """One side of the thoracic cage's inside: half a rounded oval at every height.

    inset draws its wall inwards and lift lowers its apex, millimetres by height."""

    side: str
    half_width: Curve
    front: Curve
    back: Curve
    inset: Curve = _none
    lift: Curve = _none
    power: float = 2.3

    def section(self, z: F32) -> tuple[F32, F32, F32]:
        """Half width, middle and half depth by height."""
        up = z + self.lift(z)
        inset = self.inset(z)
        front = self.front(up) + np.float32(0.4) * inset
        back = self.back(up) - np.float32(0.4) * inset
        half = np.maximum((back - front) / 2, 0)
        width = np.maximum(self.half_width(up) - inset, 1)
        return width, ((front + back) / 2).astype(np.float32), half.astype(np.float32)

    @property
    def _middle(self) -> float:
        return SIDES[self.side] * 60.0

    def along(self, view: View) -> Interval:
        gu, gz = view.grid(0.0 if view.frontal else self._middle)
        a, c, b = self.section(gz)
        p = np.float32(self.power)
        if view.frontal:
            q = np.where(SIDES[self.side] * gu > 0, np.clip(np.abs(gu) / a, 0, 1), 1)
            return _interval(c, b * (1 - q**p) ** np.float32(1 / p), q < 1)
        q = np.clip(np.abs(gu - c) / np.maximum(b, 1e-3), 0, 1)
        out = np.where(q < 1, a * (1 - q**p) ** np.float32(1 / p), -FAR)
        zero = np.where(q < 1, np.float32(0), FAR)
        return (zero, out) if self.side == "left" else (np.where(q < 1, -out, FAR), -zero)

    def contains(self, p: Points, margin: float = 0.0) -> npt.NDArray[np.bool_]:
        z = p[:, 2].astype(np.float32)
        a, c, b = self.section(z)
        q = (np.abs(p[:, 0]) / np.maximum(a - margin, 1e-3)) ** self.power
        q += (np.abs(p[:, 1] - c) / np.maximum(b - margin, 1e-3)) ** self.power
        return (q < 1) & (SIDES[self.side] * p[:, 0] > 0)

    def collapsed(self, inset: Curve, lift: Curve) -> Cavity:
        return replace(self, inset=inset, lift=lift)


@dataclass(frozen=True, eq=False)
class Dome:
    """A hemidiaphragm and all below it: height falls from (cx, cy) by powers of the distance.

    fall: drop in mm at `reach` mm inwards, outwards, forwards and backwards."""

    side: str
    top: float
    cx: float  # millimetres from the midline
    cy: float
    fall: tuple[float, float, float, float]
    reach: tuple[float, float, float, float]
    ripple: Curve = _none  # unevenness, by distance along the plane

    def lowered(self, by: float, flatter: float = 0.0) -> Dome:
        """The same dome `by` mm lower; `flatter` mm less of a fall at its edges."""
        fall = tuple(max(f - flatter, 2.0) for f in self.fall)
        return replace(self, top=self.top - by, fall=fall)  # type: ignore[arg-type]

    def _drop(self, d: F32, low: int, high: int) -> F32:
        k_low = np.float32(self.fall[low] / self.reach[low] ** 2.2)
        k_high = np.float32(self.fall[high] / self.reach[high] ** 2.2)
        return np.where(d < 0, k_low, k_high) * np.abs(d) ** np.float32(2.2)

    def height(self, x: F32, y: F32) -> F32:
        out = SIDES[self.side] * x - np.float32(self.cx)
        drop = self._drop(out, 0, 1) + self._drop(y - np.float32(self.cy), 2, 3)
        return (np.float32(self.top) - drop).astype(np.float32)

    def along(self, view: View) -> Interval:
        gu, gz = view.grid(0.0 if view.frontal else SIDES[self.side] * self.cx)
        if view.frontal:
            left = np.float32(self.top) - self._drop(SIDES[self.side] * gu - self.cx, 0, 1)
            low, high, middle = 2, 3, self.cy
        else:
            left = np.float32(self.top) - self._drop(gu - np.float32(self.cy), 2, 3)
            low, high, middle = 0, 1, self.cx
        room = left + self.ripple(gu) - gz

        def way(i: int) -> F32:
            k = np.float32(self.reach[i] ** 2.2 / self.fall[i])
            return (np.clip(room, 0, None) * k) ** np.float32(1 / 2.2)

        start: F32 = np.where(room > 0, np.float32(middle) - way(low), FAR)
        end: F32 = np.where(room > 0, np.float32(middle) + way(high), -FAR)
        if not view.frontal and self.side == "right":
            start, end = np.where(room > 0, -end, FAR), np.where(room > 0, -start, -FAR)
        return start.astype(np.float32), end.astype(np.float32)

    def contains(self, p: Points, margin: float = 0.0) -> npt.NDArray[np.bool_]:
        at = self.height(p[:, 0].astype(np.float32), p[:, 1].astype(np.float32))
        return p[:, 2] < at + margin


@dataclass(frozen=True, eq=False)
class Plane:
    """The half of space where normal · p <= offset."""

    normal: tuple[float, float, float]
    offset: float

    def along(self, view: View) -> Interval:
        t, u = view.setup.ray, view.setup.across
        gu, gz = view.grid(0.0)
        n = self.normal
        rest = np.float32(self.offset) - np.float32(n[u]) * gu - np.float32(n[2]) * gz
        if abs(n[t]) < 1e-6:
            inside = rest >= 0
            end = np.where(inside, FAR, -FAR).astype(np.float32)
            return -end, end
        at: F32 = (rest / np.float32(n[t])).astype(np.float32)
        whole = np.full_like(at, FAR)
        return (-whole, at) if n[t] > 0 else (at, whole)

    def contains(self, p: Points) -> npt.NDArray[np.bool_]:
        return p @ np.array(self.normal) <= self.offset


def length(interval: Interval) -> F32:
    """Millimetres of every ray inside."""
    return np.clip(interval[1] - interval[0], 0, None)


def clipped(*intervals: Interval) -> Interval:
    """Where all of them overlap."""
    start = np.maximum.reduce([a for a, _ in intervals])
    return start, np.minimum.reduce([b for _, b in intervals])


def hull(intervals: Sequence[Interval]) -> Interval:
    """One interval over several that overlap: parts of one organ."""
    start = np.minimum.reduce([a for a, _ in intervals])
    return start, np.maximum.reduce([b for _, b in intervals])


def ordered(intervals: Sequence[Interval]) -> list[Interval]:
    """The same intervals, sorted along every ray by where they start."""
    starts = np.stack([a for a, _ in intervals])
    ends = np.stack([b for _, b in intervals])
    for i in range(1, len(starts)):  # insertion by exchanges: few intervals, many rays
        for j in range(i, 0, -1):
            swap = starts[j] < starts[j - 1]
            if not swap.any():
                break
            for rows in (starts, ends):
                low = np.where(swap, rows[j], rows[j - 1])
                rows[j] = np.where(swap, rows[j - 1], rows[j])
                rows[j - 1] = low
    return list(zip(starts, ends, strict=True))


def free(room: Interval, blocks: Sequence[Interval]) -> F32:
    """Millimetres of `room` that no block fills; blocks are ordered: (R, C)."""
    front, back = room
    reach = front.copy()
    solid = np.zeros_like(front)
    for start, end in blocks:
        end = np.minimum(end, back)
        solid += np.clip(end - np.maximum(start, reach), 0, None)
        np.maximum(reach, end, out=reach)
    return np.clip(back - front - solid, 0, None)
