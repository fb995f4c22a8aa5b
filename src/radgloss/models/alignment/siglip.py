"""Sigmoid loss for language–image pretraining (arXiv 2303.15343).

Every pair of the batch is a yes-or-no question of its own: there is no normaliser over the batch,
so the loss of a pair does not depend on which other pairs came with it. The bias starts low, as
nearly all pairs are strangers (section 3.2): at minus the logarithm of the batch, which is the
published -10 for 32,768 pairs.
Unusual here: an image may bring several texts, each a yes of its own; `loss="softmax"` is the same
model under the contrast of CLIP, for comparison.
Shapes: B images · M texts · D shared width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import Literal

import torch
from torch import nn

from radgloss.models.alignment.towers import ByRows, Towers
from radgloss.nn import stripes, transformer, vit
from radgloss.nn.contrast import compared, sigmoid

__all__ = ["VARIANTS", "Config", "Objective", "Siglip", "build"]


@dataclass(frozen=True)
class Config:
    image: vit.Config
    text: transformer.Config
    width: int = 128
    scale: float = 10.0  # at the start; learned
    bias: float = -4.2  # log-odds of a random pair of 64 at the start; learned
    loss: Literal["sigmoid", "softmax"] = "sigmoid"


_DEBUG = Config(vit.VARIANTS["debug"], transformer.VARIANTS["debug"], width=32, bias=-1.8)
VARIANTS = {
    "debug": _DEBUG,
    "debug-softmax": replace(_DEBUG, loss="softmax"),
    "small": Config(vit.VARIANTS["small"], transformer.VARIANTS["small"]),
}


class Siglip(Towers):
    """Two towers, one temperature and one bias."""

    def __init__(self, config: Config):
        image = vit.ViT(config.image, out=config.width)
        super().__init__(config, image, transformer.TextEncoder(config.text, out=config.width))
        self.log_scale = nn.Parameter(torch.tensor(log(config.scale)))
        if config.loss == "sigmoid":
            self.bias = nn.Parameter(torch.tensor(config.bias))


class Objective(ByRows):
    """Each image says yes to its own texts and no to all others."""

    def loss(self, batch, described, read):
        return self.compared(*self.vectors(described, read), batch.owner)

    def compared(self, x, y, owner):  # (B, D), (M, D), (M,) -> loss, logs
        scale = self.model.scale
        logs = {"scale": scale.detach()}
        if self.model.config.loss == "softmax":
            loss, top1 = compared(x, y, owner, scale)
            return loss, logs | {"top1": top1}
        loss = sigmoid(x, y, owner, scale, self.model.bias)
        with torch.no_grad():
            nearest = torch.cat(
                [(x @ part.T).argmax(0) for part in y.split(stripes.STRIPE)]
            )  # (M,)
        top1 = (nearest == owner).float().mean()
        return loss, logs | {"top1": top1, "bias": self.model.bias.detach()}


def build(config: Config) -> Siglip:
    """The model of a config."""
    return Siglip(config)
