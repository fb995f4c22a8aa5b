"""What must hold of every simulated patient: one seed, one truth, pictures and words that agree."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from radgloss.data import phantom
from radgloss.data.phantom import Patient, Phantom
from radgloss.types import Finding, InputRejected

CT, XR, HEAD = "ct-abdomen", "xr-chest", "ct-head"


@cache
def made(seed: int, exam: str) -> Phantom:
    return phantom.make(seed, exam)


def seeds_with(what: str, exam: str, n: int = 2, alone: bool = False) -> list[int]:
    """The first n seeds whose patient has that finding."""
    found = []
    for seed in range(400):
        lesions = phantom.draw(seed, exam).lesions
        kinds = {lesion.what for lesion in lesions}
        if what in kinds and (not alone or len(lesions) == 1):
            found.append(seed)
        if len(found) == n:
            break
    return found


# ------------------------------------------------------------------ the patient


def test_a_seed_is_a_patient_whatever_was_drawn_before() -> None:
    first = phantom.draw(5, XR)
    for seed in range(3):
        phantom.draw(seed, CT)
    np.random.default_rng(0).random()
    assert phantom.draw(5, XR) == first
    assert phantom.draw(6, XR) != first


def test_another_process_makes_the_same_pixels_and_words() -> None:
    code = (
        "import hashlib\nfrom radgloss.data.phantom import make\np = make(5, 'xr-chest')\n"
        "print(hashlib.sha256(p.study.images[0].pixels.tobytes()).hexdigest())\n"
        "print(p.report)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == again.stdout
    assert str(made(5, XR).report) in said.stdout


@pytest.mark.parametrize("exam", [CT, XR])
def test_every_finding_is_common_and_normal_patients_exist(exam: str) -> None:
    patients = [phantom.draw(seed, exam) for seed in range(600)]
    kinds = [{lesion.what for lesion in p.lesions} for p in patients]
    for what in {k for kind in kinds for k in kind}:
        assert 0.28 < np.mean([what in kind for kind in kinds]) < 0.42
    assert np.mean([not kind for kind in kinds]) > 0.15


def test_sizes_stay_within_what_the_findings_allow() -> None:
    limits = {
        "liver cyst": (10, 60), "kidney stone": (3, 15), "splenomegaly": (131, 200),
        "lung nodule": (8, 30), "pneumothorax": (10, 55), "pleural effusion": (0, 0),
    }  # fmt: skip
    for exam in (CT, XR):
        for seed in range(200):
            for lesion in phantom.draw(seed, exam).lesions:
                low, high = limits[lesion.what]
                assert low <= lesion.size_mm <= high


def test_an_unknown_exam_is_said() -> None:
    with pytest.raises(ValueError, match="no exam of the phantom"):
        phantom.draw(1, "mr-knee")
    with pytest.raises(ValueError, match="negative"):
        phantom.draw(-1, CT)


# ------------------------------------------------------------------ the pictures


def _without(patient: Patient, what: str) -> Phantom:
    kept = tuple(lesion for lesion in patient.lesions if lesion.what != what)
    return phantom.simulate(replace(patient, lesions=kept))


@pytest.mark.parametrize("what", ["liver cyst", "kidney stone"])
def test_a_ct_lesion_changes_nothing_but_its_place(what: str) -> None:
    seed = seeds_with(what, CT, 1)[0]
    sick = made(seed, CT)
    well = _without(sick.patient, what)
    mask = np.logical_or.reduce([m for k, m in sick.masks.items() if k.startswith(what)])
    change = np.abs(sick.study.images[0].pixels - well.study.images[0].pixels)
    frames, rows, columns = np.nonzero(change > 0)
    where = np.argwhere(mask)
    low, high = where.min(0) - 4, where.max(0) + 4
    assert low[0] <= frames.min()
    assert frames.max() <= high[0]
    assert low[1] <= rows.min()
    assert rows.max() <= high[1]
    assert low[2] <= columns.min()
    assert columns.max() <= high[2]
    assert change[mask].mean() > 20
    assert {k for k in well.masks if not k.startswith(what)} == set(well.masks)


def test_a_nodule_changes_the_film_most_within_its_mask() -> None:
    seed = seeds_with("lung nodule", XR, 1, alone=True)[0]
    sick = made(seed, XR)
    well = _without(sick.patient, "lung nodule")
    change = np.abs(sick.study.images[0].pixels - well.study.images[0].pixels)
    mask = sick.masks["lung nodule#0"]
    assert change[mask].mean() > 20 * change[~mask].mean()


@pytest.mark.parametrize("seed", [1, 2])
def test_organs_lie_where_they_belong(seed: int) -> None:
    p = made(seed, CT)
    image = p.study.images[0]

    def middle(organ: str) -> np.ndarray:
        return image.to_mm(*np.argwhere(p.organs[organ]).mean(0))

    assert middle("liver")[0] < -20  # right is −x
    assert middle("spleen")[0] > 40
    assert middle("right kidney")[0] < -30 < 30 < middle("left kidney")[0]
    assert middle("liver")[2] > middle("right kidney")[2]
    litre = np.prod([5, *np.abs([image.affine[1, 1], image.affine[0, 2]])]) / 1e6
    assert 0.8 < p.organs["liver"].sum() * litre < 3.2


@pytest.mark.parametrize("seed", [1, 2])
def test_tissues_have_the_numbers_of_their_phase(seed: int) -> None:
    p = made(seed, CT)
    pixels = p.study.images[0].pixels
    lesions = np.logical_or.reduce(list(p.masks.values()))
    liver = float(np.median(pixels[p.organs["liver"] & ~lesions]))
    low, high = (90, 135) if p.patient.phase == "portal venous" else (45, 72)
    assert low < liver < high
    assert float(np.median(pixels[p.organs["lungs"]])) < -700
    assert float(pixels.min()) >= -1024


@pytest.mark.parametrize("seed", seeds_with("liver cyst", CT, 3))
def test_a_cyst_has_its_size_its_value_and_lies_in_the_liver(seed: int) -> None:
    p = made(seed, CT)
    image = p.study.images[0]
    voxel = 5 * image.affine[1, 1] * image.affine[0, 2]
    for key, lesion in zip(
        [k for k in p.masks if k.startswith("liver cyst")],
        [x for x in p.patient.lesions if x.what == "liver cyst"],
        strict=True,
    ):
        mask = p.masks[key]
        ball = np.pi / 6 * lesion.size_mm**3
        if lesion.size_mm >= 15:
            assert 0.7 * ball < mask.sum() * voxel < 1.35 * ball
            core = np.argwhere(mask).mean(0).round().astype(int)
            assert abs(image.pixels[tuple(core)] - lesion.value) < 60
        assert (mask & p.organs["liver"]).sum() > 0.5 * mask.sum()


@pytest.mark.parametrize("seed", seeds_with("kidney stone", CT, 3))
def test_a_stone_is_bright_and_on_its_side(seed: int) -> None:
    p = made(seed, CT)
    image = p.study.images[0]
    stones = [f for f in p.truth.present if f.what == "kidney stone"]
    for i, fact in enumerate(stones):
        where = np.argwhere(p.masks[f"kidney stone#{i}"])
        x = image.to_mm(*where.mean(0))[0]
        assert (x < 0) == (fact.side == "right")
        assert p.organs[f"{fact.side} kidney"][p.masks[f"kidney stone#{i}"]].any()


def test_an_enlarged_spleen_is_larger() -> None:
    big = seeds_with("splenomegaly", CT, 2)
    for seed in big:
        sick = made(seed, CT)
        well = _without(sick.patient, "splenomegaly")
        assert sick.organs["spleen"].sum() > 1.5 * well.organs["spleen"].sum()


def _x_of(p: Phantom, key: str) -> float:
    where = np.argwhere(p.masks[key]).mean(0)
    image = p.study.images[0]
    return float((where[2] - (image.pixels.shape[2] - 1) / 2) * image.affine[0, 2])


@pytest.mark.parametrize("what", ["pneumothorax", "lung nodule", "pleural effusion"])
def test_a_film_has_its_lesion_on_the_right_side(what: str) -> None:
    for seed in seeds_with(what, XR, 3):
        p = made(seed, XR)
        fact = next(f for f in p.truth.present if f.what == what)
        x = _x_of(p, f"{what}#0")
        if fact.side in ("left", "right"):
            assert (x < 0) == (fact.side == "right")


@pytest.mark.parametrize(
    ("what", "sign"), [("pneumothorax", -1), ("pleural effusion", 1), ("lung nodule", 1)]
)
def test_air_darkens_and_fluid_whitens_a_film(what: str, sign: int) -> None:
    seed = seeds_with(what, XR, 1, alone=True)[0]
    sick = made(seed, XR)
    well = _without(sick.patient, what)
    mask = sick.masks[f"{what}#0"]
    flip = -1 if sick.patient.inverted else 1
    change = sick.study.images[0].pixels - well.study.images[0].pixels
    assert flip * sign * change[mask].mean() > 40


def test_monochrome1_is_the_same_film_turned_over() -> None:
    p = made(3, XR)
    other = phantom.simulate(replace(p.patient, inverted=not p.patient.inverted))
    total = p.study.images[0].pixels + other.study.images[0].pixels
    assert np.all(total == 4095)
    assert p.study.images[0].inverted != other.study.images[0].inverted


def test_a_head_has_a_skull_and_no_findings() -> None:
    p = made(1, HEAD)
    pixels = p.study.images[0].pixels
    assert pixels.max() > 700
    assert 20 < np.median(pixels[12, 60:100, 60:100]) < 45
    assert not p.truth.present
    assert "CT of the head" in captions_text(p)


def captions_text(p: Phantom) -> str:
    return " ".join(s for c in p.captions for s in c.sentences)


# ------------------------------------------------------------------ the truth


@pytest.mark.parametrize("exam", [CT, XR])
def test_reported_is_visible_and_visible_is_present(exam: str) -> None:
    for seed in range(4):
        p = made(seed, exam)
        truth = p.truth
        assert set(truth.visible) <= set(truth.present)
        assert set(truth.reported) <= set(truth.visible)
        assert len(p.masks) == len(truth.present)
        shape = p.study.images[0].pixels.shape
        assert all(m.shape == shape and m.any() for m in p.masks.values())


# ------------------------------------------------------------------ the words

NAMES = {
    "liver cyst": r"liver cyst|hepatic cyst|cyst in segment|of the liver|fluid-attenuation cyst"
    r"|liver is|without a cyst",
    "kidney stone": r"stone|calcul|nephrolith",
    "splenomegaly": r"spleen|splenomegaly",
    "pneumothorax": r"pneumothorax|pleural air|pleural separation",
    "pleural effusion": r"effusion|pleural fluid|costophrenic",
    "lung nodule": r"nodule",
}
NEGATIVE = re.compile(
    r"\b(no|not|without)\b|costophrenic angles? (is|are) sharp|normal in size", re.IGNORECASE
)


def read_back(text: str, what: str) -> tuple[set[tuple[str, float]], bool]:
    """(side, size in mm) of every statement about a finding, and whether it was denied."""
    facts, denied = set(), False
    for sentence in re.split(r"(?<=[.])\s+(?=[A-Z0-9])", text):
        if not re.search(NAMES[what], sentence, re.IGNORECASE):
            continue
        if NEGATIVE.search(sentence):
            denied = True
            continue
        side = re.search(r"\b(right|left|bilateral|both)\b", sentence, re.IGNORECASE)
        size = re.search(r"(\d+(?:\.\d+)?) (mm|cm)", sentence)
        mm = float(size[1]) * (10 if size[2] == "cm" else 1) if size else 0.0
        word = side[1].lower() if side else ""
        facts.add(({"both": "bilateral"}.get(word, word), round(mm)))
    return facts, denied


def truth_of(facts: tuple[Finding, ...], what: str) -> set[tuple[str, float]]:
    return {(f.side, round(f.size_mm[0]) if f.size_mm else 0) for f in facts if f.what == what}


@pytest.mark.parametrize("exam", [CT, XR])
def test_the_report_says_the_truth_and_nothing_else(exam: str) -> None:
    from radgloss.data.phantom import words
    from radgloss.data.phantom.patient import stream

    for seed in range(250):  # words need no picture: every lesion counts as reported
        patient = phantom.draw(seed, exam)
        facts = tuple(
            Finding(x.what, "present", x.side, x.site, (x.size_mm,) if x.size_mm else ())
            for x in patient.lesions
        )
        graded = [(f, x.severity) for f, x in zip(facts, patient.lesions, strict=True)]
        report = words.report(stream(seed, exam, "words"), exam, patient.phase, graded)
        for what in [w for w in NAMES if (w in {"liver cyst", "kidney stone", "splenomegaly"}) ==
                     (exam == CT)]:  # fmt: skip
            said, denied = read_back(report.findings, what)
            concluded, _ = read_back(report.impression, what)
            assert said == truth_of(facts, what), (seed, what, report.findings)
            assert concluded == truth_of(facts, what), (seed, what, report.impression)
            if denied and said:
                one_sided = len({side for side, _ in said}) == 1
                assert one_sided, report.findings
        for fact in facts:
            assert not fact.site or fact.what == "pneumothorax" or fact.site in report.findings


def test_indications_do_not_give_the_finding_away() -> None:
    from radgloss.data.phantom.words import INDICATION

    text = " ".join(s for group in INDICATION.values() for s in group).lower()
    for pattern in NAMES.values():
        assert not re.search(pattern, text)


@pytest.mark.parametrize("seed", [1, 2, 9])
def test_a_caption_states_what_its_frame_shows_and_denies_nothing_that_it_does(seed: int) -> None:
    p = made(seed, CT)
    frames = p.study.images[0].pixels.shape[0]
    for frame in range(frames):
        text = " ".join(phantom.captions_of(p, frame))
        for what in ("liver cyst", "kidney stone", "splenomegaly"):
            said, denied = read_back(text, what)
            shown = [
                f for i, f in enumerate(x for x in p.truth.present if x.what == what)
                if p.masks[f"{what}#{i}"][frame].any()
            ]  # fmt: skip
            if what == "splenomegaly":
                said = {s for s in said if s[1] > 0}  # "The spleen is seen" states no size
            if what == "liver cyst":
                said = {s for s in said if s[1] > 0}
            assert said == truth_of(tuple(shown), what)
            if shown:
                assert not denied


def test_captions_favour_the_frames_with_lesions() -> None:
    p = made(seeds_with("kidney stone", CT, 1)[0], CT)
    lesion = np.logical_or.reduce(list(p.masks.values())).any(axis=(1, 2))
    rng = np.random.default_rng(0)
    hits = [lesion[list(phantom.caption_frames(p, 8, rng))].mean() for _ in range(30)]
    assert np.mean(hits) > 1.2 * lesion.mean()
    assert phantom.caption_frames(made(1, XR), 8, rng) == (0,)


def test_a_film_has_one_caption_that_states_every_visible_finding() -> None:
    for seed in range(4):
        p = made(seed, XR)
        assert len(p.captions) == 1
        for what in ("pneumothorax", "pleural effusion", "lung nodule"):
            said, denied = read_back(captions_text(p), what)
            assert said == truth_of(p.truth.visible, what)
            present = any(f.what == what for f in p.truth.present)
            assert denied != present


# ------------------------------------------------------------------ files


def test_generate_writes_whole_studies_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    manifest = phantom.generate(3, tmp_path, seed=20, exams=(XR,))
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert [r["seed"] for r in rows] == [20, 21, 22]
    assert [r["split"] for r in rows] == ["train", "train", "val"]
    for row in rows:
        folder = tmp_path / row["study"]
        assert len(list(folder.glob("*.dcm"))) == 1
        assert {p.name for p in folder.parent.iterdir()} == {
            "dicom", "labels.npz", "report.txt", "truth.json",
        }  # fmt: skip
        assert row["report"]["findings"] == made(row["seed"], XR).report.findings.replace(
            "\n\n", "\n"
        )
    kept = (tmp_path / rows[0]["study"]).parent / "truth.json"
    before = kept.stat().st_mtime_ns
    (tmp_path / "xr-chest-000021" / "truth.json").write_text("{")  # as if cut off
    (tmp_path / ".xr-chest-000099.part-1").mkdir()
    steps: list[tuple[int, int]] = []
    again = phantom.generate(
        3, tmp_path, seed=20, exams=(XR,), progress=lambda done, total: steps.append((done, total))
    )
    assert kept.stat().st_mtime_ns == before
    assert steps == [(2, 3), (3, 3)]
    assert [json.loads(line) for line in again.read_text().splitlines()] == rows
    assert not list(tmp_path.glob(".*part*"))


def test_processes_write_the_same_files_as_one(tmp_path: Path) -> None:
    phantom.generate(2, tmp_path / "one", seed=3, exams=(XR,), workers=1)
    phantom.generate(2, tmp_path / "two", seed=3, exams=(XR,), workers=2)
    one = {p.relative_to(tmp_path / "one"): p for p in (tmp_path / "one").rglob("*") if p.is_file()}
    for name, path in one.items():
        if path.suffix != ".npz":  # zip entries carry the time of day
            assert path.read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_the_masks_on_disk_are_the_masks(tmp_path: Path) -> None:
    p = made(1, XR)
    folder = phantom.write(p, tmp_path / "study")
    with np.load(folder / "labels.npz") as stored:
        shape = tuple(stored["shape"])
        for key, mask in p.masks.items():
            flat = np.unpackbits(stored[f"finding/{key}"], count=mask.size)
            assert np.array_equal(flat.reshape(shape).astype(bool), mask)


def test_the_sheet_shows_films_and_volumes() -> None:
    picture = phantom.sheet([made(1, XR), made(1, HEAD)])
    assert picture.size[0] == 1500
    assert np.asarray(picture).std() > 20
    with pytest.raises(ValueError, match="at least one"):
        phantom.sheet([])


def test_an_unknown_exam_is_refused_as_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputRejected) as error:
        phantom.generate(1, tmp_path, exams=("mr-knee",))
    assert error.value.code == "exam"
