"""A draft as the fact reader reads it: which fact stands in which sentence.

The sections are read whole, since a sentence may lean on the one before it ("It measures 6 mm"),
and each fact is then given to the sentence that its words stand in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from radgloss.text.facts import Fact, read
from radgloss.text.findings import FindingType, finding_type
from radgloss.types import Case, Draft, Finding, Report, Section, Sentence

__all__ = ["ASSERTED", "Reading", "Said", "canonical", "reading", "row", "states"]

READ: tuple[Section, ...] = ("findings", "impression")
ASSERTED = ("present", "uncertain")


@dataclass(frozen=True)
class Said:
    """One sentence, its number in the draft, and the facts that its words state (no history)."""

    number: int
    sentence: Sentence
    facts: tuple[Fact, ...] = ()

    @property
    def section(self) -> Section:
        """Where it stands."""
        return self.sentence.section


@dataclass(frozen=True, eq=False)
class Reading:
    """A draft of a case with all of its sentences as read. exam: a name of EXAMS, or ""."""

    draft: Draft
    case: Case
    exam: str
    said: tuple[Said, ...]

    def of(self, *sections: Section) -> tuple[Said, ...]:
        """The sentences of these sections."""
        return tuple(s for s in self.said if s.section in sections)


def reading(draft: Draft, case: Case, exam: str) -> Reading:
    """The draft, read."""
    facts: dict[int, list[Fact]] = {}
    for section in READ:
        numbers = [n for n, s in enumerate(draft.sentences) if s.section == section]
        for n, fact in _read(draft, section, numbers, exam):
            facts.setdefault(n, []).append(fact)
    said = (Said(n, s, tuple(facts.get(n, ()))) for n, s in enumerate(draft.sentences))
    return Reading(draft, case, exam, tuple(said))


def _read(
    draft: Draft, section: Section, numbers: list[int], exam: str
) -> Iterator[tuple[int, Fact]]:
    """(number of the sentence, fact) for every fact of one section."""
    starts, text = [], ""
    for n in numbers:
        starts.append(len(text))
        text += draft.sentences[n].text + "\n"
    report = Report(findings=text) if section == "findings" else Report(impression=text)
    for fact in read(report, exam):
        if fact.layer != "history":
            place = sum(start <= fact.span[0] for start in starts) - 1
            yield numbers[place], fact


def canonical(what: str) -> str:
    """The house's name of a finding, or the name itself.

    >>> canonical("hepatic cyst"), canonical("lipoma")
    ('liver cyst', 'lipoma')
    """
    known = row(what)
    return known.what if known else what


def row(what: str) -> FindingType | None:
    """The house's row of a finding; None for one that it has no word for."""
    try:
        return finding_type(what)
    except KeyError:
        return None


def states(whole: Finding, part: Finding) -> bool:
    """Whether a stated fact bears out another one, which may say less and never something else.

    >>> stone = Finding("kidney stone", "present", "left", size_mm=(6.0,))
    >>> states(stone, Finding("kidney stone", "present")), states(Finding("kidney stone"), stone)
    (True, False)
    """
    if canonical(whole.what) != canonical(part.what) or whole.status != part.status:
        return False
    side = part.side if whole.side == "bilateral" and part.side else whole.side
    told = (
        (side, part.side), (whole.site, part.site), (whole.change, part.change),
        (whole.severity, part.severity), (whole.number, part.number),
    )  # fmt: skip
    if whole.status == "absent":  # a denial says more where it says less of the place
        free = all(not mine or mine == theirs for mine, theirs in told[:2])
        return free and (not part.change or whole.change == part.change)
    if any(theirs and mine != theirs for mine, theirs in told):
        return False
    sizes = ((whole.size_mm, part.size_mm), (whole.previous_mm, part.previous_mm))
    return all(not theirs or mine[: len(theirs)] == theirs for mine, theirs in sizes)
