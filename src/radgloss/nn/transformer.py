"""Pre-norm transformer: the block that image and text towers share, and the text tower.

Unusual here: text is read in both directions and averaged over its real tokens, so a caption's
vector does not depend on how far its batch was padded.
Shapes: B batch · T tokens · D width · O output width."""

from dataclasses import dataclass

import torch
from torch import nn

from radgloss.nn.attention import SelfAttention

__all__ = ["VARIANTS", "Block", "Config", "TextEncoder"]


@dataclass(frozen=True)
class Config:
    vocabulary: int = 2048
    context: int = 96  # longest text in tokens
    width: int = 128
    depth: int = 3
    heads: int = 4


VARIANTS = {
    "debug": Config(vocabulary=256, context=32, width=32, depth=1, heads=2),
    "small": Config(width=96, depth=2),
    "starter": Config(),
    "base": Config(vocabulary=30522, context=256, width=768, depth=12, heads=12),
}


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, width: int, heads: int, expansion: int = 4):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width)
        )

    def forward(self, x, mask=None):  # (B, T, D) -> (B, T, D)
        x = x + self.attention(self.norm1(x), mask)
        return x + self.mlp(self.norm2(x))


class TextEncoder(nn.Module):
    """Token numbers → one vector."""

    def __init__(self, config: Config, out: int):
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocabulary, config.width)
        self.position = nn.Parameter(torch.zeros(config.context, config.width))
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.centre = nn.BatchNorm1d(config.width, affine=False)  # as in vit.ViT.head
        self.project = nn.Linear(config.width, out, bias=False)
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.position, std=0.01)

    def states(self, tokens, mask):  # (B, T) int, (B, T) bool -> (B, T, D), after the last norm
        x = self.embed(tokens) + self.position[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)

    def pool(self, states, mask):  # (B, T, D), (B, T) -> (B, D), the mean of the real tokens
        return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def vector(self, pooled):  # (B, D) -> (B, O), centred over the batch
        return self.project(self.centre(pooled))

    def head(self, states, mask):  # (B, T, D), (B, T) -> (B, O)
        return self.vector(self.pool(states, mask))

    def forward(self, tokens, mask):  # (B, T) int, (B, T) bool -> (B, O)
        return self.head(self.states(tokens, mask), mask)
