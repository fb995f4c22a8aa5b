import base64
import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from fhir.resources.R4B.diagnosticreport import DiagnosticReport
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.exchange import fhir
from radgloss.types import MACHINE_MARK, Finding, Identity, Sentence, Study
from radgloss.workflow.status import DRAFT


def _of(kind, report):
    return [r for r in report["contained"] if r["resourceType"] == kind]


def test_a_draft_is_partial_and_marked_as_a_machine_s(samples):
    for draft, study in (samples.ct, samples.radiograph, samples.abstained):
        report = fhir.diagnostic_report(draft, study, DRAFT)
        assert report["status"] == "partial"
        assert report["meta"]["security"][0]["code"] == "AIAST"
        assert report["code"]["coding"][0]["code"] == "18748-4"
        assert MACHINE_MARK in report["conclusion"]
        assert MACHINE_MARK in report["text"]["div"]


def test_it_survives_the_reference_parser(samples):
    report = fhir.diagnostic_report(*samples.ct, DRAFT)
    again = DiagnosticReport.model_validate_json(json.dumps(report))
    assert json.loads(again.model_dump_json())["id"] == report["id"]


@pytest.mark.parametrize("status", ["preliminary", "final", "amended", "bogus"])
def test_a_status_of_verified_texts_is_refused(samples, status):
    with pytest.raises(ValueError, match=status):
        fhir.diagnostic_report(*samples.ct, replace(DRAFT, fhir=status))


def test_every_contained_resource_is_referred_to(samples):
    for draft, study in (samples.ct, samples.abstained):
        report = fhir.diagnostic_report(draft, study, DRAFT)
        held = {f"#{r['id']}" for r in report["contained"]}
        assert all(f'"{name}"' in json.dumps(report) for name in held)  # rule dom-3


def test_same_draft_same_resource_and_another_draft_another_id(samples):
    draft, study = samples.ct
    first = fhir.diagnostic_report(draft, study, DRAFT)
    assert first == fhir.diagnostic_report(draft, study, DRAFT)
    other = fhir.diagnostic_report(replace(draft, why="x"), study, DRAFT)
    assert other["id"] != first["id"]
    assert len(first["id"]) <= 64


def test_what_a_check_found_is_a_note_of_what_it_is_about(samples):
    draft, study = samples.ct
    report = fhir.diagnostic_report(draft, study, DRAFT)
    stones, cysts = (
        [n["text"] for o in _of("Observation", report) if what in o["code"]["text"]
         for n in o["note"]]
        for what in ("stone", "cyst")
    )  # fmt: skip
    for flag in draft.flags:
        assert any(flag.found in note for note in stones)
        assert flag.found in report["text"]["div"]
    assert not any("Place" in note or "Size" in note for note in cysts)


def test_findings_become_observations_with_codes_only_where_known(samples):
    report = fhir.diagnostic_report(*samples.radiograph, DRAFT)
    by_name = {o["code"]["text"]: o for o in _of("Observation", report)}
    assert {c["code"] for c in by_name["pneumothorax"]["code"]["coding"]} == {
        "36118008",
        "RID5352",
    }
    assert by_name["pneumothorax"]["valueCodeableConcept"]["text"] == "absent"
    assert "coding" not in by_name["lung nodule"]["code"]
    assert by_name["pleural effusion"]["bodySite"]["text"] == "left"
    assert {o["status"] for o in by_name.values()} == {"preliminary"}


def test_the_size_is_in_ucum_millimetres(samples):
    report = fhir.diagnostic_report(*samples.ct, DRAFT)
    cyst = _of("Observation", report)[0]
    size = cyst["component"][0]["valueQuantity"]
    assert (size["value"], size["code"]) == (36.0, "mm")


def test_not_assessed_has_no_value_but_a_reason(samples):
    draft, study = samples.ct
    silent = Sentence("-", "findings", findings=(Finding("liver cyst", "not assessed"),))
    report = fhir.diagnostic_report(replace(draft, sentences=(silent,)), study, DRAFT)
    observation = _of("Observation", report)[0]
    assert "valueCodeableConcept" not in observation
    assert observation["dataAbsentReason"]["coding"][0]["code"] == "not-performed"


def test_the_attached_text_is_the_plain_text(samples):
    attachment = fhir.diagnostic_report(*samples.ct, DRAFT)["presentedForm"][0]
    text = base64.b64decode(attachment["data"]).decode()
    assert text.startswith(MACHINE_MARK)
    assert "36 mm cyst" in text


def test_the_subject_is_the_patient_s_number_and_nothing_more(samples):
    draft, study = samples.ct
    report = json.dumps(fhir.diagnostic_report(draft, study, DRAFT))
    assert "PHANTOM-1" in report
    assert "Phantom^One" not in report
    nobody = Study(study.uid, study.images, Identity())
    assert "subject" not in fhir.diagnostic_report(draft, nobody, DRAFT)


def test_the_narrative_is_xhtml_whatever_the_words(samples):
    draft, study = samples.ct
    nasty = Sentence('<script>alert(1)</script>&\x00"]]>', "findings")
    report = fhir.diagnostic_report(
        replace(draft, sentences=(nasty,), not_assessed=("<b>",)), study, DRAFT
    )
    tree = ElementTree.fromstring(report["text"]["div"])
    assert not [e for e in tree.iter() if e.tag.endswith("script")]
    assert "<script>alert(1)</script>" in "".join(tree.itertext())


@settings(deadline=None, max_examples=60)
@given(st.data(), st.text(max_size=8), st.text(max_size=8))
def test_any_draft_becomes_a_valid_resource(samples, drafts, data, day, number):
    draft, study = data.draw(drafts), samples.ct[1]
    study = replace(study, identity=Identity(patient_id=number, issuer=number, study_date=day))
    report = fhir.diagnostic_report(draft, study, DRAFT)
    DiagnosticReport.model_validate_json(json.dumps(report))
    ElementTree.fromstring(report["text"]["div"])
    assert not _empty(report)


def _empty(value):
    """Whether an empty string or list is anywhere within: FHIR has neither."""
    if isinstance(value, dict):
        return any(_empty(v) for v in value.values())
    if isinstance(value, list):
        return not value or any(_empty(v) for v in value)
    return value == ""


@pytest.mark.parametrize(("day", "found"), [("20240229", "2024-02-29"), ("20240230", None)])
def test_a_date_that_is_none_is_left_out(samples, day, found):
    draft, study = samples.ct
    study = replace(study, identity=replace(study.identity, study_date=day))
    assert fhir.diagnostic_report(draft, study, DRAFT).get("effectiveDateTime") == found


@pytest.mark.parametrize(
    ("when", "found"),
    [("2026-11-23T09:30:00Z", "2026-11-23T09:30:00+00:00"), ("2026-11-23T09:30:00", None),
     ("yesterday", None), ("", None)],
)  # fmt: skip
def test_a_time_without_its_zone_is_left_out(samples, when, found):
    draft, study = samples.ct
    draft = replace(draft, origin=replace(draft.origin, when=when))
    assert fhir.diagnostic_report(draft, study, DRAFT).get("issued") == found


def test_no_contained_resource_has_labels_of_its_own(samples):
    for draft, study in (samples.ct, samples.radiograph):
        report = fhir.diagnostic_report(draft, study, DRAFT)
        assert not any("meta" in r for r in report["contained"])  # rules dom-4 and dom-5
