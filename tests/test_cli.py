"""What can be known to be wrong is said before any work, with the exit code of its kind."""

import pytest
from typer.testing import CliRunner

from radgloss import wiring
from radgloss.cli import app
from radgloss.errors import InputRejected


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
