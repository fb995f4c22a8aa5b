"""Abdomen and pelvis in three dimensions, with lesions, for CT, MR, ultrasound and plain films.

`build` paints a patient's torso once for any number of looks; `ct` and `mr` beside this package
say what materials look like there and what a scanner adds."""

from radgloss.data.phantom.torso.body import ct_grid, mr_grid
from radgloss.data.phantom.torso.build import build
from radgloss.data.phantom.torso.materials import MATERIALS
from radgloss.data.phantom.torso.scene import Anatomy, GridSpec, Look, Placed

__all__ = [
    "MATERIALS",
    "Anatomy",
    "GridSpec",
    "Look",
    "Placed",
    "build",
    "ct_grid",
    "mr_grid",
]
