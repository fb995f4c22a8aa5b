"""Contact sheets: simulated patients by examination, and every finding of an examination once.

A tile is one frame in its true proportions, cut to the body, with R and L where a picture has
them and its caption below. `sheet` shows whole patients, a band each: every series at the frames
through the lesions. `sheet_of_findings` shows one finding after another in patients who have
nothing else: plain, and with the outline of the mask that the truth holds.
Shapes: a frame (R, C); sheets are RGB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageChops, ImageDraw, ImageFilter, ImageFont

from radgloss.data.phantom.causal.looks import drawable
from radgloss.data.phantom.imaging import lesion_names
from radgloss.data.phantom.patients import Patient, draw_with
from radgloss.data.phantom.study import Phantom, make, simulate
from radgloss.display import grey
from radgloss.text.findings import EXAMS
from radgloss.types import Finding, Image, InputRejected

__all__ = ["Pair", "key_frames", "pairs", "save", "sheet", "sheet_of_findings"]

WIDE, GAP, PAD = 244, 6, 14  # pixels: of a picture, between tiles, around the sheet
TALL = {"CT": 176, "MR": 176, "US": 190}  # pixels by modality; films are square
LIT = {"CT": 32, "MR": 14, "US": 14}  # grey levels of 255
STEP = 7  # seeds from one finding's patient to the next one's
TEXT, SMALL, TITLE = 13, 11, 17  # pixels: height of letters
ACROSS = 6  # tiles in a row
FRAMES = 3  # of a stack, at most
SHOWN = 4  # patients on a saved sheet
SIGHTS = 4  # patients made until one shows the finding
TRIES = 50  # seeds until a patient has the organ
NIGHT, CARD, INK, FAINT, AMBER = (
    (13, 15, 18), (24, 27, 32), (232, 234, 237), (150, 156, 165), (255, 190, 70),
)  # fmt: skip
FRONTAL = frozenset({"PA", "AP"})


class Pair(NamedTuple):
    """A finding in a patient of its own, and where to look: the image's number and the frame."""

    what: str
    phantom: Phantom
    image: int
    frame: int


@dataclass(frozen=True, eq=False)
class _Tile:
    picture: Pillow.Image
    words: str
    under: str = ""


# ------------------------------------------------------------------ what to show


def _area(phantom: Phantom, image: Image, name: str) -> npt.NDArray[np.int64]:
    """Pixels of a lesion's mask in every frame of an image, (F,)."""
    mask = phantom.truth.masks.get(image.uid, {}).get(name)
    if mask is None:
        return np.zeros(len(image.pixels), int)
    counts: npt.NDArray[np.int64] = mask.sum(axis=(1, 2))
    return counts


def key_frames(phantom: Phantom, image: Image, most: int = FRAMES) -> tuple[int, ...]:
    """The frames of an image that show most of its lesions, else evenly spaced ones; ascending."""
    n = len(image.pixels)
    chosen: list[int] = []
    for name in phantom.truth.masks.get(image.uid, {}):
        area = _area(phantom, image, name)
        if area.any() and len(chosen) < most and not any(area[k] > area.max() / 2 for k in chosen):
            chosen.append(int(area.argmax()))
    spare = [int(k) for k in np.linspace(0.3 * n, 0.7 * n, most)] if n > 1 else [0]
    if image.modality == "US":  # a sweep is one view
        most, spare = 1, [n // 2]
    for k in spare:
        if len(chosen) < most and all(abs(k - c) > 0.05 * n for c in chosen):
            chosen.append(k)
    return tuple(sorted(chosen))


def pairs(exam: str, seed: int) -> Iterator[Pair]:
    """Every finding that the exam can draw, each in a patient of its own (`STEP` seeds on), in
    the series and at the frame where it stands out most."""
    for k, what in enumerate(drawable(exam)):
        phantom = _showing(exam, seed + STEP * k, what)
        yield Pair(what, phantom, *_best(phantom))


def _showing(exam: str, seed: int, what: str) -> Phantom:
    """A patient in whom the finding can be seen, of the first `SIGHTS`; else the last of them."""
    for k in range(SIGHTS):
        phantom = simulate(_patient_with(exam, seed + k, what))
        if any(f.what == what for f in phantom.truth.visible):
            break
    return phantom


def _patient_with(exam: str, seed: int, what: str) -> Patient:
    """The first patient from a seed who has the organ; the last refusal where none has."""
    for k in range(TRIES):
        try:
            return draw_with(seed + k, exam, [what])
        except InputRejected:
            continue
    return draw_with(seed + TRIES, exam, [what])


def _best(phantom: Phantom) -> tuple[int, int]:
    """The image and frame of the largest mask; among a stack's series, that of most contrast."""
    names = lesion_names(phantom.patient.lesions)
    images = phantom.study.images
    scores = []
    for k, image in enumerate(images):
        for name in names:
            area = _area(phantom, image, name)
            frame = int(area.argmax())
            if area[frame]:
                worth = 1.0 if image.modality == "US" else _contrast(phantom, image, name, frame)
                scores.append((worth * area[frame], k, frame))
    if not scores:
        return 0, len(images[0].pixels) // 2
    _, image_number, frame = max(scores)
    return image_number, frame


def _contrast(phantom: Phantom, image: Image, name: str, frame: int) -> float:
    """Grey levels between a lesion and its surroundings in a frame, at least one."""
    mask = phantom.truth.masks[image.uid][name][frame]
    shown = grey(image, frame).astype(float)
    ring = _grown(mask, 9) & ~_grown(mask, 3)
    if not ring.any():
        return 1.0
    return max(abs(float(shown[mask].mean() - shown[ring].mean())), 1.0)


def _grown(mask: npt.NDArray[np.bool_], size: int) -> npt.NDArray[np.bool_]:
    wide = Pillow.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(size))
    return np.asarray(wide) > 0


# ------------------------------------------------------------------ words


def _said(finding: Finding) -> str:
    size = f"{finding.size_mm[0]:.0f} mm" if finding.size_mm else ""
    parts = (finding.severity, finding.side, finding.what, size, finding.site)
    return " ".join(part for part in parts if part)


def _truth(phantom: Phantom) -> str:
    """Who, and what is really there; what no picture of the study shows is in brackets."""
    said = [
        _said(f) if seen else f"[{_said(f)}]"
        for f, seen in zip(phantom.truth.present, phantom.imaged.visible, strict=True)
    ]
    return ", ".join(said) or "no finding"


def _who(phantom: Phantom) -> str:
    who = phantom.patient
    return f"{who.seed} · {'woman' if who.sex == 'F' else 'man'} of {who.age}"


# ------------------------------------------------------------------ a picture


def _picture(image: Image, frame: int, mask: npt.NDArray[np.bool_] | None = None) -> Pillow.Image:
    """One frame in its true proportions within its box, with an outline where there is a mask."""
    shown, tall = grey(image, frame), TALL.get(image.modality, WIDE)
    cut = _cut(shown, image) if image.modality in TALL else (slice(None), slice(None))
    dy, dx = (float(np.linalg.norm(image.affine[:3, k])) for k in (1, 2))
    rows, columns = shown[cut].shape
    scale = min(tall / (rows * dy), WIDE / (columns * dx))
    size = (max(round(columns * dx * scale), 1), max(round(rows * dy * scale), 1))
    picture = Pillow.fromarray(shown[cut]).resize(size, Pillow.Resampling.LANCZOS).convert("RGB")
    if mask is not None and mask.any():
        picture.paste(AMBER, (0, 0), _outline(mask[cut], size))
    box = Pillow.new("RGB", (WIDE, tall), (0, 0, 0))
    box.paste(picture, ((WIDE - size[0]) // 2, (tall - size[1]) // 2))
    _sides(box, image)
    return box


def _cut(shown: npt.NDArray[np.uint8], image: Image) -> tuple[slice, slice]:
    """The rows and columns of a frame that hold the body or the fan, with a little dark round it.

    What is darker than `LIT`, or a speck, is background: air, noise, the table."""
    lit = shown > LIT[image.modality]
    firm = _grown(~_grown(~lit, 5), 5) if image.modality != "US" else lit
    if not firm.any():
        return slice(None), slice(None)
    spans = []
    for axis in (1, 0):
        there = np.flatnonzero(firm.any(axis))
        slack = max(len(firm) // 60, 2)
        spans.append(slice(max(int(there[0]) - slack, 0), int(there[-1]) + slack + 1))
    return spans[0], spans[1]


def _outline(mask: npt.NDArray[np.bool_], size: tuple[int, int]) -> Pillow.Image:
    """A thin line just outside a mask, at the size of the picture."""
    whole = Pillow.fromarray(mask.astype(np.uint8) * 255)
    round_ = whole.resize(size, Pillow.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1.6))
    level = min(90, int(np.asarray(round_).max()) // 2)  # small ones are not blurred away
    large = round_.point(lambda v: 255 if v > level else 0)
    outer, inner = (large.filter(ImageFilter.MaxFilter(k)) for k in (7, 5))
    return ImageChops.subtract(outer, inner).point(lambda v: 190 if v else 0)


def _sides(box: Pillow.Image, image: Image) -> None:
    """R and L at the borders of a picture that has them, from its own geometry."""
    if image.modality == "US" or (image.modality == "DX" and image.view not in FRONTAL):
        return
    left_to_right = image.affine[0, 2] > 0  # LPS: x grows to the patient's left
    marks = ("R", "L") if left_to_right else ("L", "R")
    font, pen = ImageFont.load_default(SMALL), ImageDraw.Draw(box)
    for mark, x in zip(marks, (4, WIDE - 12), strict=True):
        pen.text((x, 4), mark, fill=FAINT, font=font)


# ------------------------------------------------------------------ a sheet


def _wrapped(words: str, width: int, size: int) -> list[str]:
    """Words in lines that fit a width, none cut off."""
    font = ImageFont.load_default(size)
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _lines(tile: _Tile) -> list[tuple[str, int, tuple[int, int, int]]]:
    """The caption: words, height of letters and colour of every line."""
    said = [(line, TEXT, INK) for line in _wrapped(tile.words, WIDE - 12, TEXT) if line]
    return said + [(line, SMALL, FAINT) for line in _wrapped(tile.under, WIDE - 12, SMALL) if line]


def _card(tile: _Tile, height: int) -> Pillow.Image:
    """A picture above its caption."""
    card = Pillow.new("RGB", (WIDE, height), CARD)
    card.paste(tile.picture, (0, 0))
    pen, top = ImageDraw.Draw(card), tile.picture.height + 4
    for line, size, ink in _lines(tile):
        pen.text((6, top), line, fill=ink, font=ImageFont.load_default(size))
        top += size + 4
    return card


def _card_height(tile: _Tile) -> int:
    return tile.picture.height + 8 + sum(size + 4 for _, size, _ in _lines(tile))


def _band(title: str, tiles: Sequence[_Tile], across: int) -> Pillow.Image:
    """A heading and its tiles, row under row."""
    width = across * WIDE + (across - 1) * GAP
    heading = [line for line in _wrapped(title, width, TITLE) if line]
    rows = [tiles[k : k + across] for k in range(0, len(tiles), across)]
    heights = [max(map(_card_height, row)) for row in rows]
    top = len(heading) * (TITLE + 5) + 4
    band = Pillow.new("RGB", (width, top + sum(heights) + GAP * (len(rows) - 1)), NIGHT)
    pen = ImageDraw.Draw(band)
    for n, line in enumerate(heading):
        pen.text((2, n * (TITLE + 5)), line, fill=INK, font=ImageFont.load_default(TITLE))
    for row, height in zip(rows, heights, strict=True):
        for n, tile in enumerate(row):
            band.paste(_card(tile, height), (n * (WIDE + GAP), top))
        top += height + GAP
    return band


def _stacked(bands: Sequence[Pillow.Image]) -> Pillow.Image:
    width = max(b.width for b in bands) + 2 * PAD
    height = sum(b.height for b in bands) + PAD * (len(bands) + 1)
    whole, top = Pillow.new("RGB", (width, height), NIGHT), PAD
    for band in bands:
        whole.paste(band, (PAD, top))
        top += band.height + PAD
    return whole


def sheet(phantoms: Sequence[Phantom]) -> Pillow.Image:
    """Whole patients, a band each: who, what is there, and every series at its key frames."""
    if not phantoms:
        raise ValueError("a sheet needs at least one phantom")
    tiles = [_tiles(p) for p in phantoms]
    across = min(max(map(len, tiles)), ACROSS)
    return _stacked(
        [_band(f"{_who(p)} · {_truth(p)}", t, across) for p, t in zip(phantoms, tiles, strict=True)]
    )


def save(exams: Sequence[str], seed: int, folder: Path) -> Iterator[Path]:
    """Write `EXAM.png` (patients from `seed`) and `EXAM-findings.png` for each exam, one by one.

    Raises InputRejected where `sheet_of_findings` does."""
    folder.mkdir(parents=True, exist_ok=True)
    for exam in dict.fromkeys(exams):
        drawn = [sheet([make(seed + k, exam) for k in range(SHOWN)])]
        if exam in EXAMS:
            drawn.append(sheet_of_findings(exam, seed))
        for picture, kind in zip(drawn, ("", "-findings"), strict=False):
            path = folder / f"{exam}{kind}.png"
            picture.save(path)
            yield path


def _tiles(phantom: Phantom) -> list[_Tile]:
    """Every series or view of a patient, stacks at the frames through its lesions."""
    return [
        _Tile(_picture(image, frame), phantom.imaged.looks[image.uid], _where(image, frame))
        for image in phantom.study.images
        for frame in key_frames(phantom, image)
    ]


def _where(image: Image, frame: int) -> str:
    return f"frame {frame + 1} of {len(image.pixels)}" if len(image.pixels) > 1 else ""


def sheet_of_findings(exam: str, seed: int) -> Pillow.Image:
    """Every finding of an exam once, in the table's order: plain, and with its outline.

    Findings held out of training need a test seed (from 2000000). Raises InputRejected where no
    patient near that seed can have a finding."""
    tiles: list[_Tile] = []
    for pair in pairs(exam, seed):
        tiles += _side_by_side(pair)
    title = EXAMS[exam].title if exam in EXAMS else exam
    return _stacked([_band(f"{title}: every finding once", tiles, ACROSS)])


def _side_by_side(pair: Pair) -> list[_Tile]:
    image = pair.phantom.study.images[pair.image]
    masks = pair.phantom.truth.masks[image.uid].values()
    shape = image.pixels.shape[1:]
    mask = np.any([m[pair.frame] for m in masks], axis=0) if masks else np.zeros(shape, bool)
    look = pair.phantom.imaged.looks[image.uid]
    return [
        _Tile(_picture(image, pair.frame), _truth(pair.phantom), ""),
        _Tile(_picture(image, pair.frame, mask), look, _where(image, pair.frame)),
    ]
