import json

import pytest

from radgloss.exchange import files, provenance
from radgloss.types import InputRejected
from radgloss.workflow.status import DRAFT


def test_every_asked_format_is_written_and_no_other(samples, tmp_path):
    written = files.write_all(*samples.ct, DRAFT, tmp_path / "new", ["json", "txt"])
    assert list(written) == ["txt", "json"]
    assert {p.name for p in (tmp_path / "new").iterdir()} == {"draft.txt", "draft.json"}


def test_the_sr_comes_from_the_writer_that_is_handed_in(samples, tmp_path):
    draft, study = samples.ct
    seen = []
    written = files.write_all(draft, study, DRAFT, tmp_path, ["sr"], lambda *a: seen.append(a))
    assert seen == [(draft, study, DRAFT, tmp_path / "draft.dcm")]
    assert written == {"sr": tmp_path / "draft.dcm"}


def test_a_refused_sr_leaves_every_other_format(samples, tmp_path):
    def refuse(*_):
        raise InputRejected("no-dicom-source", "the study", "NIfTI", "DICOM", "Leave sr out.")

    with pytest.raises(InputRejected, match="no-dicom-source"):
        files.write_all(*samples.ct, DRAFT, tmp_path, files.FILES, refuse)
    assert {p.name for p in tmp_path.iterdir()} == set(files.FILES.values()) - {"draft.dcm"}


@pytest.mark.parametrize("name", ["pdf", "sr", "../x"])
def test_a_format_that_cannot_be_written_is_refused_before_anything_is(samples, tmp_path, name):
    with pytest.raises(InputRejected) as refused:
        files.write_all(*samples.ct, DRAFT, tmp_path / "out", ["txt", name])
    assert refused.value.code == "unknown-format"
    assert not (tmp_path / "out").exists()


def test_same_draft_same_bytes(samples, tmp_path):
    formats = ["txt", "json", "html", "fhir"]
    first = files.write_all(*samples.ct, DRAFT, tmp_path / "a", formats)
    second = files.write_all(*samples.ct, DRAFT, tmp_path / "b", formats)
    assert all(first[f].read_bytes() == second[f].read_bytes() for f in formats)


def test_an_output_that_cannot_be_is_refused_and_nothing_is_made(tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputRejected) as refused:
            files.check_output(place)
        assert refused.value.code == "output"
    files.check_output(tmp_path / "new" / "below")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_provenance_names_model_inputs_and_pipeline_and_no_patient(samples, tmp_path):
    draft, study = samples.ct
    path = provenance.write(draft, study, tmp_path, {"formats": ["txt"]}, {"draft.txt": "ab"})
    record = json.loads(path.read_text())
    assert record["model"]["checkpoint"] == draft.origin.checkpoint
    assert record["pixel_pipeline"]["digest"] == draft.origin.preprocessing
    assert record["seed"] == 7
    assert {i["uid"]: i["sha256"] for i in record["inputs"]} == dict(study.digests)
    assert record["left_out"][0]["code"] == "not-dicom"
    assert record["outputs"] == {"draft.txt": "ab"}
    assert "PHANTOM" not in path.read_text()
    assert "Phantom" not in path.read_text()


def test_provenance_is_the_same_for_the_same_draft(samples):
    assert provenance.record(*samples.ct) == provenance.record(*samples.ct)


def test_a_rejection_is_kept_beside_the_drafts(tmp_path):
    refused = InputRejected("no-pixels", "a.dcm", "an SR", "an image", "Send images.")
    written = json.loads(files.write_rejection(refused, tmp_path / "x").read_text())
    assert written["code"] == "no-pixels"
    assert written["wanted"] == "an image"


def test_the_sample_script_writes_every_format_of_every_sample(samples, tmp_path):
    samples.main(tmp_path)
    for name in ("ct", "radiograph", "abstained"):
        found = {p.name for p in (tmp_path / name).iterdir()}
        assert found == {*files.FILES.values(), "provenance.json"}
        record = json.loads((tmp_path / name / "provenance.json").read_text())
        assert record["outputs"]["draft.txt"] == files.sha256(tmp_path / name / "draft.txt")
    assert (tmp_path / "rejected" / "rejected.json").is_file()


def test_a_folder_never_holds_the_files_of_two_drafts(samples, tmp_path):
    files.write_all(*samples.ct, DRAFT, tmp_path, ["txt", "json", "html"])
    provenance.write(*samples.ct, tmp_path)
    (tmp_path / "notes.txt").write_text("a person's own file")
    files.write_all(*samples.radiograph, DRAFT, tmp_path, ["json"])
    assert {p.name for p in tmp_path.iterdir()} == {"draft.json", "notes.txt"}


def test_a_rejection_takes_the_place_of_an_earlier_draft_and_the_other_way(samples, tmp_path):
    files.write_all(*samples.ct, DRAFT, tmp_path, ["txt", "json"])
    refused = InputRejected("no-pixels", "a.dcm", "an SR", "an image", "Send images.")
    files.write_rejection(refused, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["rejected.json"]
    files.write_all(*samples.ct, DRAFT, tmp_path, ["json"])
    assert [p.name for p in tmp_path.iterdir()] == ["draft.json"]


def test_an_sr_written_after_the_other_formats_leaves_them(samples, tmp_path):
    draft, study = samples.ct
    files.write_all(draft, study, DRAFT, tmp_path, ["txt"])
    files.write_all(draft, study, DRAFT, tmp_path, ["sr"], lambda *a: a[3].write_bytes(b""))
    assert {p.name for p in tmp_path.iterdir()} == {"draft.txt", "draft.dcm"}
