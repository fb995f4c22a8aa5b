"""The name of a kind of thing in an organ, and what its absence denies beside it.

The table of `radgloss.text.findings` gives the names; what it lacks is composed."""

from __future__ import annotations

from functools import cache

from radgloss.text.facts.abdomen import ABDOMEN
from radgloss.text.facts.chest import CHEST
from radgloss.text.facts.devices import DEVICES
from radgloss.text.facts.kinds import KINDS
from radgloss.text.findings import FINDINGS, FindingType, name_of

__all__ = ["DENIES", "SHARED", "compose", "row_of"]

# a kind in a part of an organ that has a name of its own
_PARTS = {
    ("cyst", "ovary"): "ovarian cyst",
    ("cyst", "adnexa"): "ovarian cyst",
    ("mass", "adnexa"): "adnexal mass",
    ("lesion", "adnexa"): "adnexal mass",
    ("enlargement", "ovary"): "enlarged ovary",
    ("stone", "ureter"): "ureteric stone",
    ("fracture", "rib"): "rib fracture",
    ("fracture", ""): "fracture",
    ("fracture", "spine"): "spine fracture",
    ("fracture", "clavicle"): "clavicle fracture",
    ("torsion", "ovary"): "ovarian torsion",
    ("torsion", "adnexa"): "ovarian torsion",
    ("flow", "ovary"): "ovarian flow",
    ("embolism", ""): "pulmonary embolism",
    ("stone", "gallbladder"): "gallstones",
    ("mass", "liver"): "liver lesion",
    ("nodule", "liver"): "liver lesion",
    ("mass", "kidneys"): "kidney mass",
    ("tumour", "kidneys"): "kidney mass",
    ("stones", "kidneys"): "kidney stone",
    ("dilatation", "aorta"): "aortic aneurysm",
    ("nodule", "kidneys"): "kidney mass",
    ("lesion", "pancreas"): "pancreatic mass",
    ("pregnancy", "uterus"): "intrauterine pregnancy",
    ("dilatation", "kidneys"): "hydronephrosis",
    ("dilatation", "ureter"): "hydroureter",
    ("upstream dilatation", "kidneys"): "hydronephrosis",
    ("upstream dilatation", "ureter"): "hydronephrosis",
    ("upstream dilatation", "bile ducts"): "biliary dilatation",
    ("upstream dilatation", "pancreas"): "pancreas duct dilatation",
    ("obstruction", "kidneys"): "hydronephrosis",
    ("obstruction", "bile ducts"): "biliary dilatation",
    ("inflammation", "gallbladder"): "acute cholecystitis",
    ("inflammation", "appendix"): "appendicitis",
    ("inflammation", "diverticulosis"): "diverticulitis",
    ("inflammation", "pancreas"): "acute pancreatitis",
    ("congestion", "lungs"): "pulmonary oedema",
    ("congestion", "vessels"): "pulmonary oedema",
    ("congestion", "heart"): "pulmonary oedema",
    ("blunting", "pleura"): "pleural effusion",
    ("fluid", "pleura"): "pleural effusion",
    ("fluid", "lungs"): "pleural effusion",
    ("fluid", "peritoneum"): "free fluid",
    ("fluid", "pelvis"): "free fluid",
    ("fluid", "liver"): "free fluid",
    ("fluid", "spleen"): "free fluid",
    ("fluid", "uterus"): "endometrial fluid",
    ("fluid", "ovary"): "ovarian fluid",
    ("fluid", "adnexa"): "adnexal fluid",
    ("stone", "bile ducts"): "choledocholithiasis",
    ("infection", "lungs"): "pneumonia",
    ("collapse", "lungs"): "atelectasis",
    ("collapse", "spine"): "spine fracture",
    ("collapse", "bones"): "spine fracture",
    ("infiltration", "lungs"): "consolidation",
    ("effusion", "joint"): "joint effusion",
    ("effusion", "heart"): "pericardial effusion",
    ("dilatation", "heart"): "heart dilatation",
    ("haemorrhage", "lungs"): "lung haemorrhage",
}
# what the absence of one thing denies beside it; its presence would only suggest that
DENIES = {
    ("dilatation", "bowel"): "obstruction",
    ("dilatation", "appendix"): "appendicitis",
    ("enlargement", "appendix"): "appendicitis",
    ("perfusion defect", "spleen"): "infarct",
    ("perfusion defect", "kidneys"): "pyelonephritis",
    ("striated nephrogram", "kidneys"): "pyelonephritis",
}
# the noun that two adjectives share: "renal or ureteric stone", "pleural or pericardial effusion"
SHARED = {
    "ureteric stone": "stone", "stones": "stone", "pericardial effusion": "effusion",
    "ovarian cyst": "cyst", "adnexal mass": "mass", "duct dilatation": "dilatation",
}  # fmt: skip
_OWN_NAME = frozenset(
    kind
    for rows in (ABDOMEN, CHEST, DEVICES)
    for kind, place, _ in rows
    if kind not in {k for k, _, _ in KINDS} | {"oedema", "effusion", "thickening"}
)
_ROWS = {row.what: row for row in FINDINGS}


def row_of(what: str) -> FindingType | None:
    """The table's row of that canonical name, or None."""
    return _ROWS.get(what)


@cache
def compose(kind: str, organ: str, part: str = "") -> str:
    """The name of a kind of thing in an organ or its part.

    >>> compose("cyst", "pelvis", "ovary"), compose("hydatid cyst", "spleen"), compose("cyst", "")
    ('ovarian cyst', 'splenic hydatid cyst', 'cyst')
    """
    named = _PARTS.get((kind, part)) or (_PARTS.get((kind, organ)) if organ else None)
    if named:
        return named
    if not organ:
        return kind
    name = name_of(kind, organ)
    if name not in _ROWS and kind in _OWN_NAME:
        return kind
    return name
