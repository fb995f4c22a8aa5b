"""Recall that does not punish duplicates: texts that say the same thing are the same answer.

Candidates of equal score come in any order with equal probability, so a model that gives every
candidate one score gets exactly chance (hypergeometric), not luck. And where many reports are the
same ("No acute abnormality."), any of them is right: told apart by their rows, a perfect model
would be called wrong. Shapes: Q queries · N candidates · D width."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from radgloss.trust.arrays import scores as checked

__all__ = ["expected_recall", "recall_at"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
DECIMALS = 6  # cosines that agree so far are equal: sums of other blocks end otherwise


def expected_recall(
    scores: npt.NDArray[np.floating],
    wanted: Sequence[Hashable],
    offered: Sequence[Hashable],
    k: int,
) -> Floats:
    """For each query the probability that a right candidate is among the first k, (Q,).

    scores: (Q, N). A query whose answer is not offered gets 0.

    >>> expected_recall(np.zeros((1, 4)), ["a"], ["a", "b", "c", "d"], k=1)
    array([0.25])
    """
    want, offer = _numbered(wanted, offered)
    given = np.asarray(scores, np.float64)
    right = want[:, None] == offer[None]
    best = np.where(right, given, -np.inf).max(axis=1)
    level = given == best[:, None]
    return _within(
        (given > best[:, None]).sum(axis=1), level.sum(axis=1), (level & right).sum(axis=1),
        np.isfinite(best), k,
    )  # fmt: skip


def recall_at(
    queries: npt.ArrayLike,
    candidates: npt.ArrayLike,
    wanted: Sequence[Hashable],
    offered: Sequence[Hashable],
    depths: Sequence[int] = (1, 5, 10),
    chunk: int = 1024,
    also: Sequence[tuple[Sequence[Hashable], Sequence[Hashable]]] = (),
    barred: Sequence[tuple[Sequence[Hashable], Sequence[Hashable]]] = (),
) -> dict[int, Floats]:
    """`expected_recall` at several depths from vectors, (Q, D) and (N, D), in flat memory.

    At most chunk × chunk scores exist at a time. Scores are dot products, equal where they agree to
    six decimals. also: further names (wanted, offered), such as those of identical pictures; a
    candidate is right where any of its names is the wanted one. barred: names (of queries, of
    candidates); a candidate that shares one with the query is not offered to it, as a study is not
    to itself. A query to whom no right candidate is offered gets 0.
    Raises ValueError for vectors that are not finite or do not fit their names.

    >>> found = recall_at([[1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]], "a", "ba", depths=(1, 2))
    >>> {k: v.tolist() for k, v in found.items()}
    {1: [1.0], 2: [1.0]}
    """
    x = checked(queries, what="queries")
    y = checked(candidates, x.shape[1], "candidates")
    if (len(wanted), len(offered)) != (len(x), len(y)):
        raise ValueError(f"{len(wanted)} wanted and {len(offered)} offered names for {len(x)} "
                         f"queries and {len(y)} candidates; wanted one each")  # fmt: skip
    if chunk < 1 or not depths or min(depths) < 1:
        raise ValueError(f"chunk {chunk}, depths {list(depths)}; wanted whole numbers above 0")
    names = [_numbered(w, o) for w, o in ((wanted, offered), *also)]
    out = [_numbered(q, n) for q, n in barred]
    best = np.full(len(x), -np.inf)
    above, tied, hits = (np.zeros(len(x), np.int64) for _ in range(3))
    blocks = [(q, n) for q in range(0, len(x), chunk) for n in range(0, len(y), chunk)]
    for q, n in blocks:  # first the best right candidate of each query …
        mine, part = slice(q, q + chunk), slice(n, n + chunk)
        right = _shared(names, mine, part) & ~_shared(out, mine, part)
        near = np.where(right, _scores(x[mine], y[part]), -np.inf).max(axis=1)
        best[mine] = np.maximum(best[mine], near)
    for q, n in blocks:  # … then who stands above it and beside it
        mine, part = slice(q, q + chunk), slice(n, n + chunk)
        found = np.where(_shared(out, mine, part), -np.inf, _scores(x[mine], y[part]))
        level = found == best[mine, None]
        above[mine] += (found > best[mine, None]).sum(axis=1)
        tied[mine] += level.sum(axis=1)
        hits[mine] += (level & _shared(names, mine, part)).sum(axis=1)
    return {k: _within(above, tied, hits, np.isfinite(best), k) for k in depths}


def _shared(
    names: Sequence[tuple[Ints, Ints]], mine: slice, part: slice
) -> npt.NDArray[np.bool_]:  # (queries, candidates), or (1, 1) of False without names
    same = [want[mine, None] == offer[None, part] for want, offer in names]
    return np.asarray(np.logical_or.reduce(same)) if same else np.zeros((1, 1), bool)


def _scores(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.round(x @ y.T, DECIMALS))


def _numbered(wanted: Sequence[Hashable], offered: Sequence[Hashable]) -> tuple[Ints, Ints]:
    """Names as numbers, the same name the same number."""
    numbers: dict[Hashable, int] = {}
    both = [numbers.setdefault(name, len(numbers)) for name in (*offered, *wanted)]
    return np.array(both[len(offered) :], np.int64), np.array(both[: len(offered)], np.int64)


def _within(above: Ints, tied: Ints, hits: Ints, offered: npt.NDArray[np.bool_], k: int) -> Floats:
    """The probability that a right one is among the first k: `hits` of `tied` equals are right,
    after `above` wrong ones; all (Q,)."""
    room = np.clip(np.minimum(k - above, tied), 0, None)
    wrong = tied - hits
    # no right one among `room` draws without replacement: C(wrong, room) / C(tied, room)
    missed = np.where(
        room > wrong, 0.0, np.exp(_log_choose(wrong, room) - _log_choose(tied, room))
    )  # fmt: skip
    return np.where(offered, np.round(1 - missed, 12), 0.0)


def _log_choose(n: Ints, k: Ints) -> Floats:
    fits = np.maximum(n, k)  # where k > n the caller knows better
    return np.asarray(gammaln(fits + 1) - gammaln(k + 1) - gammaln(fits - k + 1))
