"""The exact posterior of every disease, for every subset of the evidence, by enumeration.

Evidence is what somebody knows: signs (present, absent; what is not named is unknown), answers of
the history, chronic conditions, tests with their censoring. What is unknown is summed out. Which
tests were ordered and which questions asked depends on complaints alone, which are always recorded
(see `sample`), so that the absence of a result says nothing that the complaints do not.

With the true signs this is the score of an oracle of findings, not of pixels. With a `Detector`
the signs are taken as reported by a reader who errs, and the same enumeration gives the best that
can be inferred from such reports: the second ceiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from radgloss.data.phantom.causal.conditions import OBESITY
from radgloss.data.phantom.causal.laboratory import FEVER_FROM, STRIPS, TESTS, VITALS, result_of
from radgloss.data.phantom.causal.model import (
    F64,
    Model,
    Person,
    Setting,
    model_of,
    prior_of,
)
from radgloss.data.phantom.causal.nouns import Encounter
from radgloss.types import InputRejected, Measurement

__all__ = [
    "Detector",
    "Evidence",
    "conflicts",
    "evidence_of",
    "joint",
    "posterior",
    "value_of_information",
]

LOW_PRESSURE, PRESSURE_BELOW, OBESE_FROM = "low blood pressure", 90.0, 30.0
BINS = 24  # of a test, when its worth is asked before it is done


@dataclass(frozen=True)
class Evidence:
    """What is known. Names are those of the stratum's items and conditions, and of the tests."""

    signs: Mapping[str, bool] = field(default_factory=dict)
    history: Mapping[str, bool] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    measurements: tuple[Measurement, ...] = ()


@dataclass(frozen=True)
class Detector:
    """A reader of signs who errs: P(reported | present), P(not reported | absent), by sign.

    A sign that the mappings do not name has the value under "" (1.0 where that is missing)."""

    sensitivity: Mapping[str, float] = field(default_factory=dict)
    specificity: Mapping[str, float] = field(default_factory=dict)

    def reported(self, sign: str, present: bool) -> float:
        """P(the sign is reported | it is present or absent).

        >>> Detector({"": 0.8}, {"": 0.9}).reported("free air", False).__round__(2)
        0.1
        """
        if present:
            return self.sensitivity.get(sign, self.sensitivity.get("", 1.0))
        return 1.0 - self.specificity.get(sign, self.specificity.get("", 1.0))

    def read(self, rng: np.random.Generator, signs: Mapping[str, bool]) -> dict[str, bool]:
        """What this reader reports of the true signs."""
        return {s: bool(rng.random() < self.reported(s, there)) for s, there in signs.items()}


def evidence_of(encounter: Encounter, signs: Sequence[str] | None = None) -> Evidence:
    """Everything an encounter tells, with the true state of `signs` (None: of no sign)."""
    there = set(encounter.signs)
    return Evidence(
        {s: s in there for s in signs or ()},
        dict(encounter.history),
        dict(encounter.known),
        encounter.measurements,
    )


# ------------------------------------------------------------------ likelihood


def _refuse(what: str, found: str, wanted: str) -> InputRejected:
    return InputRejected("evidence-impossible", what, found, wanted, "Correct it or leave it out.")


def _facts(evidence: Evidence, model: Model) -> dict[str, bool]:
    """Every binary item that is known; temperature and pressure are the items they define."""
    names = {i.name: i.kind for i in model.stratum.items}
    known: dict[str, bool] = {}
    for given, kind in ((evidence.signs, "sign"), (evidence.history, "history")):
        for name, value in given.items():
            if names.get(name) != kind:
                raise InputRejected(
                    "item-unknown", name, f"a {kind} that stratum {model.stratum.name} lacks",
                    "a name of its items", "Leave it out or ask another stratum.",
                )  # fmt: skip
            known[name] = bool(value)
    for m in evidence.measurements:
        if m.name in STRIPS and m.name in names:
            known[m.name] = result_of(m).low >= 1
        elif m.name == "temperature" and "fever" in names:
            known["fever"] = m.value >= FEVER_FROM
        elif m.name == "systolic pressure" and LOW_PRESSURE in names:
            known[LOW_PRESSURE] = m.value < PRESSURE_BELOW
    return known


def _items(known: Mapping[str, bool], model: Model, detector: Detector | None) -> F64:
    """P(known items | hypothesis), (S, C or 1): each tree from its leaves up."""
    kinds = {i.name: i.kind for i in model.stratum.items}

    def emitted(name: str, present: bool) -> float:
        if name not in known:
            return 1.0
        if detector is None or kinds[name] != "sign":
            return float(known[name] == present)
        reported = detector.reported(name, present)
        return reported if known[name] else 1.0 - reported

    def message(name: str) -> tuple[F64 | float, float]:
        """P(what is known of this subtree | its parent is there), and | is not there."""
        there: F64 | float = emitted(name, True)
        gone = emitted(name, False)
        for child in model.children[name]:
            if touched(child):
                child_there, child_gone = message(child)
                there, gone = there * child_there, gone * child_gone
        p = model.chance[name]
        return p * there + (1 - p) * gone, gone

    def touched(name: str) -> bool:
        return name in known or any(touched(c) for c in model.children[name])

    likelihood: F64 = np.ones((1, 1))
    for item in model.stratum.items:
        if not item.within and touched(item.name):
            likelihood = likelihood * message(item.name)[0]
    return likelihood


def _log_likelihood(
    evidence: Evidence, model: Model, person: Person, detector: Detector | None
) -> F64:
    """log P(evidence | hypothesis), (S, C)."""
    with np.errstate(divide="ignore"):
        total = np.log(_items(_facts(evidence, model), model, detector))
    for m in {m.name: m for m in evidence.measurements}.values():  # the last one of each counts
        if m.name in TESTS:
            result = result_of(m)
            table = model.tests.get((m.name, person.sex))
            if table is not None:  # a test that nothing here moves tells nothing
                total = total + table.log_likelihood(result.low, result.high)
        elif m.name not in STRIPS and m.name not in VITALS:
            result_of(m)  # refuses it
    return total + _known_conditions(evidence, model)


def _known_conditions(evidence: Evidence, model: Model) -> F64:
    names = [c.name for c in model.stratum.conditions]
    given = dict(evidence.conditions)
    for m in evidence.measurements:
        if m.name == "body mass index" and OBESITY in names:
            given.setdefault(OBESITY, m.value >= OBESE_FROM)
    fits = np.ones(len(model.states), dtype=bool)
    for name, value in given.items():
        if name in names:  # another stratum's condition tells nothing here
            fits &= model.states[:, names.index(name)] == value
    return np.where(fits, 0.0, -np.inf)[None, :]


# ------------------------------------------------------------------ posterior


def hypotheses(
    evidence: Evidence, model: Model, before: F64, person: Person, detector: Detector | None = None
) -> F64:
    """P(hypothesis | evidence), (S, C); InputRejected where nothing can explain the evidence."""
    with np.errstate(divide="ignore"):
        logs = np.log(before) + _log_likelihood(evidence, model, person, detector)
    top = logs.max()
    if not np.isfinite(top):
        raise _refuse(
            "evidence", "findings that contradict each other or the person",
            f"something that stratum {model.stratum.name} can produce",
        )  # fmt: skip
    weights = np.exp(logs - top)
    return weights / weights.sum()


def joint(
    evidence: Evidence, setting: Setting, person: Person, detector: Detector | None = None
) -> dict[frozenset[str], float]:
    """P(set of acute diseases | evidence); the sets exclude each other and sum to one."""
    model = model_of(setting.stratum, person.missing)
    after = hypotheses(evidence, model, prior_of(setting, person), person, detector)
    names, member = model.sets()
    return dict(zip(names, (member @ after.sum(axis=1)).tolist(), strict=True))


def posterior(
    evidence: Evidence, setting: Setting, person: Person, detector: Detector | None = None
) -> dict[str, float]:
    """P(disease present | evidence) of every disease of the stratum, and of "none".

    Two diseases can be present at once, so the values may sum to a little more than one; the
    sets of `joint` sum to one exactly. Raises InputRejected for a name nobody knows, a unit that
    cannot be turned, and for evidence that contradicts itself or the person.

    >>> girl = Person("F", 30)
    >>> seen = Evidence(signs={"adnexal mass": True, "gestational sac": False},
    ...                 measurements=(Measurement("hCG", 4200, "m[IU]/mL"),))
    >>> p = posterior(seen, Setting("P"), girl)
    >>> max(p, key=p.get)
    'ectopic pregnancy'
    """
    found = {d.name: 0.0 for d in model_of(setting.stratum, person.missing).stratum.diseases}
    for names, p in joint(evidence, setting, person, detector).items():
        for name in names:
            found[name] += p
    return found


def _entropy(p: F64) -> float:
    """In bits."""
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


def value_of_information(
    evidence: Evidence,
    setting: Setting,
    person: Person,
    candidates: Sequence[str] | None = None,
    detector: Detector | None = None,
) -> dict[str, float]:
    """How many bits of doubt about the diseases one more item or test removes on average.

    candidates: names of items and tests; None: every test of the stratum that is not known yet.
    A test is cut into 24 bins of equal chance. Best first."""
    model = model_of(setting.stratum, person.missing)
    before = prior_of(setting, person)
    now = hypotheses(evidence, model, before, person, detector)
    _, member = model.sets()
    doubt = _entropy(member @ now.sum(axis=1))
    if candidates is None:
        done = {m.name for m in evidence.measurements}
        candidates = [o.test for o in model.stratum.orders if o.test not in done]
    worth = {}
    for name in candidates:
        if name in TESTS:
            left = _doubt_after_test(name, now, member, model, person)
        else:
            left = _doubt_after_item(name, evidence, member, model, before, person, detector)
        worth[name] = max(0.0, doubt - left)
    return dict(sorted(worth.items(), key=lambda kv: -kv[1]))


def _doubt_after_test(name: str, now: F64, member: F64, model: Model, person: Person) -> float:
    table = model.tests[name, person.sex]
    weights = (now[:, :, None] * table.weights).sum(axis=(0, 1))  # (K + 1,)
    grid = np.exp(np.linspace(table.log_median.min() - 6, table.log_median.max() + 6, 2000))
    mass = [np.exp(table.log_mass(0.0, float(x))) @ weights for x in grid]
    cuts = np.interp(np.arange(1, BINS) / BINS, mass, grid)
    edges = [0.0, *np.unique(cuts).tolist(), np.inf]
    left = 0.0
    for low, high in pairwise(edges):
        seen = member @ (now * np.exp(table.log_likelihood(low, high))).sum(axis=1)
        if seen.sum() > 0:
            left += float(seen.sum()) * _entropy(seen / seen.sum())
    return left


def _doubt_after_item(
    name: str,
    evidence: Evidence,
    member: F64,
    model: Model,
    before: F64,
    person: Person,
    detector: Detector | None,
) -> float:
    base = np.log(before, where=before > 0, out=np.full(before.shape, -np.inf))
    parts = []
    for value in (True, False):
        logs = base + _log_likelihood(_told(evidence, name, value, model), model, person, detector)
        parts.append(logs)
    top = max(p.max() for p in parts)
    seen = [member @ np.exp(p - top).sum(axis=1) for p in parts]
    whole = sum(float(s.sum()) for s in seen)
    return sum(float(s.sum()) / whole * _entropy(s / s.sum()) for s in seen if s.sum() > 0)


def _told(evidence: Evidence, name: str, value: bool, model: Model) -> Evidence:
    kind = {i.name: i.kind for i in model.stratum.items}[name]
    if kind == "strip":
        strip = Measurement(name, float(value), "")
        return replace(evidence, measurements=(*evidence.measurements, strip))
    if kind == "sign":
        return replace(evidence, signs={**evidence.signs, name: value})
    return replace(evidence, history={**evidence.history, name: value})


def conflicts(evidence: Evidence, person: Person) -> tuple[str, ...]:
    """Data that do not fit the person, in words; a warning for people, never a refusal.

    >>> conflicts(Evidence(measurements=(Measurement("hCG", 4200, "m[IU]/mL"),)), Person("M", 40))
    ('hCG 4200 m[IU]/mL in a person without a uterus: check identity, sample and history',)
    """
    found = []
    for m in evidence.measurements:
        if m.name == "hCG" and "uterus" in person.missing and result_of(m).low > 25:
            found.append(
                f"hCG {m.value:g} {m.unit} in a person without a uterus: "
                "check identity, sample and history"
            )
    signs = {s for s, there in evidence.signs.items() if there}
    for organ, words in _BELONGS.items():
        if organ in person.missing and signs & words:
            found.append(f"{', '.join(sorted(signs & words))} although the {organ} is absent")
    return tuple(found)


_BELONGS = {
    "uterus": {"gestational sac"},
    "ovary": {"adnexal mass", "ovarian cyst", "enlarged ovary"},
    "gallbladder": {"gallstones", "thick gallbladder wall", "distended gallbladder"},
    "spleen": {"cystic splenic lesion", "splenomegaly", "wedge in the spleen"},
}
