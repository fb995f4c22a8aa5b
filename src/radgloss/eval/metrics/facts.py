"""Facts against facts: how many are right, invented, or left out.

A predicted finding answers one true finding of the same name when every counted field agrees; the
largest possible number of pairs is found (a maximum matching), so order never matters. An empty
field on either side agrees with anything only for fields in `open_fields`; sizes agree within a
tolerance. Both sides empty gives a score of 1: nothing was to be said and nothing was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from radgloss.types import Finding

__all__ = ["Counts", "Said", "kinds", "match", "said"]

FIELDS = ("what", "status", "side")  # size_mm, site, change, severity and number may be added


@dataclass(frozen=True)
class Counts:
    """hits: pairs that agree. invented: predicted without a partner. missed: true without one."""

    hits: int
    invented: int
    missed: int

    @property
    def precision(self) -> float:
        """hits / predicted; 1 where nothing was predicted and nothing was true."""
        return _ratio(self.hits, self.hits + self.invented, self.hits + self.missed)

    @property
    def recall(self) -> float:
        """hits / true; 1 where nothing was true and nothing was predicted."""
        return _ratio(self.hits, self.hits + self.missed, self.hits + self.invented)

    @property
    def f1(self) -> float:
        """2 hits / (predicted + true)."""
        both = 2 * self.hits + self.invented + self.missed
        return 2 * self.hits / both if both else 1.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.hits + other.hits, self.invented + other.invented, self.missed + other.missed
        )


def _ratio(hits: int, total: int, other: int) -> float:
    return hits / total if total else float(other == 0)


def match(
    predicted: Sequence[Finding],
    truth: Sequence[Finding],
    fields: Sequence[str] = FIELDS,
    open_fields: Sequence[str] = (),
    tolerance_mm: float = 1.0,
    tolerance: float = 0.1,
) -> Counts:
    """Compare two lists of findings.

    fields: the fields of `Finding` that must agree. open_fields: of those, the ones that agree
    when either side leaves them empty. Sizes agree when their longest extents differ by at most
    `tolerance_mm` or the share `tolerance` of the true one, whichever is larger.

    >>> from radgloss.types import Finding as F
    >>> counts = match([F("pneumothorax", side="left")], [F("pneumothorax", side="right")])
    >>> counts, counts.f1
    (Counts(hits=0, invented=1, missed=1), 0.0)
    """
    partners = [
        [
            n
            for n, true in enumerate(truth)
            if all(_agree(f, mine, true, f in open_fields, tolerance_mm, tolerance) for f in fields)
        ]
        for mine in predicted
    ]
    taken: dict[int, int] = {}  # true → predicted
    hits = sum(_augment(n, partners, taken, set()) for n in range(len(predicted)))
    return Counts(hits, len(predicted) - hits, len(truth) - hits)


def kinds(predicted: Sequence[Finding], truth: Sequence[Finding]) -> Counts:
    """The same by name alone, each name once: two true cysts are found by one word.

    >>> from radgloss.types import Finding as F
    >>> kinds([F("cyst"), F("stone")], [F("cyst", side="left"), F("cyst", side="right")])
    Counts(hits=1, invented=1, missed=0)
    """
    said, true = ({f.what: f for f in facts} for facts in (predicted, truth))
    return match(tuple(said.values()), tuple(true.values()), fields=("what",))


@dataclass(frozen=True)
class Said:
    """stated: predicted facts of a true name where both sides state the field. wrong: of these,
    the ones that agree with no true finding of that name."""

    stated: int
    wrong: int


def said(predicted: Sequence[Finding], truth: Sequence[Finding], field: str) -> Said:
    """How often a field (`side`, `site` or `number`) is stated, and stated wrongly.

    "Bilateral" agrees with a left and a right together, each side with "bilateral", and
    "multiple" with every number above one; all else must be equal.

    >>> from radgloss.types import Finding as F
    >>> both = [F("effusion", side="left"), F("effusion", side="right")]
    >>> said([F("effusion", side="bilateral")], both, "side")
    Said(stated=1, wrong=0)
    """
    true: dict[str, set[str]] = {}
    for f in truth:
        if getattr(f, field):
            true.setdefault(f.what, set()).add(getattr(f, field))
    stated = [f for f in predicted if getattr(f, field) and f.what in true]
    wrong = sum(not _fits(getattr(f, field), true[f.what]) for f in stated)
    return Said(len(stated), wrong)


def _fits(word: str, true: set[str]) -> bool:
    if word in true:
        return True
    if word == "bilateral":
        return {"left", "right"} <= true
    if word in ("left", "right"):
        return "bilateral" in true
    if word == "multiple":
        return any(n.isdecimal() and int(n) > 1 for n in true)
    return "multiple" in true and word.isdecimal() and int(word) > 1


def _augment(
    mine: int, partners: list[list[int]], taken: dict[int, int], visited: set[int]
) -> bool:
    """Find a partner for one finding, moving others where that helps (Kuhn's algorithm)."""
    for other in partners[mine]:
        if other in visited:
            continue
        visited.add(other)
        if other not in taken or _augment(taken[other], partners, taken, visited):
            taken[other] = mine
            return True
    return False


def _agree(
    field: str, mine: Finding, true: Finding, open_field: bool, mm: float, share: float
) -> bool:
    a, b = getattr(mine, field), getattr(true, field)
    if open_field and (not a or not b):
        return True
    if field in ("size_mm", "previous_mm") and a and b:
        return bool(abs(a[0] - b[0]) <= max(mm, share * b[0]))
    return bool(a == b)
