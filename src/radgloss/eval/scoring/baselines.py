"""What needs no picture at all: the systems that every other has to beat.

`constant`: one report for everybody, the one most like all others. `random`: another patient's
report. `nearest`: another patient's report, the one most like what the system wrote: what it
would score if it could only choose among written reports. They are taken out of training reports
where these are given, else out of the references themselves, which flatters them. Likeness is the
cosine of tf-idf over words; n predictions · m reports of the pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from radgloss.eval.metrics.reports.tokens import words
from radgloss.eval.scoring.reading import Pairs

__all__ = ["baselines"]

CHUNK = 256
Owners = npt.NDArray[np.intp]
Vectors: TypeAlias = Any  # scipy.sparse.csr_matrix, which has no types


def baselines(pairs: Pairs, train: Sequence[str] = (), seed: int = 0) -> dict[str, list[str]]:
    """A list of reports for each baseline; without a second patient only the constant.

    train: reports of no patient that is scored."""
    pool = list(train) or list(pairs.references)
    owners: list[Hashable] = [None] * len(pool) if train else list(pairs.patients)
    vectors, weights, vocabulary = _fit(pool)
    found = {"constant": [pool[_medoid(vectors)]] * len(pairs.references)}
    if train or len(set(pairs.patients)) > 1:
        number = {p: i for i, p in enumerate(dict.fromkeys((*pairs.patients, *owners)))}
        mine, theirs = (np.array([number[p] for p in x]) for x in (pairs.patients, owners))
        asked = _vectors(pairs.predictions, weights, vocabulary)
        found["random"] = [pool[n] for n in _random(mine, theirs, seed)]
        found["nearest"] = [pool[n] for n in _nearest(asked, vectors, mine, theirs)]
    return found


def _random(mine: Owners, theirs: Owners, seed: int) -> list[int]:
    """For each a place in the pool that is not the patient's own: drawn until it is not."""
    rng = np.random.default_rng(seed)
    found = rng.integers(len(theirs), size=len(mine))
    while (own := theirs[found] == mine).any():
        found[own] = rng.integers(len(theirs), size=int(own.sum()))
    return [int(n) for n in found]


def _fit(pool: Sequence[str]) -> tuple[Vectors, npt.NDArray[np.float64], dict[str, int]]:
    vocabulary: dict[str, int] = {}
    documents: Counter[str] = Counter()
    for text in pool:
        for word in (seen := set(words(text))):
            vocabulary.setdefault(word, len(vocabulary))
        documents.update(seen)
    weights = np.log((1 + len(pool)) / (1 + np.array([documents[w] for w in vocabulary]))) + 1
    return _vectors(pool, weights, vocabulary), weights, vocabulary


def _vectors(
    texts: Sequence[str], weights: npt.NDArray[np.float64], vocabulary: dict[str, int]
) -> Vectors:
    """(n, vocabulary), each of length one; a text of unknown words is zero."""
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        for word, times in sorted(Counter(w for w in words(text) if w in vocabulary).items()):
            rows.append(row)
            columns.append(vocabulary[word])
            values.append(times * weights[vocabulary[word]])
    made = sparse.csr_matrix((values, (rows, columns)), shape=(len(texts), len(vocabulary)),
                             dtype=float)  # fmt: skip
    lengths = np.sqrt(np.asarray(made.multiply(made).sum(axis=1)).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return sparse.csr_matrix(sparse.diags(scale) @ made)


def _medoid(vectors: Vectors) -> int:
    """The row with the largest sum of cosines to all rows."""
    middle = np.asarray(vectors.sum(axis=0)).ravel()
    return int(np.argmax(vectors @ middle))


def _nearest(asked: Vectors, pool: Vectors, mine: Owners, theirs: Owners) -> list[int]:
    found: list[int] = []
    for start in range(0, asked.shape[0], CHUNK):
        some = slice(start, start + CHUNK)
        alike = (asked[some] @ pool.T).toarray()  # (chunk, m)
        alike[mine[some, None] == theirs[None, :]] = -1.0
        found += alike.argmax(axis=1).tolist()
    return found
