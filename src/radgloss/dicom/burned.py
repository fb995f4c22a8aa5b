"""What is burned into a study's pictures: words, and the letter of lead that names a side.

Words are found by tesseract. A lone letter it reads badly, so marks of lead are read here: bright,
compact, alone on their line, built like an L or an R, and like that letter in print. On a frontal
radiograph the letter must stand on the side it names; where it does not, either the marker or the
orientation is wrong, and nobody but a person can say which.

What was read may be a name. It is kept out of every repr and goes into no draft and no log; people
see it where they ask for it. Of a stack the first, the middle and the last frame are read.

Shapes: R rows · C columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont
from scipy import ndimage

from radgloss.dicom.deid import ocr
from radgloss.dicom.deid.ocr import Box, Tesseract
from radgloss.display import grey
from radgloss.types import Image, Study

__all__ = ["LETTERED", "PROJECTIONS", "Burned", "burned_in", "lines", "marks", "sides", "told"]

PROJECTIONS = ("CR", "DX", "DR", "RG", "MG", "PX", "RF", "XA")
"""Modalities whose pictures are shadows, on which somebody lays a letter of lead."""

LETTERED = (*PROJECTIONS, "US", "OT", "SC", "XC", "ES")
"""Modalities whose pictures usually bear words."""

INK = 225  # grey level of lead on a screen
SOFT = 0.4  # thin strokes are less bright than thick ones
LEAST, MOST = 7, 0.1  # a letter's height: pixels, and share of the picture's
ALONE = 0.9  # of its height: nearer than this stands no other letter of its line
MIDDLE = 0.1  # of the width, on each side of the midline: no side can be told there
ACROSS = 0.7  # at least so much of a row's direction runs from side to side
FRONTAL = ("", "PA", "AP")
ALIKE = {"L": 0.65, "R": 0.35}  # correlation with the letter in print; an R varies more

Grey = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Burned:
    """One place: rows and columns in one frame of one image.

    kind "side": a letter of lead; says: "left" or "right"; agrees: whether it stands on that side
    of the patient, None where that cannot be told. kind "words": text, which may be a name."""

    image: str
    frame: int
    box: Box
    kind: Literal["words", "side"]
    says: Literal["left", "right", ""] = ""
    agrees: bool | None = None
    text: str = field(default="", repr=False)


def burned_in(
    study: Study, reader: Tesseract, modalities: tuple[str, ...] = ()
) -> tuple[Burned, ...]:
    """Every word and side marker, image by image. modalities: of the images that are read; all of
    them where none is named.

    Raises InputRejected('deid-ocr') where tesseract gives up."""
    images = [i for i in study.images if not modalities or i.modality in modalities]
    return tuple(found for image in images for found in _of(image, reader))


def _of(image: Image, reader: Tesseract) -> Iterator[Burned]:
    frames = len(image.pixels)
    for frame in sorted({0, frames // 2, frames - 1}):
        shown = grey(image, frame)
        for box, text in ocr.words_in(shown, reader, image.uid):
            yield Burned(image.uid, frame, box, "words", text=text)
        yield from sides(image, frame)


def sides(image: Image, frame: int) -> Iterator[Burned]:
    """The side markers of one frame; none in a picture that is no shadow. Needs no tesseract."""
    if image.modality in PROJECTIONS:
        for box, letter in marks(grey(image, frame)):
            says: Literal["left", "right"] = "left" if letter == "L" else "right"
            yield Burned(image.uid, frame, box, "side", says, _agrees(image, box, says), letter)


def _agrees(image: Image, box: Box, says: str) -> bool | None:
    """Whether a marker stands on the side it names; None on a lateral view, near the midline, or
    where the file does not state the picture's orientation."""
    across = image.affine[0, 2] / max(float(np.linalg.norm(image.affine[:3, 2])), 1e-12)
    unstated = any("orientation not stated" in note for note in image.notes)
    columns = image.pixels.shape[2]
    off = box.left + box.width / 2 - columns / 2
    lateral = image.view.upper() not in FRONTAL
    if unstated or lateral or abs(across) < ACROSS or abs(off) < MIDDLE * columns:
        return None
    return bool((off * across > 0) == (says == "left"))  # +x runs towards the patient's left


# ------------------------------------------------------------------ letters of lead


def marks(shown: Grey) -> tuple[tuple[Box, str], ...]:
    """Lone letters L and R in a picture (R, C), each with its box."""
    found = {}
    for box, glyph in _letters(shown):
        letter = _like(glyph)
        if letter and _printed(letter) @ _standard(_small(glyph)) >= ALIKE[letter]:
            found[box] = letter
    return tuple(found.items())


def _letters(shown: Grey) -> Iterator[tuple[Box, Mask]]:
    """What is bright, compact and alone on its line, as large as letters are."""
    places = [_box(s) for s in ndimage.find_objects(_parts(shown >= INK))]
    letters = [b for b in places if _is_letter(b, shown.shape)]
    for box in letters:
        if not any(_beside(box, other) for other in letters if other != box):
            yield _whole(shown, box)


def _parts(ink: Mask) -> npt.NDArray[np.int32]:
    return ndimage.label(ink, np.ones((3, 3)))[0]


def _box(place: tuple[slice, slice]) -> Box:
    down, across = place
    return Box(down.start, across.start, down.stop - down.start, across.stop - across.start)


def _is_letter(box: Box, shape: tuple[int, ...]) -> bool:
    inside = box.top > 0 and box.left > 0
    inside &= box.top + box.height < shape[0] and box.left + box.width < shape[1]
    tall = LEAST <= box.height <= MOST * shape[0]
    return inside and tall and 0.35 * box.height <= box.width <= 1.3 * box.height


def _beside(box: Box, other: Box) -> bool:
    """Whether two letters are of one word."""
    gap = max(box.left, other.left) - min(box.left + box.width, other.left + other.width)
    shared = min(box.top + box.height, other.top + other.height) - max(box.top, other.top)
    alike = 0.6 * box.height <= other.height <= box.height / 0.6
    return alike and 0 <= gap < ALONE * box.height and shared > box.height / 2


def _whole(shown: Grey, box: Box) -> tuple[Box, Mask]:
    """The letter with its thinner strokes: what hangs together with its brightest part and is
    brighter than the ground by `SOFT` of what that part is."""
    room = box.height // 3
    top, left = max(box.top - room, 0), max(box.left - room, 0)
    part = shown[top : box.top + box.height + room, left : box.left + box.width + room]
    ground = float(np.median(part))
    labels = _parts(part >= min(INK, ground + SOFT * (float(part.max()) - ground)))
    core = labels[box.top - top :, box.left - left :][: box.height, : box.width]
    own = labels == np.bincount(core[core > 0]).argmax()
    (inner,) = ndimage.find_objects(own.astype(np.int8))
    found = _box(inner)
    return Box(top + found.top, left + found.left, found.height, found.width), own[inner]


def _like(glyph: Mask) -> str:
    """L, R or neither, by a stem at the left and what stands beside it.

    >>> _like(np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 1]], bool))
    'L'
    >>> _like(np.ones((5, 3), bool))
    ''
    """
    t = _small(glyph)
    stem, foot, beside = t[:, :3].mean(), t[-3:].mean(), t[:9, 5:].mean()
    if stem > 0.35 and foot > 0.35 and beside < 0.12:
        return "L"
    holes, many = ndimage.label(~np.pad(glyph, 1))
    inner = [_box(s) for s in ndimage.find_objects(holes)][1:]
    high = [b for b in inner if b.top + b.height / 2 < 0.6 * glyph.shape[0]]
    legs = t[-3:, :4].mean() > 0.3 and t[-3:, 6:].mean() > 0.2 and foot < 0.85
    return "R" if stem > 0.6 and len(high) == 1 and many == 2 and legs else ""


def _small(glyph: Mask) -> npt.NDArray[np.float64]:
    """The letter in 14 rows of 10, 0 to 1: size and slant of the type are lost."""
    picture = Picture.fromarray(255 * glyph.astype(np.uint8))
    return np.asarray(picture.resize((10, 14), Picture.Resampling.BOX)) / 255.0


@cache
def _printed(letter: str) -> npt.NDArray[np.float64]:
    """A letter in print, as `_small` sees it, standardised: (140,)."""
    picture = Picture.new("L", (96, 96))
    ImageDraw.Draw(picture).text((16, 8), letter, 255, ImageFont.load_default(56), stroke_width=2)
    ink = np.asarray(picture) > 127
    return _standard(_small(ink[np.ix_(ink.any(1), ink.any(0))]))


def _standard(small: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    flat = small.ravel() - small.mean()
    return flat / max(float(np.linalg.norm(flat)), 1e-12)


# ------------------------------------------------------------------ told


def told(found: Sequence[Burned], words: bool = False) -> list[dict[str, Any]]:
    """For JSON: places and sides; what was read only where `words`.

    >>> told([Burned("1.2.3", 0, Box(1, 2, 3, 4), "words", text="DOE^JANE")])
    [{'image': '1.2.3', 'frame': 0, 'kind': 'words', 'box': [1, 2, 3, 4]}]
    """
    return [_told(b, words) for b in found]


def _told(b: Burned, words: bool) -> dict[str, Any]:
    box = [b.box.top, b.box.left, b.box.height, b.box.width]
    row: dict[str, Any] = {"image": b.image, "frame": b.frame, "kind": b.kind, "box": box}
    if b.kind == "side":
        row |= {"says": b.says, "agrees": b.agrees}
    elif words:
        row["text"] = b.text
    return row


def lines(found: Sequence[Burned], words: bool = False) -> list[str]:
    """For people: one line a place, then how to have them removed."""
    said = [f"{b.image} frame {b.frame}: {_said(b, words)}, {_at(b.box)}" for b in found]
    masks = " ".join(f"--mask {_at(b.box)}" for b in found if b.kind == "words")
    return [*said, f"To remove: radgloss deid --clean pixels, or {masks}"] if masks else said


def _at(box: Box) -> str:
    return f"{box.top},{box.left},{box.height},{box.width}"


def _said(b: Burned, words: bool) -> str:
    if b.kind == "words":
        return f"words {b.text!r}" if words else "words"
    if b.agrees is None:
        return f"side marker, {b.says}"
    if b.agrees:
        return f"side marker, {b.says}, as the file is oriented"
    return (
        f"SIDE MARKER SAYS {b.says.upper()}, THE FILE'S ORIENTATION SAYS THE OTHER SIDE: one of "
        "them is wrong; believe no side before a person has looked"
    )
