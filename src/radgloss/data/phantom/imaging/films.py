"""Radiographs: the chest erect from behind and from the side or portable, the abdomen from above.

A film has no place in the patient: its millimetres count from its first pixel at the detector, as a
reader of the file will have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom import physics, plain, thorax
from radgloss.data.phantom.imaging.nouns import Imaged, lesion_names, noise_of, uid
from radgloss.data.phantom.patients import Patient
from radgloss.types import Image, Masks, Source, Window

__all__ = ["abdominal_radiographs", "chest_radiographs"]

DX_STORAGE = "1.2.840.10008.5.1.4.1.1.1.1"
VIEW_POSITION = {"PA": "PA", "AP": "AP", "lateral": "LL", "AP erect": "AP"}
Mask = npt.NDArray[np.bool_]


def chest_radiographs(patient: Patient) -> Imaged:
    """Every view of the chest that was taken."""
    how, parts = patient.acquisition, []
    for k, view in enumerate(how.views):
        film = thorax.build(patient, view)
        taken = thorax.radiograph(film, noise_of(patient, k), how)
        stored = thorax.stored(thorax.lettered(taken, film, how), how.inverted)
        parts.append(
            _Part(
                _image(patient, k, view, stored, film.pixel, "CHEST"),
                {s.lesion.key: s.mask for s in film.shadows},
                {name: mask[None] for name, mask in film.regions.items()},
                {s.lesion.key for s in film.shadows if thorax.detectable(film, s, how)},
                {f"{view} {name}": value for name, value in film.facts.items()},
            )
        )
    return _imaged(patient, parts)


def abdominal_radiographs(patient: Patient) -> Imaged:
    """Supine, and erect where that was asked for."""
    how, parts = patient.acquisition, []
    for k, view in enumerate(how.views):
        film = plain.plain(patient, view)
        values = plain.radiograph(film, noise_of(patient, k), how.dose)
        values = thorax.stored(physics.marked(values, how.marker, film.pixel), how.inverted)
        seen = {
            s.lesion.key
            for s in film.shadows
            if physics.detectable(film.attenuation, s.change, s.mask, film.pixel)
        }
        parts.append(
            _Part(
                _image(patient, k, view, values, film.pixel, "ABDOMEN"),
                {s.lesion.key: s.mask for s in film.shadows},
                {},
                seen,
                {f"{view} {name}": value for name, value in film.facts.items()},
            )
        )
    return _imaged(patient, parts)


@dataclass(frozen=True, eq=False)
class _Part:
    """One film: masks and visible lesions by their key."""

    image: Image
    masks: Mapping[int, Mask]
    organs: Masks
    seen: set[int]
    facts: Mapping[str, float]


def _imaged(patient: Patient, parts: Sequence[_Part]) -> Imaged:
    names = lesion_names(patient.lesions)
    by_image: dict[str, Masks] = {}
    for part in parts:
        by_image[part.image.uid] = {
            name: part.masks[lesion.key][None]
            for lesion, name in zip(patient.lesions, names, strict=True)
            if lesion.key in part.masks and part.masks[lesion.key].any()
        }
    seen = {
        part.image.uid: frozenset(
            name
            for lesion, name in zip(patient.lesions, names, strict=True)
            if lesion.key in part.seen
        )
        for part in parts
    }
    views = patient.acquisition.views
    return Imaged(
        tuple(part.image for part in parts),
        {part.image.uid: view for part, view in zip(parts, views, strict=True)},
        by_image,
        {part.image.uid: part.organs for part in parts},
        tuple(lesion.size_mm for lesion in patient.lesions),
        tuple(any(name in found for found in seen.values()) for name in names),
        {name: value for part in parts for name, value in part.facts.items()},
        seen,
    )


def _image(
    patient: Patient, k: int, view: str, values: npt.NDArray[np.float32], pixel: float, part: str
) -> Image:
    name, p = uid(patient, "film", k), round(pixel, 4)
    return Image(
        uid=name,
        pixels=values[None],
        affine=np.array([[0, 0, p, 0], [1, 0, 0, 0], [0, -p, 0, 0], [0, 0, 0, 1.0]]),
        modality="DX",
        view=VIEW_POSITION[view],
        spacing="detector",
        inverted=patient.acquisition.inverted,
        voi=(Window(2048, 4096, "LINEAR", "NORMAL"),),
        body_part=part,
        description=f"{part.capitalize()} {view}",
        sources=(Source(name, DX_STORAGE, uid(patient, "series", k)),),
        synthetic=True,
    )
