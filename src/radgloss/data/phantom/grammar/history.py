"""Why somebody was sent: history items, age and measurements as an indication.

An indication says what the referrer knew and asked; it is no fact of the study. A question
("?appendicitis") is drawn from those usual for the examination, without looking at the truth."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from radgloss.data.phantom.grammar.authors import Author
from radgloss.data.phantom.grammar.pattern import finish, pick
from radgloss.data.phantom.grammar.scenery import listed
from radgloss.data.phantom.grammar.spelling import spell
from radgloss.types import Measurement

__all__ = ["HISTORY", "QUESTIONS", "REASONS", "indication"]

HISTORY = {  # a model's item → how a referrer writes it; what is not here is written as it is
    "pain": ("pain", "abdominal pain"),
    "abdominal pain": ("abdominal pain", "abdominal discomfort"),
    "pelvic pain": ("pelvic pain", "lower abdominal pain"),
    "right upper quadrant pain": ("right upper quadrant pain", "pain in the right upper quadrant"),
    "left upper quadrant pain": ("left upper quadrant pain", "pain below the left ribs"),
    "right lower quadrant pain": ("right lower quadrant pain", "pain in the right iliac fossa"),
    "left lower quadrant pain": ("left lower quadrant pain", "pain in the left iliac fossa"),
    "colic of the flank": ("colicky flank pain", "renal colic"),
    "epigastric pain": ("epigastric pain",),
    "sudden pain": ("pain of sudden onset", "sudden severe pain"),
    "sudden chest pain": ("sudden chest pain", "chest pain of sudden onset"),
    "pleuritic pain": ("pleuritic chest pain", "pain on breathing"),
    "migration of the pain": ("migrating pain", "pain that has moved to the right"),
    "missed period": ("a missed period", "amenorrhoea"),
    "vaginal bleeding": ("vaginal bleeding", "bleeding"),
    "risk factor for ectopic pregnancy": ("risk factors for ectopic pregnancy",),
    "vomiting": ("vomiting", "repeated vomiting"),
    "loss of appetite": ("anorexia", "loss of appetite"),
    "fever": ("fever", "pyrexia"),
    "syncope": ("syncope", "collapse"),
    "low blood pressure": ("hypotension", "low blood pressure"),
    "weight loss": ("weight loss", "unintentional weight loss"),
    "painless jaundice": ("painless jaundice", "jaundice"),
    "dyspnoea": ("dyspnoea", "shortness of breath"),
    "cough": ("cough", "productive cough"),
    "haemoptysis": ("haemoptysis",),
    "visible blood in the urine": ("visible haematuria", "haematuria"),
    "no gas or stool": ("absence of flatus", "obstipation"),
    "smoking": ("a history of smoking", "tobacco use"),
    "cirrhosis": ("known cirrhosis",),
    "hepatitis B": ("chronic hepatitis B",),
    "malignancy": ("known malignancy", "a history of cancer"),
    "diabetes": ("diabetes", "type 2 diabetes"),
    "heart failure": ("known heart failure",),
    "surgery": ("previous abdominal surgery",),
    "recent operation": ("a recent operation", "recent surgery"),
    "trauma of the chest": ("chest trauma", "a fall on the chest"),
    "trauma of the left flank": ("trauma to the left flank",),
    "trauma": ("recent trauma", "a recent fall"),
    "use of anti-inflammatory drugs": ("regular use of anti-inflammatory drugs", "NSAID use"),
    "pregnancy": ("a positive pregnancy test",),
}
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
) -> str:
    """Sentences on who comes and why; a laboratory value with its unit as it was measured."""
    items = [pick(dice, HISTORY.get(item, (item,))) for item in history[:4]]
    link = " with" if items else ","
    items = items or [pick(dice, REASONS[exam])]
    words = listed(items) if not author.telegraphic else ", ".join(items)
    who = _who(age, sex) if age is not None and dice.random() < author.detail * 0.6 else ""
    said = [f"{who}{link} {words}." if who else f"{words}."]
    abnormal = [m for m in measurements if _abnormal(m)]
    if abnormal and dice.random() < author.detail:
        said.append(", ".join(_measured(m) for m in abnormal[:3]) + ".")
    if dice.random() < 0.3:
        said.append(pick(dice, ASKING).format(q=pick(dice, QUESTIONS[exam])) + ".")
    return spell(" ".join(finish(s) for s in said), author.spelling)


def _who(age: int | None, sex: str) -> str:
    person = {"F": "woman", "M": "man"}.get(sex, "patient")
    return f"{age}-year-old {person}"


def _abnormal(m: Measurement) -> bool:
    return (m.low is not None and m.value < m.low) or (m.high is not None and m.value > m.high)


def _measured(m: Measurement) -> str:
    value = f"{m.value:.0f}" if abs(m.value) >= 20 else f"{m.value:.1f}"
    unit = m.unit.replace("m[IU]", "mIU").replace("[IU]", "IU").replace("10*", "10^")
    return f"{m.name} {value} {unit}".strip()
