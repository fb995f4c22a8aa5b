"""What an export needs of a model: of a checkpoint of this house, or of published weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radgloss.checkpoint import Checkpoint
from radgloss.data.batch import MEAN, SPREAD
from radgloss.errors import InputRejected
from radgloss.preprocess import Preprocess
from radgloss.published import Published

__all__ = ["Exported", "Towers", "aside", "towers"]

Tokens = tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Towers:
    """words(texts, context) → (tokens, mask). mean, spread: of pixels in [0, 1], by channel."""

    name: str
    space: str
    model: Any
    preprocess: Preprocess
    words: Callable[[Sequence[str], int], Tokens]
    save_words: Callable[[Path], None]
    mean: tuple[float, ...]
    spread: tuple[float, ...]

    @property
    def context(self) -> int:
        """The longest text, in tokens."""
        return int(self.model.config.text.context)


@dataclass(frozen=True)
class Exported:
    """What one export wrote. largest: the largest difference from the model that
    was found when it was run; None where it was not."""

    folder: Path
    files: tuple[str, ...]
    largest: float | None


def towers(known: Checkpoint | Published) -> Towers:
    """The towers of a model with what belongs to them.

    Raises InputRejected('volumes') for one that takes volumes: the forms that are written here have
    no place for their frames."""
    if isinstance(known, Published):
        return Towers(
            known.name, known.space, known.model, known.preprocess, known.words,
            known.words.save, known.mean, known.spread,
        )  # fmt: skip
    if getattr(known.model, "depth", 0):
        raise InputRejected(
            "volumes", f"checkpoint {known.name}", f"a {known.architecture}, which takes volumes",
            "a model of pictures", "Use it from radgloss.",
        )  # fmt: skip
    channels = known.preprocess.channels
    return Towers(
        known.name, known.space, known.model, known.preprocess, known.tokenizer,
        known.tokenizer.save, (MEAN,) * channels, (SPREAD,) * channels,
    )  # fmt: skip


def aside(folder: Path) -> Path:
    """An empty folder beside the one that is to be made.

    Raises InputRejected('output') where something lies there: an export replaces nothing."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputRejected(
            "output", folder.name, "something that is there already", "a new or empty folder",
            "Choose another output.",
        )  # fmt: skip
    made = folder.with_name(folder.name + ".part")
    if made.exists():
        for path in sorted(made.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    made.mkdir(parents=True, exist_ok=True)
    return made
