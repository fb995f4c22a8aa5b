"""Texts encoded once, and padded no further than they must be.

Asking a study costs a forward pass through the image tower; the words of its labels are always the
same, so they are kept. New ones are tokenized together, sorted by length and encoded in batches
whose width is their own longest text: a prompt of 16 tokens padded to a context of 256 would cost
seven times as much.
Shapes: M texts · T tokens · D width."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

__all__ = ["Texts"]

Floats = npt.NDArray[np.float32]
Tokens = tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]
CHUNK = 32  # texts in one forward pass
MOST = 16_384  # vectors kept


class Texts:
    """Texts → their vectors, (M, D).

    tokenize: texts → (M, T) numbers and mask. encode: the text tower on both. computed: tokens that
    went through the tower so far, padding included."""

    def __init__(
        self,
        tokenize: Callable[[Sequence[str]], Tokens],
        encode: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    ) -> None:
        self._tokenize, self._encode = tokenize, encode
        self._kept: dict[str, Floats] = {}
        self.computed = 0

    def __call__(self, texts: Sequence[str]) -> Floats:
        """In the texts' order; each computed at most once."""
        known = {t: self._kept[t] for t in texts if t in self._kept}
        fresh = list(dict.fromkeys(t for t in texts if t not in known))
        if fresh:
            found = dict(zip(fresh, self._encoded(fresh), strict=True))
            known |= found
            self._keep(found)
        return np.stack([known[t] for t in texts])

    def _keep(self, found: dict[str, Floats]) -> None:
        self._kept |= found
        for oldest in list(self._kept)[: max(0, len(self._kept) - MOST)]:
            del self._kept[oldest]

    def _encoded(self, texts: Sequence[str]) -> Floats:
        tokens, mask = self._tokenize(texts)
        lengths = mask.sum(1)
        order = np.argsort(lengths, kind="stable")
        rows: list[Floats] = []
        with torch.inference_mode():
            for start in range(0, len(order), CHUNK):
                part = order[start : start + CHUNK]
                width = int(lengths[part].max())
                short, real = tokens[part, :width], mask[part, :width]
                self.computed += short.size
                vectors = self._encode(torch.from_numpy(short), torch.from_numpy(real))
                rows.append(vectors.float().numpy())
        inverse = np.argsort(order, kind="stable")
        return np.concatenate(rows)[inverse]
