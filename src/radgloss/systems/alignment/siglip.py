"""SigLIP (Zhai et al., arXiv 2303.15343): every pair is a yes-or-no question of its own.

Unusual here: 64 pixels, phantoms, one text a picture. Without its idea: the same towers and pairs
under the softmax over the batch.

    radgloss train siglip -d phantoms/manifest.jsonl -o checkpoint
    radgloss train siglip-softmax -d phantoms/manifest.jsonl -o softmax"""

from dataclasses import replace

from radgloss.models.alignment import siglip
from radgloss.systems.alignment.small import SMALL
from radgloss.train.run import Run

__all__ = ["sigmoid", "softmax"]


def sigmoid() -> Run:
    """SigLIP: pairwise sigmoid loss, no normaliser over the batch."""
    return replace(SMALL, name="siglip", architecture="siglip", model=siglip.VARIANTS["small"])


def softmax() -> Run:
    """SigLIP without its idea: a softmax over the batch."""
    run = sigmoid()
    return replace(run, name="siglip-softmax", model=replace(run.model, loss="softmax"))
