"""Pictures into text: a file per architecture.

Every one keeps three acts, over which `engine.generating` writes, whatever lies between:

    encode_images(images, study, place) -> memory, mask    once a study
    begin(memory, mask) -> cache                           nothing written yet
    step(tokens, memory, mask, cache, counts) -> logits, cache"""

from types import ModuleType

from radgloss.models.image_to_text import (
    blip,
    captioner,
    captioning_gpt,
    cdgpt2,
    ct2rep,
    knowledge,
    visualgpt,
)

__all__ = ["ARCHITECTURES"]

ARCHITECTURES: dict[str, ModuleType] = {
    "blip-captioner": blip,
    "captioner": captioner,
    "captioning-gpt": captioning_gpt,
    "cdgpt2": cdgpt2,
    "ct2rep": ct2rep,
    "knowledge": knowledge,
    "visualgpt": visualgpt,
}
