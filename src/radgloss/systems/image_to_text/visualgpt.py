"""VisualGPT (Chen et al., arXiv 2102.10407): self-resurrecting gates, where pairs are few.

Unusual here: the decoder learns the language first, from the words of every report, and then sees
pictures of one study in ten (`data.feeds.scarce`); 64 pixels, phantoms. Without its idea what is
seen is added as it is. The claim is about scarce data, so the same two with all pictures stand
beside them.

    radgloss train visualgpt -d phantoms/manifest.jsonl -o checkpoint
    radgloss train visualgpt-sum -d phantoms/manifest.jsonl -o sum"""

from radgloss.data.feeds import Scarce
from radgloss.systems.image_to_text.small import small
from radgloss.train.run import Run

__all__ = ["gated", "gated_plenty", "summed", "summed_plenty"]

PLENTY = {"share": 1.0}


def gated() -> Run:
    """VisualGPT: gates weigh pictures against words; one study in ten has pictures."""
    return small("visualgpt", "visualgpt", Scarce)


def summed() -> Run:
    """VisualGPT without its gates: what is seen is added to the words."""
    return small("visualgpt-sum", "visualgpt", Scarce, gates="sum")


def gated_plenty() -> Run:
    """VisualGPT where every study has pictures."""
    return small("visualgpt-plenty", "visualgpt", Scarce, brings=PLENTY)


def summed_plenty() -> Run:
    """The same without its gates."""
    return small("visualgpt-plenty-sum", "visualgpt", Scarce, gates="sum", brings=PLENTY)
