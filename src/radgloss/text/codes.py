"""Diagnosis codes of a record, grouped to phenotypes.

A code of ICD-10 (WHO, or a national edition of it) is one letter, two more characters, then detail
behind a point. Here a phenotype is the part before the point, the classification's own category:
it joins what coders tell apart without need ("K80.2", "K80.20", "K80.5"). Merlin's are phecodes,
which group across categories as well and number 1,692 (arXiv 2406.06512)."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["ABDOMEN", "phenotype", "phenotypes"]

_CATEGORY = re.compile(r"\s*([A-Za-z]\d[0-9A-Za-z])(?:\.?[0-9A-Za-z]{0,4})?\s*")

ABDOMEN = {  # what a CT of the abdomen may have to do with; titles in our words
    "B18": "chronic viral hepatitis", "B67": "echinococcosis",
    "C22": "primary liver cancer", "C25": "pancreatic cancer", "C64": "kidney cancer",
    "C78": "metastases in chest or abdomen", "D18": "haemangioma", "D73": "diseases of the spleen",
    "E11": "type 2 diabetes", "E66": "obesity", "F10": "alcohol use", "I50": "heart failure",
    "I71": "aortic aneurysm", "K35": "acute appendicitis", "K55": "vascular disease of the bowel",
    "K56": "bowel obstruction", "K57": "diverticular disease", "K63": "other diseases of the bowel",
    "K74": "cirrhosis and fibrosis of the liver", "K75": "inflammation of the liver",
    "K76": "other diseases of the liver", "K81": "cholecystitis", "K85": "acute pancreatitis",
    "N10": "acute pyelonephritis", "N13": "obstructed urinary tract",
    "N20": "stones of kidney and ureter", "Z20": "contact with an infection",
    "Z48": "care after surgery", "Z85": "earlier cancer", "Z90": "an organ taken out",
    "Z98": "earlier surgery",
}  # fmt: skip


def phenotype(code: str) -> str:
    """The category of a code, in capitals; empty for what is no code of ICD-10.

    >>> phenotype("K80.20"), phenotype("n201"), phenotype("unknown")
    ('K80', 'N20', '')
    """
    found = _CATEGORY.fullmatch(code)
    return found[1].upper() if found else ""


def phenotypes(codes: Iterable[str]) -> frozenset[str]:
    """Those that a record's codes name, each once."""
    return frozenset(map(phenotype, codes)) - {""}
