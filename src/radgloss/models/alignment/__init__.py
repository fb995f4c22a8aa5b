"""One embedding space for pictures and words: a file per architecture."""

from types import ModuleType

from radgloss.models.alignment import (
    bagged,
    biomedclip,
    clip,
    convirt,
    cxrclip,
    dual,
    gloria,
    kad,
    medclip,
    merlin,
    pmcclip,
    siglip,
)

__all__ = ["ARCHITECTURES"]

ARCHITECTURES: dict[str, ModuleType] = {
    "bagged": bagged,
    "biomedclip": biomedclip,
    "clip": clip,
    "convirt": convirt,
    "cxr-clip": cxrclip,
    "dual": dual,
    "gloria": gloria,
    "kad": kad,
    "medclip": medclip,
    "merlin": merlin,
    "pmc-clip": pmcclip,
    "siglip": siglip,
}
