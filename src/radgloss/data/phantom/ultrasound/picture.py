"""From echoes to a picture: gain, logarithm, 8 bits, and the fan on a rectangle.

A view is one image or a short sweep of parallel planes, each pixel with its place in the patient,
with the organs and lesions that its plane cuts.
Shapes: F frames · S samples · N rays · R rows · C columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom.shapes import F32
from radgloss.data.phantom.ultrasound.beam import Insonified, echoes, insonify, loss, scatterers
from radgloss.data.phantom.ultrasound.medium import Medium
from radgloss.data.phantom.ultrasound.probe import COLUMNS, PAD, Pose, Scanner, Sector

__all__ = ["View", "compressed", "conspicuity", "converted", "scan"]

LIVER = 0.40  # where liver lies between black and white
SLICE = 4.0  # mm, the beam's thickness: frames further apart share no speckle
U8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class View:
    """One standard view.

    pixels: (F, R, C) uint8, black outside the fan. affine: (4, 4), frame, row, column → LPS mm.
    pixel: mm. labels: (F, R, C) uint8 organs, counted from 1 in `organs`; 0 none.
    masks: (F, R, C) bool of each lesion that any frame cuts. clear: (F, R, C) bool, pixels not
    lost in shadow or noise."""

    name: str
    pixels: U8
    affine: npt.NDArray[np.float64]
    pixel: float
    depth: float
    labels: U8
    organs: tuple[str, ...]
    masks: Mapping[str, npt.NDArray[np.bool_]]
    clear: npt.NDArray[np.bool_]
    pose: Pose


def _operators_gain(amplitude: F32, field_: Insonified, lost: F32, sector: Sector) -> float:
    """dB that bring the soft tissue of a picture to its usual grey, within what a knob can do."""
    core = slice(PAD, -PAD)
    soft = (np.abs(field_.echo[:, core]) < 9) & (field_.attenuation[:, core] < 1.2)
    usual = 2 * sector.scanner.frequency * sector.scanner.tgc / 10 * sector.depth[:, None]
    soft &= (lost[:, core] < usual + 18) & (sector.depth[:, None] > 15)
    if soft.sum() < 200:
        return 0.0
    power = float((amplitude[soft] ** 2).mean())
    expected = float((10 ** (field_.echo[:, core][soft] / 10)).mean())
    return float(np.clip(10 * np.log10(expected / max(power, 1e-12)), -12, 22))


def compressed(amplitude: F32, scanner: Scanner, gain: float = 0.0) -> F32:
    """Amplitude (1 is liver) → 0 to 1 on a logarithmic scale, the dynamic range in decibels.

    >>> s = Scanner(dynamic_range=60)
    >>> [round(float(v), 3) for v in compressed(np.array([1.0, 10.0], np.float32), s)]
    [0.4, 0.733]
    """
    decibels = np.float32(20) * np.log10(np.maximum(amplitude, np.float32(1e-6))) + gain
    out: F32 = np.clip(decibels / np.float32(scanner.dynamic_range) + np.float32(LIVER), 0, 1)
    return out


def converted(polar: F32, sector: Sector, order: int = 1) -> F32:
    """(S, N) without padding → (R, C): what each pixel's place on the fan shows; 0 outside."""
    sample, ray = sector.polar
    inside = sector.inside
    at = np.stack([sample[inside], ray[inside] - PAD])
    out = np.zeros(inside.shape, np.float32)
    out[inside] = ndimage.map_coordinates(polar, at, order=order, mode="nearest")
    return out


def _scale(picture: U8, sector: Sector) -> None:
    """Centimetre ticks at the right border, longer every five, and the probe's mark at the left."""
    top = sector.pixel_of(sector.pose.face)[0]
    for centimetre in range(int(sector.scanner.depth / 10) + 1):
        row = round(top + 10 * centimetre / sector.pixel)
        long = 7 if centimetre % 5 == 0 else 4
        if row < len(picture):
            picture[row, COLUMNS - 3 - long : COLUMNS - 3] = 170
    row = max(round(top) - 4, 4)
    v, u = np.mgrid[-4:5, -4:5]
    picture[row - 4 : row + 5, 4:13][np.hypot(u, v) < 3.4] = 190


def _frame(
    medium: Medium,
    sector: Sector,
    rng: np.random.Generator,
    grains: list[npt.NDArray[np.complex64]],
    texture: int,
) -> tuple[U8, npt.NDArray[np.bool_]]:
    """(R, C) grey levels, and where they show tissue and not shadow."""
    field_ = insonify(medium, sector)
    looks = [echoes(field_, sector, rng, grain, texture) for grain in grains]
    amplitude = np.stack(looks).mean(axis=0)
    lost = loss(field_, sector)
    scanner = sector.scanner
    gain = scanner.gain
    if gain is None:
        gain = _operators_gain(amplitude, field_, lost, sector)
    grey = compressed(amplitude, scanner, gain)
    picture = np.rint(255 * converted(grey, sector)).astype(np.uint8)
    usual = 2 * scanner.frequency * scanner.tgc / 10 * sector.depth[:, None]
    reach = (lost[:, PAD:-PAD] < usual + 20) & (lost[:, PAD:-PAD] < -scanner.noise + 12)
    clear = converted(reach.astype(np.float32), sector) > 0.5
    _scale(picture, sector)
    return picture, clear


def scan(
    medium: Medium,
    pose: Pose,
    scanner: Scanner,
    rng: np.random.Generator,
    name: str = "",
    frames: int = 1,
    step: float = 2.0,
) -> View:
    """One view of a medium: an image, or `frames` of them `step` mm apart across the plane.

    The middle frame lies in the pose's own plane. Speckle goes over into new speckle as the plane
    leaves the beam's thickness behind, as it does under a moving probe."""
    first = pose.moved(-step * (frames - 1) / 2)
    shape = (scanner.samples, scanner.rays + 2 * PAD)
    kept = float(np.exp(-((step / SLICE) ** 2)))
    grains = [scatterers(rng, shape) for _ in range(scanner.compound)]
    texture = int(rng.integers(2**32))
    pictures, clears, labels = [], [], []
    cut: dict[str, list[npt.NDArray[np.bool_]]] = {n: [] for n in medium.lesions}
    for k in range(frames):
        sector = Sector(scanner, first.moved(k * step))
        if k:
            fresh = np.float32(np.sqrt(1 - kept**2))
            grains = [np.float32(kept) * g + fresh * scatterers(rng, shape) for g in grains]
        picture, clear = _frame(medium, sector, rng, grains, texture)
        points, inside = sector.pixels(), sector.inside
        pictures.append(picture)
        clears.append(clear)
        labels.append(np.where(inside, medium.nearest(medium.labels, points), 0))
        for lesion, mask in medium.lesions.items():
            cut[lesion].append(inside & medium.nearest(mask, points).astype(bool))
    middle = Sector(scanner, first)
    return View(
        name=name,
        pixels=np.stack(pictures),
        affine=middle.affine(step),
        pixel=middle.pixel,
        depth=scanner.depth,
        labels=np.stack(labels).astype(np.uint8),
        organs=tuple(medium.organs),
        masks={n: np.stack(m) for n, m in cut.items() if any(f.any() for f in m)},
        clear=np.stack(clears),
        pose=pose,
    )


def conspicuity(view: View, lesion: str, scanner: Scanner | None = None) -> float:
    """How far a lesion stands out in its best frame, in deviations of speckle; 0 where not cut.

    The difference between its mean grey and the median of a ring of 6 mm around it, over what
    speckle leaves of one cell after compounding (5.6 dB over the root of the looks), times the
    root of the number of 3 mm cells (the Rose model). What lies in shadow does not count; the
    shadow that the lesion itself throws does, against what is lit beside it."""
    scanner = scanner or Scanner()
    speckle = 5.57 / np.sqrt(scanner.compound) * 255 / scanner.dynamic_range
    best = 0.0
    for picture, mask, clear in zip(
        view.pixels, view.masks.get(lesion, ()), view.clear, strict=False
    ):
        lit = ndimage.binary_dilation(clear, iterations=max(round(2 / view.pixel), 1))
        inner = mask & lit  # the first millimetres of a stone are seen, what lies behind is not
        ring = ndimage.binary_dilation(mask, iterations=max(round(6 / view.pixel), 2))
        ring &= ~mask & clear
        if inner.sum() < 4 or ring.sum() < 8:
            continue
        cells = max(float(inner.sum()) * view.pixel**2 / 9, 0.3)
        difference = abs(float(picture[inner].mean()) - float(np.median(picture[ring])))
        best = max(best, float(difference / speckle * np.sqrt(cells)))
        darker, dark_cells = _shadow_behind(view, picture, mask, clear)
        best = max(best, float(darker / speckle * np.sqrt(dark_cells)))
    return best


def _shadow_behind(
    view: View, picture: npt.NDArray[np.uint8], mask: Mask, clear: Mask
) -> tuple[float, float]:
    """How much darker it is behind a lesion than beside that, and over how many 3 mm cells.

    Behind: to 15 mm below the mask, unlit. Beside: at the same depth, lit, within 6 mm. Nothing
    where the lesion throws no shadow."""
    deep, near = round(15 / view.pixel), max(round(6 / view.pixel), 2)
    below = ndimage.binary_dilation(mask, np.ones((2 * deep + 1, 1), bool), origin=(-deep, 0))
    below &= ~mask & (np.arange(len(mask)) > np.flatnonzero(mask.any(1)).max())[:, None]
    behind = below & ~clear
    beside = ndimage.binary_dilation(below, np.ones((1, 2 * near + 1), bool)) & ~below & clear
    if behind.sum() < 0.5 * below.sum() or behind.sum() < 8 or beside.sum() < 8:
        return 0.0, 0.0
    darker = float(np.median(picture[beside])) - float(picture[behind].mean())
    return max(darker, 0.0), float(behind.sum()) * view.pixel**2 / 9
