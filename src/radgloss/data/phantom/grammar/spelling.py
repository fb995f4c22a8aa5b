"""British and American spelling, abbreviations, and the telegram style.

Tables are written in British spelling; the other forms are made from them, so that a word is
written once. Word lists are ours."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

__all__ = ["Spelling", "abbreviate", "spell", "telegraph"]

Spelling = Literal["british", "american"]

AMERICAN = (
    ("haemat", "hemat"), ("haemangioma", "hemangioma"), ("haemorrhag", "hemorrhag"),
    ("haemo", "hemo"), ("haemopt", "hemopt"), ("anaem", "anem"), ("oedema", "edema"),
    ("oesophag", "esophag"), ("dyspnoea", "dyspnea"), ("orthopnoea", "orthopnea"),
    ("diarrhoea", "diarrhea"), ("menorrhoea", "menorrhea"),
    ("calibre", "caliber"), ("centre", "center"),
    ("centimetre", "centimeter"), ("millimetre", "millimeter"), ("tumour", "tumor"),
    ("colour", "color"), ("grey", "gray"), ("ureteric", "ureteral"), ("favour", "favor"),
    ("visualised", "visualized"), ("characterised", "characterized"), ("localised", "localized"),
    ("caecum", "cecum"), ("caecal", "cecal"),
    ("gynaecolog", "gynecolog"), ("leucocyt", "leukocyt"), ("artefact", "artifact"),
    ("neighbour", "neighbor"), ("behaviour", "behavior"), ("faecal", "fecal"),
    ("recognised", "recognized"),
    ("generalised", "generalized"), ("labelled", "labeled"),
    ("haemodynamic", "hemodynamic"), ("ischaem", "ischem"),
)  # fmt: skip
ABBREVIATIONS = (
    ("right upper lobe", "RUL"), ("right middle lobe", "RML"), ("right lower lobe", "RLL"),
    ("left upper lobe", "LUL"), ("left lower lobe", "LLL"), ("right upper quadrant", "RUQ"),
    ("right lower quadrant", "RLQ"), ("common bile duct", "CBD"), ("gallbladder", "GB"),
    ("inferior vena cava", "IVC"), ("superior vena cava", "SVC"), ("endotracheal tube", "ETT"),
    ("nasogastric tube", "NGT"), ("status post", "s/p"), ("consistent with", "c/w"),
    ("bilateral", "bilat"), ("intravenous", "IV"), ("without", "w/o"), ("with", "w/"),
    ("evaluate for", "eval for"), ("follow-up", "f/u"), ("hepatocellular carcinoma", "HCC"),
    ("abdominal aortic aneurysm", "AAA"), ("focal nodular hyperplasia", "FNH"),
)  # fmt: skip
_AMERICAN = re.compile("|".join(british for british, _ in AMERICAN), re.IGNORECASE)
_TO_AMERICAN = dict(AMERICAN)
_SHORT = re.compile(r"\b(" + "|".join(long for long, _ in ABBREVIATIONS) + r")\b", re.IGNORECASE)
_TO_SHORT = dict(ABBREVIATIONS)
_TELEGRAM = (
    (re.compile(r"^There (?:is|are|has been) (?:an? )?"), ""),
    (re.compile(r"^(?:An?|The) "), ""),
    (re.compile(r",? (?:is|are) (?:seen|present|noted|identified|demonstrated)(?=[ ,.;]|$)"), ""),
    (re.compile(r"\b(?:is|are) (?=(?:not )?(?:enlarged|dilated|normal|clear|unremarkable|sharp))"),
     ""),
    (re.compile(r" the (?=\w)"), " "),
)  # fmt: skip


def _like(found: re.Match[str], table: dict[str, str]) -> str:
    word = found.group(0)
    new = table[word.lower()]
    return new[0].upper() + new[1:] if word[0].isupper() else new


@cache
def spell(text: str, spelling: Spelling) -> str:
    """The text in that spelling.

    >>> spell("Pulmonary oedema", "american")
    'Pulmonary edema'
    """
    return text if spelling == "british" else _AMERICAN.sub(lambda m: _like(m, _TO_AMERICAN), text)


def abbreviate(text: str) -> str:
    """The same with the usual abbreviations.

    >>> abbreviate("Nodule in the right upper lobe with no bilateral effusion.")
    'Nodule in the RUL w/ no bilat effusion.'
    """
    return _SHORT.sub(lambda m: _TO_SHORT[m.group(0).lower()], text)


def telegraph(text: str) -> str:
    """The same as a hurried dictation: no openings, articles or copulas.

    >>> telegraph("There is a 12 mm cyst in the tail of the pancreas.")
    '12 mm cyst in tail of pancreas.'
    """
    for found, instead in _TELEGRAM:
        text = found.sub(instead, text)
    return text[:1].upper() + text[1:]
