"""The words that every outgoing format shares: headings, confidence, the names of things.

Machine doubt is shown beside a sentence, never written into it: a low probability becomes the
word "check" in the margin, not "possible" in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from radgloss import terms
from radgloss.types import (
    Draft,
    Evidence,
    Finding,
    Flag,
    Image,
    InputRejected,
    OrganState,
    Section,
    Sentence,
    Study,
)

__all__ = [
    "SECTIONS",
    "as_sentence",
    "check_word",
    "confidence_word",
    "finding_words",
    "flags_of",
    "inputs",
    "modalities",
    "one_line",
    "place_words",
    "sections",
    "spacing_words",
    "state_words",
    "study_kind",
    "study_title",
    "told_flags",
    "unnamed",
]

SECTIONS: tuple[tuple[Section, str], ...] = (
    ("technique", "Technique"),
    ("comparison", "Comparison"),
    ("findings", "Findings"),
    ("impression", "Impression"),
)

SUPPORTED, LIKELY = 0.9, 0.7

_SPACING = {
    "patient": "Calibrated: mm in the patient",
    "detector": "Not calibrated: mm at the detector, before magnification",
    "none": "Size unknown: the file gives no pixel spacing",
}


def confidence_word(confidence: float | None) -> str:
    """How sure the model says it is, as a word: supported, likely or check.

    A sentence without a stated confidence is to be checked.

    >>> [confidence_word(p) for p in (0.95, 0.8, 0.4, None)]
    ['supported', 'likely', 'check', 'check']
    """
    if confidence is None or not confidence >= LIKELY:
        return "check"
    return "supported" if confidence >= SUPPORTED else "likely"


CHECK_WORDS = {
    "side": "Side",
    "negation": "Yes and no",
    "sex": "Sex",
    "units": "Units",
    "size": "Size",
    "comparison": "Comparison",
    "classifier": "Detector",
    "unvalidated": "Not validated",
    "impression": "Impression",
    "prior": "Prior",
    "survives": "Place",
    "history": "History",
}


def check_word(code: str) -> str:
    """What a person calls a check.

    >>> check_word("survives"), check_word("newer-check")
    ('Place', 'newer-check')
    """
    return CHECK_WORDS.get(code, one_line(code) or "Check")


def flags_of(draft: Draft, number: int | None) -> tuple[Flag, ...]:
    """The flags of one sentence; of the whole draft for None, and for a number that is none."""
    known = range(len(draft.sentences))
    if number is None:
        return tuple(f for f in draft.flags if f.sentence is None or f.sentence not in known)
    return tuple(f for f in draft.flags if f.sentence == number)


def told_flags(draft: Draft) -> list[tuple[str, tuple[int, ...]]]:
    """Each thing that was found, once, with the numbers of the sentences that it is about.

    >>> from radgloss.types import Origin
    >>> twice = (Flag("side", "left, not right", 0), Flag("side", "left, not right", 1))
    >>> said = (Sentence("Effusion.", "findings"), Sentence("Effusion.", "impression"))
    >>> told_flags(Draft("1", said, Origin("", "", ""), flags=twice))
    [('Side: left, not right', (0, 1))]
    """
    found: dict[str, list[int]] = {}
    for flag in draft.flags:
        numbers = found.setdefault(f"{check_word(flag.code)}: {one_line(flag.found)}", [])
        if flag.sentence is not None and flag.sentence in range(len(draft.sentences)):
            numbers.append(flag.sentence)
    return [(words, tuple(numbers)) for words, numbers in found.items()]


def state_words(organ: OrganState) -> str:
    """An organ's state as a person would say it.

    >>> state_words(OrganState("devices", "assessed and normal"))
    'assessed, none'
    """
    if organ.organ == "devices":
        return {"abnormal": "present", "assessed and normal": "assessed, none"}.get(
            organ.state, organ.state
        )
    return organ.state


def one_line(text: str) -> str:
    """Text on one line, without control characters: safe in plain text, SR, XML and FHIR.

    >>> one_line("a\\nb\\x00\\tc  d")
    'a b c d'
    """
    kept = "".join(c if _is_text(c) else " " for c in text)
    return " ".join(kept.split())


def as_sentence(text: str) -> str:
    """One line that begins with a capital and ends with a full stop; nothing for nothing.

    >>> as_sentence("the pictures are odd"), as_sentence("")
    ('The pictures are odd.', '')
    """
    line = one_line(text)
    return line and line[0].upper() + line[1:] + ("" if line[-1] in ".!?" else ".")


def _is_text(c: str) -> bool:
    """Whether XML 1.0 (section 2.2) and a text line may hold this character."""
    code = ord(c)
    if code < 0x20 or 0x7F <= code < 0xA0 or code in (0x2028, 0x2029):
        return False
    return not (0xD800 <= code < 0xE000 or code in (0xFFFE, 0xFFFF))


def sections(draft: Draft) -> Iterator[tuple[Section, str, tuple[Sentence, ...]]]:
    """The sections that hold a sentence, in reading order: key, heading, sentences."""
    for key, heading in SECTIONS:
        found = tuple(s for s in draft.sentences if s.section == key)
        if found:
            yield key, heading, found


def finding_words(finding: Finding) -> str:
    """One fact in a few words.

    >>> finding_words(Finding("kidney stone", side="left", size_mm=(6.0, 4.5)))
    'kidney stone, left, 6 × 4.5 mm, present'
    """
    size = " × ".join(f"{mm:g}" for mm in finding.size_mm)
    parts = (finding.what, finding.side, finding.site, f"{size} mm" if size else "", finding.status)
    return ", ".join(p for p in parts if p)


def place_words(evidence: Evidence) -> str:
    """A place in the patient: how large along x, y and z, and where its middle lies; "" where its
    image has no millimetres.

    >>> place_words(Evidence("region", 1.0, centre_mm=(-42.0, 10.0, 0.0), extent_mm=(30.0, 24, 5)))
    '30 × 24 × 5 mm, centred R 42 · P 10 · S 0'
    """
    extent = " × ".join(f"{mm:.0f}" for mm in evidence.extent_mm if mm >= 0.5)
    if len(evidence.centre_mm) != 3 or not extent:
        return ""
    ends = zip(evidence.centre_mm, ("RL", "AP", "IS"), strict=True)
    return f"{extent} mm, centred {' · '.join(f'{d[mm >= 0]} {abs(mm):.0f}' for mm, d in ends)}"


def spacing_words(image: Image) -> str:
    """How far sizes in this image can be trusted, as a sentence."""
    return _SPACING[image.spacing]


def modalities(study: Study) -> tuple[str, ...]:
    """The study's modalities as terms of the standard, each once, in the order of its images."""
    return tuple(dict.fromkeys(terms.modality(i.modality) for i in study.images if i.modality))


def study_kind(study: Study) -> str:
    """What to call a study on a screen and in a record: modalities and body parts.

    Both are terms of the standard; a description is free text, and may hold a name.

    >>> study_kind(Study("1", ()))
    'Study without images'
    """
    found = (terms.body_part(i.body_part) for i in study.images)
    parts = dict.fromkeys(part.capitalize() for part in found if part)
    return " ".join((*modalities(study), *parts)) or "Study without images"


_CALLED = {"CT": "CT", "MR": "MR", "US": "Ultrasound", "PT": "PET"}


def study_title(study: Study) -> str:
    """The heading of a study as a person would say it, from the standard's terms alone.

    >>> import numpy as np
    >>> film = Image("1", np.zeros((1, 9, 9), "f4"), np.eye(4), "DX", "PA", body_part="CHEST")
    >>> study_title(Study("1", (film,)))
    'Chest radiograph, PA'
    """
    parts = {terms.body_part(i.body_part) for i in study.images} - {""}
    kinds = modalities(study)
    if len(parts) != 1 or len(kinds) != 1:
        return study_kind(study)
    part, kind = next(iter(parts)).lower(), kinds[0]
    if kind in ("CR", "DX"):
        views = dict.fromkeys(terms.view(i.view) for i in study.images if i.view)
        return ", ".join((f"{part.capitalize()} radiograph", *filter(None, views)))
    return f"{_CALLED[kind]} of the {part}" if kind in _CALLED else study_kind(study)


# ------------------------------------------------------------------ what must not be said

# Codes whose `what` is a word of ours, or a name that was given to something else than a study.
_CODES = """
    no-dicom-source sr-source-class unknown-format modality output checkpoint settings system
    exam resume empty-text bad-filter bad-k no-index index-foreign index-corrupt index-schema
    index-exists index-busy index-space draft-json draft-schema draft-not-json no-such-study
    no-archive archive-busy archive-key archive-schema archive-corrupt archive-readonly archive-io
    disk-full not-loopback port-in-use
"""
_UID = re.compile(r"[0-9.]{1,64}")  # PS3.5 9.1
_OURS = frozenset(_CODES.split())


def inputs(study: Study) -> list[dict[str, str]]:
    """UID and digest of every file; a file without a UID (NIfTI) is told by its digest alone."""
    known = {s.sop_instance_uid for image in study.images for s in image.sources}
    return [
        {"uid": key if key in known and _UID.fullmatch(key) else "", "sha256": digest}
        for key, digest in sorted(study.digests.items())
    ]


def unnamed(problems: Iterable[InputRejected]) -> tuple[InputRejected, ...]:
    """The same refusals without any name of a file, for everything that is kept, sent or logged.

    A file becomes its number among those refused, in the order of their names, and the start of
    its SHA-256 where that is known: enough to find it for whoever has the folder.

    >>> broken = InputRejected("damaged", "Doe^Jane.dcm", "noise", "DICOM", "Leave it out.")
    >>> print(*unnamed([broken]))
    refused input 1: found noise; wanted DICOM. Leave it out. [damaged]
    """
    found = []
    for number, problem in enumerate(sorted(problems, key=lambda p: p.what), start=1):
        mark = f" (SHA-256 {problem.digest[:16]})" if problem.digest else ""
        what = problem.what if problem.code in _OURS else f"refused input {number}{mark}"
        found.append(InputRejected(problem.code, what, problem.found, problem.wanted, problem.do))
    return tuple(found)
