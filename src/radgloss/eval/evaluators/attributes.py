"""Organs by their attributes: right-sided, retroperitoneal, hollow, … (primer, Figs 8 and 9).

The model is asked one attribute at a time, as the nearer of two sentences; an organ it has no name
for is then named by the attributes it shows (direct attribute prediction, Lampert et al. 2009)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from radgloss.eval.evaluators.composition import picked, similarities
from radgloss.eval.metrics.bootstrap import mean_interval
from radgloss.eval.score import Picture, Score
from radgloss.protocols import Embedder
from radgloss.trust.calibration import auroc

__all__ = ["by_attributes"]

TASK = "attributes"
Floats = npt.NDArray[np.float64]


def by_attributes(
    model: Embedder, pictures: Sequence[Picture], phrases: Mapping[str, tuple[str, str]]
) -> tuple[Score, ...]:
    """Mean AUROC over attributes, and accuracy of naming the organ from its attributes alone.

    phrases: by attribute, the sentence that states it and the one that denies it."""
    names = [n for n in phrases if len({p.attributes.get(n) for p in pictures}) == 2]
    if not names:
        return (Score(TASK, "mean AUROC", float("nan")),)
    asked = [s for n in names for s in phrases[n]]
    cosines = similarities(model, pictures, asked)
    gap = cosines[:, 0::2] - cosines[:, 1::2]  # (pictures, attributes)
    true = np.array([[bool(p.attributes[n]) for n in names] for p in pictures])
    each = [auroc(gap[:, k], true[:, k]) for k in range(len(names))]
    right = _named(gap, pictures, names)
    patients = [p.patient for p in pictures]
    return (
        Score(TASK, "mean AUROC", float(np.mean(each)), n=len(names)),
        Score(TASK, "organ from attributes", *mean_interval(right, patients), len(pictures)),
    )


def _named(gap: Floats, pictures: Sequence[Picture], names: Sequence[str]) -> Floats:
    """The organ whose attribute vector fits best; each attribute is scaled over the pictures, so
    that one which the model always asserts does not outvote the others."""
    spread = gap.std(axis=0)
    scaled = (gap - gap.mean(axis=0)) / np.where(spread > 0, spread, 1)
    organs = list(dict.fromkeys(p.organ for p in pictures))
    vector = {p.organ: [1 if p.attributes[n] else -1 for n in names] for p in pictures}
    fit = scaled @ np.array([vector[o] for o in organs], float).T  # (pictures, organs)
    return picked(np.round(fit, 9), [organs.index(p.organ) for p in pictures])
