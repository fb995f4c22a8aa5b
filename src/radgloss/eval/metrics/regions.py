"""How well a box points at what it should: overlap with the true region, and the pointing game.

A region is a box of voxels, (frame, row, column) low and high, both ends included."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from radgloss.types import Region

__all__ = ["box_of", "iou", "points_at"]

Mask = npt.NDArray[np.bool_]


def box_of(mask: Mask) -> Region:
    """The smallest box that holds every marked voxel of (F, R, C); ValueError for an empty mask."""
    where = np.argwhere(mask)
    if not len(where):
        raise ValueError("an empty mask has no box")
    low, high = where.min(0), where.max(0)
    return Region(tuple(map(int, low)), tuple(map(int, high)))  # type: ignore[arg-type]


def iou(a: Region, b: Region) -> float:
    """Intersection over union of two boxes, in voxels.

    >>> iou(Region((0, 0, 0), (0, 1, 1)), Region((0, 1, 0), (0, 2, 1)))
    0.3333333333333333
    """
    size = [_size(a.low, a.high), _size(b.low, b.high)]
    low = tuple(map(max, a.low, b.low))
    high = tuple(map(min, a.high, b.high))
    shared = _size(low, high)
    return shared / (sum(size) - shared)


def _size(low: tuple[int, ...], high: tuple[int, ...]) -> int:
    return int(np.prod([max(h - lo + 1, 0) for lo, h in zip(low, high, strict=True)]))


def points_at(region: Region, mask: Mask, slack: int = 0) -> bool:
    """Whether the middle of a box lies on the mask, or within `slack` voxels in-plane of it.

    The pointing game of Zhang et al. (Int J Comput Vis 2018), on boxes."""
    middle = tuple((lo + hi) // 2 for lo, hi in zip(region.low, region.high, strict=True))
    if any(m >= n for m, n in zip(middle, mask.shape, strict=True)):
        return False
    f, r, c = middle
    window = mask[f, max(r - slack, 0) : r + slack + 1, max(c - slack, 0) : c + slack + 1]
    return bool(window.any())
