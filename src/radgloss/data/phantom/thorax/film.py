"""What the tube, the detector and the hospital add: from line integrals to a stored film.

Beer–Lambert, scatter behind or without a grid, quantum noise, the detector's sharpness, the
logarithm, and each hospital's own processing: edge enhancement, equalisation, display curve and
lettering. Films are processed by place, so the same chest looks different in two hospitals.
Shapes: R rows · C columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom.patients import Acquisition
from radgloss.data.phantom.shapes import F32
from radgloss.data.phantom.thorax.nouns import Film

__all__ = ["HOSPITALS", "WHITE", "Hospital", "hospital_of", "lettered", "radiograph", "stored"]

WHITE = 4095  # the largest stored value of a 12-bit film


@dataclass(frozen=True)
class Hospital:
    """One department's style. edges: enhancement of detail; equal: how much of the broad
    shades is evened out; contrast and middle: the display curve; corner, size (mm), boxed and
    tag: how its letters look; photons: quanta a pixel in air, at dose 1."""

    edges: float = 0.7
    equal: float = 0.22
    contrast: float = 4.2
    middle: float = 0.37
    corner: tuple[float, float] = (0.07, 0.06)
    size: float = 14.0
    boxed: bool = False
    tag: bool = False
    photons: float = 2.2e5


HOSPITALS = (
    Hospital(),
    Hospital(edges=1.1, equal=0.32, contrast=4.0, middle=0.35, size=11, boxed=True, tag=True),
    Hospital(edges=0.4, equal=0.12, contrast=3.8, middle=0.39, corner=(0.16, 0.045), size=17),
    Hospital(edges=0.9, equal=0.40, contrast=4.6, middle=0.33, corner=(0.04, 0.10), size=9,
             tag=True, photons=1.5e5),
    Hospital(edges=0.3, equal=0.10, contrast=4.0, middle=0.39, size=20, corner=(0.10, 0.05),
             photons=3e5),
    Hospital(edges=1.4, equal=0.30, contrast=4.4, middle=0.37, corner=(0.30, 0.05), size=12,
             boxed=True, photons=1.2e5),
)  # fmt: skip
SCATTER = {"PA": (0.22, 26.0), "lateral": (0.34, 30.0), "AP": (0.55, 34.0)}  # share, spread mm

EXPOSED = {"PA": 0.17, "lateral": 0.33, "AP": 0.17}  # margin left out of the choice of window


def hospital_of(acquisition: Acquisition) -> Hospital:
    """The style of that department, by its number."""
    return HOSPITALS[acquisition.hospital % len(HOSPITALS)]


def _coarse(image: F32, sigma: float, step: int) -> F32:
    """A Gaussian blur of `sigma` pixels, worked out on every step-th pixel."""
    rows, columns = image.shape
    small = ndimage.uniform_filter(image, step)[step // 2 :: step, step // 2 :: step]
    small = ndimage.gaussian_filter(small, sigma / step, mode="nearest")
    r = (np.arange(rows) - step // 2) / step
    c = (np.arange(columns) - step // 2) / step
    return ndimage.map_coordinates(
        small, np.meshgrid(r, c, indexing="ij"), order=1, mode="nearest", output=np.float32
    )


def radiograph(film: Film, rng: np.random.Generator, acquisition: Acquisition) -> F32:
    """Line integrals → a processed 12-bit film: (R, C) whole numbers, bright is dense."""
    style = hospital_of(acquisition)
    pixel = film.view.pixel
    share, spread = SCATTER[film.view.name]
    primary = np.exp(-film.attenuation)
    step = max(int(6 / pixel), 1)
    scatter = _coarse(np.minimum(primary, np.float32(0.25)), spread / pixel, step)
    exposure = primary + np.float32(share) * scatter
    photons = np.float32(style.photons * acquisition.dose * pixel**2)
    grain = rng.standard_normal(exposure.shape, dtype=np.float32)
    noisy = exposure + np.sqrt(exposure / photons) * grain
    noisy = ndimage.gaussian_filter(np.maximum(noisy, np.float32(2e-4)), 0.35 / pixel)
    log = -np.log(noisy)
    return np.rint(_processed(log, style, pixel, film.view.name) * WHITE).astype(np.float32)


def _processed(log: F32, style: Hospital, pixel: float, view: str) -> F32:
    """Log exposure → 0 to 1 as displayed: detail raised, broad shades evened, an S-curve."""
    fine = ndimage.gaussian_filter(log, 2.6 / pixel, truncate=2.5)
    broad = _coarse(log, 30.0 / pixel, max(int(7 / pixel), 1))
    shown = log + np.float32(style.edges) * (log - fine)
    inside = broad > 0.6
    level = np.float32(np.median(broad[inside])) if inside.any() else np.float32(0)
    body = np.clip(broad - np.float32(0.4), 0, 1)  # air round the patient stays black
    shown = shown - np.float32(style.equal) * body * np.clip(broad - level, -1.5, 1.5)
    rows, columns = log.shape
    aside = int(EXPOSED[view] * columns)
    part = np.s_[rows // 8 : -rows // 6 : 5, aside:-aside:5]
    chest = shown[part][broad[part] > 0.8]
    low, high = np.percentile(chest, (1.5, 98.5)) if chest.size else (0.0, 1.0)
    t = (shown - np.float32(low)) / np.float32(max(high - low, 0.5))
    curve = 1 / (1 + np.exp(-np.float32(style.contrast) * (t - np.float32(style.middle))))
    bottom = 1 / (1 + np.exp(style.contrast * (style.middle + 0.55)))
    return np.clip((curve - np.float32(bottom)) / np.float32(1 - bottom), 0, 1)


def stored(values: F32, inverted: bool) -> F32:
    """Displayed grey levels → stored ones: MONOCHROME1 keeps the film upside down (PS3.3
    C.7.6.3.1.2), and a viewer turns it back."""
    return WHITE - values if inverted else values


# ------------------------------------------------------------------ letters

GLYPHS = {  # 5 × 7 dots, a row each
    "A": "01110 10001 10001 11111 10001 10001 10001",
    "B": "11110 10001 10001 11110 10001 10001 11110",
    "C": "01111 10000 10000 10000 10000 10000 01111",
    "D": "11110 10001 10001 10001 10001 10001 11110",
    "E": "11111 10000 10000 11110 10000 10000 11111",
    "I": "01110 00100 00100 00100 00100 00100 01110",
    "L": "10000 10000 10000 10000 10000 10000 11111",
    "M": "10001 11011 10101 10101 10001 10001 10001",
    "N": "10001 11001 10101 10011 10001 10001 10001",
    "O": "01110 10001 10001 10001 10001 10001 01110",
    "P": "11110 10001 10001 11110 10000 10000 10000",
    "R": "11110 10001 10001 11110 10100 10010 10001",
    "S": "01111 10000 10000 01110 00001 00001 11110",
    "T": "11111 00100 00100 00100 00100 00100 00100",
    "U": "10001 10001 10001 10001 10001 10001 01110",
    " ": "00000 00000 00000 00000 00000 00000 00000",
}  # fmt: skip
TAGS = {"PA": "ERECT", "AP": "AP SUPINE", "lateral": ""}


def _word(text: str, height: int) -> F32:
    """A line of dotted letters `height` pixels tall, 0 to 1, smooth at its edges."""
    dots = []
    for letter in text:
        rows = GLYPHS[letter].split()
        dots.append(np.array([[float(d) for d in row] + [0.0] for row in rows], np.float32))
    small = np.concatenate(dots, axis=1)[:, :-1]
    scale = max(height / 7, 1.0)
    big = ndimage.zoom(np.pad(small, 1), scale, order=1)
    return np.clip((big - 0.3) * 2.5, 0, 1).astype(np.float32)


def lettered(values: F32, film: Film, acquisition: Acquisition) -> F32:
    """A film with its side marker and the department's words burned in.

    The marker stands on its own side of the patient, R on the right and L on the left, except
    where `film.facts["marker misplaced"]` is 1 (rare: a technologist's mistake). On a lateral
    film it names the side next to the detector."""
    style = hospital_of(acquisition)
    out = values.copy()
    rows, columns = values.shape
    pixel = film.view.pixel
    if acquisition.marker:
        stamp = _word(acquisition.marker, max(int(style.size / pixel), 7))
        if style.boxed:
            stamp = np.maximum(np.pad(stamp, 3), _frame(stamp.shape))
        inset = int(style.corner[1] * columns)
        left = (acquisition.marker == "R") != bool(film.facts.get("marker misplaced", 0.0))
        column = inset if left else columns - inset - stamp.shape[1]
        _burn(out, stamp, int(style.corner[0] * rows), column)
    if style.tag and TAGS[film.view.name]:
        words = _word(TAGS[film.view.name], max(int(5.5 / pixel), 7))
        _burn(out, words, int(0.02 * rows), columns - words.shape[1] - int(0.02 * columns))
    return np.rint(out).astype(np.float32)


def _frame(shape: tuple[int, int]) -> F32:
    box = np.ones((shape[0] + 6, shape[1] + 6), np.float32)
    box[1:-1, 1:-1] = 0
    return box


def _burn(values: F32, stamp: F32, row: int, column: int) -> None:
    column = max(min(column, values.shape[1] - stamp.shape[1]), 0)
    part = values[row : row + stamp.shape[0], column : column + stamp.shape[1]]
    ink = stamp[: part.shape[0], : part.shape[1]]
    part += ink * (np.float32(0.95 * WHITE) - part)


def displayed(values: F32, inverted: bool) -> npt.NDArray[np.uint8]:
    """Stored values → the eight-bit picture a viewer shows."""
    return np.rint(stored(values, inverted) * (255 / WHITE)).astype(np.uint8)
