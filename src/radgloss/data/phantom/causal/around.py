"""What is around the disease: the person, chance findings, and how the picture is taken.

Chance findings come from findings of which the stratum's model says nothing, so that the posterior
stays exact; they never lie in an absent organ and never make a patient carry more than four."""

from __future__ import annotations

from functools import cache

import numpy as np

from radgloss.data.phantom.causal.conditions import SURGERY_OF
from radgloss.data.phantom.causal.looks import drawable
from radgloss.data.phantom.causal.nouns import Acquisition, Prevalence, Sex, stream
from radgloss.data.phantom.causal.strata import OF_EXAM, STRATA
from radgloss.data.phantom.held_out import FINDINGS as HELD_OUT
from radgloss.text.findings import OF_WOMEN, finding_type

__all__ = ["MOST", "acquisition", "chance_findings", "incidentals", "lacks", "surgery"]

MOST = 4  # distinct findings, before chance stops adding
ENRICHED = {1.0: 0.062, 0.5: 0.09}  # by the share of the exam whose stratum lacks the finding
DEVICES = ("endotracheal tube", "central venous catheter", "nasogastric tube", "chest tube")
BACKGROUND = {  # of an unselected adult; kidney cysts by age below
    "gallstones": 0.10, "hepatic steatosis": 0.25, "liver cyst": 0.10, "splenic granuloma": 0.02,
    "lung granuloma": 0.03, "kidney stone": 0.05, "liver haemangioma": 0.03,
    "pleural effusion": 0.03, "splenomegaly": 0.02, "aortic aneurysm": 0.01,
}  # fmt: skip
ORGAN_OF = {  # organs of the findings table that surgery takes
    "gallbladder": ("gallbladder",), "spleen": ("spleen",),
    "kidneys": ("right kidney", "left kidney"),
}  # fmt: skip


def surgery(rng: np.random.Generator, sex: Sex, age: int) -> tuple[str, ...]:
    """Organs taken away; at most one kidney, and no uterus of a man."""
    gone: list[str] = []
    for organ, (per_decade, _) in SURGERY_OF.items():
        u = rng.random()
        if (organ == "uterus" and sex == "M") or (
            organ == "left kidney" and "right kidney" in gone
        ):
            continue
        if u < per_decade * max(0.0, (age - 20) / 10):
            gone.append(organ)
    return tuple(gone)


def lacks(what: str, absent: tuple[str, ...], sex: Sex) -> bool:
    """Whether this person cannot have that finding, for want of the organ."""
    if what in OF_WOMEN:
        return sex == "M" or (what == "intrauterine pregnancy" and "uterus" in absent)
    organs = ORGAN_OF.get(finding_type(what).organ, ())
    return bool(organs) and all(o in absent for o in organs)


@cache
def _modelled(stratum: str) -> frozenset[str]:
    table = STRATA[stratum]
    shown = {i.what for i in table.items if i.kind == "sign"}
    return frozenset(shown | {w for d in table.diseases for w in d.shows.values()})


def _rate(what: str, exam: str, prevalence: Prevalence, age: int, portable: bool) -> float:
    if what in DEVICES:
        if exam == "xr-chest":
            return {"enriched": 0.22, "clinical": 0.15}[prevalence] if portable else 0.0
        return {"enriched": 0.07, "clinical": 0.04}[prevalence]
    usual = BACKGROUND.get(what, 0.0)
    if what == "kidney cyst":
        usual = 0.02 + 0.006 * max(0, age - 30)
    if prevalence == "clinical":
        return usual
    free = sum(share for name, share in OF_EXAM[exam] if what not in _modelled(name))
    doubled = what in OF_WOMEN and exam != "us-pelvis"
    enriched = ENRICHED[free] * (2 if doubled else 1)
    return max(min(usual, 0.10), enriched)


def chance_findings(
    seed: int, exam: str, stratum: str, prevalence: Prevalence, taken: tuple[str, ...],
    absent: tuple[str, ...], sex: Sex, age: int, portable: bool,
) -> list[str]:  # fmt: skip
    """Names of findings that are there by chance, in random order of arrival, up to `MOST`."""
    rng = stream(seed, exam, "incidental")
    names = drawable(exam)
    order, u = rng.permutation(len(names)), rng.random(len(names))
    blocked = _modelled(stratum) | set(taken) | set(HELD_OUT)
    if {"lung nodule", "lung mass"} & blocked:
        blocked |= {"lung nodule", "lung mass"}
    found: list[str] = []
    for i in order:
        what = names[int(i)]
        if what in blocked or lacks(what, absent, sex):
            continue
        full = len(found) + len(set(taken) & set(names)) >= MOST
        if not full and u[i] < _rate(what, exam, prevalence, age, portable):
            found.append(what)
    return found


_INCIDENTALS = {  # things that no finding names: (name, probability, grows with age)
    "ct-abdomen": (("aortic calcification", 0.3, True), ("oral contrast", 0.2, False)),
    "xr-chest": (("aortic calcification", 0.25, True), ("ecg leads", 0.2, False),
                 ("scoliosis", 0.15, False)),
    "xr-abdomen": (("phleboliths", 0.3, True), ("scoliosis", 0.15, False)),
}  # fmt: skip


def incidentals(rng: np.random.Generator, exam: str, age: int) -> tuple[str, ...]:
    """Things in the picture that no finding of the vocabulary names."""
    older = float(np.clip((age - 30) / 40, 0.1, 1.6))
    table = _INCIDENTALS.get(exam, ())
    return tuple(n for n, p, ages in table if rng.random() < p * (older if ages else 1.0))


_MULTI = ("unenhanced", "arterial", "portal venous", "delayed")
_PHASES: dict[str, tuple[tuple[tuple[str, ...], float], ...]] = {
    "A": ((("portal venous",), 0.65), (("unenhanced",), 0.2), (("arterial", "portal venous"), 0.1),
          (("unenhanced", "portal venous", "excretory"), 0.05)),
    "L": ((_MULTI, 0.45), (("portal venous",), 0.35), (("arterial", "portal venous"), 0.15),
          (("unenhanced",), 0.05)),
    "": ((("unenhanced",), 1.0),),
}  # fmt: skip
_SEQUENCES = ("T1", "T1 fat-suppressed", "T2", "DWI", "ADC")
_VIEWS = ((("PA",), 0.30), (("PA", "lateral"), 0.40), (("AP",), 0.30))


def acquisition(rng: np.random.Generator, exam: str, stratum: str) -> Acquisition:
    """How the picture is taken; never dependent on what is found, only on why one came."""
    u, dose, marked, wrong = rng.random(), float(np.exp(rng.normal(0, 0.3))), *rng.random(2)
    hospital, inverted, thick = int(rng.integers(0, 2)), bool(rng.random() < 0.25), rng.random()
    film = exam.startswith("xr")
    phases = _choose(_PHASES.get(stratum, _PHASES["A"]), u) if exam.startswith("ct") else ()
    views = _choose(_VIEWS, u) if exam == "xr-chest" else ("AP",) if exam == "xr-abdomen" else ()
    opposed = ("T1 opposed",) if u < 0.6 else ()
    true = "L" if rng.random() < 0.5 else "R"
    marker = "" if marked > 0.88 else {"L": "R", "R": "L"}[true] if wrong < 0.005 else true
    return Acquisition(
        phases=phases,
        sequences=(*_SEQUENCES, *opposed) if exam.startswith("mr") else (),
        views=views,
        dose=round(dose, 3),
        slice_mm=(3.0 if thick < 0.3 else 5.0 if thick < 0.85 else 8.0),
        inverted=inverted and film,
        marker=marker if film else "",
        hospital=hospital,
    )  # fmt: skip


def _choose(table: tuple[tuple[tuple[str, ...], float], ...], u: float) -> tuple[str, ...]:
    total = 0.0
    for value, share in table:
        total += share
        if u < total:
            return value
    return table[-1][0]
