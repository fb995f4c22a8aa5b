"""Whom a file is about, and every name and number its header says of people. Child only."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from radgloss.dicom.deid import acts, words
from radgloss.dicom.deid.options import Options

__all__ = ["patient_of", "said", "who"]

_NUMBERS = (
    "PatientID", "OtherPatientIDs", "AccessionNumber", "AdmissionID", "ServiceEpisodeID",
    "MedicalRecordLocator", "PatientTelephoneNumbers", "PatientAddress", "StudyID",
    "RequestedProcedureID", "ScheduledProcedureStepID", "PerformedProcedureStepID",
    "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest",
    "InsurancePlanIdentification", "ClinicalTrialSubjectID", "MilitaryRank",
)  # fmt: skip
_PLACES = {
    "InstitutionName": "institution", "InstitutionAddress": "institution",
    "InstitutionalDepartmentName": "institution", "StationName": "device",
    "DeviceSerialNumber": "device",
}  # fmt: skip
_DAYS = ("PatientBirthDate",)


def patient_of(data: Dataset) -> str:
    """What a patient is known by: identifier and issuer, else the study alone, so that two studies
    without an identifier are never taken for one person's."""
    number, issuer, study, instance = (
        next(iter(said(data, keyword)), "").strip(" \0")
        for keyword in ("PatientID", "IssuerOfPatientID", "StudyInstanceUID", "SOPInstanceUID")
    )
    return f"patient\0{issuer}\0{number}" if number else f"study\0{study or instance}"


def who(data: Dataset, options: Options) -> words.Known:
    """Every person's name and number at any depth, and places that are not to be kept."""
    names: list[str] = []
    numbers: list[str] = []
    days: list[str] = []
    places = [k for k, option in _PLACES.items() if option not in options]
    wanted = {tag_for_keyword(k) for k in (*_NUMBERS, *places)}
    for level in _levels(data):
        for tag in level.keys():  # noqa: SIM118 - tags, not elements
            if acts.vr_of(level, tag) == "PN" and not tag.is_private:
                names += _tolerant(level, int(tag))
            elif int(tag) in wanted:
                numbers += _tolerant(level, int(tag))
        for keyword in _DAYS:
            days += said(level, keyword)
    return words.known(names, numbers, days)


def _levels(data: Dataset) -> Iterator[Dataset]:
    yield data
    for tag in list(data.keys()):
        if acts.vr_of(data, tag) == "SQ" and not tag.is_private:
            try:
                items = list(data[tag].value)
            except Exception:  # it will be removed for the same reason
                continue
            for item in items:
                yield from _levels(item)


def said(data: Dataset, keyword: str) -> list[str]:
    """The values of a keyword as text; none where absent, empty or unreadable."""
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return _tolerant(data, tag)


def _tolerant(data: Dataset, tag: int) -> list[str]:
    try:
        return acts.values(data, tag)
    except Exception:  # unreadable values say nothing
        return []
