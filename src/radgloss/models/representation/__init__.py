"""Vectors of words and of pictures, learned without reports or from a few labels: a file per
architecture."""

from types import ModuleType

from radgloss.models.representation import (
    autoencoder,
    classifier,
    expert,
    mae,
    masked_words,
    moco,
    simclr,
    skipgram,
)

__all__ = ["ARCHITECTURES"]

ARCHITECTURES: dict[str, ModuleType] = {
    "autoencoder": autoencoder,
    "classifier": classifier,
    "expert": expert,
    "mae": mae,
    "masked-words": masked_words,
    "moco": moco,
    "simclr": simclr,
    "skipgram": skipgram,
}
