"""The same figures group by group: does the model serve men and women, both scanners, all ages?

A group of few studies has a wide interval, and one below `least` studies of a class has none: the
table says so instead of leaving it out. Groups differ by chance as well: `gap` gives the largest
difference with its interval over patients. Shapes: n studies."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.eval.metrics.bootstrap import interval
from radgloss.eval.metrics.calibrating import brier
from radgloss.trust.arrays import Bools, Floats, binary, vector
from radgloss.trust.calibration import auroc, expected_calibration_error

__all__ = ["Group", "gap", "subgroups"]

LEAST = 4
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Group:
    """auroc with its 95 % interval over patients; NaN where a class has too few studies.
    said: mean probability, to be held against the share of positives."""

    name: str
    n: int
    positives: int
    auroc: float
    low: float
    high: float
    ece: float
    brier: float
    said: float


def subgroups(
    probability: npt.ArrayLike,
    truth: npt.ArrayLike,
    groups: Sequence[str],
    patients: Sequence[Hashable],
    least: int = LEAST,
    rounds: int = 400,
) -> tuple[Group, ...]:
    """One row a group in the order of its name, after one row "all"."""
    p, true = _given(probability, truth, groups, patients)
    which = np.array(groups)
    rows = {"all": np.arange(len(p))}
    rows |= {str(name): np.flatnonzero(which == name) for name in np.unique(which)}
    return tuple(_group(k, r, p, true, patients, least, rounds) for k, r in rows.items())


def gap(
    probability: npt.ArrayLike,
    truth: npt.ArrayLike,
    groups: Sequence[str],
    patients: Sequence[Hashable],
    least: int = LEAST,
    rounds: int = 400,
) -> tuple[float, float, float]:
    """The largest AUROC of a group less the smallest, with its 95 % interval over patients.

    It is never below 0 and drawn by chance away from it, the more so with small groups: compare its
    lower end with a gap that would matter, not with 0. NaN with fewer than two measured groups."""
    p, true = _given(probability, truth, groups, patients)
    which = np.array(groups)
    names = [n for n in np.unique(which) if _enough(true[which == n], least)]

    def spread(rows: Rows) -> float:
        each = [_area(p, true, rows[which[rows] == n]) for n in names]
        return float(np.max(each) - np.min(each)) if len(each) > 1 else float("nan")

    return interval(patients, spread, rounds)


def _given(
    probability: npt.ArrayLike,
    truth: npt.ArrayLike,
    groups: Sequence[str],
    patients: Sequence[Hashable],
) -> tuple[Floats, Bools]:
    p = vector(probability, what="probabilities")
    if not len(groups) == len(patients) == len(p):
        raise ValueError(f"{len(groups)} groups and {len(patients)} patients for {len(p)} studies")
    return p, binary(truth, len(p))


def _group(
    name: str,
    rows: Rows,
    p: Floats,
    true: Bools,
    patients: Sequence[Hashable],
    least: int,
    rounds: int,
) -> Group:
    area = low = high = float("nan")
    if _enough(true[rows], least):
        owners = [patients[i] for i in rows]
        area, low, high = interval(owners, lambda r: _area(p, true, rows[r]), rounds)
    return Group(
        name, len(rows), int(true[rows].sum()), area, low, high,
        expected_calibration_error(p[rows], true[rows]), brier(p[rows], true[rows]),
        float(p[rows].mean()),
    )  # fmt: skip


def _enough(true: Bools, least: int) -> bool:
    return bool(min(true.sum(), (~true).sum()) >= least)


def _area(p: Floats, true: Bools, rows: Rows) -> float:
    some = true[rows]
    return auroc(p[rows], some) if some.any() and not some.all() else float("nan")
