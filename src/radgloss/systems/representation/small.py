"""The run that the small recipes start from: 64 pixels, minutes on two cores."""

from dataclasses import replace

from radgloss.data.pairs import Sampling
from radgloss.systems.alignment.small import SMALL as ALIGNED

__all__ = ["SMALL"]

# one picture of a study in an epoch: neighbouring sections are not each other's strangers
SMALL = replace(ALIGNED, sampling=Sampling(per_study=1), weight_decay=1e-4)
