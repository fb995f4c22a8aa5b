"""`radgloss report` with what is known of a patient, on a checkpoint that knows nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from radgloss import wiring
from radgloss.cli import app
from radgloss.exchange import files
from radgloss.exchange.json import from_json
from radgloss.types import MACHINE_MARK, Identity, Study
from tiny import checkpoint, image

STUDY = Study("9.9", (image(),), Identity(patient_id="QX7"))


@pytest.fixture
def tell(monkeypatch, tmp_path):
    """The command, with studies by the name of their folder; its result and the output folder."""
    model = wiring.Model(checkpoint())
    known = {
        "now": STUDY,
        "mine": replace(STUDY, uid="9.1", images=(image(seed=3, uid="1.9"),)),
        "other": replace(STUDY, uid="9.2", identity=Identity(patient_id="QX8")),
    }
    monkeypatch.setattr(wiring, "load_trained", lambda *_: model)
    monkeypatch.setattr(wiring, "read", lambda path, *_: known[Path(path).name])

    def told(*words):
        out = tmp_path / "out"
        given = ["report", "-i", tmp_path / "now", "-o", out, "--format", "txt,json", *words]
        return CliRunner().invoke(app, [str(w) for w in given]), out

    for name in known:
        (tmp_path / name).mkdir()
    return told


def draft_of(out):
    return from_json((out / files.FILES["json"]).read_text("utf-8"))[0]


def test_what_is_known_is_read_and_leaves_no_trace_of_its_words(tell, tmp_path):
    (tmp_path / "history.txt").write_text("Mrs Quimby has known gallstones.")
    done, out = tell("--history", tmp_path / "history.txt", "--indication", "Quimby: r/o HCC")
    assert done.exit_code == 0, done.output
    plain, _ = tell()
    assert plain.exit_code == 0
    known = json.loads((out / "provenance.json").read_text())["options"]
    assert set(known) >= {"history", "indication", "prior", "prior_report"}
    for path in out.iterdir():
        assert "Quimby" not in path.read_text("utf-8", "replace")


def test_a_prior_is_compared_and_named_in_the_record_by_its_uid(tell, tmp_path):
    done, out = tell("--prior", tmp_path / "mine")
    assert done.exit_code == 0, done.output
    assert "read by the same model" in draft_of(out).text("comparison")
    assert json.loads((out / "provenance.json").read_text())["options"]["prior"] == "9.1"


def test_a_prior_of_another_patient_is_refused_and_nothing_is_written(tell, tmp_path):
    done, out = tell("--prior", tmp_path / "other")
    assert done.exception.code == "prior-patient"
    assert "QX" not in f"{done.output}{done.exception}"
    assert not out.exists()


def test_the_report_of_a_prior_is_a_prior(tell, tmp_path):
    (tmp_path / "before.txt").write_text("No splenomegaly. No liver cyst.")
    done, out = tell("--prior-report", tmp_path / "before.txt")
    assert done.exit_code == 0, done.output
    draft = draft_of(out)
    assert "report of an earlier examination" in draft.text("comparison")
    assert any(f.change == "new" for f in draft.findings)


def test_flags_are_printed_and_part_of_the_json(tell):
    done, out = tell()
    draft = draft_of(out)
    assert draft.flags  # a checkpoint that knows nothing contradicts itself
    for flag in draft.flags:
        assert flag.found in done.stdout
    done, _ = tell("--json")
    said = json.loads(done.stdout)["flags"]
    assert [f["code"] for f in said] == [f.code for f in draft.flags]


def test_a_template_is_filled_and_a_wrong_one_is_known_before_any_work(tell, tmp_path, monkeypatch):
    form = tmp_path / "form.txt"
    form.write_text("Liver: {liver|The liver is normal.}\nRest: {other}\n")
    done, out = tell("--template", form)
    assert done.exit_code == 0, done.output
    text = (out / files.FILLED).read_text("utf-8")
    assert text.startswith(MACHINE_MARK)
    assert "Liver: " in text
    form.write_text("Liver: {liver")

    def work(*_):
        raise AssertionError("work before the check")

    monkeypatch.setattr(wiring, "read", work)
    done, _ = tell("--template", form)
    assert done.exception.code == "template"
