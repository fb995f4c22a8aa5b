"""A head on CT, for domain shift only: nothing is ever trained on it, and a draft must abstain.

Coordinates in millimetres, z = 0 at the level of the lateral ventricles."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from radgloss.data.phantom.patients import stream
from radgloss.data.phantom.shapes import F32, Grid, Paint, coverage, ellipsoid, field, smooth_min

__all__ = ["build"]

FRAMES, SIZE, SLICE, PIXEL = 30, 160, 5.0, 1.5


class Patient(Protocol):
    """Whose head it is."""

    @property
    def seed(self) -> int: ...
    @property
    def exam(self) -> str: ...
    @property
    def scale(self) -> float: ...


def build(patient: Patient) -> tuple[Grid, F32]:
    """The grid and the noiseless CT numbers (30, 160, 160) of that patient's head."""
    rng = stream(patient.seed, patient.exam, "body")
    s = patient.scale * float(rng.normal(1, 0.02))
    shape, spacing = (FRAMES, SIZE, SIZE), (SLICE, PIXEL, PIXEL)
    z = (SLICE * (np.arange(FRAMES) - 14)).astype(np.float32)
    y = x = ((np.arange(SIZE) - (SIZE - 1) / 2) * PIXEL).astype(np.float32)
    axes = (x[None, None, :], y[None, :, None], z[:, None, None])
    warped = [
        np.float32(2.0) * field(rng, shape, spacing, 55.0) + axis.astype(np.float32)
        for axis in axes
    ]
    grid = Grid(z, y, x, (warped[0], warped[1], warped[2]))
    hu = np.full(shape, -1000, np.float32)

    def paint(what: Paint, value: float | F32, soft: float = 2.0) -> None:
        part = hu[what.box]
        part += coverage(what.distance, soft) * (value - part)

    whole = grid.whole
    skull = ellipsoid(grid, (0, 0, 0), (76 * s, 94 * s, 84 * s), None, whole)
    for inset, value in ((-6.0, 35.0), (0.0, 1000.0), (2.2, 500.0), (4.6, 1000.0), (6.5, 12.0)):
        paint(Paint(whole, skull.distance + np.float32(inset)), value)
    folds = field(rng, shape, spacing, 11.0)
    brain = skull.distance + np.float32(8.5)
    sulci = brain + np.float32(2.2) * np.clip(folds - 0.6, 0, None)
    paint(Paint(whole, sulci), 38.0)
    paint(Paint(whole, brain + np.float32(7) + np.float32(3.5) * folds), 29.0, 3.0)
    for side in (-1, 1):
        basal = ellipsoid(grid, (side * 21 * s, -6, -6), (11 * s, 21 * s, 15 * s))
        paint(basal, 37.0, 3.0)
        front = ellipsoid(grid, (side * 9 * s, -22, 8), (6 * s, 21 * s, 9 * s), None, whole)
        back = ellipsoid(grid, (side * 19 * s, 26, 8), (6 * s, 24 * s, 9 * s), None, whole)
        paint(Paint(whole, smooth_min(front.distance, back.distance, 8)), 6.0)
    falx = np.maximum(np.abs(warped[0]) - np.float32(0.9), brain)
    paint(Paint(whole, np.maximum(falx, 12 - warped[2])), 52.0)
    return grid, hu
