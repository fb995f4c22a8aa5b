"""What training pictures are asked: is a finding there, and on which side?

A label is served as a pair of sentences, one that states it and one that denies it
(`engine.aligner`). Here the same pairs are asked in training, of every picture whose answer is
known: a caption that states or denies the finding (read by the fact reader), or a study that does
not have it at all. A side is asked likewise, right against left, where exactly one is stated.

Why: a contrastive loss over a batch sees a rare finding once in a hundred pictures, and then among
sentences that differ in easier ways; dev/LOG.md has the figures.

Two settings (`Asking`). Words: captions say a finding as authors do; a user types "Fatty liver.",
so its names of the table are asked as well, each against its own denial, "No fatty liver.". Prior:
asked plainly, the log-odds of a rare finding learn above all that it is rare, and every picture is
nearer to the denial; with the log-odds of what is drawn taken out (logit adjustment, arXiv
2007.07314, equation 10), what is left is the log-likelihood ratio, as in the contrast itself, where
a text's own frequency cancels. The calibration on validation puts the prior back.

Shapes: K pictures · Q questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from radgloss.data.drawing import chances_of, one_of
from radgloss.data.manifest import Entry
from radgloss.text.facts import findings
from radgloss.text.findings import exam_findings, finding_type
from radgloss.text.prompts import gather
from radgloss.types import Finding

__all__ = ["Asking", "Question", "Quiz", "answers_of", "quiz_of", "side_of", "stated"]

WORDINGS = 64  # of a statement, and of its denial
LEAST = 8  # pictures that must answer yes, and no, before a question is worth asking
OTHER = {"right": "left", "left": "right"}
Saying = Literal["captions", "names"]
SURE = 1e-3  # a share of answers is never taken for nearer to 0 or 1 than this


@dataclass(frozen=True)
class Asking:
    """words: how a finding is said, as captions do, or by the names of the table in half of the
    steps. prior: whether the log-odds hold how often a finding is drawn."""

    words: Saying = "captions"
    prior: Literal["kept", "taken out"] = "kept"


@dataclass(frozen=True)
class Question:
    """A finding, or the side of one, and how it is said: yes (it is there; right) and no.

    twins: statements beside their own denials, in the same words."""

    what: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    twins: tuple[tuple[str, str], ...] = ()

    def wording(self, rng: np.random.Generator) -> tuple[str, str]:
        """A statement and a denial: twins in one half of the draws where there are any."""
        if self.twins and rng.random() < 0.5:
            return self.twins[int(rng.integers(len(self.twins)))]
        return self.yes[int(rng.integers(len(self.yes)))], self.no[int(rng.integers(len(self.no)))]


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
        said = [q.wording(rng) for q in self.questions]
        return [yes for yes, _ in said] + [no for _, no in said]

    @cached_property
    def showing(self) -> tuple[npt.NDArray[np.int64], ...]:
        """Of each question the pictures that answer yes; whole frames where one does."""
        found = []
        for q in range(len(self.questions)):
            yes = np.flatnonzero(self.answers[:, q] == 1)
            whole = yes[~self.boxed[yes]]
            found.append(whole if len(whole) else yes)
        return tuple(found)

    def sought(self, many: int, rng: np.random.Generator) -> list[int]:
        """Pictures drawn for what they show: a question, a study that answers yes, a picture."""
        return [one_of(self.showing[int(q)], self.studies, rng)
                for q in rng.integers(len(self.questions), size=many)]  # fmt: skip

    def chances(self) -> npt.NDArray[np.float64]:
        """(K,) of each picture to be the one that `sought` draws."""
        return chances_of(self.showing, self.studies)

    def odds(self, chances: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(Q,) log-odds that a picture which answers says yes, where pictures come with these
        chances (K,)."""
        yes = chances @ (self.answers == 1)
        share = np.clip(yes / (chances @ (self.answers != 0)), SURE, 1 - SURE)
        return np.asarray(np.log(share) - np.log1p(-share))


def quiz_of(
    entries: Sequence[Entry],
    sentences: Sequence[Sequence[str]],
    studies: Sequence[int],
    boxed: Sequence[bool] = (),
    words: Saying = "captions",
) -> Quiz:
    """The questions that these pictures can answer. sentences, studies and boxed: of each picture,
    its own words, its place in `entries`, whether it is a box in a frame."""

    def twins(what: str, yes: str, no: str) -> tuple[tuple[str, str], ...]:
        return named(what, yes, no) if words == "names" else ()

    banks = gather(
        ((entries[s].exam, t) for s, said in zip(studies, sentences, strict=True) for t in said),
        most=WORDINGS,
    )
    rows = list(answers_of(entries, sentences, studies))
    asked = [
        Question(what, bank.present, bank.absent, twins(what, "", "No"))
        for what, bank in sorted(banks.items())
    ]
    asked += [
        Question(side_of(what), bank.right, bank.left, twins(what, "Right", "Left"))
        for what, bank in sorted(banks.items())
        if bank.right and bank.left
    ]
    answers = np.array([[row.get(q.what, 0) for q in asked] for row in rows], np.int8)
    kept = np.flatnonzero(np.minimum((answers == 1).sum(0), (answers == -1).sum(0)) >= LEAST)
    known = np.ascontiguousarray(answers[:, kept])
    boxes = np.array(boxed or [False] * len(studies), bool)
    return Quiz(tuple(asked[q] for q in kept), known, np.asarray(studies, np.int64), boxes)


def named(what: str, yes: str, no: str) -> tuple[tuple[str, str], ...]:
    """The names of a finding that belong to no other, each after one word and after the other.

    >>> named("hepatic steatosis", "", "No")[1]
    ('Fatty liver.', 'No fatty liver.')
    """
    try:
        row = finding_type(what)
    except KeyError:  # a name of the user's own
        return ()
    names = [n for n in (row.what, *row.synonyms) if finding_type(n).what == what]
    return tuple((_sentence(f"{yes} {n}"), _sentence(f"{no} {n}")) for n in names)


def _sentence(words: str) -> str:
    words = words.strip()
    return f"{words[:1].upper()}{words[1:]}."


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
