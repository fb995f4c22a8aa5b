"""Drawing pictures for what they show: a kind, a study that has it, one of its pictures.

So neither a common kind nor a study with many pictures outweighs the others. `one_of` draws,
`chances_of` says how often each picture comes, which a loss needs that must not learn it.

Shapes: K pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["chances_of", "one_of"]

Places = npt.NDArray[np.int64]


def one_of(mine: Places, studies: Places, rng: np.random.Generator) -> int:
    """One of these pictures, every study that has some being as likely as another."""
    study = rng.choice(np.unique(studies[mine]))
    return int(rng.choice(mine[studies[mine] == study]))


def chances_of(kinds: Sequence[Places], studies: Places) -> npt.NDArray[np.float64]:
    """(K,) the chance of each picture to be drawn by `one_of` from a kind drawn by lot.

    >>> chances_of([np.array([0, 1, 2])], np.array([5, 5, 6])).tolist()
    [0.25, 0.25, 0.5]
    """
    chances = np.zeros(len(studies))
    for mine in kinds:
        _, place, many = np.unique(studies[mine], return_inverse=True, return_counts=True)
        chances[mine] += 1 / (len(kinds) * len(many) * many[place])
    return chances
