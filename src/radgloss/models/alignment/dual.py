"""Two towers in the shape of published weights: CLIP (arXiv 2103.00020), SigLIP (2303.15343, and
SigLIP 2, 2502.14786), BiomedCLIP (2303.00915) and MedSigLIP (2507.05201).

Unusual here: nothing is pretrained. `radgloss.published` fills this module with somebody's weights,
and it can then be trained on like any other architecture: with the softmax over texts where its
family has no bias, with the sigmoid of every pair (2303.15343, algorithm 1) where it has one; and
it may be asked what is known of a picture, as `clip` is. No vector is centred over the batch.
Shapes: B images · M texts · C channels · S side · T tokens · D shared width."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.alignment import siglip
from radgloss.models.alignment.clip import asked
from radgloss.models.alignment.towers import Towers
from radgloss.nn.layers import Layers
from radgloss.nn.plain_vit import PlainVit, PlainVitConfig
from radgloss.nn.published_text import TOWERS, BertTextConfig, CausalTextConfig, PaddedTextConfig

__all__ = ["VARIANTS", "Config", "Dual", "Objective", "build"]


@dataclass(frozen=True)
class Config:
    """loss: "softmax", or "sigmoid", which also has a bias: at the start the log-odds of a pair."""

    image: PlainVitConfig
    text: CausalTextConfig | PaddedTextConfig | BertTextConfig
    loss: str = "softmax"
    scale: float = 1 / 0.07  # at the start; learned
    bias: float = -10.0

    @property
    def width(self) -> int:
        return self.text.out


SMALL = Layers(width=32, depth=1, heads=2, hidden=64)

VARIANTS = {
    "debug": Config(
        PlainVitConfig(size=32, patch=8, layers=SMALL, out=32),
        CausalTextConfig(vocabulary=256, context=32, layers=SMALL, out=32),
    ),
    "debug-siglip": Config(
        PlainVitConfig(size=32, patch=8, layers=SMALL, family="siglip", out=0),
        PaddedTextConfig(vocabulary=256, context=32, layers=SMALL, out=32),
        loss="sigmoid",
        scale=20.0,  # for batches of a few pairs and a few dozen steps
        bias=-2.0,
    ),
    "debug-bert": Config(
        PlainVitConfig(size=32, patch=8, layers=SMALL, family="vit", out=32),
        BertTextConfig(vocabulary=256, context=32, layers=SMALL, out=32, positions=32, hidden=32),
    ),
}


class Dual(Towers):
    """An image tower, a text tower, a temperature and, for the sigmoid, a bias."""

    largest_scale = inf  # SigLIP's went beyond CLIP's 100, and its logits with it

    def __init__(self, config: Config):
        super().__init__(config, PlainVit(config.image), TOWERS[type(config.text)](config.text))
        self.log_scale = nn.Parameter(torch.tensor(log(config.scale)))
        if config.loss == "sigmoid":
            self.bias = nn.Parameter(torch.tensor(config.bias))

    def logits(self, x, y):  # (B, D), (M, D) unit -> (B, M)
        """How well each picture fits each text, as the model was trained to say it."""
        score = self.scale * x @ y.T
        return score + self.bias if self.config.loss == "sigmoid" else score

    def describe(self, images):  # (B, C, S, S) -> (B, width of the image tower)
        """The picture before its projection."""
        return self.image.pooled(images)

    def from_description(self, described):  # (B, width of the image tower) -> (B, D), unit length
        """`encode_image` from what `describe` returned."""
        return F.normalize(self.image.project(described), dim=-1)

    def read(self, tokens, mask):  # (M, T), (M, T) -> (M, D)
        """The text before it is brought to unit length."""
        return self.text(tokens, mask)

    def from_read(self, read):  # (M, D) -> (M, D), unit length
        return F.normalize(read, dim=-1)


class Objective(siglip.Objective):
    """Each image finds its own texts; what `clip` asks of pictures is asked of these too."""

    def loss(self, batch, described, read):
        x, y = self.vectors(described, read)
        paired = batch.owner >= 0
        loss, logs = self.compared(x, y[paired], batch.owner[paired])
        return asked(loss, logs, self.model.scale * x, y, batch)


def build(config: Config) -> Dual:
    """The model of a config; every architecture has this one door."""
    return Dual(config)
