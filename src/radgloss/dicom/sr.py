"""A draft as a DICOM Structured Report: Enhanced SR, content after TID 2000.

What a PACS can file beside the images, with the patient and study attributes that it needs for
that and no description, which is free text: PARTIAL, UNVERIFIED, PRELIMINARY, a device as its only
observer (TID 1004), every sentence a TEXT item that is inferred from the frames, and the boxes on
them, that it rests on. Other patients' reports, which may have supported a sentence, never enter.
UIDs are digests of the draft, so writing twice gives one object.

Sources: PS3.3 A.35.2, C.17 (SR), C.18.6.1.2 (pixel coordinates); PS3.16 TID 2000, 1001, 1004,
1204, CID 7001 (headings), 7002 (elements)."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radgloss import disk
from radgloss.types import (
    MACHINE_MARK,
    Draft,
    Evidence,
    Flag,
    Image,
    InputRejected,
    ReportStatus,
    Section,
    Sentence,
    Source,
    Study,
)

if TYPE_CHECKING:
    from highdicom.sr import ContentItem
    from pydicom import Dataset

__all__ = ["write"]

SERIES_DESCRIPTION = "AI DRAFT - UNVERIFIED - research use, not for diagnosis"
SERIES_NUMBER = 9901

# Section → heading (CID 7001) and element (CID 7002), both DCM.
_HEADINGS: dict[Section, tuple[tuple[str, str], tuple[str, str]]] = {
    "technique": (
        ("121064", "Current Procedure Descriptions"),
        ("121065", "Procedure Description"),
    ),
    "comparison": (("121066", "Prior Procedure Descriptions"), ("121065", "Procedure Description")),
    "findings": (("121070", "Findings"), ("121071", "Finding")),
    "impression": (("121072", "Impressions"), ("121073", "Impression")),
}


def write(draft: Draft, study: Study, status: ReportStatus, path: Path) -> Path:
    """The draft as a DICOM SR file at `path`, with the patient and study of the images.

    Same draft, same bytes. `InputRejected`: the images did not come from DICOM
    (`no-dicom-source`), or none is of an image class that is known (`sr-source-class`).
    ValueError where `status` is not for an unverified text."""
    _check_status(status)
    from pydicom import config

    with warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")  # identity is handed on as the source spells it
        report = _report(draft, study, status)
        return _save(report, path)


def _check_status(status: ReportStatus) -> None:
    flags = (status.sr_verification, status.sr_preliminary)
    if flags != ("UNVERIFIED", "PRELIMINARY") or status.sr_completion not in (
        "PARTIAL",
        "COMPLETE",
    ):
        raise ValueError(
            f"SR flags {status.sr_completion}/{'/'.join(flags)} are not for a machine's text; "
            "use PARTIAL/UNVERIFIED/PRELIMINARY"
        )


def _save(report: Dataset, path: Path) -> Path:
    """Written aside, then renamed: no reader meets half a file."""
    with disk.whole(path) as file:
        report.save_as(file, enforce_file_format=True)
    return path


def _report(draft: Draft, study: Study, status: ReportStatus) -> Dataset:
    from highdicom.sr import EnhancedSR

    instance = _uid("instance", study.uid, json.dumps([asdict(draft), asdict(status)]))
    report = EnhancedSR(
        evidence=_evidence(study),
        content=_content(draft, study),
        series_instance_uid=_uid("series", study.uid, draft.origin.checkpoint),
        series_number=SERIES_NUMBER,
        series_description=SERIES_DESCRIPTION,
        sop_instance_uid=instance,
        instance_number=1,
        manufacturer="radgloss",
        manufacturer_model_name="radgloss",
        software_versions=draft.origin.version,
        is_complete=status.sr_completion == "COMPLETE",
        is_final=status.sr_preliminary == "FINAL",
        is_verified=status.sr_verification == "VERIFIED",
        specific_character_set="ISO_IR 192",
    )
    _stamp(report, _time(draft, study))
    if study.synthetic or draft.synthetic:
        report.add_new(0x0008001C, "CS", "YES")  # Synthetic Data
    return report


def _uid(*parts: str) -> str:
    """A UID under 2.25 (PS3.5 B.2) from the digest of some words; the same words, the same UID."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return f"2.25.{int.from_bytes(digest[:16])}"


def _time(draft: Draft, study: Study) -> datetime:
    """When the draft was made; where it does not say, when the study was; else now. Local time.

    An object has one offset for all its dates and times (PS3.3 C.12.1.1.2), those of the study
    included, whose own offset is not known here: so none is stated, and every time is local, as
    the scanner's are. Only a DT value can carry its own offset, and does."""
    identity = study.identity
    for text in (draft.origin.when, f"{identity.study_date}T{identity.study_time[:6]}"):
        try:
            return datetime.fromisoformat(text).astimezone()
        except (ValueError, OverflowError):
            continue
    return datetime.now().astimezone()


def _stamp(report: Dataset, time: datetime) -> None:
    """One time in every place where the library put the present one."""
    day, clock = f"{time:%Y%m%d}", f"{time:%H%M%S}"
    for name in ("Content", "InstanceCreation", "Series"):
        setattr(report, f"{name}Date", day)
        setattr(report, f"{name}Time", clock)
    for equipment in report.get("ContributingEquipmentSequence", ()):
        equipment.ContributionDateTime = f"{time:%Y%m%d%H%M%S%z}"[:19]


# ------------------------------------------------------------------ the images it speaks of


def _sources(study: Study) -> dict[str, Source]:
    return {s.sop_instance_uid: s for image in study.images for s in image.sources}


def _evidence(study: Study) -> list[Dataset]:
    """One minimal data set per source instance: what highdicom refers to and copies from."""
    from pydicom.uid import UID

    sources = _sources(study)
    if not any(s.sop_class_uid for s in sources.values()):
        raise InputRejected(
            "no-dicom-source",
            "the study",
            "images that did not come from DICOM",
            "DICOM images: a DICOM SR refers to them by UID",
            "Ask for the other formats (txt, json, html, fhir).",
        )
    # The first one is what the library copies from; it must know that one's class.
    classes = {u: UID(u) for u in {s.sop_class_uid for s in sources.values()}}
    named = [u for u, known in classes.items() if known.type and "Retired" not in known.name]
    if not named:
        raise InputRejected(
            "sr-source-class",
            "the study",
            "images of no current SOP class of the standard",
            "at least one standard image",
            "Ask for the other formats (txt, json, html, fhir).",
        )
    ordered = sorted(sources.values(), key=lambda s: s.sop_class_uid not in named)
    return [_instance(study, source) for source in ordered]


def _instance(study: Study, source: Source) -> Dataset:
    from pydicom import Dataset

    identity, instance = study.identity, Dataset()
    instance.SOPClassUID = source.sop_class_uid
    instance.SOPInstanceUID = source.sop_instance_uid
    instance.SeriesInstanceUID = source.series_instance_uid
    instance.StudyInstanceUID = study.uid
    instance.PatientID = identity.patient_id
    instance.PatientName = identity.patient_name
    instance.PatientBirthDate = _date(identity.birth_date)
    instance.PatientSex = identity.sex if identity.sex in ("M", "F", "O") else ""
    instance.StudyID = identity.study_id
    instance.StudyDate = _date(identity.study_date)
    instance.StudyTime = _clock(identity.study_time)
    instance.AccessionNumber = identity.accession_number
    instance.ReferringPhysicianName = identity.referring_physician
    if identity.issuer:
        instance.IssuerOfPatientID = identity.issuer
    return instance


def _date(text: str) -> str:
    """The date as written where it is one (PS3.5 table 6.2-1 DA), else empty."""
    from pydicom.valuerep import DA

    try:
        return text if len(text) == 8 and DA(text) else ""
    except ValueError:
        return ""


def _clock(text: str) -> str:
    """The time as written where it is one (PS3.5 table 6.2-1 TM), else empty."""
    from pydicom.valuerep import TM

    try:
        return text if TM(text) is not None else ""
    except ValueError:
        return ""


# ------------------------------------------------------------------ the content tree


def _content(draft: Draft, study: Study) -> Dataset:
    """The root container: language, observer, the marking, and the sections."""
    from highdicom.sr import ContainerContentItem, ContentSequence

    root = ContainerContentItem(
        _code("18748-4", "Diagnostic Imaging Report", "LN"), template_id="2000"
    )
    root.ContentSequence = ContentSequence(
        [*_context(draft), _text("121106", "Comment", MACHINE_MARK), *_sections(draft, study)]
    )
    return root


def _code(value: str, meaning: str, scheme: str = "DCM") -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(value=value, scheme_designator=scheme, meaning=meaning)


def _text(code: str, meaning: str, words: str) -> ContentItem:
    from highdicom.sr import TextContentItem

    return TextContentItem(_code(code, meaning), _plain(words), relationship_type="CONTAINS")


def _plain(words: str) -> str:
    """Text without control characters; a TEXT item may not be empty (PS3.3 C.17.3.2.1)."""
    kept = "".join(c if c.isprintable() else " " for c in words)
    return " ".join(kept.split()) or "(no words)"


def _context(draft: Draft) -> list[ContentItem]:
    """TID 1204 language, TID 1001 → 1004 the device that observed."""
    from highdicom.sr import DeviceObserverIdentifyingAttributes, ObserverContext
    from highdicom.sr.templates import LanguageOfContentItemAndDescendants

    origin = draft.origin
    device = DeviceObserverIdentifyingAttributes(
        uid=_uid("device", origin.checkpoint, origin.version),
        name="radgloss",
        manufacturer_name="radgloss",
        model_name=_plain(f"radgloss {origin.version}"),
        serial_number=_plain(origin.checkpoint),
    )
    language = LanguageOfContentItemAndDescendants(_code("en", "English", "RFC5646"))
    return [*language, *ObserverContext(_code("121007", "Device"), device)]


def _sections(draft: Draft, study: Study) -> Iterator[ContentItem]:
    for section, (heading, element) in _HEADINGS.items():
        items = [
            _sentence(s, element, study, [f for f in draft.flags if f.sentence == n])
            for n, s in enumerate(draft.sentences)
            if s.section == section
        ]
        if section == "findings":
            items += _silences(draft)
        if items:
            yield _section(heading, items)


def _section(heading: tuple[str, str], items: list[ContentItem]) -> ContentItem:
    from highdicom.sr import ContainerContentItem, ContentSequence

    container = ContainerContentItem(_code(*heading), relationship_type="CONTAINS")
    container.ContentSequence = ContentSequence(items)
    return container


def _silences(draft: Draft) -> list[ContentItem]:
    """What the text does not say, said: an abstention, and what was not assessed."""
    items = []
    if draft.abstained:
        items.append(_text("121106", "Comment", f"No draft was made: {draft.why}"))
    if draft.not_assessed:
        items.append(_text("121106", "Comment", f"Not assessed: {', '.join(draft.not_assessed)}"))
    if draft.organs:
        told = "; ".join(f"{o.organ}: {o.state}" for o in draft.organs)
        items.append(_text("121106", "Comment", f"Organs: {told}"))
    for flag in draft.flags:
        if flag.sentence not in range(len(draft.sentences)):  # of the whole draft
            items.append(_text("121106", "Comment", _flag_words(flag)))
    return items


def _flag_words(flag: Flag) -> str:
    return f"To be looked at again ({flag.code}): {flag.found}"


def _sentence(
    sentence: Sentence, element: tuple[str, str], study: Study, flags: list[Flag]
) -> ContentItem:
    from highdicom.sr import ContentSequence

    item = _text(*element, sentence.text)
    below = [*_certainty(sentence), *map(_flag, flags), *_inferred(sentence, study)]
    if below:
        item.ContentSequence = ContentSequence(below)
    return item


def _flag(flag: Flag) -> ContentItem:
    from highdicom.sr import TextContentItem

    return TextContentItem(
        _code("121106", "Comment"), _plain(_flag_words(flag)), relationship_type="HAS PROPERTIES"
    )


def _certainty(sentence: Sentence) -> Iterator[ContentItem]:
    from highdicom.sr import NumContentItem

    if sentence.confidence is not None:
        yield NumContentItem(
            _code("111012", "Certainty of Finding"),
            round(100 * sentence.confidence, 1),
            unit=_code("%", "Percent", "UCUM"),
            relationship_type="HAS PROPERTIES",
        )


def _inferred(sentence: Sentence, study: Study) -> Iterator[ContentItem]:
    """The frames, and the boxes on them, of every region that lies on a DICOM frame."""
    images = {image.uid: image for image in study.images}
    for evidence in sentence.evidence:
        image = images.get(evidence.image)
        if evidence.kind == "region" and image and 0 <= evidence.frame < len(image.sources):
            yield _place(evidence, image)


def _place(evidence: Evidence, image: Image) -> ContentItem:
    from highdicom.sr import ContentSequence, ImageContentItem, ScoordContentItem

    source = image.sources[evidence.frame]
    uids = [s.sop_instance_uid for s in image.sources]
    several = uids.count(source.sop_instance_uid) > 1 or source.frame_number > 1
    region = evidence.region
    purpose = ("121112", "Source of Measurement")
    frame = ImageContentItem(
        _code(*(purpose if region else ("121080", "Best illustration of finding"))),
        source.sop_class_uid,
        source.sop_instance_uid,
        referenced_frame_numbers=source.frame_number if several else None,
        relationship_type="SELECTED FROM" if region else "INFERRED FROM",
    )
    if region is None:
        return frame
    box = ScoordContentItem(
        _code("111030", "Image Region"),
        "POLYLINE",
        _outline(region.low[1:], region.high[1:]),
        relationship_type="INFERRED FROM",
    )
    box.ContentSequence = ContentSequence([frame])
    return box


def _outline(low: tuple[int, int], high: tuple[int, int]) -> Any:
    """A closed box (5, 2) of column, row; 0\\0 is the outer corner of the first pixel, so the far
    edge of pixel n is n + 1 (C.18.6.1.2)."""
    (top, left), (bottom, right) = low, (high[0] + 1, high[1] + 1)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return np.array(corners, np.float64)
