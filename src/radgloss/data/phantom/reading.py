"""A phantom's folder read back: pictures by the package's own DICOM reader, truth from its files.

What a benchmark asks a model about is then what a hospital's files would have gone through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radgloss import dicom
from radgloss.data.phantom.files import SCHEMA
from radgloss.data.phantom.study import T0
from radgloss.types import Case, Finding, InputRejected, Masks, Measurement, Report, Study, Truth

__all__ = ["Filed", "read", "truth_of"]


@dataclass(frozen=True, eq=False)
class Filed:
    """One simulated patient from disk.

    labels: for every finding of the exam, True where it can be seen, False where it is not in the
    body, None where it is there and cannot be seen. looks: by image uid, the phase, sequence or
    view. diseases: what the patient really has."""

    name: str
    exam: str
    seed: int
    case: Case
    truth: Truth
    report: Report
    labels: Mapping[str, bool | None] = field(default_factory=dict)
    looks: Mapping[str, str] = field(default_factory=dict)
    diseases: tuple[str, ...] = ()


def truth_of(folder: Path) -> dict[str, Any]:
    """truth.json as plain values.

    Raises InputRejected('phantom') where it is missing, no JSON or of another schema."""
    try:
        known = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = None
    if not isinstance(known, dict) or known.get("schema") != SCHEMA:
        raise InputRejected(
            "phantom", folder.name, "no truth.json of this version", f"schema {SCHEMA}",
            "Make the folder again with radgloss phantom.",
        )  # fmt: skip
    return known


def read(folder: Path, reader: dicom.Reader | None = None) -> Filed:
    """The patient of one folder that `files.write` made, the earlier study included.

    Raises InputRejected for a folder that is none, or that the DICOM reader refuses."""
    known = truth_of(folder)
    with nullcontext(reader) if reader else dicom.Reader() as opened:
        assert opened is not None
        study = opened.read(folder / "dicom")
        before = folder / "prior" / "dicom"
        prior = opened.read(before) if before.is_dir() else None
    report = Report(**known["report"])
    numbers = known["patient"]["encounter"]["measurements"]
    return Filed(
        name=f"PHANTOM-{known['seed']:07d}",
        exam=known["exam"],
        seed=known["seed"],
        case=Case(study, report.indication, tuple(_measurement(m) for m in numbers), prior, T0),
        truth=_truth(known, folder, study),
        report=report,
        labels=known["labels"],
        looks=known["looks"],
        diseases=tuple(known["diseases"]),
    )


def _measurement(row: dict[str, Any]) -> Measurement:
    return Measurement(**row)


def _finding(row: dict[str, Any]) -> Finding:
    """A finding from JSON, whose lists are tuples here."""
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
    return Finding(**plain)


def _truth(known: dict[str, Any], folder: Path, study: Study) -> Truth:
    grids = _label_maps(folder / "labels.npz")
    organs: dict[str, Masks] = {}
    masks: dict[str, Masks] = {}
    for image in study.images:
        marked = grids.get(str(known["grids"].get(image.uid)), {})
        organs[image.uid] = _named(marked, "organ/")
        masks[image.uid] = _named(marked, "finding/")
    present, visible, reported = (
        tuple(_finding(f) for f in known[which]) for which in ("present", "visible", "reported")
    )
    return Truth(present, visible, reported, masks, organs, known["posterior"])


def _named(marked: Mapping[str, npt.NDArray[np.bool_]], prefix: str) -> Masks:
    return {k.removeprefix(prefix): m for k, m in marked.items() if k.startswith(prefix)}


def _label_maps(path: Path) -> dict[str, dict[str, npt.NDArray[np.bool_]]]:
    """By grid, then by structure, masks (F, R, C)."""
    out: dict[str, dict[str, npt.NDArray[np.bool_]]] = {}
    with np.load(path) as packed:
        for key in packed.files:
            grid, _, name = key.partition("/")
            if name != "shape":
                shape = tuple(int(n) for n in packed[f"{grid}/shape"])
                bits = np.unpackbits(packed[key], count=int(np.prod(shape)))
                out.setdefault(grid, {})[name] = bits.reshape(shape).astype(bool)
    return out
