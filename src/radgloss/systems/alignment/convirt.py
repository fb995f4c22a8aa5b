"""ConVIRT (Zhang et al., arXiv 2010.00747): a residual network, sentences, two unequal contrasts.

Unusual here: the published views without the mirror; 64 pixels, phantoms. Without its ideas, one at
a time: λ = 1 (no sentence ever looks for its image), λ = ½ (equal weights), and all that is said of
a picture instead of one sentence.

    radgloss train convirt -d phantoms/manifest.jsonl -o checkpoint
    radgloss train convirt-one-way -d phantoms/manifest.jsonl -o one-way"""

from dataclasses import replace

from radgloss.data.feeds import Captioned
from radgloss.models.alignment import convirt
from radgloss.systems.alignment.small import SMALL
from radgloss.train.run import Run

__all__ = ["equal", "one_way", "weighted", "whole"]


def weighted() -> Run:
    """ConVIRT: one sentence at random, contrast both ways with weights ¾ and ¼."""
    return replace(
        SMALL,
        name="convirt",
        architecture="convirt",
        model=convirt.VARIANTS["small"],
        feed=Captioned(words="one"),
    )


def one_way() -> Run:
    """ConVIRT without its idea: only images look for sentences."""
    run = weighted()
    return replace(run, name="convirt-one-way", model=replace(run.model, towards_text=1.0))


def equal() -> Run:
    """ConVIRT with equal weights for both ways."""
    run = weighted()
    return replace(run, name="convirt-equal", model=replace(run.model, towards_text=0.5))


def whole() -> Run:
    """ConVIRT with the whole text instead of one sentence."""
    return replace(weighted(), name="convirt-whole", feed=Captioned(words="whole"))
