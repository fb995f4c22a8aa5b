"""What a training picture is asked to be called: which organ, taken how?

A contrast over a batch meets "T2-weighted MR image of the pancreas" beside pictures of other
patients, other organs and other examinations; that it is T2 and not T1 is seldom what decides. Here
every picture chooses between the names that differ from its own in one part: a box between the same
organ in the looks that training has of it and the same look of other organs, a whole frame between
all looks. The choices are the captions' own plain beginnings, read apart by `text.looks`.

A pair that no caption names is no choice, right or wrong. That alone does not leave it free: among
all pairs, or look by look, a picture of an organ learns which looks it never has (linear probes on
one space, pairs held out named right: look by look .13, among all pairs .19, one part at a time
.23; dev/LOG.md).

Shapes: K pictures · B batch · O names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from radgloss.data.drawing import chances_of, one_of
from radgloss.text.looks import taken

__all__ = ["Naming", "naming_of"]

LEAST = 8  # pictures of a pair before it is a choice
WORDINGS = 16  # of one name
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Naming:
    """names: O pairs of look and organ, the organ "" for a whole frame. said: how each is worded.
    own: (K,), the name of each picture; -1 for none. studies: (K,), whose picture it is."""

    names: tuple[tuple[str, str], ...]
    said: tuple[tuple[str, ...], ...]
    own: npt.NDArray[np.int64]
    studies: npt.NDArray[np.int64]

    def wordings(self, rng: np.random.Generator) -> list[str]:
        """One for each name."""
        return [said[int(rng.integers(len(said)))] for said in self.said]

    def options(self, pictures: Sequence[int]) -> npt.NDArray[np.int8]:
        """Of these pictures (B, O): 1 its name, -1 another that it is not, 0 not asked: of another
        kind, or no less true ("kidney" beside "right kidney")."""
        places = self.own[list(pictures)]
        return np.where(places[:, None] < 0, np.int8(0), self._told[places])

    def shares(self, chances: Floats) -> Floats:
        """(O,) logarithm of each name's share, where pictures come with these chances (K,). Names
        of frames and of boxes are never weighed against each other, so one sum does for both."""
        mine = np.array([chances[self.own == o].sum() for o in range(len(self.names))])
        return np.asarray(np.log(np.maximum(mine / max(mine.sum(), 1e-12), 1e-6)))

    @cached_property
    def _told(self) -> npt.NDArray[np.int8]:  # (O, O): own, other
        table = [[_told(own, other) for other in self.names] for own in self.names]
        return np.array(table, np.int8).reshape(len(self.names), len(self.names))

    @cached_property
    def pairs(self) -> tuple[npt.NDArray[np.int64], ...]:
        """Of every pair of look and organ, its pictures."""
        return tuple(np.flatnonzero(self.own == o) for o, (_, of) in enumerate(self.names) if of)

    def sought(self, many: int, rng: np.random.Generator) -> list[int]:
        """Pictures drawn so that every pair comes alike: a pair, a study that has it, a picture."""
        return [one_of(self.pairs[int(p)], self.studies, rng)
                for p in rng.integers(len(self.pairs), size=many)]  # fmt: skip

    def chances(self) -> Floats:
        """(K,) of each picture to be the one that `sought` draws."""
        return chances_of(self.pairs, self.studies)


def naming_of(sentences: Sequence[Sequence[str]], studies: Sequence[int]) -> Naming:
    """The names that these pictures' captions give. sentences: of each picture, its own words, how
    it was taken first. A picture whose caption says more than its name still has that name."""
    heads: dict[str, set[str]] = defaultdict(set)
    plain: dict[tuple[str, str], set[str]] = defaultdict(set)
    own: list[tuple[str, str]] = []
    for said in sentences:
        first = taken(said[0])
        own.append((first.look, first.of))
        if first.look:
            heads[first.look].add(f"{first.head}.")
        if first.look and first.of and first.plain:
            plain[own[-1]].add(said[0])
    worded = {(look, ""): words for look, words in heads.items()} | plain
    counts = Counter(own)
    names = tuple(sorted(n for n in worded if counts[n] >= LEAST))
    place = {name: o for o, name in enumerate(names)}
    said_as = tuple(tuple(sorted(worded[n])[:WORDINGS]) for n in names)
    places = np.array([place.get(n, -1) for n in own], np.int64)
    return Naming(names, said_as, places, np.asarray(studies, np.int64))


def _told(own: tuple[str, str], other: tuple[str, str]) -> int:
    """What a picture of one name answers to another: told apart where one part differs."""
    if own == other:
        return 1
    if bool(own[1]) != bool(other[1]):
        return 0
    same = [_akin(a, b) for a, b in zip(own, other, strict=True)]
    return -1 if sum(same) == 1 else 0


def _akin(one: str, other: str) -> bool:
    """The same, or the one with less said: "CT" and "CT arterial", "kidney" and "left kidney"."""
    few, more = sorted((one.split(), other.split()), key=len)
    return few == more or (len(few) == 1 and few[0] in (more[0], more[-1]))
