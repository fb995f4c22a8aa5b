"""Simulated patients whose truth is known: anatomy, disease, physics, words, truth, files.

`make` is one seed's whole patient, `write` its folder, `read` that folder read back, `plan` and
`generate` many folders and a manifest. A phantom proves that machinery is right; it proves nothing
about patients."""

from radgloss.data.phantom.files import folder_name, write
from radgloss.data.phantom.imaging.nouns import VERSION
from radgloss.data.phantom.many import Generated, Job, generate, plan
from radgloss.data.phantom.patients import EXAMS, Lesion, Patient, draw, draw_with, split_of
from radgloss.data.phantom.reading import Filed, read
from radgloss.data.phantom.study import Phantom, make, simulate

__all__ = [
    "EXAMS",
    "VERSION",
    "Filed",
    "Generated",
    "Job",
    "Lesion",
    "Patient",
    "Phantom",
    "draw",
    "draw_with",
    "folder_name",
    "generate",
    "make",
    "plan",
    "read",
    "simulate",
    "split_of",
    "write",
]
