"""Checks that need the words alone: side, negation, sex, units.

Each is a function of a `Reading` that yields what it found; none changes a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from radgloss.engine.drafting.reading import ASSERTED, Reading, Said, canonical
from radgloss.engine.drafting.sides import side_of
from radgloss.engine.drafting.words import GENERAL, LIMITS_MM, NO_UNIT, ODD_UNIT, OF_SEX, OTHER
from radgloss.text.facts import Fact
from radgloss.types import Finding, Flag

__all__ = ["negation", "sex", "side", "units"]

ANY_MM = (0.5, 500.0)  # the smallest and the largest length that a finding has
SIDED = ("left", "right")
SEXES = {"F": "female", "M": "male"}


def side(reading: Reading) -> Iterator[Flag]:
    """The words say another side than the finding that they stand for, or than the place that the
    sentence points to."""
    for said in reading.of("findings", "impression"):
        stated = {canonical(f.finding.what): f.finding.side for f in said.facts}
        for finding in said.sentence.findings:
            told = stated.get(canonical(finding.what), "")
            if told and finding.side and told != finding.side:
                found = f"the words say {told}, the finding behind them {finding.side}"
                yield Flag("side", f"{finding.what}: {found}", said.number)
        yield from _points_elsewhere(reading, said)


def _points_elsewhere(reading: Reading, said: Said) -> Iterator[Flag]:
    sides = {f.finding.side for f in said.facts if f.finding.status in ASSERTED}
    if len(sides) != 1 or (told := sides.pop()) not in SIDED:
        return
    images = {i.uid: i for i in reading.case.study.images}
    for e in said.sentence.evidence:
        if e.region is None or e.image not in images:
            continue
        lies = side_of(images[e.image], e.region)
        if lies and lies != told:
            found = f"the words say {told}, the place they point to lies on the patient's {lies}"
            yield Flag("side", found, said.number)


def negation(reading: Reading) -> Iterator[Flag]:
    """The words deny what the finding behind them states, or the other way round; or two sentences
    of the findings, or of the impression, state and deny one thing."""
    for said in reading.of("findings", "impression"):
        for finding in said.sentence.findings:
            told = {f.finding.status for f in said.facts if _same(f.finding, finding)}
            if finding.status == "not assessed" or finding.status in told:
                continue
            if told:
                found = f"the words say {_and(told)}, the finding behind them {finding.status}"
            else:
                found = "cannot be read in the words that stand for it"
            yield Flag("negation", f"{finding.what}: {found}", said.number)
    for section in ("findings", "impression"):
        yield from _contradictions(reading.of(section))


def _same(one: Finding, other: Finding) -> bool:
    return canonical(one.what) == canonical(other.what)


def _and(words: Iterable[str]) -> str:
    return " and ".join(sorted(words))


def _contradictions(said: tuple[Said, ...]) -> Iterator[Flag]:
    there = [(s.number, f) for s in said for f in s.facts if f.finding.status == "present"]
    for denial in (Denial(s, f) for s in said for f in s.facts if f.finding.status == "absent"):
        for number, fact in there:
            if denial.meets(fact):
                found = f"{denial.name} is denied here, and stated in sentence {number + 1}"
                if canonical(fact.finding.what) != denial.name:
                    found = f"{denial.name} is denied here, and {fact.finding.what}, which is one"
                    found += f", stated in sentence {number + 1}"
                yield Flag("negation", found, denial.said.number)
                break


class Denial:
    """A denied fact, and whether a stated one contradicts it."""

    def __init__(self, said: Said, fact: Fact) -> None:
        self.said, self.fact = said, fact
        self.name = canonical(fact.finding.what)

    def meets(self, other: Fact) -> bool:
        """Whether both cannot be true: same thing (or a kind of it), same place, nothing that
        limits the denial ("no other", "no new")."""
        mine, theirs = self.fact.finding, other.finding
        name = canonical(theirs.what)
        limited = self.fact.limit or mine.change or OTHER.search(self.said.sentence.text)
        if limited or self.name not in (name, GENERAL.get(name)):
            return False
        if mine.side and theirs.side not in (mine.side, "bilateral"):
            return False
        return not mine.site or mine.site == theirs.site


def sex(reading: Reading) -> Iterator[Flag]:
    """An organ that the sex in the files does not have. A reason to look again, no proof: the
    field may be wrong, and people are not fields."""
    stated = reading.case.study.sex.strip().upper()
    other = {"F": "M", "M": "F"}.get(stated)
    if other is None:
        return
    for said in reading.of("findings", "impression"):
        if match := OF_SEX[other].search(said.sentence.text):
            found = f"speaks of {match[0].lower()}, and the files say {SEXES[stated]}"
            yield Flag("sex", found, said.number)


def units(reading: Reading) -> Iterator[Flag]:
    """A length without a unit, in an odd one, of a size that the thing cannot have, or of pictures
    whose pixels have no known size."""
    scaleless = all(i.spacing == "none" for i in reading.case.study.images)
    for said in reading.of("findings", "impression"):
        text = said.sentence.text
        if match := NO_UNIT.search(text):
            yield Flag("units", f"{match[1] or match[2]} has no unit", said.number)
        if match := ODD_UNIT.search(text):
            yield Flag("units", f"{match[1]} is no length of a finding", said.number)
        for fact in said.facts:
            yield from _lengths(said, fact.finding, scaleless)


def _lengths(said: Said, finding: Finding, scaleless: bool) -> Iterator[Flag]:
    if not finding.size_mm:
        return
    if scaleless:
        found = "a length, and no picture of this study says how large its pixels are"
        yield Flag("units", f"{finding.what}: {found}", said.number)
    low, high = LIMITS_MM.get(canonical(finding.what), ANY_MM)
    longest = finding.size_mm[0]
    if not low <= longest <= high:
        found = f"{longest:g} mm, where {low:g} to {high:g} mm can be: mm and cm exchanged?"
        yield Flag("units", f"{finding.what}: {found}", said.number)
