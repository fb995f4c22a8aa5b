"""Labels: is it there? Ranking, calibration, and what is left undecided.

A label is asked of every study whose examination can show it and whose truth is certain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.eval.metrics.bootstrap import interval, mean_interval
from radgloss.eval.score import Examined, Score
from radgloss.protocols import Labeler
from radgloss.trust.calibration import auroc, expected_calibration_error
from radgloss.types import Prediction

__all__ = ["Asked", "ask", "labelled", "told_apart"]

LEAST = 4  # positives and negatives before a label is scored


@dataclass(frozen=True)
class Asked:
    """One label of one study: what was said and what is true."""

    patient: str
    label: str
    said: Prediction
    true: bool


def ask(model: Labeler, cases: Sequence[Examined]) -> list[Asked]:
    """Every label of every case."""
    out = []
    for case in cases:
        names = list(case.labels)
        if not names:
            continue
        said = model.label(case.case.study, names)
        out += [
            Asked(case.patient, name, p, case.labels[name])
            for name, p in zip(names, said, strict=True)
        ]
    return out


def labelled(asked: Sequence[Asked]) -> tuple[Score, ...]:
    """Mean AUROC over labels, then one line a label; decided share, and right where decided."""
    names = [n for n in dict.fromkeys(a.label for a in asked) if _enough(asked, n)]
    kept = [a for a in asked if a.label in names]
    if not kept:
        return (Score("labels", "mean AUROC", float("nan")),)
    columns = _columns(kept)

    def mean(rows: npt.NDArray[np.intp]) -> float:
        values = [_auroc(columns, rows[columns.label[rows] == k]) for k in range(len(names))]
        return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")

    patients = [a.patient for a in kept]
    out = [Score("labels", "mean AUROC", *interval(patients, mean, rounds=200), len(kept))]
    out += _decisions(kept, columns)
    for k, name in enumerate(names):
        mine = np.flatnonzero(columns.label == k)
        value = interval([patients[i] for i in mine], _auroc_of(columns, mine), 400)
        out.append(Score("labels", f"AUROC, {name}", *value, len(mine)))
    return tuple(out)


def told_apart(
    model: Labeler, cases: Sequence[Examined], label: str, others: Sequence[str]
) -> Score:
    """AUROC of one label, studies that show it against studies that show one of the others."""
    kept = [
        c
        for c in cases
        if c.labels.get(label) or any(c.labels.get(o) for o in others)
    ]  # fmt: skip
    true = np.array([bool(c.labels.get(label)) for c in kept])
    measure = f"AUROC, {label}"
    if min(true.sum(), (~true).sum()) < LEAST:
        return Score("never seen together", measure, float("nan"), n=len(kept))
    logits = np.array([model.label(c.case.study, [label])[0].logit for c in kept])

    def statistic(rows: npt.NDArray[np.intp]) -> float:
        some = true[rows]
        return auroc(logits[rows], some) if some.any() and not some.all() else float("nan")

    value = interval([c.patient for c in kept], statistic)
    return Score("never seen together", measure, *value, len(kept))


@dataclass(frozen=True, eq=False)
class _Columns:
    logit: npt.NDArray[np.float64]
    probability: npt.NDArray[np.float64]
    true: npt.NDArray[np.bool_]
    decided: npt.NDArray[np.bool_]
    label: npt.NDArray[np.intp]


def _columns(asked: Sequence[Asked]) -> _Columns:
    numbers = {n: k for k, n in enumerate(dict.fromkeys(a.label for a in asked))}
    return _Columns(
        np.array([a.said.logit for a in asked], float),
        np.array([a.said.probability for a in asked], float),
        np.array([a.true for a in asked], bool),
        np.array([not a.said.abstained for a in asked], bool),
        np.array([numbers[a.label] for a in asked], np.intp),
    )


def _enough(asked: Sequence[Asked], name: str) -> bool:
    true = np.array([a.true for a in asked if a.label == name])
    return bool(min(true.sum(), (~true).sum()) >= LEAST)


def _auroc(c: _Columns, rows: npt.NDArray[np.intp]) -> float:
    true = c.true[rows]
    return auroc(c.logit[rows], true) if true.any() and not true.all() else float("nan")


def _auroc_of(c: _Columns, mine: npt.NDArray[np.intp]) -> Callable[[npt.NDArray[np.intp]], float]:
    return lambda rows: _auroc(c, mine[rows])


def _decisions(kept: Sequence[Asked], c: _Columns) -> list[Score]:
    patients = [a.patient for a in kept]
    share = mean_interval(c.decided, patients)
    out = [Score("labels", "decided", *share, len(kept))]
    decided = np.flatnonzero(c.decided)
    right = (c.probability >= 0.5) == c.true
    if len(decided):
        value = mean_interval(right[decided], [patients[i] for i in decided])
        out.append(Score("labels", "right where decided", *value, len(decided)))
        error = expected_calibration_error(c.probability[decided], c.true[decided])
        out.append(Score("labels", "ECE where decided", error, n=len(decided), aim="low"))
    return out
