"""Captions of one picture, and what is true of a single frame, sentence by sentence.

A caption is factorised: how the picture was taken × which organ × what is in it, so that a pairing
never trained on ("T1-weighted MR image of the pancreas") still has its words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

import numpy as np

from radgloss.data.phantom.grammar.authors import AUTHORS, Author, authors_of
from radgloss.data.phantom.grammar.pattern import finish, pick
from radgloss.data.phantom.grammar.report import VAGUE, dice_of
from radgloss.data.phantom.grammar.scenery import NOTHING, SEQUENCES, listed
from radgloss.data.phantom.grammar.sentences import Desk, Item, deny, noun_phrase, plain, state
from radgloss.data.phantom.grammar.told import Stated, Wording
from radgloss.data.phantom.grammar.ways import MODALITIES, shown_features
from radgloss.text.findings import finding_type
from radgloss.types import Finding

__all__ = ["LEVELS", "captions", "frame_sentences", "level_of", "names_organ", "picture_of"]

PLANES = ("axial", "coronal", "sagittal")
CT = {
    "unenhanced": ("{plane} unenhanced CT", "{plane} non-contrast CT"),
    "arterial": ("{plane} arterial phase CT", "{plane} contrast-enhanced CT, arterial phase,"),
    "portal venous": ("{plane} portal venous CT", "{plane} portal venous phase CT"),
    "delayed": ("{plane} delayed phase CT",),
    "excretory": ("{plane} excretory phase CT",),
    "": ("{plane} CT",),
}
FILMS = {
    ("xr-chest", "PA"): ("PA chest radiograph", "Frontal chest X-ray, PA view,"),
    ("xr-chest", "AP"): ("Portable AP chest radiograph", "AP supine chest X-ray"),
    ("xr-chest", "lateral"): ("Lateral chest radiograph", "Lateral chest X-ray"),
    ("xr-chest", ""): ("Chest radiograph", "Chest X-ray"),
    ("xr-abdomen", "AP"): ("AP radiograph of the abdomen", "Supine abdominal radiograph"),
    ("xr-abdomen", ""): ("Abdominal radiograph",),
}
REGIONS = {"ct-abdomen": "abdomen", "mr-abdomen": "abdomen", "us-abdomen": "abdomen",
           "us-pelvis": "pelvis"}  # fmt: skip
LEVELS = {
    "dome": ("at the level of the hepatic dome", "through the upper abdomen"),
    "upper": ("at the level of the liver and spleen", "through the upper abdomen"),
    "kidneys": ("at the level of the kidneys", "through the mid abdomen"),
    "pelvis": ("at the level of the pelvis", "through the pelvis"),
}
LANDMARKS = (  # the first whose organs the frame shows is its level
    ("kidneys", ("right kidney", "left kidney", "kidneys")),
    ("upper", ("spleen",)),
    ("dome", ("liver",)),
    ("pelvis", ("bladder", "urinary bladder", "uterus", "prostate", "right ovary", "left ovary",
                "pelvis")),
)  # fmt: skip
STEMS = {  # how the words for an organ and its findings begin
    "liver": r"liver|hepat|segment", "gallbladder": r"gall|cholecyst", "bile ducts": r"bil",
    "spleen": r"splen|spleen", "pancreas": r"pancrea", "kidneys": r"kidney|renal|nephr|hydroneph",
    "aorta": r"aort|aneurysm", "heart": r"heart|cardi",
}  # fmt: skip
SEVERAL = ("kidneys", "lungs", "bile ducts", "bones", "devices", "pleura")


def picture_of(exam: str, how: str, dice: Random, plane: str = "axial") -> str:
    """What the picture is, without what it shows. how: one phase, sequence or view, or "".

    >>> picture_of("mr-abdomen", "T2", Random(3))
    'Axial T2-weighted MRI'
    """
    kind = MODALITIES[exam]
    if kind == "XR":
        return pick(dice, FILMS[exam, how])
    if kind == "US":
        return pick(dice, ("Ultrasound image", "Greyscale ultrasound", "Sonogram"))
    turned = plane if dice.random() < 0.5 else ""
    if kind == "CT":
        return finish(pick(dice, CT[how]).format(plane=plane))
    if how == "ADC":
        return finish(f"{turned} ADC map")
    word = "opposed-phase T1-weighted" if how == "T1 opposed" else SEQUENCES.get(how, how)
    return finish(f"{turned} {word} {pick(dice, ('MR image', 'MRI'))}")


def captions(
    rng: np.random.Generator,
    exam: str,
    how: str = "",
    organ: str = "",
    findings: Sequence[Finding] = (),
    level: str = "",
    plane: str = "axial",
    count: int = 1,
) -> tuple[Stated, ...]:
    """Figure-like captions of one picture, each with the facts that it states.

    organ: what the picture is centred on, if anything. level: a key of LEVELS.

    >>> stone = Finding("kidney stone", side="left", site="lower pole", size_mm=(12.0,))
    >>> captions(np.random.default_rng(4), "ct-abdomen", "portal venous", "", [stone],
    ...          "kidneys")[0].text
    'Axial portal venous CT at the level of the kidneys showing a 12 mm left renal calculus.'
    """
    dice = dice_of(rng)
    desk = Desk(AUTHORS[1], exam, dice, technique=(how,) if how else ())
    return tuple(_caption(desk, how, organ, findings, level, plane) for _ in range(count))


def _caption(
    desk: Desk, how: str, organ: str, findings: Sequence[Finding], level: str, plane: str
) -> Stated:
    dice = desk.dice
    head = picture_of(desk.exam, how, dice, plane)
    film = MODALITIES[desk.exam] == "XR"
    if organ:
        head = f"{head.removesuffix(',')}, the {organ}" if film else f"{head} of the {organ}"
    elif level:
        head += f" {pick(dice, LEVELS[level])}"
    elif not film:
        head += f" of the {REGIONS[desk.exam]}"
    facts, words = [], []
    for finding in findings:
        text, fact = noun_phrase(desk, Item(0, finding))
        words.append(text)
        facts.append(fact)
    if words:
        verb = pick(dice, ("showing", "demonstrating", "with"))
        head = f"{head.removesuffix(',')} {verb} {listed(words)}"
    text = finish(f"{head.removesuffix(',')}.")
    return Stated("caption", text, organ, tuple(facts), "frame", tuple(range(len(findings))))


def level_of(organs: Sequence[str]) -> str:
    """The level of an axial frame, a key of LEVELS, from what it shows; "" where nothing tells.

    >>> level_of(["liver", "spleen"]), level_of(["bowel"])
    ('upper', '')
    """
    return next((level for level, marks in LANDMARKS if set(marks) & set(organs)), "")


def names_organ(text: str, organ: str) -> bool:
    """Whether words speak of an organ, or of a finding that is named after it.

    >>> names_organ("Mild splenomegaly.", "spleen"), names_organ("The liver is seen.", "spleen")
    (True, False)
    """
    return bool(re.search(rf"\b(?:{STEMS.get(organ, re.escape(organ))})", text.lower()))


def frame_sentences(
    rng: np.random.Generator,
    exam: str,
    how: str,
    organs: Sequence[str],
    shown: Sequence[Finding],
    negatives: Sequence[str] = (),
    features: Sequence[tuple[str, ...]] = (),
    author: Author | None = None,
    wording: Wording = "all",
    *,
    level: str | None = None,
    troubled: Sequence[str] = (),
    unnamed: Sequence[str] = (),
) -> tuple[Stated, ...]:
    """What is true of one frame: the picture, its organs, its findings, and its denials.

    organs: what the frame shows ("liver", "right kidney"). shown: findings whose voxels are here.
    negatives: findings whose organ is here and that are not. level: a key of LEVELS, "" for none;
    guessed from the organs where it is left out. troubled: organs in which something is wrong that
    this frame does not show. unnamed: organs that no sentence may name.

    >>> [s.text for s in frame_sentences(np.random.default_rng(1), "ct-abdomen", "unenhanced",
    ...  ["liver", "spleen"], [], ["splenomegaly"], author=AUTHORS[1])][1]
    'The liver and the spleen are seen.'
    """
    dice = dice_of(rng)
    writers = authors_of(wording)
    author = author or pick(dice, writers)
    desk = Desk(author, exam, dice, wording, technique=(how,) if how else ())
    level = level_of(organs) if level is None else level
    said = [Stated("caption", _opening(desk, how, level, unnamed), kind="frame")]
    if MODALITIES[exam] != "XR" and organs:
        said.append(Stated("caption", _seen(organs), kind="frame"))
    for index, finding in enumerate(shown):
        looks = features[index] if index < len(features) else ()
        looks = shown_features(finding.what, looks, exam, desk.technique)
        said += state(desk, "caption", Item(index, finding, looks))
    there = {finding.what for finding in shown}
    ill = {*troubled, *(finding_type(finding.what).organ for finding in shown)}
    for what in negatives:
        if what not in there and not there.intersection(VAGUE.get(what, ())):
            said.append(deny(desk, "caption", what, clear=finding_type(what).organ not in ill))
    if not ill and MODALITIES[exam] == "XR":
        text, held = plain(desk, NOTHING["XR"])
        said.append(Stated("caption", text, "", (), "normal", normal="study", held_out=held))
    return tuple(s for s in said if not any(names_organ(s.text, organ) for organ in unnamed))


def _seen(organs: Sequence[str]) -> str:
    """The sentence that lists what a frame shows."""
    verb = "are" if len(organs) > 1 or organs[0] in SEVERAL else "is"
    return finish(f"{listed([f'the {organ}' for organ in organs])} {verb} seen.")


def _opening(desk: Desk, how: str, level: str, unnamed: Sequence[str]) -> str:
    """The picture and its level, in words that leave the unnamed organs alone."""
    head = picture_of(desk.exam, how, desk.dice).removesuffix(",")
    if MODALITIES[desk.exam] in ("XR", "US"):
        return f"{head}."
    free = [
        words
        for words in LEVELS.get(level, ())
        if not any(names_organ(words, organ) for organ in unnamed)
    ]
    return f"{head} {pick(desk.dice, free) if free else f'of the {REGIONS[desk.exam]}'}."
