"""The only place where arrays become tensors.

Shapes: B images · M texts · Q questions · C channels · S side · T tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

__all__ = ["Batch", "to_model"]

MEAN, SPREAD = 0.35, 0.30  # of prepared pixels in [0, 1]; fixed, so every checkpoint agrees


@dataclass(frozen=True)
class Batch:
    """images: (B, C, S, S) float32, centred. tokens: (M, T) int64. mask: (M, T) bool. owner: (M,)
    int64, the image that each text belongs to; -1 the texts of questions, which come last: Q
    statements, then Q denials. answers: (B, Q) int8; 1 yes, -1 no, 0 not known (`data.quiz`)."""

    images: torch.Tensor
    tokens: torch.Tensor
    mask: torch.Tensor
    owner: torch.Tensor
    answers: torch.Tensor

    def __len__(self) -> int:
        return len(self.images)


def to_model(pixels: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Prepared pixels (B, C, S, S) uint8 → what every image tower takes, float32."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).to(torch.float32)
    x = x.contiguous(memory_format=torch.channels_last)  # convolutions are 12 % faster so
    return x.div_(255.0).sub_(MEAN).div_(SPREAD)
