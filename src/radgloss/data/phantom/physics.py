"""What pictures have in common: noise of CT, the observer of a film, its side letter.

Shapes: R rows · C columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom.shapes import F32

__all__ = ["WHITE", "detectable", "marked", "noise_level"]

WHITE = 4095  # the largest stored value of a 12-bit film


def noise_level(dose: float, girth_mm: float) -> float:
    """The deviation of CT noise in HU at that dose and girth (effective diameter, mm)."""
    return float(np.clip(11 / np.sqrt(dose) * np.exp((girth_mm - 290) / 190), 3, 26))


def detectable(attenuation: F32, change: F32, mask: npt.NDArray[np.bool_], pixel: float) -> bool:
    """Whether a reader could see a lesion on a film, against the anatomy around it.

    What the change has of detail finer than 30 mm, over the deviation of the surrounding detail,
    times the root of how many patches of 8 mm the lesion covers (the Rose model with anatomical
    noise), of which a glance takes in 16 at most: at least 1.5. A broad, even veil is not seen."""
    if not mask.any():
        return False
    without = attenuation - change
    detail = without - ndimage.uniform_filter(without, max(int(16 / pixel), 3))
    around = ndimage.binary_dilation(mask, iterations=max(int(8 / pixel), 2))
    noise = max(float(detail[around].std()), 0.01)
    patches = float(np.clip(mask.sum() * pixel**2 / 64.0, 0.25, 16))
    sharp = change - ndimage.uniform_filter(change, max(int(30 / pixel), 3))
    signal = float(np.sqrt(np.square(sharp[mask]).mean()))
    passing = float(np.exp(-np.clip(without[mask].mean() - 4.2, 0, None)))  # scatter veils
    return bool(signal * passing / noise * np.sqrt(patches) >= 1.5)


def marked(values: F32, letter: str, pixel: float) -> F32:
    """A film with its side letter burned in on the patient's own side: L or R, or nothing."""
    if not letter:
        return values
    out = values.copy()
    rows, columns = values.shape
    size = max(int(13 / pixel), 7)
    top = int(0.07 * rows)
    left = int(0.055 * columns) if letter == "R" else columns - int(0.055 * columns) - size
    glyph = _glyph(letter, size)
    part = out[top : top + size, left : left + size]
    part += glyph * (0.94 * WHITE - part)
    return np.rint(out).astype(np.float32)


def _glyph(letter: str, size: int) -> F32:
    """A plain letter (size, size) of lead, 0 to 1."""
    v, u = np.mgrid[0:size, 0:size].astype(np.float32) / np.float32(size - 1)
    thick = 0.13
    stem = np.abs(u - 0.2) < thick
    if letter == "L":
        ink = stem | ((np.abs(v - 0.9) < thick * 0.75) & (u > 0.1) & (u < 0.85))
    else:
        bow = np.abs(np.hypot((u - 0.35) / 1.35, v - 0.28) - 0.23) < thick * 0.7
        leg = (np.abs(u - (0.3 + (v - 0.5) * 0.95)) < thick) & (v > 0.5)
        ink = stem | (bow & (u > 0.2)) | leg
    return ndimage.uniform_filter(ink.astype(np.float32), 2)
