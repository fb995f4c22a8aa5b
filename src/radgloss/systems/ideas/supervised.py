"""A task-specific classifier beside zero-shot answers (primer, figure 7A [2–4]).

How many labelled studies does a classifier need before it does better than a model that read
reports and was never told which findings matter? Both are asked the same findings in the same
pictures of test patients. The labels of a study are what its captions and its labels state.

    findings    mean AUROC; of the classifier, taught by all studies
    studies_N   the classifier's, taught by N studies

Shapes: N pictures · K findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from radgloss.data.known import known_of
from radgloss.systems.ideas import taught
from radgloss.systems.ideas.figures import Questions, answered, questions
from radgloss.systems.ideas.space import Space, Split
from radgloss.trust.calibration import auroc

__all__ = ["NUMBERS", "supervised"]

NUMBERS = (16, 64, 256)  # of labelled studies, beside all of them


def supervised(space: Space, way: Literal["labels", "words"]) -> dict[str, Any]:
    """The figures above; without a finding to ask `findings` is None."""
    if way == "words":
        return answered(space.model, space.tokenizer, space.banks, space.test, space.seed)
    asked = _findings(questions(space.test, space.seed))
    if not asked.of:
        return {"findings": None}
    answers = _labels(space.train, asked)
    studies = np.asarray(space.train[0].studies)
    order = np.random.default_rng([space.seed, 31]).permutation(np.unique(studies))
    found = {}
    for many in (*(n for n in NUMBERS if n < len(order)), len(order)):
        rows = np.flatnonzero(np.isin(studies, order[:many]) & (answers != 0).any(1))
        name = "findings" if many == len(order) else f"studies_{many}"
        found[name] = _judged(space, asked, rows, answers) if len(rows) else None
    return {**found, "asked": len(asked.of), "studies": len(order)}


def _findings(asked: Questions) -> Questions:
    """Without the sides."""
    kept = [k for k, (_, sided) in enumerate(asked.of) if not sided]
    return replace(asked, of=tuple(asked.of[k] for k in kept), truth=asked.truth[:, kept])


def _labels(split: Split, asked: Questions) -> npt.NDArray[np.int8]:
    """(N, K) of a split's pictures."""
    pairs, entries = split
    known = known_of(entries, pairs.sentences, pairs.studies)
    place = {name: k for k, name in enumerate(known.places)}
    out = np.zeros((len(pairs), len(asked.of)), np.int8)
    for k, (name, _) in enumerate(asked.of):
        if name in place:
            out[:, k] = known.pictures[:, place[name]]
    return out


def _judged(
    space: Space, asked: Questions, rows: npt.NDArray[np.intp], answers: npt.NDArray[np.int8]
) -> float:
    pictures = space.train[0].pictures
    model = taught.taught(space.model.config.image, pictures, answers, rows, space.seed)
    given = taught.odds(model, space.test[0].pictures[asked.pictures])
    areas = [
        auroc(given[asked.truth[:, k] != 0, k], asked.truth[asked.truth[:, k] != 0, k] > 0)
        for k in range(len(asked.of))
    ]
    return round(float(np.mean(areas)), 4)
