"""What a patient must be to be filmed, and what a film is before physics.

The body is in millimetres, x to the patient's left, y posterior, z superior; z = 0 lies at the
carina. Shapes: R rows · C columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.shapes import F32
from radgloss.data.phantom.thorax.view import View

__all__ = ["Acquisition", "Film", "Lesion", "Patient", "Shadow"]


class Lesion(Protocol):
    """One thing wrong in one place; see the table of findings for what each word may be."""

    @property
    def what(self) -> str: ...
    @property
    def key(self) -> int: ...
    @property
    def side(self) -> str: ...
    @property
    def site(self) -> str: ...
    @property
    def size_mm(self) -> float: ...
    @property
    def volume_ml(self) -> tuple[float, float]: ...
    @property
    def severity(self) -> str: ...
    @property
    def features(self) -> tuple[str, ...]: ...


class Acquisition(Protocol):
    """How the picture is taken."""

    @property
    def dose(self) -> float: ...
    @property
    def inverted(self) -> bool: ...
    @property
    def marker(self) -> str: ...
    @property
    def hospital(self) -> int: ...


class Patient(Protocol):
    """Who is filmed."""

    @property
    def seed(self) -> int: ...
    @property
    def exam(self) -> str: ...
    @property
    def sex(self) -> Literal["F", "M"]: ...
    @property
    def age(self) -> int: ...
    @property
    def height_cm(self) -> float: ...
    @property
    def bmi(self) -> float: ...
    @property
    def lesions(self) -> Sequence[Lesion]: ...
    @property
    def acquisition(self) -> Acquisition: ...
    @property
    def incidentals(self) -> tuple[str, ...]: ...
    @property
    def situs_inversus(self) -> bool: ...


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
