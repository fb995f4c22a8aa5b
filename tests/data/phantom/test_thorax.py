"""The chest on films: what lies where, what each finding does, and what a film must not change.

Films of 128² here; the geometry does not depend on the grid."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from radgloss.data.phantom.patients import Acquisition, Encounter, Lesion, Patient
from radgloss.data.phantom.thorax import (
    VIEWS,
    WHITE,
    build,
    detectability,
    lettered,
    radiograph,
    stored,
)

SMALL = 128
PLAIN = Acquisition(views=("PA", "lateral"))


def patient(*lesions, seed=3, sex="M", acquisition=PLAIN, **rest):
    return Patient(
        seed, "xr-chest", sex, 52, 172.0, 23.0, lesions, Encounter(), acquisition, **rest
    )


def filmed(*lesions, view="PA", size=SMALL, **rest):
    return build(patient(*lesions, **rest), view, size)


def of(what, side="", site="", **rest):
    return Lesion(what, rest.pop("key", 60), side, site, **rest)


NODULE = of("lung nodule", "right", "upper lobe", size_mm=26.0)
FINDINGS = {
    "nodule": NODULE,
    "mass": of("lung mass", "left", "lower lobe", size_mm=50.0, features=("spiculated",)),
    "granuloma": of("lung granuloma", "left", "upper lobe", size_mm=8.0),
    "consolidation": of("consolidation", "right", "middle lobe", severity="large"),
    "oedema": of("pulmonary oedema", severity="severe", features=("alveolar",)),
    "atelectasis": of("atelectasis", "left", "base", severity="moderate", features=("linear",)),
    "collapse": of("atelectasis", "right", "lower lobe", severity="moderate"),
    "effusion": of("pleural effusion", "left", volume_ml=(0.0, 700.0)),
    "pneumothorax": of("pneumothorax", "right", "apex", size_mm=35.0),
    "cardiomegaly": of("cardiomegaly", severity="marked"),
    "hyperinflation": of("hyperinflation"),
    "fracture": of("rib fracture", "right", "7th rib", features=("displaced",)),
    "free air": of("free air", site="right upper quadrant", severity="large"),
    "endotracheal tube": of("endotracheal tube", size_mm=40.0),
    "catheter": of("central venous catheter", "right", "superior vena cava"),
    "feeding tube": of("nasogastric tube", site="stomach"),
    "drain": of("chest tube", "left"),
}
DARK = {"pneumothorax", "hyperinflation", "free air"}


# ------------------------------------------------------------------ situs and geometry


def columns(mask):
    return np.flatnonzero(mask.any(0))


@pytest.mark.parametrize("view", ["PA", "AP"])
def test_the_heart_and_the_arch_lie_on_the_left(view):
    film = filmed(view=view)
    middle = float(np.interp(0.0, film.view.u[0], np.arange(SMALL)))
    heart = columns(film.regions["heart"])
    assert heart[-1] - middle > 1.3 * (middle - heart[0])
    assert film.facts["arch x"] > 10
    assert film.facts["carina column"] == pytest.approx(middle, abs=0.09 * SMALL)


def test_the_gastric_bubble_lies_under_the_left_dome():
    film = filmed(size=256)
    z, x = film.view.z[:, 0], film.view.u[0]
    under = (z < film.facts["left dome"] - 10) & (z > film.facts["left dome"] - 35)
    darkest = [
        film.attenuation[under][:, (side * x > 30) & (side * x < 80)].min() for side in (1, -1)
    ]
    assert darkest[0] < darkest[1] - 0.3


def test_the_left_dome_stands_lower_than_the_right():
    tops = [filmed(seed=k).facts for k in range(2)]
    assert all(facts["right dome"] - facts["left dome"] > 5 for facts in tops)


def test_the_spine_is_behind_and_the_sternum_before_the_heart_on_a_lateral_film():
    film = filmed(view="lateral", size=256)
    heart = columns(film.regions["heart"])
    lungs = columns(film.regions["left lung"] | film.regions["right lung"])
    assert lungs[-1] - heart[-1] > 2 * (heart[0] - lungs[0]) > 0  # more lung behind than before
    row = int(film.facts["carina row"])
    front, back = lungs[0], lungs[-1]
    third = (back - front) // 3
    spine = film.attenuation[row, back - third : back].max()
    assert spine > film.attenuation[row, front + 3 : front + third].mean()


def test_situs_inversus_is_the_mirror_of_a_patient_with_lesions_on_the_other_side():
    one = patient(replace(NODULE, side="left"))
    film, twin = build(one, "PA", SMALL), build(replace(one, situs_inversus=True), "PA", SMALL)
    heart = columns(twin.regions["heart"])
    assert SMALL / 2 - heart[0] > heart[-1] - SMALL / 2
    assert columns(film.shadows[0].mask).min() > SMALL / 2  # the patient's left all the same
    assert columns(twin.shadows[0].mask).min() > SMALL / 2
    assert twin.shadows[0].centre[0] > 0


def test_the_mirror_of_a_patient_is_not_a_patient():
    film = filmed().attenuation
    assert np.abs(film - film[:, ::-1]).max() > 1.0


@pytest.mark.parametrize("view", VIEWS)
def test_a_film_is_the_same_every_time(view):
    a, b = (filmed(*FINDINGS.values(), view=view) for _ in range(2))
    assert np.array_equal(a.attenuation, b.attenuation)
    assert a.facts == b.facts


def test_the_ratio_told_is_the_ratio_on_the_film():
    for grade, (low, high) in {"": (0.36, 0.5), "moderate": (0.54, 0.62)}.items():
        lesions = (of("cardiomegaly", severity=grade),) if grade else ()
        film = filmed(*lesions, size=384)
        heart = columns(film.regions["heart"])
        chest = columns(film.regions["right lung"] | film.regions["left lung"])
        measured = (heart[-1] - heart[0] + 1) / (chest[-1] - chest[0] + 1)
        assert film.facts["cardiothoracic ratio"] == pytest.approx(measured, abs=0.015)
        assert low < measured < high


def test_the_heart_is_larger_on_a_portable_film():
    for seed in range(3):
        assert (
            filmed(seed=seed, view="AP").facts["cardiothoracic ratio"]
            > filmed(seed=seed).facts["cardiothoracic ratio"] + 0.01
        )


# ------------------------------------------------------------------ findings


@pytest.mark.parametrize("name", FINDINGS)
@pytest.mark.parametrize("view", ["PA", "lateral"])
def test_a_finding_changes_the_film_around_its_mask_and_with_its_sign(name, view):
    lesion = FINDINGS[name]
    with_it, without = filmed(lesion, view=view), filmed(view=view)
    difference = with_it.attenuation - without.attenuation
    shadow = with_it.shadows[0]
    assert shadow.lesion is lesion
    assert shadow.mask.any()
    near = ndimage.binary_dilation(shadow.mask, iterations=5)
    if name == "pneumothorax":  # the lung that it leaves is denser
        near |= with_it.regions["right lung"]
    inside = np.abs(difference)[near].sum()
    assert inside > 0.8 * np.abs(difference).sum()
    wanted = -1 if name in DARK else 1
    if name != "fracture":  # a broken rib is as dense as a whole one
        assert wanted * difference[shadow.mask].mean() > 0.004
        assert wanted * shadow.change[shadow.mask].mean() > 0.004


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("what", ["lung nodule", "lung mass", "lung granuloma"])
def test_the_size_in_the_mask_is_the_size_told(view, what):
    size = {"lung nodule": 24.0, "lung mass": 48.0, "lung granuloma": 10.0}[what]
    film = filmed(of(what, "left", "upper lobe", size_mm=size), view=view, size=256)
    shadow, pixel = film.shadows[0], film.view.pixel
    zoom = film.view.factor(shadow.centre[film.view.setup.ray])
    rows, cols = np.nonzero(shadow.mask)
    turns = np.radians(np.arange(0, 180, 3))
    across = np.outer(np.cos(turns), cols) + np.outer(np.sin(turns), rows)
    longest = float((across.max(1) - across.min(1)).max() + 1) * pixel / zoom
    assert longest == pytest.approx(size, abs=1.6 * pixel)


@pytest.mark.parametrize("site", ["upper lobe", "middle lobe", "lower lobe"])
def test_the_frontal_and_the_lateral_film_agree_on_where_a_nodule_is(site):
    lesion = of("lung nodule", "right", site, size_mm=20.0)
    films = [filmed(lesion, view=view) for view in ("PA", "lateral")]
    assert films[0].shadows[0].centre == films[1].shadows[0].centre
    heights = []
    for film in films:
        shadow = film.shadows[0]
        row, column = ndimage.center_of_mass(shadow.mask)
        expected = film.view.pixel_of(shadow.centre)
        assert (row, column) == pytest.approx(expected, abs=1.0)
        zoom = film.view.factor(shadow.centre[film.view.setup.ray])
        z = float(np.interp(row, np.arange(SMALL), film.view.z[:, 0]))
        heights.append(film.view.middle + (z - film.view.middle) / zoom)
    assert heights[0] == pytest.approx(heights[1], abs=films[0].view.pixel)


def test_lobes_lie_in_their_order():
    def centre(site, side="right"):
        return filmed(of("lung nodule", side, site, size_mm=14.0)).shadows[0].centre

    for seed_side in ("right", "left"):
        upper, lower = centre("upper lobe", seed_side), centre("lower lobe", seed_side)
        assert upper[2] - upper[1] > lower[2] - lower[1]  # above and before the oblique fissure
    assert centre("middle lobe")[2] < centre("upper lobe")[2]


def edge(film, row, columns):
    """The steepest step to the right or left along a part of a row."""
    return float(np.abs(np.diff(film.attenuation[row, columns])).max())


def test_middle_lobe_consolidation_takes_the_right_heart_border_and_lower_lobe_does_not():
    clear = filmed(size=256)
    heart = clear.regions["heart"]
    row = int(np.flatnonzero(heart.any(1)).mean())
    border = int(np.flatnonzero(heart[row])[0])
    part = slice(border - 4, border + 5)
    filled = {
        site: filmed(of("consolidation", "right", site, severity="large"), size=256)
        for site in ("middle lobe", "lower lobe")
    }
    assert edge(filled["middle lobe"], row, part) < 0.65 * edge(clear, row, part)
    assert edge(filled["lower lobe"], row, part) > edge(filled["middle lobe"], row, part)


def test_fluid_lies_at_the_base_when_standing_and_behind_the_lung_when_lying():
    lesion = of("pleural effusion", "right", volume_ml=(600.0, 0.0))
    erect, supine = filmed(lesion), filmed(lesion, view="AP")
    whole = erect.regions["right lung"]
    height = np.flatnonzero(whole.any(1))
    low = np.flatnonzero(erect.shadows[0].mask.any(1))
    assert low[0] > height[0] + 0.4 * (height[-1] - height[0])
    veil = np.flatnonzero(supine.shadows[0].mask.any(1))
    chest = np.flatnonzero(supine.regions["right lung"].any(1))
    assert veil[-1] - veil[0] > 0.8 * (chest[-1] - chest[0])


def test_fluid_of_a_patient_fills_the_volume_told():
    film = filmed(of("pleural effusion", "left", volume_ml=(0.0, 800.0)), size=256)
    shadow = film.shadows[0]
    path = shadow.change / (0.0205 - 0.0051)
    assert path.sum() * film.view.pixel**2 / 1000 == pytest.approx(800, rel=0.12)


def test_air_rises_to_the_apex_when_standing_and_to_the_front_base_when_lying():
    lesion = of("pneumothorax", "left", "apex", size_mm=30.0)
    rows = []
    for view in ("PA", "AP"):
        film = filmed(lesion, view=view)
        lung = np.flatnonzero(film.regions["left lung"].any(1))
        middle = ndimage.center_of_mass(np.clip(-film.shadows[0].change, 0, None))[0]
        rows.append((middle - lung[0]) / (lung[-1] - lung[0]))
    assert rows[0] < 0.5 < rows[1]


def test_tension_shifts_the_heart_away():
    lesion = of("pneumothorax", "left", "apex", size_mm=60.0, severity="large")
    tense = replace(lesion, features=("tension",))
    calm, pushed = filmed(lesion), filmed(tense)
    assert columns(pushed.regions["heart"]).mean() < columns(calm.regions["heart"]).mean() - 3


@pytest.mark.parametrize("tip", [-20.0, 15.0, 45.0, 80.0])
@pytest.mark.parametrize("view", VIEWS)
def test_the_tip_of_a_tracheal_tube_is_where_it_is_told(tip, view):
    film = filmed(of("endotracheal tube", size_mm=tip), view=view, size=256)
    assert film.facts["endotracheal tube tip above carina"] == pytest.approx(tip, abs=1e-6)
    shadow = film.shadows[0]
    lowest = np.flatnonzero(shadow.mask.any(1))[-1]
    assert lowest == pytest.approx(film.view.pixel_of(shadow.centre)[0], abs=8)


def test_tips_lie_in_their_vessels_and_hollows():
    def tip(what, site, side=""):
        return np.array(filmed(of(what, side, site)).shadows[0].centre)

    cava = tip("central venous catheter", "superior vena cava", "left")
    atrium = tip("central venous catheter", "right atrium", "right")
    vein = tip("central venous catheter", "brachiocephalic vein", "left")
    assert cava[0] < 0
    assert atrium[2] < cava[2] - 20 < vein[2]
    assert tip("nasogastric tube", "stomach")[0] > 20
    assert tip("nasogastric tube", "right lower lobe bronchus")[0] < -20
    film = filmed(of("nasogastric tube", site="stomach"))
    assert film.facts["nasogastric tube tip below left dome"] > 30


def test_one_lesion_leaves_the_others_as_they_were():
    other = of("lung granuloma", "left", "lower lobe", size_mm=9.0, key=71)
    both, one = filmed(NODULE, other), filmed(other)
    assert np.array_equal(both.shadows[1].change, one.shadows[0].change)


# ------------------------------------------------------------------ physics


def test_both_photometric_interpretations_show_the_same_picture():
    film = filmed()
    for how in (PLAIN, replace(PLAIN, hospital=1, marker="L")):
        shown = radiograph(film, np.random.default_rng(1), how)
        kept = stored(shown, True)
        assert np.array_equal(stored(kept, True), shown)
        assert not np.array_equal(kept, shown)
        assert shown.min() >= 0
        assert shown.max() <= WHITE


@pytest.mark.parametrize("view", VIEWS)
def test_the_heart_is_brighter_than_the_lung_beside_it(view):
    film = filmed(view=view, size=256)
    shown = radiograph(film, np.random.default_rng(1), PLAIN)
    heart = film.regions["heart"]
    row = int(np.flatnonzero(heart.any(1)).mean())
    there = np.flatnonzero(heart[row])
    beside = shown[row, there[-1] + 5 : there[-1] + 12]
    assert beside.mean() < shown[row, there[-1] - 20 : there[-1] - 8].mean() - 0.04 * WHITE


def test_noise_falls_with_dose():
    film = filmed()
    spread = []
    for dose in (0.25, 4.0):
        how = replace(PLAIN, dose=dose)
        a, b = (radiograph(film, np.random.default_rng(k), how) for k in (1, 2))
        spread.append(float(np.std(a - b)))
    assert spread[0] > 2 * spread[1]


@pytest.mark.parametrize(("letter", "half"), [("L", slice(64, 128)), ("R", slice(0, 64))])
def test_the_marker_stands_on_its_side(letter, half):
    film = filmed()
    shown = radiograph(film, np.random.default_rng(1), PLAIN)
    for hospital in range(6):
        how = replace(PLAIN, marker=letter, hospital=hospital)
        burned = lettered(shown, film, how) != shown
        burned &= np.arange(SMALL)[:, None] > 0.06 * SMALL if how.hospital in (1, 3) else True
        assert burned[:, half].any()


def test_a_larger_nodule_is_easier_to_see_and_a_calcified_one_easier_still():
    seen = []
    for size in (6.0, 12.0, 24.0):
        film = filmed(of("lung nodule", "right", "upper lobe", size_mm=size), size=256)
        seen.append(detectability(film, film.shadows[0], PLAIN))
    assert seen == sorted(seen)
    film = filmed(of("lung granuloma", "right", "upper lobe", size_mm=6.0), size=256)
    assert detectability(film, film.shadows[0], PLAIN) > seen[0]


def test_what_casts_no_shadow_is_not_detectable():
    film = filmed(of("free air", site="right upper quadrant", severity="large"), view="AP")
    assert not film.shadows[0].mask.any()
    assert detectability(film, film.shadows[0], PLAIN) == 0.0
