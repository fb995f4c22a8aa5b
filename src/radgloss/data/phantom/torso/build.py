"""The torso from its lung bases to its pelvic floor: every organ in turn, then what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from radgloss.data.phantom.patients import Lesion, Patient, stream
from radgloss.data.phantom.torso.body import set_stage
from radgloss.data.phantom.torso.bowel import (
    paint_colon,
    paint_duodenum,
    paint_small_bowel,
    paint_stomach,
)
from radgloss.data.phantom.torso.kidneys import paint_kidneys, paint_ureters
from radgloss.data.phantom.torso.lesions import Organs, paint_lesions
from radgloss.data.phantom.torso.liver import paint_liver
from radgloss.data.phantom.torso.lungs import paint_lungs
from radgloss.data.phantom.torso.materials import MATERIALS
from radgloss.data.phantom.torso.pancreas import paint_pancreas
from radgloss.data.phantom.torso.pelvis import paint_pelvis
from radgloss.data.phantom.torso.scene import Anatomy, GridSpec, Look, Placed, Scene
from radgloss.data.phantom.torso.spine import paint_bones
from radgloss.data.phantom.torso.spleen import paint_spleen
from radgloss.data.phantom.torso.vessels import paint_vessels
from radgloss.data.phantom.torso.wall import paint_table, paint_wall
from radgloss.types import Side

__all__ = ["build"]

_OTHER: dict[str, Side] = {"right": "left", "left": "right"}


def build(patient: Patient, looks: Sequence[Look], grid: GridSpec) -> Anatomy:
    """The torso of that patient with its lesions, before noise; one channel for each look.

    A look must give a value for every name in `materials.MATERIALS`. The same patient gives the
    same body on every grid. Lesions of other parts (chest, devices) are left out. In situs
    inversus the whole body is its own mirror image; sides stay the patient's own."""
    missing = [m for look in looks for m in MATERIALS if m not in look]
    assert not missing, f"a look has no value for {', '.join(missing[:5])}"
    if patient.situs_inversus:
        return _mirrored(build(_other_way(patient), looks, grid), patient)
    rng = stream(patient.seed, patient.exam, "body")
    scene, outline = set_stage(patient, _own_values(patient, looks), grid, rng)
    paint_wall(scene, outline, _stream(scene, 1))
    air = outline.skin > 3
    del outline  # four volumes that nothing below asks for
    paint_bones(scene, _stream(scene, 2))
    kidneys = paint_kidneys(scene, _stream(scene, 3))
    spleen = paint_spleen(scene, _stream(scene, 4))
    liver = paint_liver(scene, _stream(scene, 5))
    paint_vessels(scene, _stream(scene, 6))
    pancreas = paint_pancreas(scene, _stream(scene, 7))
    paint_stomach(scene, _stream(scene, 8))
    paint_duodenum(scene, _stream(scene, 9))
    ovaries = paint_pelvis(scene, _stream(scene, 10))
    paint_colon(scene, _stream(scene, 11))
    paint_small_bowel(scene, _stream(scene, 12))
    paint_ureters(scene, kidneys)
    paint_lungs(scene, _stream(scene, 13))
    organs = Organs(liver, spleen, kidneys, pancreas, ovaries)
    placed = paint_lesions(scene, organs)
    paint_table(scene, air)
    return Anatomy(grid, scene.signal, scene.organs, placed, scene.facts)


def _stream(scene: Scene, key: int) -> np.random.Generator:
    return stream(scene.patient.seed, scene.patient.exam, "body", key)


VARIES = {  # one deviation of a material between people, relative
    "liver": 0.03, "spleen": 0.03, "slow spleen": 0.03, "renal cortex": 0.04,
    "renal medulla": 0.04, "artery": 0.05, "vein": 0.04, "portal vein": 0.04,
    "hepatic vein": 0.04, "pancreas": 0.04, "muscle": 0.02,
}  # fmt: skip


def _own_values(patient: Patient, looks: Sequence[Look]) -> list[Look]:
    """Everyone's tissues differ a little, by the same factor in every channel."""
    rng = stream(patient.seed, patient.exam, "body", 100)
    draws = np.clip(rng.normal(0, 1, len(VARIES)), -2, 2)
    factors = {m: 1 + v * float(d) for (m, v), d in zip(VARIES.items(), draws, strict=True)}
    factors["slow spleen"] = factors["spleen"]
    return [{m: v * factors.get(m, 1.0) for m, v in look.items()} for look in looks]


def _other_way(patient: Patient) -> Patient:
    """The same patient as seen in a mirror."""
    lesions: list[Lesion] = [
        replace(lesion, side=_OTHER.get(lesion.side, lesion.side)) for lesion in patient.lesions
    ]
    absent = tuple(_swapped(name) for name in patient.absent)
    return replace(patient, lesions=tuple(lesions), absent=absent, situs_inversus=False)


def _swapped(name: str) -> str:
    head, _, tail = name.partition(" ")
    return f"{_OTHER[head]} {tail}" if head in _OTHER else name


def _mirrored(anatomy: Anatomy, patient: Patient) -> Anatomy:
    spec = anatomy.grid
    assert abs(spec.origin[2] + (spec.shape[2] - 1) / 2 * spec.spacing[2]) < 1e-3, (
        "situs inversus needs a grid that is centred on the body"
    )
    by_key = {lesion.key: lesion for lesion in patient.lesions}
    placed = tuple(
        Placed(by_key[p.lesion.key], p.mask[..., ::-1], p.contrast, p.size_mm)
        for p in anatomy.placed
    )
    organs = {_swapped(name): mask[..., ::-1] for name, mask in anatomy.organs.items()}
    return Anatomy(
        spec, np.ascontiguousarray(anatomy.signal[..., ::-1]), organs, placed, anatomy.facts
    )
