"""Knowledge-enhanced alignment with a query decoder, KAD (arXiv 2302.14042).

Three parts: a text tower that first learns which statements mean the same finding, and is frozen
then; the entities of a report in place of its words; and a decoder whose queries are the names of
diseases, each answered for itself from the places of the image. During training the same decoder is
also asked about the text, as published.
Unusual here: one log-odds a disease instead of two logits; queries do not look at each other, so
the answer to one does not depend on what else was asked.
`frozen=False` lets the text tower learn with the pictures, which it must where no knowledge was
taught.
Shapes: B images · M texts · P places · Q queries · W text width · D shared width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.alignment.towers import Towers
from radgloss.nn import cnn, transformer
from radgloss.nn.contrast import compared

__all__ = ["VARIANTS", "Config", "Kad", "Objective", "build"]

KNOWLEDGE, QUESTION = -2, -1  # owners of texts, as in `data.batch`


@dataclass(frozen=True)
class Config:
    """depth, heads: of the decoder. asked: weight of its answers."""

    image: cnn.Config
    text: transformer.Config
    width: int = 128
    temperature: float = 0.07  # at the start; learned
    depth: int = 2
    heads: int = 4
    asked: float = 1.0
    frozen: bool = True


_DEBUG = Config(cnn.VARIANTS["debug"], transformer.VARIANTS["debug"], width=32, depth=1, heads=2)
VARIANTS = {
    "debug": _DEBUG,
    "debug-free": replace(_DEBUG, frozen=False),
    "debug-unasked": replace(_DEBUG, asked=0.0),
    "small": Config(cnn.Config(first=32, widths=(64, 128)), transformer.VARIANTS["small"]),
}


class Layer(nn.Module):
    """A query gathers from what it is shown, then thinks."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, q, shown):  # (B, Q, D), (B, P, D) -> (B, Q, D)
        q = q + self.attention(self.norm1(q), shown, shown, need_weights=False)[0]
        return q + self.mlp(self.norm2(q))


class Decoder(nn.Module):
    """Names of diseases, and what is shown → a log-odds each."""

    def __init__(self, config: Config):
        super().__init__()
        self.layers = nn.ModuleList(Layer(config.width, config.heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.answer = nn.Linear(config.width, 1)

    def forward(self, names, shown):  # (Q, D), (B, P, D) -> (B, Q)
        q = names[None].expand(len(shown), -1, -1)
        for layer in self.layers:
            q = layer(q, shown)
        return self.answer(self.norm(q))[..., 0]


class Kad(Towers):
    """Two towers, one temperature, and a decoder that is asked."""

    def __init__(self, config: Config):
        image = cnn.Cnn(config.image, out=config.width)
        super().__init__(config, image, transformer.TextEncoder(config.text, out=config.width))
        self.log_scale = nn.Parameter(torch.tensor(-log(config.temperature)))
        if config.asked:
            self.place = nn.Linear(config.image.width, config.width)
            self.decoder = Decoder(config)

    def answers(self, images, tokens, mask):  # (B, …), names (Q, T) each -> (B, Q)
        """The log-odds that each image shows each of the named diseases."""
        shown = self.place(self.image.tokens(images))
        return self.decoder(self.encode_text(tokens, mask), shown)


class Objective(nn.Module):
    """Knowledge: statements of one finding find each other. Pictures: image and entities find each
    other, and every named disease is answered."""

    def __init__(self, model: Kad):
        super().__init__()
        self.model = model

    def forward(self, batch):
        loss, logs = torch.zeros((), device=batch.tokens.device), {}
        if (batch.owner == KNOWLEDGE).any():
            loss, logs = self._taught(batch)
        if len(batch.images):
            shown, more = self._shown(batch)
            loss, logs = loss + shown, logs | more
        return loss, logs

    def _taught(self, batch):
        of = batch.owner == KNOWLEDGE
        y = self.model.encode_text(batch.tokens[of], batch.mask[of]).float()
        first, second = y.chunk(2)
        pairs = torch.arange(len(first), device=y.device)
        loss, top1 = compared(first, second, pairs, self.model.scale)
        return loss, {"knowledge": loss.detach(), "known": top1.detach()}

    def _shown(self, batch):
        model, own = self.model, batch.owner >= 0
        grid = model.image.tokens(batch.images)
        x = model.from_description(grid.mean(1)).float()
        y = self._read(batch, own)
        loss, top1 = compared(x, y, batch.owner[own], model.scale)
        logs = {"top1": top1.detach(), "scale": model.scale.detach(), "paired": loss.detach()}
        if model.config.asked and batch.answers.any():
            names = self._read(batch, batch.owner == QUESTION)
            told = y[:, None]  # a text is one place
            answers = batch.answers, batch.answers[batch.owner[own]]
            seen = _missed(model.decoder(names, model.place(grid)), answers[0])
            read = _missed(model.decoder(names, told), answers[1])
            logs |= {"asked": seen.detach(), "read": read.detach()}
            loss = loss + model.config.asked * (seen + read)
        return loss, logs

    def _read(self, batch, of):
        """Vectors of some texts; without a way back into the tower where it is frozen."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.model.config.frozen):
            return self.model.encode_text(batch.tokens[of], batch.mask[of]).float()


def _missed(odds, answers):  # (B, Q), (B, Q) in {-1, 0, 1} -> mean over what is known
    known = answers != 0
    return F.softplus(-odds.float() * answers)[known].mean()


def build(config: Config) -> Kad:
    """The model of a config."""
    return Kad(config)
