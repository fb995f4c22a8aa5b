"""A volume as a model that takes volumes sees it, and the place in it that a score comes from.

Such a model has `depth`, the frames of its volumes. An image of fewer frames stands between black
ones; a volume has one vector, and evidence is asked of the vector's own parts: the head is linear,
so what each place of the last grid adds to a score is known exactly (class activation mapping,
arXiv 1512.04150), and nothing need be hidden.

Shapes: C channels · F frames · S side · f, G, G last grid · D width · W tower width."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import to_model
from radgloss.preprocess import Prepared, stacked
from radgloss.types import Region

__all__ = ["depth_of", "origin", "volume_of"]

Floats = npt.NDArray[np.float32]


def depth_of(model: Any) -> int:
    """Frames of the volumes that a model takes; 0 where it takes pictures."""
    return int(getattr(model, "depth", 0))


def volume_of(prepared: Prepared, depth: int) -> torch.Tensor:
    """(1, C, F, S, S), as in training."""
    return to_model(stacked(prepared.pixels, depth)[0][None])


def origin(model: Any, prepared: Prepared, direction: torch.Tensor) -> tuple[Region, float]:
    """The box of source voxels that speaks most for `direction`, (D,), and its share of what all
    places that speak for it say, in [0, 1]."""
    depth = depth_of(model)
    _, first = stacked(prepared.pixels, depth)
    with torch.inference_mode():
        parts = model.places(volume_of(prepared, depth))[0] @ direction  # (f, G, G)
    frames, side = parts.shape[0], parts.shape[1]
    deep, wide = depth / frames, prepared.pixels.shape[-1] / side  # prepared frames, pixels a cell
    held = _held(prepared, first, frames, side, deep)
    parts = parts.masked_fill(~torch.from_numpy(held), -torch.inf)
    cell = int(parts.argmax())
    f, rest = divmod(cell, side * side)
    row, column = divmod(rest, side)
    last = len(prepared.pixels) - 1
    ends = [int(np.clip(n - first, 0, last)) for n in (f * deep, (f + 1) * deep - 1)]
    edges = (row * wide, column * wide, (row + 1) * wide, (column + 1) * wide)
    near, far = (prepared.placement.region(n, *edges) for n in ends)
    spoken = parts.clamp(min=0)
    share = float(spoken.max() / spoken.sum().clamp(min=1e-9))
    return _around(near, far), share


def _around(one: Region, other: Region) -> Region:
    (a, b, c), (d, e, f) = one.low, other.low
    (g, h, i), (j, k, m) = one.high, other.high
    return Region((min(a, d), min(b, e), min(c, f)), (max(g, j), max(h, k), max(i, m)))


def _held(
    prepared: Prepared, first: int, frames: int, side: int, deep: float
) -> npt.NDArray[np.bool_]:
    """(f, G, G): the places that lie over frames and pixels of the image, and not of the padding;
    all of them, where none does for the most part."""
    n = len(prepared.pixels)
    middle = (np.arange(frames) + 0.5) * deep - first
    within = (middle >= 0) & (middle <= n)
    inside = prepared.inside.reshape(side, -1, side, prepared.inside.shape[1] // side)
    shown = inside.mean((1, 3)) > 0.5
    held = within[:, None, None] & shown[None]
    return np.asarray(held if held.any() else np.ones_like(held))
