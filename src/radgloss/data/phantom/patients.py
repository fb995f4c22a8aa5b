"""Who the patient is: one seed, one exam, one patient, whatever else was drawn before."""

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
