"""Where in a picture a score comes from: hide a place, and see how far the score falls.

Occlusion (arXiv 1311.2901, section 4.2): a causal question to the model itself, whatever its
architecture. A hidden square takes the mean of its surroundings' colour, so that hiding does not
draw an edge of its own. A score is linear in the picture's vector, so one pass over the hidden
places answers for every label.
Shapes: S side of the picture · G positions a side · D width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from radgloss.data.batch import to_model
from radgloss.preprocess import Prepared

__all__ = ["Occluded", "occlude", "occluded"]

SQUARE = 0.15  # side of the hidden square, as a share of the picture's
POSITIONS = 12  # squares a side
Box = tuple[float, float, float, float]  # top, left, bottom, right


@dataclass(frozen=True, eq=False)
class Occluded:
    """A picture's vector, and what is left of it with each place hidden.

    whole: (D,) · hidden: (G, G, D) · shown: (G, G), how much of each place is picture and not
    padding · side: S."""

    whole: torch.Tensor
    hidden: torch.Tensor
    shown: torch.Tensor
    side: int

    def falls(self, direction: torch.Tensor) -> torch.Tensor:
        """How much of the score along `direction`, (D,), each place holds: (G, G).

        Minus infinity where there is only padding, which is no place in the picture."""
        falls = (self.whole - self.hidden) @ direction
        return falls.masked_fill(self.shown <= 0.5, -torch.inf)

    def box(self, direction: torch.Tensor) -> tuple[Box, float]:
        """The box (in prepared pixels) around the largest fall, and its share of the score in
        [0, 1]: neighbours with at least half the largest fall join it."""
        falls = self.falls(direction)
        peak = float(falls.max())
        row, column = divmod(int(falls.argmax()), POSITIONS)
        rows, columns = _grow(falls.numpy() >= 0.5 * peak, row, column)
        step = self.side / POSITIONS
        margin = (SQUARE * self.side - step) / 2
        box = (
            max(0.0, rows[0] * step - margin),
            max(0.0, columns[0] * step - margin),
            min(float(self.side), (rows[1] + 1) * step + margin),
            min(float(self.side), (columns[1] + 1) * step + margin),
        )
        score = abs(float(self.whole @ direction))
        return box, float(np.clip(peak / max(score, 1e-6), 0.0, 1.0))


def occluded(model: Any, prepared: Prepared, n: int) -> Occluded:
    """Frame n of a prepared image, seen whole and with each place hidden."""
    picture = to_model(prepared.pixels[n : n + 1])[0]
    inside = torch.from_numpy(prepared.inside).float()[None, None]
    shown = F.adaptive_avg_pool2d(inside, POSITIONS)[0, 0]
    return Occluded(*occlude(model, picture), shown, picture.shape[-1])


def occlude(model: Any, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The vector of a picture (C, S, S), (D,), and those with each place hidden, (G, G, D)."""
    side = picture.shape[-1]
    half = SQUARE * side / 2
    centres = (torch.arange(POSITIONS) + 0.5) * side / POSITIONS
    blurred = F.avg_pool2d(picture[None], 2 * int(2 * half) + 1, 1, int(2 * half),
                           count_include_pad=False)[0]  # fmt: skip
    along = torch.arange(side) + 0.5
    near = (along[None] - centres[:, None]).abs() <= half  # (G, S)
    left = []
    with torch.inference_mode():
        whole = model.encode_image(picture[None])[0]
        for row in range(POSITIONS):
            hidden = near[row][None, :, None] & near[:, None, :]  # (G, S, S)
            pictures = torch.where(hidden[:, None], blurred, picture)
            left.append(model.encode_image(pictures))
    return whole, torch.stack(left)


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
