"""CIDEr-D (Vedantam et al. 2015): n-grams weighed by how rare they are among the references.

As captioning's scorer: n 1 to 4, counts clipped at the reference's, a Gaussian penalty (sigma 6) on
the difference of lengths counted in bigrams, times 10. Document frequencies are those of the
references that are scored: an interval keeps them, since a resample is not another corpus, and with
one reference every weight is 0. Values of different reference sets cannot be compared."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from radgloss.eval.metrics.reports.sums import Family, Floats, Member, NotAvailable, mean
from radgloss.eval.metrics.reports.tokens import TOKENIZERS

__all__ = ["cider_d"]

ORDERS, SIGMA = 4, 6.0
Gram = tuple[str, ...]


def cider_d(tokenizer: str = "report") -> Family:
    """The mean over pairs of ten times the clipped cosine; a report equal to its reference has 10
    where no n-gram of every order is in all references."""
    cut = TOKENIZERS[tokenizer]

    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        if len(references) < 2:
            raise NotAvailable("one reference has no document frequencies")
        true, said = [cut(t) for t in references], [cut(t) for t in predictions]
        return _counts([_grams(t) for t in true], [_grams(t) for t in said])

    return Family(
        "CIDEr-D",
        f"CIDEr-D|n:4|sigma:6|df:references, kept in resamples|tok:{tokenizer}|scale:10",
        (Member("CIDEr-D", mean),),
        count,
        corpus=True,
    )


def _grams(words: Sequence[str]) -> list[Counter[Gram]]:
    """The n-grams of each order with their counts."""
    return [
        Counter(zip(*(words[i:] for i in range(n)), strict=False)) for n in range(1, ORDERS + 1)
    ]


def _counts(true: Sequence[list[Counter[Gram]]], said: Sequence[list[Counter[Gram]]]) -> Floats:
    rare: list[Counter[Gram]] = [Counter() for _ in range(ORDERS)]
    for grams in true:
        for n in range(ORDERS):
            rare[n].update(grams[n].keys())
    documents = math.log(len(true))
    weight: list[dict[Gram, float]] = [
        {g: documents - math.log(c) for g, c in of_order.items()} for of_order in rare
    ]
    found = np.ones((len(said), 2))
    for row, (theirs, mine) in enumerate(zip(true, said, strict=True)):
        penalty = math.exp(-((mine[1].total() - theirs[1].total()) ** 2) / (2 * SIGMA**2))
        cosines = (_cosine(theirs[n], mine[n], weight[n], documents) for n in range(ORDERS))
        found[row, 0] = 10 * penalty * sum(cosines) / ORDERS
    return found


def _cosine(
    true: Counter[Gram], said: Counter[Gram], weight: Mapping[Gram, float], unknown: float
) -> float:
    """Of tf-idf vectors, the predicted one clipped at the reference's."""
    a = {g: c * weight[g] for g, c in true.items()}
    b = {g: c * weight.get(g, unknown) for g, c in said.items()}
    lengths = math.sqrt(sum(x * x for x in a.values())) * math.sqrt(sum(x * x for x in b.values()))
    dot = sum(min(x, a[g]) * a[g] for g, x in b.items() if g in a)
    return dot / lengths if lengths else 0.0
