"""A word, a word that stood near it, and words drawn at random (skip-gram, arXiv 1310.4546).

Words come from the reports of the training studies, sentence by sentence: no neighbour is sought
across a full stop. Unusual here: the window is not shortened at random, and the noise leaves out
padding and the unknown word, which are no words.

Shapes: B pairs · K noise words · V vocabulary · N tokens of all reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, FromPairs
from radgloss.data.feeds.two_views import pictures_only
from radgloss.data.manifest import Entry
from radgloss.text.facts.sentences import sentences

__all__ = ["Neighbours", "pairs_of", "report_sentences"]

Numbers = npt.NDArray[np.int64]
NO_WORDS = 2  # the first numbers of a vocabulary: padding, unknown


@dataclass(frozen=True)
class Neighbours(FromPairs):
    """window: how far on each side. noise: words drawn for each pair, by count to the power
    `flatten`. frequent: a word's share of all words above which it is often left out (eq. 5).
    near: "window", or "anywhere", the ablation: a neighbour drawn from all reports."""

    window: int = 3
    noise: int = 8
    flatten: float = 0.75
    frequent: float = 2e-3
    near: Literal["window", "anywhere"] = "window"

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """`desk.size` pairs; tokens are (B, 2 + K): word, neighbour, noise."""
        said = list(report_sentences(desk.entries))
        rows = [_words(desk, s) for s in said]
        counts = np.bincount(np.concatenate(rows), minlength=len(desk.tokenizer)).astype(float)
        counts[:NO_WORDS] = 0
        kept = _kept(counts, self.frequent)
        pairs = pairs_of(rows, self.window)
        chance = kept[pairs[:, 0]] * kept[pairs[:, 1]]
        edges = np.cumsum(chance) / chance.sum()
        noise = np.cumsum(counts**self.flatten) / (counts**self.flatten).sum()

        def batch(k: int) -> Batch:
            rng = np.random.default_rng([desk.seed, k, 5])
            drawn = pairs[_at(edges, rng.random(desk.size))]
            if self.near == "anywhere":
                drawn = np.stack([drawn[:, 0], pairs[_at(edges, rng.random(desk.size)), 1]], 1)
            others = _at(noise, rng.random((desk.size, self.noise)))
            tokens = torch.from_numpy(np.concatenate([drawn, others], 1))
            return replace(
                pictures_only(torch.zeros(desk.size, 0)),
                tokens=tokens,
                mask=torch.ones_like(tokens, dtype=torch.bool),
            )

        return batch


def report_sentences(entries: Iterable[Entry]) -> Iterator[str]:
    """Every sentence of findings and impression."""
    for entry in entries:
        for text in (entry.report.findings, entry.report.impression):
            yield from (text[a:b] for a, b in sentences(text, 0, len(text)) if text[a:b].strip())


def pairs_of(rows: Iterable[Numbers], window: int) -> Numbers:
    """(pairs, 2): every word with every other at most `window` places away, both ways; numbers that
    are no words are passed over.

    >>> pairs_of([np.array([5, 6, 7])], window=1).tolist()
    [[5, 6], [6, 7], [6, 5], [7, 6]]
    """
    found = [np.zeros((0, 2), np.int64)]
    for row in rows:
        words = row[row >= NO_WORDS]
        ahead = [
            np.stack([words[:-d], words[d:]], 1) for d in range(1, min(window, len(words) - 1) + 1)
        ]
        found += [*ahead, *(a[:, ::-1] for a in ahead)]
    return np.concatenate(found)


def _words(desk: Desk, sentence: str) -> Numbers:
    tokens, _ = desk.tokenizer([sentence], desk.context)
    return tokens[0]


def _kept(counts: npt.NDArray[np.float64], frequent: float) -> npt.NDArray[np.float64]:
    """The chance that a word is kept, √(t / f), at most 1 (eq. 5)."""
    share = counts / counts.sum()
    return np.minimum(1.0, np.sqrt(frequent / np.maximum(share, 1e-12)))


def _at(edges: npt.NDArray[np.float64], drawn: npt.NDArray[np.float64]) -> Numbers:
    """Places of a cumulated distribution."""
    return np.minimum(np.searchsorted(edges, drawn, side="right"), len(edges) - 1).astype(np.int64)
