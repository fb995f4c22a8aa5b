"""A manifest: JSON Lines or CSV, one study a line, split by patient.

    {"schema": 1, "study": "path", "patient": "…", "images": ["…"], "report": "… or {sections}",
     "captions": [{"image": "uid", "frame": 3, "sentences": ["…"]}], "labels": {…},
     "split": "train"}

A caption may be of a box in the frame: "region": [[3, 0, 0], [3, 9, 9]], (frame, row, column) of
its two corners, both inside. "codes": ["K80.2", …] are the diagnosis codes of the patient's record
(`text.codes`); an empty list says that it holds none, no list that nobody looked.

A bad line is named with its number and left out; more than the allowed share of bad lines, or one
patient in two splits, stops before any work begins."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from radgloss.types import InputRejected, Region, Report

__all__ = ["SCHEMA", "SPLITS", "Caption", "Entry", "Manifest", "one_split_each", "read_manifest"]

SCHEMA = 1
SPLITS = ("train", "val", "test")
KEYS = frozenset(
    {"schema", "study", "prior", "patient", "images", "report", "captions", "labels"}
    | {"measurements", "split", "exam", "seed", "codes", "prior_report"}
)


@dataclass(frozen=True)
class Caption:
    """What is true of one frame of one image, or of a box in it, sentence by sentence."""

    image: str
    frame: int
    sentences: tuple[str, ...]
    region: Region | None = None


@dataclass(frozen=True)
class Entry:
    """One study of the manifest; `study` is a path beside the manifest, or absolute, as is `prior`,
    an earlier study of the patient."""

    line: int
    study: Path
    patient: str
    split: str = "train"
    report: Report = field(default_factory=Report)
    captions: tuple[Caption, ...] = ()
    labels: Mapping[str, Any] = field(default_factory=dict)
    exam: str = ""
    codes: tuple[str, ...] | None = None
    prior: Path | None = None
    prior_report: Report = field(default_factory=Report)


@dataclass(frozen=True)
class Manifest:
    """The good lines, and why the others were left out."""

    path: Path
    entries: tuple[Entry, ...]
    bad: tuple[InputRejected, ...] = ()

    def split(self, name: str) -> tuple[Entry, ...]:
        """The entries of one split, in the file's order."""
        return tuple(e for e in self.entries if e.split == name)

    def only(self, exams: Sequence[str]) -> Manifest:
        """The studies of these examinations; all, where none is named."""
        kept = tuple(e for e in self.entries if not exams or e.exam in exams)
        return replace(self, entries=kept)


def read_manifest(path: Path, allowed_bad: float = 0.01) -> Manifest:
    """Read, check and keep the good lines.

    Raises InputRejected('manifest') when the file is missing or empty, when more than
    `allowed_bad` of the lines are bad, or when a patient or a study stands in two splits."""
    if not path.is_file():
        raise _rejected(str(path), "no such file", "a .jsonl or .csv manifest", "Check the path.")
    entries: list[Entry] = []
    bad: list[InputRejected] = []
    for number, row in _rows(path):
        try:
            entries.append(_entry(number, row, path.parent))
        except (KeyError, TypeError, ValueError) as problem:
            bad.append(
                _rejected(f"{path.name} line {number}", _said(problem), "a study", "Mend it.")
            )
    total = len(entries) + len(bad)
    if not entries:
        raise _rejected(path.name, f"{total} lines, none usable", "at least one study",
                        _first(bad) if bad else "Write one line a study.")  # fmt: skip
    if len(bad) > allowed_bad * total:
        raise _rejected(path.name, f"{len(bad)} bad lines of {total}",
                        f"at most {allowed_bad:.0%}", _first(bad))  # fmt: skip
    one_split_each(path, entries)
    return Manifest(path, tuple(entries), tuple(bad))


def _rejected(what: str, found: str, wanted: str, do: str) -> InputRejected:
    return InputRejected("manifest", what, found, wanted, do)


def _first(bad: Sequence[InputRejected]) -> str:
    return f"The first: {bad[0].what}, {bad[0].found}."


def _said(problem: Exception) -> str:
    return f"no {problem.args[0]!r}" if isinstance(problem, KeyError) else str(problem)


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    """(line number, parsed row or the problem itself)."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            if path.suffix == ".csv":
                yield from enumerate(csv.DictReader(file), 2)
                return
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, _json(line)
    except (UnicodeDecodeError, csv.Error):
        found, wanted = "bytes that are not such text", "JSON Lines or CSV in UTF-8"
        raise _rejected(path.name, found, wanted, "Save it again as UTF-8.") from None


def _json(line: str) -> Any:
    """The line's value, or the problem itself."""
    try:
        return json.loads(line)
    except json.JSONDecodeError as problem:
        return ValueError(f"not JSON ({problem.msg})")
    except RecursionError:
        return ValueError("JSON nested too deeply")


def _entry(number: int, row: Any, root: Path) -> Entry:
    if isinstance(row, ValueError):
        raise row
    if not isinstance(row, dict):
        raise ValueError(f"{type(row).__name__}, not an object")
    if unknown := set(row) - KEYS:
        raise ValueError(f"unknown key {sorted(map(str, unknown))[0]!r}")
    if int(row.get("schema") or SCHEMA) > SCHEMA:
        raise ValueError(f"schema {row['schema']}, newer than {SCHEMA}")
    split = row.get("split") or "train"
    if split not in SPLITS:
        raise ValueError(f"split {split!r}, not one of {', '.join(SPLITS)}")
    if not row["study"] or not row["patient"]:
        raise ValueError("an empty study or patient")
    return Entry(
        line=number,
        study=root / row["study"],
        patient=str(row["patient"]),
        split=split,
        report=_report(row.get("report") or ""),
        captions=tuple(_captions(_parsed(row.get("captions")) or ())),
        labels=_labels(_parsed(row.get("labels")) or {}),
        exam=row.get("exam") or "",
        codes=_codes(row.get("codes")),
        prior=root / row["prior"] if row.get("prior") else None,
        prior_report=_report(row.get("prior_report") or ""),
    )


def _parsed(value: Any) -> Any:
    """A CSV cell holds JSON; JSON Lines hold the thing itself."""
    return json.loads(value) if isinstance(value, str) and value else value


def _labels(value: Any) -> dict[str, Any]:
    """By finding: an object whose `present` is true or false, whose `side` is a word."""
    if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
        raise ValueError("labels that are not an object of objects")
    for name, label in value.items():
        for key, kind in (("present", bool), ("side", str)):
            if key in label and not isinstance(label[key], kind):
                raise ValueError(f"label {name!r}: {key} is no {kind.__name__}")
    return value


def _codes(value: Any) -> tuple[str, ...] | None:
    """None, and an empty cell of a table, say that the record is not known."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = json.loads(value)
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ValueError("codes that are no list of codes")
    return tuple(value)


def _report(value: Any) -> Report:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = json.loads(value)
    return Report(findings=value) if isinstance(value, str) else Report(**value)


def _captions(rows: Iterable[Any]) -> Iterator[Caption]:
    for row in rows:
        yield Caption(
            str(row["image"]),
            int(row["frame"]),
            tuple(map(str, row["sentences"])),
            _region(row.get("region")),
        )


def _region(value: Any) -> Region | None:
    if value is None:
        return None
    low, high = (tuple(map(int, corner)) for corner in value)
    if len(low) != 3 or len(high) != 3 or min(low) < 0 or np.less(high, low).any():
        raise ValueError(f"region {value!r}: two corners (frame, row, column), low then high")
    return Region(low, high)


def one_split_each(path: Path, entries: Iterable[Entry]) -> None:
    """No patient, and no study under another patient's name, on both sides."""
    for what, key, do in (
        ("a patient", _patient, "Split by patient, not by study."),
        ("a study", _study, "Give each study one line; split by patient."),
    ):
        home: dict[str, str] = {}
        for entry in entries:
            first = home.setdefault(key(entry), entry.split)
            if first != entry.split:
                raise _rejected(
                    f"{path.name} line {entry.line}",
                    f"{what} both in {first} and in {entry.split}",
                    f"every {what.removeprefix('a ')} in one split", do,
                )  # fmt: skip


def _patient(entry: Entry) -> str:
    """Blanks around a name, and its case, make no other patient."""
    return entry.patient.strip().casefold()


def _study(entry: Entry) -> str:
    return os.path.normpath(entry.study)
