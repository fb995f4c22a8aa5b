"""Ultrasound of a simulated body: its materials, the probe, the beam, the picture, the views.

`us` says what tissues are to sound, `medium` holds a body, `bodies` paints the torso as one,
`probe` and `beam` make echoes along rays, `picture` makes grey levels of them, and `views` examines
as a sonographer does."""

from radgloss.data.phantom.ultrasound.bodies import lesion_names, medium_of, us_body, us_grid
from radgloss.data.phantom.ultrasound.medium import Medium
from radgloss.data.phantom.ultrasound.picture import View, conspicuity, scan
from radgloss.data.phantom.ultrasound.probe import Pose, Scanner, Sector, pose
from radgloss.data.phantom.ultrasound.us import MATERIALS, looks
from radgloss.data.phantom.ultrasound.views import STANDARD, study

__all__ = [
    "MATERIALS",
    "STANDARD",
    "Medium",
    "Pose",
    "Scanner",
    "Sector",
    "View",
    "conspicuity",
    "lesion_names",
    "looks",
    "medium_of",
    "pose",
    "scan",
    "study",
    "us_body",
    "us_grid",
]
