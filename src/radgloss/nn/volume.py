"""A residual network for volumes, made by inflating one for pictures (I3D, arXiv 1705.07750).

A 2-D kernel becomes 3-D by being repeated over `reach` frames and divided by `reach`, so that a
stack of equal slices gives the very activations of the 2-D network (section 2.4).
Unusual here: the law is exact at both ends of the stack as well, since the first and the last frame
go on beyond it (padding with zeros, as published, holds in the middle only); and a stack of one
frame *is* the 2-D network. With `reach` 1 and `shrink` 0 slices never meet before they are
averaged, not even to be normalised. Normalisation is by groups, as in `nn.resnet`.
Shapes: B batch · C channels · F frames · S side · f frames of the last grid · G its side · P places
(f · G²) · W last width."""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from radgloss.nn.resnet import ResNet, ResNetConfig, norm

__all__ = ["VARIANTS", "Volume", "VolumeConfig", "inflated", "inflated_state", "like", "spread"]


@dataclass(frozen=True)
class VolumeConfig:
    """first: feature maps after the stem, which halves the picture. widths: one stage for each,
    every stage halves it again. shrink: the last so many halvings, stem included, halve the stack
    of frames too. reach: frames that a kernel of side 3 spans. kernels: as they are drawn."""

    size: int = 64
    frames: int = 32
    channels: int = 2
    first: int = 16
    widths: tuple[int, ...] = (32, 64, 128)
    blocks: int = 1
    shrink: int = 4
    reach: int = 3
    kernels: str = "inflated"

    def __post_init__(self) -> None:
        if self.kernels not in ("inflated", "volume"):
            raise ValueError(f"kernels {self.kernels!r}: not inflated, nor drawn as a volume's")
        if self.reach % 2 == 0 or not 0 <= self.shrink <= 1 + len(self.widths):
            raise ValueError(f"reach {self.reach} must be odd, shrink {self.shrink} the halvings")

    @property
    def flat(self) -> ResNetConfig:
        """The network for pictures that it is inflated from."""
        return ResNetConfig(self.size, self.channels, self.first, self.widths, self.blocks)

    @property
    def width(self) -> int:
        return self.widths[-1]

    @property
    def apart(self) -> bool:
        """Whether slices never meet."""
        return self.reach == 1 and not self.shrink


VARIANTS = {
    "debug": VolumeConfig(size=32, frames=8, first=8, widths=(16, 32), shrink=2),
    "debug-slices": VolumeConfig(size=32, frames=4, first=8, widths=(16, 32), shrink=0, reach=1),
    "small": VolumeConfig(),
}


class Convolution(nn.Module):
    """A 3-D convolution; zeros beyond the picture's edges, the end frames beyond the stack's."""

    def __init__(self, c: int, w: int, side: int, stride: int, reach: int, deep: int):
        super().__init__()
        self.beyond = reach // 2
        self.conv = nn.Conv3d(
            c, w, (reach, side, side), (deep, stride, stride), (0, side // 2, side // 2), bias=False
        )

    def forward(self, x):  # (B, C, F, G, G) -> (B, W, F / deep, G / stride, G / stride)
        if self.beyond:
            x = F.pad(x, (0, 0, 0, 0, self.beyond, self.beyond), mode="replicate")
        return self.conv(x)


class SlicePool(nn.Module):
    """The mean over squares of each frame (torch has no mean over volumes in half precision)."""

    def __init__(self, side: int):
        super().__init__()
        self.side = side

    def forward(self, x):  # (B, C, F, G, G) -> (B, C, F, G / side, G / side)
        return F.avg_pool2d(x.flatten(1, 2), self.side).unflatten(1, x.shape[1:3])


class Block(nn.Module):
    """Two convolutions beside a shortcut, as `resnet.Block`."""

    def __init__(self, c: int, w: int, stride: int, reach: int, deep: int):
        super().__init__()
        self.branch = nn.Sequential(
            Convolution(c, w, 3, stride, reach, deep), norm(w), nn.ReLU(),
            Convolution(w, w, 3, 1, reach, 1), norm(w),
        )  # fmt: skip
        self.shortcut = (
            nn.Identity()
            if c == w and stride == deep == 1
            else nn.Sequential(SlicePool(stride), Convolution(c, w, 1, 1, 1, deep), norm(w))
        )
        self.out = nn.ReLU()

    def forward(self, x):  # (B, C, F, G, G) -> (B, W, F / deep, G / stride, G / stride)
        return self.out(self.shortcut(x) + self.branch(x))


class Volume(nn.Module):
    """Volumes → features on a grid → one vector; the same acts as `resnet.ResNet`.

    Any number of frames will do: what is not a multiple of the grid ends in a smaller step."""

    def __init__(self, config: VolumeConfig, out: int):
        super().__init__()
        if config.size % config.flat.stride:
            raise ValueError(f"size {config.size} is not a multiple of {config.flat.stride}")
        self.config = config
        self.grid = config.size // config.flat.stride
        halvings = 1 + len(config.widths)
        deep = [2 if k >= halvings - config.shrink else 1 for k in range(halvings)]
        c = config.first
        layers: list[nn.Module] = [
            Convolution(config.channels, c, 3, 2, config.reach, deep[0]), norm(c), nn.ReLU()
        ]  # fmt: skip
        for w, d in zip(config.widths, deep[1:], strict=True):
            for k in range(config.blocks):
                first = k == 0
                layers.append(Block(c, w, 2 if first else 1, config.reach, d if first else 1))
                c = w
        self.stages = nn.Sequential(*layers)
        self.centre = nn.BatchNorm1d(config.width, affine=False)
        self.project = nn.Linear(config.width, out, bias=False)
        if config.kernels == "inflated":
            pour(ResNet(config.flat, out), self)

    def features(self, volumes):  # (B, C, F, S, S) -> (B, W, f, G, G)
        if not self.config.apart:
            return self.stages(volumes)
        slices = rearrange(volumes, "b c f h w -> (b f) c 1 h w")  # else normalised together
        return rearrange(self.stages(slices), "(b f) w 1 g h -> b w f g h", b=len(volumes))

    def tokens(self, volumes):  # (B, C, F, S, S) -> (B, P, W)
        return rearrange(self.features(volumes), "b w f g h -> b (f g h) w")

    def forward(self, volumes):  # (B, C, F, S, S) -> (B, out)
        return self.head(self.tokens(volumes).mean(1))

    def head(self, pooled):  # (B, W) -> (B, out)
        """Centred on what volumes have in common, as in `vit.ViT.head`."""
        return self.project(self.centre(pooled))


def spread(kernel, reach: int):  # (O, I, k, k) -> (O, I, reach, k, k)
    """The kernel over so many frames; its sum over them is what it was.

    >>> spread(torch.ones(1, 1, 3, 3), 3).sum(2).mean().item()
    1.0
    """
    return kernel[:, :, None].repeat(1, 1, reach, 1, 1) / reach


@torch.no_grad()
def pour(picture: ResNet, volume: Volume) -> None:
    """The weights of a network for pictures into its twin for volumes, kernel by kernel."""
    flat = [m for m in picture.modules() if isinstance(m, nn.Conv2d)]
    deep = [m for m in volume.modules() if isinstance(m, nn.Conv3d)]
    for two, three in zip(flat, deep, strict=True):
        three.weight.copy_(spread(two.weight, three.kernel_size[0]))
    for kind in (nn.GroupNorm, nn.BatchNorm1d, nn.Linear):
        pairs = zip(_of(picture, kind), _of(volume, kind), strict=True)
        for one, other in pairs:
            other.load_state_dict(one.state_dict())


def _of(network: nn.Module, kind: type[nn.Module]) -> list[nn.Module]:
    return [m for m in network.modules() if isinstance(m, kind)]


def inflated(picture: ResNet, config: VolumeConfig) -> Volume:
    """The network for volumes that gives, of equal slices, what `picture` gives of one.

    config: of the same sizes. Raises ValueError for one of others."""
    if config.flat != picture.config:
        raise ValueError(f"a network of {picture.config} cannot be inflated to {config.flat}")
    volume = Volume(config, picture.project.out_features)
    pour(picture, volume)
    return volume


def inflated_state(given: dict, own: dict) -> dict:
    """The weights of `given`, and for each kernel of `own` that it lacks, and whose 2-D kernel it
    has, that kernel spread."""
    more = {}
    for name, weight in own.items():
        flat = name.replace(".conv.weight", ".weight")
        if name not in given and flat in given and weight.ndim == given[flat].ndim + 1 == 5:
            more[name] = spread(given[flat], weight.shape[2])
    return {**given, **more}


def like(volume: VolumeConfig, picture: ResNetConfig) -> VolumeConfig:
    """The network for volumes that `picture`'s weights can be poured into."""
    return replace(
        volume, size=picture.size, channels=picture.channels, first=picture.first,
        widths=picture.widths, blocks=picture.blocks,
        shrink=min(volume.shrink, 1 + len(picture.widths)),
    )  # fmt: skip
