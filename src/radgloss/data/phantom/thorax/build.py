"""One patient, one view, one film: every part drawn in its turn, findings on top, all added up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom.patients import Lesion, Patient, stream
from radgloss.data.phantom.shapes import F32, polyline
from radgloss.data.phantom.shapes import field as noise
from radgloss.data.phantom.thorax import airways, bones, devices, opacities, soft
from radgloss.data.phantom.thorax.anatomy import Body, Frame, build_body, frame, loses_volume
from radgloss.data.phantom.thorax.forms import SIDES, length
from radgloss.data.phantom.thorax.lungs import Lung, flooded, lungs, silhouettes, ventilated
from radgloss.data.phantom.thorax.nouns import Film, Shadow
from radgloss.data.phantom.thorax.strokes import stroke
from radgloss.data.phantom.thorax.view import VIEWS, View, aim
from radgloss.data.phantom.tissues import ATTENUATION as MU

__all__ = ["SIZE", "build"]

SIZE = 512  # rows and columns
SOFT, FAT = np.float32(MU["soft"]), np.float32(MU["fat"])
MISPLACED = 0.004  # of side markers
NOWHERE = (float("nan"),) * 3
Mask = npt.NDArray[np.bool_]


@dataclass(eq=False)
class _Scene:
    """A film in the making: what is drawn so far. Lives for one call of `build` only."""

    patient: Patient
    view: View
    base: Frame
    body: Body
    both: dict[str, Lung]
    density: F32  # (R, C) of aerated lung, 1/mm
    out: F32
    solid: F32  # path of lung without air
    facts: dict[str, float]
    trees: list[airways.Branches] = field(default_factory=list)
    blood: dict[float, F32] = field(default_factory=dict)  # path of vessels by cephalisation
    found: dict[int, tuple[Mask, F32, tuple[float, float, float]]] = field(default_factory=dict)

    def own(self, lesion: Lesion) -> np.random.Generator:
        return stream(self.patient.seed, self.patient.exam, "lesion", lesion.key)

    def texture(self, lesion: Lesion) -> np.random.Generator:
        """For what a lesion looks like in this view only."""
        i = 1000 * (1 + list(VIEWS).index(self.view.name))
        return stream(self.patient.seed, self.patient.exam, "lesion", i + lesion.key)

    def add(self, lesion: Lesion, mask: Mask, change: F32, centre: npt.ArrayLike = NOWHERE) -> None:
        """Put a lesion on the film, or one side more of it."""
        x, y, z = (float(v) for v in np.asarray(centre, float))
        k = next(i for i, other in enumerate(self.patient.lesions) if other is lesion)
        if k in self.found:
            mask, change = mask | self.found[k][0], change + self.found[k][1]
            x = y = z = float("nan")
        self.found[k] = (mask, change.astype(np.float32), (x, y, z))


def build(patient: Patient, view: str, size: int = SIZE) -> Film:
    """The film of that patient in that view ("PA", "lateral", "AP") before physics.

    The same every time; one lesion more or less changes only what it must. Raises KeyError for
    a view that no one takes.

    >>> from radgloss.data.phantom.patients import Acquisition, Encounter
    >>> one = Patient(1, "xr-chest", "F", 50, 165, 24, (), Encounter(), Acquisition())
    >>> build(one, "PA", 64).attenuation.shape
    (64, 64)
    """
    if patient.situs_inversus:
        return _mirrored(patient, view, size)
    base, plane = _posed(patient, view, size)
    scene = _healthy(patient, base, plane)
    _reshaping(scene)
    _pleura(scene)
    for lesion in patient.lesions:
        if lesion.what in _DRAWN:
            _DRAWN[lesion.what](scene, lesion)
    _vessels(scene)
    _skeleton(scene)
    monitored = not base.erect and bool(base.rng(61).random() < 0.6)
    if monitored or "ecg leads" in patient.incidentals:
        scene.out += devices.leads(scene.body, plane)
    if "aortic calcification" in patient.incidentals:
        scene.out += _calcified_arch(scene.body, plane)
    blank = np.zeros(plane.shape, bool), plane.blank(), NOWHERE
    shadows = tuple(
        Shadow(lesion, *scene.found.get(i, blank)) for i, lesion in enumerate(patient.lesions)
    )
    regions = silhouettes(scene.both)
    regions["heart"] = length(scene.body.organ(plane, "heart")) > 0
    return Film(
        np.maximum(scene.out, 0).astype(np.float32),
        shadows,
        round(plane.pixel * plane.magnification, 4),
        plane,
        scene.facts,
        regions,
    )


def _posed(patient: Patient, name: str, size: int) -> tuple[Frame, View]:
    """Posture and aim: full and straight when standing; rotated, shallow and at times clipped
    when lying in bed."""
    setup = VIEWS[name]
    how = stream(patient.seed, patient.exam, "acquisition", 10 + list(VIEWS).index(name))
    turn, shallow, clip = float(how.normal(0, 1.2)), 0.0, 0.0
    if not setup.erect:
        turn, shallow = float(how.normal(0, 5)), float(how.uniform(8, 30))
        clip = float(how.uniform(22, 48)) if how.random() < 0.3 else 0.0
    base = frame(patient, setup.erect, turn if setup.ray == 1 else 0.0, shallow)
    s = base.s
    width = 2.1 * base.outer if setup.ray == 1 else 300 * s + 3 * base.plump
    pixel = round(max(width, 372 * s) / size, 4)
    middle = -34 * s + float(how.normal(0, 4)) + clip
    beside = float(how.normal(0, 3)) + (0 if setup.ray == 1 else 4 * s)
    return base, aim(name, size, pixel, middle, beside, (base.outer, base.deep))


def _healthy(patient: Patient, base: Frame, view: View) -> _Scene:
    """Trunk, lungs and airways, as the body has been reshaped by its lesions."""
    body = build_body(base, patient.lesions)
    whole, fat = soft.trunk(base, view)
    grain = noise(base.rng(4), view.shape, (view.pixel, view.pixel), 6.0) * np.float32(0.04)
    grain += noise(base.rng(5), view.shape, (view.pixel, view.pixel), 38.0) * np.float32(0.05)
    light = 0.82 if any(f.what == "hyperinflation" for f in patient.lesions) else 1.0
    lean = np.clip(view.z / 900, -0.1, 0.1) if base.erect else 0.0
    density = np.float32(MU["lung"] * light) * (1 + grain - lean)
    both = lungs(body, view)
    out = SOFT * whole - (SOFT - FAT) * fat
    for lung in both.values():
        out -= lung.path * (SOFT - density)
    out -= airways.airways(body, view) * np.float32(0.8) * SOFT
    out -= soft.belly_gas(body, view) * SOFT
    scene = _Scene(patient, view, base, body, both, density, out, view.blank(), dict(body.facts))
    _measure(scene)
    return scene


def _measure(scene: _Scene) -> None:
    """What a reader would measure: the heart against the chest, and where the carina lies."""
    view, facts = scene.view, scene.facts
    row, column = view.pixel_of(tuple(scene.body.moved([airways.TRACHEA[-1]])[0]))
    facts["carina row"], facts["carina column"] = row, column
    facts["carina z"] = 0.0
    slip = stream(scene.patient.seed, scene.patient.exam, "acquisition", 30)
    facts["marker misplaced"] = float(slip.random() < MISPLACED)
    for side in SIDES:
        facts[f"{side} dome"] = scene.body.domes[side].top
    if view.frontal:
        edges = []
        for form in scene.body.parts["heart"]:
            assert not hasattr(form, "rx")
            f = float(view.factor(form.center[1]))
            edges += [f * (form.center[0] + sign * form.extent[0]) for sign in (-1, 1)]
        z = np.linspace(-140, 0, 141, dtype=np.float32) * np.float32(scene.base.s)
        chest = 2 * float(scene.base.half_width(z).max())
        facts["heart width"], facts["chest width"] = float(max(edges) - min(edges)), chest
        facts["cardiothoracic ratio"] = facts["heart width"] / chest


# ------------------------------------------------------------------ body and pleura


def _reshaping(scene: _Scene) -> None:
    """What findings that reshape the body change: the lungs with them less the lungs without."""
    view, patient = scene.view, scene.patient
    now = sum((lung.path for lung in scene.both.values()), start=view.blank())
    heart = length(scene.body.organ(view, "heart")) > 0
    for lesion in patient.lesions:
        leak = lesion.what == "pneumothorax" and (
            "tension" in lesion.features or not scene.base.erect
        )
        lost = loses_volume(lesion)
        if not (leak or lost or lesion.what in ("cardiomegaly", "hyperinflation")):
            continue
        rest = [other for other in patient.lesions if other is not lesion]
        before = lungs(build_body(scene.base, rest), view)
        gone = sum((lung.path for lung in before.values()), start=view.blank()) - now
        change = gone * (SOFT - scene.density)
        region = np.abs(change) > 0.05
        if lesion.what == "cardiomegaly":
            region = heart
        elif lesion.what == "hyperinflation":
            change = change - now * np.float32(0.18 * MU["lung"])
            region = now > 4.0
        elif leak:
            region = np.zeros(view.shape, bool)  # of the air itself, below
        scene.add(lesion, region, change)


def _pleura(scene: _Scene) -> None:
    """Fluid first, then air above or before it."""
    for lesion in scene.patient.lesions:
        if lesion.what != "pleural effusion":
            continue
        for side, volume in zip(SIDES, lesion.volume_ml, strict=True):
            if volume > 0:
                old = scene.both[side]
                new = flooded(scene.body, scene.view, old, volume)
                gone = old.path - new.path
                change = gone * (SOFT - scene.density)
                scene.both[side] = new
                scene.out += change
                scene.add(lesion, gone > 5.0, change)
    for lesion in scene.patient.lesions:
        if lesion.what == "pneumothorax":
            sides = SIDES if lesion.side == "bilateral" else [lesion.side]
            for side in sides:
                old = scene.both[side]
                new, line = ventilated(scene.body, scene.view, old, lesion)
                gas = old.path - new.path
                squeeze = new.path * np.float32(0.35 * min(lesion.size_mm, 60) / 60)
                change = (squeeze - gas) * scene.density + line * SOFT
                scene.both[side] = new
                scene.out += change
                mask = (gas > 3.0) & (gas > 0.35 * old.path)
                scene.add(lesion, mask, change)


# ------------------------------------------------------------------ findings drawn one by one


def _nodule(scene: _Scene, lesion: Lesion) -> None:
    s = scene.base.s
    centre = opacities.place(
        scene.body, scene.own(lesion), lesion.side, lesion.site, lesion.size_mm / 2 + 4 * s
    )
    shape = scene.texture(lesion)
    mask, change = opacities.nodule(scene.body, scene.view, shape, lesion, centre)
    scene.out += change
    scene.add(lesion, mask, change, centre)


def _consolidation(scene: _Scene, lesion: Lesion) -> None:
    sides = list(SIDES) if lesion.side == "bilateral" else [lesion.side]
    for side in sides:
        site = lesion.site if lesion.site.endswith("lobe") else "lower lobe"
        if lesion.side == "bilateral":
            site = "lower lobe"
        rng = scene.own(lesion)
        path, change, centre = opacities.consolidation(
            scene.body, scene.view, scene.both[side], rng, site, lesion
        )
        scene.out += change
        scene.solid = np.maximum(scene.solid, path)
        scene.add(lesion, path > 10.0, change, centre)


def _oedema(scene: _Scene, lesion: Lesion) -> None:
    grade = {"mild": 0.06, "moderate": 0.18, "severe": 0.34}.get(lesion.severity, 0.1)
    if "alveolar" in lesion.features:
        grade *= 1.35
    body, view = scene.body, scene.view
    change = opacities.haze(body, view, scene.both, scene.texture(lesion), grade)
    if "interstitial lines" in lesion.features:
        change = change + opacities.kerley(body, view, scene.own(lesion), lesion.severity)
    if "cephalisation" in lesion.features:
        calm = _blood(scene, 0.0)
        change = change + _blood(scene, 1.0) - calm
    scene.out += change
    aerated = sum((lung.path for lung in scene.both.values()), start=view.blank()) > 8
    scene.add(lesion, (change > 0.03) & aerated, change)


def _atelectasis(scene: _Scene, lesion: Lesion) -> None:
    for side in SIDES:
        if lesion.side not in (side, "bilateral"):
            continue
        rng = scene.own(lesion)
        if "linear" in lesion.features:
            change, centre = opacities.bands(scene.body, scene.view, rng, side, lesion.severity)
            mask = ndimage.binary_dilation(change > 0.05)
        else:
            small = replace(lesion, severity="small" if lesion.severity == "mild" else "moderate",
                            features=())  # fmt: skip
            path, change, centre = opacities.consolidation(
                scene.body, scene.view, scene.both[side], rng, "lower lobe", small
            )
            change, mask = np.float32(0.7) * change, path > 10.0
        scene.out += change
        scene.add(lesion, mask, change, centre)


def _fracture(scene: _Scene, lesion: Lesion) -> None:
    """A rib in two pieces, its front part sunk and drawn in where it is displaced."""
    rng, base, view = scene.own(lesion), scene.base, scene.view
    k = int("".join(c for c in lesion.site if c.isdigit()) or 6)
    points, radii, weights = bones.rib_curve(base, lesion.side, k)
    at = int(rng.integers(14, 27))
    move = 8.5 if "displaced" in lesion.features else 1.1
    back = points[: at + 1], radii[: at + 1], weights[: at + 1].copy()
    inward = -points[at] * (1, 1, 0) / np.linalg.norm(points[at, :2])
    fade = np.exp(-np.arange(len(points) - at) / 2.5)[:, None]
    step = (np.array([0, 0, -1.0]) + 0.5 * inward) * move * base.s
    front = points[at:] + step * fade, radii[at:], weights[at:].copy()
    back[2][-1] *= 0.25
    front[2][0] *= 0.25
    whole = bones.one_rib(base, view, (points, radii, weights))
    broken = bones.one_rib(base, view, back) + bones.one_rib(base, view, front)
    change = broken - whole
    scene.out += change  # the whole rib is drawn with the others
    u, z = view.project(points[at][None])[0]
    near = np.hypot(view.u - np.float32(u), view.z - np.float32(z)) < 20 * base.s
    scene.add(lesion, near, change, points[at])


def _device(scene: _Scene, lesion: Lesion) -> None:
    course = devices.COURSES[lesion.what](scene.body, lesion, scene.own(lesion))
    mask, change = devices.device(scene.view, course)
    scene.out += change
    scene.add(lesion, mask, change, course.tip)
    tip, dome = float(course.tip[2]), scene.body.domes["left"]
    scene.facts[f"{lesion.what} tip above carina"] = tip - scene.facts["carina z"]
    if lesion.what == "nasogastric tube":
        scene.facts["nasogastric tube tip below left dome"] = dome.top - tip


def _free_air(scene: _Scene, lesion: Lesion) -> None:
    if not scene.base.erect:
        return  # lying down the gas spreads in front of the bowel, where no edge shows it
    both = lesion.severity in ("moderate", "large")
    for side in SIDES if both else ["right"]:
        less = lesion.severity if side == "right" else "small"
        gas = soft.free_air(scene.body, scene.view, side, less)
        change = -gas * SOFT
        scene.out += change
        scene.add(lesion, gas > 3.0, change)


_DRAWN = {
    "lung nodule": _nodule, "lung mass": _nodule, "lung granuloma": _nodule,
    "consolidation": _consolidation, "pulmonary oedema": _oedema, "atelectasis": _atelectasis,
    "rib fracture": _fracture, "free air": _free_air,
    **dict.fromkeys(devices.COURSES, _device),
}  # fmt: skip


# ------------------------------------------------------------------ vessels and bones


def _blood(scene: _Scene, upper: float) -> F32:
    """What vessels add to aerated lung: (R, C)."""
    view = scene.view
    aerated = sum((lung.path for lung in scene.both.values()), start=view.blank())
    inside = np.clip(aerated / 30, 0, 1) * (1 - np.clip(scene.solid / (aerated + 5), 0, 1))
    if upper not in scene.blood:
        if not scene.trees:
            scene.trees += [airways.trees(scene.body, side) for side in SIDES]
        trees = [airways.branches(scene.body, tree, upper) for tree in scene.trees]
        path = airways.drawn(view, trees) + airways.hila(scene.body, view, upper)
        scene.blood[upper] = path
    path = scene.blood[upper]
    return path * inside * np.float32(1.5 * (MU["soft"] - MU["lung"]))


def _vessels(scene: _Scene) -> None:
    scene.out += _blood(scene, 0.0)


def _skeleton(scene: _Scene) -> None:
    base, view = scene.base, scene.view
    scene.out += bones.spine(base, view) + bones.sternum(base, view)
    scene.out += bones.ribs(base, view) + bones.girdle(base, view)


def _calcified_arch(body: Body, view: View) -> F32:
    """A thin bright rim on the aortic knob."""
    angle = np.linspace(np.radians(-40), np.radians(100), 20)
    r, x, z = body.facts["knob"] * 0.95, body.facts["arch x"], body.facts["arch z"]
    rim = np.column_stack([x + r * np.cos(angle), np.full(20, 22.0), z + r * np.sin(angle)])
    out = view.blank()
    stroke(view, out, polyline(rim, 40), 1.0, lambda g, r: (g < r) * np.float32(0.12), 1.0, 0.95)
    return out


# ------------------------------------------------------------------ the other way round


def _mirrored(patient: Patient, view: str, size: int) -> Film:
    """Situs inversus: the mirror of a patient whose lesions lie on the other side."""
    other = {"left": "right", "right": "left"}
    lesions = []
    for f in patient.lesions:
        side = other.get(f.side, f.side)
        site = "upper lobe" if side == "left" and f.site == "middle lobe" else f.site
        lesions.append(replace(f, side=side, site=site, volume_ml=f.volume_ml[::-1]))  # type: ignore[arg-type]
    twin = replace(patient, lesions=tuple(lesions), situs_inversus=False)
    film = build(twin, view, size)
    names = {"left lung": "right lung", "right lung": "left lung"}
    flip = np.s_[:, ::-1] if film.view.frontal else np.s_[:, :]
    shadows = tuple(
        Shadow(own, shadow.mask[flip], shadow.change[flip], _flipped(shadow.centre))
        for own, shadow in zip(patient.lesions, film.shadows, strict=True)
    )
    plane = replace(film.view, u=-film.view.u[flip]) if film.view.frontal else film.view
    facts = dict(film.facts)
    if film.view.frontal:
        facts["carina column"] = size - 1 - facts["carina column"]
    regions = {names.get(k, k): v[flip] for k, v in film.regions.items()}
    return Film(film.attenuation[flip], shadows, film.pixel, plane, facts, regions)


def _flipped(centre: tuple[float, float, float]) -> tuple[float, float, float]:
    return (-centre[0], centre[1], centre[2])
