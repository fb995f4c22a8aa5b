"""BLEU (Papineni et al. 2002), the two ways it is printed in papers.

`coco`: as captioning's scorer prints BLEU-1 to BLEU-4: clipped counts of the corpus, their
geometric mean, the brevity penalty, no smoothing but 1e-15 over 1e-9. `sacrebleu`: the reproducible
BLEU of Post 2018: tokenizer 13a, case kept, exponential smoothing, 0 to 100. Reports of fewer than
four words have no 4-grams; both are figures of a corpus, not to be read report by report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from radgloss.eval.metrics.reports.sums import Family, Floats, Member, Value
from radgloss.eval.metrics.reports.tokens import TOKENIZERS

__all__ = ["coco", "counts", "sacrebleu"]

ORDERS = 4
CORRECT, GUESSED, LENGTH, TARGET = slice(0, 4), slice(4, 8), 8, 9


def counts(references: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> Floats:
    """(n, 10): clipped matches of orders 1–4, n-grams predicted of each, both lengths."""
    found = np.zeros((len(predictions), 10))
    for row, (true, said) in enumerate(zip(references, predictions, strict=True)):
        for n in range(1, ORDERS + 1):
            theirs = Counter(zip(*(true[i:] for i in range(n)), strict=False))
            mine = Counter(zip(*(said[i:] for i in range(n)), strict=False))
            found[row, n - 1] = sum(min(c, theirs[g]) for g, c in mine.items() if g in theirs)
            found[row, 3 + n] = max(0, len(said) - n + 1)
        found[row, LENGTH], found[row, TARGET] = len(said), len(true)
    return found


def coco(tokenizer: str = "report") -> Family:
    """BLEU-1 … BLEU-4, 0 to 1."""
    cut = TOKENIZERS[tokenizer]
    return Family(
        "BLEU",
        f"BLEU|refs:1|tok:{tokenizer}|smooth:none|brevity:closest|scale:1",
        tuple(Member(f"BLEU-{n}", _coco(n)) for n in range(1, ORDERS + 1)),
        lambda true, said: counts([cut(t) for t in true], [cut(t) for t in said]),
    )


def _coco(order: int) -> Value:
    def value(sums: Floats) -> Floats:
        correct, guessed = sums[..., CORRECT], sums[..., GUESSED]
        precision = (correct[..., :order] + 1e-15) / (guessed[..., :order] + 1e-9)
        ratio = (sums[..., LENGTH] + 1e-15) / (sums[..., TARGET] + 1e-9)
        brevity = np.exp(np.minimum(0.0, 1 - 1 / ratio))
        return np.asarray(precision.prod(-1) ** (1 / order) * brevity)

    return value


def sacrebleu() -> Family:
    """sacreBLEU's BLEU at its defaults, 0 to 100."""
    cut = TOKENIZERS["13a"]
    return Family(
        "sacreBLEU",
        "sacreBLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|scale:100",
        (Member("sacreBLEU", _sacrebleu),),
        lambda true, said: counts([cut(t) for t in true], [cut(t) for t in said]),
    )


def _sacrebleu(sums: Floats) -> Floats:
    correct, guessed = sums[..., CORRECT], sums[..., GUESSED]
    nothing = (correct == 0) & (guessed > 0)
    halved = 2.0 ** np.cumsum(nothing, axis=-1)  # 1/2, 1/4, … of a match where there was none
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(correct > 0, correct, 1 / halved) / guessed
        brevity = np.exp(np.minimum(0.0, 1 - sums[..., TARGET] / sums[..., LENGTH]))
        score = 100 * brevity * np.exp(np.log(precision).mean(-1))
    lost = (correct.sum(-1) == 0) | (guessed == 0).any(-1)  # an order that nobody could match
    return np.asarray(np.where(lost, 0.0, score))
