"""Which examination is done how."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from radgloss.data.phantom.imaging.films import abdominal_radiographs, chest_radiographs
from radgloss.data.phantom.imaging.heads import head_computed_tomography
from radgloss.data.phantom.imaging.nouns import Imaged
from radgloss.data.phantom.imaging.sections import computed_tomography, magnetic_resonance
from radgloss.data.phantom.imaging.sonography import sonography
from radgloss.data.phantom.patients import Patient

__all__ = ["examine"]

_WAYS: Mapping[str, Callable[[Patient], Imaged]] = {
    "ct-abdomen": computed_tomography,
    "mr-abdomen": magnetic_resonance,
    "us-abdomen": sonography,
    "us-pelvis": sonography,
    "xr-chest": chest_radiographs,
    "xr-abdomen": abdominal_radiographs,
    "ct-head": head_computed_tomography,
}


def examine(patient: Patient) -> Imaged:
    """The pictures of that patient's examination; the same every time."""
    return _WAYS[patient.exam](patient)
