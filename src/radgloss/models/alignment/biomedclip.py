"""A vision transformer with a BERT for long texts of the field, BiomedCLIP (arXiv 2303.00915).

Its claim is domain choices and scale: a text tower that is a BERT (arXiv 1810.04805, post-norm, the
first token stands for the text), a context of 256 instead of 77 tokens, words of the field in the
vocabulary, and a projection with a hidden layer.
Unusual here: the tower brings its own first token, since texts do not; both vectors are centred
over the batch before they are projected (see `vit.ViT.head`). Phantoms can test the choices; they
cannot test the scale.
Shapes: B images · M texts · T tokens · W tower width · D shared width."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.alignment.towers import ByRows, Towers
from radgloss.nn import vit
from radgloss.nn.attention import SelfAttention
from radgloss.nn.contrast import compared

__all__ = ["VARIANTS", "BertConfig", "BertTower", "BiomedClip", "Config", "Objective", "build"]


@dataclass(frozen=True)
class BertConfig:
    vocabulary: int = 1024
    context: int = 256  # longest text in tokens
    width: int = 96
    depth: int = 2
    heads: int = 4


@dataclass(frozen=True)
class Config:
    image: vit.Config
    text: BertConfig
    width: int = 128
    temperature: float = 0.07  # at the start; learned


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug"], BertConfig(256, 32, 32, 1, 2), width=32),
    "small": Config(vit.VARIANTS["small"], BertConfig()),
    "base": Config(vit.VARIANTS["base"], BertConfig(30522, 256, 768, 12, 12), width=512),
}


class PostNormBlock(nn.Module):
    """norm(x + attention(x)), then norm(x + mlp(x))."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.norm1 = nn.LayerNorm(width, eps=1e-12)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.norm2 = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x, mask):  # (M, T, W) -> (M, T, W)
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + self.mlp(x))


class BertTower(nn.Module):
    """Token numbers → the vector of a first token that read them all."""

    def __init__(self, config: BertConfig, out: int):
        super().__init__()
        self.config = config
        w, hidden = config.width, (config.width + out) // 2
        self.embed = nn.Embedding(config.vocabulary, w)
        self.position = nn.Parameter(0.02 * torch.randn(config.context + 1, w))
        self.first = nn.Parameter(0.02 * torch.randn(w))
        self.norm = nn.LayerNorm(w, eps=1e-12)
        self.blocks = nn.ModuleList(PostNormBlock(w, config.heads) for _ in range(config.depth))
        self.centre = nn.BatchNorm1d(w, affine=False)
        self.project = nn.Sequential(
            nn.Linear(w, hidden, bias=False), nn.GELU(), nn.Linear(hidden, out, bias=False)
        )
        nn.init.normal_(self.embed.weight, std=0.02)

    def read(self, tokens, mask):  # (M, T) int, (M, T) bool -> (M, W)
        x = torch.cat([self.first.expand(len(tokens), 1, -1), self.embed(tokens)], dim=1)
        x = self.norm(x + self.position[: x.shape[1]])  # (M, 1 + T, W)
        real = F.pad(mask, (1, 0), value=True)
        for block in self.blocks:
            x = block(x, real)
        return x[:, 0]

    def vector(self, read):  # (M, W) -> (M, D), centred over the batch
        return self.project(self.centre(read))

    def forward(self, tokens, mask):  # (M, T) int, (M, T) bool -> (M, D)
        return self.vector(self.read(tokens, mask))


class BiomedClip(Towers):
    """Two towers and one temperature."""

    def __init__(self, config: Config):
        image = vit.ViT(config.image, out=config.width)
        super().__init__(config, image, BertTower(config.text, out=config.width))
        self.log_scale = nn.Parameter(torch.tensor(-log(config.temperature)))

    def read(self, tokens, mask):  # (M, T), (M, T) -> (M, W)
        """The first token before centring and projection."""
        return self.text.read(tokens, mask)


class Objective(ByRows):
    """Each image finds its own text and each text its own image."""

    def loss(self, batch, described, read):
        x, y = self.vectors(described, read)
        loss, top1 = compared(x, y, batch.owner, self.model.scale)
        return loss, {"top1": top1.detach(), "scale": self.model.scale.detach()}


def build(config: Config) -> BiomedClip:
    """The model of a config."""
    return BiomedClip(config)
