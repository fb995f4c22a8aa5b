"""A causal transformer that looks at a memory (arXiv 1706.03762, section 3.1), pre-norm.

One act, `step`, reads one token or many: a whole report in training, a prompt when writing begins,
one token after that, several that were guessed. What was read before is a plain value (`nn.cache`),
and the keys and values of the memory are computed once a study, however many texts are written
about it.

Unusual here: rows of a step may bring different numbers of tokens (`counts`), padded on the right;
the padding is never looked at, whatever it holds. The output layer is the embedding (arXiv
1608.05859).
Shapes: B rows · T new tokens · L tokens before them · M tokens of memory · D width · H heads · E
width of a head (D / H) · V vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.nn.cache import empty

__all__ = ["VARIANTS", "Block", "Config", "Decoder"]

ROOM = 32  # tokens that a new cache has room for; it doubles


@dataclass(frozen=True)
class Config:
    """context: longest text in tokens. dropout: in training, of what each part adds."""

    vocabulary: int = 1024
    context: int = 512
    width: int = 192
    depth: int = 4
    heads: int = 6
    dropout: float = 0.0


VARIANTS = {
    "debug": Config(vocabulary=512, context=256, width=32, depth=2, heads=2),
    "small": Config(width=128, depth=3, heads=4),
    "starter": Config(dropout=0.1),
    "base": Config(vocabulary=8192, context=512, width=768, depth=6, heads=12, dropout=0.1),
}


def heads_of(x, heads):  # (B, T, H·E) -> (B, H, T, E)
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def joined(x):  # (B, H, T, E) -> (B, T, H·E)
    return x.transpose(1, 2).flatten(2)


class Block(nn.Module):
    """x + self(norm(x)), x + memory(norm(x)), x + mlp(norm(x))."""

    def __init__(self, config: Config):
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.ask = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.told = nn.Linear(width, width)
        self.norm3 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.drop = nn.Dropout(config.dropout)

    def crossed(self, memory):  # (B, M, D) -> two of (B, H, M, E)
        return tuple(heads_of(x, self.heads) for x in self.key_value(memory).chunk(2, -1))

    def forward(self, x, n, cache, allowed):  # (B, T, D), place, Cache or None -> (B, T, D)
        x = x + self.drop(self.own(self.norm1(x), n, cache, allowed))
        if cache.layers[n].crossed is not None:
            x = self.weighed(x, self.drop(self.across(self.norm2(x), n, cache)))
        return x + self.drop(self.mlp(self.norm3(x)))

    def weighed(self, words, seen):  # (B, T, D) each -> (B, T, D)
        """The words so far with what was seen; other architectures weigh them otherwise."""
        return words + seen

    def own(self, x, n, cache, allowed):  # (B, T, D) -> (B, T, D), over the tokens so far
        q, k, v = (heads_of(y, self.heads) for y in self.qkv(x).chunk(3, -1))
        if allowed is CAUSAL:
            return self.out(joined(F.scaled_dot_product_attention(q, k, v, is_causal=True)))
        k, v = cache.written(n, k, v)
        q = q.to(k.dtype)  # layers in fewer bits may give another type than is remembered
        return self.out(joined(F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)))

    def across(self, x, n, cache):  # (B, T, D) -> (B, T, D), over the memory
        q = heads_of(self.ask(x), self.heads)
        seen = None if cache.seen is None else cache.seen[:, None, None]
        crossed = cache.layers[n].crossed
        return self.told(joined(F.scaled_dot_product_attention(q, *crossed, attn_mask=seen)))


CAUSAL = "causal"  # every token sees those before it, and nothing is remembered


class Decoder(nn.Module):
    """Token numbers and a memory → logits of what comes next. block: makes each of its layers."""

    speak = None  # another layer for the last product, in fewer bits (`nn.turned`)

    def __init__(self, config: Config, block=Block):
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocabulary, config.width)
        self.position = nn.Parameter(torch.zeros(config.context, config.width))
        self.blocks = nn.ModuleList(block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.drop = nn.Dropout(config.dropout)
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.position, std=0.01)

    def begin(self, memory, mask=None, rows=0, room=ROOM):  # (B, M, D), (B, M) -> Cache
        """Nothing read yet; the memory's keys and values ready. Without a memory: of `rows`."""
        c = self.config
        if memory is None:
            like = self.embed.weight
            return empty(rows, c.depth, c.heads, c.width // c.heads, room, like)
        crossed = tuple(block.crossed(memory) for block in self.blocks)
        return empty(len(memory), c.depth, c.heads, c.width // c.heads, room, memory, crossed, mask)

    def step(self, tokens, cache, counts=None):  # (B, T) int -> (B, T, V), Cache
        """Read tokens behind those of the cache. counts: (B,) how many of each row are real; all
        of them where None. Logits of padding mean nothing."""
        new = tokens.shape[1]
        cache = cache.with_room(new)
        places = cache.lengths[:, None] + torch.arange(new, device=tokens.device)
        x = self.embedded(tokens, places)
        allowed = cache.allowed(new)
        for n, block in enumerate(self.blocks):
            x = block(x, n, cache, allowed)
        return self.logits(x), cache.grown(new if counts is None else counts)

    def forward(self, tokens, memory, mask=None):  # (B, T), (B, M, D), (B, M) -> (B, T, V)
        """All at once, as in training: no token sees one behind it, so padding on the right needs
        no mask."""
        cache = self.begin(memory, mask, rows=len(tokens), room=0)
        x = self.embedded(tokens, torch.arange(tokens.shape[1], device=tokens.device))
        for n, block in enumerate(self.blocks):
            x = block(x, n, cache, CAUSAL)
        return self.logits(x)

    def embedded(self, tokens, places):  # (B, T), (B or 1, T) -> (B, T, D)
        last = self.config.context - 1  # padding behind a full row may lie outside
        return self.drop(self.embed(tokens) + self.position[places.clamp(max=last)])

    def logits(self, x):  # (B, T, D) -> (B, T, V)
        return self.spoken(self.norm(x))

    def spoken(self, x):  # (B, T, D) -> (B, T, V)
        if self.speak is not None:
            return self.speak(x)
        return F.linear(x, self.embed.weight)
