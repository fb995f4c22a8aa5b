"""The words of a DICOM header that a screen, a log or a record may repeat, and no others.

A coded string (VR CS) holds whatever the sender typed, a name as well; a description (LO, ST) is
free text by design. So what leaves the house is not what a header says but the term of the
standard that it agrees with, or nothing. Names, numbers and descriptions stay with `Identity` and
with the images themselves.

Sources: PS3.3 C.7.3.1.1.1 (Modality), C.11.1.1.2 (Rescale Type), C.8.9.1.1.3
(Units), C.8.11.5.1.1 (View Position), C.8.11.7 (mammography, by
PS3.16 CID 4014); PS3.16 table L-1 (Body Part Examined)."""

from __future__ import annotations

import re

__all__ = [
    "BODY_PARTS",
    "MODALITIES",
    "SERIES",
    "UNITS",
    "VIEWS",
    "WINDOWS",
    "body_part",
    "modality",
    "series",
    "units",
    "view",
    "window",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODALITIES = _words(
    """
    ANN AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DMS DG DOC DX ECG EEG EMG EOG EPS ES FID GM
    HC HD IO IOL IVOCT IVUS KER KO LEN LS MG MR M3D NM OAM OCT OP OPM OPR OPT OPTBSV OPTENF OPV
    OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD
    RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA XA XAPROTOCOL XC
    """
)
VIEWS = _words(
    """
    AP PA LL RL RLD LLD RLO LLO LAT LATERAL AXIAL OBLIQUE TANGENTIAL CC MLO ML LM LMO SIO XCC
    XCCL XCCM FB CV
    """
)
BODY_PARTS = _words(
    """
    ABDOMEN ABDOMENPELVIS ADRENAL ANKLE AORTA ARM AXILLA BACK BLADDER BODY BRAIN BREAST
    BRONCHUS BUTTOCK CALCANEUS CALF CAROTID CEREBELLUM CERVIX CHEEK CHEST CHESTABDOMEN
    CHESTABDPELVIS CIRCLEOFWILLIS CLAVICLE COCCYX COLON CORNEA CSPINE CTSPINE DUODENUM EAR
    ELBOW ESOPHAGUS EXTREMITY EYE EYELID FACE FEMUR FINGER FOOT GALLBLADDER HAND HEAD HEADNECK
    HEART HIP HUMERUS IAC ILEUM ILIUM JAW JEJUNUM KIDNEY KNEE LARYNX LEG LIVER LSPINE LSSPINE
    LUNG MAXILLA MEDIASTINUM MOUTH NECK NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV NOSE ORBIT
    OVARY PANCREAS PAROTID PATELLA PELVIS PENIS PHARYNX PITUITARY PROSTATE RADIUS RECTUM RIB
    SCALP SCAPULA SCLERA SCROTUM SELLA SHOULDER SINUS SKULL SPINE SPLEEN SSPINE STERNUM STOMACH
    TESTIS THIGH THUMB THYMUS THYROID TIBIA TLSPINE TMJ TOE TONGUE TRACHEA TSPINE ULNA URETER
    URETHRA UTERUS VAGINA VULVA WHOLEBODY WRIST ZYGOMA
    """
)
UNITS = _words(
    """
    OD HU US MGML Z_EFF ED EDW HU_MOD PCT CNTS NONE CM2 CM2ML PCNT CPS BQML MGMLMIN UMOLMINML
    MLMING MLG 1CM UMOLML PROPCNTS PROPCPS MLMINML MLML GML STDDEV GY RELATIVE
    """
)
WINDOWS = _words(
    """
    WINDOW WINDOW1 WINDOW2 NORMAL HARDER SOFTER ABDOMEN ANGIO BONE BRAIN CHEST HEAD LIVER LUNG
    MEDIASTINUM PELVIS SINUS SPINE STROKE TISSUE SOFT SOFTTISSUE DEFAULT LINEAR SIGMOID ALGO1
    ALGO2 USER
    """
)
"""What scanners write into Window Center & Width Explanation (LO), which is free text."""

SERIES = {
    word: re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])")
    for word, pattern in {
        "T1": r"t1w?", "T2": r"t2w?", "T2*": r"t2 ?(?:\*|star)|gre|swi|swan", "PD": r"pd[fw]?",
        "FLAIR": r"(?:t[12] ?)?(?:dark-?)?flair", "STIR": r"stir|tirm",
        "DWI": r"dwi|diff(?:usion)?",
        "ADC": r"adc", "TOF": r"tof", "perfusion": r"perf(?:usion)?|dsc|dce", "MRCP": r"mrcp",
        "fat-suppressed": r"fs|fat ?(?:sat|sup(?:p(?:ressed)?)?)|fat-(?:sat|suppressed)|spair|spir",
        "in-phase": r"in[ -]?phase|ip", "opposed-phase": r"op(?:p(?:osed)?)?[ -]?phase|opposed|oop",
        "axial": r"ax(?:ial)?|tra(?:nsverse)?", "coronal": r"cor(?:onal)?",
        "sagittal": r"sag(?:ittal)?",
        "unenhanced": r"unenhanced|native|pre(?: ?contrast)?|non[- ]?contrast"
                      r"|(?:without|w/?o)(?: contrast)?|-c",
        "enhanced": r"(?<!un)enhanced|post(?: ?contrast)?|gd|gad|ce|with contrast|\+c|c\+",
        "arterial": r"art(?:erial)?", "portal venous": r"pv|portal(?: ?venous)?|venous",
        "delayed": r"delay(?:ed)?|late", "hepatobiliary": r"hbp?|hepatobiliary",
        "PA": r"pa", "AP": r"ap", "lateral": r"lat(?:eral)?",
        "localizer": r"scout|locali[sz]er|topogram",
    }.items()
}  # fmt: skip
"""How a series was taken, by the words that scanners write into Series Description (LO), which is
free text: what else stands there, a name perhaps, is never repeated."""


def series(stated: str) -> tuple[str, ...]:
    """The words of a series description that say how it was taken.

    >>> series("AX T2_FLAIR fs Smith"), series("T1 post GD"), series("ADC map"), series("John")
    (('FLAIR', 'fat-suppressed', 'axial'), ('T1', 'enhanced'), ('ADC',), ())
    """
    words = " ".join(stated.lower().replace("_", " ").split())
    found = tuple(word for word, pattern in SERIES.items() if pattern.search(words))
    kinds = {"T1": {"FLAIR"}, "T2": {"FLAIR", "T2*"}}  # what is more than a weighting
    return tuple(w for w in found if not kinds.get(w, set()) & set(found))


def modality(stated: str) -> str:
    """The modality as the standard spells it; OT for any other word, nothing for nothing.

    >>> modality("CT"), modality("SMITH^JOHN"), modality("")
    ('CT', 'OT', '')
    """
    word = stated.strip().upper()
    return word if word in MODALITIES or not word else "OT"


def view(stated: str) -> str:
    """The view position, or nothing.

    >>> view("pa"), view("of John")
    ('PA', '')
    """
    word = stated.strip().upper()
    return word if word in VIEWS else ""


def body_part(stated: str) -> str:
    """The body part, its spaces and separators aside, or nothing.

    >>> body_part("C SPINE"), body_part("Abdomen/Pelvis"), body_part("JOHN'S KNEE")
    ('CSPINE', 'ABDOMENPELVIS', '')
    """
    word = "".join(c for c in stated.upper() if c not in " /-_,&")
    return word if word in BODY_PARTS else ""


def units(stated: str) -> str:
    """The units of real values (Rescale Type, Units, Dose Units), or nothing.

    >>> units("HU"), units("smith")
    ('HU', '')
    """
    word = stated.strip().upper()
    return word if word in UNITS else ""


def window(stated: str) -> str:
    """The explanation of a window in lower case, or nothing.

    >>> window("SOFT TISSUE"), window("as Dr Smith likes it")
    ('soft tissue', '')
    """
    known = "".join(c for c in stated.upper() if c not in " _-") in WINDOWS
    return stated.strip().lower().replace("_", " ") if known else ""
