"""Pictures and texts, most of them strangers, each with what is known of it (MedCLIP).

Studies are dealt into three heaps by their place in the manifest: those that keep picture and text,
those that keep their pictures only, and those that keep their words only. So what is compared
(targets from facts, hard pairs, hard pairs alone) is compared on one and the same pool.

Shapes: B images · M texts · K findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from radgloss.data.batch import NOBODY, Batch
from radgloss.data.feeds.desk import Desk, FromPairs
from radgloss.data.known import Known, known_of
from radgloss.data.pairs import Words, texts_of

__all__ = ["Unpaired"]

Heap = Literal["both", "picture", "text"]
HEAPS: tuple[Heap, ...] = ("both", "picture", "text")


@dataclass(frozen=True)
class Unpaired(FromPairs):
    """strangers: the share of a step's images, and of its texts, that has no partner.

    At 0 only the studies with picture and text are used, and everything else is dropped."""

    strangers: float = 0.5
    words: Words = "one"

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Pairs first, then pictures without text beside texts without picture."""
        known = known_of(desk.entries, desk.pairs.sentences, desk.pairs.studies)
        heaps = {heap: _heap(desk, heap) for heap in HEAPS}
        apart = int(self.strangers * desk.size)
        if not (len(heaps["both"]) and (not apart or all(map(len, heaps.values())))):
            raise ValueError("too few studies to deal into three heaps")
        return lambda k: self._batch(k, desk, known, heaps, apart)

    def _batch(
        self, k: int, desk: Desk, known: Known, heaps: dict[Heap, list[int]], apart: int
    ) -> Batch:
        rng = np.random.default_rng([desk.seed, k, 2])
        paired = _drawn(heaps["both"], desk.size - apart, rng)
        pictured, told = (_drawn(heaps[h], apart, rng) for h in ("picture", "text"))
        images, speakers = [*paired, *pictured], [*paired, *told]
        texts = [texts_of(desk.pairs.sentences[i], 1, self.words, rng)[0] for i in speakers]
        written = desk.tokenizer.encode(texts, desk.context)
        owner = np.r_[np.arange(len(paired)), np.full(len(told), NOBODY)]
        batch = Batch(
            desk.pairs.images(images, k, desk.seed, desk.sampling.augment),
            torch.from_numpy(written.tokens),
            torch.from_numpy(written.mask),
            torch.from_numpy(owner),
            torch.zeros(desk.size, 0, dtype=torch.int8),
        )
        said = known.said(texts, [desk.exam(i) for i in speakers])
        return replace(
            batch, facts=torch.from_numpy(known.pictures[images]), said=torch.from_numpy(said)
        )


def _heap(desk: Desk, heap: Heap) -> list[int]:
    """The pictures of the studies of one heap."""
    place = HEAPS.index(heap)
    return [i for i, study in enumerate(desk.pairs.studies) if study % len(HEAPS) == place]


def _drawn(heap: list[int], many: int, rng: np.random.Generator) -> list[int]:
    """So many of them, each once while they last."""
    rounds = -(-many // max(1, len(heap)))
    order = np.concatenate([rng.permutation(len(heap)) for _ in range(max(1, rounds))])
    return [heap[int(i)] for i in order[:many]]
