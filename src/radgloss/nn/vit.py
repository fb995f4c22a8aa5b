"""Vision transformer in two dimensions (arXiv 2010.11929) with a choice of stems.

Unusual here: the stem is a type, `PatchStem` (one strided convolution, as published), `ConvStem`
(stacked 3×3 convolutions, arXiv 2106.14881) or `ResidualStem` (a small residual network, the hybrid
of section 3.1), which learn small lesions from few pictures; and the picture's vector is the mean
of its tokens, centred over the batch.
Shapes: B batch · C channels · S side · G grid side (S / stride) · P tokens (G²) · D width."""

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import nn

from radgloss.nn import rollout
from radgloss.nn.transformer import Block

__all__ = ["VARIANTS", "Config", "ConvStem", "PatchStem", "ResidualStem", "ViT", "halved"]


@dataclass(frozen=True)
class PatchStem:
    """Cut into squares of `patch` pixels."""

    patch: int = 16

    @property
    def stride(self) -> int:
        return self.patch


@dataclass(frozen=True)
class ConvStem:
    """Halve the picture once for each entry; an entry is the number of feature maps."""

    widths: tuple[int, ...] = (32, 64, 128, 192)

    @property
    def stride(self) -> int:
        return 2 ** len(self.widths)


@dataclass(frozen=True)
class ResidualStem:
    """Halve the picture once, then once for each basic block (arXiv 1512.03385, figure 5 left)."""

    first: int = 24
    widths: tuple[int, ...] = (48, 96, 192)

    @property
    def stride(self) -> int:
        return 2 ** (1 + len(self.widths))


@dataclass(frozen=True)
class Config:
    size: int = 160
    channels: int = 3
    stem: PatchStem | ConvStem | ResidualStem = ConvStem()
    width: int = 192
    depth: int = 4
    heads: int = 4


VARIANTS = {
    "debug": Config(size=32, stem=PatchStem(8), width=32, depth=1, heads=2),
    "debug-conv": Config(size=32, stem=ConvStem((8, 16)), width=32, depth=1, heads=2),
    "debug-residual": Config(size=32, stem=ResidualStem(8, (16,)), width=32, depth=1, heads=2),
    "small": Config(size=64, stem=ResidualStem(24, (48, 96)), width=128, depth=2, heads=4),
    "starter": Config(size=128, stem=ResidualStem(), depth=2),
    "base": Config(size=224, stem=PatchStem(16), width=768, depth=12, heads=12),
}


def _stem(config: Config) -> nn.Module:
    if isinstance(config.stem, PatchStem):
        p = config.stem.patch
        return nn.Conv2d(config.channels, config.width, p, stride=p)
    if isinstance(config.stem, ResidualStem):
        return _residual(config.channels, config.stem, config.width)
    layers: list[nn.Module] = []
    c = config.channels
    for w in config.stem.widths:
        layers += [nn.Conv2d(c, w, 3, stride=2, padding=1), nn.GroupNorm(min(8, w), w), nn.GELU()]
        c = w
    return nn.Sequential(*layers, nn.Conv2d(c, config.width, 1))


def _residual(channels: int, stem: ResidualStem, width: int) -> nn.Module:
    layers: list[nn.Module] = [halved(channels, stem.first), nn.ReLU()]
    c = stem.first
    for w in stem.widths:
        layers.append(BasicBlock(c, w))
        c = w
    return nn.Sequential(*layers, nn.Conv2d(c, width, 1))


def halved(c: int, w: int) -> nn.Module:
    """A 3×3 convolution that halves the grid."""
    return nn.Sequential(nn.Conv2d(c, w, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(w))


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut; half the grid, w feature maps."""

    def __init__(self, c: int, w: int):
        super().__init__()
        self.halve = halved(c, w)
        self.refine = nn.Sequential(nn.Conv2d(w, w, 3, padding=1, bias=False), nn.BatchNorm2d(w))
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2), nn.Conv2d(c, w, 1, bias=False), nn.BatchNorm2d(w)
        )

    def forward(self, x):  # (B, C, G, G) -> (B, W, G/2, G/2)
        return torch.relu(self.refine(torch.relu(self.halve(x))) + self.shortcut(x))


class ViT(nn.Module):
    """Pictures → tokens on a grid → one vector."""

    def __init__(self, config: Config, out: int):
        super().__init__()
        if config.size % config.stem.stride:
            raise ValueError(f"size {config.size} is not a multiple of stride {config.stem.stride}")
        self.config = config
        self.grid = config.size // config.stem.stride
        self.stem = _stem(config)
        self.position = nn.Parameter(torch.zeros(self.grid**2, config.width))
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.centre = nn.BatchNorm1d(config.width, affine=False)
        self.project = nn.Linear(config.width, out, bias=False)
        nn.init.normal_(self.position, std=0.02)

    def tokens(self, images):  # (B, C, S, S) -> (B, P, D), after the last norm
        x = rearrange(self.stem(images), "b d g h -> b (g h) d") + self.position
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def forward(self, images):  # (B, C, S, S) -> (B, out)
        return self.head(self.tokens(images).mean(1))

    def looked_at(self, images):  # (B, C, S, S) -> (B, G, G), summing to 1
        return rollout.looked_at(self, images)

    def head(self, pooled):  # (B, D) -> (B, out)
        """Centred on what pictures have in common, so that vectors do not start in one cone
        (arXiv 2203.02053): without it the mean cosine of two pictures was .998 and stayed there."""
        return self.project(self.centre(pooled))
