"""The diagnosis codes that a simulated patient's record holds (ICD-10, WHO edition).

A record knows what the patient has and had: the diseases of this visit, the conditions brought to
it, the organs taken out. It does not know what the pictures happen to show beside them: an
incidental cyst has no code here, as it often has none in a hospital."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["CODES", "codes_of", "record"]

CODES = {  # disease, condition or organ taken out → code; each was a name of `causal` first
    # belly
    "acute cholecystitis": "K81.0", "acute pancreatitis": "K85.9", "appendicitis": "K35.8",
    "bowel obstruction": "K56.6", "diverticulitis": "K57.9", "focal nodular hyperplasia": "K76.8",
    "haemangioma": "D18.0", "hepatocellular carcinoma": "C22.0",
    "infected obstructed kidney": "N13.6", "liver abscess": "K75.0", "liver hydatid": "B67.0",
    "liver metastases": "C78.7", "mesenteric ischaemia": "K55.0", "pancreatic carcinoma": "C25.9",
    "perforation": "K63.1", "pyelonephritis": "N10", "renal tumour": "C64",
    "ruptured aneurysm": "I71.3", "simple liver cyst": "K76.8", "splenic cyst": "D73.4",
    "splenic hydatid": "B67.3", "splenic infarct": "D73.5", "steatosis": "K76.0",
    "ureteric stone": "N20.1",
    # pelvis
    "early intrauterine pregnancy": "Z33", "ectopic pregnancy": "O00.9", "endometrioma": "N80.1",
    "haemorrhagic cyst": "N83.2", "mature teratoma": "D27", "ovarian torsion": "N83.5",
    "tubo-ovarian abscess": "N70.9",
    # chest
    "atelectasis": "J98.1", "chronic obstructive lung disease": "J44.9", "granuloma": "J98.4",
    "heart failure": "I50.9", "lung cancer": "C34.9", "malignant effusion": "C78.2",
    "pneumonia": "J18.9", "pneumothorax": "J93.9", "pulmonary embolism": "I26.9",
    "rib fracture": "S22.3", "tuberculosis": "A16.2",
    # conditions
    "alcohol misuse": "F10.1", "chronic hepatitis B": "B18.1", "cirrhosis": "K74.6",
    "contact with tuberculosis": "Z20.1", "diabetes": "E11.9",
    "exposure to Echinococcus": "Z20.8", "immunosuppression": "D84.9",
    "known chronic obstructive lung disease": "J44.9", "known heart failure": "I50.9",
    "known malignancy": "Z85.9", "laparotomy in the last days": "Z48.8", "obesity": "E66.9",
    "previous abdominal surgery": "Z98.8", "smoking": "Z72.0",
    # organs
    "cholecystectomy": "Z90.4", "hysterectomy": "Z90.7", "splenectomy": "Z90.8",
    "right nephrectomy": "Z90.5", "left nephrectomy": "Z90.5",
}  # fmt: skip
TAKEN_OUT = {"gallbladder": "cholecystectomy", "uterus": "hysterectomy", "spleen": "splenectomy",
             "right kidney": "right nephrectomy", "left kidney": "left nephrectomy"}  # fmt: skip


def codes_of(names: Iterable[str]) -> tuple[str, ...]:
    """The codes of diseases, conditions and operations, sorted, each once.

    >>> codes_of(["steatosis", "diabetes", "none"])
    ('E11.9', 'K76.0')
    """
    return tuple(sorted({CODES[name] for name in names if name in CODES}))


def record(patient: Mapping[str, Any]) -> tuple[str, ...]:
    """The codes of a patient as truth.json has one."""
    visit = patient["encounter"]
    out = {TAKEN_OUT[organ] for organ in patient["absent"] if organ in TAKEN_OUT}
    return codes_of({*visit["diseases"], *visit["conditions"], *out})
