"""What a film of the chest is before physics, and what a lesion leaves on it.

The body is in millimetres, x to the patient's left, y posterior, z superior; z = 0 lies at the
carina. Shapes: R rows · C columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.patients import Lesion
from radgloss.data.phantom.shapes import F32
from radgloss.data.phantom.thorax.view import View

__all__ = ["Film", "Shadow"]


@dataclass(frozen=True, eq=False)
class Shadow:
    """A lesion as one film has it: its silhouette, and how much it changes the line integral.

    mask: (R, C) bool. change: (R, C) float32, dimensionless, positive where it adds density.
    centre: its place in the body in millimetres (x, y, z), NaN where it has no single place."""

    lesion: Lesion
    mask: npt.NDArray[np.bool_]
    change: F32
    centre: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Film:
    """Line integrals of attenuation through a chest, before scatter, detector and noise.

    attenuation: (R, C) float32, dimensionless. Rows run from head to feet; columns run to the
    patient's left on a frontal film, to the back on a lateral one. pixel: millimetres at the
    detector; `view.pixel` is the same pixel at the middle of the body. facts: measures of the
    anatomy in millimetres of the body, and ratios as measured on this film.
    regions: silhouettes of healthy structures ("heart", "right lung", "left lung")."""

    attenuation: F32
    shadows: tuple[Shadow, ...]
    pixel: float
    view: View
    facts: Mapping[str, float]
    regions: Mapping[str, npt.NDArray[np.bool_]]
