"""Encoder–decoder transformer that writes reports (arXiv 1706.03762 over arXiv 2010.11929).

Unusual here: all pictures of a study are one memory; each section is a text of its own, begun by
what is known beforehand (examination, indication) and its section's mark, and the loss counts the
section's own words alone. The tower may be the vision transformer or the residual network that
alignment has, so a trained one goes on here.
Shapes: N pictures · B studies · R texts · T tokens · P tokens of a picture · M tokens of a study ·
W width of the tower · D width · V vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.image_to_text.studies import Studies, coarser
from radgloss.nn import decoder, resnet, vit
from radgloss.nn.decoder import Block, Decoder
from radgloss.nn.tower import headless

__all__ = [
    "VARIANTS",
    "Captioner",
    "Config",
    "Objective",
    "build",
    "side_of",
    "some_of",
    "told_apart",
    "word_loss",
]


@dataclass(frozen=True)
class Config:
    """side: of the grid of a picture's tokens that the decoder looks at; more are averaged.
    pictures: of a study, at most (`preprocess.laid_out`). unseen: share of the memory that is
    hidden from each text in training, so that a report is not known by one token of its pictures.
    """

    image: vit.Config | resnet.ResNetConfig
    text: decoder.Config
    side: int = 4
    pictures: int = 32
    unseen: float = 0.0


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug-conv"], decoder.VARIANTS["debug"], pictures=4),
    "debug-cnn": Config(resnet.VARIANTS["debug"], decoder.VARIANTS["debug"], pictures=4),
    "small": Config(vit.VARIANTS["small"], decoder.VARIANTS["small"], pictures=12),
    "small-cnn": Config(resnet.VARIANTS["small"], decoder.VARIANTS["small"], pictures=12),
    "starter": Config(vit.VARIANTS["starter"], decoder.VARIANTS["starter"], unseen=0.2),
    "base": Config(vit.VARIANTS["base"], decoder.VARIANTS["base"], side=14),
}


class Captioner(nn.Module):
    """A tower, what joins its pictures to studies, and a decoder. block: of the decoder."""

    reads_earlier = False  # whether `remember` takes an earlier study (`prior`)

    def __init__(self, config: Config, block=Block):
        super().__init__()
        self.config = config
        self.image = headless(config.image)
        self.studies = Studies(config.image.width, config.text.width, side_of(config))
        self.decoder = Decoder(config.text, block)

    def look(self, images):  # (N, C, S, S) -> (N, P, W)
        """What one picture says, whatever lies beside it; may be kept while the tower is frozen."""
        return coarser(self.image.tokens(images), self.config.side)

    def describe(self, images):  # (N, C, S, S) -> (N, W)
        """The mean token, which the outlier score needs."""
        return self.look(images).mean(1)

    def from_description(self, described):  # (N, W) -> (N, W), unit length
        """Pictures alike lie close; words have no place in this space."""
        return F.normalize(described, dim=-1)

    def encode_image(self, images):  # (N, C, S, S) -> (N, W), unit length
        return self.from_description(self.describe(images))

    def remember(self, looks, study, place):  # (N, P, W), (N,), (N,) -> (B, M, D), (B, M)
        """The memory of studies from what `look` returned."""
        return self.studies(looks, study, place)

    def encode_images(self, images, study=None, place=None):  # -> (B, M, D), (B, M) bool
        """Every picture is a study of its own where `study` is None."""
        return self.remember(self.look(images), *told_apart(images, study, place))

    def begin(self, memory, mask=None):  # (B, M, D), (B, M) -> Cache
        return self.decoder.begin(memory, mask)

    def step(self, tokens, memory=None, mask=None, cache=None, counts=None):
        """(R, T) tokens behind those of the cache → (R, T, V) logits of what follows each, Cache.

        counts: (R,) how many of each row are real. Without a cache the memory begins one."""
        cache = self.begin(memory, mask) if cache is None else cache
        return self.decoder.step(tokens, cache, counts)


def side_of(config):
    """Of the grid that is looked at: never finer than the tower's own."""
    stride = getattr(config.image, "stride", None) or config.image.stem.stride
    return min(config.side, config.image.size // stride)


def told_apart(images, study, place):
    """Which study each picture is of, (N,) int64, and where it stood in it, (N,) float."""
    if study is None:
        study = torch.arange(len(images), device=images.device)
    if place is None:
        place = images.new_zeros(len(images))
    return study, place


class Objective(nn.Module):
    """Each token from those before it and the pictures; only those that the batch names count."""

    def __init__(self, model: Captioner):
        super().__init__()
        self.model = model

    def forward(self, batch):
        looks = batch.looks if batch.looks.numel() else self.model.look(batch.images)
        memory, seen = self.model.remember(looks, batch.study, batch.place)
        memory, seen = memory[batch.owner], seen[batch.owner]
        if self.training and self.model.config.unseen:
            seen = some_of(seen, self.model.config.unseen)
        return word_loss(self.model.decoder(batch.tokens[:, :-1], memory, seen), batch)


def some_of(seen, unseen):  # (R, M) bool, share -> (R, M) bool; the first token always stays
    kept = torch.rand(seen.shape, device=seen.device) >= unseen
    kept[:, 0] = True
    return seen & kept


def word_loss(logits, batch):  # (R, T - 1, V), Batch -> loss, logs
    """The mean cross-entropy of a token that counts, and how many of them were the likeliest."""
    wanted, counted = batch.tokens[:, 1:], batch.hidden[:, 1:]
    logits, wanted = logits[counted], wanted[counted]  # (tokens that count, V)
    loss = F.cross_entropy(logits.float(), wanted)
    right = (logits.argmax(-1) == wanted).float().mean()
    return loss, {"right": right.detach()}


def build(config: Config) -> Captioner:
    """The model of a config; every architecture has this one door."""
    return Captioner(config)
