"""Text towers as published checkpoints have them: CLIP's, SigLIP's and BERT.

Each has its own way with padding, and each goes wrong with another's. CLIP (arXiv 2103.00020,
section 2.4) reads from left to right and speaks at its end token, so what follows cannot matter.
SigLIP (arXiv 2303.15343) reads both ways and speaks at the last place of a text that is always
padded to its full length: padding is part of what it learned, so the tower fills it in itself and
no batch can leave it out. BERT (arXiv 1810.04805) reads both ways and must not look at padding.
Shapes: B batch · T tokens · D width · O output width."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.nn.layers import Layers, PostNorm, PreNorm, stack

__all__ = ["TOWERS", "BertTextConfig", "CausalTextConfig", "PaddedTextConfig"]


@dataclass(frozen=True)
class CausalTextConfig:
    vocabulary: int
    context: int
    layers: Layers
    out: int = 512
    bias: bool = False  # of the projection


@dataclass(frozen=True)
class PaddedTextConfig:
    """pad: the token that fills a text up to `context`."""

    vocabulary: int
    context: int
    layers: Layers
    out: int = 768
    bias: bool = True
    pad: int = 1


@dataclass(frozen=True)
class BertTextConfig:
    """context: longest text; positions: rows of the position table, of which it uses the first.

    pool: "first" (the token [CLS]), "mean" (of real tokens) or "pooler" (BERT's own dense layer).
    hidden: width inside the projection, 0 where it is one matrix."""

    vocabulary: int
    context: int
    layers: Layers
    out: int = 512
    positions: int = 512
    pool: str = "first"
    hidden: int = 0


class CausalText(nn.Module):
    """Left to right; the vector of the last real token, which is the end token."""

    def __init__(self, config: CausalTextConfig):
        super().__init__()
        self.config = config
        width = config.layers.width
        self.embed = nn.Embedding(config.vocabulary, width)
        self.position = nn.Parameter(torch.randn(config.context, width) * 0.01)
        self.layers = stack(PreNorm, config.layers)
        self.norm = nn.LayerNorm(width, config.layers.epsilon)
        self.project = nn.Linear(width, config.out, bias=config.bias)
        nn.init.normal_(self.embed.weight, std=0.02)

    def forward(self, tokens, mask):  # (B, T) int, (B, T) bool -> (B, O)
        length = tokens.shape[1]
        x = self.embed(tokens) + self.position[:length]
        place = torch.arange(length, device=tokens.device)
        before = place[None, :] <= place[:, None]  # (T, T), not after oneself
        for layer in self.layers:
            x = layer(x, before[None])
        end = mask.long().sum(1, keepdim=True) - 1  # (B, 1)
        last = (place[None] == end).to(x.dtype)[..., None]  # (B, T, 1)
        return self.project(self.norm((x * last).sum(1)))


class PaddedText(nn.Module):
    """Both ways over a text filled to its full length; the vector of the last place."""

    def __init__(self, config: PaddedTextConfig):
        super().__init__()
        self.config = config
        width = config.layers.width
        self.embed = nn.Embedding(config.vocabulary, width)
        self.position = nn.Parameter(torch.randn(config.context, width) * 0.01)
        self.layers = stack(PreNorm, config.layers)
        self.norm = nn.LayerNorm(width, config.layers.epsilon)
        self.project = nn.Linear(width, config.out, bias=config.bias)
        nn.init.normal_(self.embed.weight, std=0.02)

    def forward(self, tokens, mask):  # (B, T) int, (B, T) bool -> (B, O)
        filled = torch.where(mask, tokens, self.config.pad)
        filled = F.pad(filled, (0, self.config.context - tokens.shape[1]), value=self.config.pad)
        x = self.embed(filled) + self.position
        for layer in self.layers:
            x = layer(x)
        return self.project(self.norm(x[:, -1]))


class BertText(nn.Module):
    """Both ways over the real tokens. The embedding of the first token type, the only one that a
    single text has, is part of `position`."""

    def __init__(self, config: BertTextConfig):
        super().__init__()
        self.config = config
        width = config.layers.width
        self.embed = nn.Embedding(config.vocabulary, width)
        self.position = nn.Parameter(torch.randn(config.positions, width) * 0.02)
        self.first_norm = nn.LayerNorm(width, config.layers.epsilon)
        self.layers = stack(PostNorm, config.layers)
        if config.pool == "pooler":
            self.pooler = nn.Linear(width, width)
        self.project = _projection(width, config.hidden, config.out)
        nn.init.normal_(self.embed.weight, std=0.02)

    def forward(self, tokens, mask):  # (B, T) int, (B, T) bool -> (B, O)
        x = self.first_norm(self.embed(tokens) + self.position[: tokens.shape[1]])
        for layer in self.layers:
            x = layer(x, mask)
        return self.project(self._pooled(x, mask))

    def _pooled(self, x, mask):  # (B, T, D) -> (B, D)
        if self.config.pool == "mean":
            real = mask[..., None].to(x.dtype)
            return (x * real).sum(1) / real.sum(1)
        first = x[:, 0]
        return torch.tanh(self.pooler(first)) if self.config.pool == "pooler" else first


def _projection(width: int, hidden: int, out: int) -> nn.Module:
    if not hidden:
        return nn.Linear(width, out, bias=False)
    return nn.Sequential(
        nn.Linear(width, hidden, bias=False), nn.GELU(), nn.Linear(hidden, out, bias=False)
    )


TOWERS: dict[type, type[nn.Module]] = {
    CausalTextConfig: CausalText,
    PaddedTextConfig: PaddedText,
    BertTextConfig: BertText,
}
