"""A folder of studies and a table of their truth, read as a manifest.

    study,patient,split,pleural effusion,nodule
    case1,p1,train,1,0
    case2.dcm,p2,val,0,

study: a path in the folder. patient: who, so that one never stands in two splits; without the
column each study is its own patient's. split: train, val or test; without the column patients are
dealt by their own digest, three of ten to val. Every other column is a label: 1, 0, or nothing
where it is not known."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radgloss.data.manifest import SPLITS, Entry, Manifest, one_split_each
from radgloss.types import InputRejected

__all__ = ["read_truth"]

OWN = ("study", "patient", "split")
ANSWERS = {"1": True, "yes": True, "true": True, "present": True,
           "0": False, "no": False, "false": False, "absent": False}  # fmt: skip
VALIDATION = 0.3


def read_truth(path: Path, folder: Path) -> Manifest:
    """Raises InputRejected('truth-table') for a table of another form, naming the line, and
    ('manifest') for a patient in two splits."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            labels = _labels(path, reader.fieldnames or [])
            entries = tuple(_entry(path, n, row, labels, folder) for n, row in enumerate(reader, 2))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise _rejected(path.name, "no readable CSV in UTF-8", "a table") from problem
    if not entries:
        raise _rejected(path.name, "no study", "one a line")
    one_split_each(path, entries)
    return Manifest(path, entries)


def _labels(path: Path, header: Any) -> list[str]:
    names = [str(h).strip() for h in header]
    if "study" not in names or len(set(names)) < len(names) or not set(names) - set(OWN):
        raise _rejected(
            f"{path.name}, its header", ", ".join(names) or "nothing",
            "study, patient and split if you have them, and a column for each label",
        )  # fmt: skip
    return [n for n in names if n not in OWN]


def _entry(path: Path, line: int, row: Mapping[Any, Any], labels: list[str], root: Path) -> Entry:
    cells = {str(k).strip(): (v or "").strip() for k, v in row.items() if isinstance(v, str)}
    what = f"{path.name}, line {line}"
    study = cells.get("study", "")
    if not study or not (root / study).exists():
        raise _rejected(what, "no such study in the folder", "a path in it")
    patient = cells.get("patient") or study
    split = cells.get("split") or _dealt(patient)
    if split not in SPLITS:
        raise _rejected(what, f"split {split!r}", ", ".join(SPLITS))
    truth = {}
    for label in labels:
        answer = cells.get(label, "").casefold()
        if answer and answer not in ANSWERS:
            raise _rejected(what, f"{answer!r} under {label!r}", "1, 0 or nothing")
        if answer:
            truth[label] = {"present": ANSWERS[answer]}
    return Entry(line, root / study, patient, split, labels=truth)


def _dealt(patient: str) -> str:
    """The same patient always into the same split."""
    lot = int.from_bytes(hashlib.sha256(patient.strip().casefold().encode()).digest()[:6], "big")
    return "val" if lot / 2**48 < VALIDATION else "train"


def _rejected(what: str, found: str, wanted: str) -> InputRejected:
    return InputRejected("truth-table", what, found, wanted, "Mend the table (docs/label.md).")
