"""What lies ready when a run begins, and what a feed makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from radgloss.data.batch import Batch
from radgloss.data.manifest import Entry, Manifest
from radgloss.data.pairs import Pairs, Sampling
from radgloss.preprocess import Preprocess
from radgloss.text.tokenizer import Tokenizer

__all__ = ["Desk", "Feed", "Progress"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Desk:
    """pairs: the store, whose `studies` are places in `entries`. context: longest text in tokens.
    size: images in a micro-batch. steps: micro-batches of the whole run. looks: (K, P, W) what a
    frozen tower made of every picture of the store; None where the tower learns."""

    pairs: Pairs
    entries: tuple[Entry, ...]
    tokenizer: Tokenizer
    context: int
    size: int
    seed: int
    sampling: Sampling
    steps: int
    looks: npt.NDArray[np.float16] | None = None

    def exam(self, picture: int) -> str:
        """The examination that a picture is part of."""
        return self.entries[self.pairs.studies[picture]].exam


class Feed(Protocol):
    """A frozen value; every field of it is part of the run's digest."""

    def read(
        self,
        manifest: Manifest,
        split: str,
        preprocess: Preprocess,
        folder: Path,
        workers: int,
        progress: Progress,
    ) -> Pairs:
        """The store of one split, made once.

        Raises InputRejected('manifest') where it would be empty."""
        ...

    def batches(self, desk: Desk) -> Callable[[int], Batch]:
        """Micro-batch number k, always the same for the same k."""
        ...


class FromPairs:
    """Shared by the feeds that take single frames and their sentences."""

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
        return Pairs.build(manifest, split, preprocess, folder, workers, progress)
