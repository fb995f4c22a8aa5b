"""A decoder whose gates weigh what it sees against what it knows of language, VisualGPT
(arXiv 2102.10407).

In each block the words so far, H, open and close two gates (equation 4): B_vis = σ(H)·1[σ(H) > τ]
for what the pictures say, B_lan = (1 − σ(H))·1[1 − σ(H) > τ] for H itself. Below the threshold a
gate is shut and its side is sparse; the other side still moves H, so a shut gate can open again,
which is what "self-resurrecting" means. It is a claim about few pairs and a decoder that knows the
language already: `data.feeds.scarce` brings both.
Unusual here: pre-norm blocks, so H is the stream after the block's own attention. `gates="sum"`
adds what is seen to H as it is, for comparison.
Shapes: B rows · T tokens · D width."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from radgloss.models.image_to_text import captioner
from radgloss.models.image_to_text.captioner import Captioner, word_loss
from radgloss.nn import decoder, resnet, vit
from radgloss.nn.decoder import Block

__all__ = ["VARIANTS", "Config", "GatedBlock", "Objective", "VisualGpt", "build", "gates"]


@dataclass(frozen=True)
class Config:
    """threshold: τ. gates: "self-resurrecting", or "sum", without them."""

    image: vit.Config | resnet.ResNetConfig
    text: decoder.Config
    side: int = 4
    pictures: int = 12
    unseen: float = 0.0
    threshold: float = 0.2
    gates: Literal["self-resurrecting", "sum"] = "self-resurrecting"


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug-conv"], decoder.VARIANTS["debug"]),
    "small": Config(vit.VARIANTS["small"], decoder.VARIANTS["small"]),
}


def gates(h, threshold):  # (…), τ -> B_vis (…), B_lan (…)
    """Equation 4: they add to one where both are open, and either may be shut.

    >>> import torch
    >>> [[round(float(v), 2) for v in g] for g in gates(torch.tensor([0.0, 4.0, -4.0]), 0.2)]
    [[0.5, 0.98, 0.0], [0.5, 0.0, 0.98]]
    """
    pictures = h.sigmoid()
    words = 1 - pictures
    return pictures * (pictures > threshold), words * (words > threshold)


class GatedBlock(Block):
    """`Block`, which weighs what it sees against the words so far."""

    def __init__(self, config: decoder.Config, threshold: float):
        super().__init__(config)
        self.threshold = threshold

    def weighed(self, words, seen):  # (B, T, D) each -> (B, T, D)
        for_pictures, for_words = gates(words, self.threshold)
        return for_pictures * seen + for_words * words


class VisualGpt(Captioner):
    """The captioner with gated blocks."""

    def __init__(self, config: Config):
        gated = partial(GatedBlock, threshold=config.threshold)
        super().__init__(config, gated if config.gates == "self-resurrecting" else Block)


class Objective(captioner.Objective):
    """The captioner's; a batch without pictures teaches language alone."""

    def forward(self, batch):
        if len(batch):
            return super().forward(batch)
        return word_loss(self.model.decoder(batch.tokens[:, :-1], None), batch)


def build(config: Config) -> VisualGpt:
    """The model of a config."""
    return VisualGpt(config)
