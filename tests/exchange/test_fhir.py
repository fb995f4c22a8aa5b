import base64
import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from fhir.resources.R4B.diagnosticreport import DiagnosticReport

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
