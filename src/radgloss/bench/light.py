"""Cases made light, so that a suite of hundreds of volumes fits into the memory of one.

What has been heard needs no pixels any more; what is scored later needs shapes, places, words and
the masks of lesions, which are kept as the bits inside their box."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from radgloss.eval.metrics.regions import box_of
from radgloss.eval.score import Examined, Picture
from radgloss.types import Image, Masks, Region, Study

__all__ = ["PackedMasks", "light", "light_picture"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Bits:
    """One mask: its shape (F, R, C), its box, and what is marked inside the box."""

    shape: tuple[int, ...]
    box: Region | None
    bits: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, mask: Mask) -> _Bits:
        if not mask.any():
            return cls(mask.shape, None, np.zeros(0, np.uint8))
        box = box_of(mask)
        return cls(mask.shape, box, np.packbits(mask[_inside(box)]))

    def mask(self) -> Mask:
        out = np.zeros(self.shape, bool)
        if self.box is not None:
            part = out[_inside(self.box)]
            part[:] = np.unpackbits(self.bits, count=part.size).reshape(part.shape)
        return out


def _inside(box: Region) -> tuple[slice, ...]:
    return tuple(slice(lo, hi + 1) for lo, hi in zip(box.low, box.high, strict=True))


class PackedMasks(Mapping[str, Mask]):
    """The masks of one image by name, each unpacked anew whenever it is asked for."""

    def __init__(self, masks: Masks) -> None:
        self._bits = {name: _Bits.of(mask) for name, mask in masks.items()}

    def __getitem__(self, name: str) -> Mask:
        return self._bits[name].mask()

    def __iter__(self) -> Iterator[str]:
        return iter(self._bits)

    def __len__(self) -> int:
        return len(self._bits)


def light(case: Examined) -> Examined:
    """The case without pixels and organs; shapes, places, lesion masks and every word stay."""
    study, prior = case.case.study, case.case.prior
    held = {uid: PackedMasks(masks) for uid, masks in case.truth.masks.items()}
    return replace(
        case,
        case=replace(case.case, study=_empty(study), prior=prior and replace(prior, images=())),
        truth=replace(case.truth, masks=held, organs={}),
    )


def _empty(study: Study) -> Study:
    return replace(study, images=tuple(_bare(image) for image in study.images))


def _bare(image: Image) -> Image:
    return replace(image, pixels=np.broadcast_to(np.float32(0), image.pixels.shape))


def light_picture(picture: Picture) -> Picture:
    """The picture without its pixels."""
    return replace(picture, image=_bare(picture.image))
