"""Whether a reader could see a lesion: an ideal observer whose noise is the anatomy around it.

A prewhitening matched filter (Barrett and Myers, Foundations of Image Science) with the
power spectrum of anatomical noise, K / f³ as measured in chest and breast films (Burgess 2001,
Med Phys 28:419; Samei 1999, Radiology 213:727), plus the quanta. K is taken from the film itself
around the lesion, ribs and vessels included, so that the same nodule is found in a clear apex and
missed behind the heart. Scatter pales what lies behind dense tissue.

The threshold was set once: half of the soft nodules of 9 mm, placed at random, are seen on PA
films. No reader study stands behind it. An ideal observer knows where to look and what for, so
thin, sharp-edged changes (a supine veil of fluid) are easier for it than for a person."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from radgloss.data.phantom.patients import Acquisition
from radgloss.data.phantom.shapes import F32
from radgloss.data.phantom.thorax.film import SCATTER, hospital_of
from radgloss.data.phantom.thorax.nouns import Film, Shadow

__all__ = ["THRESHOLD", "detectability", "detectable"]

THRESHOLD = 9.0  # of the observer's signal-to-noise ratio
SLOPE = 3.0  # of the anatomy's power spectrum
MARGIN = 24.0  # mm around the lesion that its background is taken from
BAND = (1.2, 5.0)  # mm: the blurs whose difference measures the anatomy's strength


def detectability(film: Film, shadow: Shadow, acquisition: Acquisition) -> float:
    """The observer's signal-to-noise ratio for that lesion on that film, 0 where it has none."""
    if not shadow.mask.any():
        return 0.0
    pixel = film.view.pixel
    box = _around(shadow, int(np.ceil(MARGIN / pixel)))
    change = shadow.change[box]
    without = film.attenuation[box] - change
    primary = np.exp(-film.attenuation[box])
    share, spread = SCATTER[film.view.name]
    scatter = ndimage.gaussian_filter(np.minimum(primary, 0.25), spread / pixel, mode="nearest")
    pale = primary / (primary + share * scatter)
    near = ndimage.binary_dilation(shadow.mask[box], iterations=max(int(8 / pixel), 2))
    signal = (change * pale).astype(np.float32)

    shape = signal.shape
    fy, fx = np.fft.fftfreq(shape[0], pixel)[:, None], np.fft.rfftfreq(shape[1], pixel)[None]
    f = np.hypot(fy, fx)
    f[0, 0] = 0.5 / (pixel * max(shape))
    law = f**-SLOPE
    gauss = [np.exp(-2 * (np.pi * f * b) ** 2) for b in BAND]
    both = np.where(np.arange(law.shape[1]) % (shape[1] // 2) == 0, 1.0, 2.0)  # mirrored half
    share_of_law = float((law * (gauss[0] - gauss[1]) ** 2 * both).sum()) / signal.size
    detail = _blur(without * pale, BAND[0] / pixel) - _blur(without * pale, BAND[1] / pixel)
    strength = float(detail[near].var()) / share_of_law
    photons = hospital_of(acquisition).photons * acquisition.dose * pixel**2
    quanta = float(np.mean(1 / (photons * (primary + share * scatter)[near])))
    power = np.abs(np.fft.rfft2(signal)) ** 2 * both / signal.size
    return float(np.sqrt((power / (strength * law + quanta)).sum()))


def detectable(film: Film, shadow: Shadow, acquisition: Acquisition) -> bool:
    """Whether a careful reader would find that lesion on that film."""
    return detectability(film, shadow, acquisition) >= THRESHOLD


def _blur(image: F32, sigma: float) -> F32:
    return ndimage.gaussian_filter(image, sigma, mode="nearest")


def _around(shadow: Shadow, margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(shadow.mask.any(1)), np.flatnonzero(shadow.mask.any(0))
    r0, r1 = max(int(rows[0]) - margin, 0), int(rows[-1]) + margin + 1
    c0, c1 = max(int(columns[0]) - margin, 0), int(columns[-1]) + margin + 1
    return slice(r0, r1), slice(c0, c1)
