"""Where in a picture a score comes from: hide a place, and see how far the score falls.

Occlusion (arXiv 1311.2901, section 4.2): a causal question to the model itself, whatever its
architecture. A hidden square takes the mean of its surroundings' colour, so that hiding does not
draw an edge of its own.
Shapes: S side of the picture · G positions a side · D width."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from radgloss.data.batch import to_model
from radgloss.preprocess import Prepared

__all__ = ["occlusion_map", "regions"]

SQUARE = 0.15  # side of the hidden square, as a share of the picture's
POSITIONS = 12  # squares a side


def occlusion_map(
    model: Any, picture: torch.Tensor, direction: torch.Tensor
) -> tuple[torch.Tensor, float]:
    """How much of the score each place holds.

    picture: (C, S, S); direction: (D,). Returns (G, G) falls of the score, and the score itself."""
    side = picture.shape[-1]
    half = SQUARE * side / 2
    centres = (torch.arange(POSITIONS) + 0.5) * side / POSITIONS
    blurred = F.avg_pool2d(picture[None], 2 * int(2 * half) + 1, 1, int(2 * half),
                           count_include_pad=False)[0]  # fmt: skip
    along = torch.arange(side) + 0.5
    near = (along[None] - centres[:, None]).abs() <= half  # (G, S)
    falls = []
    with torch.inference_mode():
        whole = float(model.encode_image(picture[None])[0] @ direction)
        for row in range(POSITIONS):
            hidden = near[row][None, :, None] & near[:, None, :]  # (G, S, S)
            pictures = torch.where(hidden[:, None], blurred, picture)
            falls.append(whole - model.encode_image(pictures) @ direction)
    return torch.stack(falls), whole


def regions(
    model: Any, prepared: Prepared, n: int, direction: torch.Tensor
) -> tuple[tuple[float, float, float, float], float]:
    """The box (top, left, bottom, right, in prepared pixels) around the largest fall in frame n,
    and its share of the score in [0, 1]: neighbours with at least half the largest fall join it."""
    picture = to_model(prepared.pixels[n : n + 1])[0]
    falls, whole = occlusion_map(model, picture, direction)
    side = picture.shape[-1]
    step = side / POSITIONS
    inside = F.adaptive_avg_pool2d(
        torch.from_numpy(prepared.inside).float()[None, None], POSITIONS
    )[0, 0]
    falls = falls.masked_fill(inside <= 0.5, -torch.inf)  # padding is no place in the picture
    peak = float(falls.max())
    row, column = divmod(int(falls.argmax()), POSITIONS)
    rows, columns = _grow(falls.numpy() >= 0.5 * peak, row, column)
    margin = (SQUARE * side - step) / 2
    box = (
        max(0.0, rows[0] * step - margin),
        max(0.0, columns[0] * step - margin),
        min(float(side), (rows[1] + 1) * step + margin),
        min(float(side), (columns[1] + 1) * step + margin),
    )
    return box, float(np.clip(peak / max(abs(whole), 1e-6), 0.0, 1.0))


def _grow(strong: np.ndarray, row: int, column: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns spanned by the connected strong cells around the peak."""
    todo, seen = [(row, column)], {(row, column)}
    while todo:
        r, c = todo.pop()
        for cell in ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)):
            if cell not in seen and all(0 <= x < len(strong) for x in cell) and strong[cell]:
                seen.add(cell)
                todo.append(cell)
    rows, columns = zip(*seen, strict=True)
    return (min(rows), max(rows)), (min(columns), max(columns))
