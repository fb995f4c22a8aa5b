"""A sonographer's examination: the standard views, each through the best window that there is.

A view names the organs that it must show and the directions that one usually looks from; the probe
then tries small tilts and shifts and keeps the pose that shows most of them past ribs and gas.
Every lesion gets a view of its own, through its middle, from where its organ is usually seen.
Directions are LPS: a beam of (0, 1, 0) looks from the belly to the back; a longitudinal picture has
the head on its left, a transverse one the patient's right side (the practice parameters of the AIUM
for the abdomen and the female pelvis)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.ultrasound.medium import AIR, Medium
from radgloss.data.phantom.ultrasound.picture import View, scan
from radgloss.data.phantom.ultrasound.probe import Pose, Scanner, Sector, pose
from radgloss.text.findings import finding_type

__all__ = ["STANDARD", "Standard", "best_pose", "settings", "study"]

Vector = tuple[float, float, float]
HEAD_LEFT: Vector = (0, 0, -1)
RIGHT_LEFT: Vector = (1, 0, 0)
FRONT: Vector = (0, 1, 0)
RIGHT_FLANK: tuple[Vector, ...] = ((1, 0.45, 0), (1, 0.1, 0), (0.8, 0.8, 0), (0.5, 1, 0.1))
LEFT_FLANK: tuple[Vector, ...] = ((-1, 0.1, 0), (-1, -0.25, 0), (-1, 0.4, 0))
SUBCOSTAL: tuple[Vector, ...] = ((-0.25, 0.8, 0.7), (-0.5, 0.8, 0.5), (0, 1, 0.35), (0.2, 1, 0.5))
FILLED: tuple[Vector, ...] = ((0, 1, 0), (0, 1, -0.3), (0, 1, -0.6))  # through the bladder
BETWEEN_RIBS = (0.0, 30.0, -30.0, 55.0, -55.0)
TILT = np.radians(11)


@dataclass(frozen=True)
class Standard:
    """A view: what it must show, where one looks from, and the picture's left-to-right.

    frames: more than one for a sweep. nudge: mm that the probe may be shifted to find a window.
    rolls: degrees that it may be turned about the beam, to lie between two ribs."""

    name: str
    exam: str
    organs: tuple[str, ...]
    beams: tuple[Vector, ...]
    right: Vector
    frames: int = 1
    nudge: float = 14.0
    rolls: tuple[float, ...] = (0.0,)


_US, _PELVIS = "us-abdomen", "us-pelvis"
STANDARD = (
    Standard("liver, subcostal", _US, ("liver",), SUBCOSTAL, RIGHT_LEFT, frames=5),
    Standard("liver and right kidney, longitudinal", _US, ("right kidney", "liver"),
             RIGHT_FLANK, HEAD_LEFT, rolls=BETWEEN_RIBS),
    Standard("gallbladder, longitudinal", _US, ("gallbladder",),
             ((0, 1, 0.15), (0.3, 1, 0.2), (-0.2, 1, 0.4), (0.6, 1, 0)), HEAD_LEFT),
    Standard("pancreas, transverse", _US, ("pancreas",),
             (FRONT, (0, 1, -0.3), (0, 1, 0.3), (-0.25, 1, 0)), RIGHT_LEFT),
    Standard("aorta, longitudinal", _US, ("aorta",), (FRONT, (0.2, 1, 0), (-0.2, 1, 0)),
             HEAD_LEFT),
    Standard("right kidney, longitudinal", _US, ("right kidney",), RIGHT_FLANK, HEAD_LEFT,
             rolls=BETWEEN_RIBS),
    Standard("spleen and left kidney, longitudinal", _US, ("spleen", "left kidney"),
             LEFT_FLANK, HEAD_LEFT, rolls=BETWEEN_RIBS),
    Standard("left kidney, longitudinal", _US, ("left kidney",), LEFT_FLANK, HEAD_LEFT,
             rolls=BETWEEN_RIBS),
    Standard("bladder, transverse", _US, ("bladder",), FILLED, RIGHT_LEFT),
    Standard("pelvis, sagittal", _PELVIS, ("uterus", "bladder"), FILLED, HEAD_LEFT, frames=5),
    Standard("pelvis, transverse", _PELVIS, ("uterus", "bladder"), FILLED, RIGHT_LEFT),
    Standard("right ovary, transverse", _PELVIS, ("right ovary",),
             (*FILLED, (-0.4, 1, -0.3)), RIGHT_LEFT),
    Standard("left ovary, transverse", _PELVIS, ("left ovary",),
             (*FILLED, (0.4, 1, -0.3)), RIGHT_LEFT),
    Standard("bladder, sagittal", _PELVIS, ("bladder",), FILLED, HEAD_LEFT),
)  # fmt: skip
_APPROACH: dict[str, tuple[str, tuple[Vector, ...], Vector]] = {
    "liver": ("transverse", (*SUBCOSTAL, FRONT, *RIGHT_FLANK), RIGHT_LEFT),
    "gallbladder": ("longitudinal", STANDARD[2].beams, HEAD_LEFT),
    "bile ducts": ("longitudinal", ((0.3, 1, 0.1), FRONT, (0, 1, 0.3)), HEAD_LEFT),
    "spleen": ("longitudinal", LEFT_FLANK, HEAD_LEFT),
    "pancreas": ("transverse", STANDARD[3].beams, RIGHT_LEFT),
    "right kidney": ("longitudinal", RIGHT_FLANK, HEAD_LEFT),
    "left kidney": ("longitudinal", LEFT_FLANK, HEAD_LEFT),
    "bowel": ("transverse", (FRONT, (0.2, 1, 0), (-0.2, 1, 0)), RIGHT_LEFT),
    "peritoneum": ("longitudinal", (FRONT, *RIGHT_FLANK, (0, 1, -0.4)), HEAD_LEFT),
    "aorta": ("transverse", (FRONT, (0.2, 1, 0), (-0.2, 1, 0)), RIGHT_LEFT),
    "pelvis": ("transverse", (*FILLED, (0.3, 1, -0.3), (-0.3, 1, -0.3)), RIGHT_LEFT),
}


# ------------------------------------------------------------------ the knobs


def settings(depth: float, focus: float) -> Scanner:
    """What an operator sets to look that deep (mm): the highest frequency that reaches.

    >>> settings(95.2, 50).frequency, settings(171, 90).frequency, settings(171, 90).depth
    (4.5, 3.0, 180.0)
    """
    shown = float(np.clip(10 * np.ceil(depth / 10), 80, 230))
    frequency = 4.5 if shown <= 110 else 3.5 if shown <= 160 else 3.0 if shown <= 200 else 2.5
    return Scanner(frequency=frequency, depth=shown, focus=float(np.clip(focus, 35, 0.8 * shown)))


def _reach(medium: Medium, target: npt.NDArray[np.bool_], held: Pose) -> Scanner:
    """The settings that bring the whole target onto the picture, in its middle and lower part."""
    z, y, x = np.nonzero(target)
    places = np.array(medium.origin) + np.stack([x, y, z], 1) * np.array(medium.spacing)
    far = (places - held.face) @ held.beam
    near = np.abs((places - held.face) @ held.across) < 25
    far = far[near] if near.any() else far
    return settings(float(np.percentile(far, 98)) + 22, float(np.median(far)))


# ------------------------------------------------------------------ looking for a window


def _shown(medium: Medium, held: Pose, targets: list[npt.NDArray[np.bool_]]) -> float:
    """How much of the targets a pose shows: the logarithms of their cm² out of shadow, summed.

    The first target counts most, and a picture that is clear all round a little; -inf where
    nothing of the first is seen."""
    scanner = replace(settings(190, 90), rays=36, samples=64)
    sector = Sector(scanner, held)
    points = sector.rays()[:, :, 32:-32]
    _, attenuation, impedance = medium.at(points)
    skin = np.logical_and.accumulate(impedance < AIR, axis=0)
    attenuation[skin] = 0
    step = scanner.depth / scanner.samples
    lost = np.cumsum(attenuation, axis=0) * np.float32(0.2 * scanner.frequency * step)
    usual = np.float32(0.2 * scanner.frequency * scanner.tgc) * sector.depth[:, None]
    seen = lost < usual + 14
    width = (sector.depth[:, None] + scanner.radius) * (sector.angle[1] - sector.angle[0])
    area = np.float32(step / 100) * width  # cm²
    total = 0.0
    for k, target in enumerate(targets):
        here = medium.nearest(target, points).astype(bool)
        shown = float((area * (here & seen)).sum())
        if k == 0 and shown <= 0:
            return -np.inf
        total += (2.5 if k == 0 else 1.0) * np.log1p(shown)
    lit = seen & (impedance > AIR) & ~skin
    total += 1.5 * float(np.log1p((area * lit).sum()))  # a clear picture all round
    return total - 0.15 * float((skin * area).sum())  # a face that hangs in the air shows nothing


def _tried(medium: Medium, target: npt.NDArray[np.float64], standard: Standard) -> Iterator[Pose]:
    """Poses that look at a place: each beam as it is, tilted both ways, and slid both ways."""
    for beam, roll in itertools.product(standard.beams, np.radians(standard.rolls)):
        level = pose(target, beam, standard.right)
        held = pose(target, beam, np.cos(roll) * level.right + np.sin(roll) * level.across)
        for u, v in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
            aim = held.beam + TILT * (u * held.right + v * held.across)
            turned = pose(target, aim, held.right)
            yield Pose(medium.skin(target, turned.beam), turned.beam, turned.right)
        for way in (held.right, -held.right, held.across, -held.across):
            place = target + standard.nudge * way
            yield Pose(medium.skin(place, held.beam), held.beam, held.right)


def best_pose(
    medium: Medium, standard: Standard, targets: list[npt.NDArray[np.bool_]]
) -> Pose | None:
    """The pose that shows most of the targets, looking at the first; None where none shows any."""
    middle = medium.centre(targets[0])
    if len(targets) > 1:  # look between the first and the nearest part of the second
        middle = 0.75 * middle + 0.25 * medium.centre(targets[1])
    best, most = None, -np.inf
    for held in _tried(medium, middle, standard):
        shown = _shown(medium, held, targets)
        if shown > most:
            best, most = held, shown
    return best


# ------------------------------------------------------------------ the whole examination


def _lesion_view(medium: Medium, name: str) -> Standard | None:
    """The view of a lesion by its finding's organ; kidneys by the side that it lies on."""
    organ = finding_type(name.split("#")[0]).organ
    if organ == "kidneys":
        organ = "right kidney" if medium.centre(medium.lesions[name])[0] < 0 else "left kidney"
    if organ not in _APPROACH:
        return None
    plane, beams, right = _APPROACH[organ]
    flank = beams in (LEFT_FLANK, RIGHT_FLANK) or organ == "liver"
    rolls = BETWEEN_RIBS if flank else (0.0,)
    return Standard(f"{organ}, {plane}", "", (), beams, right, nudge=8.0, rolls=rolls)


def _pooled(medium: Medium, names: tuple[str, ...]) -> list[npt.NDArray[np.bool_]]:
    """The masks of the named organs that this body has."""
    return [medium.organs[n] for n in names if n in medium.organs and medium.organs[n].any()]


def study(medium: Medium, exam: str, rng: np.random.Generator) -> tuple[View, ...]:
    """Every standard view of an exam ("us-abdomen", "us-pelvis"), then one through each lesion.

    Views of organs that this body lacks, or that no window shows, are not taken."""
    wanted: list[tuple[Standard, list[npt.NDArray[np.bool_]]]] = []
    for standard in (s for s in STANDARD if s.exam == exam):
        targets = _pooled(medium, standard.organs)
        if targets:
            wanted.append((standard, targets))
    for name, mask in medium.lesions.items():
        special = _lesion_view(medium, name)
        if special and mask.any():
            wanted.append((special, [mask]))
    out = []
    for (standard, targets), own in zip(wanted, rng.spawn(len(wanted)), strict=True):
        held = best_pose(medium, standard, targets)
        if held is not None:
            scanner = _reach(medium, targets[0], held)
            out.append(scan(medium, held, scanner, own, standard.name, standard.frames))
    return tuple(out)
