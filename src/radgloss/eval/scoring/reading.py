"""Reports out of files: CSV or TSV, JSON lines, or one report a line.

References and predictions are paired by an identifier where both files have one, else in their
order. Nothing is dropped in silence: unequal numbers, an identifier twice, a reference without
words and bytes that are no text are refused, with the rows; what can be scored but should be known
is a note. Rows are named by number, never by identifier or text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radgloss.eval.metrics.reports.known import NOTHING, About, Reference, about
from radgloss.eval.metrics.reports.language import foreign
from radgloss.eval.metrics.reports.tokens import words
from radgloss.text.findings import EXAMS
from radgloss.types import InputRejected

__all__ = ["Pairs", "Written", "load", "notes", "pair"]

IDENTIFIERS = ("id", "study", "study_id", "studyid", "image_id", "uid", "key")
PATIENTS = ("patient", "patient_id", "patientid", "subject", "subject_id")
NO = frozenset(("no", "n", "none", "false", "0", "no prior", "n/a", "na", "nil", "-"))
SEXES = {**dict.fromkeys(("f", "female", "woman", "girl"), "F"),
         **dict.fromkeys(("m", "male", "man", "boy"), "M")}  # fmt: skip
TEXTS = ("report", "text", "generated", "caption", "findings")
ROLES = {
    "reference": ("reference", "references", "ref", "target", "ground_truth"),
    "prediction": ("prediction", "predictions", "predicted", "hypothesis", "hyp", "generated"),
}
LONG = 5000  # words: no report, but it is scored
_MOJIBAKE = re.compile("\ufffd|Ã[\u0080-\u00bf]|â€|Â[\u00a0-\u00bf]")


@dataclass(frozen=True)
class Written:
    """One file's reports, with identifiers and patients where it has them ("" else), and what is
    known of each study. strange: rows that name an examination which nobody here knows."""

    name: str
    texts: tuple[str, ...]
    ids: tuple[str, ...]
    patients: tuple[str, ...]
    known: tuple[About, ...] = ()
    strange: int = 0


@dataclass(frozen=True)
class Pairs:
    """References, with what is known of each, and predictions in one order. patients: whose each
    pair is. strange: references of an examination that nobody here knows."""

    references: tuple[str, ...]
    predictions: tuple[str, ...]
    patients: tuple[Hashable, ...]
    strange: int = 0


def load(given: str | Path | Sequence[str], role: str, column: str = "") -> Written:
    """The reports of a file, or of a sequence of texts. role: "reference" or "prediction".

    column: which one of a table holds the text; without it, one named after the role, else one of
    `TEXTS`; findings and impression are joined. Raises InputRejected: `no-such-file`, `not-text`,
    `score-rows`, `score-column`."""
    if not isinstance(given, (str, Path)):
        texts = tuple(given)
        _some(texts, f"the {role}s")
        none = ("",) * len(texts)
        return Written(f"the {role}s", texts, none, none, tuple(map(about, texts)))
    path = Path(given)
    if not path.is_file():
        raise InputRejected("no-such-file", path.name, "no file", f"a file of {role}s",
                            "Check the path.")  # fmt: skip
    text = _decoded(path)
    if path.suffix.lower() in (".csv", ".tsv"):
        rows: list[Mapping[str, Any]] = list(_table(text, path))
    elif path.suffix.lower() in (".jsonl", ".ndjson"):
        rows = list(_lines(text, path))
    elif path.suffix.lower() == ".json":
        raise InputRejected("score-rows", path.name, "one JSON value", "JSON lines",
                            "Write one object a line and name it .jsonl.")  # fmt: skip
    else:
        lines = text.replace("\r\n", "\n").removesuffix("\n")  # not at U+2028 and its like
        rows = [{"text": line} for line in lines.split("\n")] if lines else []
    _some(rows, path.name)
    chosen = _columns(rows, role, column, path.name)
    exams = [_string(row.get("exam")).strip().lower() for row in rows]
    known = tuple(_known(row, exam) for row, exam in zip(rows, exams, strict=True))
    return Written(path.name, tuple(_text(row, chosen) for row in rows),
                   _field(rows, IDENTIFIERS), _field(rows, PATIENTS), known,
                   sum(bool(e) and e not in EXAMS for e in exams))  # fmt: skip


def _known(row: Mapping[str, Any], exam: str) -> About:
    """What a row's columns exam, prior and sex say. A prior is there where the column says neither
    "no" nor nothing: it may name the earlier study, or hold its report."""
    prior = _string(row.get("prior")).strip().lower()
    sex = SEXES.get(_string(row.get("sex")).strip().lower(), "")
    return About(exam if exam in EXAMS else "", prior not in NO if prior else None, sex)


def pair(references: Written, predictions: Written) -> Pairs:
    """Each reference with its prediction. Raises InputRejected(`score-pairs`, `score-empty`)."""
    order = _order(references, predictions)
    empty = [n for n, text in enumerate(references.texts, 1) if not words(text)]
    if empty:
        raise InputRejected("score-empty", references.name, f"references without a word in "
                            f"{_rows(empty)}", "a report to score against",
                            "Leave these studies out of both files.")  # fmt: skip
    patients = tuple(p or f" {n}" for n, p in enumerate(references.patients))
    known = references.known or (NOTHING,) * len(references.texts)
    true = tuple(map(Reference, references.texts, known))
    return Pairs(true, tuple(predictions.texts[n] for n in order), patients, references.strange)


def notes(pairs: Pairs) -> tuple[str, ...]:
    """What somebody who reads the scores should know of the texts."""
    said, true = [words(t) for t in pairs.predictions], [words(t) for t in pairs.references]
    both = (*pairs.predictions, *pairs.references)
    found = {
        "Predictions without words, scored as they are": _count(not w for w in said),
        "Predictions of fewer than four words, which have no 4-grams":
            _count(0 < len(w) < 4 for w in said),
        f"Texts of more than {LONG} words": _count(len(w) > LONG for w in (*said, *true)),
        "Texts with signs of a broken encoding (� or Ã©), whose words match nothing":
            _count(_MOJIBAKE.search(t) for t in both),
        "Texts that seem not to be English, the one language that facts and labels are read from "
        "(and rouge_score has words of a to z only)": _count(map(foreign, both)),
    }  # fmt: skip
    known = [about(t) for t in pairs.references]
    used = {
        "References read as of their own examination (column exam)": _count(a.exam for a in known),
        "Comparisons judged by whether there was an earlier study (column prior)":
            _count(a.prior is not None for a in known),
        "Examinations in the column exam that are not known here (" + ", ".join(EXAMS) + "), read "
        "without": pairs.strange,
    }  # fmt: skip
    return tuple(f"{what}: {n}." for what, n in (found | used).items() if n)


def _count(each: Any) -> int:
    return sum(bool(x) for x in each)


def _some(rows: Sequence[Any], name: str) -> None:
    if not rows:
        raise InputRejected("score-rows", name, "nothing", "at least one report",
                            "Check the file.")  # fmt: skip


def _order(references: Written, predictions: Written) -> Sequence[int]:
    """For each reference the place of its prediction."""
    named = [w for w in (references, predictions) if any(w.ids)]
    if len(named) < 2:
        if len(references.texts) != len(predictions.texts):
            raise InputRejected(
                "score-pairs", predictions.name,
                f"{len(predictions.texts)} predictions for {len(references.texts)} references",
                "as many, in the same order, or an id column in both files",
                "Compare the files; a report with line breaks needs CSV or JSON lines.",
            )  # fmt: skip
        return range(len(references.texts))
    for written in named:
        blank = [n for n, i in enumerate(written.ids, 1) if not i]
        if blank:
            raise InputRejected(
                "score-pairs", written.name, f"no identifier in {_rows(blank)}",
                "one in every row, or in none", "Fill or remove the column.",
            )  # fmt: skip
        twice = [n for n, i in enumerate(written.ids) if written.ids.index(i) != n] \
            if len(set(written.ids)) < len(written.ids) else []  # fmt: skip
        if twice:
            raise InputRejected("score-pairs", written.name, f"an identifier again in "
                                f"{_rows([n + 1 for n in twice])}", "each study once",
                                "Remove the repetitions.")  # fmt: skip
    place = {i: n for n, i in enumerate(predictions.ids)}
    without = [n for n, i in enumerate(references.ids, 1) if i not in place]
    if without or len(predictions.ids) != len(references.ids):
        known = set(references.ids)
        extra = sum(i not in known for i in predictions.ids)
        raise InputRejected(
            "score-pairs", predictions.name,
            f"no prediction for {len(without)} references, and {extra} predictions of no reference",
            "one prediction for each reference", "Give both files the same studies.",
        )  # fmt: skip
    return [place[i] for i in references.ids]


def _rows(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"row{'s' if len(numbers) > 1 else ''} {shown}{more}"


# ------------------------------------------------------------------ files


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise InputRejected("not-text", path.name, f"bytes that are not UTF-8 in line {line}",
                            "UTF-8", "Save it as UTF-8.") from problem  # fmt: skip
    if "\0" in text:
        raise InputRejected("not-text", path.name, "zero bytes", "UTF-8",
                            "Save it as UTF-8.")  # fmt: skip
    return text


def _table(text: str, path: Path) -> Iterator[Mapping[str, Any]]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    before = csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for number, row in enumerate(rows, 1):
            if None in row:
                raise InputRejected("score-rows", path.name,
                                    f"more fields than the header has in row {number}", "a table",
                                    "Quote texts with commas.")  # fmt: skip
            yield {(k or "").strip().lower(): v for k, v in row.items()}
    except csv.Error as problem:
        raise InputRejected("score-rows", path.name, f"no table ({problem})", "CSV with a header",
                            "Save it again, texts quoted.") from problem  # fmt: skip
    finally:
        csv.field_size_limit(before)


def _lines(text: str, path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as problem:
            raise InputRejected(
                "score-rows", path.name, f"no JSON in line {number}",
                "one object or string a line", "Mend or remove it.",
            ) from problem  # fmt: skip
        if isinstance(value, str):
            yield {"text": value}
        elif isinstance(value, dict):
            sections = value.pop("report") if isinstance(value.get("report"), dict) else {}
            yield {str(k).strip().lower(): v for k, v in (value | sections).items()}
        else:
            raise InputRejected("score-rows", path.name, f"a {type(value).__name__} in line "
                                f"{number}", "one object or string a line",
                                "Mend or remove it.")  # fmt: skip


def _columns(rows: Sequence[Mapping[str, Any]], role: str, column: str, name: str) -> list[str]:
    """The columns that make the text."""
    there = list(dict.fromkeys(k for row in rows for k in row))
    if column:
        if column.lower() in there:
            return [column.lower()]
        found = f"no column {column!r}"
    else:
        for candidate in (*ROLES[role], *TEXTS):
            if candidate in there:
                both = candidate == "findings" and "impression" in there
                return ["findings", "impression"] if both else [candidate]
        if "impression" in there:
            return ["impression"]
        found = f"the columns {', '.join(map(repr, there[:8]))}"
    raise InputRejected("score-column", name, found, "a column of reports",
                        "Name it with --column.")  # fmt: skip


def _text(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    values = {c: _string(row.get(c)) for c in columns}
    if len(columns) == 1:
        return values[columns[0]]
    return "\n".join(f"{c.upper()}: {v}" for c, v in values.items() if v.strip())


def _string(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _field(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> tuple[str, ...]:
    there = next((n for n in names if any(n in row for row in rows)), "")
    return tuple(_string(row.get(there)) for row in rows)
