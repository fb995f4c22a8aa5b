"""GLoRIA (Huang et al., ICCV 2021): words attend to places; a local loss beside the global one.

Unusual here: 64 pixels, a grid of 8 × 8 places, phantoms. Without its idea: the global loss alone,
hence no local score and no heat map.

    radgloss train gloria -d phantoms/manifest.jsonl -o checkpoint
    radgloss train gloria-global -d phantoms/manifest.jsonl -o global"""

from dataclasses import replace

from radgloss.models.alignment import gloria
from radgloss.systems.alignment.small import SMALL
from radgloss.train.run import Run

__all__ = ["local", "whole"]


def local() -> Run:
    """GLoRIA: words attend to places, local loss beside the global one."""
    return replace(
        SMALL, name="gloria", architecture="gloria", model=gloria.VARIANTS["small"], steps=600
    )  # every word looks at every place of every picture: three times the work of a step


def whole() -> Run:
    """GLoRIA without its idea: the global loss alone."""
    run = local()
    return replace(run, name="gloria-global", model=replace(run.model, local=0.0))
