"""A whole report in one author's manner, and what each of its sentences states.

Findings follow the organs of the examination; the impression follows the ACR's categories of
actionable findings, most urgent first. Nothing is written that was not told: a denial only of what
may be denied, a change only with a comparison, a normal organ only where it was shown, is there,
and every finding that it could have may be denied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np

from radgloss.data.phantom.grammar.authors import Author, authors_of, band_of
from radgloss.data.phantom.grammar.history import indication
from radgloss.data.phantom.grammar.pattern import fitting, pick
from radgloss.data.phantom.grammar.scenery import (
    ABSENT,
    AGAINST,
    DISTRACTORS,
    INCIDENTAL,
    NORMAL,
    NOTHING,
    ORGANS_OF_ABSENT,
    OTHERS,
    technique,
)
from radgloss.data.phantom.grammar.sentences import (
    Desk,
    Item,
    conclude,
    deny,
    deny_list,
    plain,
    polish,
    state,
)
from radgloss.data.phantom.grammar.spelling import spell
from radgloss.data.phantom.grammar.told import Stated, Told, Wording, Written
from radgloss.data.phantom.grammar.ways import MODALITIES, shown_features
from radgloss.text.findings import EXAMS, OF_WOMEN, exam_findings, finding_type
from radgloss.types import Finding, Report, Side

__all__ = ["deniable", "dice_of", "organs_of", "write"]

VAGUE = {  # a denial that would contradict something more particular that is there
    "liver cyst": ("liver hydatid cyst",),
    "splenic cyst": ("splenic hydatid cyst",),
    "liver lesion": ("liver cyst", "liver hydatid cyst", "liver haemangioma", "liver abscess",
                     "hepatocellular carcinoma", "focal nodular hyperplasia", "liver metastases"),
    "lung opacity": ("consolidation", "pneumonia", "atelectasis", "lung nodule", "lung mass",
                     "lung granuloma", "pulmonary oedema"),
    "lung nodule": ("lung mass", "lung granuloma"),
    "pneumonia": ("consolidation",),
    "consolidation": ("pneumonia",),
}  # fmt: skip
RARELY = frozenset({  # what nobody troubles to deny, unless asked
    "liver hydatid cyst", "liver haemangioma", "hepatocellular carcinoma", "splenic granuloma",
    "focal nodular hyperplasia", "liver abscess", "splenic cyst", "splenic hydatid cyst",
    "splenic infarct", "pyelonephritis", "lung granuloma", "hyperinflation", "enlarged ovary",
    "liver cyst", "cirrhosis", "kidney cyst",
})  # fmt: skip
OTHER: dict[str, Side] = {"right": "left", "left": "right"}
HEADINGS = {"devices": "Tubes and lines", "bile ducts": "Bile ducts", "pelvis": "Pelvis"}
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip


def dice_of(rng: np.random.Generator) -> Random:
    """Quick dice from a generator: one draw of it decides everything that follows."""
    return Random(int(rng.integers(1 << 62)))


def write(
    rng: np.random.Generator,
    told: Told,
    author: Author | None = None,
    *,
    noise: bool = False,
    wording: Wording = "all",
) -> Written:
    """The report of a study by one author (any of them where none is named).

    noise: sides are written wrongly at the author's own rate. wording: "open" leaves held-out
    patterns and authors away, "held out" uses those where there are any; ValueError for another.

    >>> told = Told("xr-chest", ("PA",), (Finding("lung nodule", side="right", site="upper lobe",
    ...             size_mm=(12.0,)),), deny=("pneumothorax", "pleural effusion"))
    >>> written = write(np.random.default_rng(1), told, authors_of("all")[1])
    >>> "right upper lobe" in written.report.impression
    True
    """
    dice = dice_of(rng)
    writers = authors_of(wording)
    author = author or pick(dice, writers)
    desk = Desk(author, told.exam, dice, wording, told.comparison, told.technique)
    items, omitted, wrong = _items(desk, told, noise)
    sentences: list[Stated] = []
    findings = _findings(desk, told, items, sentences)
    impression = _impression(desk, told, items, sentences)
    report = Report(
        indication=indication(
            told.exam,
            told.history,
            told.measurements,
            author,
            dice,
            told.age,
            told.sex,
            told.denied,
        ),
        comparison=_comparison(desk, told.comparison),
        technique=spell(technique(told.exam, told.technique, dice), author.spelling),
        findings=findings,
        impression=impression,
    )
    return Written(report, tuple(sentences), author.name, omitted, wrong)


def _items(
    desk: Desk, told: Told, noise: bool
) -> tuple[list[Item], tuple[int, ...], tuple[int, ...]]:
    """The findings that this author will mention, those left out, and those with a wrong side."""
    author, dice = desk.author, desk.dice
    items, omitted, wrong = [], [], []
    for index, finding in enumerate(told.findings):
        if dice.random() < author.omits:
            omitted.append(index)
            continue
        if noise and finding.side in OTHER and dice.random() < author.side_errors:
            finding = replace(finding, side=OTHER[finding.side])
            wrong.append(index)
        looks = shown_features(finding.what, told.features_of(index), told.exam, told.technique)
        items.append(Item(index, finding, looks, _band(desk, finding)))
    return items, tuple(omitted), tuple(wrong)


def _band(desk: Desk, finding: Finding) -> float | None:
    """The hedge of a finding; None where it is stated plainly."""
    layer = finding_type(finding.what).layer
    sure = finding.certainty is None or finding.certainty >= 0.95
    if layer == "device" or finding.status == "absent":
        return None
    if sure:
        if finding.change and desk.comparison:  # what was there before is not doubted
            return None
        return 0.85 if desk.dice.random() < desk.author.over_hedges else None
    assert finding.certainty is not None
    return band_of(finding.certainty, desk.author.shift)


# ------------------------------------------------------------------ findings


def organs_of(told: Told) -> tuple[str, ...]:
    """The organs that the study shows, in the order of its report; on CT the pleura too.

    >>> organs_of(Told("us-pelvis"))
    ('pelvis', 'peritoneum')
    """
    if told.shown:
        return told.shown
    also = (row.organ for row in exam_findings(told.exam))
    return tuple(dict.fromkeys((*EXAMS[told.exam].organs, *also)))


def deniable(told: Told) -> tuple[str, ...]:
    """What may be denied in words: told so, organ shown and there, nothing particular against it.

    >>> deniable(Told("ct-abdomen", findings=(Finding("liver haemangioma"),),
    ...               deny=("liver lesion", "gallstones", "splenomegaly"),
    ...               absent_organs=("gallbladder",)))
    ('splenomegaly',)
    """
    there = {f.what for f in (*told.findings, *told.diagnoses)}
    gone = {ORGANS_OF_ABSENT[o] for o in told.absent_organs if o in ("gallbladder", "spleen")}
    organs = organs_of(told)
    return tuple(
        what
        for what in told.deny
        if what not in there
        and not there.intersection(VAGUE.get(what, ()))
        and finding_type(what).organ in organs
        and finding_type(what).organ not in gone
        and not (what == "intrauterine pregnancy" and "uterus" in told.absent_organs)
        and not (what in OF_WOMEN and told.sex == "M")
    )


def _findings(desk: Desk, told: Told, items: list[Item], out: list[Stated]) -> str:
    """The findings section; its sentences are added to `out` in their order."""
    author, dice = desk.author, desk.dice
    free = deniable(told)
    lines: list[tuple[str, list[Stated]]] = []
    spare = _distractors(desk, told)
    if spare and dice.random() < 0.5:
        lines.append(("", [spare.pop(0)]))
    extra = [finding_type(i.finding.what).organ for i in items]
    for organ in dict.fromkeys((*organs_of(told), *extra)):
        said = _organ(desk, told, organ, items, [w for w in free if finding_type(w).organ == organ])
        if said:
            lines.append((organ, said))
    lines.append(("", [*_scenery(desk, told), *spare]))
    out += [sentence for _, said in lines for sentence in said]
    texts = [(organ, " ".join(s.text for s in said)) for organ, said in lines if said]
    if author.layout == "prose":
        return " ".join(text for _, text in texts)
    if author.layout == "lines":
        return "\n".join(text for _, text in texts)
    heads = {o: HEADINGS.get(o, o.capitalize()) for o, _ in texts if o}
    if author.layout == "template":
        heads = {o: head.upper() for o, head in heads.items()}
    other = "OTHER" if author.layout == "template" else "Other"
    last = len(texts) - 1
    return "\n".join(
        f"{heads[o]}: {text}" if o else (f"{other}: {text}" if i == last else text)
        for i, (o, text) in enumerate(texts)
    )


def _organ(desk: Desk, told: Told, organ: str, items: list[Item], free: list[str]) -> list[Stated]:
    """Everything that is said of one organ."""
    author, dice = desk.author, desk.dice
    said: list[Stated] = []
    for name in told.absent_organs:
        if ORGANS_OF_ABSENT[name] == organ:
            text, held = plain(desk, ABSENT[name])
            said.append(Stated("findings", text, organ, (), "absent organ", held_out=held))
    mine = [item for item in items if finding_type(item.finding.what).organ == organ]
    for item in mine:
        said += state(desk, "findings", item)
    trouble = any(finding_type(f.what).organ == organ for f in told.findings)
    rate = author.denies
    healthy = not said and not trouble and _callable(desk, organ) and _all_free(told, organ, free)
    if healthy and dice.random() < author.normals:
        text, held = plain(desk, NORMAL[organ])
        said.append(Stated("findings", text, organ, (), "normal", normal=organ, held_out=held))
        rate *= 0.5
    named = [w for w in free if w not in told.unnamed]
    wanted = [w for w in named if dice.random() < rate * (0.15 if w in RARELY else 1.0)]
    said += _denials(desk, told, wanted, clear=not trouble)
    for what, side in told.deny_sides:
        beside = finding_type(what).organ == organ and _one_sided(items, what, side)
        if beside and dice.random() < author.denies * 0.6:
            said.append(deny(desk, "findings", what, side))
    return said


def _callable(desk: Desk, organ: str) -> bool:
    """Whether an organ may be called normal as a whole; on a film most are not even seen."""
    film = MODALITIES[desk.exam] == "XR"
    return organ in NORMAL and not (film and organ in ("gallbladder", "kidneys", "peritoneum"))


def _one_sided(items: list[Item], what: str, side: Side) -> bool:
    """Whether a denial of that side stands beside a statement of the other one only."""
    sides = {item.finding.side for item in items if item.finding.what == what}
    return bool(sides) and sides == {OTHER.get(side, "")}


def _all_free(told: Told, organ: str, free: Sequence[str]) -> bool:
    """Whether every finding that the organ could have here may be denied."""
    if any(ORGANS_OF_ABSENT[name] == organ for name in told.absent_organs):
        return False
    possible = {f.what for f in exam_findings(told.exam) if f.organ == organ}
    return bool(possible) and possible <= set(free)


def _denials(desk: Desk, told: Told, whats: list[str], clear: bool) -> list[Stated]:
    """Denials of one organ: singly, or several in one sentence."""
    half = next((o for o in told.absent_organs if o.endswith(" kidney")), "")
    if half and whats and finding_type(whats[0]).organ == "kidneys":
        left: Side = "left" if half.startswith("right") else "right"
        return [deny(desk, "findings", what, left) for what in whats]
    together = [what for what in whats if desk.dice.random() < desk.author.lists][:4]
    if len(together) < 2:
        together = []
    said = [deny(desk, "findings", w, clear=clear) for w in whats if w not in together]
    return [deny_list(desk, "findings", together), *said] if together else said


def _scenery(desk: Desk, told: Told) -> list[Stated]:
    """Healthy organs that the phantom has no finding for, and incidental things."""
    said = []
    for sentence in _true(desk, told, OTHERS[told.exam]):
        if desk.dice.random() < desk.author.normals * 0.6:
            text = polish(spell(sentence, desk.author.spelling), desk.author)
            said.append(Stated("findings", text, "", (), "distractor"))
    for name in told.incidentals:
        if desk.dice.random() < desk.author.detail:
            known = INCIDENTAL.get(name, (f"{name}.",))
            text = polish(spell(pick(desk.dice, known), desk.author.spelling), desk.author)
            said.append(Stated("findings", text, "", (), "distractor"))
    return said


def _true(desk: Desk, told: Told, sentences: Sequence[str]) -> list[str]:
    """Those that this way of looking can tell and that nothing of the study contradicts."""
    there = {*told.incidentals, *(f.what for f in told.findings)}
    return [s for s in fitting(sentences, desk.ways) if there.isdisjoint(AGAINST.get(s, ()))]


def _distractors(desk: Desk, told: Told) -> list[Stated]:
    """Sentences that hold no fact, as many as the author is given to."""
    count = int(desk.author.spare * 2 * desk.dice.random() + 0.5)
    options = _true(desk, told, DISTRACTORS[MODALITIES[desk.exam]])
    chosen = desk.dice.sample(options, min(count, len(options)))
    return [
        Stated("findings", polish(spell(s, desk.author.spelling), desk.author), "", (),
               "distractor")
        for s in chosen
    ]  # fmt: skip


# ------------------------------------------------------------------ impression


def _impression(desk: Desk, told: Told, items: list[Item], out: list[Stated]) -> str:
    """The conclusions, most urgent first; a study with nothing to say is called normal."""
    author, dice = desk.author, desk.dice
    order = sorted(items, key=lambda i: (finding_type(i.finding.what).category or 9, i.index))
    main = [item for item in order if _worth_concluding(item)]
    lesser = [item for item in order if item not in main]
    chosen = main + [item for item in lesser if not main or dice.random() < 0.5]
    said: list[Stated] = []
    for item in chosen:
        said += state(desk, "impression", item)
    named = {item.finding.what for item in items}
    said += [conclude(desk, d) for d in told.diagnoses if d.what not in named]
    if not said:
        text, held = plain(desk, NOTHING[MODALITIES[desk.exam]])
        said = [Stated("impression", text, "", (), "normal", normal="study", held_out=held)]
    out += said
    if author.numbered and len(said) > 1:
        return "\n".join(f"{i}. {s.text}" for i, s in enumerate(said, 1))
    return " ".join(s.text for s in said)


def _worth_concluding(item: Item) -> bool:
    row = finding_type(item.finding.what)
    return bool(row.category) or bool(item.finding.change) or "malpositioned" in item.features


def _comparison(desk: Desk, comparison: str) -> str:
    """The comparison section; "" or "None" where there is none."""
    if not comparison:
        return pick(desk.dice, ("None.", "None available.", ""))
    iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", comparison)
    if iso and desk.author.dates != "iso":
        year, month, day = iso.groups()
        if desk.author.dates == "words":
            comparison = f"{int(day)} {MONTHS[int(month) - 1]} {year}"
        elif desk.author.spelling == "american":
            comparison = f"{month}/{day}/{year}"
        else:
            comparison = f"{day}/{month}/{year}"
    return f"{comparison[:1].upper()}{comparison[1:]}."
