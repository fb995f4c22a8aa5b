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

from radgloss.models.alignment.towers import Towers
from radgloss.nn import cnn, transformer

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


class Objective(nn.Module):
    """Images and texts agree as far as their findings do."""

    def __init__(self, model: MedClip):
        super().__init__()
        self.model = model

    def forward(self, batch):
        x = self.model.encode_image(batch.images).float()
        y = self.model.encode_text(batch.tokens, batch.mask).float()
        logits = self.model.scale * x @ y.T  # (B, M)
        config = self.model.config
        if config.targets == "own":
            own = torch.arange(len(x), device=x.device)[:, None] == batch.owner[None]
            loss = (_partners(logits, own) + _partners(logits.T, own.T)) / 2
        else:
            alike = config.sharpness * similarity(batch.facts, batch.said)
            to_text = _divergence(logits, alike.softmax(1))
            to_image = _divergence(logits.T, alike.T.softmax(1))
            loss = (to_text + to_image) / 2
        paired = batch.owner >= 0
        top1 = (logits[:, paired].argmax(0) == batch.owner[paired]).float().mean()
        return loss, {"top1": top1, "scale": self.model.scale.detach()}


def similarity(facts, said):  # (B, K), (M, K) in {-1, 0, 1} -> (B, M), cosines
    """How far what is known of the images is what the texts say; 0 where either is unknown."""
    return F.normalize(facts.float(), dim=1) @ F.normalize(said.float(), dim=1).T


def _divergence(logits, target):  # (N, M), (N, M) -> Kullback–Leibler of the softmax from target
    return F.kl_div(logits.log_softmax(1), target, reduction="batchmean")


def _partners(logits, own):  # (N, M), (N, M) -> mean over the rows that have a partner
    has = own.any(1)
    return -(logits.log_softmax(1) * own)[has].sum(1).div(own[has].sum(1)).mean()


def build(config: Config) -> MedClip:
    """The model of a config."""
    return MedClip(config)
