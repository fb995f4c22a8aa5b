"""Findings as rows of attributes, so that one that was never trained on still has an address.

A splenic hydatid cyst is in the spleen (as a splenic cyst is), and is hydatid and a cyst (as a
liver hydatid cyst is): nothing in its row is new, only the row. Attributes come from the table of
`findings`: the organ, the words of the kind, the layer, whether it takes a side, and the
examinations that can show it. Shapes: C classes · A attributes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.text.findings import (
    FINDINGS,
    ORGANS,
    PAIRED,
    FindingType,
    asked_finding,
)

__all__ = ["AttributeTable", "attribute_table", "attributes_of"]

_SAME = {"stones": "stone"}  # one thing under two names of the table


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """classes: C names. attributes: A names, such as "organ: spleen". values: (C, A) of 0 and 1."""

    classes: tuple[str, ...]
    attributes: tuple[str, ...]
    values: npt.NDArray[np.float64]

    def rows(self, names: Iterable[str]) -> npt.NDArray[np.float64]:
        """The rows of these classes, in this order; KeyError for another name."""
        place = {name: k for k, name in enumerate(self.classes)}
        return self.values[[place[name] for name in names]]

    def lacking(self, seen: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """By class, its attributes that no seen class has: with any, its name cannot be earned."""
        shown = self.rows(seen).max(axis=0)
        found = {}
        for name, row in zip(self.classes, self.values, strict=True):
            missing = np.flatnonzero((row == 1) & (shown == 0))
            if len(missing):
                found[name] = tuple(self.attributes[a] for a in missing)
        return found


def attributes_of(row: FindingType) -> tuple[str, ...]:
    """The attributes of one finding.

    >>> attributes_of(asked_finding("splenic hydatid cyst"))[:3]
    ('organ: spleen', 'kind: hydatid', 'kind: cyst')
    """
    place = {row.organ, *ORGANS.get(row.organ, ())}
    words = [w for w in row.kind.split() if w not in place] or [row.kind]
    kinds = dict.fromkeys(f"kind: {_SAME.get(w, w)}" for w in words)
    paired = ("in a paired organ",) if row.organ in PAIRED else ()
    sided = ("takes a side",) if row.sides else ()
    seen_by = tuple(f"seen by: {exam}" for exam in row.exams)
    return (f"organ: {row.organ}", *kinds, f"layer: {row.layer}", *paired, *sided, *seen_by)


def attribute_table(whats: Iterable[str] | None = None) -> AttributeTable:
    """Of these findings, or of all. Names may be synonyms; each finding has one row.

    Raises InputRejected('no-such-finding') for a name that the house does not know."""
    rows = list(FINDINGS) if whats is None else [asked_finding(what) for what in whats]
    rows = list({row.what: row for row in rows}.values())
    each = [attributes_of(row) for row in rows]
    names = tuple(dict.fromkeys(a for of in each for a in of))
    values = np.array([[float(a in of) for a in names] for of in each]).reshape(len(rows), -1)
    return AttributeTable(tuple(row.what for row in rows), names, values)
