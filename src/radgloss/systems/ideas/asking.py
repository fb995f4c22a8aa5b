"""Does GLoRIA's local score count when it is asked, or only while it learns (ICCV 2021, 3.4)?

The trained model answers twice: by the mean of its two scores, as published, and by that of whole
pictures and whole texts alone, as CLIP would."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

from radgloss.systems.ideas.figures import answered
from radgloss.systems.ideas.space import Space

__all__ = ["asked"]


def asked(space: Space, by: Literal["both", "whole"]) -> dict[str, Any]:
    """`findings` and `sides` of `figures.answered`."""
    model = space.model
    if by == "whole":  # what knows of no places is asked by its vectors
        model = SimpleNamespace(
            config=model.config, encode_image=model.encode_image, encode_text=model.encode_text
        )
    return answered(model, space.tokenizer, space.banks, space.test, space.seed)
