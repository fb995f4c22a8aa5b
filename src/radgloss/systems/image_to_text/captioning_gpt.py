"""Captioning with GPT (Selivanov et al., Scientific Reports 13, 4171): a captioner that attends
writes first, a language model that sees nothing goes on.

Unusual here: both learn together, 32 tokens belong to the first stage, and every word has a heat
map (`CaptioningGpt.where`); 64 pixels, phantoms. Without the first stage the language model writes
alone, and can only say what is usual for the examination; without the second the captioner writes
to the end.

    radgloss train captioning-gpt -d phantoms/manifest.jsonl -o checkpoint
    radgloss train captioning-gpt-alone -d phantoms/manifest.jsonl -o alone"""

from radgloss.systems.image_to_text.small import small
from radgloss.train.run import Run

__all__ = ["blind", "captioner", "language", "stages"]

STEPS = 400  # a recurrent network reads word by word


def stages() -> Run:
    """Captioning with GPT: the captioner's first words condition a language model."""
    return small("captioning-gpt", "captioning-gpt", steps=STEPS)


def language() -> Run:
    """Captioning with GPT without its first stage: the language model alone."""
    return small("captioning-gpt-alone", "captioning-gpt", steps=STEPS, stages="language")


def captioner() -> Run:
    """Captioning with GPT without its second stage: both write to the end."""
    return small("captioning-gpt-captioner", "captioning-gpt", steps=STEPS, stages="captioner")


def blind() -> Run:
    """The decoder of `captioner-vit` without a look at the pictures."""
    return small("captioner-blind", "captioning-gpt", stages="language")
