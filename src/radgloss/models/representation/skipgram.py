"""Word vectors by skip-gram with negative sampling (arXiv 1310.4546).

A word is to tell its neighbours from words drawn at random. Unusual here: the random words come
with the batch (`data.feeds.neighbours`: a word, its neighbour, the noise), so a step is a function
of its number; and the vectors that are kept are the words' own, not those of the contexts.
Where width does not hold it back, w·c = log P(c | w) − log P_noise(c) − log K at the optimum
(Levy and Goldberg 2014, section 3.1): the test of this file.
Shapes: B pairs of words · K noise words · V vocabulary · D width · T words of a text."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

__all__ = ["VARIANTS", "Config", "Objective", "SkipGram", "Words", "build"]


@dataclass(frozen=True)
class Words:
    """vocabulary: how many words have a vector. context: longest text in words."""

    vocabulary: int = 2048
    context: int = 256


@dataclass(frozen=True)
class Config:
    text: Words = Words()
    width: int = 64


VARIANTS = {"debug": Config(Words(vocabulary=256, context=32), width=16), "small": Config()}


class SkipGram(nn.Module):
    """Two tables: a word as itself, and as somebody's neighbour."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.own = nn.Embedding(config.text.vocabulary, config.width)
        self.near = nn.Embedding(config.text.vocabulary, config.width)
        nn.init.uniform_(self.own.weight, -0.5 / config.width, 0.5 / config.width)
        nn.init.uniform_(self.near.weight, -0.5 / config.width, 0.5 / config.width)

    def forward(self, words, others):  # (B,), (B, K) -> (B, K): the scores w·c
        return torch.einsum("bd,bkd->bk", self.own(words), self.near(others))

    def encode_text(self, tokens, mask):  # (B, T), (B, T) -> (B, D), unit length
        """The mean vector of the words of a text."""
        mean = (self.own(tokens) * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return F.normalize(mean, dim=-1)


class Objective(nn.Module):
    """Neighbours are neighbours, and noise is noise (eq. 4)."""

    def __init__(self, model: SkipGram):
        super().__init__()
        self.model = model

    def forward(self, batch):
        word, others = batch.tokens[:, 0], batch.tokens[:, 1:]
        scores = self.model(word, others)  # (B, 1 + K)
        true, noise = scores[:, 0], scores[:, 1:]
        loss = F.softplus(-true) + F.softplus(noise).sum(1)
        top1 = (true[:, None] > noise).all(1).float().mean()
        return loss.mean(), {"top1": top1.detach()}


def build(config: Config) -> SkipGram:
    """The model of a config; every architecture has this one door."""
    return SkipGram(config)
