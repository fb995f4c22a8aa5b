"""A decoder with a relational memory that conditions its layer norms (R2Gen, arXiv 2010.16056).

A few slots are carried from word to word: they ask themselves and the word just read, and gates
decide what is kept (equations 5 to 10). In every block the slots shift the scale and the offset of
the layer norms (MCLN, equations 11 to 13), so what reports repeat is remembered outside the words.
Unusual here: the slots after every token are kept in the cache like keys, so the memory is not run
over the whole text again for each new token, and rewinding works as elsewhere.
Shapes: B rows · T new tokens · S slots · D width."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.nn import decoder
from radgloss.nn.cache import Layer
from radgloss.nn.decoder import CAUSAL, ROOM, Block, Decoder, heads_of, joined

__all__ = ["ConditionalNorm", "MemoryBlock", "RelationalDecoder", "RelationalMemory"]


class RelationalMemory(nn.Module):
    """Slots (B, S, D) that read one word (B, D) at a time."""

    def __init__(self, width: int, slots: int, heads: int):
        super().__init__()
        self.slots, self.heads = slots, heads
        self.start = nn.Parameter(torch.eye(slots, width))
        self.ask = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.told = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.of_word = nn.Linear(width, 2 * width)
        self.of_slots = nn.Linear(width, 2 * width)

    def forward(self, slots, word):  # (B, S, D), (B, D) -> (B, S, D)
        word = word[:, None]
        both = torch.cat([slots, word], 1)
        q = heads_of(self.ask(slots), self.heads)
        k, v = (heads_of(x, self.heads) for x in self.key_value(both).chunk(2, -1))
        new = slots + self.told(joined(F.scaled_dot_product_attention(q, k, v)))
        new = new + self.mlp(new)
        forget, take = (self.of_word(word) + self.of_slots(slots.tanh())).sigmoid().chunk(2, -1)
        return forget * slots + take * new.tanh()

    def over(self, words, slots):  # (B, T, D), (B, S · D) -> (B, T, S · D): after each word
        slots = slots.reshape(len(slots), self.slots, -1)
        after = []
        for word in words.unbind(1):
            slots = self(slots, word)
            after.append(slots.flatten(1))
        return torch.stack(after, 1)


class ConditionalNorm(nn.Module):
    """A layer norm whose scale and offset the slots shift."""

    def __init__(self, width: int, told: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.shift = nn.Linear(told, 2 * width)
        nn.init.normal_(self.shift.weight, std=0.002)
        nn.init.zeros_(self.shift.bias)

    def forward(self, x, told):  # (B, T, D), (B, T, S · D) -> (B, T, D)
        scale, offset = self.shift(told).chunk(2, -1)
        plain = F.layer_norm(x, x.shape[-1:])
        return self.norm(x) + scale * plain + offset


class MemoryBlock(Block):
    """`Block` with conditional norms."""

    def __init__(self, config: decoder.Config, slots: int):
        super().__init__(config)
        told = slots * config.width
        self.norm1, self.norm2, self.norm3 = (ConditionalNorm(config.width, told) for _ in range(3))

    def forward(self, x, n, cache, allowed, told):  # (B, T, D), …, (B, T, S · D) -> (B, T, D)
        x = x + self.drop(self.own(self.norm1(x, told), n, cache, allowed))
        if cache.layers[n].crossed is not None:
            x = x + self.drop(self.across(self.norm2(x, told), n, cache))
        return x + self.drop(self.mlp(self.norm3(x, told)))


class RelationalDecoder(Decoder):
    """`Decoder` with a relational memory beside its keys; the cache has one layer more for it."""

    def __init__(self, config: decoder.Config, slots: int):
        super().__init__(config, lambda c: MemoryBlock(c, slots))
        self.memory = RelationalMemory(config.width, slots, config.heads)

    def begin(self, memory, mask=None, rows=0, room=ROOM):  # -> Cache
        cache = super().begin(memory, mask, rows, room)
        told = self.memory.start.numel()
        like = cache.layers[0].keys
        states = like.new_zeros(len(cache), 1, like.shape[2], told)
        own = Layer(states, states[..., :1].clone())
        return replace(cache, layers=(*cache.layers, own))

    def step(self, tokens, cache, counts=None):
        new, rows = tokens.shape[1], torch.arange(len(tokens))
        cache = cache.with_room(new)
        states = cache.layers[-1].keys
        places = cache.lengths[:, None] + torch.arange(new, device=tokens.device)
        last = states[rows, 0, (cache.lengths - 1).clamp(min=0)]
        begun = (cache.lengths > 0)[:, None]
        told = self.memory.over(
            self.embed(tokens), torch.where(begun, last, self.memory.start.flatten())
        )
        states[rows[:, None], 0, places] = told.to(states.dtype)
        x, allowed = self.embedded(tokens, places), cache.allowed(new)
        for n, block in enumerate(self.blocks):
            x = block(x, n, cache, allowed, told)
        return self.logits(x), cache.grown(new if counts is None else counts)

    def forward(self, tokens, memory, mask=None):
        cache = super().begin(memory, mask, rows=len(tokens), room=0)
        start = self.memory.start.flatten().expand(len(tokens), -1)
        told = self.memory.over(self.embed(tokens), start)
        x = self.embedded(tokens, torch.arange(tokens.shape[1], device=tokens.device))
        for n, block in enumerate(self.blocks):
            x = block(x, n, cache, CAUSAL, told)
        return self.logits(x)
