"""The body of one patient as closed forms: cage, diaphragm, heart, great vessels, spine, skin.

Sizes are those of an adult of 172 cm and follow the usual radiographic norms: a heart of less
than half the chest's width on a PA film, the right hemidiaphragm 8 to 20 mm above the left, the
carina at the fifth thoracic vertebra. Findings that reshape the body (a large heart, flat
domes, a shifted mediastinum) act here, before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.patients import Lesion, Patient, stream
from radgloss.data.phantom.shapes import F32, rotation, spline_basis
from radgloss.data.phantom.thorax.forms import (
    SIDES,
    Cavity,
    Column,
    Curve,
    Dome,
    Ellipsoid,
    Interval,
    curve,
    hull,
)
from radgloss.data.phantom.thorax.view import View

__all__ = ["Body", "Frame", "build_body", "frame", "loses_volume"]

Points = npt.NDArray[np.float64]
HEART = {"mild": (0.52, 0.55), "moderate": (0.56, 0.60), "marked": (0.61, 0.67)}  # ratio, PA
SHIFT = {"small": 14.0, "moderate": 18.0, "large": 24.0}  # mm, of the heart under tension
LUNG_LOSS = {"mild": 0.0, "moderate": 20.0}  # mm that a dome rises over collapsed lung


@dataclass(frozen=True, eq=False)
class Frame:
    """Size and posture, drawn before anything else: what findings do not change.

    s: linear scale. outer: half width of the trunk. turn: rotation of the trunk, degrees.
    shallow: millimetres that the domes stand above full inspiration."""

    patient: Patient
    s: float
    plump: float
    outer: float
    deep: float
    turn: float
    shallow: float
    erect: bool
    half_width: Curve
    front: Curve
    back: Curve
    bend: Curve  # of the spine, sideways
    spine_y: Curve  # middle of the vertebral bodies

    def rng(self, key: int) -> np.random.Generator:
        return stream(self.patient.seed, self.patient.exam, "body", key)

    def placed(self, points: npt.ArrayLike) -> Points:
        """Points (N, 3) of the table body, scaled and turned about the spine."""
        p = np.array(points, float).reshape(-1, 3) * self.s
        p[:, 0] -= np.tan(np.radians(self.turn)) * (p[:, 1] - 50 * self.s)
        return p


def frame(patient: Patient, erect: bool, turn: float, shallow: float) -> Frame:
    """The patient's size and posture; `turn` and `shallow` come from how the film is taken."""
    rng = stream(patient.seed, patient.exam, "body", 0)
    s = (patient.height_cm / 172.0) ** 0.8
    s *= (0.94 if patient.sex == "F" else 1.0) * float(rng.normal(1, 0.025))
    tall = float(rng.normal(1, 0.05))
    wide = float(rng.normal(1, 0.03))
    thick = float(rng.normal(1, 0.04))
    plump = max(patient.bmi - 19, 0)
    width = {
        -240: 122, -140: 133, -90: 134, -40: 130, 10: 122, 50: 112, 75: 101, 92: 88, 104: 73,
        112: 58, 117: 40, 119: 12,
    }  # fmt: skip
    front = {
        -240: -96, -140: -100, -90: -98, -40: -91, 10: -76, 50: -54, 80: -33, 98: -14, 108: 4,
        115: 20, 119: 34,
    }  # fmt: skip
    back = {-240: 90, -140: 98, -60: 102, -10: 100, 40: 92, 80: 76, 98: 66, 108: 60, 119: 44}
    barrel = 1.08 if any(f.what == "hyperinflation" for f in patient.lesions) else 1.0
    phase = float(rng.normal(0, 20))
    way = float(rng.choice((-1, 1)))
    curl = 9.0 if "scoliosis" in patient.incidentals else 1.2
    at = np.arange(-260, 260, 10.0)
    bend = np.interp(at, at, np.sin((at - phase) / (62 * s) * 1.1) * way * curl)
    return Frame(
        patient=patient,
        s=s,
        plump=plump,
        outer=150 * s * wide + 2.4 * plump + 6,
        deep=118 * s * thick + 1.3 * plump,
        turn=turn,
        shallow=shallow + (1 - tall) * 104 * s,
        erect=erect,
        half_width=curve({z: w * wide for z, w in width.items()}, s),
        front=curve({z: y * thick * barrel for z, y in front.items()}, s),
        back=curve({z: y * thick for z, y in back.items()}, s),
        bend=curve(dict(zip(at / s, bend / s, strict=True)), s),
        spine_y=curve({-240: 34, -170: 42, -90: 56, -20: 62, 40: 54, 90: 34, 150: 12}, s),
    )


@dataclass(frozen=True, eq=False)
class Body:
    """Everything that lungs have to leave free, and where its landmarks are.

    parts: groups of forms; each group is one organ whose forms overlap along any ray.
    shift: sideways shift (mm) of the middle of the chest, by height."""

    frame: Frame
    cavities: Mapping[str, Cavity]
    domes: Mapping[str, Dome]
    parts: Mapping[str, Sequence[Ellipsoid | Column]]
    shift: Curve
    facts: Mapping[str, float]

    def moved(self, points: npt.ArrayLike) -> Points:
        """Mediastinal points (N, 3) of the table body, where this patient has them."""
        p = self.frame.placed(points)
        p[:, 0] += self.shift(p[:, 2].astype(np.float32))
        return p

    def organ(self, view: View, name: str) -> Interval:
        return hull([form.along(view) for form in self.parts[name]])

    def in_lung(self, side: str, p: Points, margin: float = 4.0) -> npt.NDArray[np.bool_]:
        """Whether points (N, 3) lie in the lung of that side, `margin` mm within its borders."""
        inside = self.cavities[side].contains(p, margin)
        inside &= ~self.domes[side].contains(p, margin)
        for forms in self.parts.values():
            for form in forms:
                inside &= ~form.contains(p)
        return inside


def loses_volume(lesion: Lesion) -> bool:
    """Whether collapsed lung draws the diaphragm and the heart towards it."""
    return lesion.what == "atelectasis" and "linear" not in lesion.features


def build_body(base: Frame, lesions: Sequence[Lesion]) -> Body:
    """The body of that frame, reshaped by those lesions."""
    by = {lesion.what: lesion for lesion in lesions}
    tense = next((f for f in lesions if "tension" in f.features), None)
    lost = next((f for f in lesions if loses_volume(f)), None)
    amount = 0.0
    if tense is not None:
        amount = -SIDES[tense.side] * SHIFT.get(tense.severity, 18.0)
    if lost is not None and lost.side in SIDES:
        amount += SIDES[lost.side] * 0.4 * LUNG_LOSS.get(lost.severity, 10.0)
    s = base.s
    shift = curve({-150: 0.45 * amount, -60: amount, 30: 0.75 * amount, 120: 0.15 * amount})
    cavities = {side: Cavity(side, base.half_width, base.front, base.back) for side in SIDES}
    domes = {side: _dome(base, side, by) for side in SIDES}
    if tense is not None and tense.side in SIDES:
        domes[tense.side] = domes[tense.side].lowered(22 * s, 14 * s)
    for leak in lesions:
        if leak.what == "pneumothorax" and not base.erect and leak.side in SIDES:
            domes[leak.side] = _deep_sulcus(domes[leak.side], leak.size_mm)
    if lost is not None:
        for side in SIDES:
            if lost.side in (side, "bilateral"):
                domes[side] = domes[side].lowered(-LUNG_LOSS.get(lost.severity, 10.0))
    body = Body(base, cavities, domes, {}, shift, {})
    heart, facts = _heart(body, by.get("cardiomegaly"), "hyperinflation" in by)
    vessels, more = _great_vessels(body)
    return replace(
        body,
        parts={"heart": heart, **vessels, "spine": [_spine(base)]},
        facts={**facts, **more},
    )


def _dome(base: Frame, side: str, by: Mapping[str, Lesion]) -> Dome:
    rng = base.rng(20)
    s = base.s
    lower = float(rng.uniform(8, 20))
    top = -104 * s + base.shallow - (lower if side == "left" else 0.0)
    fall = (20.0, 54.0, 30.0, 82.0)  # towards the heart, the wall, the front and the back
    if "hyperinflation" in by:
        top -= 20 * s
        fall = (6.0, 20.0, 10.0, 34.0)
    cx = (64.0 if side == "right" else 68.0) * s
    knots = base.rng(21 + SIDES[side]).standard_normal(24)

    def ripple(u: F32) -> F32:
        basis = spline_basis(400, 1.5, 42.0)
        wave = basis @ knots[: basis.shape[1]].astype(np.float32) * np.float32(1.6)
        return np.interp(u, np.arange(400) * 1.5 - 300, wave).astype(np.float32)

    return Dome(
        side, top, cx, -14 * s, tuple(f * s for f in fall),  # type: ignore[arg-type]
        (cx, 66 * s, 84 * s, 112 * s), ripple,
    )  # fmt: skip


def _deep_sulcus(dome: Dome, depth: float) -> Dome:
    """Air lying in front of the base pushes the outer part of the dome down."""
    inner, outer, front, back = dome.fall
    return replace(dome, fall=(inner, outer + 0.9 * depth, front + 0.8 * depth, back))


def _heart(
    body: Body, large: Lesion | None, narrow: bool
) -> tuple[list[Ellipsoid], dict[str, float]]:
    """Four chambers and the outflow tract, stretched to their share of the chest's width."""
    base = body.frame
    s, rng = base.s, base.rng(2)
    ratio = float(np.clip(rng.normal(0.445, 0.024), 0.385, 0.485))
    tilt, lean = float(rng.normal(-34, 4)), float(rng.normal(12, 3))
    if narrow:
        ratio *= 0.86
    if large is not None:
        own = stream(base.patient.seed, base.patient.exam, "lesion", large.key)
        ratio = float(own.uniform(*HEART[large.severity or "mild"]))
    chest = 2 * float(base.half_width(np.linspace(-150, 0, 60, dtype=np.float32) * s).max())
    k = ratio * chest / (127.0 * s)
    if not base.erect:
        k *= 1.05  # lying and breathing shallowly, the heart spreads
    grow = k / (0.445 * chest / (127.0 * s))
    up = base.shallow * 0.45
    turn = rotation("x", lean) @ rotation("y", -tilt)

    def chamber(
        c: tuple[float, float, float], r: tuple[float, float, float], turn: Points
    ) -> Ellipsoid:
        at = body.moved([(c[0], c[1] - 10 * (grow - 1), c[2])])[0]
        mid = body.moved([(0, c[1], c[2])])[0]
        at[0] = mid[0] + (at[0] - mid[0]) * k
        at[2] += up
        radii = np.array(r) * s * (k, 0.5 + 0.5 * grow, 0.7 + 0.3 * grow)
        return Ellipsoid(at, radii, turn)

    upright = rotation("x", lean)
    heart = [
        chamber((28, -14, -78), (57, 42, 42), turn),
        chamber((-12, -18, -62), (36, 36, 47), upright),
        chamber((11, -40, -84), (49, 36, 40), turn),
        chamber((3, 18, -46), (36, 26, 28), upright),
        chamber((20, -30, -22), (19, 22, 36), upright),
    ]
    return heart, {"cardiothoracic ratio wanted": ratio}


def _great_vessels(
    body: Body,
) -> tuple[dict[str, list[Ellipsoid | Column]], dict[str, float]]:
    """Aorta with its arch on the left, pulmonary trunk, venae cavae, and what lies around."""
    base = body.frame
    s, rng, age = base.s, base.rng(3), base.patient.age
    knob = (14.0 + 0.06 * max(age - 30, 0)) * float(rng.normal(1, 0.06))
    arch_x, arch_z = 23 + 0.1 * max(age - 40, 0), 35 + float(rng.normal(0, 3))
    skew = float(rng.normal(-2, 1.5))
    flat = np.eye(3)

    def ball(
        c: tuple[float, float, float], r: tuple[float, float, float], turn: Points = flat
    ) -> Ellipsoid:
        return Ellipsoid(body.moved([c])[0], np.array(r) * s, turn)

    def column(
        x: dict[float, float], y: dict[float, float], rx: dict[float, float],
        ry: dict[float, float], share: float = 0.0,
    ) -> Column:  # fmt: skip
        level = np.array(sorted(x), float)
        depth = np.interp(level, sorted(y), [y[k] for k in sorted(y)])
        across = [x[k] for k in sorted(x)]
        at = body.moved(np.column_stack([across, depth, level]))
        bend = base.bend(at[:, 2].astype(np.float32)) * share
        middle = float(np.mean(at[:, 0])), float(np.mean(at[:, 1]))
        return Column(
            curve(dict(zip(at[:, 2], at[:, 0] + bend, strict=True))),
            curve(y, s), curve(rx, s), curve(ry, s), depth=middle,
        )  # fmt: skip

    low = {-235.0: 0.0, -228.0: knob * 0.85, -20.0: knob * 0.92, arch_z: knob * 0.9,
           arch_z + knob * 0.7: knob * 0.5, arch_z + knob: 0.0}  # fmt: skip
    spine_y = {-240.0: 8.0, -90.0: 30.0, -20.0: 37.0, 60.0: 34.0}
    descending = column(
        {-240.0: 8.0, -100.0: 15.0, arch_z: arch_x - 2, arch_z + 25: arch_x - 4},
        spine_y, low, low, 1.0,
    )  # fmt: skip
    arch = ball((arch_x - 9, 8, arch_z - 1), (knob * 1.02, 38, knob * 1.05), rotation("z", -22.0))
    parts: dict[str, list[Ellipsoid | Column]] = {
        "aorta": [descending, arch],
        "middle": [
            ball((-10, -22, 8), (24, 24, 46)),  # ascending aorta
            ball((22, -8, -10), (19, 24, 20)),  # pulmonary trunk
            ball((34, 4, -30), (15, 20, 22)),  # left auricle
            column(  # superior vena cava
                {-60.0: -20.0, 0.0: -21.0, 90.0: -19.0},
                {0.0: -8.0}, {-60.0: 0.0, -40.0: 11.0, 60.0: 11.5, 100.0: 12.0}, {0.0: 12.0},
            ),
            column(
                {-230.0: skew, 0.0: skew, 120.0: skew},
                {-230.0: 26.0, -60.0: 24.0, 0.0: 10.0, 60.0: 10.0, 110.0: 22.0},
                {-230.0: 60.0, -135.0: 44.0, -108.0: 31.0, -60.0: 21.0, 20.0: 24.0,
                 70.0: 26.0, 95.0: 30.0, 118.0: 40.0},
                {-230.0: 60.0, -120.0: 34.0, -60.0: 30.0, 0.0: 32.0, 70.0: 32.0, 118.0: 26.0},
            ),
            ball((-16, 4, -112), (14, 14, 34)),  # inferior vena cava
        ],
        "septum": [
            column(
                {-200.0: 6.0, -60.0: 3.0, 0.0: 1.0, 110.0: 0.0},
                {-200.0: -60.0, 0.0: -50.0, 110.0: -10.0},
                {-200.0: 40.0, -120.0: 26.0, -100.0: 15.0, -60.0: 8.0, 10.0: 6.0, 55.0: 9.0,
                 85.0: 20.0, 118.0: 36.0},
                {-200.0: 60.0, 0.0: 56.0, 60.0: 44.0, 118.0: 36.0},
            )
        ],
    }  # fmt: skip
    facts = {"knob": knob * s, "arch x": arch_x * s, "arch z": arch_z * s}
    return parts, facts


def _spine(base: Frame) -> Column:
    """Vertebral bodies with the muscles beside them, a ridge that the lungs ride on."""
    s = base.s
    width = curve({-240: 46, -100: 42, 40: 38, 119: 36}, s)
    depth = curve({-240: 40, 0: 38, 119: 34}, s)

    def middle(z: F32) -> F32:
        return (base.spine_y(z) + np.float32(26 * s)).astype(np.float32)

    return Column(base.bend, middle, width, depth, power=1.6, depth=(0.0, 70 * s))
