"""How a caption says that a picture was taken: its look, and what it is centred on.

A figure's caption has parts: how × of what × what is in it. Read apart, a pair that nobody was
trained on ("T1-weighted MR image" × "pancreas") is made of parts that were. A look has one name
here ("MR T1") under whatever words; what no row of the table knows has none, and is never guessed
at."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["LOOKS", "Taken", "look_of", "taken"]

LOOKS: tuple[tuple[str, str], ...] = (  # name, the words that tell it; the first that fits counts
    ("MR ADC", r"\badc\b|apparent diffusion"),
    ("MR DWI", r"\bdwi\b|diffusion[- ]weighted"),
    ("MR T1 opposed", r"(?:opposed|out-of|in)[- ]phase|dual[- ]echo"),
    ("MR T1 fat-suppressed", r"fat[- ](?:suppressed|saturated|sat)\W+t1|\bt1\W.*fat[- ]s"),
    ("MR T2 fat-suppressed", r"fat[- ](?:suppressed|saturated|sat)\W+t2|\bt2\W.*fat[- ]s|\bstir\b"),
    ("MR T1", r"\bt1\b"),
    ("MR T2", r"\bt2\b"),
    ("CT unenhanced", r"\b(?:unenhanced|non-?contrast|plain)\b.*\bct\b|\bct\b.*\bwithout contrast"),
    ("CT arterial", r"\barterial\b"),
    ("CT portal venous", r"\bportal[- ]?venous\b"),
    ("CT delayed", r"\bdelayed\b"),
    ("CT excretory", r"\bexcretory\b"),
    ("CT", r"\bct\b"),
    ("US", r"\bultrasound\b|\bsonogram\b|\bsonograph"),
    ("XR lateral", r"\blateral\b.*\b(?:radiograph|x-ray|film)\b"),
    ("XR AP", r"\b(?:ap|supine|portable)\b.*\b(?:radiograph|x-ray|film)\b"),
    ("XR PA", r"\b(?:pa|frontal)\b.*\b(?:radiograph|x-ray|film)\b"),
    ("XR", r"\b(?:radiograph|x-ray)\b"),
)
_LOOKS = tuple((name, re.compile(words, re.IGNORECASE)) for name, words in LOOKS)
_SHOWING = re.compile(r",? (?:showing|demonstrating|with|through|at the level of) ", re.IGNORECASE)
_OF = re.compile(r",? of (?:the|an?) |, the ", re.IGNORECASE)
_WHOLE = frozenset({"abdomen", "chest", "pelvis", "thorax", "abdomen and pelvis"})


@dataclass(frozen=True)
class Taken:
    """look: its name, "" for none. head: the words for it. of: what the picture is centred on, ""
    for a whole picture. plain: nothing else is said of it."""

    look: str
    head: str
    of: str = ""
    plain: bool = True


def taken(caption: str) -> Taken:
    """The parts of one caption.

    >>> taken("Axial T1-weighted MR image of the pancreas.")
    Taken(look='MR T1', head='Axial T1-weighted MR image', of='pancreas', plain=True)
    >>> taken("PA chest radiograph, the heart.").of
    'heart'
    >>> taken("Axial portal venous CT of the abdomen showing a 12 mm liver cyst.")
    Taken(look='CT portal venous', head='Axial portal venous CT', of='', plain=False)
    >>> taken("No pleural effusion.").look
    ''
    """
    words = caption.strip().removesuffix(".")
    before, *more = _SHOWING.split(words, maxsplit=1)
    head, *rest = _OF.split(before)
    of = rest[-1].lower() if rest else ""
    return Taken(look_of(head), head.removesuffix(","), "" if of in _WHOLE else of, not more)


def look_of(words: str) -> str:
    """The name of the look that these words tell; "" for none.

    >>> look_of("fat-suppressed T1-weighted MRI"), look_of("Contrast-enhanced CT, arterial phase")
    ('MR T1 fat-suppressed', 'CT arterial')
    """
    return next((name for name, said in _LOOKS if said.search(words)), "")
