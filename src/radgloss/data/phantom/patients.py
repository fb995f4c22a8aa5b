"""Who the patient is: one seed, one exam, one patient, whatever else was drawn before.

`draw` samples an encounter of the causal model (`causal/`), turns its signs into lesions, adds
chance findings, and says how the picture is taken and what the prior study showed. `draw_with`
forces findings, for contact sheets; `with_history` gives the same picture another history.

Prevalence is "enriched" (diseases flattened, every finding of the exam in at least about 4 % of
its patients) or "clinical" (the priors of the tables). Neither is that of a hospital."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from radgloss.data.phantom.causal.around import (
    acquisition,
    chance_findings,
    incidentals,
    lacks,
    surgery,
)
from radgloss.data.phantom.causal.conditions import OBESITY
from radgloss.data.phantom.causal.laboratory import VITALS
from radgloss.data.phantom.causal.lesions import Wanted, grow, lesions_of, make
from radgloss.data.phantom.causal.looks import drawable
from radgloss.data.phantom.causal.model import Person, Setting
from radgloss.data.phantom.causal.nouns import (
    EXAMS,
    Acquisition,
    Encounter,
    Lesion,
    Patient,
    Prevalence,
    Sex,
    Split,
    split_of,
    stream,
)
from radgloss.data.phantom.causal.sample import sample
from radgloss.data.phantom.causal.strata import OF_EXAM, STRATA
from radgloss.data.phantom.held_out import FINDINGS as HELD_OUT
from radgloss.text.findings import asked_finding, finding_type
from radgloss.types import InputRejected, Measurement

__all__ = [
    "EXAMS",
    "Acquisition",
    "Encounter",
    "Lesion",
    "Patient",
    "Prevalence",
    "Sex",
    "Split",
    "draw",
    "draw_with",
    "impossible",
    "showing",
    "split_of",
    "stream",
    "with_history",
]

PRIOR_SHARE, SITUS_SHARE = 0.35, 0.01


def _check(seed: int, exam: str, held_out: bool) -> None:
    if exam not in EXAMS:
        raise InputRejected(
            "finding-impossible", "exam", repr(exam), ", ".join(EXAMS), "Ask for one of these."
        )
    if seed < 0:
        raise InputRejected("finding-impossible", "seed", str(seed), "0 or more", "Count from 0.")
    if split_of(seed) != "test" and (held_out or exam == "ct-head"):
        raise InputRejected(
            "finding-impossible", f"seed {seed}",
            "held-out findings" if held_out else "a head, which is never trained on",
            "a test seed (2000000 or more)", "Use a test seed.",
        )  # fmt: skip


def impossible(what: str, exam: str, seed: int, absent: Sequence[str] = (), sex: Sex = "F") -> None:
    """Raise InputRejected where that finding cannot be drawn: held out of this split, not of this
    exam, or its organ is gone. Nothing happens otherwise."""
    if what in HELD_OUT and split_of(seed) != "test":
        raise InputRejected(
            "finding-impossible", what, f"the {split_of(seed)} seed {seed}",
            "a test seed: this composition is held out of training", "Use a seed from 2000000.",
        )  # fmt: skip
    if what not in drawable(exam):
        raise InputRejected(
            "finding-impossible", what, f"exam {exam!r}, which cannot show it",
            f"one of {', '.join(drawable(exam))}", "Ask for another finding or exam.",
        )  # fmt: skip
    if lacks(what, tuple(absent), sex):
        gone = ", ".join(absent) or "organs of a woman"
        raise InputRejected(
            "finding-impossible", what, f"a patient without its organ ({gone} absent)",
            "a patient who has it", "Use another seed.",
        )  # fmt: skip


def showing(findings: Sequence[str], exams: Sequence[str]) -> tuple[str, ...]:
    """Of these examinations the ones whose pictures can hold all these findings.

    >>> showing(["hepatic cyst", "free air"], EXAMS)
    ('ct-abdomen',)
    """
    wanted = {asked_finding(what).what for what in findings}
    return tuple(exam for exam in exams if wanted <= set(drawable(exam)))


def _who(seed: int, exam: str, stratum: str) -> tuple[Sex, int, float]:
    who = stream(seed, exam, "who")
    low, high = STRATA[stratum].ages if stratum else (19, 89)
    u, v = who.random(2)
    sex: Sex = "F" if u < (STRATA[stratum].women if stratum else 0.5) else "M"
    age = low + int(v * (high - low + 1))
    return sex, age, round(float(who.normal(163 if sex == "F" else 177, 6.5)), 1)


def _stratum(seed: int, exam: str) -> str:
    shares = OF_EXAM[exam]
    if not shares:
        return ""
    names = [n for n, _ in shares]
    return names[
        int(stream(seed, exam, "encounter", 1).choice(len(names), p=[p for _, p in shares]))
    ]


def _body(seed: int, exam: str, age: int, encounter: Encounter) -> float:
    """Body mass index; where obesity is a condition of the stratum it decides the side of 30."""
    body = stream(seed, exam, "body", 1)
    bmi = float(np.clip(body.normal(25.5 + age / 60, 3.6), 18, 38))
    modelled = encounter.stratum and OBESITY in [
        c.name for c in STRATA[encounter.stratum].conditions
    ]
    if modelled and OBESITY in encounter.conditions:
        bmi = max(bmi, float(body.uniform(30.1, 36)))
    elif modelled:
        bmi = min(bmi, float(body.uniform(26, 29.9)))
    return round(bmi, 1)


def _weighed(encounter: Encounter, bmi: float) -> Encounter:
    code, unit, (low, high) = VITALS["body mass index"]
    mass = Measurement("body mass index", bmi, unit, low, high, code=code)
    return replace(encounter, measurements=(*encounter.measurements, mass))


def draw(
    seed: int, exam: str, prevalence: Prevalence = "enriched", held_out: bool = False
) -> Patient:
    """The patient of that seed for that exam; the same everywhere, whatever was drawn before.

    held_out: the compositions of `held_out.py` may occur (test seeds only). Raises InputRejected
    for an exam that the phantom does not know, a negative seed, and for heads or held-out findings
    outside the test seeds.

    >>> draw(7, "xr-chest") == draw(7, "xr-chest")
    True
    """
    _check(seed, exam, held_out)
    stratum = _stratum(seed, exam)
    sex, age, height = _who(seed, exam, stratum)
    absent = surgery(stream(seed, exam, "surgery"), sex, age)
    encounter = Encounter(prevalence=prevalence, held_out=held_out)
    taken = acquisition(stream(seed, exam, "acquisition"), exam, stratum)
    lesions: list[Lesion] = []
    if stratum:
        person, setting = Person(sex, age, absent), Setting(stratum, prevalence, held_out)
        encounter = sample(stream(seed, exam, "encounter"), setting, person)
        lesions = _lesions(seed, exam, prevalence, encounter, person, taken, held_out)
    bmi = _body(seed, exam, age, encounter)
    return Patient(
        seed=seed, exam=exam, sex=sex, age=age, height_cm=height, bmi=bmi,
        lesions=tuple(lesions),
        encounter=_weighed(encounter, bmi) if stratum else encounter,
        acquisition=taken,
        incidentals=incidentals(stream(seed, exam, "incidental", 1), exam, age),
        absent=absent,
        situs_inversus=split_of(seed) == "test" and stream(seed, exam, "body", 2).random()
        < SITUS_SHARE,
        prior_days=_prior_days(seed, exam),
    )  # fmt: skip


def _prior_days(seed: int, exam: str) -> int:
    rng = stream(seed, exam, "prior")
    there, days = rng.random() < PRIOR_SHARE, np.exp(rng.uniform(np.log(20), np.log(1500)))
    return round(float(days)) if there and exam != "ct-head" else 0


def _lesions(
    seed: int, exam: str, prevalence: Prevalence, encounter: Encounter, person: Person,
    taken: Acquisition, held_out: bool,
) -> list[Lesion]:  # fmt: skip
    made, found = lesions_of(seed, exam, encounter)
    extra = chance_findings(
        seed, exam, encounter.stratum, prevalence, tuple(found), person.absent, person.sex,
        person.age, "AP" in taken.views,
    )  # fmt: skip
    if held_out and stream(seed, exam, "incidental", 2).random() < 0.3:
        extra += [w for w in ("splenic granuloma",) if w in drawable(exam) and w not in extra
                  and not lacks(w, person.absent, person.sex)]  # fmt: skip
    for what in extra:
        made += make(seed, exam, Wanted(what))
    made = [_spare(x, person.absent) for x in made if x.what in drawable(exam)]
    if not _prior_days(seed, exam):
        return made
    return [grow(x, found.get(x.what), stream(seed, exam, "prior", x.key + 1)) for x in made]


def _spare(lesion: Lesion, absent: Sequence[str]) -> Lesion:
    """A lesion of a kidney that is gone lies in the other one."""
    if finding_type(lesion.what).organ == "kidneys":
        for gone, other in (("right", "left"), ("left", "right")):
            if f"{gone} kidney" in absent and lesion.side != other:
                return replace(lesion, side="left" if other == "left" else "right")
    return lesion


def draw_with(seed: int, exam: str, findings: Sequence[str]) -> Patient:
    """The patient of that seed with these findings and no others, and without an encounter.

    A woman where a finding needs one. Raises InputRejected where `asked_finding` and `impossible`
    do: no such finding, an absent organ, another exam's finding, a held-out composition in a
    training or validation seed.

    >>> [x.what for x in draw_with(3, "us-abdomen", ["liver cyst"]).lesions][0]
    'liver cyst'
    """
    _check(seed, exam, held_out=False)
    findings = [asked_finding(what).what for what in findings]
    base = draw(seed, exam)
    woman: Sex = "F" if any(lacks(w, (), "M") for w in findings) else base.sex
    for what in findings:
        impossible(what, exam, seed, base.absent, woman)
    lesions = [x for w in dict.fromkeys(findings) for x in make(seed, exam, Wanted(w))]
    lesions = [_spare(x, base.absent) for x in lesions]
    return replace(
        base, sex=woman, lesions=tuple(lesions), encounter=Encounter(), incidentals=(),
        situs_inversus=False, prior_days=0,
    )  # fmt: skip


def with_history(patient: Patient, encounter: Encounter) -> Patient:
    """The same picture with another history: only words and numbers that need no picture change."""
    return replace(patient, encounter=encounter)
