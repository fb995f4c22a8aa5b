"""What must hold of every ultrasound picture: geometry, speckle, losses, artefacts, masks."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from ellipsoids import BODY, body, inside
from radgloss.data.phantom.patients import Acquisition, Encounter, Lesion, Patient
from radgloss.data.phantom.torso import MATERIALS as TORSO
from radgloss.data.phantom.ultrasound import (
    MATERIALS,
    Medium,
    Scanner,
    Sector,
    View,
    conspicuity,
    pose,
    scan,
    study,
    us_body,
    us_grid,
)
from radgloss.data.phantom.ultrasound.beam import (
    Insonified,
    echoes,
    gains,
    insonify,
    loss,
    scatterers,
    spread,
)
from radgloss.data.phantom.ultrasound.us import Acoustic

SCANNER = Scanner(gain=0.0)
SLAB = (("liver", (0, 0, 0), (900, 900, 900)),)
STONE, CYST = "gallstones#0", "liver cyst#0"


@cache
def plain(**lesions: tuple[str, tuple[float, float, float], tuple[float, float, float]]) -> Medium:
    return body(SLAB, dict(lesions), spacing=2.0)


def held(x: float = 0.0) -> Sector:
    return Sector(SCANNER, pose((x, -110, 0), (0, 1, 0), (1, 0, 0)))


def seen(medium: Medium, scanner: Scanner = SCANNER, seed: int = 3, **more: int) -> View:
    return scan(medium, held().pose, scanner, np.random.default_rng(seed), **more)


def mean_at(view: View, x: float, y: float, size: float = 5.0) -> float:
    """The mean grey around a place (x, y) of the plane z = 0."""
    row, column, _ = held().pixel_of((x, y, 0))
    n = round(size / view.pixel)
    r, c = round(row), round(column)
    return float(view.pixels[0, r - n : r + n + 1, c - n : c + n + 1].mean())


def with_lesion(material: str, radius: float, y: float = -50) -> Medium:
    return body(SLAB, {"liver lesion#0": (material, (0, y, 0), (radius, radius, radius))})


# ------------------------------------------------------------------ geometry


def test_a_place_lands_on_its_pixel_and_comes_back() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        way = pose(rng.normal(0, 60, 3), rng.normal(0, 1, 3), rng.normal(0, 1, 3))
        sector = Sector(SCANNER, way)
        point = way.face + rng.uniform(10, 150) * way.beam + rng.uniform(-30, 30) * way.right
        row, column, off = sector.pixel_of(point)
        assert abs(off) < 1e-9
        assert np.allclose((sector.affine() @ (0, row, column, 1))[:3], point, atol=1e-6)


def test_the_scan_converter_puts_a_reflector_where_geometry_says() -> None:
    place = (14.0, -40.0, 0.0)
    medium = body(SLAB, {"kidney stone#0": ("stone", place, (2.0, 2.0, 2.0))}, spacing=1.0)
    view = seen(medium, replace(SCANNER, compound=1))
    row, column, _ = held().pixel_of(place)
    at = np.unravel_index(view.pixels[0, 60:].argmax(), (view.pixels.shape[1] - 60, 512))
    # the brightest echo is the near surface of the stone, 2 mm before its middle
    off = np.array([at[0] + 60 - (row - 2 / view.pixel), at[1] - column]) * view.pixel
    assert np.linalg.norm(off) < 2


def test_polar_samples_and_pixels_agree_on_every_ray() -> None:
    sector = held()
    sample, ray = sector.polar
    points, rays = sector.pixels(), sector.rays()
    rng = np.random.default_rng(1)
    for row, column in rng.permutation(np.argwhere(sector.inside))[:50]:
        s, n = int(np.rint(sample[row, column])), int(np.rint(ray[row, column]))
        if 0 <= s < SCANNER.samples:
            step = SCANNER.depth / SCANNER.samples
            width = (SCANNER.radius + SCANNER.depth) * (sector.angle[1] - sector.angle[0])
            apart = np.linalg.norm(points[:, row, column] - rays[:, s, n])
            assert apart <= np.hypot(step, width) / 2 + 1e-3


def test_a_sweep_is_a_stack_of_parallel_planes() -> None:
    medium = with_lesion("cyst fluid", 12)
    view = seen(medium, frames=3, step=5.0)
    assert np.allclose(np.linalg.norm(view.affine[:3, 0]), 5.0)
    assert np.allclose(np.linalg.norm(view.affine[:3, 1]), view.pixel)
    middle = (view.affine @ (1, 0, 0, 1))[:3]
    assert abs((middle - held().pose.face) @ held().pose.across) < 1e-9


def test_speckle_moves_on_with_the_probe_and_not_without() -> None:
    def likeness(step: float) -> float:
        a, b = (f[140:260, 180:330].ravel() for f in seen(plain(), frames=2, step=step).pixels)
        return float(np.corrcoef(a, b)[0, 1])

    assert likeness(0.2) > 0.9
    assert likeness(12.0) < 0.35


# ------------------------------------------------------------------ speckle and losses


def test_fully_developed_speckle_is_rayleigh() -> None:
    sector = held()
    shape = (SCANNER.samples, len(sector.angle))
    ratio, fourth = [], []
    for seed in range(6):
        heard, left = spread(scatterers(np.random.default_rng(seed), shape), sector)
        envelope = np.abs(heard / left)[40:-40:4, ::6]
        ratio.append(envelope.mean() / envelope.std())
        fourth.append((envelope**2).mean())
    closed = np.sqrt(np.pi / (4 - np.pi))  # 1.913, mean over deviation of a Rayleigh variable
    assert np.mean(ratio) == pytest.approx(closed, rel=0.04)
    assert np.mean(fourth) == pytest.approx(1.0, rel=0.05)  # the beam keeps the power of speckle


def test_loss_is_two_ways_times_frequency_times_depth() -> None:
    sector = held()
    shape = (SCANNER.samples, len(sector.angle))
    for rate in (0.5, 1.0):
        ones = np.ones(shape, np.float32)
        lost = loss(Insonified(0 * ones, rate * ones, 1.69 * ones), sector)
        expected = 2 * rate * 3.5 * sector.depth / 10
        heard = expected < 80
        assert np.allclose(lost[heard, 60], expected[heard], atol=0.4)


def test_doubling_attenuation_darkens_as_decibels_say() -> None:
    sector = replace_scanner(held(), noise=-200.0)
    shape = (SCANNER.samples, len(sector.angle))
    ones = np.ones(shape, np.float32)
    power = []
    for rate in (0.4, 0.8):
        field = Insonified(0 * ones, rate * ones, 1.69 * ones)
        heard = [echoes(field, sector, np.random.default_rng(k)) for k in range(3)]
        power.append(np.mean(np.square(heard), axis=(0, 2)))
    drop = 10 * np.log10(power[0] / power[1])
    for depth in (50, 80):  # mm; beyond, losses run into the floor of the loss table
        at = int(np.searchsorted(sector.depth, depth))
        expected = 2 * 0.4 * 3.5 * depth / 10
        assert drop[at - 15 : at + 15].mean() == pytest.approx(expected, abs=0.6)


def replace_scanner(sector: Sector, **changes: float) -> Sector:
    return Sector(replace(sector.scanner, **changes), sector.pose)


def test_compensation_returns_what_usual_tissue_takes() -> None:
    sector = held()
    usual = 2 * SCANNER.tgc * SCANNER.frequency * sector.depth / 10
    assert np.all(np.abs(gains(sector)[:, 0] - usual) <= 1.5 + 1e-4)


def test_a_fatty_liver_is_bright_near_and_dark_far() -> None:
    share = 0.35
    mixed = [
        (1 - share) * a + share * b
        for a, b in zip(MATERIALS["liver"], MATERIALS["liver fat"], strict=True)
    ]
    table = {**MATERIALS, "liver": Acoustic(*mixed)}
    fatty = seen(body(SLAB, materials=table))
    normal = seen(plain())
    assert mean_at(fatty, 0, -100) > mean_at(normal, 0, -100) + 10
    assert mean_at(fatty, 0, 20) < mean_at(normal, 0, 20) - 40


# ------------------------------------------------------------------ artefacts


def test_a_stone_casts_a_shadow() -> None:
    view = seen(with_lesion("stone", 5))
    assert mean_at(view, 0, -25) < 0.35 * mean_at(view, 30, -25)


def test_sound_is_louder_behind_fluid() -> None:
    view = seen(with_lesion("cyst fluid", 14))
    assert mean_at(view, 0, -50) < 3
    assert mean_at(view, 0, -22) > mean_at(view, 42, -22) + 25


def test_a_round_cyst_has_dark_edges_behind_it() -> None:
    view = seen(with_lesion("cyst fluid", 14))
    edge = np.mean([min(mean_at(view, s * x, -15, 1.5) for x in range(14, 24)) for s in (-1, 1)])
    assert edge < mean_at(view, 50, -15) - 12


def test_gas_repeats_the_near_field() -> None:
    wall = (*SLAB, ("muscle", (0, -110, 0), (900, 8, 900)))
    sector = replace_scanner(held(), noise=-200.0)

    def below(material: str) -> float:
        medium = body((*wall, (material, (0, -20, 0), (40, 30, 60))))
        heard = echoes(insonify(medium, sector), sector, np.random.default_rng(0))
        first = int(np.searchsorted(sector.depth, 75))  # the near surface of the gas is at 60 mm
        return float(20 * np.log10(heard[first : first + 60, 78:98].mean()))

    assert below("gas") > below("stone") + 20


def test_the_diaphragm_is_a_bright_line_with_the_liver_mirrored_behind() -> None:
    medium = body((*SLAB, ("lung", (0, 90, 0), (900, 100, 900))))
    view = seen(medium)
    assert max(mean_at(view, 0, y, 1.0) for y in range(-13, -4)) > 180
    assert mean_at(view, 0, 10) > 25


# ------------------------------------------------------------------ masks and the whole


def test_masks_are_the_plane_of_the_volume() -> None:
    centre, radius = (10.0, -40.0, 4.0), 13.0
    medium = body(SLAB, {CYST: ("cyst fluid", centre, (radius,) * 3)}, spacing=1.0)
    view = seen(medium, frames=2, step=6.0)
    f, r, c = np.meshgrid(*(np.arange(n) for n in view.pixels.shape), indexing="ij")
    x, y, z = np.tensordot(view.affine[:3], np.stack([f, r, c, np.ones_like(f)]), axes=1)
    truth = inside((x, y, z), centre, (radius,) * 3)
    mask = view.masks[CYST]
    assert (mask & truth).sum() / (mask | truth).sum() > 0.93
    core = inside((x, y, z), centre, (radius - 4,) * 3)
    assert view.pixels[core].mean() < 6  # the picture agrees with the mask


def test_black_outside_the_fan() -> None:
    view = seen(plain())
    outside = ~held().inside
    outside[:, :14] = outside[:, -14:] = False  # the scale and the probe's mark
    assert not view.pixels[0][outside].any()
    assert not view.labels[0][~held().inside].any()


def test_the_same_seed_is_the_same_picture() -> None:
    first, again, other = (seen(plain(), seed=s) for s in (5, 5, 6))
    assert np.array_equal(first.pixels, again.pixels)
    assert not np.array_equal(first.pixels, other.pixels)


def test_materials_stand_in_the_sonographers_order() -> None:
    order = (
        "bile",
        "artery",
        "renal medulla",
        "renal cortex",
        "liver",
        "spleen",
        "pancreas",
        "visceral fat",
        "stone",
    )
    echo = [MATERIALS[m].echo for m in order]
    assert echo == sorted(echo)
    assert all(isinstance(a, Acoustic) and a.impedance > 0 for a in MATERIALS.values())


def test_a_study_finds_its_organs_and_lesions() -> None:
    medium = body(
        BODY,
        {
            CYST: ("cyst fluid", (-75, -20, 45), (11, 11, 11)),
            STONE: ("gallstone", (-40, -34, 10), (5, 4, 5)),
        },
    )
    medium.organs["right kidney"] = medium.organs["renal cortex"]  # type: ignore[index]
    medium.organs["gallbladder"] = medium.organs["bile"]  # type: ignore[index]
    views = study(medium, "us-abdomen", np.random.default_rng(0))
    names = [v.name for v in views]
    assert names[0] == "liver, subcostal"
    assert "pancreas, transverse" not in names  # this body has none
    for view in views:
        organ = view.name.split(",")[0].split(" and ")[0]
        number = view.organs.index(organ) + 1
        assert (view.labels == number).sum() * view.pixel**2 > 300, view.name
    assert max(conspicuity(v, CYST) for v in views) > 5
    assert max(conspicuity(v, STONE) for v in views) > 5


def test_the_torso_is_examined_organ_by_organ() -> None:
    patient = Patient(5, "us-pelvis", "F", 30, 165.0, 23.0, (), Encounter(), Acquisition())
    medium = us_body(patient)
    views = {v.name: v for v in study(medium, "us-pelvis", np.random.default_rng(0))}
    sagittal = views["pelvis, sagittal"]
    bladder = sagittal.labels == sagittal.organs.index("bladder") + 1
    uterus = sagittal.labels == sagittal.organs.index("uterus") + 1
    core = ndimage.binary_erosion(bladder[2], iterations=8)
    assert uterus.any()
    assert core.any()
    assert sagittal.pixels[2][core].mean() < 20 < sagittal.pixels[uterus].mean()


def test_every_material_of_the_torso_has_a_sound() -> None:
    assert set(TORSO) <= set(MATERIALS)


def test_the_shadow_that_a_stone_throws_makes_it_seen() -> None:
    """The stone is as grey as its surroundings; only the dark behind it gives it away."""
    mask, dark = np.zeros((1, 120, 120), bool), np.zeros((1, 120, 120), bool)
    mask[0, 40:50, 55:65], dark[0, 50:110, 55:65] = True, True
    even = np.full(mask.shape, 120, np.uint8)
    shown = np.where(dark, 20, even).astype(np.uint8)

    def score(pixels: np.ndarray, clear: np.ndarray) -> float:
        rest = {"affine": np.eye(4), "pixel": 0.4, "depth": 48.0, "labels": np.zeros_like(even)}
        view = View(
            name="kidney", pixels=pixels, masks={"kidney stone#0": mask}, clear=clear,
            organs=(), pose=None, **rest,
        )  # fmt: skip
        return conspicuity(view, "kidney stone#0")

    assert score(even, np.ones_like(mask)) == 0.0
    assert score(shown, ~dark) > 3.0


def test_a_pelvic_examination_goes_up_to_fluid_beside_the_liver() -> None:
    where = {
        site: us_grid(
            Patient(
                seed=3, exam="us-pelvis", sex="F", age=30, height_cm=165.0, bmi=23.0,
                lesions=(Lesion("free fluid", 1, site=site, volume_ml=(200.0, 0.0)),),
                encounter=Encounter(), acquisition=Acquisition(),
            )
        ).shape[0]
        for site in ("pelvis", "right upper quadrant")
    }  # fmt: skip
    assert where["right upper quadrant"] > 1.5 * where["pelvis"]
