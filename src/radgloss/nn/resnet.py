"""A residual network for pictures (arXiv 1512.03385), with basic blocks.

Unusual here: group normalisation (arXiv 1803.08494) instead of batch normalisation, so that the
pictures of a batch tell each other nothing: a contrastive pretext cannot be solved by statistics of
the batch, and a momentum copy needs no shuffling; the picture's vector is centred over the batch
before it is projected, as in `nn.vit`. The config has a name of its own because a checkpoint tells
the kinds of a tower by their names.
Shapes: B batch · C channels · S side · G grid side (S / stride) · P places (G²) · W last width."""

from dataclasses import dataclass

from einops import rearrange
from torch import nn

__all__ = ["VARIANTS", "ResNet", "ResNetConfig", "norm"]


@dataclass(frozen=True)
class ResNetConfig:
    """first: feature maps after the stem, which halves the picture. widths: one stage for each,
    every stage halves it again. blocks: in each stage."""

    size: int = 64
    channels: int = 3
    first: int = 32
    widths: tuple[int, ...] = (32, 64, 128)
    blocks: int = 1

    @property
    def stride(self) -> int:
        return 2 ** (1 + len(self.widths))

    @property
    def width(self) -> int:
        return self.widths[-1]


VARIANTS = {
    "debug": ResNetConfig(size=32, first=8, widths=(16, 32)),
    "small": ResNetConfig(),
    "base": ResNetConfig(
        size=224, first=64, widths=(64, 128, 256, 512), blocks=2
    ),  # ResNet-18's widths
}


def norm(width: int) -> nn.GroupNorm:
    """Eight groups, or one where the width does not allow them."""
    return nn.GroupNorm(8 if width % 8 == 0 else 1, width)


class Block(nn.Module):
    """Two 3×3 convolutions beside a shortcut."""

    def __init__(self, c: int, w: int, stride: int):
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(c, w, 3, stride, 1, bias=False), norm(w), nn.ReLU(),
            nn.Conv2d(w, w, 3, 1, 1, bias=False), norm(w),
        )  # fmt: skip
        self.shortcut = (
            nn.Identity()
            if c == w and stride == 1
            else nn.Sequential(nn.AvgPool2d(stride), nn.Conv2d(c, w, 1, bias=False), norm(w))
        )
        self.out = nn.ReLU()

    def forward(self, x):  # (B, C, G, G) -> (B, W, G / stride, G / stride)
        return self.out(self.shortcut(x) + self.branch(x))


class ResNet(nn.Module):
    """Pictures → features on a grid → one vector; the same acts as `vit.ViT`."""

    def __init__(self, config: ResNetConfig, out: int):
        super().__init__()
        if config.size % config.stride:
            raise ValueError(f"size {config.size} is not a multiple of stride {config.stride}")
        self.config = config
        self.grid = config.size // config.stride
        c = config.first
        layers: list[nn.Module] = [
            nn.Conv2d(config.channels, c, 3, 2, 1, bias=False), norm(c), nn.ReLU()
        ]  # fmt: skip
        for w in config.widths:
            for k in range(config.blocks):
                layers.append(Block(c, w, stride=2 if k == 0 else 1))
                c = w
        self.stages = nn.Sequential(*layers)
        self.centre = nn.BatchNorm1d(config.width, affine=False)
        self.project = nn.Linear(config.width, out, bias=False)

    def features(self, images):  # (B, C, S, S) -> (B, W, G, G)
        return self.stages(images)

    def tokens(self, images):  # (B, C, S, S) -> (B, P, W)
        return rearrange(self.features(images), "b w g h -> b (g h) w")

    def forward(self, images):  # (B, C, S, S) -> (B, out)
        return self.head(self.tokens(images).mean(1))

    def head(self, pooled):  # (B, W) -> (B, out)
        return self.project(self.centre(pooled))
