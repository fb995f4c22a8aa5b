"""BERT read from left to right over a memory: the decoder of BLIP (arXiv 2201.12086, section 3.1).

Unusual here: post-norm, a norm on the embedding, and an output of its own, a dense layer with a
norm before the embedding is used again, with a bias for each word, as published weights have it.
Shapes: B rows · T tokens · M tokens of memory · D width · V vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from radgloss.nn import decoder
from radgloss.nn.layers import ACTIVATIONS

__all__ = ["BertDecoder", "BertDecoderConfig"]


@dataclass(frozen=True)
class BertDecoderConfig:
    """memory: width of what is looked at. hidden: inside the perceptron."""

    vocabulary: int = 30524
    context: int = 512
    width: int = 768
    depth: int = 12
    heads: int = 12
    hidden: int = 3072
    memory: int = 768
    activation: str = "gelu"
    epsilon: float = 1e-12


class Block(decoder.Block):
    """norm(x + self(x)), norm(x + memory(x)), norm(x + mlp(x))."""

    def __init__(self, config: BertDecoderConfig):
        nn.Module.__init__(self)
        width = config.width
        self.heads = config.heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width, config.epsilon)
        self.ask = nn.Linear(width, width)
        self.key_value = nn.Linear(config.memory, 2 * width)
        self.told = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, config.epsilon)
        self.mlp = nn.Sequential(
            nn.Linear(width, config.hidden),
            ACTIVATIONS[config.activation](),
            nn.Linear(config.hidden, width),
        )
        self.norm3 = nn.LayerNorm(width, config.epsilon)

    def forward(self, x, n, cache, allowed):  # (B, T, D) -> (B, T, D)
        x = self.norm1(x + self.own(x, n, cache, allowed))
        x = self.norm2(x + self.across(x, n, cache))
        return self.norm3(x + self.mlp(x))


class BertDecoder(decoder.Decoder):
    """Token numbers and a memory → logits of what comes next."""

    def __init__(self, config: BertDecoderConfig):
        nn.Module.__init__(self)
        self.config = config
        width = config.width
        self.embed = nn.Embedding(config.vocabulary, width)
        self.position = nn.Parameter(torch.randn(config.context, width) * 0.02)
        self.first_norm = nn.LayerNorm(width, config.epsilon)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.head = nn.Linear(width, width)
        self.activation = ACTIVATIONS[config.activation]()
        self.norm = nn.LayerNorm(width, config.epsilon)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))
        self.drop = nn.Identity()
        nn.init.normal_(self.embed.weight, std=0.02)

    def embedded(self, tokens, places):  # (B, T), (B or 1, T) -> (B, T, D)
        return self.first_norm(super().embedded(tokens, places))

    def logits(self, x):  # (B, T, D) -> (B, T, V)
        return self.spoken(self.norm(self.activation(self.head(x)))) + self.bias
