"""The words that every outgoing format shares: headings, confidence, the names of things.

Machine doubt is shown beside a sentence, never written into it: a low probability becomes the
word "check" in the margin, not "possible" in the text."""

from __future__ import annotations

from collections.abc import Iterator

from radgloss.types import Draft, Finding, Image, Section, Sentence, Study

__all__ = [
    "SECTIONS",
    "confidence_word",
    "finding_words",
    "modalities",
    "one_line",
    "sections",
    "spacing_words",
    "study_kind",
    "study_title",
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


def one_line(text: str) -> str:
    """Text on one line, without control characters: safe in plain text, SR, XML and FHIR.

    >>> one_line("a\\nb\\x00\\tc  d")
    'a b c d'
    """
    kept = "".join(c if _is_text(c) else " " for c in text)
    return " ".join(kept.split())


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


def spacing_words(image: Image) -> str:
    """How far sizes in this image can be trusted, as a sentence."""
    return _SPACING[image.spacing]


def modalities(study: Study) -> tuple[str, ...]:
    """The study's modalities, each once, in the order of its images."""
    return tuple(dict.fromkeys(i.modality for i in study.images if i.modality))


def study_kind(study: Study) -> str:
    """Modalities and body parts, both coded: for records that must not hold free text.

    >>> study_kind(Study("1", ()))
    'Study without images'
    """
    parts = dict.fromkeys(i.body_part.capitalize() for i in study.images if i.body_part)
    return one_line(" ".join((*modalities(study), *parts))) or "Study without images"


def study_title(study: Study) -> str:
    """What to call a study on a screen: its description, else modality and body part, else
    modality and the description of its first image."""
    if one_line(study.description):
        return one_line(study.description)
    parts = tuple(dict.fromkeys(i.body_part.capitalize() for i in study.images if i.body_part))
    first = tuple(i.description for i in study.images[:1])
    words = one_line(" ".join((*modalities(study), *(parts or first))))
    return words or "Study without images"
