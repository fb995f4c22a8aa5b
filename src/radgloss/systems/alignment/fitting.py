"""What a checkpoint believes of itself, fitted: temperatures, thresholds, sides, sets, outliers.

Banks come from training studies, everything else from validation studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.engine.aligner import Aligner
from radgloss.systems.alignment.asking import Asked
from radgloss.text.findings import EXAMS, exam_findings
from radgloss.text.prompts import plain
from radgloss.text.strange import STRANGE
from radgloss.trust import Trust, calibration, choosing, conformal, detectors, outlier
from radgloss.trust.calibration import Calibration
from radgloss.trust.conformal import Conformal
from radgloss.trust.outlier import Detector

__all__ = ["Words", "fit", "words_of"]

KEPT = 4500  # pictures in the banks of all examinations together
LEAST = 2  # studies with a finding, and without, that its calibration needs
NEGATIVE = 100  # sentences that NegLabel holds against an examination's own
ALPHA = 0.1  # of the sets: the truth is outside one in ten, among the ill and among the healthy


@dataclass(frozen=True, eq=False)
class Words:
    """Vectors of what an examination's reports state, (K, D), and of what they never do, (M, D)."""

    known: npt.NDArray[np.float32]
    strange: npt.NDArray[np.float32]


def words_of(aligner: Aligner) -> dict[str, Words]:
    """For each examination what its reports state, against what other ones state and everyday
    things: what the worded detectors compare a picture with."""
    prompts = aligner.checkpoint.prompts
    stated = {
        exam: {s for f in exam_findings(exam) for s in
               (prompts[f.what].present if f.what in prompts else plain(f.what).present)}
        | {f"{EXAMS[exam].title}."}
        for exam in EXAMS
    }  # fmt: skip
    everything = sorted(set().union(*stated.values()))
    found = {}
    for exam, own in stated.items():
        known = aligner.texts(sorted(own))
        others = aligner.texts([*STRANGE, *(s for s in everything if s not in own)])
        found[exam] = Words(known, others[detectors.strange_words(others, known, NEGATIVE)])
    return found


def fit(
    training: Sequence[Asked],
    validation: Sequence[Asked],
    seed: int = 0,
    words: Mapping[str, Words] | None = None,
) -> Trust:
    """Temperatures, thresholds, sides, sets and one outlier detector for each examination.

    words: by examination, for the detectors that need some; without them those are no candidates.
    """
    labels: dict[str, dict[str, Calibration]] = {}
    sides: dict[str, dict[str, Calibration]] = {}
    sets: dict[str, dict[str, Conformal]] = {}
    outliers, chosen, familiar_at = {}, {}, {}
    exams = sorted({a.exam for a in validation} & EXAMS.keys())
    for exam in exams:
        mine = [a for a in validation if a.exam == exam]
        labels[exam], sides[exam], sets[exam] = {}, {}, {}
        for row in exam_findings(exam):
            known = [a for a in mine if row.what in a.truth]
            logits = np.array([a.logits[row.what] for a in known])
            truth = np.array([a.truth[row.what] for a in known], bool)
            if min(truth.sum(), (~truth).sum()) >= LEAST:
                labels[exam][row.what] = calibration.fit(logits, truth)
                both = np.stack([-logits, logits], axis=1)  # absent, present
                sets[exam][row.what] = conformal.fit(both, truth, ALPHA, by_class=True)
            _fit_side(row.what, mine, sides[exam])
        familiar = [a.features for a in training if a.exam == exam]
        if familiar:
            bank = np.concatenate(familiar)
            outliers[exam], chosen[exam] = _detector(
                bank, validation, exam, KEPT // len(exams), seed, (words or {}).get(exam)
            )
            detector = outliers[exam]
            distances = sorted(detector.score(getattr(a, detector.reads)) for a in mine)
            familiar_at[exam] = tuple(round(d, 6) for d in distances)
    on = f"{len(validation)} validation studies"
    return Trust(labels, sides, outliers, on, sets, chosen, familiar_at)


def _detector(
    bank: npt.NDArray[np.float32],
    validation: Sequence[Asked],
    exam: str,
    keep: int,
    seed: int,
    words: Words | None,
) -> tuple[Detector, str]:
    """The detector that best tells this examination from the others, and how that was found."""
    mine = [a for a in validation if a.exam == exam]
    others = [a for a in validation if a.exam != exam]
    features = [a.features for a in mine]
    nearest = outlier.fit(bank, features, keep, seed=seed)
    if min(len(mine), len(others)) < LEAST:
        return nearest, f"{nearest.kind}: not measured, too few studies of other examinations"
    candidates: dict[str, Detector] = {
        nearest.kind: nearest,
        detectors.Mahalanobis.kind: detectors.fit_mahalanobis(bank, features),
    }
    if words is not None:
        vectors = [a.vectors for a in mine]
        candidates |= {
            kind: detectors.fit_worded(kind, words.known, vectors, words.strange)
            for kind in detectors.WORDED
        }
    choice = choosing.choose(candidates, _looked(mine), _looked(others))
    return choice.detector, str(choice)


def _looked(studies: Sequence[Asked]) -> list[choosing.Looked]:
    return [{"features": a.features, "vectors": a.vectors} for a in studies]


def _fit_side(what: str, studies: Sequence[Asked], sides: dict[str, Calibration]) -> None:
    """Right (true) against left, on studies with the finding on one known side."""
    known = [a for a in studies if a.true_sides.get(what) in ("right", "left")]
    right = np.array([a.true_sides[what] == "right" for a in known], bool)
    if min(right.sum(), (~right).sum()) >= LEAST:
        sides[what] = calibration.fit(np.array([a.sides[what] for a in known]), right)
