"""MedCLIP (Wang et al., arXiv 2210.10163): images and texts unpaired, targets from their findings.

Unusual here: what is known comes from the fact reader and the manifest's labels, with sides; a
third of the studies keeps picture and text, a third its pictures only, a third its words only.
Without its idea: hard partners on the same pool, and hard partners after the unpaired two thirds
were thrown away.

    radgloss train medclip -d phantoms/manifest.jsonl -o checkpoint
    radgloss train medclip-hard -d phantoms/manifest.jsonl -o hard"""

from dataclasses import replace

from radgloss.data.feeds import Unpaired
from radgloss.models.alignment import medclip
from radgloss.systems.alignment.small import SMALL
from radgloss.train.run import Run

__all__ = ["hard", "paired_only", "soft"]


def soft() -> Run:
    """MedCLIP: strangers agree as far as their findings do."""
    return replace(
        SMALL,
        name="medclip",
        architecture="medclip",
        model=medclip.VARIANTS["small"],
        feed=Unpaired(),
    )


def hard() -> Run:
    """MedCLIP without its idea: partners only, on the same pool."""
    run = soft()
    return replace(run, name="medclip-hard", model=replace(run.model, targets="own"))


def paired_only() -> Run:
    """MedCLIP without its idea and without the unpaired data."""
    return replace(hard(), name="medclip-paired", feed=Unpaired(strangers=0.0))
