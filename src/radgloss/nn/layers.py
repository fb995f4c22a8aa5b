"""Transformer layers as published checkpoints have them.

Pre-norm (arXiv 2002.04745) in CLIP, SigLIP and the vision transformers; post-norm (1706.03762) in
BERT.

Unusual here: width of the inner layer, activation and epsilon are data, because published weights
mean what they meant in training only with all three.
Shapes: B batch · T tokens · D width."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from radgloss.nn.attention import SelfAttention

__all__ = ["ACTIVATIONS", "Layers", "PostNorm", "PreNorm", "perceptron", "stack"]


@dataclass(frozen=True)
class Layers:
    """A stack of equal layers. hidden: width inside the perceptron."""

    width: int
    depth: int
    heads: int
    hidden: int
    activation: str = "gelu"
    epsilon: float = 1e-5


class QuickGELU(nn.Module):
    """x · sigmoid(1.702 x), the approximation that OpenAI's CLIP was trained with."""

    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


ACTIVATIONS = {
    "gelu": nn.GELU,
    "gelu_tanh": partial(nn.GELU, approximate="tanh"),
    "quick_gelu": QuickGELU,
}


def perceptron(config: Layers) -> nn.Sequential:
    """D → hidden → D."""
    return nn.Sequential(
        nn.Linear(config.width, config.hidden),
        ACTIVATIONS[config.activation](),
        nn.Linear(config.hidden, config.width),
    )


class PreNorm(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, config: Layers):
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width, config.epsilon)
        self.attention = SelfAttention(config.width, config.heads)
        self.norm2 = nn.LayerNorm(config.width, config.epsilon)
        self.mlp = perceptron(config)

    def forward(self, x, mask=None):  # (B, T, D) -> (B, T, D)
        x = x + self.attention(self.norm1(x), mask)
        return x + self.mlp(self.norm2(x))


class PostNorm(nn.Module):
    """norm(x + attention(x)), then norm(x + mlp(x))."""

    def __init__(self, config: Layers):
        super().__init__()
        self.attention = SelfAttention(config.width, config.heads)
        self.norm1 = nn.LayerNorm(config.width, config.epsilon)
        self.mlp = perceptron(config)
        self.norm2 = nn.LayerNorm(config.width, config.epsilon)

    def forward(self, x, mask=None):  # (B, T, D) -> (B, T, D)
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + self.mlp(x))


def stack(layer: type[nn.Module], config: Layers) -> nn.ModuleList:
    """`depth` layers of one kind."""
    return nn.ModuleList(layer(config) for _ in range(config.depth))
