"""Masked picture modelling: guess the hidden patches from the seen ones (arXiv 2111.06377).

The encoder sees the visible patches only; a light decoder, thrown away afterwards, guesses the
rest. Unusual here: which patches are hidden comes with the batch (`data.feeds.hidden`), the same
number in every picture; a batch that hides nothing asks for all patches, which is the ablation: a
plain autoencoder. Only the patch stem can do this, for any other lets patches overlap.
Shapes: B pictures · C channels · S side · G grid side · P patches (G²) · V visible of them · p side
of a patch · W width of the encoder · D width of the decoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from radgloss.nn import tower, vit
from radgloss.nn.transformer import Block

__all__ = ["VARIANTS", "Config", "Mae", "Objective", "build", "patches"]


@dataclass(frozen=True)
class Config:
    """image: the encoder. width, depth, heads: the decoder."""

    image: vit.Config = vit.Config(size=64, stem=vit.PatchStem(8), width=96, depth=3)
    width: int = 64
    depth: int = 1
    heads: int = 4


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug"], width=16, heads=2),
    "small": Config(),
}


def patches(images, patch: int):  # (B, C, S, S) -> (B, P, C p²)
    """A picture as its squares, row by row."""
    return rearrange(images, "b c (g p) (h q) -> b (g h) (c p q)", p=patch, q=patch)


def standard(squares):  # (B, P, C p²) -> the same, each with mean 0 and spread 1
    """Targets normalised square by square (section 4.1); an even square becomes zero."""
    spread = squares.var(-1, keepdim=True, correction=0)
    return (squares - squares.mean(-1, keepdim=True)) / (spread + 1e-6).sqrt()


class Mae(nn.Module):
    """A vision transformer, and the decoder of its pretext."""

    def __init__(self, config: Config):
        super().__init__()
        if not isinstance(config.image.stem, vit.PatchStem):
            raise ValueError(f"stem {config.image.stem!r}: patches may not overlap; use PatchStem")
        self.config = config
        self.image = tower.headless(config.image)
        self.inward = nn.Linear(config.image.width, config.width)
        self.hidden = nn.Parameter(torch.zeros(config.width))  # stands for what is not seen
        self.position = nn.Parameter(torch.zeros(self.image.grid**2, config.width))
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.outward = nn.Linear(config.width, config.image.channels * config.image.stem.patch**2)
        nn.init.normal_(self.hidden, std=0.02)
        nn.init.normal_(self.position, std=0.02)

    def describe(self, images):  # (B, C, S, S) -> (B, W)
        return self.image(images)

    def from_description(self, described):  # (B, W) -> (B, W), unit length
        return F.normalize(described, dim=-1)

    def encode_image(self, images):  # (B, C, S, S) -> (B, W), unit length
        return self.from_description(self.describe(images))

    def forward(self, images, hidden):  # (B, C, S, S), (B, P) bool -> (B, P, C p²): every square
        places = hidden.to(torch.int8).argsort(
            dim=1, stable=True
        )  # visible ones first, in their order
        seen = places[:, : int((~hidden[0]).sum())]  # (B, V)
        x = rearrange(self.image.stem(images), "b w g h -> b (g h) w") + self.image.position
        x = _taken(x, seen)  # (B, V, W)
        for block in self.image.blocks:
            x = block(x)
        y = self.inward(self.image.norm(x))  # (B, V, D)
        whole = self.hidden.to(y.dtype).expand(len(y), hidden.shape[1], -1)
        whole = whole.scatter(1, seen[..., None].expand_as(y), y) + self.position  # (B, P, D)
        for block in self.blocks:
            whole = block(whole)
        return self.outward(self.norm(whole))


def _taken(x, places):  # (B, P, W), (B, V) -> (B, V, W)
    return x.gather(1, places[..., None].expand(-1, -1, x.shape[-1]))


class Objective(nn.Module):
    """Mean squared error on the hidden squares, or on all where none is hidden."""

    def __init__(self, model: Mae):
        super().__init__()
        self.model = model

    def forward(self, batch):
        hidden = batch.hidden
        guessed = self.model(batch.images, hidden).float()
        truth = standard(patches(batch.images, self.model.config.image.stem.patch))
        asked = hidden if hidden.any() else torch.ones_like(hidden)
        loss = (guessed - truth).square().mean(-1)[asked].mean()
        spread = truth[asked].square().mean()
        return loss, {"explained": (1 - loss / spread).detach()}


def build(config: Config) -> Mae:
    """The model of a config; every architecture has this one door."""
    return Mae(config)
