"""PhantomBench from end to end: simulated patients are made, asked about, and scored.

A patient's pixels are in memory only while every engine is asked about him; what was said is
written down (`transcript`), and the rows are scored from that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from radgloss import dicom
from radgloss.bench import suite
from radgloss.bench.light import light, light_picture
from radgloss.bench.making import Clock, Making, Progress
from radgloss.bench.material import HELD_OUT, NAMES, PHRASES, Gallery, examined, unmet
from radgloss.bench.oracle import Constant, Oracle
from radgloss.bench.page import Table
from radgloss.bench.plan import HEAD, Plan
from radgloss.bench.shown import Shown
from radgloss.bench.transcript import Transcript
from radgloss.data.phantom import reading
from radgloss.data.phantom.many import Job
from radgloss.eval.evaluators import composition
from radgloss.eval.score import Examined, Picture
from radgloss.text.findings import EXAMS, exam_findings

__all__ = ["run"]


def run(
    engines: Mapping[str, Any],
    plan: Plan,
    jobs: Sequence[Job],
    folder: Path,
    side: int = 0,
    workers: int = 1,
    progress: Progress = lambda stage, done, total: None,
) -> Table:
    """The table of these engines by column name, beside chance and ceiling.

    jobs: the patients, as `plan.chosen` lists them. folder: where they are kept; those that are
    there already are not made again. side: the model's input in pixels, which limits the ceiling;
    0 for no limit. Raises InputRejected for a folder that cannot be written or is another's, and
    whatever an engine raises."""
    exams = sorted({job.exam for job in jobs} & EXAMS.keys(), key=list(EXAMS).index)
    oracle, clock = Oracle(side), Clock()
    asked = {**engines, "chance": Constant(_names(exams)), "ceiling": oracle}
    hearing = _Hearing({c: Transcript(e) for c, e in asked.items()}, oracle, _labels(exams), plan)
    with Making(jobs, folder, workers, progress) as made, dicom.Reader() as reader:
        for k, job in enumerate(jobs):
            with clock("waiting for patients"):
                path = made.folder(job)
            with clock("reading"):
                filed = reading.read(path, reader)
            hearing.hear(filed, clock)
            progress("asking", k + 1, len(jobs))
    columns = {}
    for name, transcript in hearing.transcripts.items():
        with clock("scoring"):
            columns[name] = suite.score(transcript, hearing.material)
        progress("scoring", len(columns), len(hearing.transcripts))
    columns = suite.beside_ceiling(columns)
    return Table(columns, _about(jobs, hearing, clock), hearing.shown, _pairs(hearing))


def _names(exams: Sequence[str]) -> dict[str, list[str]]:
    """By modality, what the constant report denies."""
    out: dict[str, list[str]] = {}
    for exam in exams:
        for modality in EXAMS[exam].modalities:
            known = out.setdefault(modality, [])
            known += [f.what for f in exam_findings(exam) if f.what not in known]
    return out


def _labels(exams: Sequence[str]) -> list[str]:
    """Everything that any study may be asked; foreign ones are asked all of it."""
    return list(dict.fromkeys(f.what for exam in exams for f in exam_findings(exam)))


@dataclass(eq=False)
class _Hearing:
    """One patient after another, asked of everybody; what remains of them is light."""

    transcripts: Mapping[str, Transcript]
    oracle: Oracle
    labels: Sequence[str]
    plan: Plan
    cases: list[Examined] = field(default_factory=list)
    foreign: list[Examined] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    unmet: list[Picture] = field(default_factory=list)
    diseases: list[tuple[str, ...]] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._gallery = Gallery(self.plan.pictures, self.plan.each)
        self._seen: set[str] = set()

    def hear(self, filed: reading.Filed, clock: Clock) -> None:
        """Ask everybody everything about one patient."""
        case, foreign = examined(filed), filed.exam == HEAD
        with clock("cutting"):
            pictures = unmet(filed) if foreign else self._gallery.pictures(filed)
            self.oracle.learn(case, pictures, PHRASES, foreign)
        for name, transcript in self.transcripts.items():
            with clock(f"asking {name}"):
                transcript.hear(case, self.labels if foreign else case.labels, pictures)
        with clock("cutting"):
            self._show(case)
            (self.foreign if foreign else self.cases).append(light(case))
            kept = self.unmet if foreign else self.pictures
            kept += map(light_picture, pictures)
            if not foreign:
                self.diseases.append(filed.diseases)

    def _show(self, case: Examined) -> None:
        """One case of each examination for the page: the first with something to be seen."""
        if case.exam not in self._seen and (case.truth.visible or case.exam == HEAD):
            self._seen.add(case.exam)
            first = next(iter(self.transcripts.values()))
            said = first.draft(case.case) if "draft" in first.offers else None
            self.shown.append(Shown.of(case, said))

    @property
    def material(self) -> suite.Material:
        there = {name for case in self.cases for name, yes in case.labels.items() if yes}
        held_out = {n: others for n, others in HELD_OUT.items() if n in there}
        return suite.Material(self.cases, self.foreign, self.pictures, self.diseases, held_out,
                              PHRASES, NAMES, self.unmet)  # fmt: skip


def _pairs(hearing: _Hearing) -> dict[tuple[str, str], tuple[float, bool]]:
    """How the first engine names each pair of organ and look, and whether it is held out."""
    first, pictures = next(iter(hearing.transcripts.values())), hearing.pictures
    if "embed" not in first.offers or not pictures:
        return {}
    held = {(p.organ, p.look): p.held_out for p in pictures}
    right = composition.by_pair(first, pictures)
    return {pair: (right[pair], held[pair]) for pair in held}


def _about(jobs: Sequence[Job], hearing: _Hearing, clock: Clock) -> dict[str, Any]:
    many_of = Counter(job.exam for job in jobs)
    return {
        "patients": ", ".join(f"{n} {exam}" for exam, n in many_of.items()),
        "pictures": len(hearing.pictures),
        "seeds": f"{min(j.seed for j in jobs)} to {max(j.seed for j in jobs)}",
        "plan": hearing.plan.name,
        "seconds": ", ".join(f"{stage} {s:.0f}" for stage, s in clock.seconds.items()),
    }
