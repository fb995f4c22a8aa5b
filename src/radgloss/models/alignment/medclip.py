"""Contrast of unpaired medical images and texts, MedCLIP (arXiv 2210.10163).

Images and texts need not belong together: what is known of an image and what a text says are
vectors over the same findings, and the target of the contrast is the softmax of their similarity
(section 3.3, equations 4 to 6). So sets of images alone and of texts alone both teach, and a
stranger that says the same is no longer a mistake.
Unusual here: the similarity of findings is sharpened before its softmax (1 is as published, and
nearly uniform in a large batch); findings have sides; the loss is the published one less the
entropy of the target, which is constant, so that a perfect model has loss 0. `targets="own"` is the
hard contrast of partners on the same pool, for comparison.
Shapes: B images · M texts · K findings · D shared width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.alignment.towers import ByRows, Towers
from radgloss.nn import cnn, transformer
from radgloss.nn.contrast import found, soft

__all__ = ["VARIANTS", "Config", "MedClip", "Objective", "build", "similarity"]


@dataclass(frozen=True)
class Config:
    image: cnn.Config
    text: transformer.Config
    width: int = 128
    temperature: float = 0.07  # at the start; learned
    sharpness: float = 10.0  # of the similarity of findings
    targets: Literal["findings", "own"] = "findings"


_DEBUG = Config(cnn.VARIANTS["debug"], transformer.VARIANTS["debug"], width=32)
VARIANTS = {
    "debug": _DEBUG,
    "debug-own": replace(_DEBUG, targets="own"),
    "small": Config(cnn.VARIANTS["small"], transformer.VARIANTS["small"]),
}


class MedClip(Towers):
    """Two towers and one temperature."""

    def __init__(self, config: Config):
        image = cnn.Cnn(config.image, out=config.width)
        super().__init__(config, image, transformer.TextEncoder(config.text, out=config.width))
        self.log_scale = nn.Parameter(torch.tensor(-log(config.temperature)))


class Objective(ByRows):
    """Images and texts agree as far as their findings do."""

    def loss(self, batch, described, read):
        x, y = self.vectors(described, read)
        logits = self.model.scale * x @ y.T  # (B, M)
        config = self.model.config
        if config.targets == "own":
            own = torch.arange(len(x), device=x.device)[:, None] == batch.owner[None]
            loss = (_partners(logits, own) + _partners(logits.T, own.T)) / 2
        else:
            loss = soft(logits, config.sharpness * similarity(batch.facts, batch.said))
        paired = batch.owner >= 0
        top1 = found(logits[:, paired], batch.owner[paired])
        return loss, {"top1": top1, "scale": self.model.scale.detach()}


def similarity(facts, said):  # (B, K), (M, K) in {-1, 0, 1} -> (B, M), cosines
    """How far what is known of the images is what the texts say; 0 where either is unknown."""
    return F.normalize(facts.float(), dim=1) @ F.normalize(said.float(), dim=1).T


def _partners(logits, own):  # (N, M), (N, M) -> mean over the rows that have a partner
    has = own.any(1)
    return -(logits.log_softmax(1) * own)[has].sum(1).div(own[has].sum(1)).mean()


def build(config: Config) -> MedClip:
    """The model of a config."""
    return MedClip(config)
