"""The bridge keeps left left and can be walked back."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss import display
from radgloss.display import grey
from radgloss.preprocess import Preprocess, prepare
from radgloss.types import Image, InputRejected, Window

SMALL = Preprocess(size=32, step_mm=5.0, max_frames=8)


def volume(affine, shape=(8, 20, 24), modality="CT"):
    rng = np.random.default_rng(0)
    pixels = rng.normal(0, 100, shape).astype(np.float32)
    return Image("1.2", pixels, np.asarray(affine, float), modality, voi=(Window(0, 400),))


AXIAL = np.array([[0, 0, 2.0, -20], [0, 2.0, 0, -20], [5.0, 0, 0, 100], [0, 0, 0, 1]])


def reoriented(image, order, flips):
    """The same patient stored along other axes."""
    pixels = image.pixels.transpose(order)
    m = np.zeros((4, 4))
    m[3, 3] = 1
    for new, old in enumerate(order):
        if flips[new]:
            pixels = np.flip(pixels, new)
            m[old, new], m[old, 3] = -1, image.pixels.shape[old] - 1
        else:
            m[old, new] = 1
    return replace(image, pixels=np.ascontiguousarray(pixels), affine=image.affine @ m)


@settings(deadline=None, max_examples=30)
@given(st.permutations([0, 1, 2]), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_storage_orientation_does_not_change_what_the_model_sees(order, flips):
    image = volume(AXIAL)
    same = prepare(reoriented(image, tuple(order), flips), SMALL)
    np.testing.assert_array_equal(same.pixels, prepare(image, SMALL).pixels)


@settings(deadline=None, max_examples=30)
@given(
    st.integers(0, 5), st.floats(0, 31), st.floats(0, 31),
    st.permutations([0, 1, 2]), st.tuples(st.booleans(), st.booleans(), st.booleans()),
)  # fmt: skip
def test_placement_inverts(n, row, column, order, flips):
    placement = prepare(reoriented(volume(AXIAL), tuple(order), flips), SMALL).placement
    back = placement.from_mm(*placement.to_mm(n, row, column))
    np.testing.assert_allclose(back, [n, row, column], atol=1e-6)


def test_bright_voxel_is_found_where_the_placement_says():
    image = volume(AXIAL)
    image.pixels[:] = -1000
    image.pixels[3, 15:18, 4:7] = 1000
    prepared = prepare(image, SMALL)
    n, row, column = np.unravel_index(prepared.pixels[:, 0].argmax(), prepared.pixels[:, 0].shape)
    frame, r, c = prepared.placement.to_index(n, row, column)
    assert frame == 3
    assert abs(r - 16) < 1.5
    assert abs(c - 5) < 1.5


def test_columns_run_to_the_patients_left():
    prepared = prepare(volume(AXIAL), SMALL)
    assert prepared.placement.to_mm(0, 0, 31)[0] > prepared.placement.to_mm(0, 0, 0)[0]


def test_a_flipped_radiograph_is_turned_back():
    pixels = np.random.default_rng(1).random((1, 40, 40)).astype(np.float32)
    upright = np.array([[0, 0, 1.0, 0], [1, 0, 0, 0], [0, -1.0, 0, 0], [0, 0, 0, 1]])
    film = Image("1", pixels, upright, "DX", view="PA")
    mirrored = upright.copy()
    mirrored[0, 2], mirrored[0, 3] = -1.0, 39.0
    flipped = Image("2", np.ascontiguousarray(pixels[:, :, ::-1]), mirrored, "DX", view="PA")
    np.testing.assert_array_equal(prepare(flipped, SMALL).pixels, prepare(film, SMALL).pixels)


def test_monochrome1_looks_like_monochrome2():
    pixels = np.linspace(0, 1, 32 * 32, dtype=np.float32).reshape(1, 32, 32)
    eye = np.eye(4)[[2, 1, 0, 3]]
    two = Image("1", pixels, eye, "DX", voi=(Window(0.5, 1.0, "LINEAR_EXACT"),))
    one = replace(two, pixels=1 - pixels, inverted=True)
    np.testing.assert_allclose(prepare(one, SMALL).pixels, prepare(two, SMALL).pixels, atol=1)


def test_non_square_pixels_keep_their_proportion():
    affine = AXIAL.copy()
    affine[1, 1] = 4.0  # rows twice as far apart as columns
    prepared = prepare(volume(affine, (2, 10, 20)), SMALL)
    assert prepared.inside.sum() == 32 * 32


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda i: replace(i, pixels=i.pixels[:, :4]), "too-small"),
        (lambda i: replace(i, pixels=i.pixels * np.float32(np.nan)), "not-finite"),
    ],
)
def test_unusable_images_are_refused_by_name(spoil, code):
    with pytest.raises(InputRejected) as error:
        prepare(spoil(volume(AXIAL)), SMALL)
    assert error.value.code == code


def test_settings_survive_a_round_trip_and_unknown_keys_do_not():
    again = Preprocess.from_dict(SMALL.to_dict())
    assert again == SMALL
    assert again.digest == SMALL.digest
    with pytest.raises(TypeError):
        Preprocess.from_dict({**SMALL.to_dict(), "colour": True})


@settings(deadline=None, max_examples=30)
@given(st.permutations([0, 1, 2]), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_a_region_holds_every_voxel_under_its_pixels(order, flips):
    image = reoriented(volume(AXIAL, (8, 96, 96)), tuple(order), flips)
    placement = prepare(image, SMALL).placement  # a pixel covers 3 × 3 voxels
    whole = placement.region(2, 0, 0, 32, 32)
    extent = sorted(h - low + 1 for low, h in zip(whole.low, whole.high, strict=True))
    assert extent == [1, 96, 96]
    one = placement.region(2, 10, 20, 11, 21)
    assert sorted(h - low + 1 for low, h in zip(one.low, one.high, strict=True)) == [1, 3, 3]
    middle = (np.array(one.low) + one.high) / 2
    np.testing.assert_allclose(middle, placement.to_index(2, 10, 20), atol=1e-6)


@pytest.mark.parametrize("modality", ["CT", "DX"])
def test_a_huge_frame_is_prepared_in_strips_with_the_same_bytes(monkeypatch, modality):
    image = replace(volume(AXIAL, (2, 70, 90), modality), inverted=modality == "DX")
    whole = prepare(image, SMALL).pixels, grey(image, 1)
    monkeypatch.setattr(display, "_PORTION", 900)
    np.testing.assert_array_equal(prepare(image, SMALL).pixels, whole[0])
    np.testing.assert_array_equal(grey(image, 1), whole[1])


@pytest.mark.parametrize("modality", ["CT", "DX"])
def test_preparing_a_huge_frame_takes_little_beside_it(modality):
    image = volume(AXIAL, (1, 3000, 4000), modality)
    tracemalloc.start()
    try:
        prepare(image, SMALL)
        prepared, _ = tracemalloc.get_traced_memory()[1], tracemalloc.reset_peak()
        grey(image, 0)
        shown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert prepared < 0.6 * image.pixels.nbytes  # Pillow's copy, untraced, makes it 1.6
    assert shown < 0.8 * image.pixels.nbytes
