"""How a chest is filmed: from where, at what distance, on which grid.

Rays are taken as parallel, but every structure is enlarged by its own distance from the detector
(weak perspective): the heart lies close to the detector on a PA film and far from it on an AP
film, and the right ribs are larger than the left on a left lateral. Figures in the plane are
millimetres at the middle of the body (y = 0 frontal, x = 0 lateral)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.shapes import F32

__all__ = ["VIEWS", "Setup", "View", "aim"]


@dataclass(frozen=True)
class Setup:
    """One way of taking a film. ray, across: body axes (0 x, 1 y) along and across the beam.

    toward: +1 where the beam travels along its axis, -1 against it. distance: source to
    detector, mm. gap: skin to detector, mm. erect: standing, in full inspiration."""

    ray: int
    across: int
    toward: int
    distance: float
    gap: float
    erect: bool


VIEWS = {
    "PA": Setup(ray=1, across=0, toward=-1, distance=1830, gap=40, erect=True),
    "lateral": Setup(ray=0, across=1, toward=1, distance=1830, gap=40, erect=True),
    "AP": Setup(ray=1, across=0, toward=1, distance=1020, gap=25, erect=False),
}


@dataclass(frozen=True, eq=False)
class View:
    """A film's grid in the plane through the middle of the body.

    u: (1, C) millimetres across the beam; z: (R, 1) millimetres, falling. pixel: millimetres.
    detector: its place along the beam's axis. middle: height of the central ray."""

    name: str
    setup: Setup
    u: F32
    z: F32
    pixel: float
    detector: float
    middle: float

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.z), self.u.shape[1]

    @property
    def frontal(self) -> bool:
        return self.setup.ray == 1

    def blank(self) -> F32:
        return np.zeros(self.shape, np.float32)

    @property
    def magnification(self) -> float:
        """Of the middle of the body at the detector."""
        return self.setup.distance / (self.setup.distance - abs(self.detector))

    def factor(self, depth: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """How much larger a thing at that depth is drawn than one in the middle of the body."""
        gap = (self.detector - np.asarray(depth, float)) * self.setup.toward
        return self.setup.distance / (self.setup.distance - gap) / self.magnification

    def grid(self, depth: float) -> tuple[F32, F32]:
        """Body coordinates (1, C) and (R, 1) of the pixels for a structure at that depth."""
        f = np.float32(1 / self.factor(depth))
        m = np.float32(self.middle)
        return self.u * f, m + (self.z - m) * f

    def project(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Body points (N, 3) → the plane (N, 2): across the beam, and height."""
        f = self.factor(points[:, self.setup.ray])
        return np.column_stack(
            [
                points[:, self.setup.across] * f,
                self.middle + (points[:, 2] - self.middle) * f,
            ]
        )

    def pixel_of(self, point: tuple[float, float, float]) -> tuple[float, float]:
        """The (row, column) where a body point falls, in fractions of a pixel."""
        u, z = self.project(np.array([point], float))[0]
        return (float(self.z[0, 0]) - z) / self.pixel, (u - float(self.u[0, 0])) / self.pixel


def aim(
    name: str, size: int, pixel: float, middle: float, beside: float, reach: tuple[float, float]
) -> View:
    """The view of that name: `size`² pixels of `pixel` mm about (beside, middle).

    reach: half width and half depth of the trunk at the skin. Raises KeyError for a view that
    no one takes."""
    setup = VIEWS[name]
    steps = (np.arange(size) - (size - 1) / 2) * pixel
    detector = setup.toward * (reach[setup.ray] + setup.gap)
    u = (beside + steps).astype(np.float32)[None]
    z = (middle - steps).astype(np.float32)[:, None]
    return View(name, setup, u, z, pixel, detector, middle)
