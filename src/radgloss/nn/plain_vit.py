"""The vision transformer as published checkpoints have it (arXiv 2010.11929).

Unusual here: three families share one tower and differ in data. CLIP (2103.00020) norms its
tokens before the first layer and reads the class token; the plain transformer reads the class
token; SigLIP (2303.15343) has none and lets a learned probe look at all tokens (2106.04560,
section 3.4).
Shapes: B batch · C channels · S side · P tokens · D width · H heads · O output width."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from radgloss.nn.layers import Layers, PreNorm, perceptron, stack

__all__ = ["FAMILIES", "Family", "PlainVit", "PlainVitConfig"]


@dataclass(frozen=True)
class Family:
    """What a family does around the layers that all of them share."""

    class_token: bool
    patch_bias: bool
    first_norm: bool


FAMILIES = {
    "clip": Family(class_token=True, patch_bias=False, first_norm=True),
    "vit": Family(class_token=True, patch_bias=True, first_norm=False),
    "siglip": Family(class_token=False, patch_bias=True, first_norm=False),
}


@dataclass(frozen=True)
class PlainVitConfig:
    """out: width of the projection; 0 for none, as in SigLIP."""

    size: int
    patch: int
    layers: Layers
    family: str = "clip"
    channels: int = 3
    out: int = 512


class ProbePool(nn.Module):
    """A learned probe looks at every token; a perceptron follows."""

    def __init__(self, config: Layers):
        super().__init__()
        self.heads = config.heads
        self.probe = nn.Parameter(torch.randn(1, 1, config.width) * config.width**-0.5)
        self.query = nn.Linear(config.width, config.width)
        self.key_value = nn.Linear(config.width, 2 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width, config.epsilon)
        self.mlp = perceptron(config)

    def forward(self, x):  # (B, P, D) -> (B, D)
        q = self.query(self.probe.expand(x.shape[0], -1, -1))
        q = rearrange(q, "b t (h d) -> b h t d", h=self.heads)
        k, v = rearrange(self.key_value(x), "b t (two h d) -> two b h t d", two=2, h=self.heads)
        y = rearrange(F.scaled_dot_product_attention(q, k, v), "b h t d -> b t (h d)")
        y = self.out(y)[:, 0]
        return y + self.mlp(self.norm(y))


class PlainVit(nn.Module):
    """Pictures → one vector."""

    def __init__(self, config: PlainVitConfig):
        super().__init__()
        if config.size % config.patch:
            raise ValueError(f"size {config.size} is not a multiple of patch {config.patch}")
        self.config = config
        family, width = FAMILIES[config.family], config.layers.width
        tokens = (config.size // config.patch) ** 2 + family.class_token
        self.stem = nn.Conv2d(
            config.channels, width, config.patch, stride=config.patch, bias=family.patch_bias
        )
        self.position = nn.Parameter(torch.randn(tokens, width) * 0.02)
        if family.class_token:
            self.class_token = nn.Parameter(torch.randn(width) * 0.02)
        self.first_norm = (
            nn.LayerNorm(width, config.layers.epsilon) if family.first_norm else nn.Identity()
        )
        self.layers = stack(PreNorm, config.layers)
        self.norm = nn.LayerNorm(width, config.layers.epsilon)
        self.pool = None if family.class_token else ProbePool(config.layers)
        self.project = nn.Linear(width, config.out, bias=False) if config.out else nn.Identity()

    def tokens(self, images):  # (B, C, S, S) -> (B, P, D), a class token first, after the last norm
        x = rearrange(self.stem(images), "b d g h -> b (g h) d")
        if self.pool is None:
            x = torch.cat([self.class_token.expand(x.shape[0], 1, -1), x], dim=1)
        x = self.first_norm(x + self.position)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)

    def pooled(self, images):  # (B, C, S, S) -> (B, D), before the projection
        x = self.tokens(images)
        return x[:, 0] if self.pool is None else self.pool(x)

    def forward(self, images):  # (B, C, S, S) -> (B, O)
        return self.project(self.pooled(images))
