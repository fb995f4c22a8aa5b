"""What is wrong, organ by organ: each lesion is painted by the function of its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from radgloss.data.phantom.patients import stream
from radgloss.data.phantom.torso.lesions.bowel import BOWEL
from radgloss.data.phantom.torso.lesions.common import Job, Organs
from radgloss.data.phantom.torso.lesions.diffuse import DIFFUSE
from radgloss.data.phantom.torso.lesions.kidneys import KIDNEYS
from radgloss.data.phantom.torso.lesions.liver import LIVER, SPLEEN
from radgloss.data.phantom.torso.lesions.pelvis import PELVIS
from radgloss.data.phantom.torso.lesions.spaces import SPACES
from radgloss.data.phantom.torso.scene import Placed, Scene

__all__ = ["PAINTERS", "Organs", "paint_lesions"]

PAINTERS: Mapping[str, Callable[[Job], Placed | None]] = {
    **DIFFUSE,
    **LIVER,
    **SPLEEN,
    **KIDNEYS,
    **BOWEL,
    **PELVIS,
    **SPACES,
}
OF_SPLEEN = frozenset({*SPLEEN, "splenomegaly"})
_LAST = tuple(SPACES)  # fluid and air take what room the others leave


def paint_lesions(scene: Scene, organs: Organs) -> tuple[Placed, ...]:
    """The lesions of this part of the body where they came to lie, in the patient's order.

    A lesion of an organ that is absent, or of another part of the body, is left out."""
    done: dict[int, Placed] = {}
    taken: list[tuple[float, float, float, float]] = []
    lesions = [lesion for lesion in scene.patient.lesions if lesion.what in PAINTERS]
    # large ones first, so that small ones find room beside them
    for lesion in sorted(lesions, key=lambda one: (one.what in _LAST, -one.size_mm)):
        if lesion.what in OF_SPLEEN and not _has_spleen(organs):
            continue
        rng = stream(scene.patient.seed, scene.patient.exam, "lesion", lesion.key)
        found = PAINTERS[lesion.what](Job(scene, organs, lesion, rng, taken))
        if found is not None:
            done[id(lesion)] = found
    return tuple(done[id(lesion)] for lesion in lesions if id(lesion) in done)


def _has_spleen(organs: Organs) -> bool:
    """Whether any of a spleen lies in the picture: one of the pelvis may end below it."""
    return organs.spleen is not None and bool((organs.spleen.distance < 0).any())
