"""A residual network (arXiv 1512.03385) that gives the tokens of its last grid, and one vector.

Unusual here: basic blocks only, and each halves the grid, as in `vit.ResidualStem`; small lesions
are learned from few pictures. The picture's vector is the mean of its tokens, centred over the
batch (see `vit.ViT.head`).
Shapes: B batch · C channels · S side · G grid side (S / stride) · P tokens (G²) · D width."""

from dataclasses import dataclass
from itertools import pairwise

from einops import rearrange
from torch import nn

from radgloss.nn.vit import BasicBlock, halved

__all__ = ["VARIANTS", "Cnn", "Config"]


@dataclass(frozen=True)
class Config:
    """first: feature maps after the first halving. widths: of each block; the last is D."""

    size: int = 64
    channels: int = 3
    first: int = 24
    widths: tuple[int, ...] = (48, 96, 192)

    @property
    def width(self) -> int:
        return self.widths[-1]

    @property
    def stride(self) -> int:
        return 2 ** (1 + len(self.widths))


VARIANTS = {
    "debug": Config(size=32, first=8, widths=(16, 32)),
    "small": Config(),
}


class Cnn(nn.Module):
    """Pictures → tokens on a grid → one vector."""

    def __init__(self, config: Config, out: int):
        super().__init__()
        if config.size % config.stride:
            raise ValueError(f"size {config.size} is not a multiple of stride {config.stride}")
        self.config = config
        self.grid = config.size // config.stride
        self.first = nn.Sequential(halved(config.channels, config.first), nn.ReLU())
        wide = (config.first, *config.widths)
        self.blocks = nn.Sequential(*(BasicBlock(c, w) for c, w in pairwise(wide)))
        self.centre = nn.BatchNorm1d(config.width, affine=False)
        self.project = nn.Linear(config.width, out, bias=False)

    def tokens(self, images):  # (B, C, S, S) -> (B, P, D)
        return rearrange(self.blocks(self.first(images)), "b d g h -> b (g h) d")

    def forward(self, images):  # (B, C, S, S) -> (B, out)
        return self.head(self.tokens(images).mean(1))

    def head(self, pooled):  # (B, D) -> (B, out)
        return self.project(self.centre(pooled))
