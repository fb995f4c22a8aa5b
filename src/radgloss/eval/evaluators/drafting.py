"""A drafted report against the truth: facts found and invented, sides, sites, sizes, comparisons.

What counts is what the text says: facts are read out of the words of the draft by the same rule
engine for every model, and compared with the findings that can be seen. A finding that is in the
body but cannot be seen in this study is neither missed nor invented.

A small lesion may be less than a pixel of the model's input. "8 mm and more" leaves the findings
away whose every visible lesion is smaller, on both sides; what it comes to is best read beside
the ceiling's, which `of_ceiling` does.

A device has no size. What is measured of it is how far its tip lies from its landmark: the reader's
`Fact.distance_mm`, against the number that the truth keeps in `size_mm` of a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from radgloss.eval.evaluators.statements import ASSERTED, judged, least_sure
from radgloss.eval.metrics.bootstrap import interval, mean_interval
from radgloss.eval.metrics.facts import kinds, said
from radgloss.eval.score import Examined, Score
from radgloss.text.facts import Fact, read
from radgloss.text.facts.naming import row_of
from radgloss.types import Draft, Finding, Report

__all__ = ["LARGE", "drafted", "facts_of", "of_ceiling", "refused"]

TASK = "draft"
LEAST_MM = 8.0
LARGE = "fact F1, 8 mm and more"


@dataclass(frozen=True)
class _Tally:
    """Counts over one draft. denied_right: true denials; sided, sited, numbered: facts whose side,
    site, number both the draft and the truth state. large_: of findings of 8 mm and more."""

    found: int = 0
    visible: int = 0
    stated: int = 0
    large_found: int = 0
    large_total: int = 0  # visible and stated together
    denied: int = 0
    denied_right: int = 0
    sided: int = 0
    side_wrong: int = 0
    sited: int = 0
    site_wrong: int = 0
    numbered: int = 0
    number_wrong: int = 0
    compared_without_prior: int = 0
    sentences: int = 0
    invented_sentences: int = 0


def facts_of(draft: Draft, exam: str) -> tuple[Finding, ...]:
    """The facts that the draft's own words state, findings and impression, each once."""
    return tuple(dict.fromkeys(fact.finding for fact in _read(draft, exam)))


def _read(draft: Draft, exam: str) -> tuple[Fact, ...]:
    report = Report(findings=draft.text("findings"), impression=draft.text("impression"))
    return read(report, exam)


def drafted(cases: Sequence[Examined], drafts: Sequence[Draft]) -> tuple[Score, ...]:
    """Recall, precision and F1 of positive facts, denials, errors of place and size, inventions."""
    tallies: list[_Tally] = []
    sizes: list[list[float]] = []
    tips: list[list[float]] = []
    told = [judged(case, draft) for case, draft in zip(cases, drafts, strict=True)]
    for case, draft, sentences in zip(cases, drafts, told, strict=True):
        facts = _read(draft, case.exam)
        stated = tuple(dict.fromkeys(f.finding for f in facts))
        invented = sum(s.invents for s in sentences)
        tallies.append(_tally(case, stated, len(sentences), invented))
        sizes.append(_errors(case, _sizes(facts)))
        tips.append(_errors(case, _tips(facts)))
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
        both = 2 * counts["found"][rows].sum()
        return float(both / total) if total else float("nan")

    def large(rows: np.ndarray) -> float:
        total = counts["large_total"][rows].sum()
        return float(2 * counts["large_found"][rows].sum() / total) if total else float("nan")

    silent = np.array([d.abstained for d in drafts], float)
    return (
        Score(TASK, "fact F1", *interval(patients, f1, 400), int(counts["visible"].sum())),
        Score(TASK, LARGE, *interval(patients, large, 400), int(counts["large_total"].sum())),
        ratio("found", "visible", "fact recall"),
        ratio("found", "stated", "fact precision"),
        ratio("denied_right", "denied", "denials that are true"),
        ratio("side_wrong", "sided", "side errors", "low"),
        ratio("site_wrong", "sited", "site errors", "low"),
        ratio("number_wrong", "numbered", "number errors", "low"),
        _median(sizes, patients, "size error, median mm"),
        _median(tips, patients, "tip error, median mm"),
        ratio("invented_sentences", "sentences", "sentences that invent", "low"),
        ratio("compared_without_prior", "stated", "comparisons without a prior", "low"),
        *least_sure(TASK, patients, told),
        Score(TASK, "no draft made", *mean_interval(silent, patients), len(drafts), "low"),
    )


def _median(errors: Sequence[Sequence[float]], patients: Sequence[str], measure: str) -> Score:
    """Of the errors of all drafts, with its interval over patients."""

    def statistic(rows: np.ndarray) -> float:
        some = [e for k in rows for e in errors[k]]
        return float(np.median(some)) if some else float("nan")

    value = interval(patients, statistic, 400)
    return Score(TASK, measure, *value, sum(map(len, errors)), "low")


def of_ceiling(scores: Sequence[Score], ceiling: Sequence[Score]) -> tuple[Score, ...]:
    """Fact F1 of findings of 8 mm and more as a share of the ceiling's, which is taken as known.

    Nothing where either has none."""
    mine, best = (next((s for s in some if s.measure == LARGE), None) for some in (scores, ceiling))
    if mine is None or best is None or not best.value > 0:
        return ()
    low, high = (None if x is None else x / best.value for x in (mine.low, mine.high))
    return (Score(TASK, f"{LARGE}: of the ceiling", mine.value / best.value, low, high, mine.n),)


_STATED = ("side", "site", "number")
_FIELDS = tuple(_Tally.__dataclass_fields__)


def refused(cases: Sequence[Examined], drafts: Sequence[Draft]) -> tuple[Score, ...]:
    """The share of foreign studies for which no draft was made."""
    if not cases:
        return ()
    silent = [float(d.abstained) for d in drafts]
    value = mean_interval(silent, [c.patient for c in cases])
    return (Score(TASK, "head studies refused", *value, len(cases)),)


def _tally(case: Examined, facts: Sequence[Finding], sentences: int, invented: int) -> _Tally:
    visible = {f.what for f in case.truth.visible}
    hidden = {f.what for f in case.truth.present} - visible
    positive = [f for f in facts if f.status in ASSERTED and f.what not in hidden]
    counts = kinds(positive, case.truth.visible)
    side, site, number = (said(positive, case.truth.visible, f) for f in _STATED)
    denied = [f for f in facts if f.status == "absent" and f.what in case.labels and not f.side]
    small = visible - {f.what for f in case.truth.visible if _large(f)}
    large = kinds(
        [f for f in positive if f.what not in small],
        [f for f in case.truth.visible if f.what not in small],
    )
    return _Tally(
        found=counts.hits,
        visible=counts.hits + counts.missed,
        stated=counts.hits + counts.invented,
        large_found=large.hits,
        large_total=2 * large.hits + large.missed + large.invented,
        denied=len(denied),
        denied_right=sum(not case.labels[f.what] for f in denied),
        sided=side.stated,
        side_wrong=side.wrong,
        sited=site.stated,
        site_wrong=site.wrong,
        numbered=number.stated,
        number_wrong=number.wrong,
        compared_without_prior=sum(bool(f.change) for f in facts) if not case.case.prior else 0,
        sentences=sentences,
        invented_sentences=invented,
    )


def _large(finding: Finding) -> bool:
    """Of 8 mm and more, or of no size; a device's number is no size."""
    row = row_of(finding.what)
    device = row is not None and row.layer == "device"
    return device or not finding.size_mm or finding.size_mm[0] >= LEAST_MM


def _sizes(facts: Sequence[Fact]) -> list[tuple[str, float]]:
    found = [f.finding for f in facts if f.layer != "device" and f.finding.size_mm]
    return [(f.what, f.size_mm[0]) for f in dict.fromkeys(found) if f.status in ASSERTED]


def _tips(facts: Sequence[Fact]) -> list[tuple[str, float]]:
    return [
        (f.finding.what, f.distance_mm)
        for f in facts
        if f.layer == "device" and f.distance_mm is not None and f.finding.status in ASSERTED
    ]


def _errors(case: Examined, lengths: Sequence[tuple[str, float]]) -> list[float]:
    """For each stated length of a visible finding, the distance to the nearest true one, mm."""
    out = []
    for what, length in lengths:
        true = [t.size_mm[0] for t in case.truth.visible if t.what == what and t.size_mm]
        if true:
            out.append(min(abs(length - t) for t in true))
    return out
