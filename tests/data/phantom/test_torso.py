"""The torso: organs on their sides, values of their phase, absent organs absent."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from radgloss.data.phantom import ct
from radgloss.data.phantom.patients import Acquisition, Encounter, Patient
from radgloss.data.phantom.torso import MATERIALS, build, ct_grid, mr_grid


def patient(seed=5, sex="F", lesions=(), **more):
    rest = {"age": 44, "height_cm": 168.0, "bmi": 24.0} | more
    return Patient(
        seed=seed, exam="ct-abdomen", sex=sex, lesions=tuple(lesions),
        encounter=Encounter(stratum="A"), acquisition=Acquisition(), **rest,
    )  # fmt: skip


def coarse(who):
    return ct_grid(who).thinned(2)


@functools.cache
def body(who):
    return build(who, [ct.look(p) for p in ct.PHASES], coarse(who))


def centre(anatomy, organ):
    """(z, y, x) of an organ's centroid, mm."""
    index = np.argwhere(anatomy.organs[organ]).mean(0)
    return index * anatomy.grid.spacing + anatomy.grid.origin


WOMAN, MAN = patient(), patient(6, "M")
SHOWN = (
    "liver", "gallbladder", "right kidney", "left kidney", "spleen", "stomach", "aorta",
    "inferior vena cava", "lungs", "bladder", "spine", "pelvis bones",
)  # fmt: skip


@pytest.mark.parametrize("phase", ct.PHASES)
def test_every_material_has_a_value_in_every_phase(phase):
    assert set(ct.look(phase)) == set(MATERIALS)


@pytest.mark.parametrize("who", [WOMAN, MAN], ids=["woman", "man"])
def test_organs_lie_on_their_own_sides_so_the_mirror_image_is_no_patient(who):
    x = {name: centre(body(who), name)[2] for name in SHOWN}
    assert max(x["liver"], x["gallbladder"], x["right kidney"]) < -10
    assert min(x["spleen"], x["stomach"], x["left kidney"]) > 10
    assert x["inferior vena cava"] < x["aorta"]


@pytest.mark.parametrize("who", [WOMAN, MAN], ids=["woman", "man"])
def test_organs_stand_above_each_other_as_they_should(who):
    z = {name: centre(body(who), name)[0] for name in SHOWN}
    assert z["lungs"] > z["liver"] > z["right kidney"] > z["bladder"]
    assert z["left kidney"] > z["right kidney"]
    assert z["spine"] > z["pelvis bones"]


def test_a_woman_has_a_uterus_and_a_man_a_prostate():
    assert {"uterus", "right ovary", "left ovary"} <= set(body(WOMAN).organs)
    assert "prostate" not in body(WOMAN).organs
    assert body(MAN).organs["prostate"].any()
    assert "uterus" not in body(MAN).organs


def test_situs_inversus_is_the_mirror_image_and_sides_stay_the_patients():
    turned = body(replace(WOMAN, situs_inversus=True))
    assert np.array_equal(turned.signal, body(WOMAN).signal[..., ::-1])
    assert centre(turned, "liver")[2] > 20
    assert centre(turned, "right kidney")[2] < -20


@pytest.mark.parametrize("organ", ["gallbladder", "spleen", "right kidney", "uterus"])
def test_an_absent_organ_is_absent(organ):
    assert not body(replace(WOMAN, absent=(organ,))).organs[organ].any()
    assert body(WOMAN).organs[organ].any()


def test_the_same_patient_is_the_same_body_again():
    again = build(WOMAN, [ct.look(p) for p in ct.PHASES], coarse(WOMAN))
    assert np.array_equal(again.signal, body(WOMAN).signal)


RANGES = {  # HU (unenhanced, arterial, portal venous, delayed, excretory) of the sources in ct.py
    "liver": ((50, 66), (60, 95), (95, 130), (80, 110), (70, 100)),
    "spleen": ((42, 56), (80, 160), (105, 140), (80, 115), (70, 100)),
    "pancreas": ((20, 50), (80, 125), (75, 115), (55, 95), (50, 90)),
    "aorta": ((35, 50), (240, 350), (130, 185), (95, 130), (75, 110)),
    "bladder": ((-5, 15), (-5, 15), (-5, 20), (-5, 90), (20, 360)),
}


@pytest.mark.parametrize("organ", RANGES)
@pytest.mark.parametrize("who", [WOMAN, MAN], ids=["woman", "man"])
def test_organs_have_the_ct_numbers_of_their_phase(organ, who):
    anatomy = body(who)
    for k, (low, high) in enumerate(RANGES[organ]):
        assert low <= float(np.median(anatomy.signal[k][anatomy.organs[organ]])) <= high


@pytest.mark.parametrize("who", [WOMAN, MAN], ids=["woman", "man"])
def test_no_voxel_belongs_to_two_organs(who):
    organs = dict(body(who).organs)
    organs.pop("body wall")
    for inside in ("portal vein", "bile ducts"):
        organs[inside] = organs[inside] & ~organs["liver"]
    assert max(np.add.reduce([m.astype(np.uint8) for m in organs.values()]).ravel()) == 1


def test_cortex_enhances_before_medulla_and_urine_comes_last():
    arterial, portal, excretory = (ct.look(p) for p in ("arterial", "portal venous", "excretory"))
    assert arterial["renal cortex"] > arterial["renal medulla"] + 80
    assert abs(portal["renal cortex"] - portal["renal medulla"]) < 50
    assert excretory["renal urine"] > 300 > portal["renal urine"]


def test_a_patient_is_the_same_in_thick_and_thin_slices():
    thin = build(WOMAN, [ct.look("portal venous")], ct_grid(WOMAN, 2.5).thinned(2))
    for organ in ("liver", "spleen", "left kidney", "bladder"):
        one, other = body(WOMAN), thin
        ml = [m.organs[organ].sum() * np.prod(m.grid.spacing) / 1000 for m in (one, other)]
        assert ml[0] == pytest.approx(ml[1], rel=0.06)
        assert np.allclose(centre(one, organ), centre(other, organ), atol=3)


def test_a_grid_that_misses_the_abdomen_is_no_error():
    pelvis = mr_grid(WOMAN, pelvis=True).thinned(4)
    anatomy = build(WOMAN, [ct.look("portal venous")], pelvis)
    assert anatomy.organs["bladder"].any()
    assert not anatomy.organs["spleen"].any()


def test_noise_grows_as_dose_falls_and_air_stays_in_range():
    anatomy, rng = body(MAN), np.random.default_rng
    spacing = ct_grid(MAN).spacing
    girth = anatomy.facts["girth"]
    liver = ndimage.binary_erosion(anatomy.organs["liver"], iterations=2)
    quiet = ct.scan(anatomy.signal[2], rng(0), 2.0, girth, spacing)
    noisy = ct.scan(anatomy.signal[2], rng(0), 0.5, girth, spacing)
    spread = [(s - anatomy.signal[2])[liver].std() for s in (quiet, noisy)]
    assert spread[1] > 1.5 * spread[0]
    assert noisy.min() >= -1024
    assert np.array_equal(quiet, ct.scan(anatomy.signal[2], rng(0), 2.0, girth, spacing))
