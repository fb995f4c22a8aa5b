"""Masked word modelling: guess the hidden words from those around them (BERT, arXiv 1810.04805).

Unusual here: a hidden word is a learned vector in place of its own, so the vocabulary needs no word
for it, and none is swapped for another; which are hidden comes with the batch
(`data.feeds.hidden`), whole words at a time. With every word hidden nothing but place and length is
left to guess from: the ablation, whose best loss is the entropy of the words at each place.
Shapes: B texts · T tokens · V vocabulary · W width of the tower."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.nn import transformer

__all__ = ["VARIANTS", "Config", "MaskedWords", "Objective", "build"]


@dataclass(frozen=True)
class Config:
    text: transformer.Config = transformer.Config()


VARIANTS = {"debug": Config(transformer.VARIANTS["debug"]), "small": Config()}


class MaskedWords(nn.Module):
    """A text tower that guesses words with the table it reads them by."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.text = transformer.TextEncoder(config.text, out=1)
        self.text.centre, self.text.project = nn.Identity(), nn.Identity()
        self.hidden = nn.Parameter(torch.zeros(config.text.width))
        self.last = nn.Sequential(
            nn.Linear(config.text.width, config.text.width), nn.GELU(),
            nn.LayerNorm(config.text.width),
        )  # fmt: skip
        self.bias = nn.Parameter(torch.zeros(config.text.vocabulary))
        nn.init.normal_(self.hidden, std=0.02)

    def encode_text(self, tokens, mask):  # (B, T), (B, T) -> (B, W), unit length
        return F.normalize(self.text(tokens, mask), dim=-1)

    def forward(self, tokens, mask, hidden):  # (B, T) each -> (B, T, V): a logit for every word
        x = self.text.embed(tokens)
        x = torch.where(hidden[..., None], self.hidden.to(x.dtype), x)
        x = x + self.text.position[: tokens.shape[1]]
        for block in self.text.blocks:
            x = block(x, mask)
        return F.linear(self.last(self.text.norm(x)), self.text.embed.weight, self.bias)


class Objective(nn.Module):
    """Cross-entropy on the words that were asked for (section 3.1, task 1)."""

    def __init__(self, model: MaskedWords):
        super().__init__()
        self.model = model

    def forward(self, batch):
        logits = self.model(batch.tokens, batch.mask, batch.hidden)
        guessed, truth = logits[batch.hidden].float(), batch.tokens[batch.hidden]
        loss = F.cross_entropy(guessed, truth)
        return loss, {"top1": (guessed.argmax(1) == truth).float().mean()}


def build(config: Config) -> MaskedWords:
    """The model of a config; every architecture has this one door."""
    return MaskedWords(config)
