"""The torso as an ultrasound medium: its lattice, and the three channels painted on it."""

from __future__ import annotations

from radgloss.data.phantom.patients import Patient
from radgloss.data.phantom.torso import Anatomy, GridSpec, build, ct_grid
from radgloss.data.phantom.ultrasound.medium import Medium
from radgloss.data.phantom.ultrasound.us import looks

__all__ = ["lesion_names", "medium_of", "us_body", "us_grid"]

VOXEL = 2.5  # mm


def us_grid(patient: Patient) -> GridSpec:
    """Cubes of 2.5 mm: the whole torso, or for a pelvic examination its lower half, unless fluid
    lies beside the liver, where the probe then goes too."""
    whole = ct_grid(patient)
    extent = [n * s for n, s in zip(whole.shape, whole.spacing, strict=True)]
    high = any(lesion.site == "right upper quadrant" for lesion in patient.lesions)
    if patient.exam == "us-pelvis" and not high:
        extent[0] = 260.0
    shape = [int(e / VOXEL) for e in extent]
    return GridSpec((shape[0], shape[1], shape[2]), (VOXEL,) * 3, whole.origin)


def lesion_names(anatomy: Anatomy) -> tuple[str, ...]:
    """The name of each placed lesion: what it is, and its number among its kind, from 0."""
    seen: dict[str, int] = {}
    out = []
    for placed in anatomy.placed:
        n = seen.get(placed.lesion.what, 0)
        seen[placed.lesion.what] = n + 1
        out.append(f"{placed.lesion.what}#{n}")
    return tuple(out)


def medium_of(anatomy: Anatomy) -> Medium:
    """An anatomy whose first three channels are echo, attenuation and impedance, as a medium."""
    z, y, x = anatomy.grid.origin
    dz, dy, dx = anatomy.grid.spacing
    names = lesion_names(anatomy)
    return Medium(
        echo=anatomy.signal[0],
        attenuation=anatomy.signal[1],
        impedance=anatomy.signal[2],
        origin=(x, y, z),
        spacing=(dx, dy, dz),
        organs=anatomy.organs,
        lesions={n: p.mask for n, p in zip(names, anatomy.placed, strict=True)},
    )


def us_body(patient: Patient) -> Medium:
    """The torso of a patient, painted for ultrasound; the same body that CT and MR show."""
    return medium_of(build(patient, looks(), us_grid(patient)))
