"""Everything that the house has a word for: findings, organs, sites, examinations.

One table, read by the grammar that writes simulated reports, by the engine that reads facts out of
reports, by the labeller that asks and by the drafter that words. A finding is a *kind* of thing in
an *organ*, so that a composition nobody was trained on (a hydatid cyst of the spleen) still has a
name. An observation ("nodule") is what a picture shows; a diagnosis ("hepatocellular carcinoma") is
inferred from it and from the patient; a device was put there by somebody.

Codes are given only where they were looked up (SNOMED CT, RadLex); an empty code is unknown, not
absent. Categories are those of the ACR's actionable findings: 1 minutes, 2 hours, 3 days, 0
none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from radgloss.types import InputRejected

__all__ = [
    "EXAMS",
    "FINDINGS",
    "OF_WOMEN",
    "ORGANS",
    "PAIRED",
    "SITES",
    "Exam",
    "FindingType",
    "asked_finding",
    "exam_findings",
    "finding_type",
    "name_of",
]

Layer = Literal["observation", "diagnosis", "device"]
RIGHT_LEFT = ("right", "left")
EITHER = ("right", "left", "bilateral")


@dataclass(frozen=True)
class FindingType:
    """what: its one name in every table. kind and organ: what it is and where it lies.

    exams: where it can be seen at all. sides: the words a side may take, empty where it has none.
    synonyms: other names of the whole ("hepatic cyst"). category: the ACR's, at its usual worst."""

    what: str
    kind: str
    organ: str
    exams: tuple[str, ...]
    layer: Layer = "observation"
    sides: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    category: int = 0
    sct: str = ""
    radlex: str = ""


@dataclass(frozen=True)
class Exam:
    """An examination: its modalities, its region, and the order of the organs in its report."""

    name: str
    title: str
    modalities: tuple[str, ...]
    body_part: str
    organs: tuple[str, ...]


_ABDOMEN = (
    "liver", "gallbladder", "bile ducts", "spleen", "pancreas", "kidneys", "bowel", "peritoneum",
    "aorta", "pelvis",
)  # fmt: skip
EXAMS = {
    e.name: e
    for e in (
        Exam("ct-abdomen", "CT of the abdomen and pelvis", ("CT",), "ABDOMEN", _ABDOMEN),
        Exam("mr-abdomen", "MR of the abdomen", ("MR",), "ABDOMEN", _ABDOMEN),
        Exam("us-abdomen", "Ultrasound of the abdomen", ("US",), "ABDOMEN", _ABDOMEN),
        Exam("us-pelvis", "Ultrasound of the pelvis", ("US",), "PELVIS", ("pelvis", "peritoneum")),
        Exam(
            "xr-chest",
            "Chest radiograph",
            ("CR", "DX"),
            "CHEST",
            ("lungs", "pleura", "heart", "bones", "devices"),
        ),
        Exam(
            "xr-abdomen",
            "Abdominal radiograph",
            ("CR", "DX"),
            "ABDOMEN",
            ("bowel", "peritoneum", "kidneys", "gallbladder"),
        ),
    )
}

CT, MR, US, PELVIC, CHEST, PLAIN = tuple(EXAMS)
SECTION = (CT, MR, US)  # cross-sections of the abdomen
_F = FindingType

FINDINGS = (
    # ---- liver
    _F("liver cyst", "cyst", "liver", SECTION, synonyms=("hepatic cyst",)),
    _F("liver hydatid cyst", "hydatid cyst", "liver", SECTION, "diagnosis", category=3,
       synonyms=("hepatic hydatid cyst", "hepatic echinococcal cyst")),
    _F("liver haemangioma", "haemangioma", "liver", SECTION, "diagnosis",
       synonyms=("hepatic haemangioma",)),
    _F("hepatocellular carcinoma", "hepatocellular carcinoma", "liver", SECTION, "diagnosis",
       synonyms=("HCC", "hepatoma"), category=3),
    _F("focal nodular hyperplasia", "focal nodular hyperplasia", "liver", SECTION, "diagnosis",
       synonyms=("FNH",)),
    _F("liver metastases", "metastases", "liver", SECTION, "diagnosis",
       synonyms=("hepatic metastases", "hepatic metastasis", "liver metastasis"), category=3),
    _F("liver abscess", "abscess", "liver", SECTION, "diagnosis", synonyms=("hepatic abscess",),
       category=2),
    _F("liver lesion", "lesion", "liver", SECTION, synonyms=("hepatic lesion", "liver mass",
       "hepatic mass", "focal liver lesion")),
    _F("hepatic steatosis", "steatosis", "liver", SECTION,
       synonyms=("fatty liver", "fatty infiltration of the liver", "steatosis")),
    _F("cirrhosis", "cirrhosis", "liver", SECTION, "diagnosis", synonyms=("liver cirrhosis",)),
    # ---- gallbladder and ducts
    _F("gallstones", "stones", "gallbladder", (*SECTION, PLAIN),
       synonyms=("cholelithiasis", "gallbladder stones", "gallstone")),
    _F("acute cholecystitis", "cholecystitis", "gallbladder", SECTION, "diagnosis", category=2,
       synonyms=("cholecystitis",)),
    _F("biliary dilatation", "dilatation", "bile ducts", SECTION,
       synonyms=("dilated bile ducts", "biliary ductal dilatation")),
    # ---- spleen
    _F("splenic cyst", "cyst", "spleen", SECTION),
    _F("splenic hydatid cyst", "hydatid cyst", "spleen", SECTION, "diagnosis", category=3,
       synonyms=("splenic echinococcal cyst",)),
    _F("splenic granuloma", "calcified granuloma", "spleen", SECTION,
       synonyms=("calcified splenic granuloma",)),
    _F("splenomegaly", "enlargement", "spleen", SECTION, synonyms=("enlarged spleen",)),
    _F("splenic infarct", "infarct", "spleen", SECTION, "diagnosis"),
    # ---- pancreas
    _F("pancreatic mass", "mass", "pancreas", SECTION, category=3,
       synonyms=("mass of the pancreas",)),
    _F("acute pancreatitis", "pancreatitis", "pancreas", SECTION, "diagnosis",
       synonyms=("pancreatitis",), category=2),
    # ---- kidneys
    _F("kidney stone", "stone", "kidneys", (*SECTION, PLAIN), sides=RIGHT_LEFT,
       synonyms=("renal calculus", "renal stone", "nephrolithiasis")),
    _F("ureteric stone", "ureteric stone", "kidneys", (CT, US, PLAIN), sides=RIGHT_LEFT,
       synonyms=("ureteral stone", "ureteric calculus", "ureteral calculus"), category=2),
    _F("hydronephrosis", "hydronephrosis", "kidneys", SECTION, sides=EITHER,
       synonyms=("pelvicaliectasis", "collecting system dilatation")),
    _F("kidney cyst", "cyst", "kidneys", SECTION, sides=RIGHT_LEFT, synonyms=("renal cyst",)),
    _F("kidney mass", "mass", "kidneys", SECTION, sides=RIGHT_LEFT, synonyms=("renal mass",),
       category=3),
    _F("pyelonephritis", "pyelonephritis", "kidneys", (CT,), "diagnosis", sides=RIGHT_LEFT,
       category=2),
    # ---- bowel and peritoneum
    _F("appendicitis", "appendicitis", "bowel", (CT, US), "diagnosis", category=2,
       synonyms=("acute appendicitis",)),
    _F("diverticulitis", "diverticulitis", "bowel", (CT,), "diagnosis", category=2,
       synonyms=("acute diverticulitis",)),
    _F("bowel obstruction", "obstruction", "bowel", (CT, PLAIN), category=2,
       synonyms=("small bowel obstruction", "intestinal obstruction")),
    _F("free air", "free air", "peritoneum", (CT, PLAIN, CHEST), category=1,
       synonyms=("pneumoperitoneum", "free intraperitoneal air", "free gas")),
    _F("free fluid", "free fluid", "peritoneum", (CT, MR, US, PELVIC),
       synonyms=("ascites", "free intraperitoneal fluid", "fluid in the cul-de-sac")),
    _F("aortic aneurysm", "aneurysm", "aorta", SECTION, category=3,
       synonyms=("abdominal aortic aneurysm", "AAA")),
    # ---- pelvis
    _F("adnexal mass", "adnexal mass", "pelvis", (CT, MR, PELVIC), sides=RIGHT_LEFT, category=2,
       synonyms=("extraovarian mass", "tubal ring")),
    _F("ovarian cyst", "ovarian cyst", "pelvis", (CT, MR, PELVIC), sides=RIGHT_LEFT),
    _F("intrauterine pregnancy", "gestational sac", "pelvis", (PELVIC,),
       synonyms=("intrauterine gestational sac",)),
    _F("enlarged ovary", "enlarged ovary", "pelvis", (CT, MR, PELVIC), sides=RIGHT_LEFT,
       category=2),
    # ---- lungs and pleura
    _F("lung nodule", "nodule", "lungs", (CHEST,), sides=RIGHT_LEFT,
       synonyms=("pulmonary nodule",), category=3),
    _F("lung mass", "mass", "lungs", (CHEST,), sides=RIGHT_LEFT, synonyms=("pulmonary mass",),
       category=3),
    _F("lung granuloma", "calcified granuloma", "lungs", (CHEST,), sides=RIGHT_LEFT,
       synonyms=("calcified lung granuloma", "calcified pulmonary granuloma")),
    _F("consolidation", "consolidation", "lungs", (CHEST,), sides=EITHER,
       synonyms=("airspace opacity", "airspace disease", "infiltrate")),
    _F("pneumonia", "pneumonia", "lungs", (CHEST,), "diagnosis", sides=EITHER, category=2),
    _F("pulmonary oedema", "oedema", "lungs", (CHEST,), category=2,
       synonyms=("pulmonary edema", "interstitial oedema", "alveolar oedema")),
    _F("atelectasis", "atelectasis", "lungs", (CHEST,), sides=EITHER, synonyms=("volume loss",)),
    _F("lung opacity", "opacity", "lungs", (CHEST,), sides=EITHER,
       synonyms=("pulmonary opacity",)),
    _F("hyperinflation", "hyperinflation", "lungs", (CHEST,), synonyms=("overinflation",)),
    _F("pleural effusion", "effusion", "pleura", (CHEST, CT), sides=EITHER,
       synonyms=("pleural fluid",), sct="60046008"),
    _F("pneumothorax", "pneumothorax", "pleura", (CHEST,), sides=EITHER,
       synonyms=("pleural air", "PTX"), category=1, sct="36118008", radlex="RID5352"),
    # ---- heart, bones, devices
    _F("cardiomegaly", "enlargement", "heart", (CHEST,),
       synonyms=("enlarged heart", "enlarged cardiac silhouette")),
    _F("rib fracture", "fracture", "bones", (CHEST,), sides=RIGHT_LEFT,
       synonyms=("fractured rib",)),
    _F("endotracheal tube", "endotracheal tube", "devices", (CHEST,), "device",
       synonyms=("ET tube", "ETT")),
    _F("central venous catheter", "central venous catheter", "devices", (CHEST,), "device",
       sides=RIGHT_LEFT, synonyms=("central line", "jugular catheter", "CVC")),
    _F("nasogastric tube", "nasogastric tube", "devices", (CHEST, PLAIN), "device",
       synonyms=("NG tube", "enteric tube")),
    _F("chest tube", "chest tube", "devices", (CHEST,), "device", sides=RIGHT_LEFT,
       synonyms=("pleural drain", "thoracostomy tube")),
)  # fmt: skip

OF_WOMEN = frozenset({"adnexal mass", "ovarian cyst", "intrauterine pregnancy", "enlarged ovary"})
"""Findings of organs that men do not have."""

ORGANS: dict[str, tuple[str, ...]] = {  # the report's word: other words and adjectives for it
    "liver": ("hepatic",),
    "gallbladder": ("cholecystic",),
    "bile ducts": ("biliary", "common bile duct", "bile duct"),
    "spleen": ("splenic",),
    "pancreas": ("pancreatic",),
    "kidneys": ("kidney", "renal"),
    "bowel": ("intestinal", "colon", "small bowel", "appendix"),
    "peritoneum": ("peritoneal", "intraperitoneal"),
    "aorta": ("aortic",),
    "pelvis": ("pelvic", "uterus", "ovary", "ovaries", "adnexa", "adnexal", "uterine", "ovarian"),
    "lungs": ("lung", "pulmonary"),
    "pleura": ("pleural",),
    "heart": ("cardiac",),
    "bones": ("osseous", "rib", "ribs", "bone"),
    "devices": ("tube", "catheter", "line"),
}
PAIRED = frozenset({"kidneys", "lungs", "pleura"})  # organs of which there are two

SITES: dict[str, tuple[str, ...]] = {
    "liver": (
        *(f"segment {n}" for n in ("II", "III", "IV", "V", "VI", "VII", "VIII")),
        "right lobe",
        "left lobe",
    ),
    "spleen": ("upper pole", "mid portion", "lower pole"),
    "pancreas": ("head", "body", "tail"),
    "kidneys": ("upper pole", "interpolar region", "lower pole", "pelvis"),
    "bowel": ("right lower quadrant", "sigmoid colon", "small bowel"),
    "peritoneum": ("pelvis", "right upper quadrant", "cul-de-sac"),
    "pelvis": ("adnexa", "ovary", "uterus"),
    "lungs": ("upper lobe", "middle lobe", "lower lobe"),  # of a side; the left has no middle
    "pleura": ("apex", "base"),
    "bones": tuple(f"{n} rib" for n in ("4th", "5th", "6th", "7th", "8th", "9th")),
}

_BY_NAME = {name.lower(): row for row in FINDINGS for name in (row.what, *row.synonyms)}
_BY_PARTS = {(row.kind, row.organ): row for row in FINDINGS}


def finding_type(what: str) -> FindingType:
    """The row of that name or synonym; KeyError where there is none.

    >>> finding_type("hepatic cyst").what
    'liver cyst'
    """
    return _BY_NAME[what.lower()]


def asked_finding(what: str) -> FindingType:
    """As `finding_type`, of a name that somebody typed; raises InputRejected('no-such-finding')."""
    try:
        return finding_type(what.strip())
    except KeyError:
        raise InputRejected(
            "no-such-finding", what, "no finding of that name",
            f"one of {', '.join(row.what for row in FINDINGS)}", "Check the spelling.",
        ) from None  # fmt: skip


def name_of(kind: str, organ: str) -> str:
    """The name of a kind of thing in an organ, also where the table has no such row.

    >>> name_of("hydatid cyst", "spleen"), name_of("lipoma", "liver")
    ('splenic hydatid cyst', 'liver lipoma')
    """
    row = _BY_PARTS.get((kind, organ))
    return row.what if row else f"{organ} {kind}"


def exam_findings(exam: str) -> tuple[FindingType, ...]:
    """The findings that this examination can show, in the table's order.

    >>> [f.what for f in exam_findings("us-pelvis")][:2]
    ['free fluid', 'adnexal mass']
    """
    return tuple(f for f in FINDINGS if exam in f.exams)
