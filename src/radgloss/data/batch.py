"""The only place where arrays become tensors.

A field that a system does not need is empty (no elements); which fields a step brings is said by
the run's feed (`data.feeds`). Pictures may be handed over before they are made (`Pictures`), so
that a step of thousands, computed in chunks, never holds more of them than a chunk.

Shapes: B images · M texts · Q questions · O names · K findings · R record · C channels · F frames ·
S side · T tokens · P tokens and W width of an image tower."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

__all__ = [
    "KNOWLEDGE", "NAME", "NOBODY", "QUESTION", "Batch", "Pictures", "earlier", "places", "to_model",
]  # fmt: skip

QUESTION, KNOWLEDGE, NOBODY, NAME = -1, -2, -3, -4  # owners of texts that no image brought

MEAN, SPREAD = 0.35, 0.30  # of prepared pixels in [0, 1]; fixed, so every checkpoint agrees


def _empty() -> torch.Tensor:
    return torch.zeros(0)


@dataclass(frozen=True, eq=False)
class Pictures:
    """Rows start to stop of a step's pictures, made when they are computed, each time anew.

    make(start, stop): those rows, (stop − start, C, S, S) float32. A row is the same whichever rows
    it is made with."""

    make: Callable[[int, int], torch.Tensor]
    start: int
    stop: int
    device: torch.device = torch.device("cpu")

    def __len__(self) -> int:
        return self.stop - self.start

    def now(self) -> torch.Tensor:
        """They themselves; in full, also where a tower about to see them multiplies in half."""
        with torch.autocast("cpu", enabled=False):
            return self.make(self.start, self.stop).to(self.device)

    def tensor_split(self, parts: int) -> tuple[Pictures, ...]:
        """As torch cuts a tensor: in order, the first ones longer by one where it does not go."""
        each, more = divmod(len(self), parts)
        ends = [self.start + k * each + min(k, more) for k in range(parts + 1)]
        return tuple(replace(self, start=a, stop=b) for a, b in pairwise(ends))

    def to(self, device: str | torch.device) -> Pictures:
        """The same, to be made on another device."""
        return replace(self, device=torch.device(device))


@dataclass(frozen=True)
class Batch:
    """images: (B, C, S, S) float32, centred; volumes are (B, C, F, S, S); or `Pictures`, which
    `ready` makes. tokens: (M, T) int64.
    mask: (M, T) bool. owner: (M,) int64, the image that each text belongs to; QUESTION: the texts
    of questions, which come last, Q statements, then Q denials; KNOWLEDGE: P names, then what each
    of them means; NOBODY: a text without a picture. answers: (B, Q) int8; 1 yes, -1 no, 0 not
    known (`data.quiz`). odds: (Q,) float32, log-odds of a yes in what is drawn, where they are to
    be left out. NAME: O texts, last of all, that name what a picture is; options: (B, O) int8, 1
    its own name, -1 another, 0 not asked; shares: (O,) float32, logarithm of each name's share of
    what is drawn (`data.naming`).

    words: (M, T) int64, the word of its text that a token is part of; -1 padding. study: (B,)
    int64, images of one number are views of one study. facts: (B, K) and said: (M, K) int8, what is
    known of an image, and what a text states (1), denies (-1) or leaves open (0). hidden: (M, T)
    bool, tokens to be guessed. record: (B, R) int8, what the patient's record holds (1), or does
    not (0); -1: there is no record. place: (B,) float32, where in its study a picture stood, from 0
    to 1. looks: (B, P, W) what a frozen tower made of the images, which are then left out (no
    elements). section: (M,) int64, texts of one number are of one section of their reports.

    patients: (B,) int64, numbers of the studies' patients. clean: (B,) int8, 1 a caption that can
    be trusted, 0 one that nobody looked through; −1 the same, and wrong, which no model may use but
    for what is logged. prior: earlier studies, pictures and reports; their `study` and `owner` say
    of which study of this batch they are the past."""

    images: torch.Tensor | Pictures
    tokens: torch.Tensor
    mask: torch.Tensor
    owner: torch.Tensor
    answers: torch.Tensor
    words: torch.Tensor = field(default_factory=_empty)
    study: torch.Tensor = field(default_factory=_empty)
    facts: torch.Tensor = field(default_factory=_empty)
    said: torch.Tensor = field(default_factory=_empty)
    hidden: torch.Tensor = field(default_factory=_empty)
    record: torch.Tensor = field(default_factory=_empty)
    odds: torch.Tensor = field(default_factory=_empty)
    options: torch.Tensor = field(default_factory=_empty)
    shares: torch.Tensor = field(default_factory=_empty)
    place: torch.Tensor = field(default_factory=_empty)
    looks: torch.Tensor = field(default_factory=_empty)
    section: torch.Tensor = field(default_factory=_empty)
    patients: torch.Tensor = field(default_factory=_empty)
    clean: torch.Tensor = field(default_factory=_empty)
    prior: Batch | None = None

    def __len__(self) -> int:
        return len(self.images) or len(self.looks)

    def ready(self) -> Batch:
        """With its pictures made: what an objective takes."""
        if isinstance(self.images, torch.Tensor):
            return self
        return replace(self, images=self.images.now())

    def to(self, device: torch.device | str) -> Batch:
        """The same on that device."""
        moved: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            moved[f.name] = value if value is None else value.to(device)
        return Batch(**moved)


def to_model(
    pixels: npt.NDArray[np.uint8],
    mean: float | Sequence[float] = MEAN,
    spread: float | Sequence[float] = SPREAD,
) -> torch.Tensor:
    """Prepared pixels (B, C, S, S) uint8, or (B, C, F, S, S), → what every image tower takes,
    float32.

    mean, spread: by channel where published weights were trained with their own."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).to(torch.float32)
    if x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)  # convolutions are 12 % faster so
    return x.div_(255.0).sub_(_channels(mean)).div_(_channels(spread))


def _channels(values: float | Sequence[float]) -> float | torch.Tensor:
    """One number for all channels as it is; one for each as (C, 1, 1)."""
    return values if isinstance(values, float) else torch.tensor(values).reshape(-1, 1, 1)


def places(pictures: int) -> torch.Tensor:
    """Where in its study each of so many pictures stands, from 0 to 1, (pictures,)."""
    return torch.linspace(0, 1, pictures) if pictures > 1 else torch.zeros(pictures)


def earlier(
    images: torch.Tensor,
    looks: torch.Tensor,
    had: Sequence[tuple[int, int, Sequence[int]]],
) -> Batch:
    """Earlier studies as one batch, for `Batch.prior`. had: of each its row among the present ones,
    how many pictures it has, which lie one after the other in images or looks, and the tokens of
    its report, none where there is no report."""
    texts = [(row, numbers) for row, _, numbers in had if numbers]
    longest = max((len(numbers) for _, numbers in texts), default=0)
    tokens = torch.zeros(len(texts), longest, dtype=torch.int64)
    mask = torch.zeros(len(texts), longest, dtype=torch.bool)
    for n, (_, numbers) in enumerate(texts):
        tokens[n, : len(numbers)], mask[n, : len(numbers)] = torch.tensor(numbers), True
    counts = [many for _, many, _ in had]
    return Batch(
        images=images, looks=looks, tokens=tokens, mask=mask,
        owner=torch.tensor([row for row, _ in texts], dtype=torch.int64),
        answers=torch.zeros(sum(counts), 0, dtype=torch.int8),
        study=torch.tensor([row for row, _, _ in had]).repeat_interleave(torch.tensor(counts)),
        place=torch.cat([places(many) for many in counts]),
    )  # fmt: skip
