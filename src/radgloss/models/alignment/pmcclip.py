"""Contrast and masked words that are guessed with the image, PMC-CLIP (arXiv 2303.07240).

Beside the contrast of figures and captions, words of the caption are hidden and guessed by a fusion
module that sees the rest of the text and the image (section 3.2).
Unusual here: the contrast reads the whole text, the fusion one with hidden words; a hidden word is
always replaced by the same mark. `guess="text alone"` hides the image from the fusion, for
comparison.
Shapes: B images · M texts · T tokens · P places · W text width · V vocabulary · D shared width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.alignment.towers import Towers
from radgloss.nn import cnn, transformer
from radgloss.nn.contrast import compared

__all__ = ["HIDDEN", "VARIANTS", "Config", "Objective", "PmcClip", "build"]

HIDDEN = 1  # the token that stands for a hidden word; no text has it (`text.tokenizer.HIDDEN`)


@dataclass(frozen=True)
class Config:
    """fusion: blocks that read text and image together. hidden: weight of the guesses."""

    image: cnn.Config
    text: transformer.Config
    width: int = 128
    temperature: float = 0.07  # at the start; learned
    fusion: int = 2
    hidden: float = 0.5
    guess: Literal["with image", "text alone"] = "with image"


_DEBUG = Config(cnn.VARIANTS["debug"], transformer.VARIANTS["debug"], width=32, fusion=1)
VARIANTS = {
    "debug": _DEBUG,
    "debug-alone": replace(_DEBUG, guess="text alone"),
    "small": Config(cnn.Config(first=32, widths=(64, 128)), transformer.VARIANTS["small"]),
}


class Fusion(nn.Module):
    """Text states and image tokens, read together → a guess for every token."""

    def __init__(self, config: Config):
        super().__init__()
        text = config.text
        if config.guess == "with image":
            self.place = nn.Linear(config.image.width, text.width)
        self.blocks = nn.ModuleList(
            transformer.Block(text.width, text.heads) for _ in range(config.fusion)
        )
        self.norm = nn.LayerNorm(text.width)
        self.guess = nn.Linear(text.width, text.vocabulary)

    def forward(self, states, mask, grid):  # (M, T, W), (M, T), (M, P, ·) or None -> (M, T, V)
        length, x = states.shape[1], states
        if grid is not None:
            x = torch.cat([states, self.place(grid)], dim=1)  # (M, T + P, W)
            mask = F.pad(mask, (0, grid.shape[1]), value=True)
        for block in self.blocks:
            x = block(x, mask)
        return self.guess(self.norm(x[:, :length]))


class PmcClip(Towers):
    """Two towers, one temperature, and a fusion that guesses hidden words."""

    def __init__(self, config: Config):
        image = cnn.Cnn(config.image, out=config.width)
        super().__init__(config, image, transformer.TextEncoder(config.text, out=config.width))
        self.log_scale = nn.Parameter(torch.tensor(-log(config.temperature)))
        self.fusion = Fusion(config)

    def guesses(self, grid, tokens, mask, hidden):  # grid (M, P, ·), (M, T) each -> (M, T, V)
        """Logits over the vocabulary for every place of the text; hidden words are not read."""
        states = self.text.states(tokens.masked_fill(hidden, HIDDEN), mask)
        seen = grid if self.config.guess == "with image" else None
        return self.fusion(states, mask, seen)


class Objective(nn.Module):
    """Image and text find each other; hidden words are guessed from both."""

    def __init__(self, model: PmcClip):
        super().__init__()
        self.model = model

    def forward(self, batch):
        model = self.model
        grid = model.image.tokens(batch.images)
        x = model.from_description(grid.mean(1)).float()
        y = model.encode_text(batch.tokens, batch.mask).float()
        loss, top1 = compared(x, y, batch.owner, model.scale)
        guesses = model.guesses(grid[batch.owner], batch.tokens, batch.mask, batch.hidden)
        told, truth = guesses[batch.hidden].float(), batch.tokens[batch.hidden]
        missed = F.cross_entropy(told, truth)
        guessed = (told.argmax(1) == truth).float().mean()
        logs = {"top1": top1.detach(), "scale": model.scale.detach(), "pairs": loss.detach()}
        logs |= {"hidden": missed.detach(), "guessed": guessed}
        return loss + model.config.hidden * missed, logs


def build(config: Config) -> PmcClip:
    """The model of a config."""
    return PmcClip(config)
