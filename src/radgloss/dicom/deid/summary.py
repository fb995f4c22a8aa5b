"""What the child says of one de-identified file: counts and marks, nothing that the file said."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Act", "Summary"]


@dataclass(frozen=True)
class Act:
    """An action on a tag, whether the table did not name it, and how many times."""

    tag: int
    action: str
    beyond: bool
    count: int


@dataclass(frozen=True)
class Summary:
    """place: new patient, study, series, instance. found: (tag, times) where kept text held what
    the header says of people. residue: whether some of it may still stand in the header's bytes."""

    place: tuple[str, ...]
    acts: tuple[Act, ...]
    found: tuple[tuple[int, ...], ...]
    modality: str
    burned: bool
    private_class: bool
    syntax: str
    pixels: bool
    residue: bool
