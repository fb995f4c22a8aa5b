"""From a medium to echoes: scatterers, the beam, losses and artefacts, on the polar grid of a fan.

Complex demodulated echoes are made directly: white circular Gaussian scatterers, weighted by the
backscatter of the tissue, plus mirrors where impedance changes, blurred by a pulse along the ray
and by a beam across it that widens away from its focus (the linear model of J. A. Jensen, J Acoust
Soc Am 89 (1991) 182; speckle statistics of R. F. Wagner et al., IEEE Trans Sonics Ultrason 30
(1983) 156). Artefacts follow from the way of sound: shadow and enhancement from the loss along a
ray, edge shadows from refraction at a tangent, mirror image and repeats from echoes that a gas
surface sends back once more.
Shapes: S samples along a ray · N rays (padded)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from radgloss.data.phantom.shapes import F32, field
from radgloss.data.phantom.ultrasound.medium import AIR, Medium
from radgloss.data.phantom.ultrasound.probe import PAD, Sector

__all__ = ["Insonified", "echoes", "gains", "insonify", "loss", "scatterers", "spread"]

C64 = npt.NDArray[np.complex64]
GEL = (-9.0, 0.5, 1.42)  # between the face and the skin: echo, attenuation, impedance
SOFT = 0.8  # mm, the deviation that edges are smoothed by
PULSE = 0.85  # mm, full width of the envelope at half height at 3.5 MHz
MIRROR = 44.0  # dB: a perfect mirror at a right angle, relative to liver's speckle
RIDGE = 2.5  # mm over which voxels spread an interface
AGAIN = {"mirror": -17.0, "repeat": -24.0}  # dB of an echo that gas returns a second time
BENT = 0.09  # radians of deflection that take a ray out of the beam


@dataclass(frozen=True, eq=False)
class Insonified:
    """The medium along the rays: echo dB, attenuation dB/cm/MHz, impedance MRayl; each (S, N)."""

    echo: F32
    attenuation: F32
    impedance: F32


def insonify(medium: Medium, sector: Sector) -> Insonified:
    """The medium at the polar samples; air between the face and the skin is filled with gel."""
    echo, attenuation, impedance = medium.at(sector.rays())
    step = sector.scanner.depth / sector.scanner.samples
    outside = np.logical_and.accumulate(impedance < AIR, axis=0)
    for channel, value in zip((echo, attenuation, impedance), GEL, strict=True):
        channel[outside] = value
    smooth = (SOFT / step, SOFT / 0.8)  # takes the stairs of the voxels away
    return Insonified(*(ndimage.gaussian_filter(c, smooth) for c in (echo, attenuation, impedance)))


# ------------------------------------------------------------------ what a ray loses


def loss(field_: Insonified, sector: Sector) -> F32:
    """(S, N) decibels lost on the way to each sample and back, before compensation."""
    scanner = sector.scanner
    step = scanner.depth / scanner.samples / 10  # cm
    rate = field_.attenuation * np.float32(2 * scanner.frequency * step)
    absorbed = np.cumsum(rate, axis=0, dtype=np.float32) - rate / 2
    out = absorbed + _refracted(field_, sector)
    # A beam is wider than a ray: a small stone shadows only part of it.
    power = ndimage.gaussian_filter1d(10 ** (-np.minimum(out, 90) / 20), 0.8, axis=1)
    return (-20 * np.log10(np.maximum(power, 1e-6))).astype(np.float32)


def _refracted(field_: Insonified, sector: Sector) -> F32:
    """(S, N) dB lost at curved edges, where sound runs along an interface and is bent aside."""
    z = np.clip(field_.impedance, 1.45, 1.80)
    speed = np.float32(0.45) * np.log(z)  # ln c follows ln Z loosely in soft tissue and fluid
    speed = ndimage.gaussian_filter(speed, (1.5, 0.8))
    width = (sector.depth[:, None] + sector.scanner.radius) * (sector.angle[1] - sector.angle[0])
    across = np.gradient(speed, axis=1) / width
    step = sector.scanner.depth / sector.scanner.samples
    bend = np.abs(np.cumsum(across * np.float32(step), axis=0))
    bend = np.maximum.accumulate(bend, axis=0)  # what is bent aside does not come back
    return (10 * np.log10(1 + (bend / BENT) ** 6).clip(0, 1.2)).astype(np.float32)


# ------------------------------------------------------------------ what sends sound back


def scatterers(rng: np.random.Generator, shape: tuple[int, int]) -> C64:
    """(S, N) circular Gaussian numbers of unit power: many scatterers in every cell."""
    pair = rng.standard_normal((2, *shape), dtype=np.float32)
    return ((pair[0] + 1j * pair[1]) * np.float32(np.sqrt(0.5))).astype(np.complex64)


def _texture(field_: Insonified, sector: Sector, rng: np.random.Generator) -> F32:
    """(S, N) dB: coarse grain of parenchyma, and layers of fat and muscle along the skin."""
    shape = field_.echo.shape
    step = sector.scanner.depth / sector.scanner.samples
    width = 0.7 * (sector.scanner.radius + 0.5 * sector.scanner.depth) / 60
    grain = field(rng, shape, (step, width), 4.5) * np.float32(1.6)
    grain += field(rng, shape, (step, width), 14.0) * np.float32(1.0)
    layers = field(rng, shape, (step, width / 7), 1.6) * np.float32(4.0)
    striated = ((field_.attenuation > 0.8) & (field_.impedance > 1.5)) | (
        (field_.impedance < 1.47) & (field_.echo > -20) & (field_.echo < 0)
    )
    solid = np.clip((field_.echo + 26) / 10, 0, 1)
    out: F32 = (grain + np.where(striated, layers, 0)) * solid.astype(np.float32)
    return out


def _mirrors(field_: Insonified, sector: Sector, rng: np.random.Generator) -> F32:
    """(S, N) amplitude of smooth interfaces relative to liver, strongest at a right angle."""
    step = np.float32(sector.scanner.depth / sector.scanner.samples)
    z = ndimage.gaussian_filter1d(np.log(np.maximum(field_.impedance, 0.05)), 2.0, axis=0)
    along = np.gradient(z, axis=0) / step
    width = (sector.depth[:, None] + sector.scanner.radius) * (sector.angle[1] - sector.angle[0])
    across = np.gradient(z, axis=1) / width
    steep = np.abs(along)
    near = ndimage.maximum_filter1d(steep, int(3.5 / step) | 1, axis=0)
    ridge = (steep / (near + np.float32(1e-6))) ** 10  # one thin line per interface
    facing = along**2 / (along**2 + across**2 + np.float32(1e-8))
    reflected = np.minimum(steep * np.float32(0.5 * RIDGE), 1.0)
    uneven = field(rng, z.shape, (1.0, 1.0), 9.0) * np.float32(2.0)
    return reflected * ridge * facing**4 * np.float32(10) ** ((np.float32(MIRROR) + uneven) / 20)


def _again(source: C64, lost: F32, field_: Insonified, sector: Sector) -> C64:
    """(S, N) echoes that the first gas surface of a ray returns once more, with their losses.

    Layers above it appear mirrored below it, and the whole of the near field is repeated."""
    gas = field_.impedance < 0.5 * AIR
    hit = np.where(gas.any(axis=0), gas.argmax(axis=0), len(gas))
    row = np.arange(len(gas))[:, None]
    below = (row > hit) & (hit < len(gas))
    step = sector.scanner.depth / sector.scanner.samples
    before = np.clip(hit - int(3.5 / step), 0, len(gas) - 1)  # clear of the gas's own loss
    surface = np.take_along_axis(lost, before[None], axis=0)
    out = np.zeros_like(source)
    for kind, other in (("mirror", 2 * hit - row), ("repeat", row - hit)):
        ok = below & (other >= 0) & (other < hit)
        other = np.clip(other, 0, len(gas) - 1)
        their = np.take_along_axis(lost, other, axis=0)
        way = 2 * surface - their if kind == "mirror" else surface + their
        level = np.float32(10) ** ((np.float32(AGAIN[kind]) - way) / 20)
        out += np.where(ok, np.take_along_axis(source, other, axis=0) * level, 0)
    return out


# ------------------------------------------------------------------ the beam


def _widths(sector: Sector) -> tuple[float, F32]:
    """Deviations of the point spread: along the ray in samples, and (S,) across it in rays."""
    s = sector.scanner
    pulse = PULSE * 3.5 / s.frequency / 2.355 * s.samples / s.depth
    wave = 1.54 / s.frequency  # mm
    aperture = np.clip(sector.depth / 2.0, 6.0, 20.0)
    beam = 1.4 * wave * np.maximum(sector.depth, 8.0) / aperture
    beam = beam * (1 + 0.45 * ((sector.depth - s.focus) / s.focus) ** 2)
    spacing = (s.radius + sector.depth) * (sector.angle[1] - sector.angle[0])
    return float(pulse), (beam / 2.355 / spacing).astype(np.float32)


def spread(signal: C64, sector: Sector) -> tuple[C64, F32]:
    """The point spread applied to (S, N), and (S, 1) the amplitude it leaves of white speckle."""
    along, across = _widths(sector)
    n = signal.shape[1]
    omega = 2 * np.pi * fft.fftfreq(n).astype(np.float32)
    transfer = np.exp(np.float32(-0.5) * (across[:, None] * omega) ** 2)
    out = fft.ifft(fft.fft(signal, axis=1) * transfer, axis=1)
    real = ndimage.gaussian_filter1d(out.real, along, axis=0, mode="nearest")
    imag = ndimage.gaussian_filter1d(out.imag, along, axis=0, mode="nearest")
    kernel = ndimage.gaussian_filter1d(np.eye(1, 65, 32, dtype=np.float32)[0], along)
    left = np.sqrt((kernel**2).sum() * (transfer**2).mean(axis=1, keepdims=True))
    return (real + 1j * imag).astype(np.complex64), left.astype(np.float32)


def gains(sector: Sector) -> F32:
    """(S, 1) dB that the time-gain compensation adds, and the little that the focus brings."""
    s = sector.scanner
    compensated = np.float32(2 * s.tgc * s.frequency / 10) * sector.depth
    focused = 1.5 * np.exp(-(((sector.depth - s.focus) / (0.35 * s.focus)) ** 2))
    return (np.minimum(compensated, 95) + focused).astype(np.float32)[:, None]


def _clutter(sector: Sector) -> F32:
    """(S, 1) amplitude of the haze under the face: echoes to and fro between face and wall."""
    haze = 10 ** ((-16 - 1.1 * sector.depth) / 20) + 10 ** (-44 / 20) * np.exp(-sector.depth / 45)
    return haze.astype(np.float32)[:, None]


def echoes(
    field_: Insonified,
    sector: Sector,
    rng: np.random.Generator,
    grain: C64 | None = None,
    texture: int | None = None,
) -> F32:
    """(S, N without padding) amplitude of the compensated echoes; 1 is liver's mean at the face.

    grain, texture: the scatterers, and the seed of the coarse grain of tissue, where a sweep
    carries them from frame to frame; else they are drawn."""
    shape = field_.echo.shape
    grain = scatterers(rng, shape) if grain is None else grain
    _, left = spread(np.zeros((sector.scanner.samples, shape[1]), np.complex64), sector)
    own = rng if texture is None else np.random.default_rng(texture)
    decibels = field_.echo + _texture(field_, sector, own)
    source = grain * (np.float32(10) ** (decibels / 20) + _clutter(sector)) / left
    source = source + _mirrors(field_, sector, own)
    lost = loss(field_, sector)
    signal = source * np.float32(10) ** (-lost / 20)
    signal += _again(source.astype(np.complex64), lost, field_, sector)
    heard, _ = spread(signal.astype(np.complex64), sector)
    hiss = scatterers(rng, shape) * np.float32(10 ** (sector.scanner.noise / 20))
    amplified = (heard + hiss) * np.float32(10) ** (gains(sector) / 20)
    return np.abs(amplified[:, PAD:-PAD]).astype(np.float32)
