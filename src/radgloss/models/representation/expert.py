"""A shared space that an expert may tell which words mean one thing.

Pictures and texts are brought together as in CLIP. Beside them stand the expert's pairs of names:
two names of one concept find each other among those of all other concepts. A name that no picture
ever came with has no other way into its place. The ablation gives the expert no weight, and then
the pairs are never read.
Shapes: B pictures · M texts · P pairs of names · D shared width."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from radgloss.models.alignment import clip
from radgloss.models.alignment.towers import ByRows, full
from radgloss.nn import transformer, vit
from radgloss.nn.contrast import compared

__all__ = ["VARIANTS", "Config", "Expert", "Objective", "build", "told_apart"]


@dataclass(frozen=True)
class Config(clip.Config):
    """knowledge: weight of the expert's pairs. closeness: their temperature."""

    image: vit.Config = vit.Config(size=64, stem=vit.ResidualStem(16, (32, 64)), width=64, depth=1)
    text: transformer.Config = transformer.Config(width=64, depth=1)
    width: int = 64
    knowledge: float = 1.0
    closeness: float = 0.1


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug"], transformer.VARIANTS["debug"], width=32),
    "small": Config(),
}


def told_apart(names, meanings, temperature):  # (P, D), (P, D) unit -> loss
    """Each name finds its own other name among those of all concepts, both ways."""
    logits = names @ meanings.T / temperature  # (P, P)
    own = torch.arange(len(names), device=names.device)
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


KNOWLEDGE = -2  # owner of the expert's names: P of them, then what each of them means


class Expert(clip.Clip):
    """CLIP's two towers; what differs is what they are told."""

    def __init__(self, config: Config):
        super().__init__(config)


class Objective(ByRows):
    """The contrast of pictures and texts, and the expert's word on names: each centred over its
    own."""

    def loss(self, batch, described, read):
        config = self.model.config
        paired, known = batch.owner >= 0, batch.owner == KNOWLEDGE
        x, y = self.vectors(described, read[paired])  # (B, D), (M, D)
        loss, top1 = compared(x, y, batch.owner[paired], self.model.scale)
        logs = {"top1": top1.detach(), "scale": self.model.scale.detach()}
        if config.knowledge:
            texts = full(self.model.from_read(read[known]))
            told = told_apart(*texts.chunk(2), config.closeness)
            logs = {**logs, "paired": loss.detach(), "told": told.detach()}
            loss = loss + config.knowledge * told
        return loss, logs


def build(config: Config) -> Expert:
    """The model of a config; every architecture has this one door."""
    return Expert(config)
