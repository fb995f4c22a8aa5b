"""What the checks look for in plain words: organs of one sex, comparisons, units.

Written from anatomy and usage; each pattern has a sentence in the tests that it must find and one
that it must leave alone."""

from __future__ import annotations

import re

__all__ = ["GENERAL", "LIMITS_MM", "NO_PRIOR", "NO_UNIT", "ODD_UNIT", "OF_SEX", "OTHER", "PRIOR"]

OF_SEX = {
    "F": re.compile(
        r"\b(uter(?:us|ine)|ovar(?:y|ies|ian)|adnex\w+|endometri\w+|myometri\w+|vagina\w*|vulva\w*"
        r"|fallopian|intrauterine|pregnan\w+|gestational|hysterectomy)\b", re.IGNORECASE,
    ),
    "M": re.compile(
        r"\b(prostat\w+|seminal vesicles?|test(?:is|es|icle|icles|icular)|scrot(?:um|al)"
        r"|epididym\w+|penis|penile|spermatic)\b", re.IGNORECASE,
    ),
}  # fmt: skip
"""By sex, the organs that it has and the other has not ("cervical" is a spine, and not here)."""

PRIOR = re.compile(
    r"\b(compar(?:ed|ison) (?:with|to)|previously(?! (?:resected|operated|treated|fractured))"
    r"|since the|interval (?:change|increase|decrease|improvement|worsening|development|resolution)"
    r"|(?:prior|earlier|previous) (?:stud(?:y|ies)|exam\w*|ct|mri?|films?|radiographs?|images?"
    r"|imaging|ultrasound|x-?rays?|reports?))\b", re.IGNORECASE,
)  # fmt: skip
NO_PRIOR = re.compile(
    r"\b(no|without|none|not)\b[^.;]{0,40}\b(prior|previous|earlier|comparison|compared)\b"
    r"|\b(prior|previous|earlier|comparison)\b[^.;]{0,30}\b(none|not available|unavailable)\b"
    r"|^\s*none\b", re.IGNORECASE,
)  # fmt: skip
"""A sentence that says that there is nothing to compare with."""

OTHER = re.compile(
    r"\b(?:other|further|additional|more|elsewhere|otherwise"
    r"|with (?:the |an? )?(?:features?|appearances?|characteristics?) of)\b", re.IGNORECASE,
)  # fmt: skip
"""A denial of what comes on top of something that is there, or of one kind of it."""

_NUMBER = r"\d+(?:[.,]\d+)?"
_LENGTH = r"(?:mm|cm|millimet\w+|centimet\w+)\b"
NO_UNIT = re.compile(
    rf"\b(?:measur\w+|diameter of|size of|sized)\s+(?:up to |about |approximately |~\s*)?"
    rf"({_NUMBER}(?:\s*[x×]\s*{_NUMBER})*)(?![\d.,]*\d)(?!\s*(?:[x×-]\s*)?\s*(?:{_LENGTH}|hu\b|%))"
    rf"|(?<![\w.,])({_NUMBER}\s*[x×]\s*{_NUMBER}(?:\s*[x×]\s*{_NUMBER})?)(?![\d.,]*\d)"
    rf"(?!\s*(?:[x×]\s*\d|-?\s*{_LENGTH}))", re.IGNORECASE,
)  # fmt: skip
"""A measured number that no unit of length follows."""

ODD_UNIT = re.compile(
    rf"(?<![\w.,])({_NUMBER}\s*-?(?:inch(?:es)?|feet|foot|met(?:er|re)s?|km|µm|μm|um|nm))\b",
    re.IGNORECASE,
)
"""A length in a unit that no report of a finding is written in."""

LIMITS_MM = {
    "lung nodule": (1.0, 30.0),  # beyond 30 mm it is a mass (Fleischner Society glossary, 2024)
    "kidney stone": (0.5, 80.0),
    "ureteric stone": (0.5, 40.0),
    "gallstones": (0.5, 60.0),
    "aortic aneurysm": (15.0, 200.0),
}
"""How small and how large, in mm, what is called so can be; else ANY_MM."""

_LIVER = (
    "liver cyst", "liver hydatid cyst", "liver haemangioma", "hepatocellular carcinoma",
    "focal nodular hyperplasia", "liver metastases", "liver abscess",
)  # fmt: skip
GENERAL = {
    **dict.fromkeys(_LIVER, "liver lesion"),
    **dict.fromkeys(("consolidation", "pneumonia", "lung mass", "lung nodule"), "lung opacity"),
}
"""What a finding is a kind of: who states the one cannot deny the other."""
