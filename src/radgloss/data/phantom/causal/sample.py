"""An encounter, drawn from the model's joint with one generator.

Ordering model: a test is done with its own probability or with that of a complaint that asks for
it; complaints, fever among them, are always asked and written down. Other questions are asked, and
chronic conditions noted, with fixed probabilities. So what is missing depends on recorded
complaints only, and the posterior given everything recorded needs no model of missingness.
Temperature says fever and pressure says shock; pulse and saturation follow from recorded items with
noise, and carry nothing of their own."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from radgloss.data.phantom.causal.laboratory import STRIPS, VITALS, measurement
from radgloss.data.phantom.causal.model import Model, Person, Setting, Table, model_of, prior_of
from radgloss.data.phantom.causal.nouns import Encounter
from radgloss.data.phantom.causal.posterior import LOW_PRESSURE
from radgloss.data.phantom.causal.rows import NONE
from radgloss.types import Measurement

__all__ = ["sample"]

CONDITION_NOTED = 0.8


def sample(rng: np.random.Generator, setting: Setting, person: Person) -> Encounter:
    """One visit of that person, everything but the picture."""
    model = model_of(setting.stratum, person.missing)
    stratum = model.stratum
    table = np.cumsum(prior_of(setting, person).ravel())
    at = int(np.searchsorted(table, rng.random() * table[-1], side="right"))
    s, c = divmod(at, len(model.states))
    there = _items(rng, model, s, c)
    states = dict(zip((k.name for k in stratum.conditions), model.states[c].tolist(), strict=True))
    noted = rng.random(len(states)) < CONDITION_NOTED
    history = {
        i.name: there[i.name]
        for i in stratum.items
        if i.kind == "history"
        and not (i.organs and all(o in person.missing for o in i.organs))
        and (rng.random() < stratum.asked or i.name in stratum.complaints)
    }
    return Encounter(
        stratum=stratum.name,
        conditions=tuple(name for name, yes in states.items() if yes),
        known=tuple(kv for kv, told in zip(states.items(), noted, strict=True) if told),
        diseases=tuple(d.name for d in model.configs[s].diseases if d.name != NONE),
        signs=tuple(i.name for i in stratum.items if i.kind == "sign" and there[i.name]),
        history=tuple(history.items()),
        measurements=(
            *_vitals(rng, there),
            *_tests(rng, model, s, c, there, person),
        ),
        prevalence=setting.prevalence,
        held_out=setting.held_out,
    )


def _items(rng: np.random.Generator, model: Model, s: int, c: int) -> dict[str, bool]:
    """Every item; a feature only where its sign is (rows list a sign before its features)."""
    uniform = rng.random(len(model.stratum.items))
    there: dict[str, bool] = {}
    for item, u in zip(model.stratum.items, uniform.tolist(), strict=True):
        chance = model.chance[item.name]
        p = chance[s if chance.shape[0] > 1 else 0, c if chance.shape[1] > 1 else 0]
        there[item.name] = bool(u < p) and (not item.within or there[item.within])
    return there


def _tests(
    rng: np.random.Generator, model: Model, s: int, c: int, there: dict[str, bool], person: Person
) -> list[Measurement]:
    done = []
    for order in model.stratum.orders:
        asks = [p for item, p in order.because.items() if there[item]]
        if rng.random() >= max([order.p, *asks]):
            continue
        if order.test in STRIPS:
            done.append(measurement(order.test, float(there[order.test]), person.sex))
            continue
        value = _value(rng, model.tests[order.test, person.sex], s, c)
        done.append(measurement(order.test, value, person.sex))
    return done


def _value(rng: np.random.Generator, table: Table, s: int, c: int) -> float:
    weights = table.weights[s, c if table.weights.shape[1] > 1 else 0]
    k = int(np.searchsorted(np.cumsum(weights), rng.random() * weights.sum(), side="right"))
    k = min(k, len(weights) - 1)
    low, high = ndtr((table.windows[k] - table.log_median[k]) / table.log_sd[k])
    z = float(ndtri(low + rng.random() * (high - low)))
    return float(np.exp(table.log_median[k] + table.log_sd[k] * z))


def _vitals(rng: np.random.Generator, there: dict[str, bool]) -> list[Measurement]:
    noise = rng.normal(size=4)
    hot, low = there.get("fever", False), there.get(LOW_PRESSURE, False)
    warm = (
        38.0 + min(abs(noise[0]) * 0.6, 2.2) if hot else 36.7 + np.clip(noise[0] * 0.3, -0.9, 0.9)
    )
    pulse = 76 + 16 * hot + 28 * low + 9 * noise[1]
    systolic = 78 + np.clip(5 * noise[2], -14, 8) if low else 126 + np.clip(11 * noise[2], -30, 40)
    oxygen = np.clip((93.5 if there.get("dyspnoea") else 97.2) + 1.6 * noise[3], 80, 100)
    values = (
        round(float(warm), 1),
        round(float(pulse)),
        round(float(systolic)),
        round(float(oxygen)),
    )
    return [
        Measurement(name, value, VITALS[name][1], *VITALS[name][2], code=VITALS[name][0])
        for name, value in zip(VITALS, values, strict=False)  # the last, body mass, is of the body
    ]
