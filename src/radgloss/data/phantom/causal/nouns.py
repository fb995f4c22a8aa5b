"""The nouns of a simulated patient: lesion, encounter, acquisition, patient; and their streams.

Every aspect of a patient (who, disease, one lesion, noise, words, …) has its own stream, spawned
from the seed, so that one changed lesion or word changes nothing else, and the same picture can be
given another history. Names of findings, organs, sites and exams are those of `text.findings`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from radgloss.types import Measurement, Side

__all__ = [
    "EXAMS",
    "Acquisition",
    "Encounter",
    "Lesion",
    "Patient",
    "Prevalence",
    "Sex",
    "Split",
    "split_of",
    "stream",
]

Sex = Literal["F", "M"]
Split = Literal["train", "val", "test"]
Prevalence = Literal["enriched", "clinical"]

# The order is part of every stream's key: append only. ct-head is for domain shift, never trained.
EXAMS = (
    "ct-abdomen",
    "mr-abdomen",
    "us-abdomen",
    "us-pelvis",
    "xr-chest",
    "xr-abdomen",
    "ct-head",
)
_ASPECTS = (
    "who", "body", "disease", "noise", "words", "lesion", "frames", "acquisition",
    "encounter", "prior", "surgery", "incidental", "detector", "captions",
)  # fmt: skip  # append only
TRAIN_BELOW, VAL_BELOW = 1_000_000, 2_000_000


def split_of(seed: int) -> Split:
    """The split that owns this seed.

    >>> split_of(999_999), split_of(1_000_000), split_of(2_000_000)
    ('train', 'val', 'test')
    """
    return "train" if seed < TRAIN_BELOW else "val" if seed < VAL_BELOW else "test"


def stream(seed: int, exam: str, aspect: str, key: int = 0) -> np.random.Generator:
    """The generator of one aspect of one patient.

    >>> a, b = stream(1, "xr-chest", "noise"), stream(1, "xr-chest", "noise")
    >>> bool(a.random() == b.random())
    True
    """
    spawn = (EXAMS.index(exam), _ASPECTS.index(aspect), key)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=spawn))


@dataclass(frozen=True)
class Lesion:
    """One thing wrong in one place, before it is placed in a body.

    what: the name in `text.findings`. key: its own random stream. site: of its organ; a lobe for
    the lung, a tip for a device.
    size_mm: longest axial diameter; craniocaudal length (spleen); diameter of duct, loop or
    appendix; depth at the apex (pneumothorax); tip above the carina (endotracheal tube, negative
    below it); 0 where size is a volume or a grade. volume_ml: effusion (right, left), free fluid
    (total, 0). severity: a word of the finding's own scale. features: words of its look.
    prior_mm: size in the prior study, 0.0 where it was not there, None without a prior study.
    room_mm: its largest size in any study, where that is another one: it keeps its place."""

    what: str
    key: int
    side: Side = ""
    site: str = ""
    size_mm: float = 0.0
    volume_ml: tuple[float, float] = (0.0, 0.0)
    severity: str = ""
    features: tuple[str, ...] = ()
    prior_mm: float | None = None
    room_mm: float = 0.0


@dataclass(frozen=True)
class Acquisition:
    """How the picture is taken.

    phases: of CT, "unenhanced", "arterial", "portal venous", "delayed", "excretory".
    sequences: of MR, "T1", "T1 opposed", "T1 fat-suppressed", "T2", "DWI", "ADC".
    views: of films, "PA", "lateral", "AP" (a chest AP is portable and supine).
    dose: 1 is usual, less is noisier. slice_mm: thickness of a cross-section.
    inverted: stored as MONOCHROME1. marker: side letter on the film, "" for none; rarely wrong.
    hospital: which of the simulated scanners."""

    phases: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    dose: float = 1.0
    slice_mm: float = 5.0
    inverted: bool = False
    marker: str = ""
    hospital: int = 0


@dataclass(frozen=True)
class Encounter:
    """What the causal model drew for one visit; nothing of a picture is in it.

    stratum: "P" pelvic pain of a woman, "A" acute abdomen, "L" focal lesion of liver or spleen,
    "C" chest, "" none. conditions: chronic ones that are there; known: what the notes say about
    them. diseases: at most two acute ones, the first is the reason of the visit. signs: everything
    of the model that is present in the body, seen or not; the other signs are absent.
    history: what was asked, and the answer. measurements: the tests that were ordered.
    prevalence, held_out: of the draw, so that whoever asks for a posterior asks that very joint."""

    stratum: str = ""
    conditions: tuple[str, ...] = ()
    known: tuple[tuple[str, bool], ...] = ()
    diseases: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    history: tuple[tuple[str, bool], ...] = ()
    measurements: tuple[Measurement, ...] = ()
    prevalence: Prevalence = "enriched"
    held_out: bool = False


@dataclass(frozen=True)
class Patient:
    """A made-up person and one examination; every picture and word follows from this.

    absent: organs removed by surgery or missing from birth: "gallbladder", "spleen",
    "right kidney", "left kidney", "uterus". incidentals: things in the picture that no finding of
    the vocabulary names. prior_days: age of the prior study in days, 0 where there is none.
    situs_inversus: test patients only, rare."""

    seed: int
    exam: str
    sex: Sex
    age: int
    height_cm: float
    bmi: float
    lesions: tuple[Lesion, ...]
    encounter: Encounter
    acquisition: Acquisition
    incidentals: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    situs_inversus: bool = False
    prior_days: int = 0

    @property
    def name(self) -> str:
        """The made-up identifier, the same in every file of this patient."""
        return f"PHANTOM-{self.seed:07d}"

    @property
    def scale(self) -> float:
        """Linear size relative to the body that the anatomy tables describe (172 cm)."""
        return float((self.height_cm / 172.0) ** 0.8)
