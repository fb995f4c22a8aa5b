"""A contact sheet: a row for each phantom, or a tile for each film, with what is true of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from radgloss.data.phantom.simulate import Phantom
from radgloss.display import grey
from radgloss.types import Finding

__all__ = ["sheet"]

TILE, STRIP, CAPTION = 300, 5, 18  # pixels; tiles in a row; height of the words


def sheet(phantoms: Sequence[Phantom]) -> Pillow.Image:
    """Rows of frames for CT (lesions first among them) and tiles for films, as they are shown."""
    if not phantoms:
        raise ValueError("a sheet needs at least one phantom")
    volumes = [p for p in phantoms if len(p.study.images[0].pixels) > 1]
    films = [p for p in phantoms if len(p.study.images[0].pixels) == 1]
    rows = [_row(p) for p in volumes]
    for i in range(0, len(films), STRIP):
        tiles = [_tile(p, 0, _words(p)) for p in films[i : i + STRIP]]
        rows.append(_beside(tiles))
    out = Pillow.new("L", (TILE * STRIP, sum(r.height for r in rows)), 0)
    top = 0
    for row in rows:
        out.paste(row, (0, top))
        top += row.height
    return out


def _said(f: Finding) -> str:
    size = f"{f.size_mm[0]:.0f} mm" if f.size_mm else ""
    return " ".join(part for part in (f.side, f.what, size, f.site) if part)


def _words(phantom: Phantom) -> str:
    found = ", ".join(map(_said, phantom.truth.present)) or "normal"
    return f"{phantom.patient.seed}: {found}"


def _frames(phantom: Phantom) -> list[int]:
    """Frames from below to above, moved onto each lesion where one is missed."""
    n = len(phantom.study.images[0].pixels)
    frames = [int(k) for k in np.linspace(0.16 * n, 0.84 * n, STRIP)]
    for mask in phantom.masks.values():
        area = mask.sum(axis=(1, 2))
        best = int(area.argmax())
        if not any(area[k] > 0.4 * area[best] for k in frames):
            nearest = int(np.argmin([abs(k - best) for k in frames]))
            frames[nearest] = best
    return sorted(frames)


def _tile(phantom: Phantom, frame: int, words: str) -> Pillow.Image:
    image = phantom.study.images[0]
    picture = Pillow.fromarray(grey(image, frame))
    scale = TILE / max(picture.size)
    picture = picture.resize(
        (round(picture.width * scale), round(picture.height * scale)), Pillow.Resampling.BICUBIC
    )
    tile = Pillow.new("L", (TILE, picture.height + CAPTION), 0)
    tile.paste(picture, ((TILE - picture.width) // 2, CAPTION))
    ImageDraw.Draw(tile).text((3, 2), words[:58], fill=255)
    return tile


def _beside(tiles: Sequence[Pillow.Image]) -> Pillow.Image:
    row = Pillow.new("L", (TILE * STRIP, max(t.height for t in tiles)), 0)
    for i, tile in enumerate(tiles):
        row.paste(tile, (i * TILE, 0))
    return row


def _row(phantom: Phantom) -> Pillow.Image:
    frames = _frames(phantom)
    words = _words(phantom)
    tiles = [_tile(phantom, k, "") for k in frames]
    row = _beside(tiles)
    ImageDraw.Draw(row).text((3, 2), words, fill=255)
    return row
