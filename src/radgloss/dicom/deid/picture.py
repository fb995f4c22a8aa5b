"""Pixels for cleaning: grey pictures to look for text in, and frames with boxes filled. Child only.

Shapes: R rows · C columns · S samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from radgloss.dicom import colour, pixels
from radgloss.dicom.header import Coded, Header, Pixels
from radgloss.dicom.limits import Limits
from radgloss.dicom.source import Source

__all__ = ["LARGEST", "SAMPLED", "Masked", "grey", "masked", "sampled", "written_as"]

SAMPLED = 5  # frames of a multi-frame picture that are looked at
LARGEST = 4096  # side of a grey picture; larger ones are thinned
Box = Sequence[int]  # top, left, height, width in stored rows and columns


@dataclass(frozen=True)
class Masked:
    """What the header must say of pixels that were written anew."""

    photometric: str
    samples: int
    allocated: int
    frame_bytes: int


def sampled(frames: int) -> list[int]:
    """The frames to look at: all of few, else evenly spread from first to last.

    >>> sampled(3), sampled(101)
    ([0, 1, 2], [0, 25, 50, 75, 100])
    """
    if frames <= SAMPLED:
        return list(range(frames))
    return [round(i * (frames - 1) / (SAMPLED - 1)) for i in range(SAMPLED)]


def grey(source: Source, header: Header, limits: Limits) -> Iterator[tuple[int, np.ndarray]]:
    """(step, (R', C') uint8) of each sampled frame; step: every how many rows were taken."""
    coded = header.pixels
    assert coded is not None
    wanted = sampled(coded.frames)
    step = -(-max(coded.rows, coded.columns) // LARGEST)
    if coded.photometric in colour.COLOURS:
        for rgb in colour.frames(source, Coded.of(header), wanted, limits):  # (R, C, 3)
            yield step, np.ascontiguousarray(rgb[::step, ::step].max(axis=2))
        return
    for stored in pixels.stored_frames(source, coded, wanted, limits):
        yield step, _spread(stored[::step, ::step], coded.photometric == "MONOCHROME1")


def _spread(stored: np.ndarray, inverse: bool) -> np.ndarray:
    """Smallest to largest stored value over 0..255; annotations lie at the ends."""
    values = np.nan_to_num(stored.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    scaled = np.rint((values - low) * (255.0 / max(high - low, 1e-6))).astype(np.uint8)
    return 255 - scaled if inverse else scaled


def written_as(coded: Pixels) -> Masked:
    """How frames of such pixels are written once they were decoded."""
    photometric, samples = coded.photometric, coded.samples
    if photometric.startswith("YBR"):
        stays = coded.syntax in colour.UNCONVERTED
        photometric = "YBR_FULL" if stays else "RGB"
    size = coded.rows * coded.columns * samples * coded.allocated // 8
    return Masked(photometric, samples, coded.allocated, size)


def masked(source: Source, coded: Pixels, boxes: Sequence[Box], limits: Limits) -> Iterator[bytes]:
    """Every frame with its boxes filled, little endian, samples side by side."""
    target = written_as(coded)
    kind = np.dtype(f"<{'i' if coded.signed else 'u'}{coded.allocated // 8}")
    stored_frames = pixels.stored_frames(source, coded, range(coded.frames), limits)
    for stored in stored_frames:
        if coded.photometric == "YBR_FULL_422" and stored.shape[-1] == 4:
            stored = colour.unshared(stored, coded)
        frame = np.array(stored, dtype=kind)  # a copy, (R, C) or (R, C, S)
        fill = _fill(frame, target.photometric)
        for top, left, height, width in boxes:
            frame[max(top, 0) : top + height, max(left, 0) : left + width] = fill
        yield frame.tobytes()


def _fill(frame: np.ndarray, photometric: str) -> np.ndarray:
    """Black: no text, no brighter than the background."""
    if photometric == "YBR_FULL":
        return np.array([0, 128, 128], frame.dtype)
    if photometric == "MONOCHROME1":
        return np.array(frame.max(), frame.dtype)
    return np.array(0 if frame.ndim == 3 else frame.min(), frame.dtype)
