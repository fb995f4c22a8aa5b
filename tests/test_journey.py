"""The whole way on a laptop: phantoms, training, drafting, labels, search, archive, exit codes.

Runs the command line as a user does, with the `debug` recipe, whose drafts are worthless and whose
machinery is whole."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

import radgloss as package
from radgloss.checkpoint import load

SOURCE = Path(package.__file__).parents[1]  # the code under test, wherever it was installed
DONE, USAGE, REJECTED, PART = 0, 2, 3, 4


def radgloss(*words, home=None, code=DONE):
    done = subprocess.run(
        [sys.executable, "-m", "radgloss", *map(str, words)], capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "RADGLOSS_HOME": str(home or "/nonexistent"),
             "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "RADGLOSS_ARCHIVE_RESERVE_GB": "0",
             "RADGLOSS_ARCHIVE_WATERMARK": "1"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("journey")


@pytest.fixture(scope="module")
def manifest(place):
    radgloss("phantom", "-n", 24, "-o", place / "phantoms", "--seed", 5, "--workers", 2,
             "--exam", "ct-abdomen", "--exam", "xr-chest", "--no-segments")  # fmt: skip
    return place / "phantoms" / "manifest.jsonl"


@pytest.fixture(scope="module")
def checkpoint(place, manifest):
    radgloss("train", "clip-debug", "-d", manifest, "-o", place / "c", "--steps", 6)
    return place / "c"


def studies(manifest, exam):
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    return [manifest.parent / r["study"] for r in rows if r["exam"] == exam]


def test_training_leaves_a_checkpoint_with_its_card(checkpoint):
    loaded = load(checkpoint)
    assert loaded.card["data"]["phantom"]
    assert loaded.card["steps"] == 6
    assert set(loaded.trust.outliers) == {"ct-abdomen", "xr-chest"}


def test_report_writes_every_format_and_its_provenance(place, manifest, checkpoint):
    out = place / "draft"
    done = radgloss("report", "-i", studies(manifest, "xr-chest")[0], "-o", out,
                    "--model", checkpoint)  # fmt: skip
    assert "AI DRAFT" in done.stdout
    names = {p.name for p in out.iterdir()}
    assert names == {"draft.txt", "draft.json", "draft.html", "draft.dcm", "draft.fhir.json",
                     "provenance.json"}  # fmt: skip
    made = json.loads((out / "provenance.json").read_text())
    assert made["model"]["checkpoint"] == load(checkpoint).name
    assert all(len(i["sha256"]) == 64 for i in made["inputs"])
    sr = pydicom.dcmread(out / "draft.dcm")
    assert sr.CompletionFlag == "PARTIAL"
    assert sr.VerificationFlag == "UNVERIFIED"
    assert json.loads((out / "draft.fhir.json").read_text())["status"] == "partial"


def test_the_same_command_gives_the_same_words(place, manifest, checkpoint):
    texts = []
    for name in ("a", "b"):
        radgloss("report", "-i", studies(manifest, "ct-abdomen")[0], "-o", place / name,
                 "--model", checkpoint, "--format", "json")  # fmt: skip
        whole = json.loads((place / name / "draft.json").read_text())
        del whole["draft"]["origin"]["when"]
        texts.append(whole)
    assert texts[0] == texts[1]


def test_one_bad_file_among_good_ones_is_named_and_the_rest_reported(place, manifest, checkpoint):
    mixed = place / "mixed"
    shutil.copytree(studies(manifest, "ct-abdomen")[1], mixed)
    (mixed / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 300)
    done = radgloss("report", "-i", mixed, "-o", place / "m", "--model", checkpoint, code=PART)
    assert "broken.dcm" in done.stderr
    assert (place / "m" / "draft.html").is_file()


def test_nothing_usable_is_exit_three_and_one_sentence(place, checkpoint):
    (place / "empty").mkdir()
    for path in (place / "empty", place / "nowhere"):
        done = radgloss("report", "-i", path, "-o", place / "x", "--model", checkpoint,
                        code=REJECTED)  # fmt: skip
        assert done.stderr.count("\n") == 1
        assert not (place / "x").exists()
    told = radgloss("report", "-i", place / "empty", "-o", place / "x", "--json", code=REJECTED)
    assert json.loads(told.stdout)["rejected"]["code"]


def test_usage_is_exit_two():
    radgloss("report", code=USAGE)
    radgloss("no-such-command", code=USAGE)


def test_a_corrupt_checkpoint_is_said_before_work_starts(place, manifest, checkpoint):
    bad = place / "bad"
    shutil.copytree(checkpoint, bad)
    raw = bytearray((bad / "weights.safetensors").read_bytes())
    raw[-1] ^= 1
    (bad / "weights.safetensors").write_bytes(raw)
    done = radgloss("report", "-i", studies(manifest, "xr-chest")[0], "-o", place / "y",
                    "--model", bad, code=REJECTED)  # fmt: skip
    assert "weights.safetensors" in done.stderr
    assert not (place / "y").exists()


def test_index_and_search_by_words_image_and_filter(place, manifest, checkpoint):
    some = place / "some"
    for exam in ("ct-abdomen", "xr-chest"):
        for i, study in enumerate(studies(manifest, exam)[:3]):
            shutil.copytree(study, some / f"{exam}{i}")
    done = radgloss("index", "-i", some, "-o", place / "idx", "--model", checkpoint)
    assert "6 studies" in done.stdout
    same = radgloss("search", "--index", place / "idx", "--image", some / "xr-chest1", "-k", 1,
                    "--model", checkpoint, "--json")  # fmt: skip
    uid = pydicom.dcmread(next((some / "xr-chest1").rglob("*.dcm"))).StudyInstanceUID
    assert json.loads(same.stdout)[0]["study"] == uid
    films = radgloss("search", "pleural effusion", "--index", place / "idx", "--where",
                     "modality=DX", "--model", checkpoint, "--json")  # fmt: skip
    assert {row["modality"] for row in json.loads(films.stdout)} == {"DX"}


def test_an_index_of_another_space_is_refused(place, manifest, checkpoint):
    radgloss("train", "clip-debug", "-d", manifest, "-o", place / "other", "--steps", 2)
    radgloss("index", "-i", studies(manifest, "xr-chest")[0], "-o", place / "idx2",
             "--model", checkpoint)  # fmt: skip
    done = radgloss("search", "effusion", "--index", place / "idx2", "--model", place / "other",
                    code=REJECTED)  # fmt: skip
    assert "index-space" in done.stderr


def test_label_gives_a_probability_or_a_reason(place, manifest, checkpoint):
    (place / "labels.txt").write_text("pneumothorax\nhydatid cyst\n")
    done = radgloss("label", "-i", studies(manifest, "xr-chest")[0], "--labels",
                    place / "labels.txt", "--model", checkpoint, "--json")  # fmt: skip
    for row in json.loads(done.stdout):
        assert row["abstained"] == bool(row["why"])
        assert (row["probability"] == "") == row["abstained"]


def test_nifti_is_read_and_gets_no_sr(place, manifest, checkpoint):
    nibabel = pytest.importorskip("nibabel")
    import numpy as np

    nibabel.save(nibabel.Nifti1Image(np.zeros((20, 20, 5), np.int16), np.diag([-2, -2, 5, 1])),
                 place / "v.nii.gz")  # fmt: skip
    done = radgloss("report", "-i", place / "v.nii.gz", "-o", place / "n", "--model", checkpoint,
                    code=PART)  # fmt: skip
    assert "left out" in done.stderr
    assert "No draft was made" in done.stdout
    assert "--modality" in done.stderr
    assert "no-dicom-source" in done.stderr
    assert not (place / "n" / "draft.dcm").exists()


def test_archive_receives_lists_and_verifies(place, manifest):
    home = place / "home"
    study = studies(manifest, "xr-chest")[0]
    assert "1 stored" in radgloss("archive", "receive", "-i", study, home=home).stdout
    assert "1 already" in radgloss("archive", "receive", "-i", study, home=home).stdout
    rows = json.loads(radgloss("archive", "list", "--json", home=home).stdout)
    assert len(rows) == 1
    assert "PHANTOM-" not in json.dumps(rows)
    assert "intact" in radgloss("archive", "verify", home=home).stdout


def test_inspect_tells_about_pixels_and_not_about_the_person(manifest):
    shown = radgloss("inspect", studies(manifest, "xr-chest")[0], "--json").stdout
    assert json.loads(shown)
    assert "PHANTOM" not in shown.upper().replace("PHANTOMS", "")


def test_resume_of_a_finished_run_changes_nothing(place, manifest, checkpoint):
    before = load(checkpoint).name
    radgloss("train", "clip-debug", "-d", manifest, "-o", checkpoint, "--steps", 6, "--resume")
    assert load(checkpoint).name == before


def test_python_and_command_line_say_the_same(place, manifest, checkpoint):
    study = package.read(studies(manifest, "xr-chest")[2])
    draft = package.load(checkpoint).report(study)
    radgloss("report", "-i", studies(manifest, "xr-chest")[2], "-o", place / "p", "--model",
             checkpoint, "--format", "txt")  # fmt: skip
    text = " ".join(Path(place / "p" / "draft.txt").read_text().split())
    for sentence in draft.sentences:
        assert sentence.text in text
