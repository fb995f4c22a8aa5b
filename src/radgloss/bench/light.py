"""Cases made light, so that a suite of hundreds of volumes fits into the memory of one.

What has been heard needs no pixels any more; what is scored later needs shapes, places, words and
the masks of lesions, which are kept as the bits inside their box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from radgloss.data.packed import PackedMasks
from radgloss.eval.score import Examined, Picture
from radgloss.types import Image, Study

__all__ = ["light", "light_picture"]


def light(case: Examined) -> Examined:
    """The case without pixels and organs; shapes, places, lesion masks and every word stay."""
    study, prior = case.case.study, case.case.prior
    held = {uid: PackedMasks(masks.items()) for uid, masks in case.truth.masks.items()}
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
