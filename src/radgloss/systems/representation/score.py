"""What vectors are good for, though nobody taught them: nearest neighbours, clusters, probes.

Pictures of the test patients are asked with nothing but pictures of the training patients; answers
(the examination, the findings, their sides) come from captions and labels and are used here only.

Shapes: N training pictures · M test pictures · W width · K clusters or classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import special

from radgloss.data.batch import to_model
from radgloss.data.known import known_of
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs
from radgloss.systems.representation.two_ways import boundary
from radgloss.text.looks import taken
from radgloss.trust.calibration import auroc

__all__ = [
    "agreement", "clusters", "describe", "nearest_alike", "organ_of", "pictures", "standard",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
MOST = 3000  # pictures of a split that are asked
LEAST = 5  # pictures with each answer that a probe needs, in both splits
CHUNK = 64
DEALT = 20  # times that organs are dealt by lot


def pictures(
    model: Any, train: tuple[Pairs, Sequence[Entry]], test: tuple[Pairs, Sequence[Entry]], seed: int
) -> dict[str, Any]:
    """Figures of a picture encoder: `nearest` and `clusters` of examinations, `organs`, clusters of
    pictures cut to one organ, `probes` of findings and `probes_of_sides`, mean AUROC."""
    kept = [_some(pairs, seed) for pairs, _ in (train, test)]
    x, z = (describe(model, p, k) for (p, _), k in zip((train, test), kept, strict=True))
    organs = _organs(model, x, test[0], seed)
    x, z = standard(x, z)
    exams = [
        np.array([entries[pairs.studies[i]].exam for i in k])
        for (pairs, entries), k in zip((train, test), kept, strict=True)
    ]
    shares = np.unique(exams[0], return_counts=True)[1] / len(exams[0])
    found = clusters(z, len(np.unique(exams[1])), seed)
    return {
        "nearest": round(nearest_alike(x, exams[0], z, exams[1]), 3),
        "nearest_by_chance": round(float((shares**2).sum()), 3),
        "clusters": round(agreement(found, exams[1]), 3),
        **organs,
        **_probes(x, z, train, test, kept),
        "pictures": len(z),
    }


def organ_of(said: Sequence[str]) -> str:
    """The organ that a picture is cut to, "" for none: its caption names it and nothing more.

    >>> organ_of(["Axial portal venous CT of the liver.", "Liver cyst."])
    'liver'
    >>> organ_of(["Axial portal venous CT of the abdomen."])
    ''
    """
    first = taken(said[0])
    return first.of if first.look and first.plain else ""


def _organs(model: Any, x: Floats, pairs: Pairs, seed: int) -> dict[str, float | None]:
    """How well clusters agree with the organs that pictures are cut to, and how well with organs
    dealt by lot, which with many clusters is not 0. x: (N, W), any pictures, whose mean and spread
    are taken out. None without two organs."""
    names = np.array([organ_of(said) for said in pairs.sentences])
    order = np.random.default_rng([seed, 34]).permutation(np.flatnonzero(names != ""))
    chosen = np.sort(order[:MOST])
    many = len(np.unique(names[chosen]))
    if many < 2:
        return {"organs": None}
    _, z = standard(x, describe(model, pairs, chosen))
    found, true = clusters(z, many, seed), names[chosen]
    rng = np.random.default_rng([seed, 35])
    dealt = [agreement(found, rng.permutation(true)) for _ in range(DEALT)]
    return {
        "organs": round(agreement(found, true), 3),
        "organs_by_chance": round(float(np.mean(dealt)), 3),
    }


def describe(model: Any, pairs: Pairs, kept: npt.NDArray[np.int64]) -> Floats:
    """(N, W): the tower's vectors of these pictures."""
    parts = []
    with torch.inference_mode():
        for start in range(0, len(kept), CHUNK):
            parts.append(model.describe(to_model(pairs.pictures[kept[start : start + CHUNK]])))
    return torch.cat(parts).double().numpy()


def _some(pairs: Pairs, seed: int) -> npt.NDArray[np.int64]:
    order = np.random.default_rng([seed, 8]).permutation(len(pairs))
    return np.sort(order[:MOST])


def standard(x: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Both with the mean and spread of the first taken out."""
    mean, spread = x.mean(0), x.std(0) + 1e-9
    return (x - mean) / spread, (z - mean) / spread


def nearest_alike(x: Floats, x_of: npt.NDArray[Any], z: Floats, z_of: npt.NDArray[Any]) -> float:
    """The share of test vectors whose most similar training vector (cosine) is of their class."""
    x, z = (v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12) for v in (x, z))
    return float((x_of[(z @ x.T).argmax(1)] == z_of).mean())


def clusters(x: Floats, many: int, seed: int, rounds: int = 50) -> npt.NDArray[np.int64]:
    """(N,): k-means (Lloyd) from well-spread starts (k-means++), the best of four starts."""
    best, found = np.inf, np.zeros(len(x), np.int64)
    for start in range(4):
        rng = np.random.default_rng([seed, start])
        centres = x[[int(rng.integers(len(x)))]]
        while len(centres) < many:
            far = _squared(x, centres).min(1)
            centres = np.vstack([centres, x[int(rng.choice(len(x), p=far / far.sum()))]])
        for _ in range(rounds):
            of = _squared(x, centres).argmin(1)
            centres = np.stack(
                [x[of == c].mean(0) if (of == c).any() else centres[c] for c in range(many)]
            )
        loss = float(_squared(x, centres).min(1).sum())
        if loss < best:
            best, found = loss, of
    return found


def _squared(x: Floats, centres: Floats) -> Floats:
    cross = x @ centres.T
    squares = (x**2).sum(1)[:, None] + (centres**2).sum(1)[None]
    return np.maximum(squares - 2 * cross, 0.0)


def agreement(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    """Normalised mutual information of two partitions: 0 independent, 1 the same but for names."""
    _, i = np.unique(a, return_inverse=True)
    _, j = np.unique(b, return_inverse=True)
    p = np.zeros((i.max() + 1, j.max() + 1))
    np.add.at(p, (i, j), 1 / len(a))
    shared = special.rel_entr(p, p.sum(1, keepdims=True) * p.sum(0, keepdims=True)).sum()
    whole = (special.entr(p.sum(0)).sum() + special.entr(p.sum(1)).sum()) / 2
    return float(shared / whole) if whole > 0 else 1.0


def _probes(
    x: Floats,
    z: Floats,
    train: tuple[Pairs, Sequence[Entry]],
    test: tuple[Pairs, Sequence[Entry]],
    kept: Sequence[npt.NDArray[np.int64]],
) -> Mapping[str, Any]:
    """Linear probes of everything that is known of enough pictures."""
    known = [known_of(e, p.sentences, p.studies) for p, e in (train, test)]
    places = [k for k in known[0].places if k in known[1].places]
    scores: dict[str, float] = {}
    for place in places:
        a, b = (
            k.pictures[chosen, k.places.index(place)] for k, chosen in zip(known, kept, strict=True)
        )
        if min((v == s).sum() for v in (a, b) for s in (1, -1)) >= LEAST:
            fitted = boundary(x[a != 0], (a[a != 0] > 0).astype(np.int64), penalty=10.0)
            scores[place] = auroc(fitted.posterior(z[b != 0])[:, 1], b[b != 0] > 0)
    sides = [v for k, v in scores.items() if k.endswith("right, not left")]
    findings = [v for k, v in scores.items() if not k.endswith("right, not left")]
    return {
        "probes": round(float(np.mean(findings)), 3) if findings else None,
        "probed": len(findings),
        "probes_of_sides": round(float(np.mean(sides)), 3) if sides else None,
        "probed_sides": len(sides),
    }
