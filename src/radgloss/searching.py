"""Studies and reports into one index, and what is asked of it: by words, picture or report.

A row is a study or a report of one (`kind`), so that each can be looked for alone: pictures lie
nearer to pictures than to words (arXiv 2203.02053), and one ranking of both would put every
picture first. A study's row holds its UID and what `fields` lists, no name and no description; a
report's row holds the report's own words, for they are what is looked for.
Shapes: D width of the space."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from radgloss import terms
from radgloss.data.manifest import Entry, read_manifest
from radgloss.exchange.words import study_kind
from radgloss.index import Index, filters
from radgloss.protocols import Embedder
from radgloss.text import passages
from radgloss.text.facts import findings
from radgloss.text.facts.sentences import sentences
from radgloss.text.findings import finding_type
from radgloss.types import Embedding, Hit, InputRejected, Report, Study

__all__ = [
    "KINDS", "Indexed", "Kind", "fields", "found", "index", "of_manifest", "query", "search",
    "written",
]  # fmt: skip

Kind = Literal["studies", "reports"]
KINDS: tuple[Kind, ...] = ("studies", "reports")
_ONLY = {"studies": "kind!=report", "reports": "kind=report"}  # early indexes name no kind
_REPORT = "report-"  # how a report's uid begins; a study's is of digits and dots
_OLDEST = 90  # an age above 89 can point to a person (45 CFR 164.514(b)(2)(i)(C))


@dataclass(frozen=True, eq=False)
class Row:
    """What an index keeps of a study or a report."""

    uid: str
    embedding: Embedding
    text: str
    fields: Mapping[str, str]


@dataclass
class Indexed:
    """What one `index` did."""

    studies: int = 0
    reports: int = 0
    left_out: list[InputRejected] = field(default_factory=list)


# ------------------------------------------------------------------ what is kept of each


def fields(study: Study, dates: bool = False) -> dict[str, str]:
    """What a filter may ask about a study: terms of the standard, counts, age and year.

    series: the words of its series descriptions that speak of how it was taken (`terms.series`).
    dates: keep the day too, which can point to a person. An unknown one is no field at all."""
    images = study.images
    found = {
        "kind": "study",
        "modality": _listed(terms.modality(i.modality) for i in images),
        "view": _listed(terms.view(i.view) for i in images),
        "body_part": _listed(terms.body_part(i.body_part) for i in images),
        "series": _listed(word for i in images for word in terms.series(i.description)),
        "images": str(len(images)),
        "frames": str(sum(len(i.pixels) for i in images)),
        "synthetic": "yes" if study.synthetic else "no",
    }
    day = study.identity.study_date
    if len(day) == 8 and day.isdecimal():
        found["year"] = day[:4]
        if dates:
            found["date"] = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if study.age_years is not None:
        found["age"] = str(min(int(study.age_years), _OLDEST))
    if study.sex:
        found["sex"] = study.sex
    return found


def _listed(values: Iterable[str]) -> str:
    return filters.SEPARATOR.join(dict.fromkeys(v for v in values if v))


def _of_entry(entry: Entry) -> dict[str, str]:
    """What a manifest says of a study; line: where it stands there."""
    there = (_name(what) for what, label in entry.labels.items() if label.get("present"))
    found = {"exam": entry.exam, "label": _listed(there)}
    return {"split": entry.split, "line": str(entry.line)} | {k: v for k, v in found.items() if v}


def _name(label: str) -> str:
    """A finding's own name for any of its synonyms; another label stays as it is."""
    try:
        return finding_type(label.lower()).what
    except KeyError:
        return label


def written(report: Report) -> str:
    """The words of a report that speak of the pictures."""
    return f"{report.findings} {report.impression}".strip()


Marks = Callable[[Study], Mapping[str, str]]


def unmarked(study: Study) -> Mapping[str, str]:
    """No further field."""
    return {}


def found(model: Any, study: Study) -> dict[str, str]:
    """What the model itself decided is there, of the labels validated for such a study."""
    said = model.label(study, model.validated(study))
    there = _listed(p.label for p in said if not p.abstained and p.probability >= 0.5)
    return {"found": there} if there else {}


def _of_study(
    study: Study, model: Embedder, more: Mapping[str, str], dates: bool, marks: Marks
) -> Row:
    kept = {**fields(study, dates), **more, **marks(study)}
    return Row(study.uid, model.embed_study(study), study_kind(study), kept)


def _of_report(entry: Entry, model: Embedder, more: Mapping[str, str]) -> Row:
    text = written(entry.report)
    # Neither a path nor a patient: the same study of the same manifest is the same row again.
    name = hashlib.sha256(f"{entry.patient}\n{entry.study.name}\n{text}".encode()).hexdigest()[:16]
    return Row(f"{_REPORT}{name}", _whole(model, text), text, {"kind": "report", **more})


def _whole(model: Embedder, text: str) -> Embedding:
    """A text of any length: where the model cannot take it whole, its passages."""
    return Embedding(passages.direction(lambda t: model.embed_text(t).vector, text), model.space)


# ------------------------------------------------------------------ into the index


def index(
    studies: Iterable[Study | InputRejected],
    out: Path,
    model: Embedder,
    chunk: int = 32,
    dates: bool = False,
    marks: Marks = unmarked,
) -> Indexed:
    """Embed studies into a new or existing index, `chunk` at a time so that little is lost.

    marks: further fields of a study, such as what a model `found`.
    Raises InputRejected: index-space, empty, and what `Index` raises."""
    done = Indexed()

    def rows() -> Iterator[Row]:
        for study in studies:
            if isinstance(study, InputRejected):
                done.left_out.append(study)
                continue
            done.left_out += study.left_out
            yield from _kept(done, partial(_of_study, study, model, {}, dates, marks))

    return _into(rows(), out, model, chunk, done)


def of_manifest(
    manifest: Path,
    out: Path,
    model: Embedder,
    read: Callable[[Path], Study],
    kinds: Iterable[Kind] = KINDS,
    split: str = "",
    dates: bool = False,
    progress: Callable[[], object] = lambda: None,
    marks: Marks = unmarked,
) -> Indexed:
    """The studies of a manifest with its labels, their reports, or both.

    read: a study from its path; no file is opened where only reports are wanted. split: of one
    split alone. Raises InputRejected: manifest, index-space, empty, and what `Index` raises."""
    known = read_manifest(manifest)
    done = Indexed(left_out=list(known.bad))

    def rows() -> Iterator[Row]:
        for entry in known.split(split) if split else known.entries:
            more = _of_entry(entry)
            if "studies" in kinds:
                yield from _kept(done, partial(_read, entry, more))
            if "reports" in kinds and written(entry.report):
                yield from _kept(done, partial(_of_report, entry, model, more))
            progress()

    def _read(entry: Entry, more: Mapping[str, str]) -> Row:
        study = read(entry.study)
        done.left_out += study.left_out
        return _of_study(study, model, more, dates, marks)

    return _into(rows(), out, model, 32, done)


def _kept(done: Indexed, make: Callable[[], Row]) -> Iterator[Row]:
    """The row, or its refusal among what was left out."""
    try:
        yield make()
    except InputRejected as problem:
        done.left_out.append(problem)


def _into(rows: Iterator[Row], out: Path, model: Embedder, chunk: int, done: Indexed) -> Indexed:
    target = _existing(out, model.space)
    waiting: list[Row] = []

    def flush() -> None:
        nonlocal target
        if not waiting:
            return
        vectors = np.stack([row.embedding.vector for row in waiting])
        target = target or Index.create(out, model.space, vectors.shape[1])
        target.add([r.uid for r in waiting], vectors, [r.text for r in waiting],
                   [r.fields for r in waiting])  # fmt: skip
        reports = sum(r.fields["kind"] == "report" for r in waiting)
        done.reports += reports
        done.studies += len(waiting) - reports
        waiting.clear()

    for row in rows:
        waiting.append(row)
        if len(waiting) >= chunk:
            flush()
    flush()
    if target is None:
        raise InputRejected(
            "empty", "the input", "no study or report that could be embedded", "one", "Check it."
        )
    return done


def _existing(out: Path, space: str) -> Index | None:
    """The index that is there, if any; one of another model is refused before any work."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    target = Index.open(out)
    if target.space != space:
        raise InputRejected(
            "index-space", out.name, f"an index of space {target.space}", space,
            "Choose the model it was made with, or another output path.",
        )  # fmt: skip
    return target


# ------------------------------------------------------------------ asking


def query(
    model: Embedder,
    words: str = "",
    study: Study | None = None,
    report: str = "",
    of: Kind = "studies",
) -> Embedding:
    """The direction that is looked for: of the words, of a study's pictures, of a report, or the
    mean direction of those that are given.

    of: what it is asked of. Among reports a report is looked for as a whole; among studies by its
    sentences that state something (`_telling`).
    Raises InputRejected('empty-text') for nothing, and what the model raises."""
    asked = [model.embed_text(words).vector] if words else []
    if report:
        parts = (report,) if of == "reports" else _telling(report)
        mean = np.mean([_whole(model, part).vector for part in parts], axis=0)
        asked.append(mean / max(float(np.linalg.norm(mean)), 1e-12))
    if study is not None:
        asked.append(model.embed_study(study).vector)
    if not asked:
        found, wanted = "neither words nor picture nor report", "at least one"
        raise InputRejected("empty-text", "the query", found, wanted, "Add one.")
    mean = np.mean(asked, axis=0)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        found = "words and picture that point in opposite directions"
        raise InputRejected("empty-text", "the query", found, "one direction", "Ask by one.")
    return Embedding((mean / length).astype(np.float32), model.space)


def _telling(report: str) -> tuple[str, ...]:
    """The sentences that state a finding; all of them where none does.

    Most of a report denies, in words that fit every study alike, and a short context cuts a long
    one off. On 240 simulated films the study that a report tells of was among the ten nearest to
    its stating sentences in 34 %, to all its sentences in 30 %, to its whole text in 17 % (chance
    15 %)."""
    said = [report[a:b] for a, b in sentences(report) if any(c.isalpha() for c in report[a:b])]
    stated = [s for s in said if any(f.status == "present" for f in findings(s))]
    return tuple(stated or said or [report])


def search(
    asked: Index, wanted: Embedding, k: int = 10, where: str | None = None, of: Kind = "studies"
) -> list[Hit]:
    """The k nearest studies, or reports, of those that the filter keeps: k of them wherever there
    are as many, for the filter is applied before anything is ranked.

    Raises what `Index.search` raises."""
    if of == "studies" and not any(uid.startswith(_REPORT) for uid in asked.uids):
        return asked.search(wanted, k, where)  # without a look at a million rows' fields
    if where is None:
        return asked.search(wanted, k, _ONLY[of])
    filters.parse(where)  # a mistake is told with its position in what was typed
    return asked.search(wanted, k, f"{_ONLY[of]} and ({where})")
