"""The judge of realism holds to closed forms and to scipy."""

import numpy as np
import pytest
from scipy import stats

from radgloss.bench.realism import (
    bias_amplitude,
    compare,
    gradients,
    nps,
    page,
    patches,
    power,
    radial,
    spectral_slope,
    values_by_organ,
    wasserstein,
)


def test_the_spectrum_of_white_noise_is_flat_at_its_variance_times_the_pixel() -> None:
    sigma, spacing = 12.0, (0.8, 1.5)
    noise = np.random.default_rng(0).normal(0, sigma, (3000, 16, 16))
    frequency, mean = radial(nps(noise, spacing), spacing, bins=6)
    assert np.allclose(mean, sigma**2 * spacing[0] * spacing[1], rtol=0.05)
    assert frequency[-1] < 0.5 / 1.5


def test_parseval_the_integral_of_the_spectrum_is_the_variance() -> None:
    spacing = (0.7, 0.9)
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 5, (50, 24, 20)) + rng.normal(0, 30, (50, 1, 1))
    cell = 1 / (24 * spacing[0] * 20 * spacing[1])  # one frequency's area
    variance = noise.var(axis=(1, 2)).mean()
    assert nps(noise, spacing).sum() * cell == pytest.approx(variance)
    assert power(noise[0]).sum() == pytest.approx(noise[0].var())


def test_a_wave_lies_in_the_ring_of_its_frequency() -> None:
    x = np.arange(64)
    wave = np.sin(2 * np.pi * 8 * x / 64)[None] * np.ones((64, 1))
    frequency, mean = radial(power(wave), bins=16)
    assert abs(frequency[np.nanargmax(mean)] - 8 / 64) <= 0.5 / 16


@pytest.mark.parametrize("seed", range(4))
def test_the_distance_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0, 1, 50 + seed), rng.exponential(2, 81).round(1)
    assert wasserstein(a, b) == pytest.approx(stats.wasserstein_distance(a, b))
    assert wasserstein(a, a) == 0


def test_a_shift_is_its_own_distance_and_halves_of_one_kind_are_near() -> None:
    rng = np.random.default_rng(2)
    real = [rng.normal(0, 1, 500) for _ in range(10)]
    row = compare("value", "HU", real, [rng.normal(3, 1, 500) for _ in range(10)])
    assert row.distance == pytest.approx(3, abs=0.1)
    assert row.reference < 0.12
    assert row.times > 20
    assert compare("value", "HU", real, [rng.normal(0, 1, 500) for _ in range(10)]).times < 2


def test_a_power_law_has_its_slope() -> None:
    rng = np.random.default_rng(3)
    v, u = np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128)[None]
    f = np.hypot(u, v)
    f[0, 0] = 1
    for slope in (1.0, 2.5):
        white = np.fft.fft2(rng.normal(size=(128, 128)))
        picture = np.real(np.fft.ifft2(white * f ** (-slope / 2)))
        assert spectral_slope(picture) == pytest.approx(slope, abs=0.25)


def test_a_ramp_has_one_gradient_and_leaves_no_noise() -> None:
    z, y, x = np.mgrid[0:4, 0:24, 0:24] * 1.0
    ramp = 3 * x + 4 * y
    where = np.ones(ramp.shape, bool)
    assert np.allclose(gradients(ramp, (5.0, 2.0, 2.0), where), 2.5)
    flat = patches(ramp, where, size=8)
    assert flat.shape == (36, 8, 8)
    assert np.allclose(flat, 0, atol=1e-9)
    assert z.max() == 3


def test_patches_lie_inside_their_mask_and_organs_are_shrunk() -> None:
    mask = np.zeros((1, 20, 20), bool)
    mask[0, :9, :9] = True
    assert len(patches(np.zeros((1, 20, 20)), mask)) == 1
    block = np.zeros((9, 12, 12), bool)
    block[1:8, 2:10, 2:10] = True
    assert len(values_by_organ(np.zeros(block.shape), {"liver": block})["liver"]) == 5 * 6 * 6


def test_shading_of_an_even_tissue_is_its_amplitude() -> None:
    x = np.linspace(-1, 1, 80)[None, :, None] * np.ones((80, 1, 20))
    mask = np.ones(x.shape, bool)
    shaded = 100 * np.exp(0.2 * x)
    assert bias_amplitude(shaded, mask, 3.0) == pytest.approx(0.2 / np.sqrt(3), rel=0.1)
    assert bias_amplitude(100 * np.ones(x.shape), mask, 3.0) < 1e-9


def test_the_page_says_what_is_far_and_what_is_missing() -> None:
    rng = np.random.default_rng(4)
    real = [rng.normal(0, 1, 300) for _ in range(6)]
    row = compare("CT number of the liver", "HU", real, [rng.normal(40, 1, 300)])
    text = page("Realism", [row], {"shading of head MR": 0.2}, ["ultrasound: no real pictures"])
    assert "Far off (more than five times): CT number of the liver." in text
    assert "- ultrasound: no real pictures" in text
    assert "- shading of head MR: 0.2" in text
