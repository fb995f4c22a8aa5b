"""GPT-2 (Radford et al. 2019, "Language models are unsupervised multitask learners", section 2.3),
and its form with cross-attention, as published weights have it.

Unusual here: it is `nn.decoder.Decoder` with another block, since GPT-2 is that very stack: norm
first, attention to what came before, attention to a memory where there is one, a perceptron of four
widths with the tanh form of GELU (arXiv 1606.08415).
Shapes: B rows · T tokens · M tokens of memory · D width · V vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from radgloss.nn import decoder
from radgloss.nn.layers import ACTIVATIONS

__all__ = ["VARIANTS", "Gpt2", "Gpt2Config"]


@dataclass(frozen=True)
class Gpt2Config:
    """hidden: width inside the perceptron; 0 for four times the width. crossing: attention to a
    memory in every block."""

    vocabulary: int = 50257
    context: int = 1024
    width: int = 768
    depth: int = 12
    heads: int = 12
    hidden: int = 0
    activation: str = "gelu_tanh"
    epsilon: float = 1e-5
    crossing: bool = False


VARIANTS = {
    "debug": Gpt2Config(97, 64, 32, 2, 2),
    "debug-crossing": Gpt2Config(97, 64, 32, 2, 2, crossing=True),
    "small": Gpt2Config(),
    "small-crossing": Gpt2Config(crossing=True),
}


class Block(decoder.Block):
    """The same acts; the parts of a memory only where one is looked at."""

    def __init__(self, config: Gpt2Config):
        nn.Module.__init__(self)
        width, hidden = config.width, config.hidden or 4 * config.width
        self.heads = config.heads
        self.norm1 = nn.LayerNorm(width, config.epsilon)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        if config.crossing:
            self.norm2 = nn.LayerNorm(width, config.epsilon)
            self.ask = nn.Linear(width, width)
            self.key_value = nn.Linear(width, 2 * width)
            self.told = nn.Linear(width, width)
        self.norm3 = nn.LayerNorm(width, config.epsilon)
        self.mlp = nn.Sequential(
            nn.Linear(width, hidden), ACTIVATIONS[config.activation](), nn.Linear(hidden, width)
        )
        self.drop = nn.Identity()


class Gpt2(decoder.Decoder):
    """Token numbers, and a memory where it has cross-attention → logits of what comes next."""

    def __init__(self, config: Gpt2Config):
        nn.Module.__init__(self)
        self.config = config
        self.embed = nn.Embedding(config.vocabulary, config.width)
        self.position = nn.Parameter(torch.randn(config.context, config.width) * 0.01)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width, config.epsilon)
        self.drop = nn.Identity()
        nn.init.normal_(self.embed.weight, std=0.02)
