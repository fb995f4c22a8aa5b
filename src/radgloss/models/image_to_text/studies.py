"""Pictures of a study laid side by side: what a decoder looks at.

Unusual here: a study is any number of pictures, so its memory is as long as it has pictures, padded
on the right; a picture's tokens are first averaged to a coarser grid, and carry where in the study
the picture stood. That comes from fixed waves, not from a table, so that a stack of forty frames
and a pair of films are said in the same way.
Shapes: N pictures · B studies · P tokens of a picture · G grid side (P = G²) · Q tokens kept of a
picture · M tokens of a study (Q · most pictures) · W width of the tower · D width."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

__all__ = ["Studies", "coarser", "side_by_side"]

WAVES = 8  # of the place, at 1, 2, 4 … half turns a study


def coarser(tokens, side):  # (N, G², W), S -> (N, S², W), the mean of neighbours
    grid = int(tokens.shape[1] ** 0.5)
    if side >= grid:
        return tokens
    x = rearrange(tokens, "n (g h) w -> n w g h", g=grid)
    return rearrange(F.adaptive_avg_pool2d(x, side), "n w g h -> n (g h) w")


def side_by_side(tokens, study):  # (N, Q, D), (N,) -> (B, M, D), (B, M) bool
    """Pictures of one number follow one another in their order. Every study has a picture."""
    counts = torch.bincount(study)
    first = torch.cumsum(counts, 0) - counts
    order = torch.argsort(study, stable=True)
    slot = torch.arange(len(study), device=study.device) - first[study[order]]
    q, d = tokens.shape[1:]
    most = int(counts.max())
    memory = tokens.new_zeros(len(counts), most, q, d)
    memory = memory.index_put((study[order], slot), tokens[order])
    mask = torch.arange(most, device=study.device) < counts[:, None]
    return rearrange(memory, "b n q d -> b (n q) d"), mask.repeat_interleave(q, 1)


class Studies(nn.Module):
    """Tokens of pictures, already coarse → the memory of studies."""

    def __init__(self, tower: int, width: int, side: int):
        super().__init__()
        self.norm = nn.LayerNorm(tower)
        self.project = nn.Linear(tower, width)
        self.place = nn.Linear(2 * WAVES, width, bias=False)
        self.position = nn.Parameter(torch.zeros(side**2, width))
        nn.init.normal_(self.position, std=0.02)

    def forward(self, tokens, study, place):  # (N, Q, W), (N,), (N,) -> (B, M, D), (B, M)
        """place: of each picture in its study, from 0 to 1."""
        x = self.project(self.norm(tokens)) + self.position
        return side_by_side(x + self.place(waves(place))[:, None], study)


def waves(place):  # (N,) -> (N, 2 · WAVES)
    turns = place[:, None] * torch.pi * 2.0 ** torch.arange(WAVES, device=place.device)
    return torch.cat([turns.sin(), turns.cos()], 1).to(place.dtype)
