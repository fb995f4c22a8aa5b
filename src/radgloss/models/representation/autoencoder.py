"""Picture vectors by a convolutional encoder that nobody tells anything: reconstruct the picture.

A narrow code must hold what tells pictures apart (Hinton and Salakhutdinov 2006); that pictures of
one organ then lie together is found afterwards, never asked for. Unusual here: the encoder is a
type. `ResNetConfig` convolves, one small filter at all places; `Flat`, its ablation, gives every
pixel weights of its own.
Shapes: B pictures · C channels · S side · G grid side · W width of the encoder · D width of the
code."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch.nn.functional as F
from einops.layers.torch import Rearrange
from torch import nn

from radgloss.nn import resnet, tower

__all__ = ["VARIANTS", "Autoencoder", "Config", "Flat", "Objective", "build"]


@dataclass(frozen=True)
class Flat:
    """A perceptron of one hidden layer over all pixels: no locality, nothing shared."""

    size: int = 64
    channels: int = 3
    width: int = 128


@dataclass(frozen=True)
class Config:
    image: resnet.ResNetConfig | Flat = resnet.VARIANTS["small"]
    width: int = 32


VARIANTS = {
    "debug": Config(resnet.VARIANTS["debug"], width=16),
    "debug-flat": Config(Flat(size=32, width=32), width=16),
    "small": Config(),
    "small-flat": Config(Flat()),
}


class Perceptron(nn.Module):
    """(B, C, S, S) → (B, W)."""

    def __init__(self, config: Flat):
        super().__init__()
        self.config = config
        pixels = config.channels * config.size**2
        self.layer = nn.Sequential(nn.Flatten(), nn.Linear(pixels, config.width), nn.ReLU())

    def forward(self, images):
        return self.layer(images)


def _encoder(config: resnet.ResNetConfig | Flat) -> nn.Module:
    return Perceptron(config) if isinstance(config, Flat) else tower.headless(config)


def _decoder(config: Config) -> nn.Sequential:
    """Code (B, D) → picture (B, C, S, S), by the encoder's way back."""
    image = config.image
    if isinstance(image, Flat):
        shape = (image.channels, image.size, image.size)
        return nn.Sequential(
            nn.Linear(config.width, image.width), nn.ReLU(),
            nn.Linear(image.width, prod(shape)), nn.Unflatten(1, shape),
        )  # fmt: skip
    g = image.size // image.stride
    layers: list[nn.Module] = [
        nn.Linear(config.width, image.width * g * g),
        Rearrange("b (w g h) -> b w g h", g=g, h=g),
    ]
    c = image.width
    for w in (*image.widths[-2::-1], image.first, image.first):
        layers += [nn.Upsample(scale_factor=2), nn.Conv2d(c, w, 3, padding=1), resnet.norm(w)]
        layers += [nn.ReLU()]
        c = w
    return nn.Sequential(*layers, nn.Conv2d(c, image.channels, 3, padding=1))


class Autoencoder(nn.Module):
    """Picture → code → picture."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.image = _encoder(config.image)
        self.code = nn.Linear(config.image.width, config.width)
        self.decoder = _decoder(config)

    def describe(self, images):  # (B, C, S, S) -> (B, W)
        return self.image(images)

    def from_description(self, described):  # (B, W) -> (B, D), unit length
        return F.normalize(self.code(described), dim=-1)

    def encode_image(self, images):  # (B, C, S, S) -> (B, D), unit length
        return self.from_description(self.describe(images))

    def forward(self, images):  # (B, C, S, S) -> the same, as far as the code holds it
        return self.decoder(self.code(self.describe(images)))


class Objective(nn.Module):
    """The picture comes back; `explained` is the share of its variance that did."""

    def __init__(self, model: Autoencoder):
        super().__init__()
        self.model = model

    def forward(self, batch):
        loss = F.mse_loss(self.model(batch.images), batch.images)
        spread = batch.images.var(correction=0)
        return loss, {"explained": (1 - loss / spread).detach()}


def build(config: Config) -> Autoencoder:
    """The model of a config; every architecture has this one door."""
    return Autoencoder(config)
