"""Whole patients: pictures, words and truth of every examination belong together.

`golden.npz` holds what phantom `VERSION` was on the machine that wrote it. `python THIS_FILE`
writes it anew, which is right only with another version (and, in the end, another starter)."""

import hashlib
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from radgloss import dicom
from radgloss.data.phantom import study, truth
from radgloss.data.phantom.imaging import lesion_names
from radgloss.data.phantom.imaging.nouns import VERSION
from radgloss.data.phantom.patients import EXAMS, draw, with_history
from radgloss.dicom.write import write_images
from radgloss.display import grey
from radgloss.text.findings import exam_findings
from radgloss.types import Finding

TEST = 2_000_000
SEEDS = {"mr-abdomen": TEST, "us-pelvis": TEST, "xr-chest": TEST, "xr-abdomen": TEST,
         "ct-abdomen": TEST, "us-abdomen": TEST, "ct-head": TEST}  # fmt: skip


GOLDEN = Path(__file__).with_name("golden.npz")


@cache
def made(exam: str) -> study.Phantom:
    return study.make(SEEDS[exam], exam)


def told(exam: str) -> np.ndarray:
    """A digest of the draws, the words and what is visible; numbers to six digits."""
    p = made(exam)
    text = repr((p.patient, p.report, p.written.facts, p.truth.visible))
    short = re.sub(r"-?\d+\.\d+(?:e[-+]\d+)?", lambda m: f"{float(m[0]):.6g}", text)
    return np.frombuffer(hashlib.sha256(short.encode()).digest(), np.uint8)


def shown(exam: str) -> np.ndarray:
    """Every fourth row and column of each image's middle frame, in grey levels, one after another.

    Six images at most."""
    images = made(exam).study.images[:6]
    return np.concatenate([grey(i, len(i.pixels) // 2)[::4, ::4].ravel() for i in images])


@pytest.mark.parametrize("exam", EXAMS)
def test_a_phantom_of_one_version_is_the_same_on_every_machine(exam: str) -> None:
    """Draws and words to the letter; pixels within 1 grey level in all but 0.01 %."""
    golden = np.load(GOLDEN)
    assert str(golden["version"]) == VERSION, f"run python {GOLDEN.with_name('test_study.py').name}"
    assert np.array_equal(told(exam), golden[f"{exam} told"])
    ours, theirs = shown(exam).astype(int), golden[f"{exam} shown"].astype(int)
    assert ours.shape == theirs.shape
    assert np.mean(np.abs(ours - theirs) > 1) <= 1e-4


@pytest.mark.parametrize("exam", EXAMS)
def test_what_can_be_seen_is_present_and_lies_in_the_pictures(exam: str) -> None:
    p = made(exam)
    names = lesion_names(p.patient.lesions)
    assert len(p.truth.present) == len(p.imaged.visible) == len(names)
    assert set(p.truth.visible) <= set(p.truth.present)
    shapes = {i.uid: i.pixels.shape for i in p.study.images}
    assert shapes.keys() == p.truth.masks.keys() == p.truth.organs.keys()
    for uid, masks in p.truth.masks.items():
        assert set(masks) <= set(names)
        assert all(m.shape == shapes[uid] and m.dtype == bool for m in masks.values())
    for name, seen in zip(names, p.imaged.visible, strict=True):
        assert not seen or any(m[name].any() for m in p.truth.masks.values() if name in m)
    assert all(i.synthetic and np.isfinite(i.pixels).all() for i in p.study.images)


@pytest.mark.parametrize("exam", [e for e in EXAMS if e != "ct-head"])
def test_an_author_states_nothing_that_cannot_be_seen_and_denies_nothing_that_is_there(
    exam: str,
) -> None:
    p = made(exam)
    known = {row.what for row in exam_findings(exam)}
    seen = {f.what for f in p.truth.visible}
    there = {f.what for f in p.truth.present}
    for fact in p.written.facts:
        if fact.what in known and not fact.side:
            assert fact.status != "present" or fact.what in seen, fact
            assert fact.status != "absent" or fact.what not in there, fact


@pytest.mark.parametrize("exam", ["mr-abdomen", "us-pelvis", "xr-chest"])
def test_our_own_reader_gives_back_every_image(exam: str, tmp_path) -> None:
    p = made(exam)
    write_images(p.study, tmp_path)
    read = dicom.read(tmp_path)
    assert not read.left_out
    assert sorted(i.uid for i in read.images) == sorted(i.uid for i in p.study.images)
    for before in p.study.images:
        after = read.image(before.uid)
        assert np.array_equal(before.pixels, after.pixels)
        assert (before.modality, before.view, before.inverted) == (
            after.modality, after.view, after.inverted,
        )  # fmt: skip


def test_the_same_seed_gives_the_same_bytes_and_words() -> None:
    again, before = study.make(TEST, "xr-chest"), made("xr-chest")
    assert again.report == before.report
    assert all(
        a.pixels.tobytes() == b.pixels.tobytes()
        for a, b in zip(again.study.images, before.study.images, strict=True)
    )


def test_the_same_picture_may_have_another_history() -> None:
    patient = draw(TEST, "xr-chest")
    other = with_history(patient, draw(TEST + 1, "xr-chest").encounter)
    changed = study.simulate(replace(other, prior_days=patient.prior_days))
    assert changed.study.images[0].pixels.tobytes() == (
        made("xr-chest").study.images[0].pixels.tobytes()
    )
    assert changed.case.measurements != made("xr-chest").case.measurements


def test_a_prior_study_is_earlier_smaller_and_another_file() -> None:
    patient = next(
        q
        for q in (draw(TEST + k, "xr-chest") for k in range(400))
        if any(x.prior_mm and x.size_mm > x.prior_mm for x in q.lesions)
    )
    p = study.simulate(patient)
    assert p.prior is not None
    assert p.case.prior is p.prior.study
    assert {i.uid for i in p.study.images}.isdisjoint(i.uid for i in p.prior.study.images)
    for now, lesion in zip(p.truth.present, patient.lesions, strict=True):
        if lesion.prior_mm:
            then = next(f for f in p.prior.truth.present if f.what == now.what)
            assert then.size_mm[0] == pytest.approx(lesion.prior_mm)
    assert study.prior_of(replace(patient, prior_days=0)) is None


def test_many_foci_are_one_finding_with_the_largest_size() -> None:
    foci = [Finding("liver metastases", site=f"segment {k}", size_mm=(float(k),)) for k in range(5)]
    (one,), (look,) = truth.grouped(foci, [("rim",)] * 5)
    assert (one.number, one.size_mm, one.site, look) == ("multiple", (4.0,), "", ("rim",))
    two, _ = truth.grouped(foci[:2], [(), ()])
    assert two == tuple(foci[:2])


def test_nothing_is_denied_that_is_there_or_whose_organ_is_gone() -> None:
    for seed in range(300):
        patient = draw(seed, "ct-abdomen")
        denied = set(truth.deniable(patient))
        assert denied.isdisjoint(x.what for x in patient.lesions)
        if "spleen" in patient.absent:
            assert "splenomegaly" not in denied
        if any(x.what == "liver cyst" for x in patient.lesions):
            assert "liver lesion" not in denied


def test_a_lesion_that_no_view_shows_stays_out_of_the_labels() -> None:
    p = made("us-pelvis")
    found = truth.labels(p.patient, p.imaged)
    there = {x.what for x in p.patient.lesions}
    assert {k for k, v in found.items() if v is False}.isdisjoint(there)
    assert {k for k, v in found.items() if v} == {f.what for f in p.truth.visible}


if __name__ == "__main__":
    kept = {f"{e} {n}": act(e) for e in EXAMS for n, act in (("told", told), ("shown", shown))}
    np.savez_compressed(GOLDEN, version=np.array(VERSION), **kept)
