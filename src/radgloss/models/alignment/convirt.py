"""Contrastive learning from paired images and text, ConVIRT (arXiv 2010.00747).

A residual network and a text tower, each with a projection of two layers (section 3.2), and two
contrasts of unequal weight (equation 4): λ for the image that looks for its sentence, 1 − λ for the
sentence that looks for its image. One sentence of the report is drawn at random each time; the
temperature is fixed. The mirror image of the published views is left out: the words know sides.
Shapes: B images · M texts · C channels · S side · W tower width · D shared width."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.alignment.towers import Towers
from radgloss.nn import cnn, transformer

__all__ = ["VARIANTS", "Config", "Convirt", "Objective", "build"]


@dataclass(frozen=True)
class Config:
    """towards_text: λ; 1 keeps only images that look for sentences, 0 only the other way."""

    image: cnn.Config
    text: transformer.Config
    width: int = 128
    temperature: float = 0.1
    towards_text: float = 0.75


VARIANTS = {
    "debug": Config(cnn.VARIANTS["debug"], transformer.VARIANTS["debug"], width=32),
    "small": Config(cnn.VARIANTS["small"], transformer.VARIANTS["small"]),
}


class Projection(nn.Module):
    """One hidden layer with a rectifier: g_v and g_u of section 3.2."""

    def __init__(self, width: int, out: int):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, out))

    def forward(self, x):  # (B, W) -> (B, D)
        return self.layers(x)


class Convirt(Towers):
    """Two towers, two projections, a fixed temperature."""

    def __init__(self, config: Config):
        image = cnn.Cnn(config.image, out=config.image.width)
        text = transformer.TextEncoder(config.text, out=config.text.width)
        super().__init__(config, image, text)
        self.project_image = Projection(config.image.width, config.width)
        self.project_text = Projection(config.text.width, config.width)
        self.register_buffer("log_scale", torch.tensor(-log(config.temperature)))

    def from_description(self, described):  # (B, W) -> (B, D), unit length
        return F.normalize(self.project_image(self.image.head(described)), dim=-1)

    def encode_text(self, tokens, mask):  # (M, T), (M, T) -> (M, D), unit length
        return F.normalize(self.project_text(self.text(tokens, mask)), dim=-1)


class Objective(nn.Module):
    """An image finds its sentence; with less weight, the sentence finds its image."""

    def __init__(self, model: Convirt):
        super().__init__()
        self.model = model

    def forward(self, batch):
        x = self.model.encode_image(batch.images).float()
        y = self.model.encode_text(batch.tokens, batch.mask).float()
        logits = self.model.scale * x @ y.T  # (B, M)
        own = torch.arange(len(x), device=x.device)[:, None] == batch.owner[None]
        to_text = (-(logits.log_softmax(1) * own).sum(1) / own.sum(1)).mean()  # equation 2
        to_image = F.cross_entropy(logits.T, batch.owner)  # equation 3
        share = self.model.config.towards_text
        loss = share * to_text + (1 - share) * to_image  # equation 4
        top1 = (logits.argmax(0) == batch.owner).float().mean()
        return loss, {"top1": top1, "to_text": to_text.detach(), "to_image": to_image.detach()}


def build(config: Config) -> Convirt:
    """The model of a config."""
    return Convirt(config)
