"""What is to be guessed: patches of pictures, words of texts.

Shapes: B pictures · P patches · M texts · T tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, FromPairs
from radgloss.data.feeds.two_views import pictures_only
from radgloss.data.pairs import Words, texts_of

__all__ = ["HiddenPatches", "HiddenWords", "hidden_patches", "hidden_words"]

Mask = npt.NDArray[np.bool_]


def hidden_patches(pictures: int, patches: int, share: float, rng: np.random.Generator) -> Mask:
    """(B, P): the same number in every picture, each picture by its own draw.

    >>> hidden_patches(3, 16, 0.75, np.random.default_rng(0)).sum(1).tolist()
    [12, 12, 12]
    """
    order = rng.random((pictures, patches)).argsort(1)
    return order < round(share * patches)


def hidden_words(words: npt.NDArray[np.int64], share: float, rng: np.random.Generator) -> Mask:
    """(M, T): whole words, all their pieces together, and in every text at least one.

    words: (M, T), the word that each token is a piece of; -1 padding."""
    hidden = np.zeros(words.shape, bool)
    for row, out in zip(words, hidden, strict=True):
        count = int(row.max()) + 1
        many = max(1, round(share * count))
        out[:] = np.isin(row, rng.permutation(count)[:many])
    return hidden


@dataclass(frozen=True)
class HiddenPatches(FromPairs):
    """share: of the patches of each picture. patch: their side in pixels.

    At 0 nothing is hidden: the ablation, and what an autoencoder takes."""

    share: float = 0.75
    patch: int = 8

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Pictures, and which of their patches the model may not see."""
        patches = (desk.pairs.preprocess.size // self.patch) ** 2

        def batch(k: int) -> Batch:
            chosen = desk.pairs.chosen(k, desk.size, desk.seed, desk.sampling)
            images = desk.pairs.images(chosen, k, desk.seed, desk.sampling.augment)
            rng = np.random.default_rng([desk.seed, k, 3])
            hidden = hidden_patches(len(images), patches, self.share, rng)
            return pictures_only(images, hidden=torch.from_numpy(hidden))

        return batch


@dataclass(frozen=True)
class HiddenWords(FromPairs):
    """share: of the words of each text. At 1 no context is left: the ablation."""

    share: float = 0.15
    words: Words = "whole"

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Texts, and which of their tokens are to be guessed."""

        def batch(k: int) -> Batch:
            rng = np.random.default_rng([desk.seed, k, 4])
            chosen = desk.pairs.chosen(k, desk.size, desk.seed, desk.sampling)
            said = [texts_of(desk.pairs.sentences[i], 1, self.words, rng)[0] for i in chosen]
            written = desk.tokenizer.encode(said, desk.context)
            hidden = hidden_words(written.words, self.share, rng)
            blank = pictures_only(torch.zeros(len(said), 0))
            return replace(
                blank,
                tokens=torch.from_numpy(written.tokens),
                mask=torch.from_numpy(written.mask),
                hidden=torch.from_numpy(hidden),
            )

        return batch
