"""The joint distribution, laid out for enumeration.

A hypothesis is a first disease (or none) with its form, perhaps a second one with its form, and
the state of every chronic condition of the stratum. Given a hypothesis, and given the item it is a
feature of, every item is an independent noisy-OR of its causes with a leak; every test is a mixture
of log-normals: each cause moves it with its share, and of those that do the largest shift wins.
Sex, age and removed organs are given, never inferred.

Shapes: S configurations of diseases · C states of the conditions · K causes of a test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from radgloss.data.phantom.causal.conditions import SURGERY
from radgloss.data.phantom.causal.laboratory import TESTS
from radgloss.data.phantom.causal.nouns import Encounter, Prevalence, Sex
from radgloss.data.phantom.causal.rows import NONE, Disease, Form, Item, Shift, Stratum
from radgloss.data.phantom.causal.strata import STRATA

__all__ = ["Model", "Person", "Setting", "Table", "model_of", "prior_of", "strengths"]

F64 = npt.NDArray[np.float64]
ENRICHED_SECOND = 0.35  # share of ill patients with a second disease, where prevalence is enriched
TILTED_MOST = 0.9  # what sex, age and conditions may at most give to the diseases they favour


@dataclass(frozen=True)
class Setting:
    """Which joint: stratum, prevalence ("clinical" as in the tables, "enriched" flattened), and
    whether the held-out disease may occur."""

    stratum: str
    prevalence: Prevalence = "clinical"
    held_out: bool = False

    @classmethod
    def of(cls, encounter: Encounter) -> Setting:
        """The joint that an encounter was drawn from."""
        return cls(encounter.stratum, encounter.prevalence, encounter.held_out)


@dataclass(frozen=True)
class Person:
    """What is known of everybody. absent: organs removed or missing from birth."""

    sex: Sex
    age: int
    absent: tuple[str, ...] = ()

    @property
    def missing(self) -> frozenset[str]:
        """Every organ that is not there, for whatever reason."""
        by_birth = ("uterus", "ovary") if self.sex == "M" else ()
        return frozenset((*self.absent, *by_birth))


@dataclass(frozen=True)
class Config:
    """A first disease and perhaps a second, each in one form."""

    diseases: tuple[Disease, ...]
    forms: tuple[Form, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(d.name for d in self.diseases)


@dataclass(frozen=True, eq=False)
class Table:
    """One test: which of its K + 1 log-normals rules under which hypothesis; the last is health.

    weights: (S, C or 1, K + 1). medians in logarithms; windows: (K + 1, 2) in logarithms."""

    weights: F64
    log_median: F64
    log_sd: F64
    windows: F64

    def log_mass(self, low: float, high: float) -> F64:
        """log P(low < value < high) of each log-normal, (K + 1,)."""
        with np.errstate(divide="ignore"):
            bounds = np.log(np.array([low, high]))
        a = np.maximum(bounds[0], self.windows[:, 0])
        b = np.minimum(bounds[1], self.windows[:, 1])
        inside = _log_between(a, b, self.log_median, self.log_sd)
        whole = _log_between(self.windows[:, 0], self.windows[:, 1], self.log_median, self.log_sd)
        return inside - whole

    def log_likelihood(self, low: float, high: float) -> F64:
        """log P(low < value < high | hypothesis), (S, C or 1)."""
        logs = self.log_mass(low, high)
        top = logs.max()
        if not np.isfinite(top):
            return np.full(self.weights.shape[:2], -np.inf)
        with np.errstate(divide="ignore"):
            return top + np.log(self.weights @ np.exp(logs - top))


def _log_between(a: F64, b: F64, mean: F64, sd: F64) -> F64:
    """log(Φ(zb) − Φ(za)), exact in both tails."""
    za, zb = (a - mean) / sd, (b - mean) / sd
    flip = za > 0  # work in the lower tail, where small differences survive
    za, zb = np.where(flip, -zb, za), np.where(flip, -za, zb)
    with np.errstate(divide="ignore", invalid="ignore"):
        less = np.exp(log_ndtr(za) - log_ndtr(zb))
        return np.where(zb > za, log_ndtr(zb) + np.log1p(-less), -np.inf)


@dataclass(frozen=True, eq=False)
class Model:
    """One stratum for people who lack the same organs.

    states: (C, conditions) bool. chance: P(item | its parent, hypothesis), (S, C or 1)."""

    stratum: Stratum
    configs: tuple[Config, ...]
    states: npt.NDArray[np.bool_]
    chance: dict[str, F64]
    tests: dict[tuple[str, Sex], Table]
    children: dict[str, tuple[str, ...]]

    def sets(self) -> tuple[tuple[frozenset[str], ...], F64]:
        """The distinct sets of diseases, and which configuration belongs to which, (sets, S)."""
        names = tuple(dict.fromkeys(c.names for c in self.configs))
        member = np.array([[float(c.names == n) for c in self.configs] for n in names])
        return names, member


def strengths(item: Item, disease: Disease, form: Form, stratum: Stratum) -> float:
    """How strongly a disease by itself causes an item, given the item it is a feature of.

    The rows give P(item | disease) with the leak in it; a noisy-OR needs the cause alone."""
    if item.name not in form.items and item.name not in disease.items:
        return 0.0
    p = _told(item, disease, form, stratum)
    if item.within:
        p /= _told(stratum.item(item.within), disease, form, stratum)
    assert p <= 1.0 + 1e-9, f"{disease.name}: {item.name} is likelier than {item.within}"
    return max(0.0, (min(p, 1.0) - item.leak) / (1.0 - item.leak))


def _told(item: Item, disease: Disease, form: Form, stratum: Stratum) -> float:
    """P(item | disease) as the row says it; by its leak where the row is silent."""
    p = form.items.get(item.name, disease.items.get(item.name))
    if p is not None:
        return p
    if not item.within:
        return item.leak
    return item.leak * _told(stratum.item(item.within), disease, form, stratum)


def _possible(disease: Disease, missing: frozenset[str]) -> bool:
    return not disease.organs or any(o not in missing for o in disease.organs)


def _chance(item: Item, model_configs: tuple[Config, ...], stratum: Stratum,
            states: npt.NDArray[np.bool_], missing: frozenset[str]) -> F64:  # fmt: skip
    if item.organs and all(o in missing for o in item.organs):
        return np.zeros((1, 1))
    silent = np.array(
        [
            np.prod(
                [
                    1 - strengths(item, d, f, stratum)
                    for d, f in zip(c.diseases, c.forms, strict=True)
                ]
            )
            for c in model_configs
        ]
    )[:, None]
    by_condition = np.array(
        [
            max(0.0, (c.items[item.name] - item.leak) / (1 - item.leak)) if item.name in c.items
            else 0.0
            for c in stratum.conditions
        ]
    )  # fmt: skip
    if by_condition.any():
        silent = silent * np.prod(np.where(states, 1 - by_condition, 1.0), axis=1)[None, :]
    return 1 - (1 - item.leak) * silent


def _table(test: str, sex: Sex, configs: tuple[Config, ...], stratum: Stratum,
           states: npt.NDArray[np.bool_]) -> Table:  # fmt: skip
    health = TESTS[test].health[0 if sex == "F" else 1]
    causes: list[tuple[Shift, F64]] = []  # with where it is active, (S, 1) or (1, C)
    for shift in {s: None for c in configs for s in _shifts(c, test)}:
        on = np.array([float(shift in _shifts(c, test)) for c in configs])[:, None]
        causes.append((shift, on))
    for i, condition in enumerate(stratum.conditions):
        if test in condition.tests:
            causes.append((condition.tests[test], states[None, :, i].astype(np.float64)))
    causes.sort(key=lambda c: -abs(np.log(c[0].median / health[0])))
    left: F64 = np.ones((1, 1))
    parts = []
    for shift, on in causes:
        parts.append(left * on * shift.share)
        left = left * (1 - on * shift.share)
    weights = np.stack(np.broadcast_arrays(*parts, left, np.ones((len(configs), 1)))[:-1], axis=-1)
    with np.errstate(divide="ignore"):
        windows = np.log(np.array([c.within for c, _ in causes] + [(0.0, np.inf)]))
    medians = np.log(np.array([c.median for c, _ in causes] + [health[0]]))
    sds = np.array([c.log_sd for c, _ in causes] + [health[1]])
    return Table(weights, medians, sds, windows)


def _shifts(config: Config, test: str) -> list[Shift]:
    found = [
        f.tests.get(test, d.tests.get(test))
        for d, f in zip(config.diseases, config.forms, strict=True)
    ]
    return [s for s in found if s is not None]


def _configs(stratum: Stratum) -> tuple[Config, ...]:
    """Every first disease alone, and every pair that may come together; order counts."""
    single = [Config((d,), (f,)) for d in stratum.diseases for f in d.forms]
    pairs = [
        Config((a, b), (f, g))
        for a, b in product(stratum.diseases, repeat=2)
        if a is not b and NONE not in (a.name, b.name)
        and frozenset({a.name, b.name}) not in stratum.apart
        for f, g in product(a.forms, b.forms)
    ]  # fmt: skip
    return (*single, *pairs)


@lru_cache(maxsize=64)
def model_of(stratum_name: str, missing: frozenset[str] = frozenset()) -> Model:
    """The enumerated model of a stratum for people who lack these organs."""
    stratum = STRATA[stratum_name]
    return build(stratum, missing)


def build(stratum: Stratum, missing: frozenset[str] = frozenset()) -> Model:
    """Lay out a stratum, given its rows; the tests do it with small ones of their own."""
    configs = _configs(stratum)
    states = np.array(list(product((False, True), repeat=len(stratum.conditions))), dtype=bool)
    states = states.reshape(2 ** len(stratum.conditions), len(stratum.conditions))
    chance = {i.name: _chance(i, configs, stratum, states, missing) for i in stratum.items}
    wanted = {t for d in stratum.diseases for t in d.tests}
    wanted |= {t for d in stratum.diseases for f in d.forms for t in f.tests}
    wanted |= {o.test for o in stratum.orders} & set(TESTS)
    sexes: tuple[Sex, Sex] = ("F", "M")
    tests = {(t, s): _table(t, s, configs, stratum, states) for t in sorted(wanted) for s in sexes}
    children = {
        i.name: tuple(c.name for c in stratum.items if c.within == i.name) for i in stratum.items
    }
    return Model(stratum, configs, states, chance, tests, children)


# ------------------------------------------------------------------ prior


def _ratio(share: float, base: float, inside: bool) -> float:
    """How much likelier a disease is for whom it concentrates on."""
    if inside:
        return share / base if base else 1.0
    return (1 - share) / (1 - base) if base < 1 else 0.0


def _tilt(disease: Disease, stratum: Stratum, person: Person) -> float:
    """By sex and age."""
    tilt = 1.0
    if disease.women is not None:
        tilt *= _ratio(disease.women, stratum.women, person.sex == "F")
    if disease.age is not None:
        first, last, share = disease.age
        low, high = stratum.ages
        base = max(0, min(last, high) - max(first, low) + 1) / (high - low + 1)
        tilt *= _ratio(share, base, first <= person.age <= last)
    return tilt


def first_given_conditions(model: Model, setting: Setting, person: Person) -> F64:
    """P(first disease | conditions, person), (diseases, C); renormalised after conditioning.

    Diseases that sex, age or a condition favours or spares take their share first; the others
    divide the rest in proportion."""
    stratum = model.stratum
    conditions = [c.name for c in stratum.conditions]
    weights = np.zeros((len(stratum.diseases), len(model.states)))
    tilted = np.zeros(len(stratum.diseases), dtype=bool)
    total = sum(d.prior for d in stratum.diseases)
    for i, d in enumerate(stratum.diseases):
        if not _possible(d, person.missing) or (d.held_out and not setting.held_out):
            continue
        tilted[i] = bool(d.conditions) or d.women is not None or d.age is not None
        weights[i] = d.prior / total * _tilt(d, stratum, person)
        for name, share in d.conditions.items():
            at = conditions.index(name)
            base = stratum.conditions[at].prior
            has, lacks = _ratio(share, base, True), _ratio(share, base, False)
            weights[i] *= np.where(model.states[:, at], has, lacks)
    favoured = weights[tilted].sum(axis=0)
    favoured = np.where(favoured > 0, np.minimum(1.0, TILTED_MOST / np.maximum(favoured, 1e-12)), 1)
    weights[tilted] *= favoured
    rest = weights[~tilted].sum(axis=0)
    weights[~tilted] *= np.where(rest > 0, (1 - weights[tilted].sum(axis=0)) / rest, 0)
    if setting.prevalence == "enriched":
        weights = np.sqrt(weights)
    return weights / weights.sum(axis=0)


def _second(model: Model, setting: Setting, person: Person, first: F64) -> F64:
    """P(second = b | first = a, conditions), (a, b, C)."""
    diseases = model.stratum.diseases
    may = np.array(
        [
            [
                a is not b and NONE not in (a.name, b.name)
                and frozenset({a.name, b.name}) not in model.stratum.apart
                for b in diseases
            ]
            for a in diseases
        ],
        dtype=float,
    )  # fmt: skip
    alive = (first.sum(axis=1) > 0).astype(float)
    may *= alive[None, :] * alive[:, None]
    if setting.prevalence == "enriched":
        share = may[:, :, None] * first[None, :, :]
        whole = share.sum(axis=1, keepdims=True)
        return ENRICHED_SECOND * share / np.where(whole > 0, whole, 1.0)
    rates = np.array([[b.with_.get(a.name, b.second) for b in diseases] for a in diseases])
    return np.repeat((may * rates)[:, :, None], first.shape[1], axis=2)


def _conditions(model: Model, person: Person) -> F64:
    """P(state of the conditions), (C,); an organ that is gone means surgery."""
    priors = np.array(
        [
            1.0 if c.name == SURGERY and person.absent else c.prior
            for c in model.stratum.conditions
        ]
    )  # fmt: skip
    return np.prod(np.where(model.states, priors, 1 - priors), axis=1)


def prior_of(setting: Setting, person: Person) -> F64:
    """P(hypothesis | person), (S, C), sums to one."""
    edges = {0}
    for d in STRATA[setting.stratum].diseases:
        edges |= {d.age[0], d.age[1] + 1} if d.age else set()
    band = max(e for e in edges if e <= person.age)  # all that age means in the tables
    return _prior_of(setting, replace(person, age=band))


@lru_cache(maxsize=512)
def _prior_of(setting: Setting, person: Person) -> F64:
    return prior(model_of(setting.stratum, person.missing), setting, person)


def prior(model: Model, setting: Setting, person: Person) -> F64:
    """P(hypothesis | person) of any model, (S, C)."""
    first = first_given_conditions(model, setting, person)
    second = _second(model, setting, person, first)
    alone = 1 - second.sum(axis=1)  # (a, C)
    at = {d.name: i for i, d in enumerate(model.stratum.diseases)}
    rows = []
    for config in model.configs:
        a = at[config.diseases[0].name]
        share = float(np.prod([f.share for f in config.forms]))
        joined = alone[a] if len(config.diseases) == 1 else second[a, at[config.diseases[1].name]]
        rows.append(share * first[a] * joined)
    table: F64 = np.array(rows) * _conditions(model, person)[None, :]
    table.setflags(write=False)
    return table
