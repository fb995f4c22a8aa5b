"""The chest in three dimensions, seen on films: PA erect, left lateral, portable AP supine.

`build` gives line integrals and the shadow of every lesion; `film` adds what the tube, the
detector and the hospital add; `seen` says what a reader could find."""

from radgloss.data.phantom.thorax.build import SIZE, build
from radgloss.data.phantom.thorax.film import HOSPITALS, WHITE, lettered, radiograph, stored
from radgloss.data.phantom.thorax.nouns import Film, Shadow
from radgloss.data.phantom.thorax.seen import THRESHOLD, detectability, detectable
from radgloss.data.phantom.thorax.view import VIEWS, View

__all__ = [
    "HOSPITALS",
    "SIZE",
    "THRESHOLD",
    "VIEWS",
    "WHITE",
    "Film",
    "Shadow",
    "View",
    "build",
    "detectability",
    "detectable",
    "lettered",
    "radiograph",
    "stored",
]
