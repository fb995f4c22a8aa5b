"""The two ceilings of a patient's differential: the oracle of findings, and a reader who errs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from radgloss.data.phantom.causal.lesions import visible_signs
from radgloss.data.phantom.causal.model import Person, Setting
from radgloss.data.phantom.causal.nouns import Patient
from radgloss.data.phantom.causal.posterior import Detector, Evidence, evidence_of, posterior
from radgloss.data.phantom.causal.strata import STRATA

__all__ = ["evidence_for", "posterior_of"]


def evidence_for(patient: Patient, signs: Sequence[str] | None = None) -> Evidence:
    """Everything recorded, and the true state of `signs`; None: of all that this exam can show.

    What speaks of an earlier study is known only where there is one."""
    e = patient.encounter
    items = {i.name: i for i in STRATA[e.stratum].items}
    shown = visible_signs(patient.exam, e.stratum) if signs is None else signs
    return evidence_of(e, [s for s in shown if patient.prior_days or not items[s].earlier])


def posterior_of(
    patient: Patient,
    signs: Sequence[str] | None = None,
    detector: Detector | None = None,
    rng: np.random.Generator | None = None,
) -> dict[str, float]:
    """The exact posterior of every disease, in the joint that this patient was drawn from.

    With a detector its reports are drawn by `rng` and taken for the signs. Empty for a patient
    without an encounter.

    >>> from radgloss.data.phantom.patients import draw
    >>> p = posterior_of(draw(1, "us-pelvis"))
    >>> 0.99 < sum(p.values()) < 2
    True
    """
    e = patient.encounter
    if not e.stratum:
        return {}
    told = evidence_for(patient, signs)
    if detector is not None:
        assert rng is not None, "a detector that errs needs a generator"
        read = detector.read(rng, told.signs)
        told = Evidence(read, told.history, told.conditions, told.measurements)
    person = Person(patient.sex, patient.age, patient.absent)
    return posterior(told, Setting.of(e), person, detector)
