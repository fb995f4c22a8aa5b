"""Pictures with their own sentences (CLIP, ConVIRT, SigLIP, GLoRIA and others)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk, FromPairs, Progress
from radgloss.data.manifest import Manifest
from radgloss.data.pairs import Pairs, Words
from radgloss.preprocess import Preprocess

__all__ = ["Captioned"]


@dataclass(frozen=True)
class Captioned(FromPairs):
    """words: how much of what is said of a picture its first text holds. loose: boxes about nothing
    in each captioned frame of a stack (`data.loose`)."""

    words: Words = "few"
    loose: int = 0

    def read(
        self,
        manifest: Manifest,
        split: str,
        preprocess: Preprocess,
        folder: Path,
        workers: int,
        progress: Progress,
    ) -> Pairs:
        """`Pairs.build`."""
        return Pairs.build(manifest, split, preprocess, folder, workers, progress, self.loose)

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
