"""What training pictures are asked: is a finding there, and on which side?

A label is served as a pair of sentences, one that states it and one that denies it
(`engine.aligner`). Here the same pairs are asked in training, of every picture whose answer is
known: a caption that states or denies the finding (read by the fact reader), or a study that does
not have it at all. A side is asked likewise, right against left, where exactly one is stated.

Why: a contrastive loss over a batch sees a rare finding once in a hundred pictures, and then among
sentences that differ in easier ways; dev/LOG.md has the figures.

Shapes: K pictures · Q questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.data.manifest import Entry
from radgloss.text.facts import findings
from radgloss.text.findings import exam_findings, finding_type
from radgloss.text.prompts import gather
from radgloss.types import Finding

__all__ = ["Question", "Quiz", "answers_of", "quiz_of", "side_of", "stated"]

WORDINGS = 64  # of a statement, and of its denial
LEAST = 8  # pictures that must answer yes, and no, before a question is worth asking
OTHER = {"right": "left", "left": "right"}


@dataclass(frozen=True)
class Question:
    """A finding, or the side of one, and how it is said: yes (it is there; right) and no."""

    what: str
    yes: tuple[str, ...]
    no: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Quiz:
    """answers: (K, Q) int8; 1 yes, -1 no, 0 not known. studies: (K,), whose picture it is.
    boxed: (K,), whether it is a box in a frame."""

    questions: tuple[Question, ...]
    answers: npt.NDArray[np.int8]
    studies: npt.NDArray[np.int64]
    boxed: npt.NDArray[np.bool_]

    def wordings(self, rng: np.random.Generator) -> list[str]:
        """One statement of each question, then one denial of each: 2 Q texts."""
        yes = [q.yes[int(rng.integers(len(q.yes)))] for q in self.questions]
        return yes + [q.no[int(rng.integers(len(q.no)))] for q in self.questions]

    def sought(self, many: int, rng: np.random.Generator) -> list[int]:
        """Pictures drawn for what they show: a question, a study that answers yes, a picture; a
        whole frame where one answers."""
        drawn = []
        for q in rng.integers(len(self.questions), size=many):
            yes = np.flatnonzero(self.answers[:, q] == 1)
            whole = yes[~self.boxed[yes]]
            yes = whole if len(whole) else yes
            study = rng.choice(np.unique(self.studies[yes]))
            drawn.append(int(rng.choice(yes[self.studies[yes] == study])))
        return drawn


def quiz_of(
    entries: Sequence[Entry],
    sentences: Sequence[Sequence[str]],
    studies: Sequence[int],
    boxed: Sequence[bool] = (),
) -> Quiz:
    """The questions that these pictures can answer. sentences, studies and boxed: of each picture,
    its own words, its place in `entries`, whether it is a box in a frame."""
    banks = gather(
        ((entries[s].exam, t) for s, said in zip(studies, sentences, strict=True) for t in said),
        most=WORDINGS,
    )
    rows = list(answers_of(entries, sentences, studies))
    asked = [Question(what, bank.present, bank.absent) for what, bank in sorted(banks.items())]
    asked += [
        Question(side_of(what), bank.right, bank.left)
        for what, bank in sorted(banks.items())
        if bank.right and bank.left
    ]
    answers = np.array([[row.get(q.what, 0) for q in asked] for row in rows], np.int8)
    kept = np.flatnonzero(np.minimum((answers == 1).sum(0), (answers == -1).sum(0)) >= LEAST)
    known = np.ascontiguousarray(answers[:, kept])
    boxes = np.array(boxed or [False] * len(studies), bool)
    return Quiz(tuple(asked[q] for q in kept), known, np.asarray(studies, np.int64), boxes)


def side_of(what: str) -> str:
    """The question of a finding's side: yes is right, no is left."""
    return f"{what}: right, not left"


def answers_of(
    entries: Sequence[Entry], sentences: Sequence[Sequence[str]], studies: Sequence[int]
) -> Iterator[dict[str, int]]:
    """Of each picture, the answers that are known, by question: 1 yes, -1 no."""
    facts_of = [
        [f for t in said for f in findings(t, entries[s].exam)]
        for s, said in zip(studies, sentences, strict=True)
    ]
    named: dict[int, set[str]] = defaultdict(set)  # of each study, by all of its pictures
    for s, facts in zip(studies, facts_of, strict=True):
        named[s] |= {f.what for f in facts if f.status == "present"}
    for s, facts in zip(studies, facts_of, strict=True):
        yield _answered(entries[s], facts, named[s])


def _answered(entry: Entry, facts: Sequence[Finding], named: set[str]) -> dict[str, int]:
    said = {
        row.what: -1
        for row in exam_findings(entry.exam)
        if entry.labels.get(row.what, {}).get("present") is False
    }
    shown = {f.what for f in facts if f.status == "present"}
    organs = {_organ(what) for what in shown} - {""}
    vaguer = {  # a vaguer name of what is shown ("liver lesion"), which nobody states beside it
        what: 1
        for what, label in entry.labels.items()
        if label.get("present") and what not in named and _organ(what) in organs
    }
    return said | stated(facts) | vaguer


def stated(facts: Sequence[Finding]) -> dict[str, int]:
    """What these facts alone answer.

    >>> stated([Finding("splenic cyst", "absent"), Finding("pneumothorax", side="left")])
    {'splenic cyst': -1, 'pneumothorax': 1, 'pneumothorax: right, not left': -1}
    """
    said = {f.what: -1 for f in facts if f.status == "absent" and not f.side}
    shown = [f.what for f in facts if f.status == "present"]
    said |= dict.fromkeys(shown, 1)
    for what in shown:
        sides = {f.side for f in facts if f.status == "present" and f.what == what}
        if len(sides) == 1 and (side := sides.pop()) in OTHER:
            said[side_of(what)] = 1 if side == "right" else -1
    return said


def _organ(what: str) -> str:
    try:
        return finding_type(what).organ
    except KeyError:  # a name of the user's own
        return ""
