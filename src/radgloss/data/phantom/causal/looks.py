"""How a finding may look: sites, sizes in mm, sides, scales, and decorations that prove nothing.

Size, site and side depend on the finding alone, never on the disease, except where a size grade is
itself a sign of the model. `decor` are words of the look that the causal model does not use."""

from __future__ import annotations

from dataclasses import dataclass

from radgloss.data.phantom.causal.nouns import EXAMS
from radgloss.text.findings import exam_findings

__all__ = ["DRAWABLE", "LOBES", "LOOKS", "ROOM", "SCALES", "TYPICAL", "Look", "drawable"]

Weighted = tuple[tuple[str, float], ...]

SEGMENTS: Weighted = (
    ("segment II", 0.10), ("segment III", 0.10), ("segment IV", 0.18), ("segment V", 0.14),
    ("segment VI", 0.16), ("segment VII", 0.16), ("segment VIII", 0.16),
)  # fmt: skip
ROOM = {  # the longest diameter in mm that a segment holds, its surface bulging
    "segment II": 45, "segment III": 45, "segment IV": 60, "segment V": 80, "segment VI": 80,
    "segment VII": 90, "segment VIII": 90,
}  # fmt: skip
LOBES: dict[str, Weighted] = {
    "right": (("upper lobe", 0.40), ("middle lobe", 0.15), ("lower lobe", 0.45)),
    "left": (("upper lobe", 0.48), ("lower lobe", 0.52)),
}
SPLEEN: Weighted = (("upper pole", 0.3), ("mid portion", 0.3), ("lower pole", 0.4))
KIDNEY: Weighted = (("upper pole", 0.30), ("interpolar region", 0.30), ("lower pole", 0.40))
CALYX: Weighted = (("upper pole", 0.2), ("interpolar region", 0.2), ("lower pole", 0.35),
                   ("pelvis", 0.25))  # fmt: skip
RIBS: Weighted = tuple((f"{n} rib", 1 / 6) for n in ("4th", "5th", "6th", "7th", "8th", "9th"))
MILD: Weighted = (("mild", 0.45), ("moderate", 0.35), ("severe", 0.20))


@dataclass(frozen=True)
class Look:
    """size: log-uniform from, to (0, 0: has none). sides: right share, left share, both share.

    more: probability that there is another focus, and how many at most. volume: in ml, from, to.
    decor: (word, probability). scale: word of severity by its probability, or by `SCALES`."""

    size: tuple[float, float] = (0.0, 0.0)
    sites: Weighted = ()
    sides: tuple[float, float, float] = (0.0, 0.0, 0.0)
    volume: tuple[float, float] = (0.0, 0.0)
    severity: Weighted = ()
    decor: Weighted = ()
    more: tuple[float, int] = (0.0, 1)


PAIR, TRIPLE = (0.5, 0.5, 0.0), (0.42, 0.36, 0.22)
LOOKS: dict[str, Look] = {
    "liver cyst": Look((8, 80), SEGMENTS, more=(0.3, 3)),
    "liver hydatid cyst": Look((30, 90), SEGMENTS),
    "liver haemangioma": Look((10, 70), SEGMENTS),
    "hepatocellular carcinoma": Look((12, 80), SEGMENTS),
    "focal nodular hyperplasia": Look((15, 70), SEGMENTS),
    "liver metastases": Look((6, 50), SEGMENTS, more=(0.75, 8)),
    "liver abscess": Look((20, 90), SEGMENTS),
    "hepatic steatosis": Look(severity=MILD),
    "cirrhosis": Look(decor=(("nodular surface", 0.8), ("large caudate", 0.6), ("varices", 0.4))),
    "gallstones": Look((3, 25), decor=(("multiple", 0.6),)),
    "acute cholecystitis": Look(),
    "biliary dilatation": Look((8, 18)),
    "splenic cyst": Look((10, 80), SPLEEN),
    "splenic hydatid cyst": Look((25, 90), SPLEEN),
    "splenic granuloma": Look((3, 10), SPLEEN, more=(0.4, 4)),
    "splenomegaly": Look((135, 210)),
    "splenic infarct": Look((20, 60), SPLEEN),
    "pancreatic mass": Look((15, 50), (("head", 0.65), ("body", 0.2), ("tail", 0.15))),
    "acute pancreatitis": Look(),
    "kidney stone": Look((2, 25), CALYX, PAIR, more=(0.3, 2)),
    "ureteric stone": Look((2, 10), (("upper ureter", 0.25), ("mid ureter", 0.2),
                                     ("distal ureter", 0.55)), PAIR),
    "hydronephrosis": Look(sides=PAIR, severity=MILD),
    "kidney cyst": Look((8, 80), KIDNEY, PAIR, more=(0.3, 3)),
    "kidney mass": Look((15, 90), KIDNEY, PAIR),
    "pyelonephritis": Look(sides=PAIR, decor=(("stranding", 0.5),)),
    "appendicitis": Look((7, 15), (("right lower quadrant", 1.0),)),
    "diverticulitis": Look(sites=(("sigmoid colon", 1.0),)),
    "bowel obstruction": Look((32, 55), (("small bowel", 1.0),)),
    "free air": Look(sites=(("right upper quadrant", 1.0),),
                     severity=(("small", 0.4), ("moderate", 0.35), ("large", 0.25))),
    "free fluid": Look(sites=(("pelvis", 0.6), ("right upper quadrant", 0.4)), volume=(40, 1200)),
    "aortic aneurysm": Look((32, 80)),
    "adnexal mass": Look((10, 70), (("adnexa", 1.0),), PAIR),
    "ovarian cyst": Look((15, 70), (("ovary", 1.0),), PAIR),
    "intrauterine pregnancy": Look((5, 30), (("uterus", 1.0),)),
    "enlarged ovary": Look((45, 80), (("ovary", 1.0),), (0.6, 0.4, 0.0)),
    "lung nodule": Look((6, 30), sides=PAIR),
    "lung mass": Look((31, 80), sides=PAIR),
    "lung granuloma": Look((3, 10), sides=PAIR, more=(0.3, 3)),
    "consolidation": Look(sides=(0.55, 0.45, 0.0), severity=(("small", 0.5), ("moderate", 0.5))),
    "pulmonary oedema": Look(),
    "atelectasis": Look(sites=(("lower lobe", 0.6), ("base", 0.4)), sides=TRIPLE,
                        severity=(("mild", 0.6), ("moderate", 0.4)), decor=(("linear", 0.5),)),
    "hyperinflation": Look(),
    "pleural effusion": Look(sides=(0.5, 0.5, 0.0), volume=(150, 850)),
    "pneumothorax": Look((10, 80), (("apex", 1.0),), PAIR),
    "cardiomegaly": Look(severity=(("mild", 0.45), ("moderate", 0.35), ("marked", 0.2))),
    "rib fracture": Look(sites=RIBS, sides=PAIR, decor=(("displaced", 0.4),)),
    "endotracheal tube": Look((20, 70)),  # the tip; `lesions` misplaces some
    "central venous catheter": Look(
        sites=(("superior vena cava", 0.7), ("right atrium", 0.18), ("brachiocephalic vein", 0.12)),
        sides=(0.7, 0.3, 0.0)),
    "nasogastric tube": Look(sites=(("stomach", 0.8), ("oesophagus", 0.13),
                                    ("right lower lobe bronchus", 0.07))),
    "chest tube": Look(sides=PAIR),
}  # fmt: skip

TYPICAL: dict[str, Weighted] = {  # words of the look where no sign of the model says them
    "liver hydatid cyst": (("daughter cysts", 0.45), ("floating membrane", 0.2),
                           ("wall calcification", 0.4)),
    "splenic hydatid cyst": (("daughter cysts", 0.45), ("floating membrane", 0.2),
                             ("wall calcification", 0.35)),
    "liver haemangioma": (("nodular enhancement", 0.9), ("fill-in", 0.85)),
    "hepatocellular carcinoma": (("arterial enhancement", 0.85), ("washout", 0.7),
                                 ("capsule", 0.45)),
    "focal nodular hyperplasia": (("arterial enhancement", 0.95), ("scar", 0.5)),
    "liver metastases": (("rim", 0.6),),
    "liver abscess": (("rim", 0.8), ("cluster", 0.35), ("gas", 0.15)),
    "acute cholecystitis": (("wall thickening", 0.9), ("distension", 0.7),
                            ("pericholecystic fluid", 0.4)),
    "splenic granuloma": (("calcified", 1.0),),
    "lung granuloma": (("calcified", 1.0),),
    "splenic cyst": (("wall calcification", 0.2),),
    "splenic infarct": (("wedge", 1.0),),
    "pancreatic mass": (("duct dilatation", 0.7),),
    "acute pancreatitis": (("swelling", 0.9), ("peripancreatic fluid", 0.6), ("necrosis", 0.12)),
    "pyelonephritis": (("wedge", 0.7), ("swelling", 0.6)),
    "appendicitis": (("stranding", 0.9), ("appendicolith", 0.3), ("abscess", 0.1)),
    "diverticulitis": (("stranding", 0.9), ("diverticula", 0.95), ("abscess", 0.15)),
    "bowel obstruction": (("air-fluid levels", 0.85), ("transition", 0.7)),
    "adnexal mass": (("complex", 0.5), ("low-level echoes", 0.2), ("fat", 0.15)),
    "ovarian cyst": (("lacy echoes", 0.25),),
    "enlarged ovary": (("peripheral follicles", 0.55), ("no flow", 0.5)),
    "lung nodule": (("spiculated", 0.3),),
    "lung mass": (("spiculated", 0.5),),
    "consolidation": (("air bronchograms", 0.4),),
    "pulmonary oedema": (("interstitial lines", 0.9), ("cephalisation", 0.6), ("alveolar", 0.4)),
    "free fluid": (("echogenic", 0.15),),
}  # fmt: skip

SCALES: dict[str, tuple[tuple[float, str], ...]] = {  # up to this many mm (or ml): this word
    "splenomegaly": ((150, "mild"), (175, "moderate"), (1e9, "marked")),
    "pneumothorax": ((20, "small"), (35, "moderate"), (1e9, "large")),
    "pleural effusion": ((400, "small"), (900, "moderate"), (1e9, "large")),
    "free fluid": ((30, "trace"), (150, "small"), (500, "moderate"), (1e9, "large")),
}

LUNG = frozenset({"lung nodule", "lung mass", "lung granuloma", "consolidation"})
WORDS_ONLY = frozenset({"liver lesion", "pneumonia", "lung opacity"})


def drawable(exam: str) -> tuple[str, ...]:
    """The findings that the picture of this exam can hold; vaguer words are of the report only.

    >>> drawable("us-pelvis")[0], drawable("ct-head")
    ('free fluid', ())
    """
    if exam == EXAMS[-1]:
        return ()
    return tuple(f.what for f in exam_findings(exam) if f.what not in WORDS_ONLY)


DRAWABLE = tuple(dict.fromkeys(w for e in EXAMS for w in drawable(e)))
