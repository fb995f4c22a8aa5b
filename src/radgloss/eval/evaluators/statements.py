"""Which sentences of a draft are wrong, and whether the draft knew: its least sure sentences.

A sentence is wrong where its words invent a finding, deny one that can be seen, name a side that
no finding of that name has, or compare without an earlier study. What is in the body but cannot be
seen in this study is neither right nor wrong. Each sentence is read alone, as a reader meets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.eval.metrics.bootstrap import interval
from radgloss.eval.score import Examined, Score
from radgloss.text.facts import Fact, read
from radgloss.types import Draft, Finding

__all__ = ["ASSERTED", "Judged", "judged", "least_sure"]

ASSERTED = ("present", "uncertain")
SECTIONS = ("findings", "impression")
LEAST = 0.2  # the share of sentences that a reader is asked to look at again
ROUNDS = 400


@dataclass(frozen=True)
class Judged:
    """One sentence. confidence: the draft's own, None where it gives none."""

    invents: bool
    wrong: bool
    confidence: float | None


def judged(case: Examined, draft: Draft) -> tuple[Judged, ...]:
    """Every sentence of findings and impression."""
    found = []
    for sentence in draft.sentences:
        if sentence.section in SECTIONS:
            facts = [f for f in read(sentence.text, case.exam) if f.layer != "history"]
            invents = any(_invented(f.finding, case) for f in facts)
            wrong = invents or any(_wrong(f, case) for f in facts)
            found.append(Judged(invents, wrong, sentence.confidence))
    return tuple(found)


def _invented(finding: Finding, case: Examined) -> bool:
    there = {f.what for f in (*case.truth.visible, *case.truth.present)}
    return finding.status == "present" and finding.what not in there


def _wrong(fact: Fact, case: Examined) -> bool:
    finding = fact.finding
    seen = [f for f in case.truth.visible if f.what == finding.what]
    if finding.change and not case.case.prior:
        return True
    sides = {f.side for f in seen}
    elsewhere = bool(finding.side and seen) and not (
        sides & {finding.side, "bilateral", ""}
        or (finding.side == "bilateral" and {"left", "right"} <= sides)
    )
    if finding.status == "absent":  # "no large effusion" denies the large ones only
        plain = not finding.change and not fact.limit
        return plain and bool(case.labels.get(finding.what)) and bool(seen) and not elsewhere
    return finding.status in ASSERTED and elsewhere


def least_sure(
    task: str, patients: Sequence[str], drafts: Sequence[Sequence[Judged]]
) -> tuple[Score, ...]:
    """How many of the wrong sentences stand among the fifth that the drafts are least sure of.

    Chance is 0.2. Sentences without a confidence come last: nobody was told to doubt them. NaN
    where no sentence has one, or none is wrong."""
    sure = [np.array([np.inf if s.confidence is None else s.confidence for s in d]) for d in drafts]
    wrong = [np.array([s.wrong for s in d], float) for d in drafts]

    def share(rows: npt.NDArray[np.intp]) -> float:
        some = [k for k in rows if len(sure[k])]
        if not some:
            return float("nan")
        return caught(np.concatenate([sure[k] for k in some]),
                      np.concatenate([wrong[k] for k in some]))  # fmt: skip

    def rate(rows: npt.NDArray[np.intp]) -> float:
        total = sum(len(wrong[k]) for k in rows)
        return float(sum(wrong[k].sum() for k in rows) / total) if total else float("nan")

    errors = int(sum(w.sum() for w in wrong))
    return (
        Score(task, "wrong sentences", *interval(patients, rate, ROUNDS),
              sum(map(len, drafts)), "low"),
        Score(task, "errors among the 20 % least sure", *interval(patients, share, ROUNDS), errors),
    )  # fmt: skip


def caught(sure: npt.NDArray[np.float64], wrong: npt.NDArray[np.float64]) -> float:
    """The share of errors in the least sure fifth; equal confidences come in any order.

    >>> caught(np.array([0.1, 0.9, 0.8, 0.7, 0.6]), np.array([1.0, 0.0, 1.0, 0.0, 0.0]))
    0.5
    >>> round(caught(np.full(10, 0.5), np.arange(10) % 2 * 1.0), 3)
    0.2
    """
    if not wrong.sum() or np.isinf(sure).all():
        return float("nan")
    _, tie, size = np.unique(sure, return_inverse=True, return_counts=True)
    errors = np.bincount(tie, wrong)
    begin = np.cumsum(size) - size
    taken = np.clip(LEAST * len(sure) - begin, 0, size) / size  # of each group of equals
    return float((errors * taken).sum() / wrong.sum())
