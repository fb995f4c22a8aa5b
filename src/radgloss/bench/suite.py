"""PhantomBench: one row for each question that simulated patients can answer exactly.

Rows ask the verbs of `protocols`, never a model class, so any outside model that is wrapped in them
is scored like ours. A verb that a model does not have prints "not offered", never a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from radgloss.bench.light import light
from radgloss.bench.transcript import Transcript
from radgloss.eval.evaluators import (
    attributes,
    composition,
    differential,
    drafting,
    grounding,
    labelling,
    retrieval,
    shift,
    words,
)
from radgloss.eval.score import Examined, Picture, Score

__all__ = ["NOT_OFFERED", "ROWS", "Material", "Row", "light", "score"]

NOT_OFFERED = "not offered"


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that the rows are measured on, pixels already taken out.

    cases: familiar studies. foreign: studies of another body part. pictures: frames cut to organs.
    diseases: what each case has, in the order of `cases`. held_out: findings never seen in
    training, each with the findings that it must be told from. phrases: by attribute, the sentence
    that states it and the one that denies it. names: by finding, its synonyms. unmet: pictures of
    what no training has met."""

    cases: Sequence[Examined]
    foreign: Sequence[Examined] = ()
    pictures: Sequence[Picture] = ()
    diseases: Sequence[Sequence[str]] = ()
    held_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    phrases: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unmet: Sequence[Picture] = ()


Ask = Callable[[Any, Material], Sequence[Score]]


@dataclass(frozen=True)
class Row:
    """One question: what it is called, the verb it needs, how it is scored."""

    name: str
    verb: str
    ask: Ask | None  # None: no evaluator yet, because no engine has the verb
    about: str


def _labels(engine: Transcript, m: Material) -> Sequence[Score]:
    """What training has met; the rest has a row of its own."""
    met = [
        replace(c, labels={n: v for n, v in c.labels.items() if n not in m.held_out})
        for c in m.cases
    ]
    return labelling.labelled(labelling.ask(engine, met))


def _held_out(engine: Transcript, m: Material) -> Sequence[Score]:
    """Within the examinations that show the finding, lest the kind of picture give it away."""
    out = []
    for name, others in m.held_out.items():
        exams = {c.exam for c in m.cases if c.labels.get(name)}
        own = [c for c in m.cases if c.exam in exams]
        out.append(labelling.told_apart(engine, own, name, others))
    return out


def _never_met(engine: Transcript, m: Material) -> Sequence[Score]:
    met = [p for p in m.pictures if not p.held_out]
    return composition.never_met(engine, met, m.unmet) if met and m.unmet else ()


def _words(engine: Transcript, m: Material) -> Sequence[Score]:
    return (*words.denials(engine, m.cases), *words.synonyms(engine, m.cases, m.names))


def _alarms(engine: Transcript, m: Material) -> Sequence[Score]:
    asked = sorted({name for case in m.cases for name in case.labels})
    return shift.alarms(engine, m.cases, m.foreign, asked)


def _watch(engine: Transcript, m: Material) -> Sequence[Score]:
    return (shift.ranked(engine, m.cases, m.foreign),)


def _drafts(engine: Transcript, m: Material) -> Sequence[Score]:
    drafts = [engine.draft(c.case) for c in m.cases]
    foreign = [engine.draft(c.case) for c in m.foreign]
    return (*drafting.drafted(m.cases, drafts), *drafting.refused(m.foreign, foreign))


def _grounded(engine: Transcript, m: Material) -> Sequence[Score]:
    return grounding.grounded(m.cases, [engine.draft(c.case) for c in m.cases])


def _differential(engine: Transcript, m: Material) -> Sequence[Score]:
    asked = [(c, d) for c, d in zip(m.cases, m.diseases, strict=True) if c.diseases]
    return differential.differential(engine, [c for c, _ in asked], [d for _, d in asked])


ROWS = (
    Row("organ × look", "embed", lambda e, m: composition.zero_shot(e, m.pictures),
        "Which organ, in which sequence or phase? Some pairs were never trained on."),
    Row("never met", "embed", _never_met,
        "The brain, which no training picture shows and no training text names."),
    Row("labels", "label", _labels, "Is this finding there?"),
    Row("never seen together", "label", _held_out,
        "A finding in an organ where training never showed it, against its neighbours there."),
    Row("attributes", "embed", lambda e, m: attributes.by_attributes(e, m.pictures, m.phrases),
        "Right-sided, retroperitoneal, hollow, …; and the organ from its attributes alone."),
    Row("words", "embed", _words, "Denials must differ from statements, synonyms must not."),
    Row("retrieval", "embed", lambda e, m: retrieval.retrieved(e, m.cases),
        "Which report belongs to which study? Reports that state the same facts are one answer."),
    Row("shift (head CT)", "label", _alarms, "A CT of the head must not be decided upon."),
    Row("shift, ranked", "watch", _watch, "How foreign is a study?"),
    Row("draft", "draft", _drafts, "The facts of the drafted report against the visible truth."),
    Row("grounding", "draft", _grounded, "Does a true sentence point at its lesion?"),
    Row("differential", "differential", _differential, "Diseases against the exact posterior."),
    Row("synthesis", "synthesize", None, "Pictures that show what was asked for."),
    Row("questions", "answer", None, "One question, one true answer."),
    Row("triage", "triage", None, "Minutes saved for critical cases."),
)  # fmt: skip


def score(engine: Transcript, material: Material) -> dict[str, tuple[Score, ...] | str]:
    """Every row for one engine, by the row's name."""
    return {
        row.name: tuple(row.ask(engine, material))
        if row.ask is not None and row.verb in engine.offers
        else NOT_OFFERED
        for row in ROWS
    }


Columns = Mapping[str, Mapping[str, tuple[Score, ...] | str]]


def beside_ceiling(columns: Columns) -> dict[str, dict[str, tuple[Score, ...] | str]]:
    """The same table, with every draft's facts as a share of the column `ceiling`'s."""
    best = columns["ceiling"]["draft"]
    told = {name: dict(rows) for name, rows in columns.items()}
    for rows in told.values():
        scores = rows["draft"]
        if not isinstance(scores, str) and not isinstance(best, str):
            rows["draft"] = (*scores, *drafting.of_ceiling(scores, best))
    return told
