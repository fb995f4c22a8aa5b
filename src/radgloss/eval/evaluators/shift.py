"""Does a model know what it does not know? Studies of another body part must raise an alarm.

The primer: a model of the abdomen would not generalise to a CT of the head, and should say so. An
engine that offers `foreign` is ranked by it; every engine is also judged by what it does, which is
whether it refuses to decide any label or to draft."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from radgloss.eval.metrics.bootstrap import interval, mean_interval
from radgloss.eval.score import Examined, Score
from radgloss.protocols import Labeler, Watcher
from radgloss.trust.calibration import auroc

__all__ = ["alarms", "ranked"]

TASK = "shift (head CT)"


def ranked(model: Watcher, own: Sequence[Examined], foreign: Sequence[Examined]) -> Score:
    """AUROC of `foreign` between familiar studies and foreign ones."""
    cases = [*own, *foreign]
    scores = np.array([model.foreign(c.case.study) for c in cases], float)
    strange = np.arange(len(cases)) >= len(own)

    def statistic(rows: np.ndarray) -> float:
        some = strange[rows]
        return auroc(scores[rows], some) if some.any() and not some.all() else float("nan")

    value = interval([c.patient for c in cases], statistic, 400)
    return Score(TASK, "AUROC", *value, len(cases))


def alarms(
    model: Labeler,
    own: Sequence[Examined],
    foreign: Sequence[Examined],
    labels: Sequence[str],
) -> tuple[Score, ...]:
    """The share of foreign studies, and of familiar ones, on which no label at all is decided.

    labels: what foreign studies are asked; familiar ones are asked their own examination's."""
    out = []
    for name, cases, aim in (("refused", foreign, "high"), ("falsely refused", own, "low")):
        silent = np.array([_silent(model, c, labels) for c in cases], float)
        if len(silent):
            value = mean_interval(silent, [c.patient for c in cases])
            out.append(Score(TASK, name, *value, len(cases), aim))
    return tuple(out)


def _silent(model: Labeler, case: Examined, labels: Sequence[str]) -> bool:
    asked = list(case.labels) or list(labels)
    return all(p.abstained for p in model.label(case.case.study, asked))
