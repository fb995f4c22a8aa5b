"""One sentence about one finding: stated, denied, hedged, or compared, with exactly its facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from random import Random

from radgloss.data.phantom.grammar.authors import OBSERVED, Author, band_of
from radgloss.data.phantom.grammar.compare import CHANGES, PRESIZED, comparable, named
from radgloss.data.phantom.grammar.pattern import (
    Pattern,
    compiled,
    finish,
    fits,
    fitting,
    pick,
    render,
)
from radgloss.data.phantom.grammar.phrases import DENY_SIDE, PHRASES
from radgloss.data.phantom.grammar.phrases.row import is_several
from radgloss.data.phantom.grammar.scenery import listed
from radgloss.data.phantom.grammar.slots import STATES, is_plural, said_fact, values_of
from radgloss.data.phantom.grammar.spelling import Spelling, abbreviate, spell, telegraph
from radgloss.data.phantom.grammar.told import Section, Stated, Wording
from radgloss.data.phantom.grammar.ways import ways_of
from radgloss.text.findings import finding_type
from radgloss.types import Finding, Side

__all__ = [
    "Desk",
    "Item",
    "conclude",
    "deny",
    "deny_list",
    "noun_phrase",
    "plain",
    "polish",
    "state",
]

SIGNS = (  # what is seen, before the diagnosis that is inferred from it
    "{a} {size} {x} in {place}",
    "There {is} {a} {size} {x} in {place}",
    "{a} {x}[ in {place}][ measuring {size}]",
    "{a} {x}[ in {place}][, up to {largest}]",
    "~{a} {x} of {size} in {place}",
)
COUNTABLE = ("pregnancy", "cyst", "abscess", "teratoma", "endometrioma", "mass", "carcinoma",
             "perforation", "infarct", "effusion", "aneurysm", "stone", "fracture", "tumour",
             "obstructed kidney")  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """Who writes, about which examination, with which patterns and dice."""

    author: Author
    exam: str
    dice: Random
    wording: Wording = "all"
    comparison: str = ""
    technique: tuple[str, ...] = ()

    @property
    def ways(self) -> frozenset[str]:
        """The ways in which the study was looked at."""
        return ways_of(self.exam, self.technique)


@dataclass(frozen=True)
class Item:
    """One told finding on the desk: its place in `Told.findings`, and the band of its hedge.

    band: None where it is stated plainly."""

    index: int
    finding: Finding
    features: tuple[str, ...] = ()
    band: float | None = None


@cache
def _choices(
    sources: tuple[str, ...],
    ways: frozenset[str],
    slots: frozenset[str],
    wording: Wording,
    clear: bool,
    spelling: Spelling,
) -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
    """The patterns that fit, and those of them that can say the most."""
    found = [compiled(source, spelling) for source in sources]
    found = [p for p in found if fits(p, ways, slots) and (clear or not p.broad)]
    if wording == "open":
        found = [p for p in found if not p.held_out]
    elif wording == "held out":
        found = [p for p in found if p.held_out] or found
    if "side" in slots:
        found = [p for p in found if p.sided] or found
    assert found, (sources, sorted(ways), sorted(slots))
    most = max(_covers(p, slots) for p in found)
    return tuple(found), tuple(p for p in found if _covers(p, slots) == most)


def _covers(pattern: Pattern, slots: frozenset[str]) -> int:
    reach = {slot for _, slot, _ in pattern.parts if slot}
    for _, _, group in pattern.parts:
        if group is not None and group.needs <= slots:
            reach |= group.needs
    return len({name for slot in reach & slots for name in STATES.get(slot, ())})


def choose(
    desk: Desk,
    sources: tuple[str, ...],
    slots: frozenset[str],
    clear: bool = True,
    early: bool = False,
) -> Pattern:
    """A pattern that fits; an author of detail prefers those that say the most.

    early: the first of the list are the usual ones."""
    every, best = _choices(sources, desk.ways, slots, desk.wording, clear, desk.author.spelling)
    if early:
        return every[int(desk.dice.random() ** 2.5 * len(every))]
    return pick(desk.dice, best if desk.dice.random() < desk.author.detail else every)


@lru_cache(maxsize=100_000)
def _polished(text: str, telegraphic: bool, abbreviates: bool) -> str:
    text = finish(text)
    if telegraphic:
        text = telegraph(text)
    return finish(abbreviate(text)) if abbreviates else text


def polish(text: str, author: Author) -> str:
    """The sentence as this author would leave it."""
    return _polished(text, author.telegraphic, author.abbreviates)


def plain(desk: Desk, sources: Sequence[str]) -> tuple[str, bool]:
    """A sentence without slots, and whether its words are held out."""
    pattern = choose(desk, tuple(sources), frozenset())
    text, _ = render(pattern, {}, desk.dice, 1.0)
    return polish(text, desk.author), pattern.held_out


def state(desk: Desk, section: Section, item: Item) -> list[Stated]:
    """The sentences that state a finding: with its change, hedged, or plainly."""
    finding, manner = comparable(item.finding, desk.comparison)
    if item.band is not None:  # a doubt comes before a change of what is doubted
        return [_hedged(desk, section, item, finding, item.band)]
    if manner:
        return [_changed(desk, section, item, finding, manner)]
    return _stated(desk, section, item, finding)


def _adjectives(desk: Desk, item: Item) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Features that become adjectives of the noun, as (features, words)."""
    table = PHRASES[item.finding.what].adjectives
    if not table:
        return (), ()
    told = tuple(f for f in item.features if f in table)
    if not told or desk.dice.random() > desk.author.detail:
        return (), ()
    return told, tuple(table[f] for f in told)


def _stated(desk: Desk, section: Section, item: Item, finding: Finding) -> list[Stated]:
    phrases, author, dice = PHRASES[finding.what], desk.author, desk.dice
    shown, adjectives = _adjectives(desk, item)
    values = values_of(finding, phrases, author, dice, adjectives)
    pattern = choose(desk, phrases.says, frozenset(values))
    text, used = render(pattern, values, dice, author.detail)
    fact = said_fact(finding, used, values)
    if "x" not in used and "adj" not in used:
        shown = ()
    text, looks = _with_looks(desk, item, text)
    organ = finding_type(finding.what).organ
    said = [
        Stated(section, polish(text, author), organ, (fact,), "statement", (item.index,),
               (*shown, *looks), held_out=pattern.held_out)
    ]  # fmt: skip
    for feature, sentences in phrases.notes.items():
        if feature in item.features:
            note = polish(pick(dice, sentences).format(**values), author)
            said.append(Stated(section, note, organ, (), "statement", (item.index,), (feature,)))
    return said


def _with_looks(desk: Desk, item: Item, text: str) -> tuple[str, tuple[str, ...]]:
    """The sentence with words of its look behind it, and which were said."""
    table = PHRASES[item.finding.what].looks
    if not table or not item.features or desk.dice.random() > desk.author.detail + 0.1:
        return text, ()
    said = {f: fitting(table[f], desk.ways) for f in item.features if f in table}
    told = tuple(f for f, words in said.items() if words)
    if not told:
        return text, ()
    words = [spell(pick(desk.dice, said[f]), desk.author.spelling) for f in told]
    if " with" in text or ":" in text or desk.dice.random() < 0.2:
        bare = [w.removeprefix("a ").removeprefix("an ") for w in words]
        return f"{text} Associated {listed(bare)}.", told
    return f"{text[:-1]}, with {listed(words)}.", told


def _name(desk: Desk, item: Item, finding: Finding) -> tuple[str, list[str], dict[str, str]]:
    """The finding as a noun with its side and site ("right upper lobe nodule")."""
    phrases = PHRASES[finding.what]
    values = values_of(finding, phrases, desk.author, desk.dice, _adjectives(desk, item)[1])
    options = named(finding, finding_type(finding.what).organ)
    slots = frozenset(values)
    pattern = next(p for p in map(compiled, options) if p.needs <= slots)
    if len(options) > 2 and desk.dice.random() < 0.5:
        pattern = next(p for p in map(compiled, options[1:]) if p.needs <= slots)
    text, used = render(pattern, values, desk.dice, 1.0)
    return text, used, values


def noun_phrase(desk: Desk, item: Item) -> tuple[str, Finding]:
    """The finding with its article, size, side and site, and the fact that this states."""
    finding = item.finding
    name, used, values = _name(desk, item, finding)
    if finding.what in PRESIZED and "size" in values:
        name, used = f"{values['size']} {name}", [*used, "size"]
    elif "sev" in values:
        name, used = f"{values['sev']} {name}", [*used, "sev"]
    if values["a"]:
        name, used = f"{values['a']} {name}", [*used, "a"]
    return name, said_fact(finding, used, values)


def _changed(desk: Desk, section: Section, item: Item, finding: Finding, manner: str) -> Stated:
    """A sentence on what happened since the comparison."""
    name, named_by, values = _name(desk, item, finding)
    values["np"] = name
    article = values["a"] if values["a"] in ("", "a") else ""
    values["anp"], values["newa"] = f"{article} {name}".strip(), f"{article} new".strip()
    values["hard" if finding.what in PRESIZED else "soft"] = ""
    if finding.what in PRESIZED and "size" in values:
        values["presize"] = values["size"]
    if finding.what == "endotracheal tube":
        values.pop("size", None)
    pattern = choose(desk, CHANGES[manner], frozenset(values))
    text, used = render(pattern, values, desk.dice, desk.author.detail)
    fields = [*named_by, *("size" if slot == "presize" else slot for slot in used)]
    fact = replace(said_fact(finding, fields, values), change=finding.change)
    organ = finding_type(finding.what).organ
    text = polish(text, desk.author)
    return Stated(section, text, organ, (fact,), "statement", (item.index,),
                  held_out=pattern.held_out)  # fmt: skip


def _hedged(desk: Desk, section: Section, item: Item, finding: Finding, band: float) -> Stated:
    """The finding in doubt: an observation with what it may be, or the finding as a question."""
    phrases, author, dice = PHRASES[finding.what], desk.author, desk.dice
    organ = finding_type(finding.what).organ
    if phrases.sign and band in author.links:
        values = values_of(
            finding, phrases, author, dice, noun=pick(dice, fitting(phrases.sign, desk.ways))
        )
        pattern = choose(desk, SIGNS, frozenset(values))
        text, used = render(pattern, values, dice, author.detail)
        seen = said_fact(finding, used, values)
        doubt = _doubt(seen, band)
        facts = (replace(seen, what=phrases.sign_what), doubt) if phrases.sign_what else (doubt,)
        one, several = phrases.noun(pick(dice, phrases.nouns))
        many = is_plural(finding, phrases) and several != "="
        called = spell(several if many else one, author.spelling)
        article = "" if many or several == "=" else "a"
        link = pick(dice, author.links[band])
        text, looks = _with_looks(desk, item, f"{text}.")
        head, cut, tail = text.removesuffix(".").partition(". Associated")
        text = f"{head}, {link} {article} {called}{cut}{tail}."
        return Stated(section, polish(text, author), organ, facts, "statement", (item.index,),
                      looks, held_out=pattern.held_out)  # fmt: skip
    name, used, values = _name(desk, item, finding)
    if finding.what in PRESIZED and "size" in values and dice.random() < author.detail:
        name, used = f"{values['size']} {name}", [*used, "size"]
    article = values["a"] if values["a"] in ("", "a") else ""
    words = OBSERVED if finding_type(finding.what).layer == "observation" else author.hedges
    text = spell(pick(dice, words[band]), author.spelling)
    text = text.format(d=name, ad=f"{article} {name}".strip(), **{"is": values["is"]})
    fact = _doubt(said_fact(finding, used, values), band)
    return Stated(section, polish(text, author), organ, (fact,), "statement", (item.index,))


def _doubt(fact: Finding, band: float) -> Finding:
    """The fact in the words of a band: certain, excluded, or uncertain with its probability."""
    if band >= 0.95:
        return replace(fact, status="present", certainty=band)
    if band <= 0.03:
        return replace(fact, status="absent", certainty=1 - band)
    return replace(fact, status="uncertain", certainty=band)


def conclude(desk: Desk, diagnosis: Finding) -> Stated:
    """A diagnosis in the impression, in the words that this author has for its posterior."""
    author, dice = desk.author, desk.dice
    assert diagnosis.certainty is not None, "a diagnosis is told with its posterior"
    band = band_of(diagnosis.certainty, author.shift)
    side = diagnosis.side if diagnosis.site or diagnosis.side else ""
    name = spell(" ".join(w for w in (side, diagnosis.site, diagnosis.what) if w), author.spelling)
    article = "a" if diagnosis.what.endswith(COUNTABLE) else ""
    text = spell(pick(dice, author.hedges[band]), author.spelling)
    text = text.format(d=name, ad=f"{article} {name}".strip(), **{"is": "is"})
    fact = Finding(diagnosis.what, side=side, site=diagnosis.site)
    return Stated("impression", polish(text, author), "", (_doubt(fact, band),), "diagnosis")


def deny(desk: Desk, section: Section, what: str, side: Side = "", clear: bool = True) -> Stated:
    """A sentence that denies a finding, on one side or at all.

    clear: nothing else is wrong with the organ, so that a broad denial is true."""
    phrases, author = PHRASES[what], desk.author
    sources = (*DENY_SIDE, *phrases.denies_side) if side else phrases.denials
    noun = pick(desk.dice, phrases.no)
    values = {"x": spell(noun, author.spelling), "is": "are" if is_several(noun) else "is"}
    if side:
        values["side"] = side
    pattern = choose(desk, sources, frozenset(values), clear, early=True)
    text, _ = render(pattern, values, desk.dice, 1.0)
    fact = Finding(what, "absent", side)
    return Stated(section, polish(text, author), finding_type(what).organ, (fact,), "denial",
                  held_out=pattern.held_out)  # fmt: skip


def deny_list(desk: Desk, section: Section, whats: Sequence[str]) -> Stated:
    """Several denials in one sentence: "No A, B or C."."""
    names = [spell(PHRASES[what].no[0], desk.author.spelling) for what in whats]
    opening = pick(desk.dice, ("No", "No", "No evidence of", "There is no"))
    if opening == "There is no" and is_several(names[0]):
        opening = "There are no"
    text = polish(f"{opening} {listed(names, 'or')}.", desk.author)
    facts = tuple(Finding(what, "absent") for what in whats)
    return Stated(section, text, finding_type(whats[0]).organ, facts, "denial")
