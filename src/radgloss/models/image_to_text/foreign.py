"""Captioners of other people: a plain vision transformer, a bridge, GPT-2 or BLIP's decoder.

Unusual here: nothing is learned; this is the form that published weights are poured into
(`published.writing`), with the acts of every architecture that writes. A picture is a study of its
own. Pixels come as in every tower of this house; mean and spread of the weights' own training are
settled where they are loaded.
Shapes: B pictures · C channels · S side · P tokens · W width of the tower · D width · T tokens."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from radgloss.nn.bert_decoder import BertDecoder, BertDecoderConfig
from radgloss.nn.gpt2 import Gpt2, Gpt2Config
from radgloss.nn.plain_vit import PlainVit, PlainVitConfig

__all__ = ["Config", "Foreign", "build"]


@dataclass(frozen=True)
class Config:
    """image: None for a language model that sees nothing."""

    text: Gpt2Config | BertDecoderConfig
    image: PlainVitConfig | None = None


class Foreign(nn.Module):
    """A tower and a decoder that were trained elsewhere."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        bert = isinstance(config.text, BertDecoderConfig)
        self.decoder = BertDecoder(config.text) if bert else Gpt2(config.text)
        if config.image is not None:
            self.image = PlainVit(config.image)
            tower, width = config.image.layers.width, config.text.width
            bridged = not bert and tower != width
            self.bridge = nn.Linear(tower, width) if bridged else nn.Identity()

    def encode_images(self, images, study=None, place=None):  # (B, C, S, S) -> (B, P, D), None
        return self.bridge(self.image.tokens(images)), None

    def begin(self, memory, mask=None, rows=0):  # (B, P, D) or None -> Cache
        return self.decoder.begin(memory, mask, rows)

    def step(self, tokens, memory=None, mask=None, cache=None, counts=None):
        """(B, T) → (B, T, V), Cache; as in `captioner`."""
        if cache is None:
            cache = self.begin(memory, mask, len(tokens))
        return self.decoder.step(tokens, cache, counts)


def build(config: Config) -> Foreign:
    """The model of a config; every architecture has this one door."""
    return Foreign(config)
