"""Erase and read again: take away the region that a positive sentence points to, and ask anew.

If the finding is still called present, the sentence did not rest on what it points at: either it
is there twice, or the place is wrong, or the model saw something else. The reader is told. The
region is filled from its surroundings, so that the hole draws no edge of its own (as
`engine.evidence` hides a square); in a stack it reaches as deep as it is wide, since a lesion goes
on in the neighbouring frames.

Shapes: F frames · R rows · C columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.engine.aligner import Aligner
from radgloss.engine.drafting.reading import canonical, row
from radgloss.types import Draft, Evidence, Flag, Image, Region, Study

__all__ = ["cuboid", "erased", "survivors", "without"]

Floats = npt.NDArray[np.float32]
WHOLE = ("steatosis", "cirrhosis", "enlargement", "hyperinflation", "oedema", "obstruction")
SPREAD = "; it is a finding of a whole organ, and no one place holds it"


def cuboid(image: Image, region: Region) -> Region:
    """The region, in a stack of known spacing as deep as the mean of its rows and columns."""
    frames = image.pixels.shape[0]
    if frames == 1 or image.spacing == "none":
        return region
    steps = np.linalg.norm(image.affine[:3, :3], axis=0)
    extent = (np.array(region.high) - region.low + 1) * steps
    more = max(0.0, (extent[1:].mean() - extent[0]) / 2) / max(steps[0], 1e-6)
    low, high = region.low[0] - round(more), region.high[0] + round(more)
    return Region(
        (max(0, low), *region.low[1:]), (min(frames - 1, high), *region.high[1:])
    )  # fmt: skip


def erased(image: Image, regions: tuple[Region, ...]) -> Image:
    """The image with these boxes filled from what surrounds them; everything else is untouched."""
    pixels = image.pixels.copy()
    for region in regions:
        (f0, r0, c0), (f1, r1, c1) = region.low, region.high
        for f in range(f0, f1 + 1):
            _fill(pixels[f], (r0, c0), (r1, c1))
    return replace(image, pixels=pixels)


def _fill(frame: Floats, low: tuple[int, int], high: tuple[int, int]) -> None:
    """Fill a box of one frame (R, C), in place, with the smooth mean of what lies around it: a
    normalised convolution of the outside, as wide as the box."""
    reach = max(2, *(h - lo + 1 for lo, h in zip(low, high, strict=True)))
    rows, columns = (
        slice(max(0, lo - reach), min(n, h + 1 + reach))
        for lo, h, n in zip(low, high, frame.shape, strict=True)
    )
    part = frame[rows, columns]
    outside = np.ones(part.shape, bool)
    inside = (slice(low[0] - rows.start, high[0] + 1 - rows.start),
              slice(low[1] - columns.start, high[1] + 1 - columns.start))  # fmt: skip
    outside[inside] = False
    if not outside.any():  # the box is the whole picture
        part[inside] = np.median(part)
        return
    width = 2 * reach + 1
    weight = ndimage.uniform_filter(outside.astype(np.float64), width, mode="constant")
    mean = ndimage.uniform_filter(np.where(outside, part, 0.0).astype(np.float64), width,
                                  mode="constant")  # fmt: skip
    part[inside] = (mean / np.maximum(weight, 1e-12))[inside]


def without(aligner: Aligner, study: Study, what: str, evidence: tuple[Evidence, ...]) -> float:
    """The uncalibrated log-odds of a finding once these regions are gone."""
    left = study
    for image in study.images:
        own = [e.region for e in evidence if e.region and e.image == image.uid]
        if own:
            boxes = tuple(cuboid(image, region) for region in own)
            aligner, left = aligner.exchanged(left, erased(image, boxes))
    return aligner.raw(left, what)


def survivors(draft: Draft, study: Study, aligner: Aligner) -> Iterator[Flag]:
    """A flag for each positive sentence of a validated finding that is still called present once
    the regions that it points to are gone."""
    fitted = aligner.checkpoint.trust.labels.get(aligner.exam(study) or "", {})
    asked: dict[tuple[str, tuple[Evidence, ...]], float] = {}
    for number, sentence in enumerate(draft.sentences):
        places = tuple(e for e in sentence.evidence if e.region)
        for finding in sentence.findings:
            name = canonical(finding.what)
            if finding.status != "present" or not places or name not in fitted:
                continue
            key = (name, places)
            if key not in asked:
                asked[key] = fitted[name].probability(without(aligner, study, name, places))
            if fitted[name].decide(asked[key]):
                found = "still called present with the place it points to taken out"
                told = f"{name}: {found} (probability {asked[key]:.2g})"
                yield Flag("survives", f"{told}{SPREAD if _spread(name) else ''}", number)


def _spread(what: str) -> bool:
    """Whether it is of a whole organ, so that no one place holds it."""
    known = row(what)
    return known is not None and known.kind in WHOLE
