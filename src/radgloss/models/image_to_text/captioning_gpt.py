"""A captioner that attends while it writes, and a language model that goes on (Selivanov et al.,
Scientific Reports 13, 4171: Show-Attend-Tell, arXiv 1502.03044, with a GPT).

The first `first` tokens of a section are drawn from the joint distribution of both, the product of
what the captioner expects (a recurrent network that looks at the pictures anew for every word) and
what the language model expects. From then on the language model writes alone: it sees no picture,
only the words so far, so all that it knows of the patient is what the first stage said.
Unusual here: both are trained together; a section's mark begins its first stage, and what stands
before the mark is read by the language model alone; the captioner is an LSTM over pieces, whose
state of every token is kept in the cache like keys, so rewinding and choosing rows work as for
every other architecture. `stages="language"` leaves out the first stage, `"captioner"` lets it
write to the end with the language model beside it.
Shapes: B rows · T new tokens · L tokens so far · M tokens of memory · D width · V vocabulary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.image_to_text.captioner import Captioner, word_loss
from radgloss.models.image_to_text.prefixed import PlainBlock
from radgloss.nn import decoder, resnet, vit
from radgloss.nn.cache import Layer

__all__ = ["SECTIONS", "VARIANTS", "Attentive", "CaptioningGpt", "Config", "Objective", "build"]

SECTIONS = (6, 11)  # the first and last of the marks that begin a text (`text.tokenizer.MARKS`)
LATE = 1.0e4  # tokens since a section began, where none has


@dataclass(frozen=True)
class Config:
    """first: tokens of a section that the first stage writes."""

    image: vit.Config | resnet.ResNetConfig
    text: decoder.Config
    side: int = 4
    pictures: int = 12
    first: int = 32
    stages: Literal["both", "captioner", "language"] = "both"


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug-conv"], decoder.VARIANTS["debug"], first=32),
    "small": Config(vit.VARIANTS["small"], decoder.VARIANTS["small"]),
}


def begun(tokens):  # (…) int -> (…) bool: whether a text begins here
    return (tokens >= SECTIONS[0]) & (tokens <= SECTIONS[1])


class Attentive(nn.Module):
    """Show, attend and tell: for every word, where to look, and what to expect next.

    Its state is (hidden, cell), one vector of 2 · D a row."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.keys = nn.Linear(width, width)
        self.ask = nn.Linear(width, width)
        self.weigh = nn.Linear(width, 1, bias=False)
        self.begin = nn.Linear(width, 2 * width)
        self.cell = nn.LSTMCell(2 * width, width)
        self.out = nn.Linear(2 * width, width)

    def first(self, memory, mask):  # (B, M, D), (B, M) -> (B, 2 · D), from the mean token
        mean = (memory * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return self.begin(mean).tanh()

    def keyed(self, memory):  # (B, M, D) -> two of (B, M, D): keys, and what is looked at
        memory = self.norm(memory)
        return self.keys(memory), memory

    def forward(self, x, state, keys, values, mask):  # (B, D), (B, 2 · D), …
        """One word: what to expect (B, D), the new state, and where it looked (B, M)."""
        hidden, cell = state.chunk(2, -1)
        scores = self.weigh((keys + self.ask(hidden)[:, None]).tanh())[..., 0]  # additive, eq. 4
        looked = scores.masked_fill(~mask, -torch.inf).softmax(-1)
        context = (looked[..., None] * values).sum(1)
        hidden, cell = self.cell(torch.cat([x, context], -1), (hidden, cell))
        said = self.out(torch.cat([hidden, context], -1))
        return said, torch.cat([hidden, cell], -1), looked


class CaptioningGpt(Captioner):
    """A tower, a captioner that attends, and a language model that is blind."""

    def __init__(self, config: Config):
        super().__init__(config, PlainBlock)
        if config.stages != "language":
            self.attentive = Attentive(config.text.width)

    def begin(self, memory, mask=None):  # (B, M, D), (B, M) -> Cache
        """The language model's cache, and one layer more of one head: the captioner's state after
        each token in `keys`, before any in `values`, and what it looks at in `crossed`."""
        cache = self.decoder.begin(None, rows=len(memory))
        if mask is None:
            mask = memory.new_ones(memory.shape[:2], dtype=torch.bool)
        if self.config.stages == "language":
            return replace(cache, seen=mask)
        state = self.started(memory, mask)[:, None, None]  # (B, 1, 1, 2 · D + 1)
        states = state.repeat(1, 1, cache.layers[0].keys.shape[2], 1)
        crossed = tuple(x[:, None] for x in self.attentive.keyed(memory))
        layers = (*cache.layers, Layer(states, states.clone(), crossed))
        return replace(cache, layers=layers, seen=mask)

    def started(self, memory, mask):  # -> (B, 2 · D + 1): the state, and no section begun
        first = self.attentive.first(memory, mask)
        return torch.cat([first, first.new_full((len(first), 1), LATE)], 1)

    def step(self, tokens, memory=None, mask=None, cache=None, counts=None):
        """As `Captioner.step`."""
        cache = self.begin(memory, mask) if cache is None else cache
        if self.config.stages == "language":
            return self.decoder.step(tokens, cache, counts)
        cache = cache.with_room(tokens.shape[1])
        own, rows = cache.layers[-1], torch.arange(len(tokens))
        last = own.keys[rows, 0, (cache.lengths - 1).clamp(min=0)]
        state = torch.where((cache.lengths == 0)[:, None], own.values[:, 0, 0], last)
        seen = (*(x[:, 0] for x in own.crossed), cache.seen)
        said, fresh, states, _ = self.unrolled(tokens, state, own.values[:, 0, 0], *seen)
        columns = cache.lengths[:, None] + torch.arange(tokens.shape[1])
        own.keys[rows[:, None], 0, columns] = states.to(own.keys.dtype)
        logits, further = self.decoder.step(tokens, cache, counts)
        return logits + self.expected(said, fresh), further

    def forward(self, tokens, memory, mask):  # (B, T), (B, M, D), (B, M) -> (B, T, V)
        """All at once, as in training; the captioner is run as long as its stage lasts."""
        logits = self.decoder(tokens, None)
        if self.config.stages == "language":
            return logits
        columns, real = self.stage(tokens)  # (B, N) each
        seen = (*self.attentive.keyed(memory), mask)
        start = self.started(memory, mask)
        said, fresh, _, _ = self.unrolled(tokens.gather(1, columns), start, start, *seen)
        expected = self.expected(said, fresh & real)
        return logits.scatter_add(1, columns[..., None].expand_as(expected), expected)

    def stage(self, tokens):  # (B, T) -> two of (B, N): columns of the first stage, which are real
        """From the mark that begins the text; N is `first`, or as long as texts are."""
        many, begins = tokens.shape[1], begun(tokens)
        mark = (begins * torch.arange(many, device=tokens.device)).amax(1, keepdim=True)
        lasts = many if self.config.stages == "captioner" else min(self.config.first, many)
        columns = mark + torch.arange(lasts, device=tokens.device)
        return columns.clamp(max=many - 1), (columns < many) & begins.any(1, keepdim=True)

    def unrolled(self, tokens, state, start, keys, values, mask):
        """Word by word from a state, or from `start` where a text begins: (B, T, D) what the
        captioner expects, (B, T) bool whether it may speak, (B, T, 2 · D + 1) its states, (B, T, M)
        where it looked."""
        said, fresh, states, looked = [], [], [], []
        embedded = self.decoder.embed(tokens)
        for x, begins in zip(embedded.unbind(1), begun(tokens).unbind(1), strict=True):
            state = torch.where(begins[:, None], start, state)
            since = torch.where(begins, 0.0, state[:, -1] + 1)
            word, own, where = self.attentive(x, state[:, :-1], keys, values, mask)
            state = torch.cat([own, since[:, None]], 1)
            speaks = since < self.config.first
            fresh.append(torch.ones_like(speaks) if self.config.stages == "captioner" else speaks)
            said.append(word)
            states.append(state)
            looked.append(where)
        return tuple(torch.stack(many, 1) for many in (said, fresh, states, looked))

    def expected(self, said, fresh):  # (B, T, D), (B, T) -> (B, T, V)
        """What is added to the language model's logits where the captioner speaks: the product of
        both distributions."""
        return F.linear(said, self.decoder.embed.weight) * fresh[..., None]

    def where(self, tokens, memory, mask):  # (B, T), (B, M, D), (B, M) -> (B, T, M)
        """A heat map for every word: where the captioner looked when it had read it, to expect the
        next. The rows sum to one over what may be looked at."""
        seen, start = (*self.attentive.keyed(memory), mask), self.started(memory, mask)
        return self.unrolled(tokens, start, start, *seen)[3]


class Objective(nn.Module):
    """Each token by the distribution of its stage."""

    def __init__(self, model: CaptioningGpt):
        super().__init__()
        self.model = model

    def forward(self, batch):
        looks = batch.looks if batch.looks.numel() else self.model.look(batch.images)
        memory, seen = self.model.remember(looks, batch.study, batch.place)
        logits = self.model(batch.tokens[:, :-1], memory[batch.owner], seen[batch.owner])
        return word_loss(logits, batch)


def build(config: Config) -> CaptioningGpt:
    """The model of a config."""
    return CaptioningGpt(config)
