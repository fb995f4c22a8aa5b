"""Momentum contrast: one view finds the other among many kept earlier (arXiv 1911.05722).

Unusual here: the towers have no batch normalisation, so the published shuffling has nothing to
mend. The momentum copy and the queue belong to the objective: they are kept with an unfinished run
and left out of the finished model.
Shapes: 2 B views as in SimCLR · B pictures · D width · K keys in the queue."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.representation import simclr

__all__ = ["VARIANTS", "Config", "Objective", "build"]


@dataclass(frozen=True)
class Config(simclr.Config):
    """momentum: of the copy that makes the keys; 0 makes it the encoder itself. keys: how many
    earlier ones a view is to be told from."""

    momentum: float = 0.99
    keys: int = 2048


VARIANTS = {
    "debug": Config(**vars(simclr.VARIANTS["debug"]) | {"keys": 24}),
    "debug-vit": Config(**vars(simclr.VARIANTS["debug-vit"]) | {"keys": 24}),
    "small": Config(),
}


class Objective(nn.Module):
    """InfoNCE (eq. 1) of each view against its key and the queue."""

    def __init__(self, model: simclr.SimClr):
        super().__init__()
        self.model = model
        self.slow = deepcopy(model).requires_grad_(False)
        start = torch.randn(model.config.keys, model.config.width)
        self.register_buffer("queue", F.normalize(start, dim=-1))  # (K, D)
        self.register_buffer("at", torch.zeros((), dtype=torch.int64))

    def forward(self, batch):
        first, second = batch.images.chunk(2)
        queries = self.model.encode_image(first)  # (B, D)
        with torch.no_grad():
            if self.training:
                self._follow()
            keys = self.slow.encode_image(second)
        true = (queries * keys).sum(1, keepdim=True)  # (B, 1)
        earlier = self.queue.clone()  # the queue moves on before the backward pass
        logits = torch.cat([true, queries @ earlier.T], 1) / self.model.config.temperature
        loss = F.cross_entropy(logits, torch.zeros_like(logits[:, 0], dtype=torch.int64))
        if self.training:
            self._queue_up(keys)
        return loss, {"top1": (logits.argmax(1) == 0).float().mean().detach()}

    @torch.no_grad()
    def _follow(self):
        """θ_k ← m θ_k + (1 − m) θ_q (eq. 2)."""
        m = self.model.config.momentum
        for slow, fast in zip(self.slow.parameters(), self.model.parameters(), strict=True):
            slow.lerp_(fast, 1 - m)

    @torch.no_grad()
    def _queue_up(self, keys):
        """The newest keys take the place of the oldest."""
        places = (self.at + torch.arange(len(keys), device=keys.device)) % len(self.queue)
        self.queue[places] = keys.to(self.queue.dtype)
        self.at = (self.at + len(keys)) % len(self.queue)


def build(config: Config) -> simclr.SimClr:
    """The model of a config; every architecture has this one door."""
    return simclr.SimClr(config)
