"""Phantoms on disk: whole or not at all, resumed, split by seed, read back as they were made."""

import errno
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from radgloss.data import phantom
from radgloss.data.manifest import read_manifest
from radgloss.data.phantom import files, held_out, many
from radgloss.data.phantom.causal.ceiling import posterior_of
from radgloss.data.phantom.reading import truth_of
from radgloss.dicom.seg import read_segments
from radgloss.display import grey
from radgloss.types import InputRejected

TEST = 2_000_000
XR, MR, PELVIS = "xr-chest", "mr-abdomen", "us-pelvis"


@cache
def made(seed: int, exam: str) -> phantom.Phantom:
    return phantom.make(seed, exam)


def with_prior(exam: str) -> int:
    return next(s for s in range(TEST, TEST + 200) if phantom.draw(s, exam).prior_days)


# ------------------------------------------------------------------ one folder


@pytest.mark.parametrize("exam", [MR, PELVIS, XR])
def test_what_is_read_back_is_what_was_made(exam: str, tmp_path: Path) -> None:
    before = made(with_prior(exam), exam)
    filed = phantom.read(phantom.write(before, tmp_path / "one"))
    assert filed.truth.present == before.truth.present
    assert filed.truth.visible == before.truth.visible
    assert filed.truth.reported == before.truth.reported
    assert filed.truth.posterior == pytest.approx(dict(before.truth.posterior))
    assert filed.report == before.report
    assert filed.looks == dict(before.imaged.looks)
    assert filed.diseases == before.patient.encounter.diseases
    assert filed.case.measurements == before.case.measurements
    assert filed.case.history == before.case.history
    for image in before.study.images:
        assert np.array_equal(filed.case.study.image(image.uid).pixels, image.pixels)
        for kept, truth in ((filed.truth.masks, before.truth.masks),
                            (filed.truth.organs, before.truth.organs)):  # fmt: skip
            marked = {k for k, m in truth[image.uid].items() if m.any()}
            assert set(kept[image.uid]) == marked
            assert all(np.array_equal(kept[image.uid][k], truth[image.uid][k]) for k in marked)
    assert filed.case.prior is not None
    assert before.prior is not None
    earlier = {i.uid for i in before.prior.study.images}
    assert {i.uid for i in filed.case.prior.images} == earlier


def test_a_folder_keeps_how_its_patient_was_drawn_and_the_posterior_of_that(tmp_path: Path) -> None:
    ill = next(
        p for p in (phantom.draw(s, "xr-abdomen", "clinical") for s in range(TEST, TEST + 200))
        if p.encounter.diseases
    )  # fmt: skip
    folder = phantom.write(phantom.simulate(replace(ill, prior_days=0)), tmp_path / "one")
    known = truth_of(folder)
    assert known["patient"]["encounter"]["prevalence"] == "clinical"
    assert known["patient"]["encounter"]["held_out"] is False
    assert phantom.read(folder).truth.posterior == posterior_of(replace(ill, prior_days=0))


def test_label_maps_are_also_dicom_segmentations(tmp_path: Path) -> None:
    before = made(with_prior(MR), MR)
    folder = phantom.write(before, tmp_path / "one")
    (path,) = (folder / "segments").glob("*.dcm")  # every sequence lies on one grid
    marked = read_segments(path)
    image = before.study.images[0]
    for name, mask in before.organs.items():
        found = marked.get(f"organ/{name}", {})
        for k, source in enumerate(image.sources):
            frame = found.get(source.sop_instance_uid)
            assert mask[k].any() == (frame is not None)
            assert frame is None or np.array_equal(frame, mask[k])
    assert not (phantom.write(before, tmp_path / "two", segments=False) / "segments").exists()


def test_the_same_patient_gives_the_same_files(tmp_path: Path) -> None:
    one, two = (phantom.write(made(3, XR), tmp_path / name) for name in "ab")
    names = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(two) for p in two.rglob("*") if p.is_file())
    for name in names:
        if name.suffix != ".npz":  # zip entries carry the time of day
            assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_monochrome1_and_2_show_the_same_picture(tmp_path: Path) -> None:
    patient = phantom.draw(4, XR)
    shown = []
    for inverted in (False, True):
        how = replace(patient.acquisition, inverted=inverted)
        p = phantom.simulate(replace(patient, acquisition=how, prior_days=0))
        folder = phantom.write(p, tmp_path / str(inverted))
        image = phantom.read(folder).case.study.images[0]
        assert image.inverted == inverted
        shown.append(grey(image, 0).astype(int))
    assert np.abs(shown[0] - shown[1]).max() <= 1


def test_a_folder_that_is_no_phantom_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputRejected, match="truth"):
        phantom.read(tmp_path / "a")


# ------------------------------------------------------------------ many


def rows_of(manifest: Path) -> list[dict]:
    return [json.loads(line) for line in manifest.read_text().splitlines()]


def test_seeds_own_their_split_and_every_line_is_a_good_one(tmp_path: Path) -> None:
    done = phantom.generate(phantom.plan(5, 20, [XR]), tmp_path)
    rows = rows_of(done.manifest)
    assert [(r["seed"], r["split"]) for r in rows] == [
        *((20 + k, "train") for k in range(5)), (1_000_020, "val"), (2_000_020, "test"),
    ]  # fmt: skip
    manifest = read_manifest(done.manifest)
    assert not manifest.bad
    for entry, row in zip(manifest.entries, rows, strict=True):
        folder = entry.study.parent
        assert len(list(entry.study.glob("*.dcm"))) == len(row["images"])
        told = (folder / "report.txt").read_text()
        assert row["report"]["impression"] in told
        assert entry.captions
        truth = json.loads((folder / "truth.json").read_text())
        for what, label in entry.labels.items():
            assert label.get("present") == truth["labels"][what]


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    jobs = phantom.plan(3, 20, [XR])
    rows = rows_of(phantom.generate(jobs, tmp_path).manifest)
    kept = tmp_path / jobs[0].folder / "truth.json"
    before = kept.stat().st_mtime_ns
    other = tmp_path / jobs[1].folder / "truth.json"
    other.write_text(json.dumps(json.loads(other.read_text()) | {"phantom": "0.9"}))
    (tmp_path / f".{jobs[2].folder}.part-999999").mkdir()
    steps: list[tuple[int, int]] = []
    again = phantom.generate(jobs, tmp_path, progress=lambda *step: steps.append(step))
    assert (again.made, again.kept) == (1, 2)
    assert kept.stat().st_mtime_ns == before
    assert steps == [(2, 3), (3, 3)]
    assert rows_of(again.manifest) == rows
    assert not list(tmp_path.glob(".*part*"))


def test_a_killed_run_leaves_only_whole_studies(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom radgloss.data import phantom\n"
        "phantom.generate(phantom.plan(50, 7, ['xr-chest']), Path(sys.argv[1]))"
    )
    run = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    while sum(1 for _ in tmp_path.glob("xr-chest-*")) < 2 and run.poll() is None:
        time.sleep(0.05)
    run.kill()
    run.wait()
    whole = sorted(tmp_path.glob("xr-chest-*"))
    assert len(whole) >= 2
    for folder in whole:
        assert phantom.read(folder).seed == int(folder.name.rpartition("-")[2])
    assert not (tmp_path / "manifest.jsonl").exists()


def test_a_full_disk_is_said_and_what_is_finished_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = phantom.plan(2, 20, [XR])
    write_labels = files._write_labels

    def full(p: phantom.Phantom, *rest: object) -> None:
        if p.patient.seed == 21:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_labels(p, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "_write_labels", full)
    with pytest.raises(InputRejected) as told:
        phantom.generate(jobs, tmp_path)
    assert told.value.code == "disk-full"
    assert {p.name for p in tmp_path.iterdir()} == {jobs[0].folder}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputRejected) as told:
        phantom.generate(phantom.plan(1, 20, [XR]), tmp_path / "file" / "out")
    assert told.value.code == "disk"


def test_a_strangers_folder_is_never_removed(tmp_path: Path) -> None:
    jobs = phantom.plan(1, 20, [XR])
    (tmp_path / jobs[0].folder).mkdir()
    (tmp_path / jobs[0].folder / "thesis.txt").write_text("mine")
    with pytest.raises(InputRejected, match="no phantom run"):
        phantom.generate(jobs, tmp_path)
    assert (tmp_path / jobs[0].folder / "thesis.txt").read_text() == "mine"


def test_two_processes_write_what_one_writes(tmp_path: Path) -> None:
    jobs = phantom.plan(2, 3, [XR])
    one = phantom.generate(jobs, tmp_path / "one", workers=1)
    two = phantom.generate(jobs, tmp_path / "two", workers=2)
    assert one.manifest.read_bytes() == two.manifest.read_bytes()
    for path in (tmp_path / "one").rglob("*.dcm"):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()


# ------------------------------------------------------------------ what cannot be


@pytest.mark.parametrize(
    ("n", "seed", "exams"),
    [(0, 0, [XR]), (1, 0, []), (1, 0, ["mr-knee"]), (1, -1, [XR]), (2, 999_999, [XR])],
)
def test_a_plan_that_cannot_be_is_refused(n: int, seed: int, exams: list[str]) -> None:
    with pytest.raises(InputRejected) as told:
        phantom.plan(n, seed, exams)
    assert told.value.code == "phantom-plan"


def test_a_share_of_as_many_validate_and_test() -> None:
    splits = [phantom.split_of(j.seed) for j in phantom.plan(10, 20, [XR], share=0.3)]
    assert [splits.count(s) for s in ("train", "val", "test")] == [10, 3, 3]
    assert len(phantom.plan(10, 20, [XR], share=0)) == 10
    with pytest.raises(InputRejected):
        phantom.plan(10, 20, [XR], share=1.5)


def test_heads_and_held_out_findings_never_reach_a_training_manifest(tmp_path: Path) -> None:
    for jobs in (
        phantom.plan(3, 0, ["ct-head"]),
        *(phantom.plan(3, 0, ["ct-abdomen"], [what]) for what in held_out.FINDINGS),
    ):
        with pytest.raises(InputRejected) as told:
            phantom.generate(jobs, tmp_path)
        assert told.value.code == "finding-impossible"
    assert not list(tmp_path.iterdir())
    assert "ct-head" not in many.DEFAULT_EXAMS


def test_a_patient_without_the_organ_is_named_and_the_others_are_made(tmp_path: Path) -> None:
    without = next(s for s in range(400) if "uterus" in phantom.draw(s, PELVIS).absent)
    jobs = (
        many.Job(without, PELVIS, ("intrauterine pregnancy",)),
        many.Job(without + 1, PELVIS, ("intrauterine pregnancy",)),
    )
    done = phantom.generate(jobs, tmp_path, segments=False)
    assert [p.code for p in done.left_out] == ["finding-impossible"]
    assert [r["seed"] for r in rows_of(done.manifest)] == [without + 1]
    forced = phantom.read(tmp_path / jobs[1].folder)
    assert {f.what for f in forced.truth.present} == {"intrauterine pregnancy"}
    ordinary = phantom.generate([many.Job(without + 1, PELVIS)], tmp_path, segments=False)
    assert ordinary.made == 1  # the forced patient is another one
