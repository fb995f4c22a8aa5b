"""PMC-CLIP (Lin et al., arXiv 2303.07240): contrast, and hidden words guessed with the image.

Unusual here: 64 pixels; compound figures are already split, since a caption of the manifest is of
one frame or of one box in it. Without its idea: words guessed from the text alone.

    radgloss train pmc-clip -d phantoms/manifest.jsonl -o checkpoint
    radgloss train pmc-clip-alone -d phantoms/manifest.jsonl -o alone"""

from dataclasses import replace

from radgloss.data.feeds import Masked
from radgloss.models.alignment import pmcclip
from radgloss.systems.alignment.small import SMALL
from radgloss.train.run import Run

__all__ = ["alone", "fused"]


def fused() -> Run:
    """PMC-CLIP: hidden words are guessed from text and image together."""
    return replace(
        SMALL,
        name="pmc-clip",
        architecture="pmc-clip",
        model=pmcclip.VARIANTS["small"],
        feed=Masked(),
        steps=720,
    )


def alone() -> Run:
    """PMC-CLIP without its idea: hidden words are guessed from the text alone."""
    run = fused()
    return replace(run, name="pmc-clip-alone", model=replace(run.model, guess="text alone"))
