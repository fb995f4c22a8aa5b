"""Contrastive language–image pretraining (arXiv 2103.00020, figure 3).

Unusual here: an image may bring several texts (its sentences), each a positive of its own; with one
text an image this is the published loss to the last bit. Identical texts in a batch need no special
care: their logits are identical, so the symmetric softmax already shares the target among them.
At the optimum s·cos(x, t) = log p(t | x) − log p(t) + c(x) (arXiv 1807.03748, section 2.3), so the
difference of two texts is a log-odds; zero-shot labels rest on that.
Shapes: B images · M texts · C channels · S side · T tokens · D shared width."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.alignment.towers import ByRows
from radgloss.nn import transformer, vit
from radgloss.nn.contrast import compared

__all__ = ["VARIANTS", "Clip", "Config", "Objective", "asked", "build"]


@dataclass(frozen=True)
class Config:
    image: vit.Config
    text: transformer.Config
    width: int = 128
    temperature: float = 0.07  # at the start; learned
    largest_scale: float = 100.0


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug"], transformer.VARIANTS["debug"], width=32),
    "debug-conv": Config(vit.VARIANTS["debug-conv"], transformer.VARIANTS["debug"], width=32),
    "debug-residual": Config(
        vit.VARIANTS["debug-residual"], transformer.VARIANTS["debug"], width=32
    ),
    "small": Config(vit.VARIANTS["small"], transformer.VARIANTS["small"]),
    "starter": Config(vit.VARIANTS["starter"], transformer.VARIANTS["starter"]),
    "base": Config(vit.VARIANTS["base"], transformer.VARIANTS["base"], width=512),
}


class Clip(nn.Module):
    """Two towers and one temperature."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.image = vit.ViT(config.image, out=config.width)
        self.text = transformer.TextEncoder(config.text, out=config.width)
        self.log_scale = nn.Parameter(torch.tensor(-log(config.temperature)))

    @property
    def scale(self):
        return self.log_scale.exp().clamp(max=self.config.largest_scale)

    def encode_image(self, images):  # (B, C, S, S) -> (B, D), unit length
        return F.normalize(self.image(images), dim=-1)

    def encode_text(self, tokens, mask):  # (B, T), (B, T) -> (B, D), unit length
        return F.normalize(self.text(tokens, mask), dim=-1)

    def read(self, tokens, mask):  # (M, T), (M, T) -> (M, width of the text tower)
        """Mean token before centring and projection: a row comes from its own text alone."""
        return self.text.pool(self.text.states(tokens, mask), mask)

    def from_read(self, read):  # (M, width of the text tower) -> (M, D), unit length
        return F.normalize(self.text.vector(read), dim=-1)

    def describe(self, images):  # (B, C, S, S) -> (B, width of the image tower)
        """Mean token before the projection: keeps what the words do not mention, which the
        outlier score needs."""
        return self.image.tokens(images).mean(1)

    def from_description(self, described):  # (B, width of the image tower) -> (B, D), unit length
        """`encode_image` from what `describe` returned, so that a picture is computed once."""
        return F.normalize(self.image.head(described), dim=-1)


QUESTION, NAME = -1, -4  # owners of texts, as in `data.batch`
ASKED = 5.0  # weight of the questions: both losses then begin at about 4
NAMED = 1.0  # of the names: a hundred pairs of look and organ begin at 4.6


class Objective(ByRows):
    """Each image finds its own texts and each text its own image; questions find their answers, and
    each picture its name among all names."""

    def loss(self, batch, described, read):
        x, y = self.vectors(described, read)
        scale, paired = self.model.scale, batch.owner >= 0
        loss, top1 = compared(x, y[paired], batch.owner[paired], scale)
        logs = {"top1": top1.detach(), "scale": scale.detach()}
        return asked(loss, logs, scale * x, y, batch)


def asked(loss, logs, x, y, batch):  # loss and logs of the pairs, (B, D), (M, D) -> of all
    """What is asked of pictures beside their pairs, where the batch asks. x: times the scale."""
    parts = {}
    if batch.answers.any():
        gaps = _scores(x, y[batch.owner == QUESTION])
        parts["asked"] = ASKED, _answered(gaps, batch.answers, batch.odds)
    if batch.options.any():
        names = _scores(x, y[batch.owner == NAME])
        parts["named"] = NAMED, _named(names, batch.options, batch.shares)
    if parts:
        logs["paired"] = loss.detach()
    for name, (weight, part) in parts.items():
        logs[name] = part.detach()
        loss = loss + weight * part
    return loss, logs


def _scores(x, y):  # (B, D), (Q, D) -> (B, Q), compared in full
    with torch.autocast(x.device.type, enabled=False):
        return x @ y.T


def _answered(logits, answers, odds):  # (B, 2 Q), (B, Q), (Q,) or empty -> mean over what is known
    """The logistic loss of statement less denial; beside the odds of what is drawn, where they are
    to be left out of it (arXiv 2007.07314, equation 10)."""
    yes, no = logits.chunk(2, dim=1)
    gap = yes - no + odds if odds.numel() else yes - no
    known = answers != 0
    return F.softplus(-gap * answers)[known].mean()


def _named(logits, options, shares):  # (B, O), (B, O), (O,) -> mean over the pictures with a name
    """The softmax of each picture's own name among its options; beside the shares of what is drawn,
    so that a rare pair is named as readily as a common one."""
    asked = (options == 1).any(1)
    scores = (logits + shares).masked_fill(options == 0, -torch.inf)[asked]
    return F.cross_entropy(scores, options[asked].argmax(1))


def build(config: Config) -> Clip:
    """The model of a config; every architecture has this one door."""
    return Clip(config)
