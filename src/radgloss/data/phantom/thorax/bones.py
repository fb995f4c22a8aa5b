"""The skeleton of the chest as curves in space: ribs, spine, sternum, clavicles, scapulae.

Ribs run level behind and fall steeply in front; where a rib is seen edge-on its path is longer,
so the same curves give the frontal and the lateral film. All add to soft tissue: dimensionless
line integrals (R, C)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.shapes import F32, field, polyline
from radgloss.data.phantom.thorax.anatomy import Frame
from radgloss.data.phantom.thorax.forms import SIDES
from radgloss.data.phantom.thorax.strokes import bone, solid, stroke
from radgloss.data.phantom.thorax.view import View

__all__ = ["Rib", "girdle", "rib_curve", "ribs", "spine", "sternum"]

Points = npt.NDArray[np.float64]
Rib = tuple[Points, Points, Points]  # points (N, 3), radii (N,), weights (N,)
STEPS = 44


def rib_curve(base: Frame, side: str, k: int) -> Rib:
    """The k-th rib (1 to 11) of that side, from its head beside the spine to its front end."""
    s = base.s
    rng = base.rng(100 + 20 * (SIDES[side] + 1) + k)
    head = ((4.4 - k) * 23.0 + 12 + (k - 6) ** 2 * 0.18 + float(rng.normal(0, 1.2))) * s
    fall = np.interp(k, (1, 2, 4, 7, 11), (34, 54, 78, 94, 96)) * s
    end = np.interp(k, (1, 6, 8, 10, 11), (0.80, 0.80, 0.76, 0.64, 0.52))
    phi = np.linspace(0.07, float(end), STEPS) * np.pi
    z = head + 3 * s * np.sin(phi) - fall * (phi / np.pi) ** 1.55 / 0.8**1.55
    z += float(rng.normal(0, 0.5)) * np.sin(2 * phi)
    z32 = z.astype(np.float32)
    a = base.half_width(z32) + 3.5 * s
    front, back = base.front(z32) - 3 * s, base.back(z32) + 3 * s
    if k == 1:
        a = np.minimum(a, 62 * s) * np.interp(phi, (0, 1.5, 3), (0.9, 1.0, 0.8))
    x = a * np.abs(np.sin(phi)) ** (2 / 2.3)
    y = (front + back) / 2 + (back - front) / 2 * np.sign(np.cos(phi)) * np.abs(np.cos(phi)) ** (
        2 / 2.3
    )
    ease = np.clip((phi / np.pi - 0.07) / 0.16, 0, 1)  # the head sits on the vertebra
    root = base.spine_y(z32[:1])[0] + 14 * s
    x = (1 - ease) * (21 * s + (x - x[0]) * 0.9) + ease * x
    y = (1 - ease) * (root + (y - y[0]) * 0.9 + 20 * s * (phi - phi[0])) + ease * y
    points = np.column_stack([SIDES[side] * x, y, z])
    points[:, 0] += base.bend(z32) * np.clip(1 - np.abs(x) / (80 * s), 0, 1)
    points[:, 0] -= np.tan(np.radians(base.turn)) * (points[:, 1] - 50 * s) * 0.5
    radii = np.interp(phi / np.pi, (0, 0.12, 0.3, 0.6, 0.8), (4.6, 5.6, 6.6, 6.2, 7.4)) * s
    weights = np.interp(phi / np.pi, (0, 0.1, 0.5, 0.68, 0.8), (0.75, 1.05, 1.0, 0.8, 0.55))
    return points, radii, weights


def ribs(base: Frame, view: View, broken: Sequence[tuple[str, int]] = ()) -> F32:
    """All ribs of both sides but those in `broken`."""
    out = view.blank()
    for side in SIDES:
        for k in range(1, 12):
            if (side, k) not in broken:
                out += one_rib(base, view, rib_curve(base, side, k))
    return out


def one_rib(base: Frame, view: View, rib: Rib) -> F32:
    """One rib drawn: split where it turns back over itself, so both halves add up."""
    points, radii, weights = rib
    s = base.s
    dense = float(np.clip(1.12 - 0.004 * max(base.patient.age - 40, 0), 0.85, 1.2))
    out = view.blank()
    u = points[:, view.setup.across]
    turn = int(np.argmax(np.abs(u))) if view.frontal else len(u)
    z = points[:, 2].astype(np.float32)
    away = points[:, :2].copy()
    away[:, 1] -= (base.front(z) + base.back(z)) / 2
    away[:, 1] *= 1.3
    normal = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    edge = np.abs(normal[:, view.setup.ray])  # 1 face-on, 0 edge-on
    weights = weights / np.maximum(edge, 0.55) * 0.85
    profile = bone(1.05 * s, 4.6 * s)
    for part in (slice(0, turn + 1), slice(turn, len(u))):
        if len(u[part]) > 1:
            stroke(view, out, points[part], radii[part], profile, weights[part], steep=0.95)
    return out * np.float32(0.8 * dense)


# ------------------------------------------------------------------ spine


def _levels(base: Frame) -> list[tuple[float, float, float]]:
    """(middle, height, phase) of every vertebra that a chest film can show, top to bottom."""
    s = base.s
    z, out = 190.0 * s + float(base.rng(7).uniform(-8, 8)), []
    while z > -270 * s:
        pitch = (23.0 - z / s / 55) * s
        out.append((z - pitch / 2, pitch, 0.0))
        z -= pitch
    return out


def spine(base: Frame, view: View) -> F32:
    """Vertebral bodies with end plates, pedicles, processes; discs stay dark between them."""
    return _spine_frontal(base, view) if view.frontal else _spine_lateral(base, view)


def _soft(d: F32, edge: float = 1.6) -> F32:
    return np.clip(0.5 - d / np.float32(edge), 0, 1)


def _rows(view: View, gz: F32, middle: float, half: float) -> slice:
    step = float(gz[0, 0] - gz[1, 0])
    low = int((float(gz[0, 0]) - middle - half) / step) - 1
    return slice(max(low, 0), max(low + int(2 * half / step) + 3, 0))


def _dense(base: Frame) -> np.float32:
    return np.float32(np.clip(1.15 - 0.005 * max(base.patient.age - 40, 0), 0.8, 1.2))


def _spine_frontal(base: Frame, view: View) -> F32:
    s, out = base.s, view.blank()
    gu, gz = view.grid(60 * s)
    band = np.flatnonzero(np.abs(gu[0]) < 80 * s)
    columns = slice(int(band[0]), int(band[-1]) + 1)
    turn = np.tan(np.radians(base.turn))
    grain = field(base.rng(8), view.shape, (view.pixel, view.pixel), 4.0)
    for middle, pitch, _ in _levels(base):
        rows = _rows(view, gz, middle, 0.75 * pitch)
        z = gz[rows] - np.float32(middle)
        if len(z) == 0:
            continue
        x = gu[:, columns] - base.bend(gz[rows])
        half = (17.0 - middle / s / 36) * s
        tall = 0.42 * pitch
        waist = half * (1 - 0.1 * np.cos(z / tall * np.pi / 2) ** 2)
        body = np.maximum(np.abs(x) - waist, np.abs(z) - tall)
        plates = np.maximum(np.abs(np.abs(z) - tall + 0.8) - 1.0, np.abs(x) - waist)
        ovals = np.hypot((np.abs(x) - half * 0.66) / (3.6 * s), (z - 0.14 * pitch) / (5.0 * s))
        ring = np.exp(-(((ovals - 1) / 0.3) ** 2))
        spike = np.hypot((x + turn * 40 * s) / (3.4 * s), (z + 0.36 * pitch) / (7.0 * s))
        wings = np.maximum(
            np.abs(z - 0.14 * pitch - 0.12 * np.abs(x)) - 4.2 * s, np.abs(x) - half - 16 * s
        )
        wings = np.maximum(wings, half * 0.7 - np.abs(x))
        out[rows, columns] += (
            _soft(body, 2.0) * (0.17 + 0.02 * grain[rows, columns])
            + _soft(plates) * 0.08
            + ring * 0.08
            + _soft((spike - 1) * 4) * 0.09
            + _soft(wings, 2.0) * 0.06
        )
    return out * _dense(base)


def _spine_lateral(base: Frame, view: View) -> F32:
    s, out = base.s, view.blank()
    gu, gz = view.grid(0.0)
    grain = field(base.rng(8), view.shape, (view.pixel, view.pixel), 4.0)
    for middle, pitch, _ in _levels(base):
        at = np.array([middle - pitch, middle, middle + pitch], np.float32)
        y0, y1, y2 = (float(v) for v in base.spine_y(at))
        lean = (y2 - y0) / (2 * pitch)
        rows = _rows(view, gz, middle, 1.5 * pitch)
        z = gz[rows] - np.float32(middle)
        band = np.flatnonzero(np.abs(gu[0] - y1 - 20 * s) < 62 * s)
        if len(z) == 0 or len(band) == 0:
            continue
        columns = slice(int(band[0]), int(band[-1]) + 1)
        y = gu[:, columns] - np.float32(y1)
        c = np.float32(1 / np.hypot(1, lean))
        along, across = (z + y * lean * -1 + 0) * c, (y - z * np.float32(lean)) * c
        along = (z + y * np.float32(lean)) * c
        half, tall = (13.0 - middle / s / 45) * s, 0.42 * pitch
        waist = half * (1 - 0.12 * np.cos(np.clip(along / tall, -1, 1) * np.pi / 2) ** 2)
        body = np.maximum(np.abs(across) - waist, np.abs(along) - tall)
        plates = np.maximum(np.abs(np.abs(along) - tall + 0.8) - 1.0, np.abs(across) - waist)
        rims = np.maximum(np.abs(np.abs(across) - waist + 0.6) - 0.9, np.abs(along) - tall)
        arch = np.maximum(  # pedicles and articular masses
            np.abs(along - 0.12 * pitch) - 6.0 * s, np.abs(across - half - 11 * s) - 12 * s
        )
        sink = across - half - 18 * s  # spinous processes point down and back
        process = np.maximum(
            np.abs(along - 0.05 * pitch + 0.75 * sink) - 4.0 * s, np.abs(sink - 13 * s) - 17 * s
        )
        out[rows, columns] += (
            _soft(body, 2.0) * (0.20 + 0.02 * grain[rows, columns])
            + _soft(plates) * 0.10
            + _soft(rims) * 0.08
            + _soft(arch, 4.0) * 0.13
            + _soft(process, 4.0) * 0.10
        )
    return out * _dense(base)


# ------------------------------------------------------------------ sternum and shoulder girdle


def sternum(base: Frame, view: View) -> F32:
    """A plate in front: a bright edge on a lateral film, nearly nothing on a frontal one."""
    s, out = base.s, view.blank()
    z = np.linspace(58, -92, 34) * s
    y = base.front(z.astype(np.float32)) - 7 * s
    points = np.column_stack([np.zeros(34), y, z])
    points = base.placed(points / s)
    gap = np.abs(np.linspace(58, -92, 34) - 12) < 2.5  # between manubrium and body
    weights = np.where(gap, 0.35, 1.0)
    if view.frontal:
        wide = np.interp(z / s, (-92, -60, 0, 20, 58), (9, 17, 15, 16, 24)) * s
        stroke(view, out, points, wide, lambda g, r: solid(g, r) / r * np.float32(0.016), weights)
        return out
    stroke(view, out, points, np.full(34, 5.2 * s), bone(1.1 * s, 26 * s), weights * 0.62, 0.95)
    return out


CLAVICLE = np.array(
    [(16, -46, 80), (45, -50, 89), (90, -18, 102), (128, 16, 109), (150, 26, 111)], float
)
SCAPULA = {  # lower tip, glenoid, inner corner, acromion; arms turned out for PA, hanging for AP
    "PA": ((140, 92, -24), (160, 40, 84), (116, 90, 92), (168, 30, 108)),
    "AP": ((124, 98, -20), (158, 44, 80), (84, 88, 92), (166, 32, 106)),
    "lateral": ((126, 82, 2), (146, 28, 102), (106, 86, 84), (150, 14, 120)),
}


def girdle(base: Frame, view: View) -> F32:
    """Clavicles, scapulae and the heads of the arms, as the arms are held for that view."""
    s, out = base.s, view.blank()
    rng = base.rng(9)
    for side in SIDES.values():
        raised, shift = float(rng.normal(0, 4)), float(rng.normal(0, 5))
        flip = np.array([side, 1.0, 1.0])
        lift = np.interp(np.abs(CLAVICLE[:, 0]), (16, 90, 150), (0, raised, raised))
        beam = 8.0 if view.name == "AP" else 0.0  # the tube is angled less steeply
        points = (CLAVICLE + np.column_stack([0 * lift, 0 * lift, lift + beam])) * flip
        line = polyline(base.placed(points), 40)
        r = np.interp(np.linspace(0, 1, 40), (0, 0.15, 0.6, 1), (8, 6, 5.2, 6.5)) * s
        dim = 1.0 if view.frontal else 0.35
        stroke(view, out, line, r, bone(1.3 * s, 5.5 * s), dim)
        tip, glenoid, corner, acromion = (
            np.array(p, float) * flip + np.array([side * shift, 0, 0]) for p in SCAPULA[view.name]
        )
        corners = base.placed([tip, glenoid, corner])
        out += _blade(view, corners) * np.float32(0.055 if view.frontal else 0.03)
        for a, b, r0, r1 in (
            (tip, glenoid, 3.2, 6.0), (tip, corner, 2.2, 2.2), (corner, acromion, 3.2, 6.5),
        ):  # fmt: skip
            edge = polyline(base.placed([a, b]), 18)
            stroke(view, out, edge, np.linspace(r0, r1, 18) * s, bone(1.1 * s, 4 * s), 0.8 * dim)
        if view.frontal:
            out += _arm(base, view, side, shift, raised)
    return out


def _arm(base: Frame, view: View, side: int, shift: float, raised: float) -> F32:
    s, out = base.s, view.blank()
    head = np.array([[side * (186 + shift * 0.5), 40, 90 + raised], [side * 190, 40, 82 + raised]])
    shell = bone(1.6 * s, 40 * s)
    stroke(view, out, head * s, np.full(2, 24 * s), shell, 0.55)
    shaft = [(side * (192 + shift * 0.5), 40, 78 + raised), (side * (216 + shift * 0.5), 44, -80)]
    stroke(
        view, out, polyline(np.array(shaft) * s, 24), np.linspace(15, 12, 24) * s,
        bone(3.5 * s, 20 * s), 0.8,
    )  # fmt: skip
    return out


def _blade(view: View, corners: Points) -> F32:
    """Coverage (R, C) of the thin plate of a scapula."""
    flat = view.project(corners)
    middle = flat.mean(0)
    inside = np.full(view.shape, -1e4, np.float32)
    for i in range(3):
        a, b = flat[i], flat[(i + 1) % 3]
        normal = np.array([-(b - a)[1], (b - a)[0]]) / max(float(np.linalg.norm(b - a)), 1e-6)
        if normal @ (middle - a) > 0:
            normal = -normal
        d = (view.u - np.float32(a[0])) * np.float32(normal[0])
        inside = np.maximum(inside, d + (view.z - np.float32(a[1])) * np.float32(normal[1]))
    return np.clip(0.5 - inside / 2, 0, 1)
