"""A body as sound meets it: three channels on a lattice, and what lies at any place between.

Shapes: Z frames · Y rows · X columns of the lattice; positions are LPS millimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom.shapes import F32

__all__ = ["Medium"]

AIR = 0.9  # MRayl: what is lighter is gas or lung
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Medium:
    """echo (dB relative to liver), attenuation (dB/cm/MHz), impedance (MRayl): each (Z, Y, X).

    origin: (3,) x, y, z of the first voxel. spacing: (3,) mm between columns, rows, frames.
    organs, lesions: (Z, Y, X) bool by name; lesions overlie organs."""

    echo: F32
    attenuation: F32
    impedance: F32
    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]
    organs: Mapping[str, Bool]
    lesions: Mapping[str, Bool] = field(default_factory=dict)

    def voxel(self, points: F32) -> F32:
        """(3, ...) LPS x, y, z → (3, ...) fractional frame, row, column."""
        out = [
            (points[k] - np.float32(self.origin[k])) * np.float32(1 / self.spacing[k])
            for k in (2, 1, 0)
        ]
        return np.stack(out)

    def at(self, points: F32) -> tuple[F32, F32, F32]:
        """(3, ...) LPS → echo, attenuation, impedance there, linear between voxels.

        Beyond the lattice its border goes on above and below, and all around there is air."""
        v = self.voxel(points)
        v[0] = np.clip(v[0], 0, self.echo.shape[0] - 1)
        out = [
            ndimage.map_coordinates(c, v, order=1, mode="constant", cval=far)
            for c, far in ((self.echo, -60.0), (self.attenuation, 0.0), (self.impedance, 0.0004))
        ]
        return out[0], out[1], out[2]

    def nearest(self, volume: npt.NDArray[np.generic], points: F32) -> npt.NDArray[np.generic]:
        """(3, ...) LPS → the value of the nearest voxel of a (Z, Y, X) volume, 0 outside."""
        v = np.rint(self.voxel(points)).astype(np.int32)
        ok = np.ones(v.shape[1:], bool)
        for axis, n in enumerate(volume.shape):
            ok &= (v[axis] >= 0) & (v[axis] < n)
            np.clip(v[axis], 0, n - 1, out=v[axis])
        return np.where(ok, volume[v[0], v[1], v[2]], volume.dtype.type(0))

    def centre(self, mask: Bool) -> npt.NDArray[np.float64]:
        """(3,) LPS of the middle of a mask (Z, Y, X) that holds at least one voxel."""
        z, y, x = (np.nonzero(mask)[k].mean() for k in (0, 1, 2))
        return np.array(self.origin) + np.array([x, y, z]) * np.array(self.spacing)

    @cached_property
    def labels(self) -> npt.NDArray[np.uint8]:
        """(Z, Y, X) the organ at each voxel, counted from 1 in the order of `organs`; 0 none."""
        out = np.zeros(self.echo.shape, np.uint8)
        for k, mask in enumerate(self.organs.values(), start=1):
            out[mask] = k
        return out

    def skin(
        self, target: npt.ArrayLike, beam: npt.ArrayLike, press: float = 6.0
    ) -> npt.NDArray[np.float64]:
        """(3,) where a probe stands that looks along `beam` at `target`, pressed in by `press` mm.

        The outermost tissue on the way back from the target, so gas inside is no skin."""
        down = np.asarray(beam, float) / np.linalg.norm(np.asarray(beam, float))
        back = np.arange(0, 420, 1.5)
        line = np.asarray(target, float)[:, None] - down[:, None] * back
        v = self.voxel(line.astype(np.float32))
        v[0] = np.clip(v[0], 0, self.echo.shape[0] - 1)
        z = ndimage.map_coordinates(self.impedance, v, order=1, mode="constant", cval=0.0004)
        tissue = np.nonzero(z > AIR)[0]
        outermost = back[tissue[-1]] if len(tissue) else 0.0
        return np.asarray(target, float) - down * max(outermost - press, 0.0)
