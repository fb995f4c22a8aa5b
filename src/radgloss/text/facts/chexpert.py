"""CheXpert's fourteen labels as a view of the facts (arXiv 1901.07031, section 3).

Four answers a label: positive 1, negative 0, uncertain −1, blank None. Within a report positive
beats uncertain beats negative, as there. Where the conventions differ from a fact's own meaning the
view follows CheXpert: "no definite" is negative, vague words for consolidation are Lung Opacity,
heart failure leaves Cardiomegaly uncertain, and No Finding holds where nothing but a device is
positive or uncertain. Ours, not theirs: denials of change ("no new nodule") leave a label blank."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from radgloss.text.facts import Fact, read
from radgloss.types import Report

__all__ = ["LABELS", "labels"]

LABELS = (
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Lesion",
    "Lung Opacity",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)
Answer = int | None
_OF: Mapping[str, str] = MappingProxyType(
    {
        "mediastinum enlargement": "Enlarged Cardiomediastinum",
        "mediastinum widening": "Enlarged Cardiomediastinum",
        "widening": "Enlarged Cardiomediastinum",
        "cardiomegaly": "Cardiomegaly",
        "lung nodule": "Lung Lesion",
        "lung mass": "Lung Lesion",
        "lungs lesion": "Lung Lesion",
        "nodule": "Lung Lesion",
        "mass": "Lung Lesion",
        "lesion": "Lung Lesion",
        "cavity": "Lung Lesion",
        "lungs cavity": "Lung Lesion",
        "lung opacity": "Lung Opacity",
        "lungs scarring": "Lung Opacity",
        "pulmonary oedema": "Edema",
        "heart failure": "Edema",
        "consolidation": "Consolidation",
        "pneumonia": "Pneumonia",
        "atelectasis": "Atelectasis",
        "pneumothorax": "Pneumothorax",
        "pleural effusion": "Pleural Effusion",
        "thickening": "Pleural Other",
        "pleura thickening": "Pleural Other",
        "pleura scarring": "Pleural Other",
        "fibrosis": "Pleural Other",
        "fracture": "Fracture",
        "rib fracture": "Fracture",
        "spine fracture": "Fracture",
        "clavicle fracture": "Fracture",
    }
)
_NORMAL = {"heart abnormality": "Cardiomegaly", "mediastinum abnormality": "Enlarged "
           "Cardiomediastinum"}  # fmt: skip
_LEANS_ABSENT = 0.1


def labels(report: str | Report) -> dict[str, Answer]:
    """The answer to each of `LABELS` for a chest report.

    >>> found = labels("Heart size normal. Small left effusion, possible pneumonia.")
    >>> [found[x] for x in ("Cardiomegaly", "Pleural Effusion", "Pneumonia", "Fracture")]
    [0, 1, -1, None]
    """
    text = report if isinstance(report, str) else ""
    found: dict[str, Answer] = dict.fromkeys(LABELS)
    blocked = False
    for fact in read(report, "xr-chest"):
        if fact.layer == "history":
            continue
        answer = _answer(fact)
        label = _label(fact, text)
        if label is not None and answer is not None:
            found[label] = _stronger(found[label], answer)
            if fact.finding.what == "heart failure" and answer == 1:
                found["Cardiomegaly"] = _stronger(found["Cardiomegaly"], -1)
        elif answer in (1, -1) and fact.layer != "device":
            blocked = True  # something else is wrong: not "No Finding"
    others = [found[x] for x in LABELS[1:-1]]
    if not blocked and not any(a in (1, -1) for a in others):
        found["No Finding"] = 1
    return found


def _answer(fact: Fact) -> Answer:
    finding = fact.finding
    if finding.status == "present":
        return 1
    if finding.status == "absent":
        return 0 if finding.change in ("", "resolved") else None
    if finding.status == "uncertain":
        leans = finding.certainty is not None and finding.certainty <= _LEANS_ABSENT
        return 0 if leans else -1
    return -1 if fact.layer != "normal" else None


def _label(fact: Fact, text: str) -> str | None:
    what = fact.finding.what
    if fact.layer == "device":
        return "Support Devices"
    if fact.layer == "normal":
        return _NORMAL.get(what)
    label = _OF.get(what)
    if label == "Consolidation" and text:
        start, end = fact.span
        if "consolid" not in text[start:end].lower():
            return "Lung Opacity"  # "airspace disease", "infiltrate"
    if what == "cardiomegaly" and fact.finding.severity == "borderline":
        return "Cardiomegaly"
    return label


def _stronger(old: Answer, new: int) -> int:
    order = {None: 0, 0: 1, -1: 2, 1: 3}
    return new if old is None or order[new] > order[old] else old
