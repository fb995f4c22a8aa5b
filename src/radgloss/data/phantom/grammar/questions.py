"""Questions with one true answer, and questions that the study cannot answer.

Presence is asked as often with the answer yes as with no in every study, so that a guess is worth
a half. A question about an organ that is not shown is answered "not assessed"; about a change
without a comparison likewise."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np

from radgloss.data.phantom.grammar.compare import comparable
from radgloss.data.phantom.grammar.pattern import finish, pick
from radgloss.data.phantom.grammar.phrases import PHRASES
from radgloss.data.phantom.grammar.phrases.row import is_several
from radgloss.data.phantom.grammar.report import deniable, dice_of, organs_of
from radgloss.data.phantom.grammar.told import Told
from radgloss.data.phantom.grammar.ways import MODALITIES
from radgloss.text.findings import FINDINGS, ORGANS, finding_type
from radgloss.types import Finding

__all__ = ["NOT_ASSESSED", "Question", "questions"]

QuestionKind = Literal[
    "presence", "side", "site", "size", "count", "organ shown", "modality", "technique", "change"
]
NOT_ASSESSED = "not assessed"
NAMES = {"CT": "CT", "MR": "MR", "US": "ultrasound", "XR": "radiography"}
SIZELESS = frozenset({"endotracheal tube"})
SITELESS = frozenset({"bowel", "pelvis", "pleura"})  # organs whose site the name already tells
MEASURED = {  # what is measured where the finding itself is no thing with a size
    "splenomegaly": "How long is the spleen?",
    "biliary dilatation": "How wide is the common bile duct?",
    "bowel obstruction": "How wide are the dilated loops of bowel?",
    "appendicitis": "How wide is the appendix?",
    "pneumothorax": "How deep is the pneumothorax at the apex?",
    "intrauterine pregnancy": "How large is the gestational sac?",
    "aortic aneurysm": "How wide is the aortic aneurysm?",
}


@dataclass(frozen=True)
class Question:
    """A question, its one answer, and what it is about (a finding, or an organ, or neither)."""

    text: str
    answer: str
    kind: QuestionKind
    what: str = ""
    organ: str = ""


def questions(rng: np.random.Generator, told: Told) -> tuple[Question, ...]:
    """Everything that may be asked of the study, each once, in a random order of presence.

    >>> told = Told("xr-chest", ("PA",), (Finding("pneumothorax", side="left"),),
    ...             deny=("pleural effusion",))
    >>> [q.answer for q in questions(np.random.default_rng(0), told) if q.kind == "presence"]
    ['yes', 'no', 'not assessed']
    """
    dice = dice_of(rng)
    asked = [*_presence(told, dice), *_details(told, dice), *_organs(told, dice)]
    return (*asked, *_pictures(told, dice))


def _name(what: str, article: bool = False) -> str:
    _, several = PHRASES[what].noun(PHRASES[what].nouns[0])
    name = several if PHRASES[what].many else what
    countable = several != "=" and not PHRASES[what].many
    return f"a {name}" if article and countable else name


def _is_there(what: str, dice: Random) -> str:
    name = _name(what, article=True)
    verb = "Are" if is_several(name) else "Is"
    return pick(dice, (f"{verb} there {name}?", f"Does the study show {name}?"))


def _ask(text: str, answer: str, kind: QuestionKind, what: str = "", organ: str = "") -> Question:
    return Question(finish(text), answer, kind, what, organ)


def _presence(told: Told, dice: Random) -> list[Question]:
    """As many yes as no, and one finding of an organ or examination that is not looked at."""
    there = list(dict.fromkeys(
        f.what for f in told.findings
        if f.status == "present" and (f.certainty is None or f.certainty >= 0.95)
    ))  # fmt: skip
    free = list(deniable(told))
    gone = {f.what for f in told.findings if f.status == "absent"}
    free = [what for what in free if what not in gone]
    dice.shuffle(there)
    dice.shuffle(free)
    pairs = min(len(there), len(free))
    asked = []
    for yes, no in zip(there[:pairs], free[:pairs], strict=True):
        asked.append(_ask(_is_there(yes, dice), "yes", "presence", yes))
        asked.append(_ask(_is_there(no, dice), "no", "presence", no))
    elsewhere = [f.what for f in FINDINGS
                 if f.organ not in organs_of(told) and f.what not in there]  # fmt: skip
    if elsewhere:
        what = pick(dice, elsewhere)
        asked.append(_ask(_is_there(what, dice), NOT_ASSESSED, "presence", what))
    return asked


def _details(told: Told, dice: Random) -> list[Question]:
    """Side, site, size, number and change of each finding that is the only one of its kind."""
    asked: list[Question] = []
    for finding in told.findings:
        alone = sum(f.what == finding.what for f in told.findings) == 1
        sure = finding.certainty is None or finding.certainty >= 0.95
        if alone and sure and finding.status == "present":
            asked += _about(finding, dice)
            asked += _change(told, finding)
    return asked


def _about(finding: Finding, dice: Random) -> list[Question]:
    what, name = finding.what, _name(finding.what)
    verb = "are" if is_several(name) else "is"
    asked = []
    if finding.side in ("right", "left", "bilateral"):
        asked.append(_ask(f"On which side {verb} the {name}?", finding.side, "side", what))
    if finding.site and finding_type(what).layer == "device":
        asked.append(_ask(f"Where does the tip of the {name} lie?", finding.site, "site", what))
    elif finding.site and finding_type(what).organ not in SITELESS:
        asked.append(_ask(f"Where {verb} the {name}?", finding.site, "site", what))
    if finding.size_mm and what not in SIZELESS:
        mm = " × ".join(f"{round(v)}" for v in finding.size_mm)
        opening = pick(dice, ("How large", "What size"))
        text = (
            f"{opening} is the largest of the {name}?"
            if verb == "are"
            else (f"{opening} is the {name}?")
        )
        asked.append(_ask(MEASURED.get(what, text), f"{mm} mm", "size", what))
    if finding.number:
        _, several = PHRASES[what].noun(PHRASES[what].nouns[0])
        if several != "=":
            asked.append(_ask(f"How many {several} are there?", finding.number, "count", what))
    return asked


def _change(told: Told, finding: Finding) -> list[Question]:
    name = _name(finding.what)
    verb = "have" if is_several(name) else "has"
    text = f"How {verb} the {name} changed since the prior study?"
    if not told.comparison:
        return [_ask(text, NOT_ASSESSED, "change", finding.what)]
    meant, manner = comparable(finding, told.comparison)
    if not meant.change or manner == "measured":
        return []
    return [_ask(text, meant.change, "change", finding.what)]


def _organs(told: Told, dice: Random) -> list[Question]:
    """One organ that is shown and one that is not."""
    seen = organs_of(told)
    hidden = [o for o in ORGANS if o not in seen and o != "devices"]
    shown = [o for o in seen if o != "devices" and o not in told.absent_organs]
    asked = []
    for options, answer in ((shown, "yes"), (hidden, "no")):
        if options:
            organ = pick(dice, options)
            verb = "Are" if organ in ("kidneys", "lungs", "bones", "bile ducts") else "Is"
            text = f"{verb} the {organ} included in this study?"
            asked.append(_ask(text, answer, "organ shown", "", organ))
    return asked


def _pictures(told: Told, dice: Random) -> list[Question]:
    """What kind of picture it is."""
    kind = MODALITIES[told.exam]
    asked = [_ask("With which modality was this study made?", NAMES[kind], "modality")]
    if len(told.technique) == 1:
        noun = {"CT": "phase of contrast", "MR": "sequence", "XR": "view"}.get(kind)
        if noun:
            asked.append(_ask(f"Which {noun} is this?", told.technique[0], "technique"))
    if kind == "CT" and told.technique:
        given = "no" if told.technique == ("unenhanced",) else "yes"
        asked.append(_ask("Was intravenous contrast given?", given, "technique"))
    return asked
