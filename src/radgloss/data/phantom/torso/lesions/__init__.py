"""What is wrong, organ by organ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from radgloss.data.phantom.shapes import Paint
from radgloss.data.phantom.torso.kidneys import Kidney
from radgloss.data.phantom.torso.liver import Liver
from radgloss.data.phantom.torso.pancreas import Pancreas
from radgloss.data.phantom.torso.pelvis import Ovary
from radgloss.data.phantom.torso.scene import Placed, Scene


@dataclass(frozen=True, eq=False)
class Organs:
    """The shapes that lesions are placed in."""

    liver: Liver
    spleen: Paint | None
    kidneys: Mapping[str, Kidney]
    pancreas: Pancreas
    ovaries: Mapping[str, Ovary]


def paint_lesions(scene: Scene, organs: Organs) -> tuple[Placed, ...]:
    """The lesions where they came to lie."""
    return ()
