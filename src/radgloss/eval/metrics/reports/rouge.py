"""ROUGE-L (Lin 2004): the longest common subsequence of words, the two ways it is printed.

`coco`: recall weighs more (beta 1.2), the report tokenizer. `google`: rouge_score's F1 of its own
words, without stemming. Both are means over pairs. The subsequence is found bit by bit (Crochemore
et al. 2001): 50,000 words against 50,000 take a second, and no table is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from radgloss.eval.metrics.reports.sums import Family, Floats, Member, mean
from radgloss.eval.metrics.reports.tokens import TOKENIZERS

__all__ = ["coco", "google", "longest_common"]


def longest_common(a: Sequence[str], b: Sequence[str]) -> int:
    """The length of the longest common subsequence.

    >>> longest_common("the left lung is clear".split(), "the right lung is not clear".split())
    4
    """
    places: dict[str, int] = {}
    for i, word in enumerate(a):
        places[word] = places.get(word, 0) | (1 << i)
    full = (1 << len(a)) - 1
    row = full  # a 0 for every step of the subsequence so far
    for word in b:
        here = row & places.get(word, 0)
        row = ((row + here) | (row - here)) & full
    return len(a) - row.bit_count()


def coco(tokenizer: str = "report") -> Family:
    """beta 1.2, as captioning's scorer."""
    return _family("ROUGE-L", f"ROUGE-L|beta:1.2|tok:{tokenizer}|mean:pairs", tokenizer, 1.2)


def google() -> Family:
    """F1, as rouge_score at its defaults."""
    name = "ROUGE-L (F1)"
    return _family(name, "ROUGE-L|beta:1|tok:rouge|stem:no|mean:pairs", "rouge", 1.0)


def _family(name: str, signature: str, tokenizer: str, beta: float) -> Family:
    cut = TOKENIZERS[tokenizer]

    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        found = np.ones((len(predictions), 2))
        for row, (true, said) in enumerate(zip(references, predictions, strict=True)):
            found[row, 0] = _score(cut(true), cut(said), beta)
        return found

    return Family(name, signature, (Member(name, mean),), count)


def _score(true: Sequence[str], said: Sequence[str], beta: float) -> float:
    common = longest_common(true, said)
    if not common:
        return 0.0
    precision, recall = common / len(said), common / len(true)
    return (1 + beta**2) * precision * recall / (recall + beta**2 * precision)
