"""SimCLR (Chen et al., arXiv 2002.05709) and MoCo (He et al., arXiv 1911.05722) on pictures alone.

Unusual here: views that a radiologist would call the same, never a mirror image where side matters
(`data.feeds.two_views`; the trainer refuses it), one picture of a study in an epoch, no batch
normalisation. Without their ideas: SimCLR on two views that do not differ, which teaches nothing
but to tell pictures apart by anything at all; MoCo whose keys come from the encoder itself
(momentum 0), so that the queue holds keys of encoders that are gone.

    radgloss train simclr -d phantoms/manifest.jsonl -o checkpoint
    radgloss train simclr-same -d phantoms/manifest.jsonl -o same
    radgloss train moco -d phantoms/manifest.jsonl -o checkpoint
    radgloss train moco-hasty -d phantoms/manifest.jsonl -o hasty"""

from dataclasses import replace

from radgloss.data.feeds import TwoViews
from radgloss.models.representation import moco, simclr
from radgloss.systems.representation.small import SMALL
from radgloss.train.run import Run

__all__ = ["hasty", "queue", "same", "two_views"]


def two_views() -> Run:
    """SimCLR: two views of one picture find each other."""
    return replace(
        SMALL,
        name="simclr",
        architecture="simclr",
        model=simclr.VARIANTS["small"],
        feed=TwoViews(),
    )


def same() -> Run:
    """SimCLR without its idea: both views are the picture itself."""
    return replace(two_views(), name="simclr-same", feed=TwoViews(change=None))


def queue() -> Run:
    """MoCo: a view finds the other among many kept earlier, made by a slow copy."""
    return replace(
        SMALL, name="moco", architecture="moco", model=moco.VARIANTS["small"], feed=TwoViews()
    )


def hasty() -> Run:
    """MoCo without its idea: keys from the encoder itself, not from a slow copy."""
    run = queue()
    return replace(run, name="moco-hasty", model=replace(run.model, momentum=0.0))
