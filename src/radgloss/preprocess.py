"""The bridge: `Image` → the array a model sees, and the way back to millimetres.

Training and serving both come here, and the settings travel inside every checkpoint, so the two
cannot drift apart. Cross-sections are turned to the axial plane by axis swaps and flips (never by
interpolation between frames), thinned to one frame every `step_mm`, and fitted whole into a square;
radiographs are turned upright. Every step is affine, so `Placement` can be inverted exactly.

Shapes: N frames kept · C channels (one per window) · S side of the square."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from radgloss.display import apply_voi, default_voi, strips
from radgloss.types import Image, InputRejected, Region, Window

__all__ = ["CT_WINDOWS", "Placement", "Prepared", "Preprocess", "laid_out", "prepare", "stacked"]

# Soft tissue, lung, bone: the three windows of everyday reading.
CT_WINDOWS = (Window(40, 400), Window(-500, 1500), Window(400, 1800))
RADIOGRAPHS = frozenset({"CR", "DX", "RG", "MG", "XA", "RF"})
NOT_ENOUGH = 8  # an image narrower than this many pixels shows nothing


@dataclass(frozen=True)
class Preprocess:
    """Settings of the bridge. size: side of the square in pixels. step_mm: distance of the frames
    that are kept. max_frames: more are thinned evenly. windows: CT channels, in HU."""

    size: int = 160
    step_mm: float = 5.0
    max_frames: int = 64
    windows: tuple[Window, ...] = field(default=CT_WINDOWS)

    @property
    def channels(self) -> int:
        return len(self.windows)

    def to_dict(self) -> dict[str, object]:
        """Plain values, for a checkpoint's `config.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, d: dict[str, object]) -> Preprocess:
        """The inverse of `to_dict`; unknown keys are a TypeError."""
        windows = tuple(Window(**w) for w in d["windows"])  # type: ignore[attr-defined]
        return cls(**{**d, "windows": windows})  # type: ignore[arg-type]

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that change when any setting does."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True, eq=False)
class Placement:
    """Where the model's array lies in the image and in the patient.

    to_source: (4, 4), prepared (n, row, column, 1) → source (frame, row, column, 1).
    affine: (4, 4) of the source image, → LPS millimetres. shape: the source's (F, R, C)."""

    to_source: npt.NDArray[np.float64]
    affine: npt.NDArray[np.float64]
    shape: tuple[int, int, int]

    def to_index(self, n: float, row: float, column: float) -> npt.NDArray[np.float64]:
        """Index (frame, row, column) in the source image of a prepared pixel's centre."""
        return (self.to_source @ np.array([n, row, column, 1.0]))[:3]

    def to_mm(self, n: float, row: float, column: float) -> npt.NDArray[np.float64]:
        """LPS millimetres (3,) of a prepared pixel's centre."""
        return (self.affine @ self.to_source @ np.array([n, row, column, 1.0]))[:3]

    def from_mm(self, x: float, y: float, z: float) -> npt.NDArray[np.float64]:
        """Prepared (n, row, column) of a point in LPS millimetres."""
        both = np.linalg.inv(self.affine @ self.to_source)
        return (both @ np.array([x, y, z, 1.0]))[:3]

    def from_index(self, frame: float) -> float:
        """The prepared frame n nearest to a source frame (frames keep their own axis order)."""
        inverse = np.linalg.inv(self.to_source)
        axis = int(np.argmax(np.abs(self.to_source[:3, 0])))
        point = np.zeros(4)
        point[axis], point[3] = frame, 1.0
        return float((inverse @ point)[0])

    def region(self, n: int, top: float, left: float, bottom: float, right: float) -> Region:
        """A rectangle of prepared frame n (edges in pixels) as a box of source voxels.

        Pixel i reaches from edge i to edge i + 1 and has its centre between them; the box holds
        the voxels whose centres lie inside the edges, at least one along every axis."""
        a = self.to_index(n, top - 0.5, left - 0.5)
        b = self.to_index(n, bottom - 0.5, right - 0.5)
        half = np.maximum(np.abs(b - a) / 2, 0.5) - 0.5  # from the middle to the last centre
        limit = np.array(self.shape) - 1
        low = np.clip(np.rint((a + b) / 2 - half), 0, limit).astype(int)
        high = np.clip(np.rint((a + b) / 2 + half), 0, limit).astype(int)
        return Region(tuple(low.tolist()), tuple(high.tolist()))


@dataclass(frozen=True, eq=False)
class Prepared:
    """pixels: (N, C, S, S) uint8, 255 is white, padding 0. inside: (S, S) bool, not padding.

    Eight bits, so that what is cached for training and what is served are the same bytes."""

    pixels: npt.NDArray[np.uint8]
    inside: npt.NDArray[np.bool_]
    placement: Placement


def prepare(image: Image, settings: Preprocess) -> Prepared:
    """The array that a model sees of one image, and its place.

    Raises InputRejected for an image that is too small, empty or not finite."""
    _check(image)
    order, flips = _upright(image)
    volume, turn = _turned(image.pixels, order, flips)  # (F', R', C') view, no copy
    keep = _kept_frames(volume.shape[0], _step_mm(image, order), settings)
    rows_mm, columns_mm = (_length(image.affine[:, order[i]]) for i in (1, 2))
    height, width, top, left = _fit(
        volume.shape[1] * rows_mm, volume.shape[2] * columns_mm, settings
    )
    looks = _looks(image, settings)
    repeat = settings.channels // len(looks)  # one look fills every channel
    pixels = np.zeros((len(keep), settings.channels, settings.size, settings.size), np.uint8)
    for n, frame in enumerate(keep):
        for c, look in enumerate(looks):
            shown = _resize(_shown(volume[frame], look), height, width)
            pixels[n, c : c + repeat, top : top + height, left : left + width] = shown
    inside = np.zeros((settings.size, settings.size), bool)
    inside[top : top + height, left : left + width] = True
    fit = _fit_matrix(keep, volume.shape, (height, width, top, left))
    shape: tuple[int, int, int] = image.pixels.shape
    return Prepared(pixels, inside, Placement(turn @ fit, image.affine, shape))


def stacked(pixels: npt.NDArray[np.uint8], frames: int) -> tuple[npt.NDArray[np.uint8], int]:
    """Prepared frames (N, C, S, S) as a volume (C, F, S, S), and where in it the first one lies.

    Fewer frames than F stand in the middle, between black ones; of more, the middle ones stay.
    (`Preprocess.max_frames` is F where a model takes volumes, so that none is lost.)"""
    n, channels, *sides = pixels.shape
    first = (frames - n) // 2
    volume = np.zeros((channels, frames, *sides), np.uint8)
    kept = pixels[max(0, -first) : max(0, -first) + frames]
    begin = max(0, first)
    volume[:, begin : begin + len(kept)] = kept.swapaxes(0, 1)
    return volume, first


def _check(image: Image) -> None:
    what = f"image {image.uid}"
    if min(image.pixels.shape[1:]) < NOT_ENOUGH:
        raise InputRejected(
            "too-small", what, f"{image.pixels.shape[1]} × {image.pixels.shape[2]} pixels",
            f"at least {NOT_ENOUGH} × {NOT_ENOUGH}", "Leave it out.",
        )  # fmt: skip
    if not all(np.isfinite(frame).all() for frame in image.pixels):  # no mask of the whole volume
        raise InputRejected(
            "not-finite", what, "NaN or infinite pixels", "numbers", "Leave it out."
        )


def _length(v: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(v[:3])) or 1.0


def _upright(image: Image) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Which source axis becomes frame, row and column, and which of them run backwards.

    Axial: frames towards the head, rows towards the back, columns towards the left. A radiograph
    keeps its frames; rows run towards the feet, columns towards the patient's left."""
    axes = image.affine[:3, :3] / np.maximum(np.linalg.norm(image.affine[:3, :3], axis=0), 1e-12)
    if image.modality in RADIOGRAPHS or image.pixels.shape[0] == 1:
        across = int(np.argmax(np.abs(axes[0, 1:]))) + 1  # the in-plane axis along x
        down = 3 - across
        vertical = axes[2, down] if abs(axes[2, down]) > 0.5 else -axes[1, down]
        lateral = abs(axes[0, across]) < 0.5  # no left-right in the plane: leave as it hangs
        if lateral:
            return (0, 1, 2), (False, False, False)
        return (0, down, across), (False, bool(vertical > 0), bool(axes[0, across] < 0))
    order = [0, 0, 0]
    free = {0, 1, 2}
    for goal, world in ((0, 2), (1, 1), (2, 0)):  # frames along z, rows along y, columns along x
        axis = max(free, key=lambda a: abs(axes[world, a]))
        order[goal] = axis
        free.discard(axis)
    z, y, x = order
    return (z, y, x), (bool(axes[2, z] < 0), bool(axes[1, y] < 0), bool(axes[0, x] < 0))


def _turned(
    pixels: npt.NDArray[np.float32],
    order: tuple[int, int, int],
    flips: tuple[bool, bool, bool],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """The turned view, and the (4, 4) matrix from its indices to the source's."""
    view = pixels.transpose(order)
    turn = np.zeros((4, 4))
    turn[3, 3] = 1.0
    for new, old in enumerate(order):
        if flips[new]:
            view = np.flip(view, new)
            turn[old, new], turn[old, 3] = -1.0, pixels.shape[old] - 1.0
        else:
            turn[old, new] = 1.0
    return view, turn


def _step_mm(image: Image, order: tuple[int, int, int]) -> float:
    return _length(image.affine[:, order[0]])


def _kept_frames(frames: int, spacing: float, settings: Preprocess) -> npt.NDArray[np.int64]:
    """An even choice: every `step_mm`, thinned further to at most `max_frames`."""
    stride = max(1, round(settings.step_mm / spacing)) if frames > 1 else 1
    stride = max(stride, -(-frames // settings.max_frames))
    start = ((frames - 1) % stride) // 2
    return np.arange(start, frames, stride)


def _fit(height: float, width: float, settings: Preprocess) -> tuple[int, int, int, int]:
    """Height, width, top and left in pixels of the picture within the square."""
    scale = settings.size / max(height, width)
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    return h, w, (settings.size - h) // 2, (settings.size - w) // 2


def _fit_matrix(
    keep: npt.NDArray[np.int64], shape: tuple[int, ...], box: tuple[int, int, int, int]
) -> npt.NDArray[np.float64]:
    """Prepared (n, row, column) → turned (frame, row, column); pixel centres at whole numbers."""
    height, width, top, left = box
    rows, columns = shape[1] / height, shape[2] / width
    m = np.eye(4)
    m[0, 0] = float(keep[1] - keep[0]) if len(keep) > 1 else 1.0
    m[0, 3] = float(keep[0])
    m[1, 1], m[1, 3] = rows, (0.5 - top) * rows - 0.5
    m[2, 2], m[2, 3] = columns, (0.5 - left) * columns - 0.5
    return m


Look = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]


def _looks(image: Image, settings: Preprocess) -> list[Look]:
    """Real values → [0, 1]. CT: one look a window. Others: the stored window, for all channels."""
    if image.modality == "CT":
        return [partial(apply_voi, voi=window) for window in settings.windows]
    voi = default_voi(image)
    if image.inverted:
        return [lambda values: 1.0 - apply_voi(values, voi)]
    return [partial(apply_voi, voi=voi)]


def _shown(frame: npt.NDArray[np.float32], look: Look) -> Pillow.Image:
    """A frame (R, C) as it looks, made strip by strip so that a huge one is held once more only."""
    rows, columns = frame.shape
    picture = Pillow.new("F", (columns, rows))
    for strip in strips(frame.shape):
        part = np.ascontiguousarray(look(frame[strip]), np.float32)
        if len(part) == rows:
            return Pillow.fromarray(part)
        picture.paste(Pillow.fromarray(part), (0, strip.start))
    return picture


def _resize(source: Pillow.Image, height: int, width: int) -> npt.NDArray[np.uint8]:
    """[0, 1] → 0 to 255, antialiased (each output pixel averages the area it covers)."""
    small = np.asarray(source.resize((width, height), Pillow.Resampling.BILINEAR), np.float32)
    return np.rint(small * 255.0).astype(np.uint8)


def laid_out(frames: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Which pictures stand for a study whose images have so many prepared frames.

    Returns (image, frame) in their order: all of them, or `most` spread evenly over them.

    >>> laid_out([2, 1], 8), laid_out([9], 3)
    ([(0, 0), (0, 1), (1, 0)], [(0, 0), (0, 4), (0, 8)])
    """
    every = [(image, frame) for image, many in enumerate(frames) for frame in range(many)]
    if len(every) <= most:
        return every
    return [every[int(n)] for n in np.rint(np.linspace(0, len(every) - 1, most))]
