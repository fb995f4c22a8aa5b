"""Organs nobody was trained on, named by their attributes; and boundary against density.

Both ask pictures cut to one organ, in a space that never heard a word. The organs are dealt into
four hands; each hand is unseen in turn, and all are seen three times.

    unseen       attributes (primer, figures 8 and 9): a picture of an unseen organ is named among
                 the unseen ones, from what the seen ones taught about right-sided, hollow, …;
                 without the idea the rows of the table belong to other organs
    strangers    two ways (figure 4): a picture of an unseen organ should be "neither"; the density
                 says how unlikely it is, the boundary only how unsure it is between what it knows

Shapes: N pictures · W width · K organs · A attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.grammar.attributes import ATTRIBUTES
from radgloss.data.phantom.grammar.attributes import attributes as known_attributes
from radgloss.systems.ideas.space import Floats, Organs, Space
from radgloss.systems.representation.score import standard
from radgloss.systems.representation.two_ways import boundary, density
from radgloss.trust.attributes import DAP, ESZSL, generalised, per_class
from radgloss.trust.calibration import auroc

__all__ = ["HANDS", "Hand", "attributes_of", "by_attributes", "hands", "table", "two_ways"]

HANDS = 4
LEAST = 5  # test pictures of an organ
GAMMA, LAMBDA = 100.0, 1.0  # ESZSL's penalties, on standardised vectors
C, PENALTY = 0.01, 10.0  # of DAP's probes, and of the boundary
SHRINK = 0.1  # of the density's covariance
SAMPLES = 100  # of each organ, drawn from its density

Table = Literal["true", "dealt"]
Namer = Literal["eszsl", "dap"]
_MORE = {  # organs that have a picture and no row of their own in the grammar's table
    "stomach": {"left-sided", "intraperitoneal", "hollow", "contains gas", "contains fluid"},
    "urinary bladder": {"midline", "pelvic", "hollow", "contains fluid"},
    "uterus": {"midline", "pelvic", "solid", "enhancing"},
    "ovary": {"pelvic", "paired", "solid", "contains fluid"},
}
_NAMES = {"kidney": "kidneys", "lung": "lungs"}


@dataclass(frozen=True, eq=False)
class Hand:
    """One share of the organs left out. x: (N, W), pictures of seen organs of training patients, y:
    which of the seen they are. z: (M, W), those of test patients, asked: which of `names`."""

    names: Sequence[str]
    seen: npt.NDArray[np.bool_]  # (K,)
    x: Floats
    y: npt.NDArray[np.intp]
    z: Floats
    asked: npt.NDArray[np.intp]

    @property
    def strange(self) -> npt.NDArray[np.bool_]:
        """(M,): whose organ is left out."""
        return np.asarray(~self.seen[self.asked])

    def even(self) -> Hand:
        """The same with each feature at mean 0 and spread 1 over x."""
        x, z = standard(self.x, self.z)
        return replace(self, x=x, z=z)


def attributes_of(organ: str) -> frozenset[str]:
    """Of an organ as captions call it.

    >>> sorted(attributes_of("left kidney"))
    ['enhancing', 'left-sided', 'paired', 'retroperitoneal', 'solid']
    """
    side, _, rest = organ.rpartition(" ")
    side = side if side in ("right", "left") else ""
    name = rest if side else organ
    if name in _MORE:
        return frozenset(_MORE[name] | ({f"{side}-sided"} if side else set()))
    return known_attributes(_NAMES.get(name, name), side)


def table(names: Sequence[str]) -> Floats:
    """(K, A) of 0 and 1."""
    return np.array([[float(a in attributes_of(n)) for a in ATTRIBUTES] for n in names])


def hands(train: Organs, test: Organs, seed: int) -> Iterator[Hand]:
    """Each share of the organs once, dealt by the seed. An organ named without its side is none."""
    counts = {n: int((test.names == n).sum()) for n in set(test.names.tolist())}
    names = sorted(
        n for n in set(train.names.tolist()) if counts.get(n, 0) >= LEAST and n not in _NAMES
    )
    order = np.random.default_rng([seed, 22]).permutation(len(names))
    place = {n: k for k, n in enumerate(names)}
    mine = [np.array([place.get(n, -1) for n in o.names.tolist()]) for o in (train, test)]
    for hand in range(HANDS):
        seen = np.ones(len(names), bool)
        seen[order[hand::HANDS]] = False
        if min(seen.sum(), (~seen).sum()) < 2:
            continue
        number = np.cumsum(seen) - 1  # of a name among the seen ones
        taught = np.flatnonzero((mine[0] >= 0) & seen[mine[0]])
        asked = np.flatnonzero(mine[1] >= 0)
        x, z = train.vectors[taught], test.vectors[asked]
        yield Hand(names, seen, x, number[mine[0][taught]], z, mine[1][asked])


def by_attributes(space: Space, how: Namer, rows: Table) -> dict[str, Any]:
    """`unseen`: accuracy by class of naming unseen organs among themselves, mean over hands;
    `general`: harmonic mean of seen and unseen with all organs offered."""
    found, chance, general = [], [], []
    for k, raw in enumerate(hands(*space.organs, space.seed)):
        hand = raw.even()
        values = table(hand.names)
        if rows == "dealt":
            values = values[np.random.default_rng([space.seed, 23, k]).permutation(len(values))]
        seen = values[hand.seen]
        model = (
            ESZSL(GAMMA, LAMBDA).fit(hand.x, hand.y, 2 * seen - 1)
            if how == "eszsl"
            else DAP(C).fit(hand.x, hand.y, seen)
        )
        asked_as = 2 * values - 1 if how == "eszsl" else values
        scores = model.scores(hand.z, asked_as)
        new = hand.strange
        unseen = np.flatnonzero(~hand.seen)
        said = unseen[scores[np.ix_(np.flatnonzero(new), unseen)].argmax(1)]
        found.append(per_class(said.tolist(), hand.asked[new].tolist()))
        chance.append(1 / len(unseen))
        general.append(generalised(scores, hand.asked, hand.seen).harmonic)
    return {
        "unseen": _mean(found), "unseen_by_chance": _mean(chance), "general": _mean(general),
        "by_hand": [round(f, 3) for f in found],
    }  # fmt: skip


def two_ways(space: Space, way: Literal["density", "boundary"]) -> dict[str, Any]:
    """`strangers`: AUROC of "neither" between pictures of unseen and of seen organs; `named`:
    accuracy by class among the seen; `sampled`: that of a boundary which met nothing but samples
    of the density."""
    rows: list[Mapping[str, float]] = [
        _density(hand.even(), space.seed) if way == "density" else _boundary(hand.even())
        for hand in hands(*space.organs, space.seed)
    ]
    return {name: _mean([r[name] for r in rows]) for name in (rows[0] if rows else ())}


def _density(hand: Hand, seed: int) -> dict[str, float]:
    fitted = density(hand.x, hand.y, shrink=SHRINK)
    rng = np.random.default_rng([seed, 24])
    many = int(hand.seen.sum())
    drawn = np.concatenate([fitted.sample(c, SAMPLES, rng) for c in range(many)])
    taught = boundary(drawn, np.repeat(np.arange(many), SAMPLES), PENALTY)
    return {
        "strangers": auroc(fitted.distances(hand.z).min(1), hand.strange),
        "named": _named(hand, fitted.posterior(hand.z)),
        "sampled": _named(hand, taught.posterior(hand.z)),
    }


def _boundary(hand: Hand) -> dict[str, float]:
    sure = boundary(hand.x, hand.y, PENALTY).posterior(hand.z)
    return {
        "strangers": auroc(-sure.max(1), hand.strange),
        "named": _named(hand, sure),
    }


def _named(hand: Hand, posterior: Floats) -> float:
    """Of pictures of seen organs, which a posterior (N, seen) is about."""
    known = ~hand.strange
    said = np.flatnonzero(hand.seen)[posterior[known].argmax(1)]
    return per_class(said.tolist(), hand.asked[known].tolist())


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
