"""Pictures and weighted tags stand before the words in every layer, CDGPT2 (Alfarghaly et al.,
Informatics in Medicine Unlocked 24, 100557).

A classifier says how likely each finding ("tag") is; its embedding, weighted by that probability,
and the pictures' tokens give keys and values before the decoder's own (pseudo self-attention).
Unusual here: tags are the project's own findings, their embeddings are learned, and the classifier
learns with the words from what the batch knows of the study (`facts`). Three switches: `told`
leaves out the tags or the pictures; `weights="one"` leaves out the probabilities, so that every tag
is told alike.
Shapes: N pictures · B studies · R texts · T tokens · M tokens of a study · K tags · D width."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.image_to_text.captioner import Captioner, word_loss
from radgloss.models.image_to_text.prefixed import PrefixBlock
from radgloss.nn import decoder, resnet, vit

__all__ = ["VARIANTS", "Cdgpt2", "Config", "Objective", "build", "tag_loss"]


@dataclass(frozen=True)
class Config:
    """tags: how many findings there are. tagged: weight of the classifier's loss."""

    image: vit.Config | resnet.ResNetConfig
    text: decoder.Config
    side: int = 4
    pictures: int = 12
    tags: int = 12
    told: Literal["both", "pictures", "tags"] = "both"
    weights: Literal["probability", "one"] = "probability"
    tagged: float = 0.5


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug-conv"], decoder.VARIANTS["debug"]),
    "small": Config(vit.VARIANTS["small"], decoder.VARIANTS["small"]),
}


class Cdgpt2(Captioner):
    """A tower, a classifier of tags, and a decoder that reads both before its words."""

    def __init__(self, config: Config):
        tags = 0 if config.told == "pictures" else config.tags
        super().__init__(config, partial(PrefixBlock, tags=tags, pictures=config.told != "tags"))
        if tags:
            self.classify = nn.Linear(config.text.width, tags)
            self.tags = nn.Parameter(0.02 * torch.randn(tags, config.text.width))

    def remember(self, looks, study, place):  # (N, P, W), (N,), (N,) -> (B, M, D), (B, M)
        return self.told(looks, study, place)[:2]

    def told(self, looks, study, place):  # -> (B, M, D), (B, M), (B, K) or None
        """The memory, and the tags' logits where there are tags."""
        pictures, mask = self.studies(looks, study, place)
        if self.config.told == "pictures":
            return pictures, mask, None
        logits = self.tag_logits(pictures, mask)
        tags, every = self.weighted(logits), mask.new_ones(len(mask), self.config.tags)
        if self.config.told == "tags":
            return tags, every, logits
        return torch.cat([pictures, tags], 1), torch.cat([mask, every], 1), logits

    def tag_logits(self, pictures, mask):  # (B, M, D), (B, M) -> (B, K)
        """From the mean of a study's tokens."""
        mean = (pictures * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return self.classify(mean)

    def weighted(self, logits):  # (B, K) -> (B, K, D)
        """Each tag's embedding times its probability."""
        if self.config.weights == "one":
            return self.tags.expand(len(logits), -1, -1)
        return logits.sigmoid()[..., None] * self.tags


class Objective(nn.Module):
    """Words, and tags where the batch knows them."""

    def __init__(self, model: Cdgpt2):
        super().__init__()
        self.model = model

    def forward(self, batch):
        model = self.model
        looks = batch.looks if batch.looks.numel() else model.look(batch.images)
        memory, seen, tags = model.told(looks, batch.study, batch.place)
        logits = model.decoder(batch.tokens[:, :-1], memory[batch.owner], seen[batch.owner])
        loss, logs = word_loss(logits, batch)
        if tags is None or not batch.facts.any():
            return loss, logs
        tagged = tag_loss(tags, batch.facts)
        return loss + model.config.tagged * tagged, {**logs, "tagged": tagged.detach()}


def tag_loss(logits, facts):  # (B, K), (B, K) int8 -> the mean logistic loss of what is known
    known = facts != 0
    return F.softplus(-logits * facts)[known].mean()


def build(config: Config) -> Cdgpt2:
    """The model of a config."""
    return Cdgpt2(config)
