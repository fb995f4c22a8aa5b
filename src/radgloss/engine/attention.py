"""Where a checkpoint's image tower looked, in the image's own voxels.

The tower's map lies on a grid over the prepared square; the inverse of the placement takes it back
to (frame, row, column) of the source, padding left behind. A map tells where information could flow
from; what an answer hangs on is asked by hiding (`engine.evidence`).

Shapes: N prepared frames · G grid side · S side of the square · F, R, C source frames, rows,
columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage

from radgloss.checkpoint import Checkpoint
from radgloss.data.batch import to_model
from radgloss.preprocess import Placement, prepare
from radgloss.types import Image, InputRejected

__all__ = ["attention_map", "on_frame", "on_image"]

Floats = npt.NDArray[np.float32]
CHUNK = 16  # frames in one forward pass


def attention_map(checkpoint: Checkpoint, image: Image) -> Floats:
    """(F, R, C): how much each place gave to the vector of its frame, 1 where it gave as much as
    the frame's average place.

    Raises InputRejected('no-attention') where the tower has none."""
    tower = checkpoint.model.image
    if not hasattr(tower, "looked_at"):
        raise InputRejected(
            "no-attention", f"checkpoint {checkpoint.name}", f"a {type(tower).__name__}",
            "a vision transformer", "Ask for regions instead; they work with any model.",
        )  # fmt: skip
    prepared = prepare(image, checkpoint.preprocess)
    maps = []
    with torch.inference_mode():
        for start in range(0, len(prepared.pixels), CHUNK):
            maps.append(tower.looked_at(to_model(prepared.pixels[start : start + CHUNK])).numpy())
    grid = np.concatenate(maps)
    return on_image(grid * grid[0].size, prepared.placement, checkpoint.preprocess.size)


def on_image(maps: Floats, placement: Placement, side: int) -> Floats:
    """Maps (N, G, G) over prepared squares of that side → (F, R, C) on the source image.

    Linear between the centres of cells, and between frames that were kept; constant beyond the
    outermost ones."""
    return _resampled(maps, _to_cells(placement, side / maps.shape[-1]), placement.shape)


def on_frame(grid: Floats, n: int, placement: Placement, side: int, frame: int) -> Floats:
    """A map (G, G) over prepared frame n → (R, C) on one source frame.

    Where source and prepared frames are cut across each other (a coronal series) the map lies in a
    band, and fades to nothing over one prepared frame on either side."""
    around = np.zeros((3, *grid.shape), np.float32)
    around[1] = grid
    to_cells = _to_cells(placement, side / grid.shape[-1])
    to_cells[0, 3] -= n - 1
    to_cells[:3, 3] += to_cells[:3, 0] * frame  # of a stack that begins at this frame
    return _resampled(around, to_cells, (1, *placement.shape[1:]))[0]


def _to_cells(placement: Placement, cell: float) -> npt.NDArray[np.float64]:
    """(4, 4): source index → index of (prepared frame, cell row, cell column)."""
    centre = (cell - 1) / 2  # of the first cell, in prepared pixels
    to_cells = np.diag([1.0, 1 / cell, 1 / cell, 1.0])
    to_cells[1:3, 3] = -centre / cell
    return to_cells @ np.linalg.inv(placement.to_source)


def _resampled(
    maps: Floats, to_cells: npt.NDArray[np.float64], shape: tuple[int, ...]
) -> Floats:  # (N, G, G) -> shape
    return ndimage.affine_transform(
        np.asarray(maps, np.float32), to_cells[:3, :3], to_cells[:3, 3],
        output_shape=shape, output=np.float32, order=1, mode="nearest",
    )  # fmt: skip
