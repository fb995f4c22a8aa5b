"""Simulated patients whose truth is known: anatomy, disease, physics, words, truth, files.

`draw` says who and what is wrong, `make` adds pictures and words, `write` and `generate` make
files. A phantom proves that machinery is right; it proves nothing about patients."""

from radgloss.data.phantom.files import generate, labels, write
from radgloss.data.phantom.patient import EXAMS, Lesion, Patient, draw
from radgloss.data.phantom.sheet import sheet
from radgloss.data.phantom.simulate import (
    VERSION,
    Caption,
    Phantom,
    caption_frames,
    captions_of,
    make,
    simulate,
)

__all__ = [
    "EXAMS",
    "VERSION",
    "Caption",
    "Lesion",
    "Patient",
    "Phantom",
    "caption_frames",
    "captions_of",
    "draw",
    "generate",
    "labels",
    "make",
    "sheet",
    "simulate",
    "write",
]
