"""A drafted report against the truth: facts found and invented, sides, sizes, comparisons.

What counts is what the text says: facts are read out of the words of the draft by the same rule
engine for every model, and compared with the findings that can be seen. A finding that is in the
body but cannot be seen in this study is neither missed nor invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from radgloss.eval.metrics.bootstrap import interval, mean_interval
from radgloss.eval.score import Examined, Score
from radgloss.text.facts import read
from radgloss.types import Draft, Finding, Report

__all__ = ["drafted", "facts_of", "refused"]

TASK = "draft"
ASSERTED = ("present", "uncertain")


@dataclass(frozen=True)
class _Tally:
    """Counts over one draft. denied_right: true denials; sided: facts whose side is known."""

    found: int = 0
    visible: int = 0
    stated: int = 0
    true: int = 0
    denied: int = 0
    denied_right: int = 0
    sided: int = 0
    side_wrong: int = 0
    compared_without_prior: int = 0
    sentences: int = 0
    invented_sentences: int = 0


def facts_of(draft: Draft, exam: str) -> tuple[Finding, ...]:
    """The facts that the draft's own words state, findings and impression, each once."""
    report = Report(findings=draft.text("findings"), impression=draft.text("impression"))
    found = [fact.finding for fact in read(report, exam)]
    return tuple(dict.fromkeys(found))


def drafted(cases: Sequence[Examined], drafts: Sequence[Draft]) -> tuple[Score, ...]:
    """Recall, precision and F1 of positive facts, denials, side errors, size error, inventions."""
    tallies, errors, whose = [], [], []
    for case, draft in zip(cases, drafts, strict=True):
        facts = facts_of(draft, case.exam)
        tallies.append(_tally(case, draft, facts))
        for error in _size_errors(case, facts):
            errors.append(error)
            whose.append(case.patient)
    patients = [c.patient for c in cases]
    counts = {name: np.array([getattr(t, name) for t in tallies]) for name in _FIELDS}

    def ratio(over: str, under: str, measure: str, aim: str = "high") -> Score:
        a, b = counts[over], counts[under]

        def statistic(rows: np.ndarray) -> float:
            total = b[rows].sum()
            return float(a[rows].sum() / total) if total else float("nan")

        return Score(TASK, measure, *interval(patients, statistic, 400), int(b.sum()), aim)

    def f1(rows: np.ndarray) -> float:
        total = counts["stated"][rows].sum() + counts["visible"][rows].sum()
        both = counts["true"][rows].sum() + counts["found"][rows].sum()
        return float(both / total) if total else float("nan")

    silent = np.array([d.abstained for d in drafts], float)
    return (
        Score(TASK, "fact F1", *interval(patients, f1, 400), int(counts["visible"].sum())),
        ratio("found", "visible", "fact recall"),
        ratio("true", "stated", "fact precision"),
        ratio("denied_right", "denied", "denials that are true"),
        ratio("side_wrong", "sided", "side errors", "low"),
        Score(TASK, "size error, median mm", float(np.median(errors)) if errors else float("nan"),
              n=len(errors), aim="low"),
        ratio("invented_sentences", "sentences", "sentences that invent", "low"),
        ratio("compared_without_prior", "stated", "comparisons without a prior", "low"),
        Score(TASK, "no draft made", *mean_interval(silent, patients), len(drafts), "low"),
    )  # fmt: skip


_FIELDS = tuple(_Tally.__dataclass_fields__)


def refused(cases: Sequence[Examined], drafts: Sequence[Draft]) -> tuple[Score, ...]:
    """The share of foreign studies for which no draft was made."""
    if not cases:
        return ()
    silent = [float(d.abstained) for d in drafts]
    value = mean_interval(silent, [c.patient for c in cases])
    return (Score(TASK, "head studies refused", *value, len(cases)),)


def _tally(case: Examined, draft: Draft, facts: Sequence[Finding]) -> _Tally:
    visible = _by_kind(case.truth.visible)
    hidden = {f.what for f in case.truth.present} - set(visible)
    positive = [f for f in facts if f.status in ASSERTED and f.what not in hidden]
    named = {f.what for f in positive}
    denied = [f for f in facts if f.status == "absent" and f.what in case.labels and not f.side]
    sided = [f for f in positive if f.what in visible and _sides(visible[f.what]) and f.side]
    invented = [
        any(
            f.status == "present" and f.what not in visible and f.what not in hidden
            for f in facts_of(_alone(draft, s.text), case.exam)
        )
        for s in draft.sentences
        if s.section in ("findings", "impression")
    ]
    return _Tally(
        found=len(named & set(visible)),
        visible=len(visible),
        stated=len(named),
        true=len(named & set(visible)),
        denied=len(denied),
        denied_right=sum(not case.labels[f.what] for f in denied),
        sided=len(sided),
        side_wrong=sum(not _side_fits(f.side, _sides(visible[f.what])) for f in sided),
        compared_without_prior=sum(bool(f.change) for f in facts) if not case.case.prior else 0,
        sentences=len(invented),
        invented_sentences=sum(invented),
    )


def _alone(draft: Draft, text: str) -> Draft:
    kept = tuple(s for s in draft.sentences if s.text == text)[:1]
    return replace(draft, sentences=kept)


def _by_kind(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    out: dict[str, list[Finding]] = {}
    for f in findings:
        out.setdefault(f.what, []).append(f)
    return out


def _sides(findings: Sequence[Finding]) -> set[str]:
    return {f.side for f in findings if f.side}


def _side_fits(said: str, true: set[str]) -> bool:
    if said == "bilateral":
        return "bilateral" in true or {"left", "right"} <= true
    return said in true or "bilateral" in true


def _size_errors(case: Examined, facts: Sequence[Finding]) -> list[float]:
    """For each stated size of a visible finding, the distance to the nearest true one, mm."""
    visible = _by_kind(case.truth.visible)
    out = []
    for f in facts:
        true = [t.size_mm[0] for t in visible.get(f.what, []) if t.size_mm]
        if f.status in ASSERTED and f.size_mm and true:
            out.append(min(abs(f.size_mm[0] - t) for t in true))
    return out
