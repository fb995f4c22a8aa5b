"""What the two-tower architectures share: one space, unit vectors, and how they are asked.

An architecture gives its own towers and its own `log_scale` (learned or fixed).
Shapes: B images · M texts · C channels · S side · T tokens · W tower width · D shared width."""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

__all__ = ["Towers"]


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

    def describe(self, images):  # (B, C, S, S) -> (B, W)
        """Mean token before the projection, which the outlier score needs."""
        return self.image.tokens(images).mean(1)

    def from_description(self, described):  # (B, W) -> (B, D), unit length
        """`encode_image` from what `describe` returned, so that a picture is computed once."""
        return F.normalize(self.image.head(described), dim=-1)
