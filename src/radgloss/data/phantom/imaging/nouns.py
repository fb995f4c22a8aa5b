"""What an examination of a simulated body gives: images, the place of everything, what is seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from radgloss.data.phantom.patients import Lesion, Patient, stream
from radgloss.types import Image, Masks

__all__ = ["VERSION", "Imaged", "lesion_names", "noise_of", "uid"]

VERSION = "2.1"


@dataclass(frozen=True, eq=False)
class Imaged:
    """looks: by image uid, the phase, sequence or view. masks: by image uid, then lesion name.

    organs: by image uid, then name; empty on films of the chest but for silhouettes.
    sizes: of each lesion of the patient, true in this body, mm (0 where it has none).
    visible: of each lesion, whether an attentive reader can see it on any image.
    seen: by image uid, the names of the lesions that can be seen on that image."""

    images: tuple[Image, ...]
    looks: Mapping[str, str]
    masks: Mapping[str, Masks]
    organs: Mapping[str, Masks]
    sizes: tuple[float, ...]
    visible: tuple[bool, ...]
    facts: Mapping[str, float] = field(default_factory=dict)
    seen: Mapping[str, frozenset[str]] = field(default_factory=dict)


def lesion_names(lesions: Sequence[Lesion]) -> tuple[str, ...]:
    """The name of each lesion's mask: its kind and number, as `kidney stone#0`."""
    counts: dict[str, int] = {}
    out = []
    for lesion in lesions:
        number = counts.get(lesion.what, 0)
        counts[lesion.what] = number + 1
        out.append(f"{lesion.what}#{number}")
    return tuple(out)


def noise_of(patient: Patient, k: int) -> np.random.Generator:
    """The scanner's noise in the k-th image; a study that has a prior has its own."""
    return stream(patient.seed, patient.exam, "noise", k + (1000 if patient.prior_days else 0))


def uid(patient: Patient, *parts: object) -> str:
    """A UID under 2.25 made from a hash of who, which version and what (PS3.5 B.2)."""
    whole = ("phantom", VERSION, patient.exam, patient.seed, patient.prior_days, *parts)
    digest = bytearray(hashlib.sha256("/".join(map(str, whole)).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # a UUID of version 8, as RFC 9562 asks of custom hashes
    digest[8] = digest[8] & 0x3F | 0x80
    return f"2.25.{int.from_bytes(bytes(digest), 'big')}"
