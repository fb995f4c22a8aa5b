"""CT and MR of the torso: one body, one channel for each phase or sequence, one series for each.

A lesion can be seen where it stands out of the noise over its own area (Rose 1948): contrast times
the root of its voxels in one frame, over the deviation of the noise, at least 5."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from radgloss.data.packed import PackedMasks
from radgloss.data.phantom import ct, mr
from radgloss.data.phantom.imaging.nouns import Imaged, lesion_names, noise_of, uid
from radgloss.data.phantom.patients import Patient
from radgloss.data.phantom.physics import noise_level
from radgloss.data.phantom.shapes import F32
from radgloss.data.phantom.torso import Anatomy, GridSpec, build, ct_grid, mr_grid
from radgloss.types import Image, Masks, Source, Window

__all__ = ["computed_tomography", "magnetic_resonance"]

CT_STORAGE, MR_STORAGE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
CT_WINDOWS = (Window(40, 400, "LINEAR", "ABDOMEN"), Window(-600, 1500, "LINEAR", "LUNG"))
ROSE = 5.0
MR_NOISE = 0.02  # of the bright parts, as `mr.scan` adds it
TAGS: dict[str, dict[str, str]] = {  # by DICOM keyword
    "T1": {"ScanningSequence": "GR", "SequenceVariant": "SP"},
    "T1 opposed": {"ScanningSequence": "GR", "SequenceVariant": "SP"},
    "T1 fat-suppressed": {"ScanningSequence": "GR", "SequenceVariant": "SP", "ScanOptions": "FS"},
    "T2": {"ScanningSequence": "SE", "SequenceVariant": "SK"},
    "DWI": {"ScanningSequence": "EP", "SequenceVariant": "SK"},
    "ADC": {"ScanningSequence": "EP", "SequenceVariant": "SK"},
}
PELVIC = frozenset({"adnexal mass", "ovarian cyst", "enlarged ovary", "intrauterine pregnancy"})


def computed_tomography(patient: Patient) -> Imaged:
    """Every phase that was taken, all on one grid."""
    how = patient.acquisition
    body = build(patient, [ct.look(p) for p in how.phases], ct_grid(patient, how.slice_mm))
    girth = body.facts["girth"]
    images, sigmas = [], []
    for k, phase in enumerate(how.phases):
        rng = noise_of(patient, k)
        hu = ct.scan(body.signal[k], rng, how.dose, girth, body.grid.spacing)
        images.append(_image(patient, "CT", k, hu, body.grid, f"Abdomen {phase}", _contrast(phase)))
        sigmas.append(noise_level(how.dose, girth) * np.sqrt(5.0 / how.slice_mm))
    return _imaged(patient, body, images, how.phases, np.array(sigmas))


def magnetic_resonance(patient: Patient) -> Imaged:
    """Every sequence that was run, on the upper abdomen or, for pelvic disease, on the pelvis."""
    how = patient.acquisition
    names = how.sequences
    grid = mr_grid(patient, pelvis=any(x.what in PELVIC for x in patient.lesions))
    body = build(patient, [mr.look(s) for s in names], grid)
    images, sigmas = [], []
    for k, name in enumerate(names):
        rng = noise_of(patient, k)
        if name == "ADC":
            dwi = body.signal[names.index("DWI")]
            values = mr.adc_map(dwi, body.signal[k], rng, how.dose)
        else:
            values = mr.scan(body.signal[k], rng, grid.spacing, how.dose)
        title = "ADC map" if name == "ADC" else f"Abdomen {name}"
        images.append(_image(patient, "MR", k, values, grid, title, TAGS[name]))
        sigmas.append(MR_NOISE * _bright(body.signal[k]) / how.dose)
    return _imaged(patient, body, images, names, np.array(sigmas))


def _bright(signal: F32) -> float:
    """What `mr.scan` takes for the bright parts of a picture."""
    return float(np.percentile(np.abs(signal[:: max(len(signal) // 8, 1), ::2, ::2]), 97)) or 1.0


def _contrast(phase: str) -> dict[str, str]:
    return {} if phase == "unenhanced" else {"ContrastBolusAgent": "Simulated iodine"}


def _imaged(
    patient: Patient,
    body: Anatomy,
    images: Sequence[Image],
    looks: Sequence[str],
    sigmas: npt.NDArray[np.float64],
) -> Imaged:
    """The nouns around a body: every image shares its masks, they lie on one grid."""
    names = lesion_names(patient.lesions)
    placed = {p.lesion.key: p for p in body.placed}
    masks: dict[str, npt.NDArray[np.bool_]] = {}
    sizes, standing = [], []
    for lesion, name in zip(patient.lesions, names, strict=True):
        found = placed.get(lesion.key)
        if found is not None and found.mask.any():
            masks[name] = found.mask
        sizes.append(float(found.size_mm) if found is not None else 0.0)
        standing.append(
            np.zeros(len(images), bool) if found is None
            else _standing_out(found.mask, found.contrast, sigmas)
        )  # fmt: skip
    lesions, anatomy = PackedMasks(masks.items()), PackedMasks(body.organs.items())
    each: dict[str, Masks] = {image.uid: lesions for image in images}
    organs: dict[str, Masks] = {image.uid: anatomy for image in images}
    names_of = {image.uid: look for image, look in zip(images, looks, strict=True)}
    seen = {
        image.uid: frozenset(name for name, out in zip(names, standing, strict=True) if out[k])
        for k, image in enumerate(images)
    }
    visible = tuple(bool(out.any()) for out in standing)
    return Imaged(
        tuple(images), names_of, each, organs, tuple(sizes), visible, body.facts, seen
    )  # fmt: skip


def _standing_out(
    mask: npt.NDArray[np.bool_], contrast: F32, sigmas: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """The Rose criterion in each channel, in the frame that shows most of the lesion, (K,)."""
    voxels = int(mask.sum(axis=(1, 2)).max(initial=0))
    out: npt.NDArray[np.bool_] = contrast / sigmas * np.sqrt(voxels) >= ROSE
    return out


def _image(
    patient: Patient, modality: str, k: int, values: F32, grid: GridSpec, title: str,
    tags: dict[str, str],
) -> Image:  # fmt: skip
    """One series on the grid of the body, positions as a reader of the file will have them."""
    (dz, dy, dx), (z, y, x) = grid.spacing, grid.origin
    affine = np.array(
        [
            [0, 0, round(dx, 4), round(x, 4)],
            [0, round(dy, 4), 0, round(y, 4)],
            [round(dz, 4), 0, 0, round(z, 4)],
            [0, 0, 0, 1],
        ]
    )
    series = uid(patient, "series", k)
    storage = CT_STORAGE if modality == "CT" else MR_STORAGE
    return Image(
        uid=series,
        pixels=values,
        affine=affine,
        modality=modality,
        units="HU" if modality == "CT" else "",
        voi=CT_WINDOWS if modality == "CT" else (_window(values),),
        body_part="ABDOMEN",
        description=title,
        sources=tuple(
            Source(uid(patient, "series", k, "frame", f), storage, series)
            for f in range(len(values))
        ),
        synthetic=True,
        technique=tags,
    )


def _window(values: F32) -> Window:
    """A window as a scanner stores it: from near the darkest tissue to near the brightest."""
    inside = values[:: max(len(values) // 8, 1)]
    low, high = np.percentile(inside[inside > inside.max() * 0.02], (2, 99.3))
    width = max(float(np.rint(1.1 * high - 0.5 * low)), 2.0)
    return Window(float(np.rint(0.5 * low + width / 2)), width, "LINEAR", "AUTO")
