"""Global and local alignment of images and reports, GLoRIA
(Huang et al., ICCV 2021).

Words attend to the places of the image: each word gathers the places it resembles, and the words'
agreement with what they gathered is a second, local score beside that of the whole image and text
(section 3.2). Pieces of words are merged into words first. At inference both scores count alike,
and a word's attention is a heat map.
Unusual here: the pieces of a word are averaged; the mean over words stands inside the logarithm;
local scores are taken over the real words only, so that padding cannot enter. `local=0` trains the
global loss alone, for comparison.
Shapes: B images · M texts · T tokens · V words · P places (G²) · D shared width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from radgloss.models.alignment.towers import ByRows, Towers, full
from radgloss.nn import cnn, transformer
from radgloss.nn.contrast import compared, contrast

__all__ = ["VARIANTS", "Config", "Gloria", "Objective", "attention", "build", "local_scores"]


@dataclass(frozen=True)
class Config:
    """local: weight of the local loss. sharp_places, sharp_words, sharp_pairs: the three inverse
    temperatures of the local score, as published."""

    image: cnn.Config
    text: transformer.Config
    width: int = 128
    temperature: float = 0.1  # of the global score, at the start; learned
    local: float = 1.0
    sharp_places: float = 4.0
    sharp_words: float = 5.0
    sharp_pairs: float = 10.0


_DEBUG = Config(cnn.VARIANTS["debug"], transformer.VARIANTS["debug"], width=32)
VARIANTS = {
    "debug": _DEBUG,
    "debug-global": replace(_DEBUG, local=0.0),
    "small": Config(cnn.Config(first=32, widths=(64, 128)), transformer.VARIANTS["small"]),
}


class Gloria(Towers):
    """Two towers; two more projections for places and words where there is a local score."""

    def __init__(self, config: Config):
        image = cnn.Cnn(config.image, out=config.width)
        super().__init__(config, image, transformer.TextEncoder(config.text, out=config.width))
        self.log_scale = nn.Parameter(torch.tensor(-log(config.temperature)))
        if config.local:
            self.place = nn.Linear(config.image.width, config.width, bias=False)
            self.word = nn.Linear(config.text.width, config.width, bias=False)

    def places(self, images):  # (B, C, S, S) -> (B, P, D)
        return self.place(self.image.tokens(images))

    def words(self, tokens, mask, words):  # (M, T) each -> (M, V, D), real (M, V) bool
        return _merged(self.word(self.text.states(tokens, mask)), words)

    def scores(self, images, tokens, mask, words):  # -> (B, M), the mean of both cosines
        """How well every image fits every text, globally and locally (section 3.4)."""
        whole = self.encode_image(images) @ self.encode_text(tokens, mask).T
        if not self.config.local:
            return whole
        local = local_scores(self.places(images), *self.words(tokens, mask, words), self.config)
        return (whole + local) / 2

    def heat_map(self, image, tokens, mask, words):  # (C, S, S), (1, T) each -> (V, G, G)
        """Where in the image each word looks: shares that sum to 1, in the model's coordinates."""
        said, real = self.words(tokens, mask, words)
        looks = attention(self.places(image[None]), said, real, self.config)[0, 0]
        return rearrange(looks, "v (g h) -> v g h", g=self.image.grid)


class Objective(ByRows):
    """Image and text find each other, as wholes and word by place."""

    def features(self, batch):  # -> (B, P, W), (M, T, W of the text tower)
        grid = self.model.image.tokens(batch.images)
        return full(grid), full(self.model.text.states(batch.tokens, batch.mask))

    def loss(self, batch, grid, states):
        model, config = self.model, self.model.config
        x = full(model.from_description(grid.mean(1)))
        y = full(F.normalize(model.text.head(states, batch.mask), dim=-1))
        loss, top1 = compared(x, y, batch.owner, model.scale)
        logs = {"top1": top1.detach(), "scale": model.scale.detach()}
        if not config.local:
            return loss, logs
        said, real = _merged(full(model.word(states)), batch.words)
        local = config.sharp_pairs * local_scores(full(model.place(grid)), said, real, config)
        near, _ = contrast(local, batch.owner)
        logs |= {"whole": loss.detach(), "local": near.detach()}
        return loss + config.local * near, logs


def attention(places, words, real, config):  # (B, P, D), (M, V, D), (M, V) -> (B, M, V, P)
    """Equation 2: over the words first, then over the places."""
    return _looks(_alike(places, words), real, config)


def _alike(places, words):  # (B, P, D), (M, V, D) -> (B, M, V, P)
    return torch.einsum("bpd,mvd->bmvp", places, words)


def _looks(alike, real, config):  # (B, M, V, P), (M, V) -> (B, M, V, P)
    of_words = alike.masked_fill(~real[None, :, :, None], -torch.inf).softmax(2)
    return (config.sharp_places * of_words).softmax(3)


def local_scores(places, words, real, config):  # -> (B, M), in [-1, 1]
    """Equations 3 and 4: a soft maximum over words of cos(what the word gathered, the word).

    What was gathered, the looks' mean of the places, is never written out, (B, M, V, D): its
    product with the word is the looks' mean of `alike`, and its length follows from the places'
    own products.
    Unlike the published sum, the mean is inside the logarithm, so that long texts do not score
    higher for their length."""
    alike = _alike(places, words)
    looks = _looks(alike, real, config)
    along = (looks * alike).sum(3)  # (B, M, V)
    grams = places @ places.transpose(1, 2)  # (B, P, P)
    squared = ((looks.flatten(1, 2) @ grams) * looks.flatten(1, 2)).sum(2).view_as(along)
    lengths = squared.clamp(min=1e-12).sqrt() * words.norm(dim=2).clamp(min=1e-8)
    fit = (config.sharp_words * along / lengths).masked_fill(~real[None], -torch.inf)
    return (fit.logsumexp(2) - real.sum(1).log()[None]) / config.sharp_words


def _merged(pieces, words):  # (M, T, D), (M, T) -> (M, V, D) means of their pieces, (M, V) real
    numbers = torch.arange(int(words.max()) + 1, device=words.device)
    own = (words[:, None] == numbers[None, :, None]).to(pieces.dtype)  # (M, V, T)
    many = own.sum(2)
    return own @ pieces / many.clamp(min=1)[..., None], many > 0


def build(config: Config) -> Gloria:
    """The model of a config."""
    return Gloria(config)
