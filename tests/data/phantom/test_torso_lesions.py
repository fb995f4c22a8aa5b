"""Lesions of the torso: in their organ, of their size, seen where they should be."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from radgloss.data.phantom import ct
from radgloss.data.phantom.causal.looks import ROOM
from radgloss.data.phantom.patients import Acquisition, Encounter, Lesion, Patient
from radgloss.data.phantom.torso import build, ct_grid
from radgloss.data.phantom.torso.lesions import PAINTERS
from radgloss.data.phantom.torso.lesions.measure import longest_axial


def patient(*lesions, sex="F", **more):
    rest = {"age": 40, "height_cm": 170.0, "bmi": 25.0} | more
    return Patient(
        seed=31, exam="ct-abdomen", sex=sex, lesions=lesions,
        encounter=Encounter(stratum="A"), acquisition=Acquisition(), **rest,
    )  # fmt: skip


@functools.cache
def body(who):
    return build(who, [ct.look(p) for p in ct.PHASES], ct_grid(who).thinned(2))


def L(what, size=0.0, site="", side="", features=(), **more):  # noqa: N802
    return Lesion(what, 7, side, site, size, features=features, **more)


FOCAL = (  # lesion, organ that holds it ("" where it has none)
    (L("liver cyst", 30, "segment VI"), "liver"),
    (L("liver hydatid cyst", 55, "segment VII", features=("daughter cysts",)), "liver"),
    (L("liver haemangioma", 36, "segment V", features=("nodular enhancement", "fill-in")), "liver"),
    (L("hepatocellular carcinoma", 32, "segment VIII",
       features=("arterial enhancement", "washout", "capsule")), "liver"),
    (L("focal nodular hyperplasia", 34, "segment VI", features=("scar",)), "liver"),
    (L("liver metastases", 24, "segment VII", features=("rim",)), "liver"),
    (L("liver abscess", 46, "segment VI", features=("rim",)), "liver"),
    (L("splenic cyst", 30, "mid portion"), "spleen"),
    (L("splenic hydatid cyst", 40, "mid portion", features=("floating membrane",)), "spleen"),
    (L("splenic granuloma", 8, "upper pole"), "spleen"),
    (L("pancreatic mass", 30, "head"), "pancreas"),
    (L("kidney cyst", 34, "lower pole", "left"), "left kidney"),
    (L("kidney mass", 40, "upper pole", "right"), "right kidney"),
    (L("kidney stone", 12, "lower pole", "left"), "left kidney"),
    (L("ureteric stone", 9, "mid ureter", "right"), ""),
    (L("aortic aneurysm", 55), "aorta"),
    (L("ovarian cyst", 42, "ovary", "left"), "left ovary"),
    (L("enlarged ovary", 55, "ovary", "right"), "right ovary"),
    (L("adnexal mass", 36, "adnexa", "right", ("complex",)), ""),
    (L("intrauterine pregnancy", 24, "uterus"), "uterus"),
)  # fmt: skip
SPREAD = (  # lesion, organ that its mask touches
    (L("hepatic steatosis", severity="moderate"), "liver"),
    (L("cirrhosis", features=("nodular surface",)), "liver"),
    (L("gallstones", 12, features=("multiple",)), "gallbladder"),
    (L("acute cholecystitis", features=("wall thickening",)), "gallbladder"),
    (L("biliary dilatation", 13), "bile ducts"),
    (L("splenomegaly", 165, severity="moderate"), "spleen"),
    (L("splenic infarct", 40, "lower pole"), "spleen"),
    (L("acute pancreatitis", severity="severe", features=("swelling", "necrosis")), "pancreas"),
    (L("hydronephrosis", side="left", severity="severe"), "left kidney"),
    (L("pyelonephritis", side="right", features=("wedge",)), "right kidney"),
    (L("appendicitis", 11, features=("stranding",)), "bowel"),
    (L("diverticulitis", site="sigmoid colon", features=("diverticula",)), "bowel"),
    (L("bowel obstruction", 40, "small bowel", features=("air-fluid levels",)), "bowel"),
    (L("free air", severity="moderate"), ""),
    (L("free fluid", site="pelvis", severity="moderate", volume_ml=(300.0, 0.0)), ""),
    (L("pleural effusion", side="right", severity="moderate", volume_ml=(400.0, 0.0)), ""),
)
ids = [lesion.what for lesion, _ in FOCAL]


def test_every_painter_is_tried_here():
    assert {lesion.what for lesion, _ in (*FOCAL, *SPREAD)} == set(PAINTERS)


@pytest.mark.parametrize(("lesion", "organ"), FOCAL, ids=ids)
def test_a_focal_lesion_lies_in_its_organ_and_its_mask_has_its_true_size(lesion, organ):
    anatomy = body(patient(lesion))
    (found,) = anatomy.placed
    assert found.mask.any()
    if organ:
        assert (found.mask & anatomy.organs[organ]).sum() == found.mask.sum()
    assert found.size_mm <= lesion.size_mm + 1e-6
    pixel = anatomy.grid.spacing[2]
    assert abs(longest_axial(found.mask, anatomy.grid.spacing) - found.size_mm) <= pixel + 0.5
    assert found.size_mm >= 0.8 * lesion.size_mm  # these have room


@pytest.mark.parametrize(("lesion", "organ"), SPREAD, ids=[lesion.what for lesion, _ in SPREAD])
def test_a_spread_lesion_is_where_its_organ_is(lesion, organ):
    anatomy = body(patient(lesion))
    (found,) = anatomy.placed
    assert found.mask.any()
    assert float(found.contrast.max()) > 2
    if organ:
        assert (found.mask & anatomy.organs[organ]).any()


@pytest.mark.parametrize(("lesion", "organ"), FOCAL, ids=ids)
def test_taking_a_focal_lesion_away_changes_voxels_only_near_it(lesion, organ):
    if lesion.what in (
        "enlarged ovary",
        "aortic aneurysm",
        "ovarian cyst",
        "intrauterine pregnancy",
    ):
        reach = 60.0  # what lies beside it moves into its place
    else:
        reach = 22.0
    sick, well = body(patient(lesion)), body(patient())
    changed = (np.abs(sick.signal - well.signal) > 1).any(0)
    near = ndimage.distance_transform_edt(~sick.placed[0].mask, sick.grid.spacing) < reach
    assert not (changed & ~near).any()


def inside(lesion, organ, phase):
    """Mean value within a lesion, less that of the healthy organ (or of what was there before)."""
    sick, well = body(patient(lesion)), body(patient())
    k, mask = ct.PHASES.index(phase), sick.placed[0].mask
    core = ndimage.binary_erosion(mask) if mask.sum() > 200 else mask
    there = np.median(well.signal[k][well.organs[organ]]) if organ else well.signal[k][core].mean()
    return float(sick.signal[k][core].mean() - there)


BY_PHASE = (  # lesion, phase, sign of its difference from healthy tissue (0: within 12 HU)
    ("liver cyst", "portal venous", -1),
    ("liver haemangioma", "unenhanced", -1),
    ("liver haemangioma", "delayed", 1),
    ("hepatocellular carcinoma", "arterial", 1),
    ("hepatocellular carcinoma", "portal venous", -1),
    ("hepatocellular carcinoma", "delayed", -1),
    ("focal nodular hyperplasia", "arterial", 1),
    ("focal nodular hyperplasia", "portal venous", 0),
    ("liver metastases", "portal venous", -1),
    ("liver abscess", "portal venous", -1),
    ("splenic cyst", "portal venous", -1),
    ("splenic granuloma", "unenhanced", 1),
    ("pancreatic mass", "portal venous", -1),
    ("kidney cyst", "portal venous", -1),
    ("kidney stone", "unenhanced", 1),
    ("splenic infarct", "portal venous", -1),
    ("free air", "portal venous", -1),
    ("free fluid", "portal venous", 1),
    ("pleural effusion", "portal venous", 1),
    ("pyelonephritis", "portal venous", -1),
    ("hepatic steatosis", "unenhanced", -1),
)


@pytest.mark.parametrize(("what", "phase", "sign"), BY_PHASE)
def test_a_lesion_is_darker_or_brighter_as_its_phase_demands(what, phase, sign):
    lesion, organ = next(pair for pair in (*FOCAL, *SPREAD) if pair[0].what == what)
    difference = inside(lesion, organ, phase)
    if sign == 0:
        assert abs(difference) < 12
    else:
        assert difference * sign > 4


def test_a_haemangioma_fills_from_its_border():
    (lesion,) = (one for one, _ in FOCAL if one.what == "liver haemangioma")
    anatomy = body(patient(lesion))
    mask = anatomy.placed[0].mask
    deep = ndimage.distance_transform_edt(mask, anatomy.grid.spacing)
    rim, core = mask & (deep < 6), deep > 0.75 * deep.max()
    by_phase = {
        p: (anatomy.signal[k][rim].mean(), anatomy.signal[k][core].mean())
        for k, p in enumerate(ct.PHASES)
    }
    liver = [np.median(anatomy.signal[k][anatomy.organs["liver"]]) for k in range(len(ct.PHASES))]
    assert by_phase["arterial"][0] > liver[1] > by_phase["arterial"][1]
    assert by_phase["portal venous"][1] < liver[2] < by_phase["delayed"][1] + 20
    assert by_phase["delayed"][1] > liver[3]


def test_fatty_liver_is_darker_than_spleen_by_ten_or_below_forty():
    anatomy = body(patient(L("hepatic steatosis", severity="mild")))
    plain = anatomy.signal[0]
    liver = float(np.median(plain[anatomy.organs["liver"]]))
    spleen = float(np.median(plain[anatomy.organs["spleen"]]))
    assert liver < 40 or liver <= spleen - 10


def test_a_spleen_is_as_long_as_it_is_said_to_be():
    (found,) = body(patient(L("splenomegaly", 180, severity="moderate"))).placed
    rows = found.mask.any((1, 2)).sum() * ct_grid(patient()).thinned(2).spacing[0]
    assert abs(found.size_mm - 180) <= 10
    assert abs(rows - found.size_mm) <= 10


def test_the_volume_of_free_fluid_is_the_volume_asked_for():
    lesion = L("free fluid", site="pelvis", severity="moderate", volume_ml=(300.0, 0.0))
    anatomy = body(patient(lesion))
    ml = anatomy.placed[0].mask.sum() * np.prod(anatomy.grid.spacing) / 1000
    assert 285 < ml < 315


@pytest.mark.parametrize(
    ("lesion", "absent"),
    [
        (L("splenic cyst", 30, "mid portion"), "spleen"),
        (L("gallstones", 10), "gallbladder"),
        (L("kidney cyst", 30, "lower pole", "left"), "left kidney"),
        (L("intrauterine pregnancy", 20, "uterus"), "uterus"),
    ],
)
def test_an_absent_organ_has_no_lesion(lesion, absent):
    assert body(patient(lesion, absent=(absent,))).placed == ()


def test_in_situs_inversus_a_lesion_keeps_the_patients_side():
    lesion = L("kidney stone", 12, "lower pole", "left")
    anatomy = body(replace(patient(lesion), situs_inversus=True))
    assert (anatomy.placed[0].mask & anatomy.organs["left kidney"]).any()
    assert anatomy.placed[0].lesion.side == "left"


@pytest.mark.parametrize("site", sorted(ROOM))
def test_a_liver_lesion_has_the_size_asked_for_in_the_smallest_segment_too(site):
    lesion = L("liver cyst", float(ROOM[site]), site)
    anatomy = body(patient(lesion))
    (found,) = anatomy.placed
    assert found.size_mm >= 0.9 * lesion.size_mm
    pixel = anatomy.grid.spacing[2]
    assert abs(longest_axial(found.mask, anatomy.grid.spacing) - found.size_mm) <= pixel + 0.5
    whole = found.mask.sum() * np.prod(anatomy.grid.spacing)
    assert whole > 0.72 * np.pi / 6 * found.size_mm**3  # nothing is cut off the ball


def test_many_large_lesions_of_one_segment_keep_their_sizes_and_stay_apart():
    foci = tuple(replace(L("liver metastases", 32.0, "segment IV"), key=k) for k in range(4))
    anatomy = body(patient(*foci))
    assert [found.size_mm for found in anatomy.placed] == [32.0] * 4
    assert np.sum([found.mask for found in anatomy.placed], axis=0).max() == 1


def test_a_lesion_that_grew_lies_where_it_lay_before():
    now = replace(L("liver metastases", 40.0, "segment VII"), prior_mm=18.0)
    then = replace(now, size_mm=18.0, prior_mm=None, room_mm=40.0)
    (a,), (b,) = body(patient(now)).placed, body(patient(then)).placed
    assert b.size_mm == 18.0
    assert (a.mask & b.mask).sum() == b.mask.sum()


def test_free_fluid_of_the_right_upper_quadrant_lies_beside_the_liver_and_before_the_kidneys():
    lesion = L("free fluid", site="right upper quadrant", volume_ml=(150.0, 0.0))
    anatomy = body(patient(lesion))
    mask = anatomy.placed[0].mask
    away = ndimage.distance_transform_edt(~anatomy.organs["liver"], anatomy.grid.spacing)
    assert (away[mask] < 35).mean() > 0.7
    rows = np.nonzero(mask)[1] * anatomy.grid.spacing[1]
    kidneys = np.nonzero(anatomy.organs["right kidney"])[1] * anatomy.grid.spacing[1]
    assert np.quantile(rows, 0.9) < np.quantile(kidneys, 0.9)
