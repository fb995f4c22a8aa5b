"""A hand-made body of ellipsoids for the ultrasound tests: every place in it is a closed form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.ultrasound.medium import Medium
from radgloss.data.phantom.ultrasound.us import MATERIALS, Acoustic

Shape = tuple[
    str, tuple[float, float, float], tuple[float, float, float]
]  # material, centre, radii

BODY: tuple[Shape, ...] = (
    ("skin", (0, 0, 0), (150, 105, 400)),
    ("fat", (0, 0, 0), (148, 103, 400)),
    ("muscle", (0, 0, 0), (136, 93, 400)),
    ("visceral fat", (0, 0, 0), (124, 82, 400)),
    ("cortical bone", (0, 60, 0), (22, 22, 400)),
    ("liver", (-55, -10, 30), (66, 68, 62)),
    ("lung", (-50, 0, 152), (72, 75, 62)),
    ("renal cortex", (-58, 38, -25), (26, 24, 52)),
    ("visceral fat", (-54, 36, -25), (10, 9, 28)),
    ("gallbladder wall", (-40, -45, 0), (16, 16, 34)),
    ("bile", (-40, -45, 0), (14, 14, 32)),
    ("artery", (8, 30, 0), (10, 10, 400)),
    ("hepatic vein", (-60, -5, 50), (5, 5, 30)),
    ("spleen", (92, 25, 50), (24, 40, 50)),
)


def inside(
    points: tuple[npt.NDArray[np.float64], ...], centre: tuple[float, ...], radii: tuple[float, ...]
) -> npt.NDArray[np.bool_]:
    """Where x, y, z lie within an ellipsoid."""
    return sum(((p - c) / r) ** 2 for p, c, r in zip(points, centre, radii, strict=True)) < 1


def body(
    shapes: tuple[Shape, ...] = BODY,
    lesions: dict[str, Shape] | None = None,
    materials: dict[str, Acoustic] | None = None,
    spacing: float = 2.0,
) -> Medium:
    """Paint the shapes in their order, then the lesions, on a lattice of cubes."""
    table = dict(MATERIALS if materials is None else materials)
    z, y, x = np.meshgrid(
        np.arange(-130, 190, spacing), np.arange(-112, 112, spacing),
        np.arange(-156, 156, spacing), indexing="ij",
    )  # fmt: skip
    channels = [np.full(x.shape, v, np.float32) for v in table["air"]]
    organs: dict[str, npt.NDArray[np.bool_]] = {}
    masks: dict[str, npt.NDArray[np.bool_]] = {}
    named = [(s, s[0], organs) for s in shapes] + [
        (s, name, masks) for name, s in (lesions or {}).items()
    ]
    for (material, centre, radii), name, where in named:
        here = inside((x, y, z), centre, radii)
        for channel, value in zip(channels, table[material], strict=True):
            channel[here] = value
        where[name] = here
    return Medium(
        channels[0], channels[1], channels[2], (-156.0, -112.0, -130.0), (spacing,) * 3,
        organs, masks,
    )  # fmt: skip
