"""One measured figure with its interval, and the cases that figures are measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from radgloss.types import Case, Image, Report, Truth

__all__ = ["Examined", "Picture", "Score"]


@dataclass(frozen=True)
class Score:
    """A figure of one task. low, high: a 95 % interval over patients; None where there is none.

    n: how many things were counted. aim: "high", "low" (what is better) or "none". chance: what no
    knowledge gives, where that is known of these cases."""

    task: str
    measure: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int = 0
    aim: str = "high"
    chance: float | None = None

    @property
    def measured(self) -> bool:
        """Whether there is an interval: one patient alone has none."""
        ends = (self.low, self.high)
        return all(end is not None and end == end for end in ends)

    def __str__(self) -> str:
        if self.value != self.value:  # nothing could be counted
            return "–"
        if not self.measured:
            return f"{self.value:.3g}"
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


@dataclass(frozen=True, eq=False)
class Examined:
    """A case whose truth is known: what is asked, and what is right.

    exam: the examination's name. report: what the simulated radiologist wrote. labels: for every
    finding that the exam can show and whose truth is certain, whether it can be seen.
    diseases: the exact probability of each disease, given what can be known."""

    patient: str
    exam: str
    case: Case
    truth: Truth
    report: Report
    labels: Mapping[str, bool] = field(default_factory=dict)
    diseases: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Picture:
    """One frame cut to one organ, and the only caption of the list that is true of it.

    held_out: no training caption pairs this organ with this look."""

    patient: str
    image: Image
    organ: str
    look: str
    caption: str
    held_out: bool = False
    attributes: Mapping[str, bool] = field(default_factory=dict)
