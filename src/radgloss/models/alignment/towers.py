"""What the two-tower architectures share: one space, unit vectors, and how they are asked.

An architecture gives its own towers and its own `log_scale` (learned or fixed).
Shapes: B images · M texts · C channels · S side · T tokens · W tower width · D shared width."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

__all__ = ["ByRows", "Towers"]


class Towers(nn.Module):
    """image: a tower with `tokens` and `head`. text: one that takes (tokens, mask)."""

    largest_scale = 100.0

    def __init__(self, config, image: nn.Module, text: nn.Module):
        super().__init__()
        self.config = config
        self.image = image
        self.text = text

    @property
    def scale(self):
        return self.log_scale.exp().clamp(max=self.largest_scale)

    def encode_image(self, images):  # (B, C, S, S) -> (B, D), unit length
        return self.from_description(self.describe(images))

    def encode_text(self, tokens, mask):  # (M, T), (M, T) -> (M, D), unit length
        return F.normalize(self.text(tokens, mask), dim=-1)

    def read(self, tokens, mask):  # (M, T), (M, T) -> (M, W of the text tower)
        """Mean token before centring and projection: a row comes from its own text alone."""
        return self.text.pool(self.text.states(tokens, mask), mask)

    def from_read(self, read):  # (M, W of the text tower) -> (M, D), unit length
        """`encode_text` from what `read` returned."""
        return F.normalize(self.text.vector(read), dim=-1)

    def describe(self, images):  # (B, C, S, S) -> (B, W)
        """Mean token before the projection, which the outlier score needs."""
        return self.image.tokens(images).mean(1)

    def from_description(self, described):  # (B, W) -> (B, D), unit length
        """`encode_image` from what `describe` returned, so that a picture is computed once."""
        return F.normalize(self.image.head(described), dim=-1)


def full(x):
    """At least fp32: what is compared is never compared in half precision."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


class ByRows(nn.Module):
    """An objective in two parts, so that a batch can be computed in chunks or by several ranks and
    still have one loss: `features`, whose rows do not see each other, and `loss`, which mixes them,
    from the centring over the batch onwards."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def features(self, batch):  # -> (B, W), (M, W of the text tower)
        described = self.model.describe(batch.images)
        return full(described), full(self.model.read(batch.tokens, batch.mask))

    def vectors(self, described, read):  # -> (B, D), (M, D), unit length
        x, y = self.model.from_description(described), self.model.from_read(read)
        return full(x), full(y)

    def forward(self, batch):
        return self.loss(batch, *self.features(batch))
