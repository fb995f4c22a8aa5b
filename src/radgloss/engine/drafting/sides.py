"""On which side of the patient a region lies, where its image can tell."""

from __future__ import annotations

from typing import Literal

import numpy as np

from radgloss.types import Image, Region

__all__ = ["side_of"]

MARGIN = 0.05  # of the picture's breadth: a region nearer to its middle is on neither side
ACROSS = 0.5  # of the picture's longer side: less of the patient's breadth is no view across


def side_of(image: Image, region: Region) -> Literal["right", "left", ""]:
    """ "right" or "left" of the patient where the whole region lies there; "" where it reaches the
    middle, or where the picture (a lateral view) does not show both sides.

    The middle is the picture's: a patient off centre by more than MARGIN can be mistaken."""
    frames, rows, columns = image.pixels.shape
    whole = _reach(image, (0, 0, 0), (frames - 1, rows - 1, columns - 1))
    low, high = whole
    steps = np.linalg.norm(image.affine[:3, :3], axis=0)
    longer = float(max(rows * steps[1], columns * steps[2]))
    if not high - low >= ACROSS * longer:
        return ""
    first, last = _reach(image, region.low, region.high)
    middle, margin = (low + high) / 2, MARGIN * (high - low)
    if first >= middle + margin:  # LPS: x grows towards the patient's left
        return "left"
    return "right" if last <= middle - margin else ""


def _reach(
    image: Image, low: tuple[int, int, int], high: tuple[int, int, int]
) -> tuple[float, float]:
    """The least and the greatest x of a box's voxel centres, mm."""
    ends = np.array([low, high], float)
    x = [image.to_mm(*np.where(np.array(bits), ends[1], ends[0]))[0]
         for bits in np.ndindex(2, 2, 2)]  # fmt: skip
    return float(min(x)), float(max(x))
