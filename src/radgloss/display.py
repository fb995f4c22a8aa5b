"""From real values to grey levels: VOI first, MONOCHROME1 last (PS3.3 C.11.2, C.11.6).

The only place where a window is applied; reader, bridge and pages all come here.
Shapes: any; arrays keep theirs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from radgloss.types import Image, Lut, Window

__all__ = ["apply_voi", "default_voi", "grey", "strips"]


def _window(x: npt.NDArray[np.float32], w: Window) -> npt.NDArray[np.float32]:
    if w.function == "SIGMOID":  # C.11.2.1.3.1
        return 1.0 / (1.0 + np.exp(-4.0 * (x - w.center) / w.width))
    if w.function == "LINEAR_EXACT":  # C.11.2.1.3.2
        return np.clip((x - w.center) / w.width + 0.5, 0.0, 1.0)
    if w.width <= 1:  # C.11.2.1.2.1: a width of 1 is a threshold
        return (x > w.center - 0.5).astype(np.float32)
    return np.clip((x - (w.center - 0.5)) / (w.width - 1.0) + 0.5, 0.0, 1.0)


def _lut(x: npt.NDArray[np.float32], lut: Lut) -> npt.NDArray[np.float32]:
    index = np.clip(np.rint(x).astype(np.int64) - lut.first, 0, len(lut.data) - 1)
    return lut.data[index].astype(np.float32) / float((1 << lut.bits) - 1)


def apply_voi(values: npt.NDArray[np.float32], voi: Window | Lut) -> npt.NDArray[np.float32]:
    """Real values → brightness in [0, 1], before any inversion.

    >>> apply_voi(np.array([-160.0, 40.0, 240.0], np.float32), Window(40, 400)).round(2).tolist()
    [0.0, 0.5, 1.0]
    """
    return _lut(values, voi) if isinstance(voi, Lut) else _window(values, voi)


def default_voi(image: Image) -> Window | Lut:
    """The image's first stored window or table, else one that spans its values."""
    if image.voi:
        return image.voi[0]
    low, high = float(image.pixels.min()), float(image.pixels.max())
    return Window((low + high) / 2, max(high - low, 1e-6), "LINEAR_EXACT")


def grey(image: Image, frame: int, voi: Window | Lut | None = None) -> npt.NDArray[np.uint8]:
    """One frame as it is shown on a screen: (R, C) uint8, 0 black."""
    pixels, voi = image.pixels[frame], voi or default_voi(image)
    out = np.empty(pixels.shape, np.uint8)
    for strip in strips(pixels.shape):
        shown = apply_voi(pixels[strip], voi)
        if image.inverted:
            shown = 1.0 - shown
        out[strip] = np.rint(shown * 255.0)
    return out


def strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows of a frame (R, C) in portions: what is made on the way stays small beside the frame.

    >>> list(strips((5, 1 << 19)))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    rows = max(_PORTION // max(shape[1], 1), 1)
    return (slice(top, min(top + rows, shape[0])) for top in range(0, shape[0], rows))


_PORTION = 1 << 20  # pixels
