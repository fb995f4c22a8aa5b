"""Pictures with their own sentences (CLIP, ConVIRT, SigLIP, GLoRIA and others)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, FromPairs
from radgloss.data.pairs import Words

__all__ = ["Captioned"]


@dataclass(frozen=True)
class Captioned(FromPairs):
    """words: how much of what is said of a picture its first text holds."""

    words: Words = "few"

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """`Pairs.batch`, with questions and names where the sampling asks."""
        pairs = desk.pairs
        asked = pairs.asked(desk.entries, desk.sampling)

        def batch(k: int) -> Batch:
            return pairs.batch(
                k, desk.size, desk.seed, desk.tokenizer, desk.context, desk.sampling, asked,
                self.words,
            )  # fmt: skip

        return batch
