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

__all__ = ["attention_map", "on_image"]

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
    cell = side / maps.shape[-1]
    centre = (cell - 1) / 2  # of the first cell, in prepared pixels
    to_cells = np.diag([1.0, 1 / cell, 1 / cell, 1.0])
    to_cells[1:3, 3] = -centre / cell
    from_source = to_cells @ np.linalg.inv(placement.to_source)
    return ndimage.affine_transform(
        np.asarray(maps, np.float32), from_source[:3, :3], from_source[:3, 3],
        output_shape=placement.shape, output=np.float32, order=1, mode="nearest",
    )  # fmt: skip
