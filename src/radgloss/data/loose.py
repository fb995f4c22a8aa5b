"""Boxes that are about nothing: a part of a frame whose caption says only how it was taken.

Boxes of organs teach more than was meant. Where no caption names the pancreas on T1, every box of
a pancreas is one of another sequence, and "pancreas" comes to mean "not T1": a picture of that pair
is then denied its look. A box put anywhere in the body shows some of every organ in every look, and
names none, so a pair that is held out stays unnamed and is no longer forbidden. (dev/LOG.md has the
figures.)

Shapes: R rows · C columns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from radgloss.data.manifest import Caption
from radgloss.text.looks import taken
from radgloss.types import Image, Region

__all__ = ["loose_boxes"]

SIDES = 0.12, 0.5  # of the frame's
LEAST = 24  # pixels


def loose_boxes(image: Image, caption: Caption, many: int) -> Iterator[Caption]:
    """Boxes in the frame of a caption of that whole frame, always the same ones; none where its
    words do not say how it was taken, or where the frame is too small for a box."""
    said = taken(caption.sentences[0])
    rows, columns = image.pixels.shape[1:]
    if not said.look or min(rows, columns) < LEAST:
        return
    key = hashlib.sha256(f"{image.uid} {caption.frame}".encode()).digest()
    rng = np.random.default_rng(list(key))
    shown = image.pixels[caption.frame]
    body = np.argwhere(shown > shown.mean())  # (N, 2)
    for _ in range(many if len(body) else 0):
        middle = body[int(rng.integers(len(body)))]
        low, high = [], []
        for centre, size in zip(middle, (rows, columns), strict=True):
            side = int(np.clip(rng.uniform(*SIDES) * size, LEAST, size))
            first = int(np.clip(centre - side // 2, 0, size - side))
            low.append(first)
            high.append(first + side - 1)
        box = Region((caption.frame, low[0], low[1]), (caption.frame, high[0], high[1]))
        yield Caption(caption.image, caption.frame, (f"{said.head}.",), box)
