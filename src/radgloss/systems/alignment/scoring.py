"""Figures of a fitted model on the test split, for its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from radgloss.systems.alignment.asking import Asked
from radgloss.trust import Trust, conformal
from radgloss.trust.calibration import Calibration, auroc, expected_calibration_error
from radgloss.trust.conformal import Conformal

__all__ = ["score"]


def score(studies: Sequence[Asked], trust: Trust) -> dict[str, Any]:
    """Figures on the test split by examination and finding, with numbers of studies beside them."""
    tables = {
        exam: _table([a for a in studies if a.exam == exam], exam, trust) for exam in trust.labels
    }
    familiar = {
        exam: round(
            float(np.mean([o.foreign(getattr(a, o.reads)) for a in studies if a.exam == exam])), 3
        )
        for exam, o in trust.outliers.items()
        if any(a.exam == exam for a in studies)
    }
    return {"labels": tables, "refused_as_foreign": familiar, "studies": len(studies)}


def _table(studies: Sequence[Asked], exam: str, trust: Trust) -> dict[str, Any]:
    table = {}
    for what, c in trust.labels[exam].items():
        mine = [a for a in studies if what in a.truth]
        truth = np.array([a.truth[what] for a in mine], bool)
        if not len(mine) or truth.all() or not truth.any():
            continue
        p = np.array([c.probability(a.logits[what]) for a in mine])
        said = [c.decide(x) for x in p]
        decided = np.array([s is not None for s in said])
        right = np.array([s == t for s, t in zip(said, truth, strict=True)])
        table[what] = {
            "auroc": round(auroc(p, truth), 3),
            "ece": round(expected_calibration_error(p, truth), 3),
            "decided": round(float(decided.mean()), 3),
            "right_when_decided": round(float(right[decided].mean()), 3) if decided.any() else None,
            "covered": _covered(what, mine, trust.sets.get(exam, {})),
            "side_right": _side_figure(what, mine, trust.sides[exam]),
            "n": len(mine),
            "positives": int(truth.sum()),
        }
    return table


def _covered(what: str, studies: Sequence[Asked], sets: Mapping[str, Conformal]) -> str:
    """How often the set held the truth, among the healthy and among the ill, and its mean size."""
    if what not in sets:
        return ""
    logits = np.array([a.logits[what] for a in studies])
    truth = [int(a.truth[what]) for a in studies]
    found = conformal.coverage(sets[what].sets(np.stack([-logits, logits], axis=1)), truth)
    absent, present = found.by_class
    return f"{absent:.2f} absent, {present:.2f} present, mean size {found.size:.2f}"


def _side_figure(what: str, studies: Sequence[Asked], sides: Mapping[str, Calibration]) -> str:
    """Right of decided of all, for the sided studies with the finding."""
    if what not in sides:
        return ""
    c = sides[what]
    known = [a for a in studies if a.true_sides.get(what) in ("right", "left")]
    said = [c.decide(c.probability(a.sides[what])) for a in known]
    right = sum(
        s is not None and s == (a.true_sides[what] == "right")
        for s, a in zip(said, known, strict=True)
    )
    return f"{right} of {sum(s is not None for s in said)} decided of {len(known)}"
