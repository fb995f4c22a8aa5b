"""What must hold of an abdominal film: gas rises, stones lie where they are, levels are flat."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from radgloss.data.phantom import physics
from radgloss.data.phantom.patients import Acquisition, Encounter, Lesion, Patient
from radgloss.data.phantom.plain import (
    PIXEL,
    SIZE,
    WATER,
    PlainFilm,
    _ellipsoid,
    _Plate,
    _risen,
    _stone,
    plain,
    radiograph,
)
from radgloss.data.phantom.torso import Anatomy, GridSpec, Placed

BODY = Patient(5, "xr-abdomen", "F", 45, 165.0, 24.0, (), Encounter(), Acquisition())
AIR = Lesion("free air", 2, site="right upper quadrant", severity="moderate")
LOOPS = Lesion(
    "bowel obstruction", 1, site="small bowel", size_mm=38, features=("air-fluid levels",)
)
SUPINE, ERECT = "AP", "AP erect"


@cache
def made(view: str, *lesions: Lesion) -> PlainFilm:
    return plain(replace(BODY, lesions=lesions), view)


def test_free_air_is_a_veil_on_the_supine_film_where_the_torso_has_it() -> None:
    film = made(SUPINE, AIR)
    (supine,) = film.shadows
    lost = made(SUPINE).attenuation - film.attenuation
    assert supine.mask.any()
    assert float(supine.change.max()) == 0.0
    assert float(np.median(lost[supine.change < -0.2])) > 0.15
    assert abs(float(lost[~supine.mask].mean())) < 0.01


def test_a_broad_even_veil_is_not_seen_but_a_sharp_edge_is() -> None:
    rng = np.random.default_rng(0)
    wall = (3 + 0.08 * rng.standard_normal((200, 200))).astype(np.float32)
    v, u = np.mgrid[-1:1:200j, -1:1:200j]
    veil = -np.float32(0.1) * np.clip(1 - u**2 - v**2, 0, 1).astype(np.float32)
    spot = np.where(np.hypot(u, v) < 0.06, np.float32(-0.4), np.float32(0))
    assert not physics.detectable(wall + veil, veil, veil < -0.012, 0.86)
    assert physics.detectable(wall + spot, spot, spot < -0.012, 0.86)


def test_free_air_shows_under_the_dome_on_the_erect_film() -> None:
    erect = made(ERECT, AIR).shadows[0]
    assert erect.mask.sum() * PIXEL**2 > 200
    film = made(ERECT, AIR)
    row, column = (i.mean() for i in erect.mask.nonzero())
    assert film.x[int(column)] < 0  # the patient's right
    above = film.attenuation[int(row) - 30 : int(row) - 20, int(column)].mean()
    below = film.attenuation[int(row) + 25 : int(row) + 40, int(column)].mean()
    here = film.attenuation[erect.mask].mean()
    assert above < here < below  # lung, gas before and behind soft tissue, liver


def test_a_lesion_changes_the_film_by_its_own_change_and_no_more() -> None:
    for view in (SUPINE, ERECT):
        with_it, without = made(view, LOOPS), made(view)
        difference = with_it.attenuation - without.attenuation
        free = (with_it.attenuation > 0) & (without.attenuation > 0)
        assert np.allclose(difference[free], with_it.shadows[0].change[free], atol=1e-4)


def test_obstructed_loops_have_flat_levels_when_the_patient_stands() -> None:
    change = made(ERECT, LOOPS).shadows[0].change
    gas = change < -0.2
    floor = gas & ~np.roll(gas, -1, axis=0)
    rows = np.bincount(floor.nonzero()[0], minlength=SIZE)
    assert (rows > 60 / PIXEL).sum() >= 3  # several levels, each one row across 6 cm
    supine = made(SUPINE, LOOPS).shadows[0].change < -0.2
    rows = np.bincount((supine & ~np.roll(supine, -1, axis=0)).nonzero()[0], minlength=SIZE)
    assert rows.max() < 60 / PIXEL


def test_the_depth_of_a_round_thing_is_its_chord() -> None:
    z = (PIXEL * (SIZE / 2 - np.arange(SIZE))).astype(np.float32)[:, None]
    x = (PIXEL * (np.arange(SIZE) - SIZE / 2)).astype(np.float32)[None]
    plate = _Plate(BODY, _anatomy(), x, z, False)
    path = _ellipsoid(plate, np.zeros(3), (20.0, 15.0, 10.0))
    volume = float(path.sum()) * PIXEL**2
    assert volume == pytest.approx(4 / 3 * np.pi * 20 * 15 * 10, rel=0.01)
    assert path.max() == pytest.approx(30.0)


def _anatomy(*placed: Placed) -> Anatomy:
    grid = GridSpec((40, 20, 40), (5.0, 5.0, 5.0), (-97.5, -47.5, -97.5))
    return Anatomy(grid, np.zeros((2, *grid.shape), np.float32), {}, placed)


def test_a_stone_lies_where_the_torso_has_it() -> None:
    stone = Lesion("kidney stone", 3, side="left", site="lower pole", size_mm=9)
    mask = np.zeros((40, 20, 40), bool)
    mask[12, 10, 30] = True  # z = -37.5, x = 52.5
    anatomy = _anatomy(Placed(stone, mask, np.zeros(2, np.float32), 9.0))
    z = (150 - PIXEL * np.arange(SIZE)).astype(np.float32)[:, None]
    x = (PIXEL * (np.arange(SIZE) - (SIZE - 1) / 2)).astype(np.float32)[None]
    change = _stone(_Plate(BODY, anatomy, x, z, False), stone)
    row, column = np.unravel_index(change.argmax(), change.shape)
    assert abs(z[row, 0] + 37.5) <= PIXEL
    assert abs(x[0, column] - 52.5) <= PIXEL
    assert change.max() > WATER * 0.3
    across = (change > 0).sum(axis=1).max() * PIXEL
    assert across == pytest.approx(9, abs=2 * PIXEL)


def test_the_same_patient_is_the_same_film() -> None:
    again = plain(BODY, SUPINE)
    assert np.array_equal(again.attenuation, made(SUPINE).attenuation)
    first, second = (radiograph(again, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.min() >= 0
    assert first.max() <= 4095


def test_the_film_is_brighter_where_more_is_in_the_way() -> None:
    film = made(SUPINE)
    values = radiograph(film, np.random.default_rng(0))
    sample = np.s_[40:-40:3, 40:-40:3]
    rank = np.corrcoef(film.attenuation[sample].ravel(), values[sample].ravel())[0, 1]
    assert rank > 0.8
    trunk = values[film.attenuation > 2]
    assert trunk.std() > 350  # not washed out
    assert (trunk > 4000).mean() < 0.05


def test_stomach_gas_rises_above_a_level_when_the_patient_stands() -> None:
    anatomy = _anatomy()
    stomach = np.zeros((40, 20, 40), bool)
    stomach[10:30, 5:15, 22:34] = True
    gas = np.zeros(stomach.shape, np.float32)
    gas[10:30, 5:8, 22:34] = 1  # in front, as it lies supine
    gas[2, 10, 5] = 1  # elsewhere in the bowel
    risen = _risen(replace(anatomy, organs={"stomach": stomach}), gas)
    inner = ndimage.binary_erosion(stomach)
    share = risen[inner.any(axis=(1, 2))][:, 10, 28]
    assert np.all(np.diff(share) >= 0)  # frames run upwards: full above, empty below
    assert ((share > 0) & (share < 1)).sum() <= 1  # one level
    assert share[0] == 0
    assert share[-1] == 1
    assert risen[2, 10, 5] == 1
