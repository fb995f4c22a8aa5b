"""Picture vectors by a convolutional encoder that is told nothing (Hinton and Salakhutdinov 2006).

The card says how pictures of one examination gather: nearest neighbours of other patients, and
clusters found without labels, beside chance. Without its idea: the same code from a perceptron
over all pixels.

    radgloss train cnn -d phantoms/manifest.jsonl -o checkpoint
    radgloss train cnn-flat -d phantoms/manifest.jsonl -o flat"""

from dataclasses import replace

from radgloss.data.feeds import HiddenPatches
from radgloss.models.representation import autoencoder
from radgloss.systems.representation.small import SMALL
from radgloss.train.run import Run

__all__ = ["convolutional", "flat"]


def convolutional() -> Run:
    """Image embeddings by a convolutional autoencoder."""
    return replace(
        SMALL,
        name="cnn",
        architecture="autoencoder",
        model=autoencoder.VARIANTS["small"],
        feed=HiddenPatches(share=0.0),
    )


def flat() -> Run:
    """Image embeddings without convolution: every pixel has weights of its own."""
    return replace(convolutional(), name="cnn-flat", model=autoencoder.VARIANTS["small-flat"])
