"""A patient's body into pictures: one file for each way of looking, one table of examinations."""

from radgloss.data.phantom.imaging.examine import examine
from radgloss.data.phantom.imaging.nouns import Imaged, lesion_names

__all__ = ["Imaged", "examine", "lesion_names"]
