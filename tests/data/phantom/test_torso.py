"""The torso: organs on their sides, values of their phase, absent organs absent."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from radgloss.data.phantom import ct
from radgloss.data.phantom.patients import Acquisition, Encounter, Patient
from radgloss.data.phantom.torso import MATERIALS, build, ct_grid


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
