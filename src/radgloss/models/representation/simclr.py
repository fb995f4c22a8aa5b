"""Two views of one picture find each other in the batch (SimCLR, arXiv 2002.05709).

Unusual here: views are made for radiology (`data.views`): moved, cropped and re-exposed, never
mirrored where side matters; and the vector for later use is the one before the projector, which
`describe` gives, as the paper advises (section 4.2).
Shapes: B pictures · 2 B views, the first of every picture, then the second of every one · C
channels · S side · W width of the tower · D width of the projection."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.nn import resnet, tower, vit
from radgloss.nn.contrast import nt_xent
from radgloss.nn.projector import projector

__all__ = ["VARIANTS", "Config", "Objective", "SimClr", "build"]


@dataclass(frozen=True)
class Config:
    image: vit.Config | resnet.ResNetConfig = resnet.VARIANTS["small"]
    hidden: int = 128
    width: int = 64
    temperature: float = 0.1


VARIANTS = {
    "debug": Config(resnet.VARIANTS["debug"], hidden=32, width=16),
    "debug-vit": Config(vit.VARIANTS["debug"], hidden=32, width=16),
    "small": Config(),
}


class SimClr(nn.Module):
    """A tower, and the projector in whose space views are compared."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.image = tower.headless(config.image)
        self.projector = projector(config.image.width, config.hidden, config.width)

    def describe(self, images):  # (B, C, S, S) -> (B, W)
        return self.image(images)

    def from_description(self, described):  # (B, W) -> (B, D), unit length
        return F.normalize(self.projector(described), dim=-1)

    def encode_image(self, images):  # (B, C, S, S) -> (B, D), unit length
        return self.from_description(self.describe(images))


class Objective(nn.Module):
    """NT-Xent (eq. 1): every view is told from all other views of the batch."""

    def __init__(self, model: SimClr):
        super().__init__()
        self.model = model

    def features(self, batch):  # -> (2 B, W): no row sees another
        return (self.model.describe(batch.images).float(),)

    def forward(self, batch):
        return self.loss(batch, *self.features(batch))

    def loss(self, batch, described):
        x, y = self.model.from_description(described).float().chunk(2)  # (B, D) each
        loss = nt_xent(x, y, self.model.config.temperature)
        top1 = ((x @ y.T).argmax(1) == torch.arange(len(x), device=x.device)).float().mean()
        return loss, {"top1": top1.detach()}


def build(config: Config) -> SimClr:
    """The model of a config; every architecture has this one door."""
    return SimClr(config)
