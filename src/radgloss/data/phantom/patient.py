"""Who the patient is: one seed, one exam, one patient, whatever else was drawn before.

Every aspect (body, disease, noise, words) has its own stream, spawned from the seed, so that the
same patient with and without a lesion differs in that lesion only. Prevalences are enriched for
training; they are not those of a hospital."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from radgloss.types import Side

__all__ = ["EXAMS", "PREVALENCE", "Lesion", "Patient", "draw", "stream"]

ExamName = Literal["ct-abdomen", "xr-chest", "ct-head"]
EXAMS: tuple[ExamName, ...] = ("ct-abdomen", "xr-chest", "ct-head")
_ASPECTS = ("who", "body", "disease", "noise", "words", "lesion", "frames", "acquisition")
PREVALENCE = 0.35  # of every finding, independently; enriched

LOBES = {
    "right": (("upper lobe", 0.45), ("middle lobe", 0.15), ("lower lobe", 0.4)),
    "left": (("upper lobe", 0.5), ("lower lobe", 0.5)),
}
SEGMENTS = (
    ("segment II", 0.1),
    ("segment III", 0.1),
    ("segment IV", 0.18),
    ("segment V", 0.14),
    ("segment VI", 0.16),
    ("segment VII", 0.16),
    ("segment VIII", 0.16),
)
LARGEST_CYST = {"segment II": 26, "segment III": 24, "segment IV": 34, "segment V": 44}  # mm
POLES = (("upper pole", 0.25), ("interpolar region", 0.2), ("lower pole", 0.35), ("pelvis", 0.2))


@dataclass(frozen=True)
class Lesion:
    """One thing wrong in one place, before it is placed in a body.

    size_mm: diameter (cyst, nodule, stone), length (spleen), depth at the apex (pneumothorax);
    0 where size is a volume. volume_ml: effusion, (right, left). value: HU where CT shows it.
    key: its own random stream, so that removing one lesion leaves the others as they were."""

    what: str
    key: int
    side: Side = ""
    site: str = ""
    size_mm: float = 0.0
    volume_ml: tuple[float, float] = (0.0, 0.0)
    value: float = 0.0
    severity: str = ""


@dataclass(frozen=True)
class Patient:
    """A made-up person and one examination; every picture and word follows from this.

    phase: "portal venous" or "unenhanced" for CT, "" for radiographs. dose: 1 is usual, less is
    noisier. incidentals: things in the picture that no finding of the vocabulary names.
    inverted: stored as MONOCHROME1. marker: the side letter on the film, "" for none."""

    seed: int
    exam: ExamName
    sex: Literal["F", "M"]
    age: int
    height_cm: float
    bmi: float
    phase: str
    dose: float
    lesions: tuple[Lesion, ...]
    incidentals: tuple[str, ...] = ()
    inverted: bool = False
    marker: str = ""

    @property
    def name(self) -> str:
        """The made-up identifier, the same in every file of this patient."""
        return f"PHANTOM-{self.seed:06d}"

    @property
    def scale(self) -> float:
        """Linear size relative to the body that the anatomy tables describe (172 cm)."""
        return (self.height_cm / 172.0) ** 0.8


def stream(seed: int, exam: str, aspect: str, key: int = 0) -> np.random.Generator:
    """The generator of one aspect of one patient.

    >>> a, b = stream(1, "xr-chest", "noise"), stream(1, "xr-chest", "noise")
    >>> bool(a.random() == b.random())
    True
    """
    spawn = (EXAMS.index(exam), _ASPECTS.index(aspect), key)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=spawn))


def _pick(rng: np.random.Generator, table: tuple[tuple[str, float], ...]) -> str:
    weights = np.array([w for _, w in table])
    return table[int(rng.choice(len(table), p=weights / weights.sum()))][0]


def _side(rng: np.random.Generator) -> Side:
    return "right" if rng.random() < 0.5 else "left"


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _cysts(rng: np.random.Generator) -> list[Lesion]:
    n = 1 if rng.random() < 0.7 else 2
    sites: list[str] = []
    while len(sites) < n:
        site = _pick(rng, SEGMENTS)
        if site not in sites:
            sites.append(site)
    return [
        Lesion(
            "liver cyst",
            key=10 + i,
            site=site,
            size_mm=round(_log_uniform(rng, 10, LARGEST_CYST.get(site, 60))),
            value=float(rng.uniform(0, 15)),
        )
        for i, site in enumerate(sites)
    ]


def _stones(rng: np.random.Generator) -> list[Lesion]:
    n = 1 if rng.random() < 0.7 else 2
    places: list[tuple[Side, str]] = []
    while len(places) < n:
        place = (_side(rng), _pick(rng, POLES))
        if place not in places:
            places.append(place)
    return [
        Lesion(
            "kidney stone",
            key=20 + i,
            side=side,
            site=site,
            size_mm=round(_log_uniform(rng, 3, 15)),
            value=float(rng.uniform(400, 1200)),
        )
        for i, (side, site) in enumerate(places)
    ]


def _spleen(rng: np.random.Generator) -> list[Lesion]:
    length = round(float(rng.uniform(135, 190)))
    grade = "mild" if length < 150 else "moderate" if length < 170 else "marked"
    return [Lesion("splenomegaly", key=30, size_mm=length, severity=grade)]


def _pneumothorax(rng: np.random.Generator) -> list[Lesion]:
    depth = round(_log_uniform(rng, 10, 55))
    grade = "small" if depth < 20 else "moderate" if depth < 35 else "large"
    return [
        Lesion("pneumothorax", key=40, side=_side(rng), site="apex", size_mm=depth, severity=grade)
    ]


def _effusion(rng: np.random.Generator) -> list[Lesion]:
    both = rng.random() < 0.25
    side: Side = "bilateral" if both else _side(rng)
    volume = _log_uniform(rng, 180, 1600)
    other = volume * float(rng.uniform(0.6, 1.0))
    right = volume if side in ("right", "bilateral") else 0.0
    left = other if side == "bilateral" else volume if side == "left" else 0.0
    most = max(right, left)
    grade = "small" if most < 400 else "moderate" if most < 900 else "large"
    return [
        Lesion(
            "pleural effusion",
            key=50,
            side=side,
            volume_ml=(round(right), round(left)),
            severity=grade,
        )
    ]


def _nodules(rng: np.random.Generator) -> list[Lesion]:
    side = _side(rng)
    size = round(_log_uniform(rng, 8, 30))
    return [Lesion("lung nodule", key=60, side=side, site=_pick(rng, LOBES[side]), size_mm=size)]


_DISEASES = {
    "ct-abdomen": (_cysts, _stones, _spleen),
    "xr-chest": (_pneumothorax, _effusion, _nodules),
    "ct-head": (),
}
_INCIDENTALS = {
    "ct-abdomen": (("aortic calcification", 0.3), ("renal cyst", 0.2), ("oral contrast", 0.2)),
    "xr-chest": (("aortic calcification", 0.25), ("ecg leads", 0.2), ("scoliosis", 0.15)),
    "ct-head": (),
}


def draw(seed: int, exam: str) -> Patient:
    """The patient of that seed for that exam; the same everywhere, whatever was drawn before.

    Raises ValueError for an exam that the phantom does not know.

    >>> draw(7, "xr-chest") == draw(7, "xr-chest")
    True
    """
    if exam not in EXAMS:
        raise ValueError(f"{exam!r} is no exam of the phantom; it knows {', '.join(EXAMS)}")
    if seed < 0:
        raise ValueError(f"seed {seed} is negative; seeds count from 0")
    who = stream(seed, exam, "who")
    sex: Literal["F", "M"] = "F" if who.random() < 0.5 else "M"
    age = int(who.integers(19, 90))
    height = float(who.normal(163 if sex == "F" else 177, 6.5))
    bmi = float(np.clip(who.normal(25.5 + age / 60, 3.6), 18, 38))
    how = stream(seed, exam, "acquisition")
    enhanced = exam == "ct-abdomen" and how.random() < 0.75
    phase = "" if exam == "xr-chest" else "portal venous" if enhanced else "unenhanced"
    inverted = bool(how.random() < 0.25) and exam == "xr-chest"
    marker = ("L" if how.random() < 0.5 else "R") if how.random() < 0.8 else ""
    ill = stream(seed, exam, "disease")
    lesions = [
        lesion
        for disease in _DISEASES[exam]
        for found in [disease(ill)]
        if ill.random() < PREVALENCE
        for lesion in found
    ]
    age_factor = np.clip((age - 30) / 40, 0.1, 1.6)
    incidentals = [
        name
        for name, p in _INCIDENTALS[exam]
        if ill.random() < p * (age_factor if "calcification" in name else 1.0)
    ]
    return Patient(
        seed=seed,
        exam=exam,
        sex=sex,
        age=age,
        height_cm=round(height, 1),
        bmi=round(bmi, 1),
        phase=phase,
        dose=round(float(np.exp(how.normal(0, 0.3))), 3),
        lesions=tuple(lesions),
        incidentals=tuple(incidentals),
        inverted=inverted,
        marker=marker if exam == "xr-chest" else "",
    )
