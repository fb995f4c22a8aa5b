"""A CT of the head, for domain shift only: nothing is ever trained on it."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom import ct, head
from radgloss.data.phantom.imaging.nouns import Imaged, noise_of, uid
from radgloss.data.phantom.patients import Patient
from radgloss.types import Image, Source, Window

__all__ = ["head_computed_tomography"]

CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


def head_computed_tomography(patient: Patient) -> Imaged:
    """An unenhanced head, without a lesion."""
    grid, clean = head.build(patient)
    rng = noise_of(patient, 0)
    hu = ct.scan(clean, rng, patient.acquisition.dose * 4, 180.0, grid.spacing)
    dz, dy, dx = grid.spacing
    affine = np.array(
        [
            [0, 0, dx, float(grid.x[0])],
            [0, dy, 0, float(grid.y[0])],
            [dz, 0, 0, float(grid.z[0])],
            [0, 0, 0, 1],
        ]
    )
    series = uid(patient, "series", 0)
    image = Image(
        uid=series,
        pixels=hu,
        affine=affine,
        modality="CT",
        units="HU",
        voi=(Window(40, 80, "LINEAR", "BRAIN"),),
        body_part="HEAD",
        description="Head unenhanced",
        sources=tuple(
            Source(uid(patient, "series", 0, "frame", f), CT_STORAGE, series)
            for f in range(len(hu))
        ),
        synthetic=True,
    )
    return Imaged((image,), {series: "unenhanced"}, {series: {}}, {series: {}}, (), ())
