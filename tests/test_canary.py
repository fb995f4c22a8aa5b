"""Nothing that could name a person leaves by a way that need not carry it.

A study carries a word of its own in every attribute of free text that DICOM knows, in the coded
strings that are shown, and in the names of its files and folders. None of these words may be found
in a text, a page, a record, an index, the archive's tables, a machine-readable answer or a log.
What goes back to the hospital may carry what files it there, and that alone. One exception by
design: the line on stderr that names a refused file to the person who typed the path."""

import contextlib
import json
import sqlite3

import numpy as np
import pytest
from fastapi.testclient import TestClient
from nibabel import Nifti1Image
from pydicom import dcmread
from pydicom.datadict import DicomDictionary
from typer.testing import CliRunner

from radgloss import log, room
from radgloss.cli import app
from radgloss.data import phantom

FREE_TEXT = ("AE", "LO", "LT", "PN", "SH", "ST", "UC", "UT")
SHOWN = ("BodyPartExamined", "ViewPosition", "PixelSpacingCalibrationType", "PatientSex")
KEPT = {"IssuerOfPatientID", "PatientID", "PatientName", "StudyID", "AccessionNumber",
        "ReferringPhysicianName"}  # fmt: skip
TOKEN = "Q_Z"  # not by chance in base64 either


def token(number):
    return f"{TOKEN}{number:05d}"


def mark(data):
    """A word of its own in each attribute; → word by keyword."""
    words = {}
    for tag, (vr, vm, _, retired, keyword) in DicomDictionary.items():
        free = vr in FREE_TEXT and vm in ("1", "1-n") and not retired and keyword
        if (free or keyword in SHOWN) and 0x0008 <= tag >> 16 <= 0x0040:
            words[keyword] = token(len(words))
            data.add_new(tag, vr, words[keyword])
    return words


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("canary")


@pytest.fixture(scope="module")
def study(place):
    """A folder and file names of tokens; beside the image a file that must be refused."""
    folder = place / f"{TOKEN}folder"
    phantom.write(phantom.make(2_000_000, "xr-chest"), place / "made")
    (source, *_) = sorted((place / "made" / "dicom").rglob("*.dcm"))
    folder.mkdir()
    data = dcmread(source)
    words = mark(data)
    assert len(words) > 300
    data.save_as(folder / f"{TOKEN}image.dcm")
    (folder / f"{TOKEN}broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 300)
    return folder, words


@pytest.fixture(scope="module")
def volume(place):
    path = place / f"{TOKEN}volume.nii.gz"
    Nifti1Image(np.arange(512, dtype=np.int16).reshape(8, 8, 8), np.eye(4)).to_filename(path)
    return path


@pytest.fixture(scope="module")
def run(place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RADGLOSS_HOME", str(place / "home"))
        patch.setenv("RADGLOSS_ARCHIVE_RESERVE_GB", "0")
        patch.setenv("RADGLOSS_ARCHIVE_WATERMARK", "1")
        patch.setenv("RADGLOSS_LOG_LEVEL", "DEBUG")

        def act(*words):
            done = CliRunner().invoke(app, [str(w) for w in words])
            said = [x for x in done.stderr.splitlines() if not x.startswith("left out: ")]
            return done.exit_code, done.stdout, "\n".join(said)

        yield act
    log.configure("warning")


def found(text):
    text = text if isinstance(text, str) else text.decode("latin-1")
    return text.count(TOKEN)


@pytest.fixture(scope="module")
def drafted(run, study, volume, place):
    out = place / "out"
    shown = [run("report", "-i", study[0], "-o", out / "a", "--json"),
             run("report", "-i", volume, "-o", out / "b", "--modality", "CT",
                 "--json")]  # fmt: skip
    return out, shown


def test_a_report_shows_and_logs_no_word_of_the_study(drafted):
    out, shown = drafted
    for code, stdout, stderr in shown:
        assert code == 4  # the broken file; no SR from a NIfTI
        assert not found(stdout)
        assert not found(stderr)
    names = {p.name for p in (out / "a").iterdir()}
    assert {"draft.txt", "draft.json", "draft.html", "provenance.json"} < names
    for path in out.rglob("*"):
        if path.is_file() and path.name not in ("draft.dcm", "draft.fhir.json"):
            assert not found(path.read_bytes()), path.name
    left_out = json.loads((out / "a" / "provenance.json").read_text())["left_out"]
    assert left_out[0]["what"].startswith("refused input 1 (SHA-256 ")


def test_what_goes_back_carries_what_files_it_there_and_no_more(drafted, study):
    out, words = drafted[0] / "a", study[1]
    sr, fhir = (out / "draft.dcm").read_bytes(), (out / "draft.fhir.json").read_bytes()
    carried = {k for k, w in words.items() if w.encode() in sr}
    assert carried == KEPT
    assert {k for k, w in words.items() if w.encode() in fhir} == {"PatientID", "IssuerOfPatientID"}
    assert found(sr) == len(KEPT)


def test_the_reading_page_shows_no_word_of_the_study(drafted, run, study):
    client = TestClient(room.create_app(drafted[0]), base_url="http://127.0.0.1")
    for address in ("/", "/d/a", "/d/b"):
        assert client.get(address).status_code == 200
        assert not found(client.get(address).text)


def test_pointing_shows_and_writes_no_word_of_the_study(run, study, place):
    code, stdout, stderr = run("ground", "effusion", "-i", study[0], "-o", place / "g", "--json")
    assert (code, found(stdout), found(stderr)) == (4, 0, 0)
    assert {p.name for p in (place / "g").iterdir()} >= {"ground.png", "ground.json"}
    for path in (place / "g").iterdir():
        assert not found(path.read_bytes()), path.name


def test_labels_and_search_show_no_word_of_the_study(run, study, volume, place):
    index = place / "index"
    for words in (
        ("label", "-i", study[0], "-i", volume, "--modality", "CT", "--json"),
        ("label", "-i", study[0], "-o", place / "labels.csv"),
        ("index", "-i", study[0], "-o", index),
        ("search", "effusion", "--index", index, "--json"),
        ("search", "effusion", "--index", index),
    ):
        code, stdout, stderr = run(*words)
        assert code in (0, 4), stderr
        assert not found(stdout.replace(str(place), ""))
        assert not found(stderr)
    assert not found((place / "labels.csv").read_bytes())
    for path in index.iterdir():
        assert not found(path.read_bytes()), path.name


def test_the_archive_s_tables_and_trail_hold_no_word_of_the_study(run, study, place):
    assert run("archive", "receive", "-i", study[0])[0] == 4
    for words in (("archive", "list"), ("archive", "list", "--json"), ("archive", "verify")):
        code, stdout, stderr = run(*words)
        assert (code, found(stdout), found(stderr)) == (0, 0, 0)
    database = place / "home" / "archive" / "archive.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert not found("\n".join(connection.iterdump()))


def test_inspection_shows_no_word_about_the_person(run, study):
    code, stdout, stderr = run("inspect", study[0] / f"{TOKEN}image.dcm", "--json")
    assert (code, found(stdout), found(stderr)) == (0, 0, 0)
