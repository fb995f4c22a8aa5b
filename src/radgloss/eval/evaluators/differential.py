"""Diseases in order of probability, against what happened and against the exact posterior.

A simulated patient's disease was drawn, so a probability can be judged by the outcome (AUROC,
Brier) and by the probability that Bayes' rule gives from the same evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from radgloss.eval.metrics.bootstrap import interval, mean_interval
from radgloss.eval.score import Examined, Score
from radgloss.protocols import Differentiator
from radgloss.trust.calibration import auroc

__all__ = ["differential"]

TASK = "differential"


def differential(
    model: Differentiator, cases: Sequence[Examined], present: Sequence[Sequence[str]]
) -> tuple[Score, ...]:
    """AUROC and Brier score over (case, disease), top-1 accuracy, and distance to the posterior.

    present: the diseases that each case has. `Examined.diseases` names those that are asked."""
    said, true, exact, patients, first = [], [], [], [], []
    for case, ill in zip(cases, present, strict=True):
        answers = {p.label: p.probability for p in model.differential(case.case)}
        first.append(_first(answers, case.diseases, ill))
        for disease, probability in case.diseases.items():
            said.append(answers.get(disease, 0.0))
            true.append(disease in ill)
            exact.append(probability)
            patients.append(case.patient)
    p, t, e = np.array(said), np.array(true), np.array(exact)

    def ranking(rows: np.ndarray) -> float:
        some = t[rows]
        return auroc(p[rows], some) if some.any() and not some.all() else float("nan")

    return (
        Score(TASK, "AUROC", *interval(patients, ranking, 200), len(p)),
        Score(TASK, "Brier", *mean_interval((p - t) ** 2, patients), len(p), "low"),
        Score(TASK, "top-1", *mean_interval(first, [c.patient for c in cases]), len(cases)),
        Score(
            TASK, "distance to posterior", *mean_interval(np.abs(p - e), patients), len(p), "low"
        ),
    )


def _first(answers: Mapping[str, float], asked: Iterable[str], ill: Sequence[str]) -> float:
    """The probability that the first disease is one of the true ones; ties are drawn by lot."""
    given = {disease: answers.get(disease, 0.0) for disease in asked}
    best = [d for d, p in given.items() if p == max(given.values())]
    return sum(d in ill for d in best) / len(best) if best else 0.0
