"""Pictures with their own sentences (CLIP, ConVIRT, SigLIP, GLoRIA and others)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, FromPairs
from radgloss.data.pairs import Words
from radgloss.data.quiz import quiz_of

__all__ = ["Captioned"]


@dataclass(frozen=True)
class Captioned(FromPairs):
    """words: how much of what is said of a picture its first text holds."""

    words: Words = "few"

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """`Pairs.batch`, with questions where the sampling asks."""
        pairs = desk.pairs
        asked = desk.sampling.asked
        quiz = quiz_of(desk.entries, pairs.sentences, pairs.studies, pairs.boxed) if asked else None

        def batch(k: int) -> Batch:
            return pairs.batch(
                k, desk.size, desk.seed, desk.tokenizer, desk.context, desk.sampling, quiz,
                self.words,
            )  # fmt: skip

        return batch
