"""A stream of studies against those of validation: do they still come from the same place?

Each study counts for the examination that it resembles most. Where the checkpoint kept the
validation studies' distances, `trust.shift` compares with them; an older one kept only a threshold,
and `trust.tally` counts what lies beyond it. The false alarms that are allowed are shared among the
examinations, so that the promise holds for all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from radgloss.engine.aligner import Aligner
from radgloss.text.findings import EXAMS
from radgloss.trust import shift, tally
from radgloss.types import InputRejected, Study

__all__ = ["Monitor", "Seen", "Stand"]


@dataclass(frozen=True)
class Seen:
    """One study: its examination, "" where none fits; its distance over the familiar one."""

    study: str
    exam: str
    distance: float | None
    foreign: bool


@dataclass(frozen=True)
class Stand:
    """What is known of one examination so far. how: "distances" or "strangers"; alarmed_at: which
    of its studies raised the alarm; None: none has."""

    exam: str
    studies: int
    foreign: int
    alarm: bool
    alarmed_at: int | None
    how: str


@dataclass
class Monitor:
    """alpha: the probability that anything alarms, ever, while nothing has changed."""

    aligner: Aligner
    alpha: float = 0.05
    seen: list[Seen] = field(default_factory=list)
    _streams: dict[str, shift.Stream | tally.Tally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        trust = self.aligner.checkpoint.trust
        each = self.alpha / max(1, len(trust.outliers))
        for exam, detector in trust.outliers.items():
            known = trust.familiar.get(exam)
            self._streams[exam] = (
                shift.begin(known, each) if known else tally.begin(detector.false_alarms, each)
            )

    def look(self, studies: Iterable[Study | InputRejected]) -> Iterator[Seen | InputRejected]:
        """Each study in its order; a refused one is passed on and counts for nothing."""
        for study in studies:
            if isinstance(study, InputRejected):
                yield study
                continue
            yield from study.left_out
            try:
                found = self._look(study)
            except InputRejected as problem:
                yield problem
                continue
            self.seen.append(found)
            yield found

    def _look(self, study: Study) -> Seen:
        fits = self.aligner.fits(study)
        if not fits:
            return Seen(study.uid, "", None, True)
        exam = min(fits, key=fits.__getitem__)
        foreign = fits[exam] > 1
        stream = self._streams[exam]
        if isinstance(stream, tally.Tally):
            self._streams[exam] = tally.add(stream, foreign)
        else:
            threshold = self.aligner.checkpoint.trust.outliers[exam].threshold
            self._streams[exam] = shift.watch(stream, fits[exam] * max(threshold, 1e-9))
        return Seen(study.uid, exam, round(fits[exam], 4), foreign)

    def stands(self) -> tuple[Stand, ...]:
        """Of every examination that was met."""
        return tuple(
            Stand(exam, s.studies, sum(x.exam == exam and x.foreign for x in self.seen), s.alarm,
                  s.alarmed_at, "strangers" if isinstance(s, tally.Tally) else "distances")
            for exam, s in self._streams.items() if s.studies
        )  # fmt: skip

    def told(self) -> str:
        """The same in words."""
        each = []
        for s in self.stands():
            what = f"{EXAMS[s.exam].title}: {s.foreign} of {s.studies} not like the known ones"
            if s.alarm:
                what += f"; ALARM since study {s.alarmed_at} ({s.how} differ from validation)"
            each.append(what)
        if none := sum(not s.exam for s in self.seen):
            each.append(f"of no examination that the model knows: {none}")
        return "\n".join(each)
