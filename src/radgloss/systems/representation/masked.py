"""Masked modelling: patches of pictures (MAE, He et al., arXiv 2111.06377), words of texts (BERT,
Devlin et al., arXiv 1810.04805).

Without their ideas: no patch is hidden, a plain autoencoder on the same transformer; every word is
hidden, so that no context is left to guess from. The card has the share of words guessed and the
loss beside the entropy of the words, and for pictures what the features are good for.

    radgloss train mae -d phantoms/manifest.jsonl -o checkpoint
    radgloss train mae-seen -d phantoms/manifest.jsonl -o seen
    radgloss train masked-words -d phantoms/manifest.jsonl -o checkpoint
    radgloss train masked-words-blind -d phantoms/manifest.jsonl -o blind"""

from dataclasses import replace

from radgloss.data.feeds import HiddenPatches, HiddenWords
from radgloss.models.representation import mae, masked_words
from radgloss.systems.representation.small import SMALL
from radgloss.train.run import Run

__all__ = ["blind", "patches", "seen", "words"]


def patches() -> Run:
    """Masked pictures: guess three quarters of the patches from the rest."""
    return replace(
        SMALL,
        name="mae",
        architecture="mae",
        model=mae.VARIANTS["small"],
        feed=HiddenPatches(),
        steps=1200,
    )


def seen() -> Run:
    """Masked pictures without their idea: nothing is hidden."""
    return replace(patches(), name="mae-seen", feed=HiddenPatches(share=0.0))


def words() -> Run:
    """Masked words: guess one word in seven from those around it."""
    return replace(
        SMALL,
        name="masked-words",
        architecture="masked-words",
        model=masked_words.VARIANTS["small"],
        feed=HiddenWords(),
    )


def blind() -> Run:
    """Masked words without their idea: no context is left."""
    return replace(words(), name="masked-words-blind", feed=HiddenWords(share=1.0))
