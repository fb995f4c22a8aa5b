"""What can be known to be wrong is said before any work, with the exit code of its kind."""

import ast
import json
import re
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from typer.testing import CliRunner

import radgloss
from radgloss import demo, dicom, wiring
from radgloss.cli import app
from radgloss.errors import InputRejected

SOURCE = Path(radgloss.__file__).parent


@pytest.fixture
def dicom_files():
    """pydicom's own pictures."""
    return Path(pydicom.__file__).parent / "data" / "test_files"


@pytest.fixture
def no_work(monkeypatch):
    """Loading a model or reading a study is work, and fails the test."""

    def work(*_, **__):
        raise AssertionError("work before the check")

    for name in ("load", "read", "each_study"):
        monkeypatch.setattr(wiring, name, work)


def told(*words):
    done = CliRunner().invoke(app, [str(w) for w in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.mark.parametrize("listed", ["pdf", "txt,pdf", "", ","])
def test_an_unknown_format_is_a_mistake_of_usage(no_work, tmp_path, listed):
    done = told("report", "-i", tmp_path, "-o", tmp_path / "o", "--format", listed)
    assert done.exit_code == 2
    assert "txt, json, html, fhir, sr" in " ".join(done.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    "words",
    [("report", "-i", ".", "-o", "o"), ("label", "-i", "."), ("index", "-i", ".", "-o", "o"),
     ("search", "effusion", "--index", ".")],
)  # fmt: skip
def test_a_modality_unknown_to_the_standard_is_a_mistake_of_usage(no_work, words):
    assert told(*words, "--modality", "tomogram").exit_code == 2


@pytest.mark.parametrize(
    "words",
    [("report", "-i", ".", "-o"), ("index", "-i", ".", "-o"), ("label", "-i", ".", "-o")],
)
def test_an_output_that_cannot_be_written_is_refused_first(no_work, tmp_path, words):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputRejected) as refused:
        told(*words, tmp_path / "file" / "below" / "out")
    assert refused.value.code == "output"


def test_the_tour_does_not_begin_where_your_folder_is_not_there(no_work, tmp_path):
    with pytest.raises(InputRejected) as refused:
        told("demo", tmp_path / "no", "-o", tmp_path / "out", "--no-serve")
    assert refused.value.code == "no-such-file"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("prior", [False, True])
def test_a_wrong_path_is_refused_before_any_work(no_work, tmp_path, prior):
    words = ("-i", tmp_path, "--prior", tmp_path / "no") if prior else ("-i", tmp_path / "no")
    with pytest.raises(InputRejected) as refused:
        told("report", *words, "-o", tmp_path / "out")
    assert refused.value.code == "no-such-file"
    assert not (tmp_path / "out").exists()


@pytest.fixture
def archive(monkeypatch, tmp_path):
    monkeypatch.setenv("RADGLOSS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RADGLOSS_ARCHIVE_RESERVE_GB", "0")
    monkeypatch.setenv("RADGLOSS_ARCHIVE_WATERMARK", "1")


@pytest.mark.parametrize("verb", ["list", "verify"])
def test_asking_makes_no_archive_where_there_is_none(archive, tmp_path, verb):
    with pytest.raises(InputRejected) as refused:
        told("archive", verb, "--home", tmp_path / "typo")
    assert refused.value.code == "no-archive"
    assert not (tmp_path / "typo").exists()


def test_an_import_that_keeps_nothing_is_refused(archive, tmp_path):
    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / "README").write_text("hello")
    for name, code in (("", "empty"), ("a.bin", "not-dicom"), ("b.bin", "nothing-usable")):
        if name:
            (sent / name).write_text("hello")
        with pytest.raises(InputRejected) as refused:
            told("archive", "receive", "-i", sent)
        assert refused.value.code == code


# ------------------------------------------------------------------ looking at files


def test_inspect_exits_as_reading_would(dicom_files, tmp_path):
    assert told("inspect", dicom_files / "CT_small.dcm").exit_code == 0
    for name in ("reportsi.dcm", "examples_rgb_color.dcm"):
        done = told("inspect", dicom_files / name)
        assert (done.exit_code, name in done.stdout) == (3, True)
    shutil.copy(dicom_files / "CT_small.dcm", tmp_path)
    shutil.copy(dicom_files / "reportsi.dcm", tmp_path)
    done = told("inspect", tmp_path, "--json")
    assert done.exit_code == 4
    assert json.loads(done.stdout)["left_out"][0]["what"] == "reportsi.dcm"


def test_no_refusal_names_a_python_call():
    """Its reader typed a command; the table of errors has a word for those who write Python."""
    called, refusals = [], 0
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InputRejected":
                refusals += 1
                words = [n.value for a in node.args for n in ast.walk(a)
                         if isinstance(n, ast.Constant) and isinstance(n.value, str)]  # fmt: skip
                called += [f"{path.name}: {w}" for w in words if re.search(r"\w\(\)", w)]
    assert called == []
    assert refusals > 100


def test_a_folder_typed_as_a_dot_is_named(dicom_files, tmp_path, monkeypatch):
    for name in ("CT_small.dcm", "MR_small.dcm"):
        shutil.copy(dicom_files / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputRejected) as refused:
        told("report", "-i", ".", "-o", "o")
    assert (refused.value.code, refused.value.what) == ("mixed-patients", tmp_path.name)


def test_what_lies_beside_simulated_patients_is_nobody_s_mistake(dicom_files, tmp_path):
    shutil.copy(dicom_files / "CT_small.dcm", tmp_path)
    for name in ("manifest.jsonl", "labels.npz", "weights.safetensors"):
        (tmp_path / name).write_text("{}")
    assert told("inspect", tmp_path).exit_code == 0


def test_a_modality_given_is_noted_as_given(tmp_path):
    from radgloss.settings import Settings
    from radgloss.types import NO_MODALITY

    nibabel.save(nibabel.Nifti1Image(np.zeros((9, 9, 3), np.int16), np.eye(4)), tmp_path / "v.nii")
    (unnamed,) = wiring.read(tmp_path / "v.nii", Settings()).images
    assert (unnamed.modality, NO_MODALITY in unnamed.notes) == ("", True)
    (named,) = wiring.read(tmp_path / "v.nii", Settings(), "CT").images
    assert (named.modality, NO_MODALITY in named.notes) == ("CT", False)
    assert "modality CT as given, not stated by the file" in named.notes


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", ""), ("report", "-i", "", "-o", "x"), ("label", "-i", ""), ("demo", ""),
        ("index", "-i", "", "-o", "x"), ("serve", ""), ("archive", "list", "--home", ""),
        ("train", "clip", "-d", "", "-o", "x"), ("search", "mass", "--index", ""),
        ("phantom", "-n", "1", "-o", ""),
    ],
)  # fmt: skip
def test_an_empty_path_is_not_the_current_folder(no_work, words):
    done = told(*words)
    assert done.exit_code == 2
    assert "it is empty" in done.output


def test_the_tour_takes_a_modality_for_your_own_studies(monkeypatch, tmp_path):
    asked = {}
    monkeypatch.setattr("radgloss.demo.run", lambda *_, **options: asked.update(options) or 1)
    assert told("demo", tmp_path, "--modality", "ct", "--no-serve").exit_code == 0
    assert asked["modality"] == "CT"


def test_a_training_that_could_not_be_scored_says_so(monkeypatch, tmp_path):
    card = {"name": "clip", "test": {"labels": {}}}
    monkeypatch.setattr("radgloss.systems.finish.train_system", lambda *_, **__: card)
    done = told("train", "clip", "-d", "m.jsonl", "-o", tmp_path / "new")
    assert done.exit_code == 0
    assert "Not scored" in done.output
    assert "auroc" not in done.output


# ------------------------------------------------------------------ labels in one's own words


def test_a_bank_is_written_checked_and_named_by_its_words(tmp_path):
    path = tmp_path / "mine.json"
    done = told("bank", "-o", path, "--label", "blob", "--json")
    digest = json.loads(done.stdout)["digest"]
    assert json.loads(told("bank", "--check", path, "--json").stdout)["digest"] == digest
    path.write_text(path.read_text().replace("Blob.", "Lump."))
    assert json.loads(told("bank", "--check", path, "--json").stdout)["digest"] != digest


def test_a_vocabulary_gives_a_bank_other_names(tmp_path):
    words = tmp_path / "words.csv"
    words.write_text("Class ID,Preferred Label,Synonyms\nX1,fatty blob,blob steatosis\n")
    told("bank", "-o", tmp_path / "b.json", "--label", "fatty blob", "--vocabulary", words)
    assert "Blob steatosis." in (tmp_path / "b.json").read_text()


@pytest.mark.parametrize(
    ("option", "text", "code"),
    [
        ("--bank", '{"name": "x", "version": "1", "banks": {"blob": {"present": ["Blob."]}}}',
         "prompt-bank"),
        ("--probe", "no probe", "probe"),
        ("--vocabulary", "no vocabulary", "vocabulary"),
    ],
)  # fmt: skip
def test_words_and_probes_that_cannot_be_used_are_refused_before_any_work(
    no_work, tmp_path, option, text, code
):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(InputRejected) as error:
        told("label", "-i", tmp_path, "--label", "blob", option, tmp_path / "x.csv")
    assert error.value.code == code


def test_a_probe_wants_one_source_of_truth(no_work, tmp_path):
    assert told("probe", "-o", tmp_path / "p").exit_code == 2
    assert told("probe", "-o", tmp_path / "p", "-i", tmp_path).exit_code == 2
    both = ("-d", tmp_path / "m.jsonl", "-i", tmp_path, "--truth", tmp_path / "t.csv")
    assert told("probe", "-o", tmp_path / "p", *both).exit_code == 2


def test_a_bank_and_a_probe_exclude_each_other(no_work, tmp_path):
    words = ("label", "-i", tmp_path, "--bank", tmp_path / "b", "--probe", tmp_path / "p")
    assert told(*words).exit_code == 2


def test_the_tour_shows_a_real_ct_mr_and_radiograph():
    shipped = demo._pydicom_files()
    assert len(shipped) == len(demo.PYDICOM)
    kinds = {image["modality"] for path in shipped for image in dicom.inspect(path)["images"]}
    assert {"CT", "MR", "CR"} <= kinds
    assert len({demo._slug(demo._called(path), 0) for path in shipped}) == len(shipped)
