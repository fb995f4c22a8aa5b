"""One embedding space for pictures and words: a file per architecture."""

from types import ModuleType

from radgloss.models.alignment import clip, convirt, medclip, siglip

__all__ = ["ARCHITECTURES"]

ARCHITECTURES: dict[str, ModuleType] = {
    "clip": clip,
    "convirt": convirt,
    "medclip": medclip,
    "siglip": siglip,
}
