"""Somebody's weights made able to speak in nouns: embed, and label without ever deciding.

Nothing was validated here, on nobody's patients, so every label abstains: what it gives is the
log-odds of the statement against its denial, for a person or a calibration to judge. No outlier
score was fitted either: it cannot say that a study is foreign to it, and does not offer to.

Shapes: N frames · C channels · S side · D width."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import to_model
from radgloss.engine import precision as precisions
from radgloss.engine.texts import Texts
from radgloss.preprocess import prepare
from radgloss.published import Published
from radgloss.text.banks import BankSet
from radgloss.text.denied import denied
from radgloss.text.prompts import plain
from radgloss.types import Embedding, Image, InputRejected, Prediction, Study

__all__ = ["NEVER_VALIDATED", "PublishedAligner", "chosen"]

Floats = npt.NDArray[np.float32]
CHUNK = 8  # frames in one forward pass
TOP = 2  # frames that speak for a study, as in `Aligner`
NEVER_VALIDATED = (
    "published weights: this label was never validated here, so its log-odds is no probability"
)


class PublishedAligner:
    """`Embedder` and `Labeler` of published weights. precision: see `engine.precision`."""

    def __init__(self, published: Published, precision: str = precisions.FP32) -> None:
        self.published = replace(published, model=precisions.within(published.model, precision))
        self.precision = precision
        self.space = published.space
        self.texts = Texts(self._tokenize, self._encode)
        self._last: tuple[Study, tuple[Floats, ...]] | None = None
        self.bank: BankSet | None = None

    def asking(self, bank: BankSet) -> PublishedAligner:
        """The same weights, which ask the bank's labels in the bank's sentences.

        Raises InputRejected('text-too-long') for one that the model cannot take whole."""
        self._tokenize(bank.texts())
        twin = copy.copy(self)
        twin.bank = bank
        return twin

    @property
    def side(self) -> int:
        """The side of its input, pixels."""
        return int(self.published.preprocess.size)

    def embed_study(self, study: Study) -> Embedding:
        """The mean direction of all its images."""
        means = [_unit(v.mean(0)) for v in self._see(study)]
        return Embedding(_unit(np.stack(means).mean(0)), self.space)

    def embed_image(self, image: Image) -> Embedding:
        """The mean direction of its frames."""
        return Embedding(_unit(self._look(image).mean(0)), self.space)

    def embed_text(self, text: str) -> Embedding:
        """A unit vector. Raises InputRejected('empty-text', 'text-too-long')."""
        return Embedding(self.texts((text,))[0], self.space)

    def label(self, study: Study, labels: Sequence[str]) -> tuple[Prediction, ...]:
        """For each label its log-odds, statement against denial, and an abstention."""
        frames = np.concatenate(self._see(study))
        return tuple(
            Prediction(label, 0.5, self._log_odds(label, frames), True, NEVER_VALIDATED)
            for label in labels
        )

    def validated(self, study: Study) -> tuple[str, ...]:
        """The labels that were validated for this study: none."""
        return ()

    def remaining(self, study: Study, label: str) -> None:
        """No set: none was fitted."""
        return

    @property
    def coverages(self) -> tuple[float, ...]:
        """None: no set was fitted."""
        return ()

    def frames(self, study: Study) -> Floats:
        """The unit vectors of every frame of every image, (N, D)."""
        return np.concatenate(self._see(study))

    def pair(self, label: str) -> Floats:
        """The mean vectors of the sentences that deny a label and that state it, (2, D)."""
        bank = (self.bank.find(label) if self.bank else None) or plain(label)
        return np.stack([self.texts(t).mean(0) for t in (bank.absent, bank.present)])

    @property
    def scale(self) -> float:
        """What cosines are multiplied with to be log-odds."""
        return float(self.published.model.scale.detach())

    def raw(self, study: Study, label: str) -> float:
        """The uncalibrated log-odds of a label, as `trust` wants it."""
        return self._log_odds(label, np.concatenate(self._see(study)))

    def _log_odds(self, label: str, frames: Floats) -> float:
        """Where it is largest, frames (N, D); of a label that denies, the opposite."""
        if what := denied(label):
            return -self._log_odds(what, frames)
        bank = (self.bank.find(label) if self.bank else None) or plain(label)
        present, absent = (self.texts(t).mean(0) for t in (bank.present, bank.absent))
        scale = float(self.published.model.scale.detach())
        return float(np.sort(scale * frames @ (present - absent))[-TOP:].mean())

    def _see(self, study: Study) -> tuple[Floats, ...]:
        """The vectors of every image's frames, computed once a study."""
        if self._last is None or self._last[0] is not study:
            self._last = (study, tuple(self._look(image) for image in study.images))
        return self._last[1]

    def _look(self, image: Image) -> Floats:  # (N, D), unit length
        known = self.published
        pixels = prepare(image, known.preprocess).pixels
        vectors = []
        with torch.inference_mode():
            for start in range(0, len(pixels), CHUNK):
                part = to_model(pixels[start : start + CHUNK], known.mean, known.spread)
                vectors.append(known.model.encode_image(part).float().numpy())
        return np.concatenate(vectors)

    def _tokenize(self, texts: Sequence[str]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        if not all(text.strip() for text in texts):
            raise InputRejected(
                "empty-text", "the text", "no words", "at least one", "Type a word."
            )
        return self.published.words(texts, self.published.model.config.text.context)

    def _encode(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:  # (M, D), unit
        return self.published.model.encode_text(tokens, mask)


def chosen(published: Published, precision: str, kept: Sequence[Path]) -> str:
    """The precision itself, or what `auto` stands for here (`engine.aligner.chosen`)."""
    if precision != precisions.AUTO:
        return precision
    side, channels = published.preprocess.size, published.preprocess.channels
    shape = (CHUNK, channels, side, side)
    return precisions.automatic(published.model, published.space, shape, kept)


def _unit(v: Floats) -> Floats:
    return (v / max(float(np.linalg.norm(v)), 1e-12)).astype(np.float32)
