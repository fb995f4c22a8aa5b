"""Predicting the words of a caption from its picture: what CLIP is compared with (arXiv 2103.00020,
section 2.3 and figure 2, "bag of words prediction").

The same picture tower, and no contrast between texts: each word of the vocabulary is a class, and
the target is spread evenly over the words that were said. A text's vector is the mean of its words'
rows, so that the model can be asked in words like the others.
Shapes: B images · M texts · C channels · S side · T tokens · V words · D shared width."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.alignment.towers import ByRows, Towers
from radgloss.nn import vit

__all__ = ["VARIANTS", "Bagged", "Config", "Objective", "Words", "build"]


@dataclass(frozen=True)
class Words:
    """Length and vocabulary of the texts; words have no order."""

    vocabulary: int = 256
    context: int = 64


@dataclass(frozen=True)
class Config:
    image: vit.Config
    text: Words
    width: int = 128
    temperature: float = 0.07  # at the start; learned


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug"], Words(), width=32),
    "small": Config(vit.VARIANTS["small"], Words()),
}


class Bag(nn.Module):
    """A row for each word; a text is the mean of its rows."""

    def __init__(self, config: Words, out: int):
        super().__init__()
        self.table = nn.Embedding(config.vocabulary, out)
        nn.init.normal_(self.table.weight, std=out**-0.5)

    def states(self, tokens, mask):  # (M, T), (M, T) -> (M, T, D)
        return self.table(tokens)

    def pool(self, states, mask):  # (M, T, D), (M, T) -> (M, D)
        said = mask[..., None].to(states.dtype)
        return (states * said).sum(1) / said.sum(1).clamp(min=1)

    def vector(self, read):  # (M, D) -> (M, D)
        return read

    def forward(self, tokens, mask):  # (M, T), (M, T) -> (M, D)
        return self.pool(self.states(tokens, mask), mask)


class Bagged(Towers):
    """A picture tower and a table of words."""

    def __init__(self, config: Config):
        image = vit.ViT(config.image, out=config.width)
        super().__init__(config, image, Bag(config.text, config.width))
        self.log_scale = nn.Parameter(torch.tensor(-log(config.temperature)))

    def words(self, x):  # (B, D) -> (B, V), the log-odds of each word, up to one constant
        return self.scale * x @ self.text.table.weight.T


class Objective(ByRows):
    """Each image says which words its texts hold."""

    def loss(self, batch, described, read):
        x, _ = self.vectors(described, read)
        logits = self.model.words(x)  # (B, V)
        said = _said(batch, len(x), logits.shape[1])
        loss = F.kl_div(logits.log_softmax(1), said, reduction="batchmean")  # 0 at best
        top1 = said.gather(1, logits.argmax(1, keepdim=True)).gt(0).float().mean()
        return loss, {"top1": top1.detach(), "scale": self.model.scale.detach()}


def _said(batch, images, vocabulary):  # -> (B, V), rows sum to 1 over the words of own texts
    paired = batch.owner >= 0
    tokens, mask = batch.tokens[paired], batch.mask[paired]
    owner = batch.owner[paired][:, None].expand_as(tokens)
    said = torch.zeros(images, vocabulary, device=tokens.device)
    said[owner[mask], tokens[mask]] = 1.0
    return said / said.sum(1, keepdim=True).clamp(min=1)


def build(config: Config) -> Bagged:
    """The model of a config; every architecture has this one door."""
    return Bagged(config)
