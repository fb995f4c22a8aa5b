"""The figures of a split, from its answers alone; nothing is fitted on the studies that are judged.

Ranking rests on the uncalibrated log-odds, which every model has; calibration and decisions on what
the model itself offers as a probability where it does not abstain because it was never validated.
Operating points are chosen on other patients (`points`) and only applied here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from radgloss.bench.manifest.hearing import Answer, Said
from radgloss.eval.evaluators import labelling, retrieval, shortcut, words
from radgloss.eval.metrics import calibrating, delong, subgroups
from radgloss.eval.metrics.abstaining import RiskCoverage, risk_coverage
from radgloss.eval.metrics.bootstrap import interval
from radgloss.eval.score import Examined, Score
from radgloss.protocols import Embedder
from radgloss.text.facts import findings
from radgloss.trust.calibration import auroc, expected_calibration_error
from radgloss.types import Case, Embedding, Prediction, Report, Study, Truth

__all__ = ["SENSITIVITY", "Label", "Point", "Sheet", "points", "sheet"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
LEAST = 4  # studies with a finding, and without, before it is ranked
SENSITIVITY = 0.9  # that an operating point is chosen for
COVERAGES = (0.5, 0.8, 1.0)


@dataclass(frozen=True)
class Point:
    """A threshold on the log-odds, where it came from, and what it gives on the judged studies."""

    threshold: float
    chosen_on: int
    sensitivity: float = float("nan")
    specificity: float = float("nan")


@dataclass(frozen=True)
class Label:
    """One finding. auroc: with DeLong's interval. patients: the interval by resampling patients.
    slope, intercept: 1 and 0 are right. decided: the share that the model decides, and `right` how
    many of those are right. NaN: could not be measured."""

    name: str
    n: int
    positives: int
    auroc: tuple[float, float, float]
    patients: tuple[float, float]
    ece: float
    brier: float
    slope: float
    intercept: float
    decided: float
    right: float
    point: Point | None = None


@dataclass(frozen=True, eq=False)
class Sheet:
    """Everything that was measured of one model on one split.

    curves: by finding, what the plots need. groups: by kind, one row a group."""

    about: Mapping[str, Any]
    labels: Sequence[Label]
    scores: Sequence[Score]
    groups: Mapping[str, Sequence[subgroups.Group]]
    risk: RiskCoverage | None
    reliability: Sequence[calibrating.Bin]
    roc: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)
    problems: Sequence[str] = ()


def points(answers: Sequence[Answer]) -> dict[str, Point]:
    """By finding, the highest threshold that finds `SENSITIVITY` of these studies' positives."""
    out = {}
    for name in _names(answers):
        logits, true, _ = _column(answers, name)
        if _enough(true):
            kept = float(np.quantile(logits[true], 1 - SENSITIVITY, method="lower"))
            out[name] = Point(kept, int(true.sum()))
    return out


def sheet(
    answers: Sequence[Answer],
    reports: Sequence[Report],
    model: Any,
    about: Mapping[str, Any],
    chosen: Mapping[str, Point] | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
) -> Sheet:
    """All figures. reports: of the answers, in their order. model: for its words alone; no study
    is asked again. names: by finding, its synonyms."""
    asked = [k for k, a in enumerate(answers) if not a.problem]
    kept, written = [answers[k] for k in asked], [reports[k] for k in asked]
    cases = [_case(a, r) for a, r in zip(kept, written, strict=True)]
    labels = [_label(kept, name, (chosen or {}).get(name)) for name in _names(kept)]
    p, true, sure = _pooled(kept)
    scores = [*_macro(kept), *_risks(p, true, sure)]
    if isinstance(model, Embedder) and cases:
        vectors = {str(a.line): np.array(a.vector, np.float32) for a in kept}
        heard = _Heard(model, vectors, model.space)
        scores += retrieval.retrieved(heard, cases, _meaning)
        scores += [*words.denials(heard, cases), words.flipped(heard, cases)]
        scores += [*words.synonyms(heard, cases, names or {}),
                   *words.agreement(heard, cases, names or {})]  # fmt: skip
    return Sheet(
        {**about, "studies": len(kept), "patients": len({a.patient for a in kept})},
        labels,
        [*scores, *_audit(kept)],
        _grouped(kept),
        risk_coverage(np.maximum(p, 1 - p), (p >= 0.5) != true) if len(p) else None,
        calibrating.reliability(p, true) if len(p) else (),
        {x.name: _roc(*_column(kept, x.name)[:2]) for x in labels if x.auroc[0] == x.auroc[0]},
        [f"line {a.line}: {a.problem}" for a in answers if a.problem],
    )


# ------------------------------------------------------------------ one finding


def _names(answers: Sequence[Answer]) -> list[str]:
    return list(dict.fromkeys(name for a in answers for name in a.said))


def _column(answers: Sequence[Answer], name: str) -> tuple[Floats, Bools, list[Answer]]:
    """(n,) log-odds and truth, and whose they are."""
    mine = [a for a in answers if name in a.said]
    logits = np.array([a.said[name].logit for a in mine], float)
    return logits, np.array([a.true[name] for a in mine], bool), mine


def _enough(true: Bools) -> bool:
    return bool(min(true.sum(), (~true).sum()) >= LEAST)


def _label(answers: Sequence[Answer], name: str, point: Point | None) -> Label:
    logits, true, mine = _column(answers, name)
    p = np.array([a.said[name].probability for a in mine])
    decided = np.array([not a.said[name].abstained for a in mine])
    right = ((p >= 0.5) == true)[decided]
    nan = float("nan")
    area, ends, line = (nan, nan, nan), (nan, nan), calibrating.Recalibration(nan, nan, nan)
    if _enough(true):
        area = delong.area(logits, true)
        ends = interval([a.patient for a in mine], lambda rows: _area(logits, true, rows), 400)[1:]
        line = calibrating.recalibration(p, true)
    return Label(
        name, len(mine), int(true.sum()), area, ends,
        expected_calibration_error(p, true), calibrating.brier(p, true), line.slope,
        line.intercept, float(decided.mean()), float(right.mean()) if len(right) else nan,
        _applied(point, logits, true) if point else None,
    )  # fmt: skip


def _area(x: Floats, true: Bools, rows: npt.NDArray[np.intp]) -> float:
    some = true[rows]
    return auroc(x[rows], some) if some.any() and not some.all() else float("nan")


def _applied(point: Point, logits: Floats, true: Bools) -> Point:
    called = logits >= point.threshold
    nan = float("nan")
    return Point(
        point.threshold, point.chosen_on,
        float(called[true].mean()) if true.any() else nan,
        float((~called[~true]).mean()) if not true.all() else nan,
    )  # fmt: skip


def _roc(scores: Floats, true: Bools) -> tuple[Floats, Floats]:
    """False and true positive shares, from (0, 0) to (1, 1), equal scores in one step."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    hits, misses = np.cumsum(true[order])[ends], np.cumsum(~true[order])[ends]
    return (np.concatenate([[0.0], misses / misses[-1]]), np.concatenate([[0.0], hits / hits[-1]]))


# ------------------------------------------------------------------ all findings together


def _pooled(answers: Sequence[Answer]) -> tuple[Floats, Bools, Bools]:
    """Every answer with a probability of its own: (n,) said, true, and whether it was decided.

    An untouched half that comes with an abstention is no probability."""
    rows = [
        (s.probability, a.true[name], not s.abstained)
        for a in answers
        for name, s in a.said.items()
        if not _silent(s)
    ]
    p, true, sure = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(p, float), np.array(true, bool), np.array(sure, bool)


def _silent(said: Said) -> bool:
    return said.abstained and said.probability == 0.5


def _macro(answers: Sequence[Answer]) -> list[Score]:
    """Means over findings, patients resampled."""
    asked = [
        labelling.Asked(a.patient, n, Prediction(n, s.probability, s.logit, s.abstained), a.true[n])
        for a in answers
        for n, s in a.said.items()
    ]
    return [s for s in labelling.labelled(asked) if not s.measure.startswith("AUROC, ")]


def _risks(p: Floats, true: Bools, sure: Bools) -> list[Score]:
    if not len(p):
        return []
    found = risk_coverage(np.maximum(p, 1 - p), (p >= 0.5) != true)
    out = [
        Score("calibration", "ECE, all answers", expected_calibration_error(p, true), n=len(p),
              aim="low"),
        Score("calibration", "Brier", calibrating.brier(p, true), n=len(p), aim="low"),
    ]  # fmt: skip
    if true.any() and not true.all():
        line = calibrating.recalibration(p, true)
        both = {"slope": line.slope, "intercept": line.intercept}
        out += [Score("calibration", k, v, n=len(p), aim="none") for k, v in both.items()]
    out += [
        Score("risk", f"errors among the surest {c:.0%}", found.at(c), n=len(p), aim="low")
        for c in COVERAGES
    ]
    out.append(Score("risk", "area over a perfect order", found.excess, n=len(p), aim="low"))
    out.append(Score("risk", "decided by the model", float(sure.mean()), n=len(p), aim="none"))
    return out


def _audit(answers: Sequence[Answer]) -> list[Score]:
    """Of the studies that were asked again: with their pictures, without, and words alone."""
    mine = [a for a in answers if a.controls]
    if not mine:
        return []
    shown: dict[str, Callable[[Answer], Mapping[str, Said]]] = {"true pictures": lambda a: a.said}
    shown |= {name: lambda a, name=name: a.controls[name] for name in mine[0].controls}  # type: ignore[misc]
    said = {
        name: [
            labelling.Asked(a.patient, n, Prediction(n, s.probability, s.logit), a.true[n])
            for a in mine
            for n, s in of(a).items()
        ]
        for name, of in shown.items()
    }
    return shortcut.judged(said)


def _grouped(answers: Sequence[Answer]) -> dict[str, Sequence[subgroups.Group]]:
    """All answers pooled, group by group, of each kind with two groups or more."""
    out: dict[str, Sequence[subgroups.Group]] = {}
    for kind in dict.fromkeys(k for a in answers for k in (*a.groups, "examination")):
        rows = [
            (s.probability, a.true[n], a.exam if kind == "examination" else a.groups.get(kind, "–"),
             a.patient)
            for a in answers
            for n, s in a.said.items()
            if not _silent(s)
        ]  # fmt: skip
        if not rows:
            continue
        p, true, group, patient = zip(*rows, strict=True)
        if len(set(group)) > 1 and len(set(true)) > 1:
            out[kind] = subgroups.subgroups(p, true, group, patient, rounds=200)
    return out


# ------------------------------------------------------------------ words


@dataclass(eq=False)
class _Heard:
    """The model as it answered: vectors of studies from the record, of words from itself."""

    model: Any
    vectors: Mapping[str, npt.NDArray[np.float32]]
    space: str = ""
    texts: dict[str, Embedding] = field(default_factory=dict)

    def embed_study(self, study: Study) -> Embedding:
        return Embedding(self.vectors[study.uid], self.space)

    def embed_image(self, image: Any) -> Embedding:
        raise NotImplementedError("pictures are gone")

    def embed_text(self, text: str) -> Embedding:
        if text not in self.texts:
            self.texts[text] = self.model.embed_text(text)
        return self.texts[text]


def _case(answer: Answer, report: Report) -> Examined:
    known = {"pictures": answer.pictures} if answer.pictures else {}
    study = Study(str(answer.line), (), digests=known)
    return Examined(answer.patient, answer.exam, Case(study), Truth(()), report, answer.true)


def _meaning(case: Examined) -> object:
    """What a report states, as the fact reader reads it: equal ones are one answer."""
    text = f"{case.report.findings} {case.report.impression}"
    stated = {(f.what, f.side) for f in findings(text, case.exam) if f.status == "present"}
    return case.exam, frozenset(stated)
