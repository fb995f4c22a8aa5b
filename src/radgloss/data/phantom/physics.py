"""What scanners add: slice profile, sharpness and noise of CT; scatter, noise and curve of film.

Shapes: F frames · R rows · C columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom.shapes import F32

__all__ = [
    "WHITE",
    "computed_tomography",
    "detectable",
    "marked",
    "noise_level",
    "radiograph",
]

WHITE = 4095  # the largest stored value of a 12-bit film


def _blur3(volume: F32, axis: int, side: float) -> F32:
    """Three-point smoothing along one axis, weights side, 1 - 2 side, side; edges repeat."""
    first = np.take(volume, [0], axis)
    last = np.take(volume, [-1], axis)
    wide = np.concatenate([first, volume, last], axis)
    n = volume.shape[axis]
    lo, mid, hi = (
        wide[tuple(slice(k, k + n) if a == axis else slice(None) for a in range(volume.ndim))]
        for k in (0, 1, 2)
    )
    out: F32 = np.float32(1 - 2 * side) * mid + np.float32(side) * (lo + hi)
    return out


def computed_tomography(hu: F32, rng: np.random.Generator, dose: float, girth_mm: float) -> F32:
    """Noiseless CT numbers → a reconstruction: (F, R, C) both, HU rounded to whole numbers.

    Slice sensitivity profile and a soft-tissue kernel; noise with that kernel's texture, its
    deviation falling with the root of dose and growing with girth (effective diameter, mm)."""
    sharp = _blur3(_blur3(_blur3(hu, 0, 0.14), 1, 0.08), 2, 0.08)
    noise = rng.standard_normal(hu.shape, dtype=np.float32)
    noise = _blur3(_blur3(noise, 1, 0.21), 2, 0.21)
    noise -= np.float32(0.5) * _blur3(_blur3(noise, 1, 0.33), 2, 0.33)  # a ramp has no mean
    noise *= np.float32(
        noise_level(dose, girth_mm) / max(float(noise[:: max(len(noise) // 4, 1)].std()), 1e-6)
    )
    return np.rint(np.clip(sharp + noise, -1024, 3071)).astype(np.float32)


def _curve(attenuation: F32) -> F32:
    """Log exposure → stored value, as a display-ready film: an S-shaped curve, bone bright."""
    rows, columns = attenuation.shape
    chest = attenuation[rows // 8 : -rows // 5 : 5, columns // 6 : -columns // 6 : 5]
    low, high = np.percentile(chest, (2, 97))
    t = (attenuation - np.float32(low)) / np.float32(high - low)
    return np.float32(1) / (1 + np.exp(-np.float32(4.4) * (t - np.float32(0.49))))


def radiograph(
    attenuation: F32, rng: np.random.Generator, dose: float, pixel: float
) -> npt.NDArray[np.float32]:
    """Line integrals → a processed 12-bit film: (R, C) whole numbers, bright is dense.

    Beer–Lambert, scatter behind a grid as a broad blur of the primary, quantum noise, the
    detector's unsharpness, logarithm, mild edge enhancement, and a display curve."""
    primary = np.exp(-attenuation)
    small = ndimage.zoom(primary, 0.125, order=1)
    broad = ndimage.gaussian_filter(small, 26.0 / (8 * pixel), mode="nearest")
    scatter = ndimage.zoom(
        broad, np.array(primary.shape) / np.array(broad.shape), order=1, mode="nearest"
    )
    exposure = primary + np.float32(0.22) * np.minimum(scatter, 0.25)
    photons = np.float32(2.2e5 * dose)
    noisy = exposure + np.sqrt(exposure / photons) * rng.standard_normal(
        exposure.shape, dtype=np.float32
    )
    noisy = _blur3(_blur3(np.clip(noisy, 1e-5, None), 0, 0.13), 1, 0.13)
    log = -np.log(noisy)
    fine = ndimage.gaussian_filter(log, 3.0 / pixel)
    coarse = ndimage.zoom(
        ndimage.gaussian_filter(ndimage.zoom(log, 0.25, order=1), 30.0 / (4 * pixel)),
        4, order=1,
    )[: log.shape[0], : log.shape[1]]  # fmt: skip
    enhanced = log + np.float32(0.7) * (log - fine) - np.float32(0.25) * (coarse - coarse.mean())
    return np.rint(_curve(enhanced) * WHITE).astype(np.float32)


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
