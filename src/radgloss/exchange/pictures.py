"""The frames of a study as PNG pictures for a page, and where each piece of evidence lies on them.

A few frames stand for a stack: those that evidence points at, then evenly spaced ones. Pictures
are resampled to square pixels, so a millimetre is as long down as across. DICOM frames are shown
as they are stored; a volume without DICOM sources (NIfTI) is turned into the radiologist's view.
Shapes: F frames · R rows · C columns; x across and y down in picture pixels."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Raster

from radgloss import terms
from radgloss.display import grey
from radgloss.exchange.words import one_line, spacing_words
from radgloss.types import Draft, Evidence, Image, Lut, Region, Study, Window

__all__ = [
    "Box",
    "Frame",
    "Picture",
    "chosen_frames",
    "letters",
    "on_screen",
    "pictures",
    "plane_name",
    "window_of",
]

FRAMES = 24  # of one stack
IMAGES = 8  # of one study; the others are named
BUDGET = 2_000_000  # bytes of PNG on one page; base64 adds a third
STACK_SIDE, SINGLE_SIDE = 512, 1024  # picture pixels of the longer side, at most

NARROW = "\u00a0"  # keeps a number and its unit on one line
PROJECTIONS = ("CR", "DX", "MG", "RF", "XA", "RG", "IO", "PX")
VOLUMES = ("CT", "MR", "PT", "NM")

_UNKNOWN = re.compile("(no|without|unknown) orientation|orientation (not|unknown)", re.I)
"""How the readers say that left and right are not known, or a guess."""

_SOFT_TISSUE = Window(40, 400, explanation="soft tissue")
_BRAIN = Window(40, 80, explanation="brain")


@dataclass(frozen=True)
class Frame:
    """One shown frame: its index in the image (from 0) and its PNG file."""

    index: int
    png: bytes


@dataclass(frozen=True)
class Box:
    """What these sentences rest on, on the frames low to high; a place in picture pixels."""

    sentences: tuple[int, ...]
    low: int
    high: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Picture:
    """One image as the page shows it. letters: at the left, right, top and bottom edge."""

    uid: str
    title: str
    facts: str
    window: str
    spacing: str
    trusted: bool
    notes: tuple[str, ...]
    letters: tuple[str, str, str, str]
    total: int
    width: int
    height: int
    frames: tuple[Frame, ...]
    boxes: tuple[Box, ...]
    start: int
    synthetic: bool


@dataclass(frozen=True)
class _View:
    """How stored rows and columns are turned for the screen: first transposed, then flipped."""

    transpose: bool = False
    flip_rows: bool = False
    flip_columns: bool = False


# ------------------------------------------------------------------ the whole study


def pictures(study: Study, draft: Draft, budget: int = BUDGET) -> tuple[Picture, ...]:
    """At most 8 images of the study as pictures, those with evidence first, PNGs in `budget` bytes.

    Sizes shrink together until they fit; noise is what costs most."""
    shown = sorted(study.images, key=lambda i: not _regions(draft, i.uid))[:IMAGES]
    most = min(FRAMES, max(4, FRAMES * 2 // max(1, len(shown))))
    guess = sum(_guessed_weight(i, most) for i in shown)
    scale = min(1.0, math.sqrt(budget / max(guess, 1)))
    while True:
        made = tuple(_picture(i, draft, most, scale) for i in shown)
        weight = sum(len(f.png) for p in made for f in p.frames)
        if weight <= budget or scale < 0.05:
            return made
        scale *= min(0.9, 0.95 * math.sqrt(budget / weight))


def _guessed_weight(image: Image, most: int) -> int:
    """Bytes of this image's PNGs at full size, judged by its middle frame."""
    total, view = image.pixels.shape[0], _view(image)
    size = _size(image, view, SINGLE_SIDE if total == 1 else STACK_SIDE)
    return min(total, most) * len(_png(image, total // 2, window_of(image), view, size))


def _picture(image: Image, draft: Draft, most: int, scale: float) -> Picture:
    view, total = _view(image), image.pixels.shape[0]
    regions = _regions(draft, image.uid)
    keys = [e.frame for _, e in sorted(regions, key=lambda r: -r[1].score)]
    indices = chosen_frames(total, most, keys)
    side = (SINGLE_SIDE if total == 1 else STACK_SIDE) * scale
    width, height = _size(image, view, side)
    voi = window_of(image)
    return Picture(
        uid=image.uid,
        title=_title(image),
        facts=_facts(image),
        window=_window_words(voi),
        spacing=spacing_words(image),
        trusted=image.spacing == "patient",
        notes=tuple(one_line(n) for n in image.notes),
        letters=letters(image, view),
        total=total,
        width=width,
        height=height,
        frames=tuple(Frame(i, _png(image, i, voi, view, (width, height))) for i in indices),
        boxes=_boxes(image, view, (width, height), regions),
        start=_start(indices, keys),
        synthetic=image.synthetic,
    )


def _regions(draft: Draft, uid: str) -> list[tuple[int, Evidence]]:
    """The evidence that points into this image, each with its sentence's number."""
    return [
        (number, evidence)
        for number, sentence in enumerate(draft.sentences)
        for evidence in sentence.evidence
        if evidence.kind == "region" and evidence.image == uid
    ]


def chosen_frames(total: int, most: int, keys: Iterable[int]) -> tuple[int, ...]:
    """Which frames stand for a stack: the key frames in their order, then evenly spaced ones.

    >>> chosen_frames(100, 5, [42])
    (0, 33, 42, 66, 99)
    >>> chosen_frames(3, 24, [])
    (0, 1, 2)
    """
    if total <= most:
        return tuple(range(total))
    kept = list(dict.fromkeys(k for k in keys if 0 <= k < total))[:most]
    spread = np.linspace(0, total - 1, most - len(kept))
    return tuple(sorted({*kept, *(int(k) for k in spread)}))


def _start(indices: tuple[int, ...], keys: list[int]) -> int:
    """The frame shown first: the strongest evidence, else the middle of the stack."""
    wanted = keys[0] if keys else (indices[0] + indices[-1]) / 2
    return min(indices, key=lambda i: abs(i - wanted))


# ------------------------------------------------------------------ grey levels


def window_of(image: Image) -> Window | Lut:
    """The window of the page: the stored one, else soft tissue (or brain) for CT, else the
    values from the 0.5th to the 99.5th percentile."""
    if image.voi:
        return image.voi[0]
    if image.modality == "CT":
        return _BRAIN if image.body_part.upper() in ("HEAD", "BRAIN") else _SOFT_TISSUE
    step = max(1, math.prod(image.pixels.shape) // 1_000_000)
    low, high = np.percentile(image.pixels.reshape(-1)[::step], (0.5, 99.5))
    width = max(float(high - low), 1e-6)
    return Window(float(low + high) / 2, width, "LINEAR_EXACT", "fitted")


def on_screen(
    image: Image, layer: npt.NDArray[Any], region: Region, least: float, most: float
) -> tuple[Raster.Image, Box]:
    """A layer (R, C) over a frame, turned and with square pixels as the page shows that frame, and
    where a region lies on it. least, most: of the longer side, in picture pixels."""
    view = _view(image)
    width, height = _size(image, view, most)
    larger = max(1.0, least / max(width, height))
    size = (round(width * larger), round(height * larger))
    raster = Raster.fromarray(np.ascontiguousarray(_turn(layer, view)))
    return raster.resize(size, Raster.Resampling.BICUBIC), _box(image, view, size, (), region)


def _png(image: Image, index: int, voi: Window | Lut, view: _View, size: tuple[int, int]) -> bytes:
    shown = _turn(grey(image, index, voi), view)
    raster = Raster.fromarray(np.ascontiguousarray(shown))
    raster = raster.resize(size, Raster.Resampling.LANCZOS)
    out = io.BytesIO()
    raster.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _turn(frame: npt.NDArray[Any], view: _View) -> npt.NDArray[Any]:
    turned = frame.T if view.transpose else frame
    turned = turned[::-1] if view.flip_rows else turned
    return turned[:, ::-1] if view.flip_columns else turned


# ------------------------------------------------------------------ geometry


def _steps(image: Image) -> tuple[float, float]:
    """Length of one row step and one column step; 1 and 1 where the affine is degenerate."""
    row = float(np.linalg.norm(image.affine[:3, 1]))
    column = float(np.linalg.norm(image.affine[:3, 2]))
    if not (np.isfinite(row) and np.isfinite(column) and row > 0 and column > 0):
        return 1.0, 1.0
    return row, column


def _size(image: Image, view: _View, side: float) -> tuple[int, int]:
    """Width and height in square pixels: no longer than `side`, nor than the stored detail."""
    _, rows, columns = image.pixels.shape
    row, column = _steps(image)
    tall, wide = rows * row, columns * column
    finest = min(row, column)
    longest = min(side, max(tall, wide) / finest)
    factor = longest / max(tall, wide)
    height, width = max(1, round(tall * factor)), max(1, round(wide * factor))
    return (height, width) if view.transpose else (width, height)


def _boxes(
    image: Image, view: _View, size: tuple[int, int], regions: list[tuple[int, Evidence]]
) -> tuple[Box, ...]:
    """Each place once, with every sentence that rests on it; large ones first, so that a small
    one within stays within reach."""
    owners: dict[Region, list[int]] = {}
    for number, evidence in regions:
        if evidence.region and number not in owners.setdefault(evidence.region, []):
            owners[evidence.region].append(number)
    boxes = (_box(image, view, size, tuple(owners[r]), r) for r in owners)
    return tuple(sorted(boxes, key=lambda b: -b.width * b.height))


def _box(
    image: Image, view: _View, size: tuple[int, int], sentences: tuple[int, ...], region: Region
) -> Box:
    """A region's place on the picture; both ends of a region belong to it."""
    _, rows, columns = image.pixels.shape
    top, bottom = _fractions(region.low[1], region.high[1], rows)
    left, right = _fractions(region.low[2], region.high[2], columns)
    if view.transpose:
        top, bottom, left, right = left, right, top, bottom
    if view.flip_rows:
        top, bottom = 1 - bottom, 1 - top
    if view.flip_columns:
        left, right = 1 - right, 1 - left
    x, y = left * size[0], top * size[1]
    width, height = (right - left) * size[0], (bottom - top) * size[1]
    place = (round(v, 2) for v in (x, y, width, height))
    return Box(sentences, region.low[0], region.high[0], *place)


def _fractions(low: int, high: int, count: int) -> tuple[float, float]:
    ends = np.clip((low / count, (high + 1) / count), 0.0, 1.0)
    return float(ends[0]), float(ends[1])


def _directions(image: Image) -> npt.NDArray[np.float64] | None:
    """Unit LPS directions (3, 3) as columns (frame, row, column); None where not known."""
    d = np.asarray(image.affine[:3, :3], float)
    lengths = np.linalg.norm(d, axis=0)
    if not (np.isfinite(d).all() and (lengths[1:] > 0).all()):
        return None
    if lengths[0] == 0:
        d = d.copy()
        d[:, 0], lengths[0] = np.cross(d[:, 1], d[:, 2]), lengths[1] * lengths[2]
    return d / np.where(lengths > 0, lengths, 1)


def _oriented(image: Image) -> bool:
    """Whether the affine says where the patient's sides are.

    A reader that knows no orientation lays rows along y: true of an axial slice, never of a
    radiograph, whose rows run along the body. Other modalities carry no orientation to trust."""
    directions = _directions(image)
    if directions is None or any(_UNKNOWN.search(note) for note in image.notes):
        return False
    if image.modality in PROJECTIONS:
        return abs(float(directions[2, 1])) > 0.7
    return image.modality in VOLUMES or image.spacing == "patient"


def letters(image: Image, view: Any = None) -> tuple[str, str, str, str]:
    """Patient directions at the left, right, top and bottom edge, as in PS3.3 C.7.6.1.1.1:
    L R, A P, H F; two letters where the plane is oblique, none where not known."""
    directions = _directions(image)
    if directions is None or not _oriented(image):
        return "", "", "", ""
    view = view or _view(image)
    down, across = directions[:, 1], directions[:, 2]
    if view.transpose:
        down, across = across, down
    down = -down if view.flip_rows else down
    across = -across if view.flip_columns else across
    return _letter(-across), _letter(across), _letter(-down), _letter(down)


def _letter(direction: npt.NDArray[np.float64]) -> str:
    order = np.argsort(-np.abs(direction))[:2]
    pairs = ("RL", "AP", "FH")  # towards lower, towards higher x, y, z
    return "".join(pairs[a][int(direction[a] > 0)] for a in order if abs(direction[a]) > 0.3)


def plane_name(image: Image) -> str:
    """axial, coronal, sagittal, oblique; empty for projections and unknown orientation."""
    directions = _directions(image)
    if directions is None or not _oriented(image) or image.modality in PROJECTIONS:
        return ""
    normal = np.abs(np.cross(directions[:, 1], directions[:, 2]))
    names = ("sagittal", "coronal", "axial")
    return names[int(normal.argmax())] if normal.max() > 0.8 else "oblique"


def _view(image: Image) -> _View:
    """As stored for DICOM. Otherwise patient left on the right, front or head on top."""
    directions = _directions(image)
    if image.sources or directions is None or not _oriented(image):
        return _View()
    down, across = directions[:, 1], directions[:, 2]
    # The axis of the screen's vertical: head-foot wherever it lies in the plane, else front-back.
    upright = 2 if max(abs(down[2]), abs(across[2])) > 0.7 else 1
    transpose = bool(abs(across[upright]) > abs(down[upright]))
    if transpose:
        down, across = across, down
    flip_rows = down[2] > 0 if upright == 2 else down[1] < 0  # head up; front up
    main = int(np.abs(across).argmax())
    flip_columns = across[main] < 0  # left or back to the right of the screen
    return _View(transpose, bool(flip_rows), bool(flip_columns))


# ------------------------------------------------------------------ words on the picture


PLANES = ("axial", "coronal", "sagittal")  # of every picture the facts say it, measured


def _title(image: Image) -> str:
    part = terms.body_part(image.body_part).capitalize()
    view = terms.view(image.view)
    taken = () if view else terms.series(image.description)
    words = (terms.modality(image.modality), part, view, *(w for w in taken if w not in PLANES))
    return " ".join(w for w in words if w) or "Image"


def _facts(image: Image) -> str:
    frames, rows, columns = image.pixels.shape
    row, column = _steps(image)
    facts = [plane_name(image), f"{columns} × {rows}"]
    if frames > 1:
        facts.append(f"{frames} frames")
    if image.spacing != "none":
        facts.append(f"{row:.2g} × {column:.2g} mm" if row != column else f"{row:.2g} mm")
    return " · ".join(f.replace(" ", NARROW) for f in facts if f)


def _window_words(voi: Window | Lut) -> str:
    if isinstance(voi, Lut):
        return "stored look-up table"
    words = f"W {voi.width:.4g} L {voi.center:.4g}"
    return f"{words} ({known})" if (known := terms.window(voi.explanation)) else words
