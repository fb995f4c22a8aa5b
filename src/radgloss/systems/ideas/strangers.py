"""Outlier and shift: "none of these" (primer, figure 7B).

Two kinds of stranger. Near: a picture of an organ that is not among those the detector was given
(`organs.hands`; its tower has met it, the detector has not). Far: the CT of a head, asked as a
study, of detectors fitted on abdominal CT. What detectors are compared with is what a classifier
without any says: how sure it is of its best class.

    strangers      AUROC of organs left out against organs given, over pictures
    heads          AUROC of heads against the abdomens of test patients, over studies
    caught         share of heads beyond the threshold that calls 5 % of abdomens strange
    false_alarms   share of test abdomens beyond it
    studies_until  of streams that turn to heads, the median number of heads before `trust.shift`
                   alarms, which while nothing changes it does with probability 5 % at most

Thresholds are set on training patients whose pictures the detector was not given.
Shapes: n pictures of a study · W width · D of the shared space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from radgloss.systems.ideas.organs import Hand, hands
from radgloss.systems.ideas.space import Floats, Pictures, Space, Split
from radgloss.systems.representation.two_ways import boundary
from radgloss.text.looks import taken
from radgloss.trust import detectors, outlier, shift
from radgloss.trust.calibration import auroc

__all__ = ["EXAM", "KINDS", "strangers"]

EXAM = "ct-abdomen"
Kind = Literal["nearest", "mahalanobis", "mcm", "energy", "neglabel", "certainty"]
KINDS: tuple[Kind, ...] = ("nearest", "mahalanobis", "mcm", "energy", "neglabel", "certainty")
MOST, LEAST = 150, 4  # studies that are given, of which thresholds are set, and that are asked
CHECKED = 0.25  # share of the organs' pictures that no detector is given
FALSE_ALARMS = 0.05
STREAMS = 20
STRANGE = (  # what no examination of the house shows; NegLabel keeps the farthest
    "CT of the head.", "Axial CT of the brain.", "MR image of the brain.", "Skull.",
    "Radiograph of the hand.", "Radiograph of the knee.", "Mammogram.", "MR image of the spine.",
    "Cervical spine.", "Dental radiograph.", "Fetal ultrasound.", "Echocardiogram.",
    "Photograph of the skin.", "Histology.", "Angiogram of the leg.", "Retina.",
)  # fmt: skip
KEPT = 8
Rule = Callable[[npt.NDArray[np.float32]], float]  # of a study, (n, W) or (n, D): how strange
Studies = Sequence[npt.NDArray[np.float32]]


def strangers(space: Space, kind: Kind) -> dict[str, Any]:
    """The figures above, of one kind of detector; without abdominal CT those of heads are None."""
    near = [_near(space, kind, hand, k) for k, hand in enumerate(hands(*space.organs, space.seed))]
    found = {"strangers": round(float(np.mean(near)), 4) if near else None}
    return {**found, **_far(space, kind)}


def _rule(
    space: Space, kind: Kind, bank: Studies, classes: Sequence[int], checked: Studies,
    known: Sequence[str],
) -> Rule:  # fmt: skip
    """bank: studies that are given, and the class of each; known: what they are called."""
    rows = np.concatenate(list(bank))
    number = np.repeat(classes, [len(v) for v in bank])
    if kind == "certainty":
        return _certainty(rows.astype(np.float64), number)
    if kind == "nearest":
        return outlier.fit(rows, list(checked), seed=space.seed).score
    if kind == "mahalanobis":
        return detectors.fit_mahalanobis(rows, checked, number).score
    words, others = space.texts(known), space.texts(STRANGE)
    farthest = others[detectors.strange_words(others, words, KEPT)]
    return detectors.fit_worded(kind, words, checked, farthest).score


def _certainty(rows: Floats, number: npt.NDArray[np.intp]) -> Rule:
    """One minus how sure a closed classifier is of its best class; always sure, where there is one
    class only."""
    mean, spread = rows.mean(0), rows.std(0) + 1e-9
    _, number = np.unique(number, return_inverse=True)
    fitted = boundary((rows - mean) / spread, number, penalty=10.0)
    return lambda v: float(np.median(1 - fitted.posterior((v - mean) / spread).max(1)))


def _looked(space: Space, kind: Kind, features: Floats) -> npt.NDArray[np.float32]:
    """What a detector of this kind reads, from the tower's features."""
    if kind not in detectors.WORDED:
        return features.astype(np.float32)
    with torch.inference_mode():
        vectors = space.model.from_description(torch.from_numpy(features).float())
    return np.asarray(vectors.float().numpy())


# ------------------------------------------------------------------ near: an organ left out


def _near(space: Space, kind: Kind, hand: Hand, which: int) -> float:
    x, z = (_looked(space, kind, v)[:, None] for v in (hand.x, hand.z))  # a picture is a study
    order = np.random.default_rng([space.seed, 25, which]).permutation(len(x))
    many = round(CHECKED * len(x))
    checked, given = order[:many], order[many:]
    known = [t for k in np.flatnonzero(hand.seen).tolist() for t in _called(space, hand.names[k])]
    rule = _rule(space, kind, list(x[given]), hand.y[given].tolist(), list(x[checked]), known)
    return auroc(np.array([rule(v) for v in z]), hand.strange)


def _called(space: Space, organ: str) -> list[str]:
    """How training captions name it, one sentence for each look."""
    said: dict[str, str] = {}
    for sentences in space.train[0].sentences:
        first = taken(sentences[0])
        if first.of == organ and first.plain:
            said.setdefault(first.look, sentences[0])
    return [said[look] for look in sorted(said)]


# ------------------------------------------------------------------ far: a head


def _far(space: Space, kind: Kind) -> dict[str, Any]:
    taught, familiar = (
        _studies(split, space.seed, most)
        for split, most in ((space.train, 2 * MOST), (space.test, MOST))
    )
    if min(len(taught), len(familiar)) < LEAST:
        return dict.fromkeys(("heads", "caught", "false_alarms", "studies_until"))
    many = len(taught) // 2
    heads = space.heads(space.train[0].preprocess)
    parts = (taught[many:], taught[:many], familiar, heads)
    bank, checked, own, strange = (
        [_looked(space, kind, space.features(p)) for p in part] for part in parts
    )
    classes = [0] * len(bank)
    if kind == "certainty":  # it needs something to be sure of: the other examinations
        others, numbers = _others(space)
        bank, classes = [*bank, *others], [*classes, *numbers]
    rule = _rule(space, kind, bank, classes, checked, _known(space))
    scores = [np.array([rule(v) for v in part]) for part in (checked, own, strange)]
    threshold = outlier.threshold_of(scores[0].tolist(), FALSE_ALARMS)
    true = np.arange(len(own) + len(strange)) >= len(own)
    return {
        "heads": round(auroc(np.concatenate(scores[1:]), true), 4),
        "caught": round(float((scores[2] > threshold).mean()), 4),
        "false_alarms": round(float((scores[1] > threshold).mean()), 4),
        "studies_until": _until(scores[0], scores[1], scores[2], space.seed),
    }


def _studies(split: Split, seed: int, most: int) -> list[Pictures]:
    """The whole frames of each abdominal CT, of so many studies at most."""
    pairs, entries = split
    of: dict[int, list[int]] = {}
    for k, (study, boxed) in enumerate(zip(pairs.studies, pairs.boxed, strict=True)):
        if not boxed and entries[study].exam == EXAM:
            of.setdefault(study, []).append(k)
    order = np.random.default_rng([seed, 26]).permutation(sorted(of))[:most]
    return [pairs.pictures[of[int(s)]] for s in order]


def _others(space: Space) -> tuple[list[npt.NDArray[np.float32]], list[int]]:
    """Pictures of training patients' other examinations, and which it is, from 1 on."""
    pairs, entries = space.train
    exams = sorted({e.exam for e in entries} - {EXAM})
    mine = [
        k for k in range(len(pairs))
        if not pairs.boxed[k] and entries[pairs.studies[k]].exam != EXAM
    ]  # fmt: skip
    chosen = np.sort(np.random.default_rng([space.seed, 27]).permutation(mine)[:1000]).astype(int)
    if not len(chosen):
        return [], []
    features = space.features(pairs.pictures[chosen]).astype(np.float32)
    numbers = [1 + exams.index(entries[pairs.studies[k]].exam) for k in chosen]
    return list(features[:, None]), numbers


def _known(space: Space) -> list[str]:
    """How abdominal CTs are called in training, and what is said to be in them."""
    pairs, entries = space.train
    heads = {
        said[0] for said, k in zip(pairs.sentences, pairs.studies, strict=True)
        if entries[k].exam == EXAM
    }  # fmt: skip
    named = [bank.present[0] for _, bank in sorted(space.banks.items()) if bank.present]
    return [*sorted(heads)[:64], *named]


def _until(checked: Floats, familiar: Floats, heads: Floats, seed: int) -> float | None:
    """The heads a stream takes before it alarms, once ten abdomens have gone by without one."""
    rng = np.random.default_rng([seed, 28])
    counts: list[float] = []
    for _ in range(STREAMS):
        stream = shift.begin(checked, FALSE_ALARMS, seed=int(rng.integers(1 << 31)))
        for score in rng.permutation(familiar)[:10]:
            stream = shift.watch(stream, float(score))
        begun = stream.studies
        if stream.alarm:  # a false one; the law allows 1 in 20
            continue
        for score in rng.permutation(heads):
            stream = shift.watch(stream, float(score))
        counts.append(stream.alarmed_at - begun if stream.alarmed_at else float("inf"))
    middle = float(np.median(counts)) if counts else float("inf")
    return middle if np.isfinite(middle) else None
