"""The run that the small recipes start from: the ViT captioner's at 64 pixels, minutes on two
cores. Two arms of a comparison differ in what their recipes say and in nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from radgloss.data.feeds import Written
from radgloss.models.image_to_text import ARCHITECTURES
from radgloss.systems.image_to_text import captioner
from radgloss.train.run import Run

__all__ = ["small"]

NOTHING: Mapping[str, Any] = MappingProxyType({})


def small(
    name: str,
    architecture: str,
    feed: type[Written] = Written,
    steps: int = 600,
    brings: Mapping[str, Any] = NOTHING,
    **change: Any,
) -> Run:
    """An architecture's `small` variant. brings: the feed's own settings. change: of the config,
    what makes this arm. steps: as many as five minutes on two cores allow."""
    model = replace(ARCHITECTURES[architecture].VARIANTS["small"], **change)
    return replace(
        captioner.vit(),
        name=name,
        architecture=architecture,
        model=model,
        steps=steps,
        feed=feed(pictures=model.pictures, **brings),
    )
