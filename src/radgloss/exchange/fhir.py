"""A draft as one FHIR R4B DiagnosticReport, complete in itself, marked as a machine's.

Unusual here: fhir.resources checks shapes but accepts any code, so every required binding is
checked again against its value set. A machine's text is at most `partial`: `preliminary` means
verified early results (value set diagnostic-report-status). Ids are digests, so the same draft is
the same resource.

Sources: FHIR R4B DiagnosticReport, Observation, Device, Narrative; v3-ObservationValue (AIAST)."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from datetime import datetime
from html import escape
from typing import Any

from radgloss.exchange import text as plain
from radgloss.exchange.json import to_json
from radgloss.exchange.words import check_word, finding_words, flags_of, one_line, sections
from radgloss.text.findings import finding_type
from radgloss.types import MACHINE_MARK, Draft, Finding, Flag, ReportStatus, Study

__all__ = ["diagnostic_report"]

_AIAST = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "AIAST",
    "display": "Artificial Intelligence asserted",
}
_RADIOLOGY = {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}
_REPORT = {"system": "http://loinc.org", "code": "18748-4", "display": "Diagnostic imaging study"}
_DRAFTED_BY = "urn:radgloss:drafted-by"

# What a machine's text may be called, and what its findings are called then.
_OBSERVATION_STATUS = {
    "registered": "registered",
    "partial": "preliminary",  # observation-status: "data may be incomplete or unverified"
    "cancelled": "cancelled",
    "entered-in-error": "entered-in-error",
}
_BINDINGS = {  # required bindings of R4B, as far as this report uses them
    "DiagnosticReport": ("status", {"registered", "partial", "preliminary", "final", "amended",
                                    "corrected", "appended", "cancelled", "entered-in-error",
                                    "unknown"}),
    "Observation": ("status", {"registered", "preliminary", "final", "amended", "corrected",
                               "cancelled", "entered-in-error", "unknown"}),
    "Device": ("status", {"active", "inactive", "entered-in-error", "unknown"}),
    "Narrative": ("status", {"generated", "extensions", "additional", "empty"}),
}  # fmt: skip


def diagnostic_report(draft: Draft, study: Study, status: ReportStatus) -> dict[str, Any]:
    """The DiagnosticReport as a tree of JSON values, checked against R4B.

    Contained: the Device that drafted it and one Observation per finding, coded only where the
    vocabulary has a code. ValueError where `status` is not for an unverified text."""
    if status.fhir not in _OBSERVATION_STATUS:
        wanted = ", ".join(sorted(_OBSERVATION_STATUS))
        raise ValueError(f"FHIR status {status.fhir!r} is not for a machine's text; use {wanted}")
    observations = _observations(draft, study, status)
    report = {
        "resourceType": "DiagnosticReport",
        "id": _digest(draft, study, status),
        "meta": {"security": [_AIAST]},
        "language": "en",
        "text": {"status": "generated", "div": _narrative(draft)},
        "contained": [_device(draft), *observations],
        "extension": [{"url": _DRAFTED_BY, "valueReference": {"reference": "#device"}}],
        "identifier": [_uid_identifier(_draft_uid(draft, study, status))],
        "status": status.fhir,
        "category": [{"coding": [_RADIOLOGY]}],
        "code": {"coding": [_REPORT], "text": "AI-generated draft imaging report, unverified"},
        "imagingStudy": [{"type": "ImagingStudy", "identifier": _uid_identifier(study.uid)}],
        "conclusion": _conclusion(draft),
        "presentedForm": [_attachment(draft, status)],
        **_subject(study),
        **_when(draft, study),
    }
    if observations:
        report["result"] = [{"reference": f"#{o['id']}"} for o in observations]
    _check(report)
    return report


def _check(report: dict[str, Any]) -> None:
    from fhir.resources.R4B.diagnosticreport import DiagnosticReport

    DiagnosticReport.model_validate(report)
    for resource in (report, *report["contained"]):
        _check_binding(resource["resourceType"], resource)
    _check_binding("Narrative", report["text"])


def _check_binding(kind: str, element: dict[str, Any]) -> None:
    name, allowed = _BINDINGS[kind]
    if element[name] not in allowed:
        raise ValueError(f"{kind}.{name} {element[name]!r} is not in its required value set")


# ------------------------------------------------------------------ who, which, when


def _digest(draft: Draft, study: Study, status: ReportStatus) -> str:
    whole = "\n".join((study.uid, to_json(draft, status)))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _draft_uid(draft: Draft, study: Study, status: ReportStatus) -> str:
    return f"2.25.{int(_digest(draft, study, status)[:30], 16)}"


def _uid_identifier(uid: str) -> dict[str, str]:
    return {"system": "urn:dicom:uid", "value": f"urn:oid:{one_line(uid)}"}


def _subject(study: Study) -> dict[str, Any]:
    patient_id = one_line(study.identity.patient_id)
    if not patient_id:
        return {}
    identifier: dict[str, Any] = {"value": patient_id}
    if one_line(study.identity.issuer):
        identifier["assigner"] = {"display": one_line(study.identity.issuer)}
    return {"subject": {"type": "Patient", "identifier": identifier}}


def _when(draft: Draft, study: Study) -> dict[str, str]:
    """Day of the study and instant of the draft, where they are a day and an instant."""
    found = {}
    with suppress(ValueError):
        found["effectiveDateTime"] = f"{datetime.strptime(study.identity.study_date, '%Y%m%d'):%F}"
    with suppress(ValueError):
        made = datetime.fromisoformat(draft.origin.when)
        if made.tzinfo is not None:  # an instant has its zone
            found["issued"] = made.isoformat()
    return found


def _device(draft: Draft) -> dict[str, Any]:
    checkpoint = one_line(draft.origin.checkpoint) or "unknown"
    return {
        "resourceType": "Device",
        "id": "device",
        "identifier": [{"system": "urn:radgloss:checkpoint", "value": checkpoint}],
        "status": "active",
        "deviceName": [{"name": "radgloss", "type": "manufacturer-name"}],
        "version": [{"value": one_line(draft.origin.version) or "unknown"}],
        "note": [{"text": MACHINE_MARK}],
    }


# ------------------------------------------------------------------ what it says


def _conclusion(draft: Draft) -> str:
    if draft.abstained:
        return f"[{MACHINE_MARK}] No draft was made: {one_line(draft.why)}"
    said = one_line(draft.text("impression")) or one_line(draft.text("findings"))
    return f"[{MACHINE_MARK}] {said}".strip()


def _attachment(draft: Draft, status: ReportStatus) -> dict[str, str]:
    data = plain.write(draft, status).encode()
    return {
        "contentType": "text/plain; charset=utf-8",
        "language": "en",
        "data": base64.b64encode(data).decode(),
        "title": MACHINE_MARK,
    }


def _narrative(draft: Draft) -> str:
    parts = [f"<p><b>{escape(MACHINE_MARK)}</b></p>"]
    if draft.abstained:
        parts.append(f"<p>No draft was made: {escape(one_line(draft.why))}</p>")
    for _, heading, sentences in sections(draft):
        said = "<br/>".join(escape(one_line(s.text)) for s in sentences)
        parts.append(f"<h2>{heading}</h2><p>{said}</p>")
    if draft.flags:
        found = "<br/>".join(escape(one_line(_flag_words(f))) for f in draft.flags)
        parts.append(f"<h2>To be looked at again</h2><p>{found}</p>")
    if draft.not_assessed:
        silent = escape(one_line(", ".join(draft.not_assessed)))
        parts.append(f"<h2>Not assessed</h2><p>{silent}</p>")
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'


def _observations(draft: Draft, study: Study, status: ReportStatus) -> list[dict[str, Any]]:
    """One Observation per distinct fact, in the order of the text."""
    facts: dict[Finding, list[Flag]] = {}
    for number, sentence in enumerate(draft.sentences):
        for finding in sentence.findings:
            facts.setdefault(finding, []).extend(flags_of(draft, number))
    return [
        _observation(n, finding, flags, study, _OBSERVATION_STATUS[status.fhir])
        for n, (finding, flags) in enumerate(facts.items(), start=1)
    ]


def _flag_words(flag: Flag) -> str:
    return f"{check_word(flag.code)}: {flag.found}"


def _observation(
    number: int, finding: Finding, flags: list[Flag], study: Study, status: str
) -> dict[str, Any]:
    observation = {
        "resourceType": "Observation",
        "id": f"finding-{number}",  # no label of its own: rule dom-5; the report carries it
        "status": status,
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "imaging"}]}],
        "code": {**_coding(finding.what), "text": one_line(finding.what) or "unnamed"},
        "device": {"reference": "#device"},
        "note": [{"text": one_line(words)} for words in dict.fromkeys(
            (finding_words(finding), *map(_flag_words, flags)))],
        **_subject(study),
        **_value(finding),
    }  # fmt: skip
    where = one_line(" ".join(w for w in (finding.side, finding.site) if w))
    if where:
        observation["bodySite"] = {"text": where}
    components = _components(finding)
    if components:
        observation["component"] = components
    return observation


def _coding(what: str) -> dict[str, Any]:
    try:
        row = finding_type(what)
    except KeyError:
        return {}
    systems = (("http://snomed.info/sct", row.sct), ("http://radlex.org", row.radlex))
    coding = [{"system": system, "code": code} for system, code in systems if code]
    return {"coding": coding} if coding else {}


def _value(finding: Finding) -> dict[str, Any]:
    if finding.status == "not assessed":
        system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
        coding = [{"system": system, "code": "not-performed"}]
        return {"dataAbsentReason": {"coding": coding, "text": finding.status}}
    return {"valueCodeableConcept": {"text": finding.status}}


def _components(finding: Finding) -> list[dict[str, Any]]:
    sizes = [_quantity("Size", mm, "mm", "mm") for mm in finding.size_mm]
    if finding.certainty is None:
        return sizes
    return [*sizes, _quantity("Probability stated by the model", finding.certainty, "1", "1")]


def _quantity(name: str, value: float, unit: str, code: str) -> dict[str, Any]:
    quantity = {"value": round(value, 6), "unit": unit, "code": code}
    return {"code": {"text": name},
            "valueQuantity": {**quantity, "system": "http://unitsofmeasure.org"}}  # fmt: skip
