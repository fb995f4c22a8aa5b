"""What an author may use, and what an author wrote: the nouns of the grammar.

`Told` is everything true that a report may say; `Written` is the report and, sentence by sentence,
exactly the facts that it states, no more and no less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from radgloss.types import Finding, Measurement, Report, Side

__all__ = ["Kind", "Section", "Stated", "Told", "Wording", "Written"]

Section = Literal["indication", "technique", "comparison", "findings", "impression", "caption"]
Kind = Literal["statement", "denial", "normal", "absent organ", "diagnosis", "distractor", "frame"]
Wording = Literal["all", "open", "held out"]


@dataclass(frozen=True)
class Told:
    """What the author knows of one study.

    technique: phases of CT, sequences of MR, views of films, in the order taken.
    findings: what is visible, grouped, with change and previous size; a finding that has gone since
        the comparison is (`absent`, `resolved`). `certainty` below .95 asks for a hedge. The size
        of an endotracheal tube is the height of its tip above the carina and is no size in words.
    features: for each finding, in order, words of its look ("daughter cysts"); shorter is allowed.
    deny: findings that may truthfully be denied here. deny_sides: (finding, side) likewise, where
        the other side has it.
    diagnoses: inferred, with their posterior as `certainty`; said in the impression only.
    history: what the referrer knows, complaints first. denied: what was asked and answered no.
    unnamed: findings that are never written, not even to deny them (held-out compositions).
    comparison: "" where there is none, else a date or a phrase ("12 March 2021").
    shown: organs that the study shows; empty means every organ of the examination."""

    exam: str
    technique: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    features: tuple[tuple[str, ...], ...] = ()
    deny: tuple[str, ...] = ()
    deny_sides: tuple[tuple[str, Side], ...] = ()
    absent_organs: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    comparison: str = ""
    incidentals: tuple[str, ...] = ()
    diagnoses: tuple[Finding, ...] = ()
    shown: tuple[str, ...] = ()
    age: int | None = None
    sex: str = ""
    denied: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()

    def features_of(self, index: int) -> tuple[str, ...]:
        """The words of the look of one finding; empty where none were told."""
        return self.features[index] if index < len(self.features) else ()


@dataclass(frozen=True)
class Stated:
    """One sentence and what it claims.

    facts: exactly the fields that its words carry. A hedged fact is `uncertain` and its certainty
        is the probability that its words stand for (Author.hedges). about: the indexes of the told
        findings that it speaks of. features: words of the look that it repeats.
    normal: the organ that it calls normal as a whole, with no single fact."""

    section: Section
    text: str
    organ: str = ""
    facts: tuple[Finding, ...] = ()
    kind: Kind = "statement"
    about: tuple[int, ...] = ()
    features: tuple[str, ...] = ()
    normal: str = ""
    held_out: bool = False


@dataclass(frozen=True)
class Written:
    """A report, its sentences in order, its author, and what the author got wrong on purpose.

    omitted: indexes of told findings that the author left out of the whole report.
    side_errors: indexes whose side was written wrongly (only where noise was asked for)."""

    report: Report
    sentences: tuple[Stated, ...]
    author: str
    omitted: tuple[int, ...] = ()
    side_errors: tuple[int, ...] = ()

    @property
    def facts(self) -> tuple[Finding, ...]:
        """Every fact that the report states, in its order."""
        return tuple(fact for sentence in self.sentences for fact in sentence.facts)
