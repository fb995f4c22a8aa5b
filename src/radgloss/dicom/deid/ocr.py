"""Text burned into pictures, found by tesseract, which is asked over a pipe: no picture of a
patient is ever written to disk for it. Runs in the parent, in a process of its own.

Shapes: R rows · C columns."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

import numpy as np
from PIL import Image as Picture

from radgloss.types import InputRejected

__all__ = ["Box", "Tesseract", "boxes_of", "tesseract", "words_in"]

_SECONDS = 120.0
_SURE, _FAIRLY = 70.0, 40.0  # tesseract's confidence, per cent
_SMALL = 1200  # sides below this are doubled: letters of 20 rows are read best
_INK = 225  # grey level that letters on a screen have at least
_WORD = 5  # level of a word in tesseract's TSV


@dataclass(frozen=True)
class Box:
    """A rectangle in rows and columns from the top left."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True)
class Tesseract:
    """The program and its version."""

    path: str
    version: str


def tesseract() -> Tesseract | None:
    """The one on the PATH; None where there is none that runs."""
    path = shutil.which("tesseract")
    if path is None:
        return None
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    first = (done.stdout or done.stderr).decode("ascii", "replace").split("\n")[0]
    return Tesseract(path, first.removeprefix("tesseract").strip())


def boxes_of(grey: np.ndarray, reader: Tesseract, name: str) -> tuple[Box, ...]:
    """Boxes around every word in a picture (R, C) uint8; a lone letter (a side marker) is none.

    What was read is forgotten here: only places come back. Raises InputRejected ('deid-ocr')."""
    return tuple(dict.fromkeys(box for box, _ in words_in(grey, reader, name)))


def words_in(grey: np.ndarray, reader: Tesseract, name: str) -> tuple[tuple[Box, str], ...]:
    """The same boxes, each with what was read in it, which may be a name: it goes into no log.

    Asked of the picture, of its opposite, and of its brightest ink alone: white letters on a grey
    ground are lost where tesseract draws one line between black and white for all of them."""
    factor = 2 if max(grey.shape) < _SMALL else 1
    found: list[tuple[Box, str]] = []
    for picture in (grey, 255 - grey, np.where(grey >= _INK, 0, 255).astype(np.uint8)):
        found += read(_ask(picture, factor, reader, name), factor, grey.shape)
    return tuple(dict(found).items())


def _ask(grey: np.ndarray, factor: int, reader: Tesseract, name: str) -> str:
    rows, columns = grey.shape
    picture = Picture.fromarray(grey)
    if factor > 1:
        picture = picture.resize((columns * factor, rows * factor), Picture.Resampling.BICUBIC)
    head = f"P5 {picture.width} {picture.height} 255\n".encode("ascii")
    command = [reader.path, "stdin", "stdout", "--psm", "11", "--dpi", "150", "tsv"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(
            command, input=head + picture.tobytes(), capture_output=True, timeout=_SECONDS,
            check=True, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as problem:
        raise InputRejected(
            "deid-ocr", name, f"a picture that tesseract gave up ({type(problem).__name__})",
            "one that it reads", "Leave it out, or look at it by eye.",
        ) from None  # fmt: skip
    return done.stdout.decode("utf-8", "replace")


def words(tsv: str, factor: int, shape: tuple[int, ...]) -> list[Box]:
    """The boxes of `read`."""
    return [box for box, _ in read(tsv, factor, shape)]


def read(tsv: str, factor: int, shape: tuple[int, ...]) -> list[tuple[Box, str]]:
    """Boxes, grown by a third of their height, of what is word enough to be masked.

    >>> row = "5\\t1\\t1\\t1\\t1\\t1\\t20\\t40\\t60\\t18\\t{}\\t{}"
    >>> read(row.format(91, "DOE"), 2, (100, 100))
    [(Box(top=17, left=7, height=15, width=36), 'DOE')]
    >>> read(row.format(91, "L"), 2, (100, 100)), read(row.format(20, "MRN"), 2, (100, 100))
    ([], [])
    """
    found = []
    for line in tsv.splitlines():
        cells = line.split("\t")
        if len(cells) != 12 or cells[0] != str(_WORD):
            continue
        left, top, width, height = (int(c) for c in cells[6:10])
        if not _is_word(cells[11], float(cells[10])) or height * width == 0:
            continue
        if height > shape[0] * factor / 4:  # no letter is a quarter of a picture high
            continue
        margin = max(height // 3, 2)
        top, left = max(top - margin, 0), max(left - margin, 0)
        height, width = height + 2 * margin, width + 2 * margin
        sizes = (top // factor, left // factor, -(-height // factor), -(-width // factor))
        found.append((Box(*sizes), cells[11]))
    return found


def _is_word(text: str, confidence: float) -> bool:
    letters = sum(c.isalnum() for c in text)
    return (letters >= 2 and confidence >= _SURE) or (letters >= 3 and confidence >= _FAIRLY)
