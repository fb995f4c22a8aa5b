"""What is known of pictures and of texts, as vectors over one list of findings.

A picture is known by its captions and its study's labels, as in `data.quiz`; a text by the facts
that the fact reader finds in it. 1 there, -1 not there, 0 nothing known. A finding with sides has a
second place: 1 right, -1 left.

Shapes: N pictures · M texts · K places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from radgloss.data.manifest import Entry
from radgloss.data.quiz import answers_of, side_of, stated
from radgloss.text.facts import findings
from radgloss.text.findings import exam_findings

__all__ = ["Known", "known_of", "places_of"]

Signs = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Known:
    """places: (K,) names. pictures: (N, K) int8."""

    places: tuple[str, ...]
    pictures: Signs

    def said(self, texts: Sequence[str], exams: Sequence[str]) -> Signs:
        """What each text says, (M, K); a text is read as one of its own examination."""
        rows = [_said(text, exam) for text, exam in zip(texts, exams, strict=True)]
        return vectors(rows, self.places)


@lru_cache(maxsize=65536)
def _said(text: str, exam: str) -> Mapping[str, int]:
    return stated(findings(text, exam))


def places_of(entries: Sequence[Entry]) -> tuple[str, ...]:
    """The findings that these examinations can show, and the sides of those that have sides."""
    rows = {f.what: f for e in entries for f in exam_findings(e.exam)}
    sided = tuple(side_of(f.what) for f in rows.values() if f.sides)
    return (*rows, *sided)


def known_of(
    entries: Sequence[Entry], sentences: Sequence[Sequence[str]], studies: Sequence[int]
) -> Known:
    """sentences and studies: of each picture, its own words and its place in `entries`."""
    places = places_of(entries)
    return Known(places, vectors(list(answers_of(entries, sentences, studies)), places))


def vectors(rows: Sequence[Mapping[str, int]], places: Sequence[str]) -> Signs:
    """Answers by name → (rows, places) int8; what has no place is left out."""
    out = np.zeros((len(rows), len(places)), np.int8)
    for i, row in enumerate(rows):
        out[i] = [row.get(name, 0) for name in places]
    return out
