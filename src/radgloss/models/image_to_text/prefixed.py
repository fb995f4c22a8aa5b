"""A causal block without a look at the memory: what is known stands before the words themselves.

Pseudo self-attention (arXiv 1908.06938, section 3): keys and values that come from elsewhere, by
projections of their own, are put before those of the words, and one softmax is over both. With
nothing before them it is a plain language model's block.
Shapes: B rows · T new tokens · L tokens so far · M tokens before them · D width · H heads · E width
of a head (D / H)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.nn import decoder
from radgloss.nn.decoder import CAUSAL, heads_of, joined

__all__ = ["PlainBlock", "PrefixBlock"]


class PlainBlock(nn.Module):
    """x + self(norm(x)), x + mlp(norm(x)); no memory."""

    def __init__(self, config: decoder.Config):
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x, n, cache, allowed):  # (B, T, D), place, Cache, (B or 1, 1, T, L) or none
        x = x + self.drop(self.out(joined(self.own(self.norm1(x), n, cache, allowed))))
        return x + self.drop(self.mlp(self.norm2(x)))

    def own(self, x, n, cache, allowed):  # (B, T, D) -> (B, H, T, E)
        q, k, v = (heads_of(y, self.heads) for y in self.qkv(x).chunk(3, -1))
        if allowed is CAUSAL:
            allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device)
            allowed = allowed.tril()[None, None]
        else:
            k, v = cache.written(n, k, v)
            q = q.to(k.dtype)  # as in `Block.own`
        return self.attended(q, k, v, allowed, cache, n)

    def attended(self, q, k, v, allowed, cache, n):  # (B, H, T, E), two of (B, H, L, E)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)


class PrefixBlock(PlainBlock):
    """Keys and values of a memory stand before those of the words, one projection for its first
    tokens and another for its last `tags`."""

    def __init__(self, config: decoder.Config, tags: int, pictures: bool):
        super().__init__(config)
        self.tags = tags
        self.of_pictures = nn.Linear(config.width, 2 * config.width) if pictures else None
        self.of_tags = nn.Linear(config.width, 2 * config.width) if tags else None

    def crossed(self, memory):  # (B, M, D) -> two of (B, H, M, E)
        parts = memory.split([memory.shape[1] - self.tags, self.tags], 1)
        told = [f(x) for f, x in zip((self.of_pictures, self.of_tags), parts, strict=True) if f]
        return tuple(heads_of(x, self.heads) for x in torch.cat(told, 1).chunk(2, -1))

    def attended(self, q, k, v, allowed, cache, n):
        crossed = cache.layers[n].crossed
        if crossed is None:
            return super().attended(q, k, v, allowed, cache, n)
        rows, _, new, _ = q.shape
        before, told = crossed
        if allowed is None:
            allowed = torch.ones(1, 1, new, k.shape[2], dtype=torch.bool, device=q.device)
        seen = cache.seen
        if seen is None:
            seen = torch.ones(rows, before.shape[2], dtype=torch.bool, device=q.device)
        mask = torch.cat(
            [seen[:, None, None].expand(-1, -1, new, -1), allowed.expand(rows, -1, -1, -1)], -1
        )  # (B, 1, T, M + L)
        k, v = torch.cat([before, k], 2), torch.cat([told, v], 2)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
