"""Trust as plain values and arrays, and back: what a checkpoint writes into trust.*.

A file without a detector's kind has the k-nearest one; a calibration without steps has Platt's
curve; a file without sets promises no coverage. So what was written before there was a choice reads
as it always did, and is written again byte for byte. An unknown kind or key is an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from radgloss.trust import Trust
from radgloss.trust.calibration import Calibration
from radgloss.trust.conformal import Conformal
from radgloss.trust.detectors import WORDED, Mahalanobis, Worded
from radgloss.trust.isotonic import Steps
from radgloss.trust.outlier import Detector, Outlier

__all__ = [
    "calibration_of", "calibration_values", "conformal_of", "conformal_values", "plain", "restored",
]  # fmt: skip

Arrays = dict[str, npt.NDArray[Any]]
NEAREST = Outlier.kind


def plain(trust: Trust) -> tuple[dict[str, Any], Arrays]:
    """Values for JSON, and arrays under names that begin with their examination."""
    about: dict[str, Any] = {
        "labels": _each(trust.labels, calibration_values),
        "sides": _each(trust.sides, calibration_values),
        "outliers": {}, "fitted_on": trust.fitted_on,
    }  # fmt: skip
    arrays: Arrays = {"none": np.zeros(1, np.float32)}
    for exam, detector in trust.outliers.items():
        values, held = _detector(detector)
        about["outliers"][exam] = values
        arrays |= {f"{exam}.{name}": array for name, array in held.items()}
    if trust.sets:
        about["sets"] = _each(trust.sets, conformal_values)
    if trust.chosen:
        about["chosen"] = dict(trust.chosen)
    if trust.familiar:
        about["familiar"] = {exam: list(found) for exam, found in trust.familiar.items()}
    return about, arrays


def restored(about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Trust:
    """The inverse. Raises KeyError, TypeError or ValueError for what this version does not know."""
    outliers = {}
    for exam, values in about["outliers"].items():
        held = {
            name.removeprefix(f"{exam}."): array.astype(np.float32)
            for name, array in arrays.items()
            if name.startswith(f"{exam}.")
        }
        outliers[exam] = _restored_detector(values, held)
    return Trust(
        labels=_each(about["labels"], calibration_of),
        sides=_each(about["sides"], calibration_of),
        outliers=outliers,
        fitted_on=about["fitted_on"],
        sets=_each(about.get("sets", {}), conformal_of),
        chosen=dict(about.get("chosen", {})),
        familiar={exam: tuple(found) for exam, found in about.get("familiar", {}).items()},
    )


def _each(table: Mapping[str, Mapping[str, Any]], turn: Any) -> dict[str, dict[str, Any]]:
    return {exam: {label: turn(v) for label, v in of.items()} for exam, of in table.items()}


def calibration_values(c: Calibration) -> dict[str, Any]:
    values = asdict(c)
    if c.steps is None:
        del values["steps"]
    return values


def calibration_of(values: Mapping[str, Any]) -> Calibration:
    steps = values.get("steps")
    if steps is None:
        return Calibration(**values)
    read = Steps(**{name: tuple(numbers) for name, numbers in steps.items()})
    return Calibration(**{**values, "steps": read})


def conformal_values(c: Conformal) -> dict[str, Any]:
    """JSON has no infinity: a class that can never be left out has none."""
    return {**asdict(c), "least": [v if np.isfinite(v) else None for v in c.least]}


def conformal_of(values: Mapping[str, Any]) -> Conformal:
    least = tuple(-np.inf if v is None else float(v) for v in values["least"])
    return Conformal(**{**values, "least": least, "studied": tuple(values["studied"])})


def _detector(d: Detector) -> tuple[dict[str, Any], Arrays]:
    shared = {"threshold": d.threshold, "false_alarms": d.false_alarms}
    held: Arrays
    match d:
        case Outlier():
            held = {"bank": d.bank.astype(np.float16), "mean": d.mean, "spread": d.spread}
            return {"k": d.k, **shared}, held
        case Mahalanobis():
            held = {"means": d.means, "whiten": d.whiten}
            return {"kind": d.kind, **shared}, held
        case Worded():
            held = {"known": d.known, "strange": d.strange}
            return {"kind": d.kind, "tau": d.tau, **shared}, held
    raise ValueError(f"a detector of type {type(d).__name__}, which no checkpoint can hold")


def _restored_detector(values: Mapping[str, Any], held: Arrays) -> Detector:
    kind = values.get("kind", NEAREST)
    all_of_it: dict[str, Any] = {**held, **{n: v for n, v in values.items() if n != "kind"}}
    if kind == NEAREST:
        return Outlier(**all_of_it)
    if kind == Mahalanobis.kind:
        return Mahalanobis(**all_of_it)
    if kind in WORDED:
        return Worded(kind=kind, **all_of_it)
    raise ValueError(f"detector {kind!r}, which this version does not know")
