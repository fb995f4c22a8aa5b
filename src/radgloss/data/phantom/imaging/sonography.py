"""Ultrasound of the torso: standard views and one through each lesion, each an image of its own.

The object that ultrasound is stored in has no place in the patient, so an image's millimetres count
from its first pixel. A lesion is seen where a view shows it clear of shadow and noise."""

from __future__ import annotations

import numpy as np

from radgloss.data.packed import PackedMasks
from radgloss.data.phantom import ultrasound
from radgloss.data.phantom.imaging.nouns import Imaged, lesion_names, noise_of, uid
from radgloss.data.phantom.patients import Patient
from radgloss.data.phantom.torso import build
from radgloss.data.phantom.ultrasound import View
from radgloss.types import Image, Masks, Source, Window

__all__ = ["sonography"]

US_STORAGE, CINE_STORAGE = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1"
CONSPICUOUS = 3.0  # of the Rose score of `ultrasound.conspicuity`


def sonography(patient: Patient) -> Imaged:
    """Every view of the examination, in the order in which a sonographer takes them."""
    body = build(patient, ultrasound.looks(), ultrasound.us_grid(patient))
    medium = ultrasound.medium_of(body)
    names = lesion_names(patient.lesions)
    views = ultrasound.study(medium, patient.exam, noise_of(patient, 0))
    images = [_image(patient, k, view) for k, view in enumerate(views)]
    masks: dict[str, Masks] = {
        i.uid: PackedMasks(v.masks.items()) for i, v in zip(images, views, strict=True)
    }
    organs: dict[str, Masks] = {
        i.uid: PackedMasks((name, v.labels == k) for k, name in enumerate(v.organs, 1))
        for i, v in zip(images, views, strict=True)
    }
    seen = {
        i.uid: frozenset(n for n in names if ultrasound.conspicuity(v, n) >= CONSPICUOUS)
        for i, v in zip(images, views, strict=True)
    }
    sizes = {p.lesion.key: float(p.size_mm) for p in body.placed}
    return Imaged(
        tuple(images),
        {i.uid: v.name for i, v in zip(images, views, strict=True)},
        masks,
        organs,
        tuple(sizes.get(lesion.key, 0.0) for lesion in patient.lesions),
        tuple(any(name in found for found in seen.values()) for name in names),
        body.facts,
        seen,
    )


def _image(patient: Patient, k: int, view: View) -> Image:
    name, p = uid(patient, "view", k), round(view.pixel, 4)
    storage = US_STORAGE if len(view.pixels) == 1 else CINE_STORAGE
    return Image(
        uid=name,
        pixels=view.pixels.astype(np.float32),
        affine=np.array([[0, 0, p, 0], [0, p, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]]),
        modality="US",
        voi=(Window(127.5, 256, "LINEAR", "NORMAL"),),
        body_part="PELVIS" if patient.exam == "us-pelvis" else "ABDOMEN",
        description=view.name,
        sources=tuple(
            Source(name, storage, uid(patient, "series"), f + 1) for f in range(len(view.pixels))
        ),
        synthetic=True,
    )
