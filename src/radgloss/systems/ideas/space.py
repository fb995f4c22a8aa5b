"""One trained space with the patients it is asked about, for the ways of using it.

Shapes: N pictures · C channels · S side · W width of the tower · D of the shared space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import to_model
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs
from radgloss.preprocess import Prepared, Preprocess
from radgloss.systems.representation.score import organ_of
from radgloss.text.prompts import Bank
from radgloss.text.tokenizer import Tokenizer

__all__ = ["Floats", "Heads", "Organs", "Pictures", "Space", "Split", "Spot"]

Floats = npt.NDArray[np.float64]
Pictures = npt.NDArray[np.uint8]
Split = tuple[Pairs, Sequence[Entry]]
CHUNK = 64
MOST = 200  # pictures of one organ, of a split


@dataclass(frozen=True, eq=False)
class Spot:
    """A whole frame that shows a finding. box: top, left, bottom, right in its own pixels."""

    prepared: Prepared
    frame: int
    box: tuple[float, float, float, float]
    what: str


@dataclass(frozen=True, eq=False)
class Organs:
    """Pictures cut to one organ: (N, W) vectors, and (N,) which organ each is."""

    vectors: Floats
    names: npt.NDArray[np.str_]


Heads = Callable[[Preprocess], Sequence[Pictures]]
Spots = Callable[[Preprocess, Sequence[Entry]], Sequence[Spot]]


@dataclass(frozen=True, eq=False)
class Space:
    """model: eval mode, and left as it is. banks: how findings are stated and denied. heads: of
    each simulated head CT, its pictures. spots: findings whose place is known, of these studies."""

    model: Any
    tokenizer: Tokenizer
    banks: Mapping[str, Bank]
    train: Split
    test: Split
    seed: int
    heads: Heads
    spots: Spots

    def features(self, pictures: Pictures) -> Floats:
        """(N, W): what the tower makes of them."""
        return self._over(self.model.describe, pictures)

    def vectors(self, pictures: Pictures) -> Floats:
        """(N, D), unit length, where texts lie as well."""
        return self._over(self.model.encode_image, pictures)

    def texts(self, said: Sequence[str]) -> Floats:
        """(M, D), unit length."""
        tokens, mask = self.tokenizer(list(said), self.model.config.text.context)
        with torch.inference_mode():
            found = self.model.encode_text(torch.from_numpy(tokens), torch.from_numpy(mask))
        return np.asarray(found.double().numpy())

    @cached_property
    def organs(self) -> tuple[Organs, Organs]:
        """Of training and of test patients, at most `MOST` pictures of an organ."""
        train, test = (self._organs(split, k) for k, split in enumerate((self.train, self.test)))
        return train, test

    def _organs(self, split: Split, which: int) -> Organs:
        pairs, _ = split
        of = [organ_of(said) for said in pairs.sentences]
        rng = np.random.default_rng([self.seed, 21, which])
        kept: list[int] = []
        for name in sorted(set(of) - {""}):
            mine = np.flatnonzero(np.array(of) == name)
            kept += rng.permutation(mine)[:MOST].tolist()
        kept.sort()
        vectors = self.features(pairs.pictures[kept]) if kept else np.zeros((0, 1))
        return Organs(vectors, np.array([of[k] for k in kept], dtype=str))

    def _over(self, act: Callable[[torch.Tensor], torch.Tensor], pictures: Pictures) -> Floats:
        with torch.inference_mode():
            parts = [
                act(to_model(pictures[start : start + CHUNK]))
                for start in range(0, len(pictures), CHUNK)
            ]
        return np.asarray(torch.cat(parts).double().numpy())
