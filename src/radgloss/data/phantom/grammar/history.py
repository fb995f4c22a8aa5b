"""Why somebody was sent: history items, age and measurements as an indication.

An indication says what the referrer knew and asked; it is no fact of the study. A question
("?appendicitis") is drawn from those usual for the examination, without looking at the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from radgloss.data.phantom.grammar.authors import Author
from radgloss.data.phantom.grammar.pattern import finish, pick
from radgloss.data.phantom.grammar.scenery import listed
from radgloss.data.phantom.grammar.spelling import spell
from radgloss.types import Measurement

__all__ = ["DENIED", "HISTORY", "QUESTIONS", "REASONS", "STRIPS", "indication"]

HISTORY = {  # an item of the model → how a referrer writes it
    # complaints
    "abdominal pain": ("abdominal pain", "abdominal discomfort"),
    "lower abdominal pain": ("lower abdominal pain", "pelvic pain"),
    "right upper quadrant pain": ("right upper quadrant pain", "pain in the right upper quadrant"),
    "left upper quadrant pain": ("left upper quadrant pain", "pain below the left ribs"),
    "right lower quadrant pain": ("right lower quadrant pain", "pain in the right iliac fossa"),
    "left lower quadrant pain": ("left lower quadrant pain", "pain in the left iliac fossa"),
    "epigastric pain": ("epigastric pain",),
    "colic of the flank": ("colicky flank pain", "renal colic"),
    "sudden pain": ("pain of sudden onset", "sudden severe pain"),
    "back pain": ("back pain", "pain in the back"),
    "cyclic pain": ("cyclic pelvic pain", "dysmenorrhoea"),
    "migration of the pain": ("migrating pain", "pain that has moved to the right"),
    "sudden chest pain": ("sudden chest pain", "chest pain of sudden onset"),
    "pleuritic pain": ("pleuritic chest pain", "pain on breathing"),
    "dyspnoea": ("dyspnoea", "shortness of breath"),
    "orthopnoea": ("orthopnoea", "breathlessness when lying flat"),
    "cough": ("cough", "a productive cough"),
    "cough for more than three weeks": ("a cough for more than three weeks", "a chronic cough"),
    "haemoptysis": ("haemoptysis", "coughing up blood"),
    "night sweats": ("night sweats",),
    "leg swelling": ("leg swelling", "ankle oedema"),
    "swelling of one leg": ("a swollen leg", "swelling of one leg"),
    "fever": ("fever", "pyrexia"),
    "vomiting": ("vomiting", "repeated vomiting"),
    "loss of appetite": ("anorexia", "loss of appetite"),
    "weight loss": ("weight loss", "unintentional weight loss"),
    "painless jaundice": ("painless jaundice", "jaundice without pain"),
    "dysuria": ("dysuria", "pain on passing urine"),
    "visible blood in the urine": ("visible haematuria", "macroscopic haematuria"),
    "no gas or stool": ("absence of flatus", "obstipation"),
    "Murphy sign": ("a positive Murphy sign",),
    "rigid abdomen": ("a rigid abdomen", "peritonism"),
    "syncope": ("syncope", "collapse"),
    "low blood pressure": ("hypotension", "low blood pressure"),
    "missed period": ("a missed period", "amenorrhoea"),
    "vaginal bleeding": ("vaginal bleeding", "bleeding per vaginam"),
    "vaginal discharge": ("vaginal discharge",),
    "allergic reaction": ("an allergic reaction", "urticaria"),
    "trauma of the chest": ("chest trauma", "a fall on the chest"),
    "trauma of the left flank": ("trauma to the left flank", "a blow to the left flank"),
    # what is known
    "risk factor for ectopic pregnancy": ("risk factors for ectopic pregnancy",),
    "use of anti-inflammatory drugs": ("regular use of anti-inflammatory drugs", "NSAID use"),
    "atrial fibrillation": ("atrial fibrillation",),
    "new diabetes": ("newly diagnosed diabetes", "new-onset diabetes"),
    "biliary disease": ("known biliary disease", "previous biliary disease"),
    "recent operation": ("a recent operation", "recent surgery"),
    "recent line or biopsy": ("a recent line insertion or biopsy",),
    "smoking": ("a history of smoking", "tobacco use"),
    "alcohol misuse": ("alcohol misuse", "alcohol excess"),
    "cirrhosis": ("known cirrhosis",),
    "chronic hepatitis B": ("chronic hepatitis B",),
    "known malignancy": ("known malignancy", "a history of cancer"),
    "exposure to Echinococcus": ("exposure to Echinococcus", "residence in an endemic area of "
                                 "echinococcosis"),
    "immunosuppression": ("immunosuppression", "immunosuppressive treatment"),
    "diabetes": ("diabetes", "type 2 diabetes"),
    "known heart failure": ("known heart failure", "a history of heart failure"),
    "known chronic obstructive lung disease": ("known COPD", "chronic obstructive lung disease"),
    "obesity": ("obesity",),
    "previous abdominal surgery": ("previous abdominal surgery",),
    "laparotomy in the last days": ("a laparotomy some days ago", "recent laparotomy"),
    "contact with tuberculosis": ("contact with tuberculosis",),
}  # fmt: skip
DENIED = {  # what a referrer says when the answer was no; of the others nobody writes
    "fever": ("no fever", "afebrile"),
    "weight loss": ("no weight loss",),
    "vomiting": ("no vomiting",),
    "dyspnoea": ("no dyspnoea", "no shortness of breath"),
    "cough": ("no cough",),
    "haemoptysis": ("no haemoptysis",),
    "missed period": ("no missed period",),
    "vaginal bleeding": ("no vaginal bleeding",),
    "trauma of the chest": ("no trauma",),
    "painless jaundice": ("no jaundice",),
    "visible blood in the urine": ("no visible haematuria",),
    "smoking": ("non-smoker",),
    "known malignancy": ("no known malignancy",),
    "previous abdominal surgery": ("no previous abdominal surgery",),
    "diabetes": ("no diabetes",),
}
STRIPS = {  # tests that are negative or positive: how each is said
    "urine blood": ("no blood in the urine", "blood in the urine on dipstick"),
    "urine leukocyte esterase": ("leukocyte esterase negative", "leukocyte esterase positive"),
    "urine nitrite": ("nitrite negative", "nitrite positive"),
    "hepatitis B surface antigen": ("HBsAg negative", "HBsAg positive"),
    "Echinococcus antibody": ("Echinococcus serology negative", "Echinococcus serology positive"),
    "IGRA": ("IGRA negative", "IGRA positive"),
    "blood culture": ("blood culture negative", "blood culture positive"),
}
TELLING = frozenset({"urine blood", "Echinococcus antibody", "hCG"})  # also where negative
UNSAID = frozenset({"pulse", "body mass index"})  # by a referrer, unless asked
NAMES = {"hCG": "serum hCG", "oxygen saturation": "saturation"}
UNITS = {"Cel": "°C", "mm[Hg]": "mmHg", "{INR}": "", "mg/L{FEU}": "mg/L FEU",
         "[arb'U]/mL": "U/mL"}  # fmt: skip  # UCUM → as it is written
REASONS = {
    "ct-abdomen": ("abdominal pain", "abdominal discomfort", "abnormal laboratory values",
                   "follow-up", "unexplained weight loss", "fever without focus"),
    "mr-abdomen": ("abnormal liver enzymes", "follow-up", "abdominal discomfort",
                   "characterisation of an earlier finding"),
    "us-abdomen": ("abdominal pain", "abnormal liver enzymes", "follow-up", "screening"),
    "us-pelvis": ("pelvic pain", "irregular bleeding", "follow-up"),
    "xr-chest": ("cough", "shortness of breath", "chest pain", "preoperative assessment",
                 "routine examination", "follow-up"),
    "xr-abdomen": ("abdominal pain", "constipation", "abdominal distension"),
}  # fmt: skip
QUESTIONS = {
    "ct-abdomen": ("appendicitis", "obstruction", "renal colic", "diverticulitis", "malignancy"),
    "mr-abdomen": ("focal liver lesion", "malignancy", "biliary obstruction"),
    "us-abdomen": ("gallstones", "biliary dilatation", "hydronephrosis"),
    "us-pelvis": ("ectopic pregnancy", "torsion", "ovarian cyst"),
    "xr-chest": ("pneumonia", "pneumothorax", "heart failure", "effusion"),
    "xr-abdomen": ("obstruction", "perforation", "renal colic"),
}
ASKING = ("?{q}", "Rule out {q}", "Evaluate for {q}", "Query {q}", "To exclude {q}")


def indication(
    exam: str,
    history: Sequence[str],
    measurements: Sequence[Measurement],
    author: Author,
    dice: Random,
    age: int | None = None,
    sex: str = "",
    denied: Sequence[str] = (),
) -> str:
    """Sentences on who comes and why; a laboratory value with its unit as it was measured.

    history: complaints first; the first three and one of the others are written."""
    named = [*history[:3], *([pick(dice, history[3:])] if history[3:] else [])]
    items = list(dict.fromkeys(pick(dice, HISTORY.get(item, (item,))) for item in named))
    link = " with" if items else ","
    items = items or [pick(dice, REASONS[exam])]
    words = listed(items) if not author.telegraphic else ", ".join(items)
    who = _who(age, sex) if age is not None and dice.random() < author.detail * 0.6 else ""
    said = [f"{who}{link} {words}." if who else f"{words}."]
    absent = [pick(dice, DENIED[item]) for item in denied if item in DENIED]
    if absent and dice.random() < author.detail * 0.6:
        said.append(", ".join(dice.sample(absent, min(2, len(absent)))) + ".")
    telling = sorted((m for m in measurements if _telling(m)), key=_oddness, reverse=True)
    if telling and dice.random() < author.detail:
        said.append(", ".join(_measured(m) for m in telling[:3]) + ".")
    if dice.random() < 0.3:
        said.append(pick(dice, ASKING).format(q=pick(dice, QUESTIONS[exam])) + ".")
    return spell(" ".join(finish(s) for s in said), author.spelling)


def _who(age: int | None, sex: str) -> str:
    person = {"F": "woman", "M": "man"}.get(sex, "patient")
    return f"{age}-year-old {person}"


def _telling(m: Measurement) -> bool:
    """Whether a referrer would quote it: out of its range, or telling by being normal."""
    if m.name in STRIPS:
        return m.value >= 1 or m.name in TELLING
    return m.name not in UNSAID and (m.name in TELLING or _abnormal(m))


def _abnormal(m: Measurement) -> bool:
    return (m.low is not None and m.value < m.low) or (m.high is not None and m.value > m.high)


def _oddness(m: Measurement) -> float:
    """How far out of its range, in powers of e; a positive strip counts as much as threefold."""
    if m.name in STRIPS:
        return 1.1 if m.value >= 1 else 0.0
    above = math.log(m.value / m.high) if m.high and m.value > 0 else 0.0
    below = math.log(m.low / m.value) if m.low and m.value > 0 else 0.0
    return max(above, below, 0.0)


def _measured(m: Measurement) -> str:
    if m.name in STRIPS:
        return STRIPS[m.name][int(m.value >= 1)]
    decimals = 0 if abs(m.value) >= 20 and m.value == round(m.value) else 1
    decimals = 2 if abs(m.value) < 1 else decimals
    value = f"{m.comparator}{m.value:.{decimals}f}"
    unit = UNITS.get(m.unit, m.unit).replace("m[IU]", "mIU").replace("[IU]", "IU")
    unit = unit.replace("10*", "10^")
    return f"{NAMES.get(m.name, m.name)} {value}{'' if unit == '%' else ' '}{unit}".strip()
