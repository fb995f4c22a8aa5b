"""What word vectors know: nearest words, words of one kind, and a map of two dimensions.

The kinds are a radiologist's, written down here and never trained on. As the primer's figure 5
says, a word's number in the vocabulary is no meaning; it is scored beside its vector.

Shapes: V words · D width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from radgloss.text.tokenizer import Tokenizer

__all__ = ["KINDS", "figures", "flat", "nearest", "of_one_kind"]

Floats = npt.NDArray[np.floating[Any]]
KINDS = {
    "side": "right left bilateral both",
    "size": "small large tiny moderate mild severe marked minimal slight massive",
    "organ": "liver spleen kidney kidneys pancreas gallbladder bladder uterus ovary aorta heart "
    "lung lungs bowel appendix",
    "finding": "effusion pneumothorax consolidation nodule mass cyst stone calculus fracture "
    "haemangioma metastasis metastases granuloma abscess atelectasis oedema edema",
    "place": "upper lower middle anterior posterior lateral medial apical basal",
    "doubt": "possible probable likely suspected suspicious questionable",
    "change": "new unchanged stable increased decreased larger smaller resolved",
    "digit": "0 1 2 3 4 5 6 7 8 9",
}
SHOWN = ("effusion", "liver", "left", "small", "no", "cyst", "mm", "unchanged")
COMMON = 5  # times that a word must be said to be asked


def figures(vectors: Floats, tokenizer: Tokenizer, said: Iterable[str]) -> dict[str, Any]:
    """Nearest words of some, and how often a word's nearest is of its kind: by vector, by number
    in the vocabulary, and by chance."""
    counts: Counter[int] = Counter()
    for text in said:
        counts.update(tokenizer([text], 10_000)[0][0].tolist())
    common = {tokenizer.decode([i]).strip(): i for i, n in counts.items() if n >= COMMON and i > 1}
    kinds = {w: kind for kind, of in KINDS.items() for w in of.split() if w in common}
    if len(set(kinds.values())) < 2:
        return {"words": len(common)}
    rows = np.array([common[w] for w in kinds])
    labels = np.array(list(kinds.values()))
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    return {
        "nearest": {w: nearest(vectors, common, w) for w in SHOWN if w in common},
        "of_one_kind": round(of_one_kind(vectors[rows], labels), 3),
        "of_one_kind_by_number": round(_by_number(rows, labels), 3),
        "by_chance": round(float((shares**2).sum()), 3),
        "asked": len(rows),
        "words": len(common),
    }


def nearest(vectors: Floats, numbers: dict[str, int], word: str, many: int = 5) -> list[str]:
    """The words whose vectors make the smallest angle with this word's, nearest first."""
    names = [w for w in numbers if w != word]
    alike = _unit(vectors[[numbers[w] for w in names]]) @ _unit(vectors[[numbers[word]]])[0]
    return [names[int(i)] for i in np.argsort(-alike, kind="stable")[:many]]


def of_one_kind(vectors: Floats, kinds: Sequence[str] | npt.NDArray[Any]) -> float:
    """The share of words whose nearest other word is of their kind."""
    alike = _unit(vectors) @ _unit(vectors).T
    np.fill_diagonal(alike, -np.inf)
    kinds = np.asarray(kinds)
    return float((kinds[alike.argmax(1)] == kinds).mean())


def _by_number(rows: npt.NDArray[np.int64], kinds: npt.NDArray[Any]) -> float:
    away = np.abs(rows[:, None] - rows[None]).astype(float)
    np.fill_diagonal(away, np.inf)
    return float((kinds[away.argmin(1)] == kinds).mean())


def flat(vectors: Floats) -> Floats:
    """(V, 2): the two directions in which unit vectors differ most (principal components), each
    turned so that its largest coordinate is positive. The axes have no meaning of their own."""
    x = _unit(vectors)
    x = x - x.mean(0)
    _, _, axes = np.linalg.svd(x, full_matrices=False)
    points = x @ axes[:2].T
    turned = np.sign(points[np.abs(points).argmax(0), [0, 1]])
    return points * np.where(turned == 0, 1, turned)


def _unit(v: Floats) -> Floats:
    return v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
