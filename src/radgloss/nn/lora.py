"""Low-rank adaptation (arXiv 2106.09685): h = W x + b + (α / r) B A x, with W and b as they came.

Applied from outside: the named linear layers of a model that knows nothing of it are exchanged for
layers that hold the *same* weight and bias under the same names, and two small matrices beside
them. `merge` puts plain layers back, so that a finished model has its architecture's own names;
`unmerge` brings back the untouched W, to the bit, as it was never written to.
Shapes: N any leading · I in · O out · r rank."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

import torch
import torch.nn.functional as F
from torch import nn

__all__ = ["Adapted", "Lora", "adapt", "merge", "unmerge"]


@dataclass(frozen=True)
class Lora:
    """layers: patterns of names ("image.blocks.*.attention.qkv"). The paper's r and α."""

    layers: tuple[str, ...]
    rank: int = 4
    alpha: float = 8.0


class Adapted(nn.Linear):
    """A linear layer that learns in r directions only. B starts at zero: nothing changes yet."""

    def __init__(self, layer: nn.Linear, rank: int, alpha: float):
        # on "meta", so that no second weight is made only to be thrown away
        super().__init__(layer.in_features, layer.out_features, layer.bias is not None, "meta")
        self.weight, self.bias = layer.weight, layer.bias
        for kept in layer.parameters():
            kept.requires_grad_(False)
        w = layer.weight
        self.down = nn.Parameter(torch.randn(rank, w.shape[1]).to(w) / w.shape[1] ** 0.5)  # A
        self.up = nn.Parameter(w.new_zeros(w.shape[0], rank))  # B
        self.strength = alpha / rank
        self.train(layer.training)

    def forward(self, x):  # (N, I) -> (N, O)
        learned = F.linear(F.linear(x, self.down), self.up)
        return F.linear(x, self.weight, self.bias) + self.strength * learned

    def merged(self) -> nn.Linear:
        """A plain layer with W + (α / r) B A, its own copy."""
        plain = nn.Linear(self.in_features, self.out_features, self.bias is not None, "meta")
        with torch.no_grad():
            plain.weight = nn.Parameter(self.weight + self.strength * self.up @ self.down)
        if self.bias is not None:
            plain.bias = nn.Parameter(self.bias.detach().clone())
        return plain.train(self.training)


def adapt(model: nn.Module, lora: Lora) -> list[str]:
    """Exchange the linear layers whose names match; returns the names, empty where none did."""
    names = [
        name
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear)
        and not isinstance(layer, Adapted)
        and any(fnmatchcase(name, pattern) for pattern in lora.layers)
    ]
    for name in names:
        _put(model, name, Adapted(model.get_submodule(name), lora.rank, lora.alpha))
    return names


def merge(model: nn.Module) -> dict[str, Adapted]:
    """Plain layers in place of all adapted ones; returns what was taken out, for `unmerge`."""
    taken = {n: layer for n, layer in model.named_modules() if isinstance(layer, Adapted)}
    for name, layer in taken.items():
        _put(model, name, layer.merged())
    return taken


def unmerge(model: nn.Module, taken: dict[str, Adapted]) -> None:
    """The inverse of `merge`, to the bit."""
    for name, layer in taken.items():
        _put(model, name, layer)


def _put(model: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, layer)
