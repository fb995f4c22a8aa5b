"""Which simulated patients are examined: numbers as data, and from them the list of patients.

Half of an examination's patients are taken as they come, so that normal ones and common disease are
there. The others are chosen so that rare findings have enough positives to be measured. The choice
looks at findings only, on which the posterior of a disease is conditioned anyway, so the posterior
stays exact. Compositions held out of training are drawn on purpose, beside patients who have their
neighbours instead. All seeds are test seeds that no training, validation or card uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from radgloss.data.phantom.many import Job
from radgloss.data.phantom.patients import Patient, draw, draw_with, split_of
from radgloss.text.findings import EXAMS, finding_type
from radgloss.types import InputRejected

__all__ = ["FIRST", "FULL", "HEAD", "QUICK", "UNSEEN", "Plan", "chosen"]

FIRST = 2_500_000  # the first seed; the last is below FIRST + SPAN
BLOCK, SPAN = 10_000, 100_000  # seeds of one examination; of all
HEAD = "ct-head"
POOL = 8  # patients drawn for each one chosen
UNSEEN: dict[str, tuple[str, tuple[str, ...]]] = {  # finding → exam, what it must be told from
    "splenic hydatid cyst": ("mr-abdomen", ("splenic cyst", "liver hydatid cyst")),
    "splenic granuloma": ("ct-abdomen", ("splenic cyst", "splenic infarct")),
}


@dataclass(frozen=True)
class Plan:
    """patients: of each examination. least: patients who should have a finding that it can show.

    heads: foreign studies. unseen: patients with each held-out finding, and half as many with each
    neighbour. pictures: at most, of one organ in one look; of one study at most `each`."""

    name: str
    patients: Mapping[str, int]
    least: int
    heads: int
    unseen: int
    pictures: int
    each: int


FULL = Plan(
    "full",
    {"ct-abdomen": 26, "mr-abdomen": 46, "us-abdomen": 20, "us-pelvis": 18, "xr-chest": 60,
     "xr-abdomen": 26},
    least=5, heads=12, unseen=6, pictures=10, each=8,
)  # fmt: skip
QUICK = Plan(
    "quick",
    {"ct-abdomen": 1, "mr-abdomen": 2, "us-abdomen": 1, "us-pelvis": 1, "xr-chest": 12,
     "xr-abdomen": 5},
    least=4, heads=3, unseen=4, pictures=4, each=8,
)  # fmt: skip


def chosen(plan: Plan, first: int = FIRST, exams: Sequence[str] = ()) -> tuple[Job, ...]:
    """Everybody who is examined, in the order in which they are asked about.

    exams: only these; none: all of the plan. Raises InputRejected('bench-plan')."""
    asked = tuple(exams) or tuple(plan.patients)
    if unknown := [e for e in asked if e not in plan.patients]:
        raise InputRejected("bench-plan", "the examinations", repr(unknown[0]),
                            f"any of {', '.join(plan.patients)}", "Correct --exam.")  # fmt: skip
    if split_of(first) != "test":
        raise InputRejected("bench-plan", "--seed", str(first), "a test seed, 2000000 or more",
                            "No figure may rest on patients that training sees.")  # fmt: skip
    out: list[Job] = []
    for exam in plan.patients:
        if exam in asked:
            at = first + BLOCK * list(EXAMS).index(exam)
            out += _filled(exam, at, plan.patients[exam], plan.least)
    at = first + BLOCK * len(EXAMS)
    for finding, (exam, others) in UNSEEN.items():
        if exam in asked:
            out += _drawn(exam, at, finding, plan.unseen)
            for k, other in enumerate(others, 1):
                out += _drawn(exam, at + k * BLOCK // 10, other, (plan.unseen + 1) // 2)
        at += BLOCK // 2
    at = first + BLOCK * (len(EXAMS) + 1)
    return (*out, *(Job(at + k, HEAD) for k in range(plan.heads)))


def _filled(exam: str, at: int, n: int, least: int) -> list[Job]:
    """Half as they come; then, one by one, whoever has most of what is still rare here.

    What few examinations can show counts for more: the others cannot make up for it."""
    drawn = [draw(at + k, exam) for k in range(n * POOL)]
    pool = [p for p in drawn if not p.situs_inversus]
    taken, rest = pool[: (n + 1) // 2], [p for p in pool[(n + 1) // 2 :] if not p.prior_days]
    have = Counter(what for p in taken for what in _kinds(p))
    while len(taken) < n:
        best = max(rest, key=lambda p: sum(max(least - have[w], 0) / _shown(w) for w in _kinds(p)))
        taken.append(best)
        rest.remove(best)
        have.update(_kinds(best))
    return [Job(p.seed, exam) for p in taken]


def _shown(what: str) -> int:
    """By how many examinations."""
    return len(finding_type(what).exams)


def _kinds(patient: Patient) -> set[str]:
    return {lesion.what for lesion in patient.lesions}


def _drawn(exam: str, at: int, finding: str, n: int) -> list[Job]:
    """The first n patients from seed `at` who have the organ that the finding needs."""
    out: list[Job] = []
    while len(out) < n:
        try:
            draw_with(at, exam, [finding])
            out.append(Job(at, exam, (finding,)))
        except InputRejected:  # no spleen
            pass
        at += 1
    return out
