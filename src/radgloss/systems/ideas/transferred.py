"""Transfer: a tower that learned without labels meets a new finding, from few pictures of it.

Of the findings whose answer is known of most studies, the first few, so that nothing is chosen by
its result; K = 1 … 16 pictures with it and as many without (`representation.transfer`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from radgloss.data.known import known_of
from radgloss.systems.ideas.space import Space, Split
from radgloss.systems.representation import transfer

__all__ = ["findings_of", "some", "transferred"]

FINDINGS = 3
TAUGHT, ASKED = 2000, 600  # pictures of a split, drawn


def transferred(space: Space, way: transfer.Way) -> dict[str, Any]:
    """`transfer`: AUROC, mean over findings and shots; `shots_K`: of each K."""
    rows: list[transfer.Row] = []
    for what in findings_of(space.train, space.test):
        task = some(transfer.task(space.train, space.test, what), space.seed)
        rows += transfer.curve(space.model, task, (way,), transfer.SHOTS, (space.seed,))
    if not rows:
        return {"transfer": None}
    by_shots = {
        f"shots_{k}": round(float(np.mean([r.auroc for r in rows if r.shots == k])), 4)
        for k in transfer.SHOTS
    }
    return {"transfer": round(float(np.mean([r.auroc for r in rows])), 4), **by_shots}


def findings_of(train: Split, test: Split, many: int = FINDINGS) -> list[str]:
    """The findings of which the rarer answer is known of most training studies, and of some test
    studies; none of a side."""
    counts = []
    for pairs, entries in (train, test):
        known = known_of(entries, pairs.sentences, pairs.studies)
        studies = np.asarray(pairs.studies)
        counts.append({
            place: min(len(np.unique(studies[known.pictures[:, k] == s])) for s in (1, -1))
            for k, place in enumerate(known.places)
        })  # fmt: skip
    able = [
        what for what, n in counts[0].items()
        if ":" not in what and n >= max(transfer.SHOTS) and counts[1].get(what, 0) >= 5
    ]  # fmt: skip
    return sorted(able, key=lambda what: (-counts[0][what], what))[:many]


def some(task: transfer.Task, seed: int) -> transfer.Task:
    """At most so many pictures to be taught from and to be asked."""
    rng = np.random.default_rng([seed, 28])
    taught = _drawn(task.answers, TAUGHT, rng)
    asked = _drawn(task.truth.astype(int), ASKED, rng)
    return replace(
        task, pictures=task.pictures[taught], answers=task.answers[taught],
        studies=task.studies[taught], asked=task.asked[asked], truth=task.truth[asked],
    )  # fmt: skip


def _drawn(answers: Any, most: int, rng: np.random.Generator) -> Sequence[int]:
    """At most `most`, half of each answer where there are so many."""
    kept: list[int] = []
    for answer in np.unique(answers):
        kept += rng.permutation(np.flatnonzero(answers == answer))[: most // 2].tolist()
    return sorted(kept)
