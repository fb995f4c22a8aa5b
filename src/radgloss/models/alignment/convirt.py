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

from radgloss.models.alignment.towers import ByRows, Towers
from radgloss.nn import cnn, transformer
from radgloss.nn.contrast import directions, found

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
        return self.from_read(self.read(tokens, mask))

    def from_read(self, read):  # (M, W of the text tower) -> (M, D), unit length
        return F.normalize(self.project_text(self.text.vector(read)), dim=-1)


class Objective(ByRows):
    """An image finds its sentence; with less weight, the sentence finds its image."""

    def loss(self, batch, described, read):
        x, y = self.vectors(described, read)
        logits = self.model.scale * x @ y.T  # (B, M)
        to_text, to_image = directions(logits, batch.owner)  # equations 2 and 3
        share = self.model.config.towards_text
        loss = share * to_text + (1 - share) * to_image  # equation 4
        top1 = found(logits, batch.owner)
        return loss, {"top1": top1, "to_text": to_text.detach(), "to_image": to_image.detach()}


def build(config: Config) -> Convirt:
    """The model of a config."""
    return Convirt(config)
