"""A sheet of scores: every measure beside what needs no picture, and beside what it cannot see.

One pass over the texts of each system counts what every measure needs; intervals, tests, baselines
and perturbations are sums of these counts. See `radgloss.eval.metrics.reports.sums`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from radgloss import __version__
from radgloss.eval.metrics.reports.mistakes import Mistakes
from radgloss.eval.metrics.reports.sums import (
    Family,
    Floats,
    Member,
    NotAvailable,
    Value,
    by_patient,
    holm,
    intervals,
    paired,
)
from radgloss.eval.score import Score
from radgloss.eval.scoring.baselines import baselines
from radgloss.eval.scoring.perturb import NOTICED, PERTURBATIONS, Perturbation
from radgloss.eval.scoring.reading import Pairs

__all__ = ["Comparison", "Distinct", "Probe", "Row", "Sheet", "measured", "probes"]

PROBED = 200  # references that are perturbed, spread over all
LEAST = 5  # changed reports from which it is said what a measure notices
COLLAPSED = 0.1  # distinct predictions for each distinct reference below which it is said
Told = Callable[[str], None]
Counted = dict[str, Floats]  # of each system, and of each perturbation with a sign before its name


@dataclass(frozen=True)
class Row:
    """One measure. beside: its value for each baseline and other system. absent: why no value."""

    score: Score
    signature: str
    beside: Mapping[str, float] = field(default_factory=dict)
    absent: str = ""


@dataclass(frozen=True)
class Comparison:
    """The system less another, with an interval; p by randomisation, holm over the whole table."""

    measure: str
    against: str
    difference: float
    low: float
    high: float
    p: float
    holm: float


@dataclass(frozen=True)
class Probe:
    """What a measure loses on a perturbation, as a share of its loss on another patient's report.

    n: references that could be changed; NaN share where there were none, or where the measure does
    not tell another patient's report from the right one."""

    measure: str
    perturbation: str
    harmful: bool
    n: int
    share: float

    @property
    def noticed(self) -> bool | None:
        """None where it could not be found out: also on fewer than `LEAST` reports."""
        return None if self.share != self.share or self.n < LEAST else self.share >= NOTICED


@dataclass(frozen=True)
class Distinct:
    """How many different texts; commonest: how many of the predictions are its copies."""

    predictions: int
    references: int
    commonest: int

    @property
    def collapsed(self) -> bool:
        return self.references > 1 and self.predictions < COLLAPSED * self.references


@dataclass(frozen=True)
class Sheet:
    """All of it. systems: names of the other systems; baselines: of the baselines. mistakes: of
    each prediction, in the order of the references."""

    pairs: int
    patients: int
    rounds: int
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]
    probes: tuple[Probe, ...]
    distinct: Distinct
    baselines: tuple[str, ...]
    systems: tuple[str, ...]
    notes: tuple[str, ...]
    signature: str
    mistakes: tuple[Mistakes, ...] = ()


def measured(
    pairs: Pairs,
    families: Sequence[Family],
    others: Mapping[str, Sequence[str]] | None = None,
    train: Sequence[str] = (),
    rounds: int = 10_000,
    seed: int = 0,
    notes: Sequence[str] = (),
    told: Told = lambda what: None,
    probed: int = PROBED,
) -> Sheet:
    """The sheet of one system.

    others: predictions of further systems for the same references, in the same order, by name.
    probed: how many references are perturbed, spread over all."""
    others = dict(others or {})
    plain = baselines(pairs, train, seed)
    systems = {"": list(pairs.predictions), **plain, **{k: list(v) for k, v in others.items()}}
    perturbed = _perturbed(pairs.references, probed, seed)
    counted: list[Counted] = []
    absent: list[str] = []
    for family in families:
        told(family.name)
        counts, reason = _counted(family, pairs, systems, perturbed)
        counted.append(counts)
        absent.append(reason)
    able = [(f, c) for f, c in zip(families, counted, strict=True) if c]
    side_by_side = _Joined(able)
    told("intervals and tests")
    values = iter(intervals(side_by_side.counts(""), side_by_side.values, rounds, seed))
    rows = [row for f, c, why in zip(families, counted, absent, strict=True)
            for row in _rows(f, c, why, len(pairs.references), values)]  # fmt: skip
    found = [probe for f, c in able for probe in _probes(f, c, perturbed)]
    drawn: list[tuple[str, str, float, float, float, float]] = []
    for name in (*(n for n in plain if n != "random"), *others):
        theirs = side_by_side.counts(name)
        answers = paired(side_by_side.counts(""), theirs, side_by_side.values, rounds, seed)
        drawn += [(m.name, name, *answer)
                  for m, answer in zip(side_by_side.members, answers, strict=True)]  # fmt: skip
    corrected = holm([row[-1] for row in drawn])
    return Sheet(
        len(pairs.references), len(set(pairs.patients)), rounds, tuple(rows),
        tuple(Comparison(*row, q) for row, q in zip(drawn, corrected, strict=True)),
        tuple(found), _distinct(pairs), tuple(plain), tuple(others), tuple(notes),
        _signature(pairs, train, rounds, seed),
    )  # fmt: skip


def _signature(pairs: Pairs, train: Sequence[str], rounds: int, seed: int) -> str:
    unit = "patients" if len(set(pairs.patients)) < len(pairs.patients) else "pairs"
    pool = f"{len(train)} training reports" if train else "references of other patients"
    return (
        f"radgloss:{__version__}|pairs:{len(pairs.references)}"
        f"|bootstrap:{rounds} of {unit}, percentile 95 %|test:randomisation, Holm"
        f"|baselines:{pool}|seed:{seed}"
    )


def _distinct(pairs: Pairs) -> Distinct:
    said, true = (Counter(" ".join(t.split()) for t in x) for x in (pairs.predictions,
                                                                    pairs.references))  # fmt: skip
    return Distinct(len(said), len(true), max(said.values()))


# ------------------------------------------------------------------ counting


@dataclass(frozen=True)
class _Changed:
    """The references that one perturbation could change, before and after."""

    of: Perturbation
    references: list[str]
    changed: list[str]


@dataclass(frozen=True)
class _Perturbed:
    """sample: the probed references. strange: another one for each. changes: by perturbation."""

    sample: list[str]
    strange: list[str]
    changes: list[_Changed]


def _perturbed(references: Sequence[str], probed: int, seed: int) -> _Perturbed:
    spread = np.unique(np.linspace(0, len(references) - 1, probed).astype(int))
    sample = [references[n] for n in spread]
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(sample))
    strange = list(sample)
    for here, there in zip(order, np.roll(order, 1), strict=True):
        strange[here] = sample[there]
    changes = []
    for p in PERTURBATIONS:
        both = [(t, c) for t in sample if (c := p.change(t)) != t]
        changes.append(_Changed(p, [t for t, _ in both], [c for _, c in both]))
    return _Perturbed(sample, strange, changes)


def _counted(
    family: Family, pairs: Pairs, systems: Mapping[str, Sequence[str]], perturbed: _Perturbed
) -> tuple[Counted, str]:
    """Counts by patient of each system ("" is the one that is judged), and of the perturbations
    under their names; or why there are none."""
    true = list(pairs.references)
    asked = {name: (true, list(said)) for name, said in systems.items()}
    asked |= _asked(perturbed)
    try:
        counted = _apart(family, asked) if family.corpus else _together(family, asked)
    except NotAvailable as reason:
        return {}, str(reason)
    for name in systems:
        counted[name] = by_patient(counted[name], pairs.patients)
    return counted, ""


Asked = dict[str, tuple[list[str], list[str]]]


def _asked(perturbed: _Perturbed) -> Asked:
    """Of each perturbation three columns of texts: right, changed, and another patient's."""
    sample = perturbed.sample
    other = dict(zip(sample, perturbed.strange, strict=True))
    asked: Asked = {}
    for c in perturbed.changes:
        if len(sample) > 1 and c.changed:
            strange = [other[t] for t in c.references]
            for name, said in (("=", c.references), ("~", c.changed), ("?", strange)):
                asked[name + c.of.name] = (c.references, said)
    return asked


def _together(family: Family, asked: Asked) -> Counted:
    """One question: each different pair of texts once."""
    pairs = (p for true, said in asked.values() for p in zip(true, said, strict=True))
    wanted = {pair: n for n, pair in enumerate(dict.fromkeys(pairs))}
    counts = family.count([a for a, _ in wanted], [b for _, b in wanted])
    return {name: counts[[wanted[p] for p in zip(true, said, strict=True)]]
            for name, (true, said) in asked.items()}  # fmt: skip


def _apart(family: Family, asked: Asked) -> Counted:
    found = {}
    for name, (true, said) in asked.items():
        try:
            found[name] = family.count(true, said)
        except NotAvailable:
            if name[:1] not in ("=", "~", "?"):
                raise  # of a perturbation: too few could be changed
    return found


# ------------------------------------------------------------------ what the counts come to


class _Joined:
    """The counts of all families beside each other, so that all share the same resamples."""

    def __init__(self, able: Sequence[tuple[Family, Counted]]) -> None:
        self._able = able
        self.members: list[Member] = []
        self.values: list[Value] = []
        start = 0
        for family, counted in able:
            columns = slice(start, start := start + counted[""].shape[1])
            self.members += family.members
            self.values += [_within(m.value, columns) for m in family.members]

    def counts(self, name: str) -> Floats:
        """(P, k) of a system."""
        return np.hstack([counted[name] for _, counted in self._able] or [np.zeros((1, 0))])


def _within(value: Value, columns: slice) -> Value:
    return lambda sums: value(sums[..., columns])


def _rows(
    family: Family,
    counted: Counted,
    absent: str,
    n: int,
    values: Iterator[tuple[float, float, float]],
) -> list[Row]:
    if absent:
        empty = float("nan")
        return [Row(Score("report", m.name, empty, n=n, aim=m.aim), family.signature,
                    absent=absent) for m in family.members]  # fmt: skip
    found = []
    for member in family.members:
        value, low, high = next(values)
        beside = {name: float(member.value(c.sum(0))) for name, c in counted.items()
                  if name and name[:1] not in ("=", "~", "?")}  # fmt: skip
        score = Score("report", member.name, value, low, high, n, member.aim)
        found.append(Row(score, family.signature, beside))
    return found


def _probes(family: Family, counted: Counted, perturbed: _Perturbed) -> list[Probe]:
    return [
        Probe(m.name, c.of.name, c.of.harmful, len(c.changed), _share(m, counted, c.of.name))
        for m in family.members if m.probed for c in perturbed.changes
    ]  # fmt: skip


def _share(member: Member, counted: Counted, name: str) -> float:
    if any(mark + name not in counted for mark in "=~?"):
        return float("nan")
    right, changed, strange = (float(member.value(counted[m + name].sum(0))) for m in "=~?")
    if abs(right - strange) < 1e-9:
        return float("nan")
    return (right - changed) / (right - strange)


def probes(
    references: Sequence[str], families: Sequence[Family], seed: int = 0
) -> tuple[Probe, ...]:
    """The table of perturbations alone, on all of these reports, which nobody predicted."""
    own = tuple(references)
    pairs = Pairs(own, own, tuple(range(len(own))))
    return measured(pairs, families, rounds=0, seed=seed, probed=len(own)).probes
