"""Soft tissue outside the lungs: trunk, fat, breasts, raised arms, and gas below the diaphragm.

Shapes: R rows · C columns; a path is millimetres along the ray."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from radgloss.data.phantom.shapes import F32, field, rotation
from radgloss.data.phantom.thorax.anatomy import Body, Frame
from radgloss.data.phantom.thorax.forms import (
    SIDES,
    Curve,
    Ellipsoid,
    clipped,
    curve,
    length,
)
from radgloss.data.phantom.thorax.view import View

__all__ = ["belly_gas", "free_air", "trunk"]

POWER = np.float32(2.3)  # of the trunk's rounded section


def skin(base: Frame, view: View) -> tuple[Callable[[F32], F32], Curve, Curve]:
    """Half width, front and back of the trunk by height, as the arms are held for that view."""
    s, o, plump = base.s, base.outer, base.plump
    arms = {"PA": 10.0, "AP": 14.0, "lateral": 0.0}[view.name]
    hang = {"PA": 1.0, "AP": 0.85, "lateral": 0.0}[view.name]
    width = curve(
        {
            -240 * s: o * 0.97, -120 * s: o, -30 * s: o + 0.2 * arms, 30 * s: o + arms,
            60 * s: o + 24 * hang, 92 * s: o + 34 * hang - 8 * (1 - hang),
            108 * s: o + 14 * hang - 16 * (1 - hang), 122 * s: o - 34 - 10 * (1 - hang),
            136 * s: o * 0.55, 152 * s: 66 * s + plump, 170 * s: 56 * s + plump,
            210 * s: 54 * s + plump,
        }
    )  # fmt: skip
    front: dict[float, float] = {-240: -112, -140: -114, -90: -113, -40: -106, 10: -93, 50: -75,
             80: -60, 105: -44, 125: -34, 150: -36, 210: -42}  # fmt: skip
    back: dict[float, float] = {-240: 116, -100: 124, -20: 128, 40: 124, 80: 112, 110: 98,
            130: 84, 150: 72, 210: 62}  # fmt: skip
    fat = curve({-240: 1.6 * plump, 20: 1.0 * plump, 90: 0.5 * plump, 210: 0.4 * plump})
    thin, thick = curve(front, s), curve(back, s)
    return width, lambda z: thin(z) - fat(z), lambda z: thick(z) + 0.8 * fat(z)


def trunk(base: Frame, view: View) -> tuple[F32, F32]:
    """Paths (R, C) through the whole trunk, breasts and arms included, and through its fat."""
    width, front, back = skin(base, view)
    gu, gz = view.grid(0.0)
    uneven = field(base.rng(1), (len(gz), 1), (view.pixel, 1.0), 60.0) * np.float32(1.5)
    a, f, b = width(gz) + uneven, front(gz) + 0.5 * uneven, back(gz) + 0.5 * uneven
    c, d = (f + b) / 2, (b - f) / 2
    rind = np.float32(4 + 1.5 * base.plump)

    def path(shrink: np.float32 | float) -> F32:
        across, along = np.maximum(a - shrink, 5), np.maximum(d - 0.8 * shrink, 5)
        if not view.frontal:
            across, along = along, across
        q = np.clip(np.abs(gu - (0 if view.frontal else c)) / across, 0, 1)
        out = 2 * along * (1 - q**POWER) ** (1 / POWER)
        return out.astype(np.float32)

    whole = path(0.0)
    fat = whole - path(rind)
    if not view.frontal:
        arms = _arms(base, view)
        whole, fat = whole + arms, fat + 0.35 * arms
    if base.patient.sex == "F":
        breast = _breasts(base, view, whole, front)
        whole, fat = whole + breast, fat + np.float32(0.7) * breast
    return whole, fat


def _arms(base: Frame, view: View) -> F32:
    """Both arms raised out of the way of a lateral film, and what of the shoulders stays in it."""
    s = base.s
    gu, gz = view.grid(0.0)
    middle = curve({70.0: 26.0, 110: 14, 150: -14, 210: -60}, s)(gz)
    half = curve({70.0: 30.0, 100: 58, 150: 62, 210: 58}, s)(gz)
    thick = curve({52.0: 0.0, 80.0: 40, 110: 120, 210: 130}, s)(gz)
    q = np.clip(1 - ((gu - middle) / half) ** 2, 0, 1)
    return (thick * q ** np.float32(0.8)).astype(np.float32)


def _breasts(base: Frame, view: View, whole: F32, front: Curve) -> F32:
    """What both breasts add outside the chest wall: fuller below than above."""
    rng, s = base.rng(12), base.s
    big = float(np.clip(rng.normal(1 + 0.035 * base.plump, 0.2), 0.55, 1.8))
    if not base.erect:
        big *= 0.8  # they fall to the sides
    out = view.blank()
    for side in SIDES.values():
        cx = side * (74 + float(rng.normal(0, 3)) + (0 if base.erect else 14)) * s
        cz = (-76 + float(rng.normal(0, 6))) * s
        cy = float(front(np.array([cz], np.float32))[0]) + 24 * s
        gu, gz = view.grid(cy if view.frontal else cx)
        dz = gz - np.float32(cz)
        high = np.where(dz > 0, np.float32(88 * s), np.float32(44 * s * big**0.6))
        if view.frontal:
            q = ((gu - cx) / (58 * s * big**0.4)) ** 2 + (dz / high) ** 2
            fade = 0.5 + np.clip(dz / np.float32(45 * s), 0, 1)
            path = np.float32(30 * s * big) * np.clip(1 - q, 0, None) ** fade
            out += path * np.clip((whole - 30) / 60, 0, 1)
        else:
            deep = np.float32((34 + 18 * big) * s) * (1 - 0.25 * np.clip(dz / high, 0, 1))
            q = ((gu - np.float32(cy)) / deep) ** 2 + (dz / high) ** 2
            inside = np.clip(whole / (150 * s), 0, 1)  # within the trunk the wall is already there
            path = np.float32(2 * 44 * s) * np.sqrt(np.clip(1 - q, 0, None))
            out += path * (1 - 0.85 * inside) * (gu < cy + 6)
    return out.astype(np.float32)


def belly_gas(body: Body, view: View) -> F32:
    """Path through the gastric bubble under the left dome, with its level, and colonic gas."""
    base = body.frame
    rng, s = base.rng(10), base.s
    dome = body.domes["left"]
    size = float(rng.uniform(0.7, 1.25)) * s
    top = dome.top - 7 * s
    cz = top - 22 * size
    c = np.array([dome.cx - 12 * s + float(rng.normal(0, 5)), 14 * s, cz])
    bubble = Ellipsoid(c, np.array([34, 27, 21]) * size, rotation("y", -8.0))
    path = length(clipped(bubble.along(view), dome.lowered(5 * s).along(view)))
    level = cz + float(rng.uniform(-14, 2))
    if base.erect:  # fluid finds its level; lying down it spreads behind the gas
        path = path * np.clip((view.z - np.float32(level)) / 1.5, 0, 1)
    else:
        path = path * np.float32(0.7)
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(2, 6))):
            spot = np.array([rng.uniform(50, 112) * s, rng.uniform(-50, -10) * s,
                             dome.top - rng.uniform(30, 70) * s])  # fmt: skip
            r = np.array([rng.uniform(8, 17), rng.uniform(9, 14), rng.uniform(7, 13)]) * s
            path = path + length(Ellipsoid(spot, r, np.eye(3)).along(view))
    return np.clip(path, 0, 60).astype(np.float32)


FREE_AIR = {"small": (4.0, 26.0), "moderate": (10.0, 42.0), "large": (24.0, 62.0)}
MUSCLE = 2.2  # mm of diaphragm between the gas and the lung


def free_air(body: Body, view: View, side: str, severity: str) -> F32:
    """Path through a crescent of gas between a dome and the organs under it: (R, C).

    Its thickness and half width (mm) follow the severity."""
    thick, half = (v * body.frame.s for v in FREE_AIR.get(severity, FREE_AIR["moderate"]))
    above = body.domes[side].lowered(MUSCLE)
    k = thick / half**2.2
    fall = [max(f - k * r**2.2, 0.08 * f) for f, r in zip(above.fall, above.reach, strict=True)]
    below = replace(above, top=above.top - thick, fall=(fall[0], fall[1], fall[2], fall[3]))
    wall = body.cavities[side].along(view)
    gas = length(clipped(above.along(view), wall)) - length(clipped(below.along(view), wall))
    return np.clip(gas, 0, None)
