"""From a phantom's folder to what the suite asks: a case, its pictures, and the words for them.

A picture is one frame cut to one organ, in the frame that shows most of it, with a rim around it.
Its caption says how it was taken and which organ it is, and nothing of disease."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random
from typing import Protocol

import numpy as np
import numpy.typing as npt

from radgloss.bench.plan import UNSEEN
from radgloss.data.phantom.grammar.attributes import ATTRIBUTES, attributes, prompts
from radgloss.data.phantom.grammar.captions import picture_of
from radgloss.data.phantom.grammar.ways import MODALITIES
from radgloss.data.phantom.held_out import is_held_out_cell
from radgloss.eval.score import Examined, Picture
from radgloss.text.findings import EXAMS, FINDINGS
from radgloss.types import Case, Image, Region, Report, Truth

__all__ = [
    "HELD_OUT",
    "NAMES",
    "PHRASES",
    "STRUCTURES",
    "Filed",
    "Gallery",
    "caption_of",
    "examined",
    "unmet",
]

PHRASES: dict[str, tuple[str, str]] = {name: prompts(name) for name in ATTRIBUTES}
NAMES = {row.what: (row.what, *row.synonyms) for row in FINDINGS if row.synonyms}
HELD_OUT = {finding: others for finding, (_, others) in UNSEEN.items()}

STRUCTURES: dict[str, tuple[str, str]] = {  # the mask's name → organ of the tables, side
    "liver": ("liver", ""),
    "spleen": ("spleen", ""),
    "pancreas": ("pancreas", ""),
    "gallbladder": ("gallbladder", ""),
    "right kidney": ("kidneys", "right"),
    "left kidney": ("kidneys", "left"),
    "aorta": ("aorta", ""),
    "uterus": ("pelvis", ""),
    "right ovary": ("pelvis", "right"),
    "left ovary": ("pelvis", "left"),
    "heart": ("heart", ""),
    "right lung": ("lungs", "right"),
    "left lung": ("lungs", "left"),
}
RIM, LEAST_SIDE = 6, 24  # pixels around an organ, and of a picture at least
UNMET = "brain"  # an organ that no training picture shows and no training text names
LEVELS = (0.3, 0.5, 0.7)  # of a head, as shares of its height
LEAST_MM2 = 100.0  # of an organ in its frame, else it cannot be named
SIDELESS_VIEWS = frozenset({"lateral"})  # where left and right lie on each other


class Filed(Protocol):
    """A phantom as it is read back from its folder; see `data.phantom.reading`."""

    @property
    def name(self) -> str: ...
    @property
    def exam(self) -> str: ...
    @property
    def case(self) -> Case: ...
    @property
    def truth(self) -> Truth: ...
    @property
    def report(self) -> Report: ...
    @property
    def labels(self) -> Mapping[str, bool | None]: ...
    @property
    def looks(self) -> Mapping[str, str]: ...


def examined(filed: Filed) -> Examined:
    """The case with its truth; what is in the body and cannot be seen is not asked as a label."""
    certain = {name: there for name, there in filed.labels.items() if there is not None}
    return Examined(
        filed.name, filed.exam, filed.case, filed.truth, filed.report, certain,
        filed.truth.posterior,
    )  # fmt: skip


def caption_of(exam: str, look: str, structure: str) -> tuple[str, str]:
    """How the picture was taken, in short, and the caption with its organ; always the same.

    >>> caption_of("mr-abdomen", "T2", "pancreas")
    ('MR T2', 'Axial T2-weighted MR image of the pancreas.')
    """
    kind = MODALITIES[exam]
    known = "" if kind == "US" else look  # a view of ultrasound is told by what it shows
    taken = picture_of(exam, known, Random(4)).removesuffix(",")
    link = ", the" if kind == "XR" else " of the"
    return f"{kind} {known}".strip(), f"{taken}{link} {structure}."


class Gallery:
    """Cuts pictures of organs out of cases, the rarest pairs of organ and look first.

    most: pictures of one pair over all cases. each: pictures of one case."""

    def __init__(self, most: int, each: int) -> None:
        self.most, self.each = most, each
        self._have: Counter[str] = Counter()

    def pictures(self, filed: Filed) -> list[Picture]:
        """At most `each` pictures of this case, in the order of its images."""
        if filed.exam not in EXAMS:
            return []
        cells: dict[str, tuple[Image, str, Region]] = {}
        for image in filed.case.study.images:
            look = filed.looks[image.uid]
            for structure, region in _shown(image, filed.truth.organs[image.uid], look):
                cells.setdefault(caption_of(filed.exam, look, structure)[1],
                                 (image, structure, region))  # fmt: skip
        rare = sorted(cells, key=lambda caption: self._have[caption])
        kept = [c for c in rare if self._have[c] < self.most][: self.each]
        self._have.update(kept)
        return [_picture(filed, *cells[caption]) for caption in cells if caption in kept]


def unmet(filed: Filed) -> list[Picture]:
    """Whole frames of a head: pictures of a thing that no training has met, with its caption."""
    (image,) = filed.case.study.images
    frames, height, width = image.pixels.shape
    taken, caption = caption_of("ct-abdomen", filed.looks[image.uid], UNMET)
    regions = [
        Region((round(level * frames), 0, 0), (round(level * frames), height - 1, width - 1))
        for level in LEVELS
    ]
    return [
        Picture(filed.name, image.cut(region), UNMET, taken, caption, held_out=True)
        for region in regions
    ]


def _shown(image: Image, organs: Mapping[str, npt.NDArray[np.bool_]], look: str) -> Iterator[
    tuple[str, Region]
]:  # fmt: skip
    """The organs that can be named on an image, each with its box in its best frame."""
    pixel = float(np.prod(np.linalg.norm(image.affine[:3, 1:3], axis=0)))  # mm²
    for structure, (_, side) in STRUCTURES.items():
        mask = organs.get(structure)
        if mask is None or (side and look in SIDELESS_VIEWS):
            continue
        area = mask.sum(axis=(1, 2))
        frame = int(area.argmax())
        if area[frame] * pixel >= LEAST_MM2:
            yield structure, _box(mask[frame], frame)


def _box(mask: npt.NDArray[np.bool_], frame: int) -> Region:
    """The box of a mask (R, C) with a rim, of a least side, moved inside the image."""
    ends = []
    for axis, size in enumerate(mask.shape):
        where = np.flatnonzero(mask.any(axis=1 - axis))
        low, high = int(where[0]) - RIM, int(where[-1]) + RIM
        lack = max(LEAST_SIDE - (high - low + 1), 0)
        low, high = low - lack // 2, high + (lack + 1) // 2
        shift = max(-low, 0) - max(high - size + 1, 0)
        ends.append((max(low + shift, 0), min(high + shift, size - 1)))
    (top, bottom), (left, right) = ends
    return Region((frame, top, left), (frame, bottom, right))


def _picture(filed: Filed, image: Image, structure: str, region: Region) -> Picture:
    look = filed.looks[image.uid]
    organ, side = STRUCTURES[structure]
    taken, caption = caption_of(filed.exam, look, structure)
    true = attributes(organ, side)
    return Picture(
        patient=filed.name,
        image=image.cut(region),
        organ=structure,
        look=taken,
        caption=caption,
        held_out=is_held_out_cell(organ, filed.exam, look),
        attributes={name: name in true for name in ATTRIBUTES},
    )
