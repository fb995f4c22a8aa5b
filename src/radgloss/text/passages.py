"""The direction of a text that a model cannot take whole: that of its sentences, on average.

A tower takes so many tokens and no more. What a cut would drop is the end: a "no", a side, the
impression. So a model refuses such a text (`text-too-long`), and who has a whole report to place
gives it passage by passage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from radgloss.text.facts.sentences import sentences
from radgloss.types import InputRejected

__all__ = ["direction"]

Vector = npt.NDArray[np.float32]


def direction(embed: Callable[[str], Vector], text: str) -> Vector:
    """The unit vector of a text, (D,): its own where `embed` takes it, else the mean of those of
    its sentences, and of a sentence that is too long those of its halves.

    Raises what `embed` raises for any other reason, and 'text-too-long' for a single word."""
    try:
        return embed(text)
    except InputRejected as problem:
        parts = _parts(text)
        if problem.code != "text-too-long" or len(parts) < 2:
            raise
    mean = np.mean([direction(embed, part) for part in parts], axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


def _parts(text: str) -> list[str]:
    """Its sentences; of one sentence, its halves between two words.

    >>> _parts("No effusion. A cyst."), _parts("a cyst in the liver")
    (['No effusion.', 'A cyst.'], ['a cyst', 'in the liver'])
    """
    said = [text[a:b] for a, b in sentences(text, 0, len(text))]
    said = [s for s in said if any(c.isalnum() for c in s)]
    if len(said) > 1:
        return said
    words = text.split()
    halves = (words[: len(words) // 2], words[len(words) // 2 :])
    return [" ".join(half) for half in halves if half]
