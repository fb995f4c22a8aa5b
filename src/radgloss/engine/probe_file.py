"""A fitted probe as one file: what was learned, how it is calibrated, and for which model.

    linear, ss-text, lp++   one direction a label, on a study's mean vector
    words                   the direction from sentences that deny to those that state, on frames
    eszsl                   one direction a class, made of its attributes
    dap                     one direction an attribute; a class multiplies their answers

A safetensors file; its header holds the rest as JSON. Nothing in it is code. Shapes: N frames · D
width · K labels · A attributes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from scipy.special import log_expit

from radgloss import disk
from radgloss.trust import Calibration, Conformal, Outlier
from radgloss.trust.stored import (
    calibration_of,
    calibration_values,
    conformal_of,
    conformal_values,
)
from radgloss.types import InputRejected

__all__ = ["KINDS", "Probe", "read_probe", "write_probe"]

Floats = npt.NDArray[np.float32]
Reads = Literal["study", "frames"]
SCHEMA, TOP = 1, 2
KINDS = ("linear", "ss-text", "lp++", "words", "eszsl", "dap")


@dataclass(frozen=True, eq=False)
class Probe:
    """space: of the vectors that it was fitted on; no others fit. reads: a study's mean vector, or
    the TOP frames where a label is strongest. weights, bias: (K, D), (K,) of the labels; of dap
    (A, D), (A,) of the attributes, with rows, (K, A), and shares, (A,), as `trust.attributes`
    explains. strangers: on mean vectors; None: too few studies to tell. about: kind, words, counts.
    """

    kind: str
    space: str
    reads: Reads
    labels: tuple[str, ...]
    weights: Floats
    bias: Floats
    calibration: Mapping[str, Calibration] = field(default_factory=dict)
    sets: Mapping[str, Conformal] = field(default_factory=dict)
    strangers: Outlier | None = None
    rows: Floats | None = None
    shares: Floats | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def logits(self, frames: Floats) -> Floats:
        """The log-odds of every label in one study, (N, D) unit vectors → (K,)."""
        if self.reads == "frames":
            each = frames @ self.weights.T + self.bias
            return np.asarray(np.sort(each, axis=0)[-TOP:].mean(axis=0), np.float32)
        said = self.weights @ mean_of(frames) + self.bias
        if self.rows is None or self.shares is None:
            return np.asarray(said, np.float32)
        with_it = log_expit(said) - np.log(self.shares)
        without = log_expit(-said) - np.log(1 - self.shares)
        return np.asarray(self.rows @ with_it + (1 - self.rows) @ without, np.float32)

    def __str__(self) -> str:
        words = f" in the words of {w}" if (w := self.about.get("words")) else ""
        return f"{self.kind} probe of {len(self.labels)} labels{words}"


def mean_of(frames: Floats) -> Floats:
    """A study's mean direction, (N, D) → (D,)."""
    mean = frames.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


def write_probe(path: Path, probe: Probe) -> str:
    """Writes the file; returns its digest (SHA-256)."""
    about = {
        "schema": SCHEMA, "kind": probe.kind, "space": probe.space, "reads": probe.reads,
        "labels": list(probe.labels), "about": dict(probe.about),
        "calibration": {k: calibration_values(c) for k, c in probe.calibration.items()},
        "sets": {k: conformal_values(c) for k, c in probe.sets.items()},
    }  # fmt: skip
    arrays = {"weights": probe.weights, "bias": probe.bias}
    if probe.rows is not None and probe.shares is not None:
        arrays |= {"rows": probe.rows, "shares": probe.shares}
    if (s := probe.strangers) is not None:
        arrays |= {"bank": s.bank, "mean": s.mean, "spread": s.spread}
        about["strangers"] = {
            "k": s.k, "threshold": s.threshold, "false_alarms": s.false_alarms
        }  # fmt: skip
    whole = {k: np.ascontiguousarray(a, np.float32) for k, a in arrays.items()}
    raw = save(whole, {"radgloss-probe": json.dumps(about, sort_keys=True)})
    disk.write(path, raw)
    return hashlib.sha256(raw).hexdigest()


def read_probe(path: Path) -> Probe:
    """Raises InputRejected('probe') for a file that is none, is newer, or holds no numbers."""
    what = f"probe {path.name}"
    if not path.is_file():
        raise _rejected(what, "no such file", "a file of `radgloss probe`", "Check the path.")
    try:
        with safe_open(path, "np") as file:
            about = json.loads((file.metadata() or {})["radgloss-probe"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if about["schema"] != SCHEMA:
            raise _rejected(what, f"schema {about['schema']}", f"{SCHEMA}", "Update radgloss.")
        return _checked(what, about, arrays)
    except (SafetensorError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as problem:
        raise _rejected(
            what, "another form", "a file of `radgloss probe`", "Fit it again."
        ) from problem


def _checked(what: str, about: Mapping[str, Any], arrays: dict[str, Floats]) -> Probe:
    weights, bias, labels = arrays["weights"], arrays["bias"], tuple(about["labels"])
    rows, shares = arrays.get("rows"), arrays.get("shares")
    fits = weights.ndim == 2 and bias.shape == weights.shape[:1]
    fits &= (len(bias) == len(labels)) if rows is None else rows.shape == (len(labels), len(bias))
    finite = all(np.isfinite(a).all() for a in arrays.values())
    if not fits or not finite or about["kind"] not in KINDS:
        raise _rejected(what, "numbers that do not belong together", "a fitted probe",
                        "Fit it again.")  # fmt: skip
    known = about.get("strangers")
    held: dict[str, Any] = {k: arrays[k] for k in ("bank", "mean", "spread")} if known else {}
    return Probe(
        kind=about["kind"], space=about["space"], reads=about["reads"], labels=labels,
        weights=weights, bias=bias, rows=rows, shares=shares, about=about["about"],
        calibration={k: calibration_of(c) for k, c in about["calibration"].items()},
        sets={k: conformal_of(c) for k, c in about["sets"].items()},
        strangers=Outlier(**held, **known) if known else None,
    )  # fmt: skip


def _rejected(what: str, found: str, wanted: str, do: str) -> InputRejected:
    return InputRejected("probe", what, found, wanted, do)
