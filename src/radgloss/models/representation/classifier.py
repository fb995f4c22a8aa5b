"""A supervised classifier on a picture tower that may have learned elsewhere.

How much of the tower may change is a type: `Probe` leaves it as it came (a linear probe), `Full`
trains all of it. From scratch is `Full` on a tower that comes from nowhere.
Shapes: B pictures · C channels · S side · W width of the tower · K findings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.nn import resnet, tower, vit

__all__ = ["VARIANTS", "Classifier", "Config", "Full", "Objective", "Probe", "build"]


@dataclass(frozen=True)
class Probe:
    """The tower stays as it came."""


@dataclass(frozen=True)
class Full:
    """Everything moves."""


@dataclass(frozen=True)
class Config:
    image: vit.Config | resnet.ResNetConfig = vit.VARIANTS["starter"]
    width: int = 1  # findings
    tuning: Probe | Full = Full()


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug"], width=3),
    "debug-probe": Config(vit.VARIANTS["debug"], width=3, tuning=Probe()),
    "debug-cnn": Config(resnet.VARIANTS["debug"], width=3),
}


class Classifier(nn.Module):
    """A tower and one straight boundary for each finding."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.image = tower.headless(config.image)
        if not isinstance(config.tuning, Full):
            self.image.requires_grad_(False)
        self.classify = nn.Linear(config.image.width, config.width)

    def describe(self, images):  # (B, C, S, S) -> (B, W)
        return self.image(images)

    def from_description(self, described):  # (B, W) -> (B, W), unit length
        return F.normalize(described, dim=-1)

    def encode_image(self, images):  # (B, C, S, S) -> (B, W), unit length
        return self.from_description(self.describe(images))

    def forward(self, images):  # (B, C, S, S) -> (B, K): log-odds of each finding
        return self.classify(self.describe(images))


class Objective(nn.Module):
    """Logistic loss on what is known of each picture: 1 there, -1 not there, 0 nothing known."""

    def __init__(self, model: Classifier):
        super().__init__()
        self.model = model

    def forward(self, batch):
        odds = self.model(batch.images).float()  # (B, K)
        known = batch.facts != 0
        loss = F.softplus(-odds * batch.facts)[known].mean()
        right = (torch.sign(odds) == batch.facts)[known].float().mean()
        return loss, {"top1": right}


def build(config: Config) -> Classifier:
    """The model of a config; every architecture has this one door."""
    return Classifier(config)
