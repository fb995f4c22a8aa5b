"""Maps lie where they belong: on the source image, whichever way it was stored."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import tiny
from radgloss.engine.attention import attention_map, on_image
from radgloss.preprocess import Preprocess, prepare
from radgloss.types import Image, InputRejected

SETTINGS = Preprocess(size=32, step_mm=1.0, max_frames=64)


def image(affine, shape=(8, 24, 16)):
    """Noise, so that nothing depends on the picture itself."""
    pixels = np.random.default_rng(0).normal(0, 100, shape).astype(np.float32)
    return Image(uid="1.2.3", pixels=pixels, affine=affine, modality="CT")


def stored(order, signs, spacing=(3.0, 1.0, 1.0)):
    """An affine whose axes (frame, row, column) run along the world axes of `order`."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (world, sign, mm) in enumerate(zip(order, signs, spacing, strict=True)):
        affine[world, axis] = sign * mm
    return affine


WAYS = [
    pytest.param(stored((2, 1, 0), (1, 1, 1)), id="axial"),
    pytest.param(stored((2, 1, 0), (-1, 1, -1)), id="axial-turned"),
    pytest.param(stored((1, 2, 0), (1, -1, 1), (1, 1, 1)), id="coronal"),
    pytest.param(stored((0, 2, 1), (-1, -1, 1), (1, 1, 1)), id="sagittal"),
]


@pytest.mark.parametrize("affine", WAYS)
def test_a_cell_of_the_map_comes_back_to_the_voxels_it_was_made_of(affine):
    """One cell is lit; the brightest voxels are those that the placement itself puts there."""
    source = image(affine)
    placement = prepare(source, SETTINGS).placement
    n_frames = len(prepare(source, SETTINGS).pixels)
    maps = np.zeros((n_frames, 8, 8), np.float32)  # cells of 4 pixels
    n, row, column = n_frames // 2, 4, 3
    maps[n, row, column] = 1
    heat = on_image(maps, placement, 32)
    assert heat.shape == source.pixels.shape
    centre = placement.to_index(n, 4 * row + 1.5, 4 * column + 1.5)
    peak = np.unravel_index(heat.argmax(), heat.shape)
    assert np.abs(np.array(peak) - centre).max() <= 1.0
    lit = np.argwhere(heat > 0.5)  # nearer to this cell's centre than to any other's
    for voxel in lit:
        back = np.linalg.inv(placement.to_source) @ np.array([*voxel, 1.0])
        assert abs(back[0] - n) < 1
        assert abs(back[1] - (4 * row + 1.5)) < 4
        assert abs(back[2] - (4 * column + 1.5)) < 4


@pytest.mark.parametrize("affine", WAYS)
def test_a_slope_over_the_square_is_the_slope_that_the_placement_says(affine):
    """Linear maps stay linear: each voxel has the value of its own prepared place."""
    source = image(affine)
    prepared = prepare(source, SETTINGS)
    rows, columns = np.mgrid[:8, :8] * 4 + 1.5
    maps = np.broadcast_to(rows + 0.1 * columns, (len(prepared.pixels), 8, 8))
    heat = on_image(maps.astype(np.float32), prepared.placement, 32)
    back = np.linalg.inv(prepared.placement.to_source)
    for voxel in np.random.default_rng(1).integers(0, heat.shape, (40, 3)):
        _, row, column = (back @ np.array([*voxel, 1.0]))[:3]
        expected = np.clip(row, 1.5, 29.5) + 0.1 * np.clip(column, 1.5, 29.5)
        assert heat[tuple(voxel)] == pytest.approx(expected, abs=1e-3)


def test_a_checkpoint_shows_where_it_looked():
    checkpoint = tiny.checkpoint()
    source = image(stored((2, 1, 0), (1, 1, 1)))
    heat = attention_map(checkpoint, source)
    assert heat.shape == source.pixels.shape
    assert np.isfinite(heat).all()
    assert heat.min() > 0


def test_a_network_without_attention_says_so():
    model = SimpleNamespace(image=object())
    with pytest.raises(InputRejected) as error:
        attention_map(replace(tiny.checkpoint(), model=model), image(np.eye(4)))
    assert error.value.code == "no-attention"
