"""Captions beside an expert's word on which names mean one thing.

Names come from the project's open table (`text.findings`): a finding's name and its synonyms. Some
names are silent: every sentence that holds one is left out, so that no picture ever came with it,
and only the expert can say where it belongs.

Shapes: B pictures · M texts · P concepts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from radgloss.data.batch import KNOWLEDGE, Batch
from radgloss.data.feeds.desk import Desk, FromPairs
from radgloss.data.pairs import texts_of
from radgloss.text.findings import FINDINGS

__all__ = ["Told", "concepts"]


def concepts(exams: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Of each finding of these examinations that has several names: its name, then the others."""
    return {
        f.what: (f.what, *f.synonyms) for f in FINDINGS if f.synonyms and set(f.exams) & set(exams)
    }


@dataclass(frozen=True)
class Told(FromPairs):
    """silent: names that no caption may hold. concepts: told in each step."""

    silent: tuple[str, ...] = ("fatty",)
    concepts: int = 16

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Pictures with a text each; then P names, then another name of each of them."""
        heard = [self.heard(said) for said in desk.pairs.sentences]
        usable = [i for i, said in enumerate(heard) if said]
        known = list(concepts(sorted({e.exam for e in desk.entries})).values())
        if not usable or len(known) < 2:
            raise ValueError("too few captions or concepts to tell apart")

        def batch(k: int) -> Batch:
            rng = np.random.default_rng([desk.seed, k, 6])
            chosen = [usable[int(i)] for i in rng.integers(len(usable), size=desk.size)]
            texts = [texts_of(heard[i], 1, "few", rng)[0] for i in chosen]
            told = [known[int(i)] for i in rng.permutation(len(known))[: self.concepts]]
            pairs = [rng.permutation(len(names))[:2] for names in told]
            names = [told[i][p[0]] for i, p in enumerate(pairs)]
            others = [told[i][p[1]] for i, p in enumerate(pairs)]
            tokens, mask = desk.tokenizer([*texts, *names, *others], desk.context)
            owner = np.r_[np.arange(desk.size), np.full(2 * len(told), KNOWLEDGE)]
            return Batch(
                desk.pairs.images(chosen, k, desk.seed, desk.sampling.augment),
                torch.from_numpy(tokens),
                torch.from_numpy(mask),
                torch.from_numpy(owner),
                torch.zeros(desk.size, 0, dtype=torch.int8),
            )

        return batch

    def heard(self, sentences: Sequence[str]) -> list[str]:
        """The sentences without a silent name."""
        return [s for s in sentences if not any(name in s.lower() for name in self.silent)]
