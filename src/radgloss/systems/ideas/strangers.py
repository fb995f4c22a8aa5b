"""Outlier and shift: a model of the abdomen meets CTs of the head (primer, figure 7B).

Detectors are fitted on the pictures of training patients' abdominal CT, their thresholds on other
training patients, and are asked about test patients' abdomens and simulated heads, study by study.
What they are compared with is what a classifier without any of them would say: how sure it is of
its best class, which is about as sure of a head.

    strangers      AUROC of heads against abdomens
    caught         share of heads beyond the threshold that calls 5 % of abdomens strange
    false_alarms   share of test abdomens beyond it
    studies_until  of streams that turn to heads, the median number of heads before `trust.shift`
                   alarms, which while nothing changes it does with probability 5 % at most

Shapes: n pictures of a study · W width · D of the shared space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from radgloss.systems.ideas.space import Floats, Pictures, Space, Split
from radgloss.systems.representation.two_ways import boundary
from radgloss.text.findings import EXAMS
from radgloss.text.prompts import plain
from radgloss.trust import detectors, outlier, shift
from radgloss.trust.calibration import auroc
from radgloss.types import InputRejected

__all__ = ["EXAM", "KINDS", "strangers"]

EXAM = "ct-abdomen"
Kind = Literal["nearest", "mahalanobis", "mcm", "energy", "neglabel", "certainty"]
KINDS: tuple[Kind, ...] = ("nearest", "mahalanobis", "mcm", "energy", "neglabel", "certainty")
MOST = 150  # studies of a split
CHECKED = 0.25  # share of the training studies that only thresholds are set on
FALSE_ALARMS = 0.05
STREAMS = 20
STRANGE = (  # what no examination of the house shows; NegLabel keeps the farthest
    "CT of the head.", "Axial CT of the brain.", "MR image of the brain.", "Skull.",
    "Radiograph of the hand.", "Radiograph of the knee.", "Mammogram.", "MR image of the spine.",
    "Cervical spine.", "Dental radiograph.", "Fetal ultrasound.", "Echocardiogram.",
    "Photograph of the skin.", "Histology.", "Angiogram of the leg.", "Retina.",
)  # fmt: skip
KEPT = 8


@dataclass(frozen=True, eq=False)
class Asked:
    """Studies: of each, its features (n, W) or vectors (n, D)."""

    taught: list[Floats]
    checked: list[Floats]
    familiar: list[Floats]
    heads: list[Floats]


def strangers(space: Space, kind: Kind) -> dict[str, Any]:
    """The figures above, of one kind of detector.

    Raises InputRejected('manifest') where there is no abdominal CT."""
    looks = space.vectors if kind in detectors.WORDED else space.features
    taught = _studies(space.train, space.seed)
    many = max(1, round(CHECKED * len(taught)))
    asked = Asked(*([looks(p) for p in part] for part in (
        taught[many:], taught[:many], _studies(space.test, space.seed),
        space.heads(space.train[0].preprocess))))  # fmt: skip
    checked, familiar, heads = _scores(space, kind, asked)
    threshold = outlier.threshold_of(checked.tolist(), FALSE_ALARMS)
    true = np.arange(len(familiar) + len(heads)) >= len(familiar)
    return {
        "strangers": round(auroc(np.concatenate([familiar, heads]), true), 4),
        "caught": round(float((heads > threshold).mean()), 4),
        "false_alarms": round(float((familiar > threshold).mean()), 4),
        "studies_until": _until(checked, familiar, heads, space.seed),
        "asked": len(true),
    }


def _studies(split: Split, seed: int) -> list[Pictures]:
    """The whole frames of each abdominal CT, at most `MOST` studies."""
    pairs, entries = split
    of: dict[int, list[int]] = {}
    for k, (study, boxed) in enumerate(zip(pairs.studies, pairs.boxed, strict=True)):
        if not boxed and entries[study].exam == EXAM:
            of.setdefault(study, []).append(k)
    if len(of) < 4:
        raise InputRejected(
            "manifest", "the studies of a split", f"{len(of)} of {EXAMS[EXAM].title}",
            "4 at least", "Ask about outliers with a manifest that has abdominal CT.",
        )  # fmt: skip
    order = np.random.default_rng([seed, 25]).permutation(sorted(of))[:MOST]
    return [pairs.pictures[of[int(s)]] for s in order]


def _scores(space: Space, kind: Kind, asked: Asked) -> tuple[Floats, Floats, Floats]:
    """How strange each study is: those of the threshold, familiar ones, heads."""
    parts = [[v.astype(np.float32) for v in part]
             for part in (asked.checked, asked.familiar, asked.heads)]  # fmt: skip
    if kind == "certainty":
        rule = _certainty(space)
        return tuple(np.array([rule(v) for v in part]) for part in parts)  # type: ignore[return-value]
    bank = np.concatenate(asked.taught).astype(np.float32)
    if kind == "nearest":
        detector: outlier.Detector = outlier.fit(bank, parts[0], seed=space.seed)
    elif kind == "mahalanobis":
        detector = detectors.fit_mahalanobis(bank, parts[0])
    else:
        known = space.texts(_known(space))
        others = space.texts(STRANGE)
        farthest = others[detectors.strange_words(others, known, KEPT)]
        detector = detectors.fit_worded(kind, known, parts[0], farthest)
    return tuple(np.array([detector.score(v) for v in part]) for part in parts)  # type: ignore[return-value]


def _known(space: Space) -> list[str]:
    """What the model was taught to say of an abdominal CT: how it was taken, what it shows."""
    seen = [s for said, k in zip(space.train[0].sentences, space.train[0].studies, strict=True)
            for s in said[:1] if space.train[1][k].exam == EXAM]  # fmt: skip
    named = [t for what, bank in sorted(space.banks.items())
             for t in (bank.present or plain(what).present)[:1]]  # fmt: skip
    return [*sorted(set(seen))[:64], *named]


def _certainty(space: Space) -> Any:
    """One minus how sure a closed classifier of the examinations is of its best, over pictures."""
    pairs, entries = space.train
    chosen = np.sort(np.random.default_rng([space.seed, 26]).permutation(len(pairs))[:2000])
    chosen = np.array([k for k in chosen if not pairs.boxed[k]])
    _, number = np.unique([entries[pairs.studies[k]].exam for k in chosen], return_inverse=True)
    x = space.features(pairs.pictures[chosen])
    mean, spread = x.mean(0), x.std(0) + 1e-9
    fitted = boundary((x - mean) / spread, number)
    return lambda v: float(np.median(1 - fitted.posterior((v - mean) / spread).max(1)))


def _until(checked: Floats, familiar: Floats, heads: Floats, seed: int) -> float | None:
    """The heads a stream takes before it alarms, once ten abdomens have gone by without one."""
    rng = np.random.default_rng([seed, 27])
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
