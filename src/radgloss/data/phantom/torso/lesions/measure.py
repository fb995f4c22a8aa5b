"""The longest axial diameter of a mask, as a reader would take it with callipers."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.torso.scene import Mask

__all__ = ["longest_axial"]

_ANGLES = np.radians(np.arange(0, 180, 5))


def longest_axial(mask: Mask, spacing: tuple[float, float, float]) -> float:
    """(Z, Y, X) mask → mm, to the outer edges of its voxels; 0 where it is empty.

    >>> longest_axial(np.ones((1, 1, 10), bool), (5.0, 2.0, 2.0))
    20.0
    """
    best = 0.0
    pixel = (spacing[1] + spacing[2]) / 2
    for plane in mask[mask.any((1, 2))]:
        y, x = np.nonzero(plane)
        across = np.outer(np.cos(_ANGLES), x * spacing[2]) + np.outer(
            np.sin(_ANGLES), y * spacing[1]
        )
        best = max(best, float((across.max(1) - across.min(1)).max()) + pixel)
    return best
