"""The findings that the house can name, their organs, and how to ask for them in words.

One table read by the phantom that writes reports, the labeller that asks, and the drafter that
words. The prompts are pairs: the same sentence with the finding and without it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EXAMS", "FINDINGS", "Exam", "FindingType", "exam_findings", "finding_type"]


@dataclass(frozen=True)
class FindingType:
    """what: its name in every table · organ: the report's heading · exam: where it can be seen.

    sides: the words a side may take, empty where it has none. synonyms: other names for it.
    sct, radlex: codes (SNOMED CT, RadLex) only where looked up, else empty."""

    what: str
    organ: str
    exam: str
    sides: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    sct: str = ""
    radlex: str = ""


@dataclass(frozen=True)
class Exam:
    """An examination that the house can draft: its modalities and the order of its organs."""

    name: str
    title: str
    modalities: tuple[str, ...]
    organs: tuple[str, ...]


EXAMS = {
    "ct-abdomen": Exam("ct-abdomen", "CT of the abdomen", ("CT",), ("liver", "spleen", "kidneys")),
    "xr-chest": Exam("xr-chest", "Chest radiograph", ("CR", "DX"), ("lungs", "pleura")),
}

FINDINGS = (
    FindingType(
        "pneumothorax",
        "pleura",
        "xr-chest",
        ("right", "left"),
        ("pleural air",),
        sct="36118008",
        radlex="RID5352",
    ),
    FindingType(
        "pleural effusion",
        "pleura",
        "xr-chest",
        ("right", "left", "bilateral"),
        ("pleural fluid",),
        sct="60046008",
    ),
    FindingType("lung nodule", "lungs", "xr-chest", ("right", "left"), ("pulmonary nodule",)),
    FindingType("liver cyst", "liver", "ct-abdomen", (), ("hepatic cyst",)),
    FindingType(
        "kidney stone",
        "kidneys",
        "ct-abdomen",
        ("right", "left"),
        ("renal calculus", "nephrolithiasis"),
    ),
    FindingType("splenomegaly", "spleen", "ct-abdomen", (), ("enlarged spleen",)),
)


def finding_type(what: str) -> FindingType:
    """The row of that name or synonym; KeyError where there is none.

    >>> finding_type("hepatic cyst").what
    'liver cyst'
    """
    for row in FINDINGS:
        if what == row.what or what in row.synonyms:
            return row
    raise KeyError(what)


def exam_findings(exam: str) -> tuple[FindingType, ...]:
    """The findings that this examination can show.

    >>> [f.what for f in exam_findings("ct-abdomen")]
    ['liver cyst', 'kidney stone', 'splenomegaly']
    """
    return tuple(f for f in FINDINGS if f.exam == exam)
