"""Several views and several texts of a study, CXR-CLIP (arXiv 2310.13292).

A study brings two images and two texts; each image is contrasted with each text (a quarter each),
the two images with each other, and the two texts with each other, with weights 1 and ½ (section
3.3). What is only labelled is put into words by the feed.
Unusual here: no picture is mirrored: the words know sides.
Shapes: B studies · 2B images, the first views, then the second; texts likewise · D width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log

import torch
from torch import nn

from radgloss.models.alignment.towers import ByRows, Towers
from radgloss.nn import cnn, transformer
from radgloss.nn.contrast import compared

__all__ = ["VARIANTS", "Config", "CxrClip", "Objective", "build"]


@dataclass(frozen=True)
class Config:
    """images, texts: weights of the image-image and of the text-text term."""

    image: cnn.Config
    text: transformer.Config
    width: int = 128
    temperature: float = 0.07  # at the start; learned
    images: float = 1.0
    texts: float = 0.5


_DEBUG = Config(cnn.VARIANTS["debug"], transformer.VARIANTS["debug"], width=32)
VARIANTS = {
    "debug": _DEBUG,
    "debug-pairs": replace(_DEBUG, images=0.0, texts=0.0),
    "small": Config(cnn.VARIANTS["small"], transformer.VARIANTS["small"]),
}


class CxrClip(Towers):
    """Two towers and one temperature."""

    def __init__(self, config: Config):
        image = cnn.Cnn(config.image, out=config.width)
        super().__init__(config, image, transformer.TextEncoder(config.text, out=config.width))
        self.log_scale = nn.Parameter(torch.tensor(-log(config.temperature)))


class Objective(ByRows):
    """All that belongs to one study finds each other: image and text, view and view, text and
    text."""

    def loss(self, batch, described, read):
        config, scale = self.model.config, self.model.scale
        views, texts = (v.chunk(2) for v in self.vectors(described, read))
        own = torch.arange(len(views[0]), device=batch.images.device)

        def term(a, b):  # (B, D), (B, D) -> loss, share found
            return compared(a, b, own, scale)

        pairs = [term(x, y) for x in views for y in texts]
        loss = torch.stack([p for p, _ in pairs]).mean()
        top1 = torch.stack([t for _, t in pairs]).mean().detach()
        logs = {"top1": top1, "scale": scale.detach(), "pairs": loss.detach()}
        if config.images:
            alike, _ = term(*views)
            loss, logs = loss + config.images * alike, logs | {"views": alike.detach()}
        if config.texts:
            alike, _ = term(*texts)
            loss, logs = loss + config.texts * alike, logs | {"texts": alike.detach()}
        return loss, logs


def build(config: Config) -> CxrClip:
    """The model of a config."""
    return CxrClip(config)
