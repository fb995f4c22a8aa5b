"""Words that mean the same, and words that mean the opposite.

"Fatty liver" and "hepatic steatosis" should score alike in every picture; "effusion" and "no
effusion" should not. Measured as a person would use the model: which sentence does it prefer?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from radgloss.eval.metrics.bootstrap import interval, mean_interval
from radgloss.eval.score import Examined, Score
from radgloss.protocols import Embedder, Labeler
from radgloss.trust.calibration import auroc

__all__ = ["agreement", "denials", "flipped", "opposed", "synonyms"]

TASK = "words"
LEAST = 4  # studies with a finding, and without, before its AUROC counts


def synonyms(
    model: Embedder, cases: Sequence[Examined], names: Mapping[str, Sequence[str]]
) -> tuple[Score, ...]:
    """Mean |difference| of the cosines that two names of one finding get from one study.

    names: by finding, its names. Beside it the spread (standard deviation) of the first name's
    cosines over studies: a difference means little or much only against that."""
    asked = [(c, n) for c in cases for n in names if n in c.labels and len(names[n]) > 1]
    if not asked:
        return (Score(TASK, "synonym difference", float("nan"), aim="low"),)
    pairs = np.array(
        [
            [_cosine(model, c, f"{_capital(name)}.") for name in (names[n][0], names[n][1])]
            for c, n in asked
        ]
    )
    patients = [c.patient for c, _ in asked]
    gap = np.abs(pairs[:, 0] - pairs[:, 1])
    value = mean_interval(gap, patients)
    spread = float(
        np.mean([pairs[[m == n for _, m in asked], 0].std() for n in {m for _, m in asked}])
    )
    return (
        Score(TASK, "synonym difference", *value, len(asked), "low"),
        Score(TASK, "spread of one name over studies", spread, n=len(asked), aim="none"),
    )


def denials(model: Embedder, cases: Sequence[Examined]) -> tuple[Score, ...]:
    """How often the true one of "X." and "No X." is nearer to the study, by presence.

    A tie counts half. A model that does not read the "no" prefers one sentence everywhere: it is
    right on one of the two lines and wrong on the other, so their mean is what counts."""
    rows = [(c, n) for c in cases for n in c.labels]
    if not rows:
        return (Score(TASK, "denial told from statement", float("nan")),)
    gap = np.array(
        [
            _gap(model, c, n)
            for c, n in rows
        ]
    )  # fmt: skip
    true = np.array([c.labels[n] for c, n in rows])
    right = np.where(gap == 0, 0.5, (gap > 0) == true).astype(float)
    patients = [c.patient for c, _ in rows]

    def balanced(chosen: np.ndarray) -> float:
        some = true[chosen]
        if some.all() or not some.any():
            return float("nan")
        return float((right[chosen][some].mean() + right[chosen][~some].mean()) / 2)

    out = [Score(TASK, "denial told from statement", *interval(patients, balanced, 400), len(rows))]
    for name, kind in (("present", true), ("absent", ~true)):
        mine = np.flatnonzero(kind)
        if len(mine):
            out.append(Score(TASK, f"… where it is {name}", float(right[mine].mean()), n=len(mine)))
    return tuple(out)


def agreement(
    model: Embedder, cases: Sequence[Examined], names: Mapping[str, Sequence[str]]
) -> tuple[Score, ...]:
    """Does a finding stay as recognisable under its other names?

    Each name is asked as "X." against "No x."; its AUROC is compared with that of the finding's
    first name. The largest difference of all is what must be small."""
    gaps, n = [], 0
    for finding, called in names.items():
        mine = [c for c in cases if finding in c.labels]
        true = np.array([c.labels[finding] for c in mine], bool)
        if len(called) < 2 or min(true.sum(), (~true).sum()) < LEAST:
            continue
        areas = [auroc(np.array([_gap(model, c, name) for c in mine]), true) for name in called]
        gaps += [abs(a - areas[0]) for a in areas[1:]]
        n += len(mine)
    if not gaps:
        return (Score(TASK, "synonyms, largest AUROC difference", float("nan"), aim="low"),)
    return (
        Score(TASK, "synonyms, largest AUROC difference", max(gaps), n=n, aim="low"),
        Score(TASK, "synonyms, mean AUROC difference", float(np.mean(gaps)), n=n, aim="low"),
    )


def flipped(model: Embedder, cases: Sequence[Examined]) -> Score:
    """How often "No x." is nearer than usual just where "X." is farther than usual.

    Usual is the sentence's own median over the studies of that finding, so no threshold is fitted.
    A model that does not hear the "no" moves both sentences together and gets about 0, one for
    which they have nothing in common .5, and one that turns round 1. A study on a median counts
    half."""
    rates, patients = [], []
    for name in dict.fromkeys(n for c in cases for n in c.labels):
        mine = [c for c in cases if name in c.labels]
        if len(mine) < 2 * LEAST:
            continue
        said = np.array([_cosine(model, c, f"{_capital(name)}.") for c in mine])
        denied = np.array([_cosine(model, c, f"No {name}.") for c in mine])
        turned = np.sign(said - np.median(said)) * np.sign(denied - np.median(denied))
        rates += ((1 - turned) / 2).tolist()
        patients += [c.patient for c in mine]
    if not rates:
        return Score(TASK, "a denial turns the answer", float("nan"))
    return Score(TASK, "a denial turns the answer", *mean_interval(rates, patients), len(rates))


def opposed(model: Labeler, cases: Sequence[Examined]) -> tuple[Score, ...]:
    """Asked as labels, does "no x" get the opposite answer of "x"?

    The share of questions where the log-odds of one are positive just where those of the other are
    negative, zero counting half; and how far the two probabilities are from adding up to 1. A
    person expects 1 and 0: whoever answers both questions alike has not heard the "no"."""
    sums, turned, patients = [], [], []
    for case in cases:
        names = list(case.labels)
        if not names:
            continue
        said = model.label(case.case.study, names)
        denied = model.label(case.case.study, [f"no {name}" for name in names])
        for one, other in zip(said, denied, strict=True):
            turned.append((1 - np.sign(one.logit) * np.sign(other.logit)) / 2)
            sums.append(abs(one.probability + other.probability - 1))
            patients.append(case.patient)
    if not turned:
        return (Score(TASK, "a denied label gets the opposite answer", float("nan")),)
    return (
        Score(TASK, "a denied label gets the opposite answer", *mean_interval(turned, patients),
              len(turned)),
        Score(TASK, "probabilities of both, distance from 1", *mean_interval(sums, patients),
              len(sums), "low"),
    )  # fmt: skip


def _gap(model: Embedder, case: Examined, name: str) -> float:
    return _cosine(model, case, f"{_capital(name)}.") - _cosine(model, case, f"No {name}.")


def _cosine(model: Embedder, case: Examined, text: str) -> float:
    return float(
        model.embed_study(case.case.study).vector @ model.embed_text(text).vector
    )  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
