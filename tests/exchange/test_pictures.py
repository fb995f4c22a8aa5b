import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Raster

from radgloss.exchange import pictures as pics
from radgloss.types import Draft, Evidence, Image, Origin, Region, Sentence, Source, Study, Window

SOURCE = Source("2.25.1", "1.2.840.10008.5.1.4.1.1.2")


def _image(shape=(1, 8, 8), frame=(0, 0, 1), row=(0, 1, 0), column=(1, 0, 0), **more):
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = frame, row, column
    more.setdefault("pixels", np.zeros(shape, np.float32))
    return Image(**{"uid": "i", "affine": affine, "modality": "CT", **more})


def _draft(*evidence):
    sentences = tuple(Sentence("x", "findings", evidence=(e,)) for e in evidence)
    return Draft("s", sentences, Origin("c", "p", "0"))


def _shown(image, *evidence):
    return pics.pictures(Study("s", (image,)), _draft(*evidence))[0]


def _array(picture, place=0):
    return np.asarray(Raster.open(io.BytesIO(picture.frames[place].png)))


def test_axial_edges_are_right_left_front_back():
    assert pics.letters(_image(sources=(SOURCE,))) == ("R", "L", "A", "P")


def test_series_of_one_study_are_told_apart_by_how_they_were_taken_and_by_no_free_word():
    said = ("T1_fs Smith", "ax T2", "DWI b800", "ADC map", "John")
    study = Study("s", tuple(
        _image(uid=str(n), modality="MR", body_part="ABDOMEN", description=d)
        for n, d in enumerate(said)
    ))  # fmt: skip
    assert [p.title for p in pics.pictures(study, _draft())] == [
        "MR Abdomen T1 fat-suppressed", "MR Abdomen T2", "MR Abdomen DWI", "MR Abdomen ADC",
        "MR Abdomen",
    ]  # fmt: skip
    film = _image(modality="DX", view="LL", description="lat chest")
    assert _shown(film).title == "DX LL"


def test_coronal_and_sagittal_edges_show_head_and_feet():
    coronal = _image(frame=(0, 1, 0), row=(0, 0, -1), sources=(SOURCE,))
    sagittal = _image(frame=(1, 0, 0), row=(0, 0, -1), column=(0, 1, 0), sources=(SOURCE,))
    assert pics.letters(coronal) == ("R", "L", "H", "F")
    assert pics.letters(sagittal) == ("A", "P", "H", "F")
    assert (pics.plane_name(coronal), pics.plane_name(sagittal)) == ("coronal", "sagittal")


def test_an_oblique_edge_has_two_letters():
    tilted = _image(column=(0.8, 0.6, 0), row=(-0.6, 0.8, 0), sources=(SOURCE,))
    assert pics.letters(tilted) == ("RA", "LP", "AL", "PR")


def test_a_radiograph_of_unknown_orientation_gets_no_letters():
    unknown = _image(modality="DX", spacing="detector", sources=(SOURCE,))
    frontal = _image(modality="DX", row=(0, 0, -1), frame=(0, 1, 0), sources=(SOURCE,))
    assert pics.letters(unknown) == ("", "", "", "")
    assert pics.letters(frontal) == ("R", "L", "H", "F")


def test_what_the_reader_could_not_orient_gets_no_letters():
    noted = _image(notes=("NIfTI without orientation: left and right are not known",))
    assert pics.letters(noted) == ("", "", "", "")
    film = _image(modality="DX", row=(0, 0, -1), frame=(0, 1, 0), sources=(SOURCE,))
    guessed = replace(film, notes=("orientation not stated: taken as left and feet",))
    assert pics.letters(film)[0] == "R"
    assert pics.letters(guessed) == ("", "", "", "")
    assert pics.letters(replace(noted, notes=("mixed orientation split",)))[0] == "R"


def test_a_flat_or_broken_affine_gets_no_letters_and_still_a_picture():
    for broken in (np.zeros((4, 4)), np.full((4, 4), np.nan)):
        image = replace(_image(), affine=broken)
        assert pics.letters(image) == ("", "", "", "")
        assert _shown(image).width == 8


AXES = st.permutations([0, 1, 2])
SIGNS = st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3)


@settings(deadline=None, max_examples=48)
@given(AXES, SIGNS)
def test_a_volume_without_dicom_is_always_turned_to_the_usual_view(axes, signs):
    """Whatever the storage, one voxel's place on the screen agrees with the letters."""
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for position, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        affine[axis, position] = sign
    pixels = np.zeros((5, 6, 7), np.float32)
    pixels[2, 1, 5] = 1000
    image = _image(pixels=pixels, voi=(Window(500, 1000),))
    image = replace(image, affine=affine)
    edges = pics.letters(image)
    normal = axes[0]
    usual = {
        2: ("R", "L", "A", "P"),
        1: ("R", "L", "H", "F"),
        0: ("A", "P", "H", "F"),
    }[normal]
    assert edges == usual
    shown = _shown(image, Evidence("region", 1.0, "i", 2, Region((2, 1, 5), (2, 1, 5))))
    place = next(n for n, f in enumerate(shown.frames) if f.index == 2)
    frame = _array(shown, place)
    (box,) = shown.boxes
    y, x = np.unravel_index(frame.argmax(), frame.shape)
    assert (box.x, box.y, box.width, box.height) == (x, y, 1, 1)
    # The voxel lies towards an edge exactly as its millimetres say.
    voxel, middle = image.to_mm(2, 1, 5), image.to_mm(2, 2.5, 3)
    direction = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "H": (2, 1), "F": (2, -1)}
    axis, sign = direction[edges[1]]
    assert (x > (frame.shape[1] - 1) / 2) == ((voxel - middle)[axis] * sign > 0)
    axis, sign = direction[edges[3]]
    assert (y > (frame.shape[0] - 1) / 2) == ((voxel - middle)[axis] * sign > 0)


def test_dicom_frames_are_shown_as_stored():
    pixels = np.arange(64, dtype=np.float32).reshape(1, 8, 8)
    flipped = _image(pixels=pixels, column=(-1, 0, 0), sources=(SOURCE,))
    shown = _shown(replace(flipped, voi=(Window(31.5, 63, "LINEAR_EXACT"),)))
    assert shown.letters[:2] == ("L", "R")
    frame = _array(shown).astype(int)
    assert (np.diff(frame, axis=1) > 0).all()
    assert (np.diff(frame, axis=0) > 0).all()


def test_a_millimetre_is_as_long_down_as_across():
    tall = _image((1, 10, 100), row=(0, 4, 0), column=(0.5, 0, 0), sources=(SOURCE,))
    shown = _shown(tall)
    assert shown.width / shown.height == pytest.approx(50 / 40, rel=0.03)


def test_a_box_covers_both_ends_of_its_region_in_picture_pixels():
    image = _image((1, 10, 20), row=(0, 2, 0), sources=(SOURCE,))
    shown = _shown(image, Evidence("region", 1.0, "i", 0, Region((0, 2, 5), (0, 3, 9))))
    (box,) = shown.boxes
    assert (shown.width, shown.height) == (20, 20)
    assert (box.x, box.y, box.width, box.height) == (5, 4, 5, 4)


def test_a_region_beyond_the_image_is_cut_at_its_edge():
    image = _image((1, 10, 10), sources=(SOURCE,))
    region = Region((0, -4, 8), (0, 2, 50))
    (box,) = _shown(image, Evidence("region", 1.0, "i", 0, region)).boxes
    assert (box.x, box.y, box.width, box.height) == (8, 0, 2, 3)


def test_one_place_of_two_sentences_is_one_box():
    region = Region((0, 1, 1), (0, 2, 2))
    same = [Evidence("region", 0.5, "i", 0, region)] * 2
    (box,) = _shown(_image(sources=(SOURCE,)), *same).boxes
    assert box.sentences == (0, 1)


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 400), st.integers(1, 30), st.lists(st.integers(0, 399), max_size=40))
def test_chosen_frames_hold_the_evidence_and_no_more_than_allowed(total, most, keys):
    chosen = pics.chosen_frames(total, most, keys)
    assert list(chosen) == sorted(set(chosen))
    assert 1 <= len(chosen) <= most
    assert all(0 <= c < total for c in chosen)
    wanted = list(dict.fromkeys(k for k in keys if k < total))[:most]
    assert set(wanted) <= set(chosen)


def test_the_page_s_pictures_stay_within_their_budget_even_of_noise():
    noise = np.random.default_rng(0).normal(0, 500, (30, 256, 256)).astype(np.float32)
    images = tuple(replace(_image(pixels=noise), uid=str(n)) for n in range(3))
    shown = pics.pictures(Study("s", images), _draft(), budget=400_000)
    assert sum(len(f.png) for p in shown for f in p.frames) <= 400_000
    assert len(shown) == 3


def test_ct_without_a_window_is_shown_in_soft_tissue_and_others_by_their_values():
    assert (pics.window_of(_image()).center, pics.window_of(_image()).width) == (40, 400)
    stored = _image(voi=(Window(1, 2),))
    assert pics.window_of(stored) == Window(1, 2)
    ramp = np.linspace(0, 1000, 64, dtype=np.float32).reshape(1, 8, 8)
    fitted = pics.window_of(_image(pixels=ramp, modality="MR"))
    assert fitted.width == pytest.approx(990, rel=0.02)


def test_the_first_frame_shown_is_the_strongest_evidence():
    image = _image((50, 8, 8), sources=(SOURCE,) * 50)
    weak = Evidence("region", 0.2, "i", 3, Region((3, 0, 0), (3, 1, 1)))
    strong = Evidence("region", 0.9, "i", 41, Region((41, 0, 0), (41, 1, 1)))
    assert _shown(image, weak, strong).start == 41
    assert _shown(image).start in range(20, 30)
