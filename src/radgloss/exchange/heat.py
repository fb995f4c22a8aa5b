"""A heat map on its picture, as a person sees it, and the box in pixels and millimetres.

The picture is turned as the reading page turns it, with the letters of the patient's sides; below
it stands what was asked and that a machine answered. Warmth goes from nothing through red to
yellow; the box is white on black, so that it is seen on any picture.
Shapes: R rows · C columns of the source frame; x across, y down in picture pixels."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Raster
from PIL import ImageDraw, ImageFont

from radgloss.display import grey
from radgloss.exchange.pictures import letters, on_screen, window_of
from radgloss.types import MACHINE_MARK, Image, Region

__all__ = ["millimetres", "overlay"]

SIDES = 384, 768  # picture pixels of the longer side, at least and at most
STRONGEST = 0.55  # of the colour, so that what lies below is seen
FAINT = 0.15  # warmth below which nothing is coloured
COLD, WARM = (190, 20, 30), (255, 230, 60)
INK, PAPER = (235, 235, 235), (16, 16, 16)
LETTER, LINE = 22, 15  # heights in picture pixels


def overlay(
    image: Image, frame: int, heat: npt.NDArray[np.float32], region: Region, phrase: str
) -> bytes:
    """PNG of one frame with a map (R, C) in [0, 1] on it, a box, and what was asked."""
    below, box = on_screen(image, grey(image, frame, window_of(image)), region, *SIDES)
    warmth, _ = on_screen(image, np.asarray(heat, np.float32), region, *SIDES)
    picture = Raster.fromarray(_coloured(np.asarray(below), np.asarray(warmth)))
    draw = ImageDraw.Draw(picture)
    corners = (box.x, box.y, box.x + box.width - 1, box.y + box.height - 1)
    for width, colour in ((4, (0, 0, 0)), (2, (255, 255, 255))):
        draw.rectangle(corners, outline=colour, width=width)
    _edges(draw, picture.size, letters(image))
    out = io.BytesIO()
    _captioned(picture, image, frame, phrase).save(out, "PNG", optimize=True)
    return out.getvalue()


def _coloured(
    below: npt.NDArray[np.uint8], heat: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:  # (Y, X) each -> (Y, X, 3)
    warm = np.clip(heat, 0, 1)[..., None]
    colour = (1 - warm) * np.array(COLD) + warm * np.array(WARM)
    share = STRONGEST * np.clip((warm - FAINT) / (0.5 - FAINT), 0, 1)
    mixed = (1 - share) * below[..., None].astype(np.float32) + share * colour
    return np.rint(mixed).astype(np.uint8)


def _edges(draw: ImageDraw.ImageDraw, size: tuple[int, int], sides: tuple[str, ...]) -> None:
    """The patient's sides at the left, right, top and bottom edge."""
    width, height = size
    places = ((4, height / 2, "lm"), (width - 4, height / 2, "rm"),
              (width / 2, 4, "mt"), (width / 2, height - 4, "mb"))  # fmt: skip
    font = ImageFont.load_default(LETTER)
    for letter, (x, y, anchor) in zip(sides, places, strict=True):
        draw.text((x, y), letter, INK, font, anchor, stroke_width=2, stroke_fill=PAPER)


def _captioned(picture: Raster.Image, image: Image, frame: int, phrase: str) -> Raster.Image:
    """The picture above a strip that says what it is."""
    lines = [f"Where the model sees: {phrase}"]
    if len(image.pixels) > 1:
        lines[0] += f" (frame {frame + 1} of {len(image.pixels)})"
    lines += [MACHINE_MARK] + (["Simulated patient"] if image.synthetic else [])
    font = ImageFont.load_default(LINE)
    folded = [part for line in lines for part in _folded(line, font, picture.width - 12)]
    step = LINE + 5
    whole = Raster.new("RGB", (picture.width, picture.height + step * len(folded) + 10), PAPER)
    whole.paste(picture)
    draw = ImageDraw.Draw(whole)
    for k, line in enumerate(folded):
        draw.text((6, picture.height + 5 + k * step), line, INK, font)
    return whole


def _folded(line: str, font: Any, width: int) -> list[str]:
    """The line in as many lines as its width asks for."""
    out = [""]
    for word in line.split():
        longer = f"{out[-1]} {word}".strip()
        if out[-1] and font.getlength(longer) > width:
            out.append(word)
        else:
            out[-1] = longer
    return out


def millimetres(image: Image, region: Region) -> dict[str, Any]:
    """A box of voxels in the patient: its middle and outer corners (LPS), and its size.

    Outer edges: a voxel reaches half a step beyond its centre. size: along the image's frames, rows
    and columns; along the frames only of a stack. Empty where the file gives no spacing; `trust`
    says whether the millimetres were measured in the patient or at the detector."""
    if image.spacing == "none":
        return {}
    low, high = np.array(region.low, float), np.array(region.high, float)
    corners = [
        image.to_mm(*np.where(np.array(bits), high + 0.5, low - 0.5))
        for bits in np.ndindex(2, 2, 2)
    ]
    steps = np.linalg.norm(image.affine[:3, :3], axis=0)
    size = [float(s) for s in (high - low + 1) * steps]
    return {
        "trust": image.spacing,
        "middle": _rounded(image.to_mm(*(low + high) / 2)),
        "low": _rounded(np.min(corners, axis=0)),
        "high": _rounded(np.max(corners, axis=0)),
        "size": _rounded(size if len(image.pixels) > 1 else size[1:]),
    }


def _rounded(values: Any) -> list[float]:
    return [round(float(v), 2) + 0.0 for v in values]
