"""Reports of volumes: slices in their order, a relational memory, and what came before, CT2Rep
(arXiv 2403.06801).

The encoder reads a slice by itself, then each place of the slices along the stack with causal
attention: a slice knows those before it and none behind it. The decoder has a relational memory
(`relational`). CT2RepLong: every token asks an earlier volume and its report by cross-attention.
Unusual here: slices are the pictures of a study, each through the tower that all captioners share;
an earlier study is any earlier study. Three switches: `slices="alone"` leaves out the attention
along the stack, `writer="plain"` the relational memory, `prior` the earlier volume, its report, or
both.
Shapes: N pictures · B studies · F slices · Q tokens of a slice · M tokens of a study (F · Q) · T
tokens of text · D width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from radgloss.models.image_to_text.captioner import Captioner, side_of, told_apart, word_loss
from radgloss.models.image_to_text.knowledge import KnowledgeAttention
from radgloss.models.image_to_text.relational import RelationalDecoder
from radgloss.nn import decoder, resnet, vit
from radgloss.nn.transformer import Block

__all__ = ["VARIANTS", "Along", "Config", "Ct2Rep", "Objective", "build"]


@dataclass(frozen=True)
class Config:
    """slots: of the relational memory. prior: what is read of an earlier study. before: of its
    pictures, at most."""

    image: vit.Config | resnet.ResNetConfig
    text: decoder.Config
    side: int = 4
    pictures: int = 16
    slots: int = 3
    slices: Literal["causal", "alone"] = "causal"
    writer: Literal["relational", "plain"] = "relational"
    prior: Literal["none", "pictures", "report", "both"] = "none"
    before: int = 8


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug-conv"], decoder.VARIANTS["debug"]),
    "small": Config(vit.VARIANTS["small"], decoder.VARIANTS["small"]),
}


class Along(nn.Module):
    """Each place of the slices, read along the stack from the first slice on."""

    def __init__(self, width: int, heads: int, places: int):
        super().__init__()
        self.places = places
        self.block = Block(width, heads)

    def forward(self, x):  # (B, F · Q, D) -> (B, F · Q, D); padding lies behind, so nobody sees it
        many = x.shape[1] // self.places
        before = torch.ones(many, many, dtype=torch.bool, device=x.device).tril()[None]
        rows = rearrange(x, "b (f q) d -> (b q) f d", q=self.places)
        return rearrange(self.block(rows, before), "(b q) f d -> b (f q) d", q=self.places)


class Earlier(nn.Module):
    """What is told of an earlier study, or two vectors that say there is none."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.nothing = nn.Parameter(0.02 * torch.randn(2, width))
        self.attend = KnowledgeAttention(width, heads)

    def forward(self, x, told, mask):  # (B, M, D), (B, K, D), (B, K) -> (B, M, D)
        told = torch.cat([self.nothing.expand(len(x), -1, -1), told], 1)
        return self.attend(x, told, F.pad(mask, (2, 0), value=True))


class Ct2Rep(Captioner):
    """The captioner with slices in order, a relational memory, and an earlier study."""

    def __init__(self, config: Config):
        super().__init__(config)
        text, self.reads_earlier = config.text, config.prior != "none"
        if config.slices == "causal":
            self.along = Along(text.width, text.heads, side_of(config) ** 2)
        if config.writer == "relational":
            self.decoder = RelationalDecoder(text, config.slots)
        if config.prior in ("pictures", "both"):
            self.earlier_pictures = Earlier(text.width, text.heads)
        if config.prior in ("report", "both"):
            self.earlier_report = Earlier(text.width, text.heads)

    def volume(self, looks, study, place):  # (N, P, W), (N,), (N,) -> (B, M, D), (B, M)
        x, mask = self.studies(looks, study, place)
        return (self.along(x) if self.config.slices == "causal" else x), mask

    def remember(self, looks, study, place, prior=None):
        """prior: a `Batch` of earlier studies; its `study` says of which study each picture is the
        past, its `owner` of which study each text is."""
        x, mask = self.volume(looks, study, place)
        if self.config.prior in ("pictures", "both"):
            x = self.earlier_pictures(x, *self._pictures(prior, x))
        if self.config.prior in ("report", "both"):
            x = self.earlier_report(x, *self._report(prior, x))
        return x, mask

    def encode_images(self, images, study=None, place=None, prior=None):
        """As `Captioner.encode_images`, beside an earlier study where there is one."""
        return self.remember(self.look(images), *told_apart(images, study, place), prior)

    def _pictures(self, prior, x):  # -> (B, K, D), (B, K)
        if prior is None or not len(prior):
            return x[:, :0], x.new_zeros(len(x), 0, dtype=torch.bool)
        looks = prior.looks if prior.looks.numel() else self.look(prior.images)
        had, study = prior.study.unique(return_inverse=True)
        told, mask = self.volume(looks, study, prior.place)
        return _spread(told, mask, had, len(x))

    def _report(self, prior, x):  # -> (B, K, D), (B, K)
        if prior is None or not len(prior.owner):
            return x[:, :0], x.new_zeros(len(x), 0, dtype=torch.bool)
        places = torch.arange(prior.tokens.shape[1], device=x.device)
        told = self.decoder.embedded(prior.tokens, places)
        return _spread(told, prior.mask, prior.owner, len(x))


def _spread(told, mask, rows, many):  # (b, K, D), (b, K), (b,) -> (B, K, D), (B, K)
    """Rows of some studies among all of them."""
    all_told = told.new_zeros(many, *told.shape[1:]).index_copy(0, rows, told)
    all_mask = mask.new_zeros(many, mask.shape[1]).index_copy(0, rows, mask)
    return all_told, all_mask


class Objective(nn.Module):
    """Each token from those before it, the volume, and what came before."""

    def __init__(self, model: Ct2Rep):
        super().__init__()
        self.model = model

    def forward(self, batch):
        model = self.model
        looks = batch.looks if batch.looks.numel() else model.look(batch.images)
        memory, seen = model.remember(looks, batch.study, batch.place, batch.prior)
        logits = model.decoder(batch.tokens[:, :-1], memory[batch.owner], seen[batch.owner])
        return word_loss(logits, batch)


def build(config: Config) -> Ct2Rep:
    """The model of a config."""
    return Ct2Rep(config)
