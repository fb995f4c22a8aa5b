"""Scores into probabilities, and the range in which a probability may be acted upon.

One temperature and one offset a label (Platt, 1999), fitted on validation patients; where there
are many of them and they show that no such curve fits, isotonic steps in its place (`isotonic`).
And two thresholds beyond which the label was right often enough. Pure functions on arrays.

Shapes: n studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special
from scipy.stats import rankdata

from radgloss.trust import isotonic
from radgloss.trust.isotonic import Steps

__all__ = ["Calibration", "auroc", "expected_calibration_error", "fit", "lower_bound"]

Floats = npt.NDArray[np.float64]
Way = Callable[[Floats, npt.NDArray[np.bool_], Floats], Floats]  # scores, truth, new → (n,)
ENOUGH = 100  # studies of the rarer class before isotonic steps are tried
WEIGHT = 3.0  # how much the odds must change for a decision to say anything
CLEARLY = 2.0  # standard errors by which they must be better than the curve


@dataclass(frozen=True)
class Calibration:
    """p = sigmoid(logit / temperature + offset), or `steps` where there are any.

    absent_below, present_above: a decision is made only outside this range; None where no
    threshold reached the wanted reliability on validation. positives, negatives: what it was
    fitted on. auroc, ece: measured on the other half in two-fold cross-fitting."""

    temperature: float
    offset: float
    absent_below: float | None
    present_above: float | None
    positives: int
    negatives: int
    auroc: float
    ece: float
    steps: Steps | None = None

    def probability(self, logit: float) -> float:
        """The calibrated probability of one raw score."""
        if self.steps is not None:
            return float(self.steps([logit])[0])
        return float(special.expit(logit / self.temperature + self.offset))

    def decide(self, probability: float) -> bool | None:
        """Present, absent, or None: too close to call."""
        if self.present_above is not None and probability >= self.present_above:
            return True
        if self.absent_below is not None and probability <= self.absent_below:
            return False
        return None

    def undecided(self, probability: float) -> str:
        """Why a probability decides nothing: which threshold it misses, or that there is none.

        >>> Calibration(1, 0, 0.04, 0.9, 50, 50, 0.9, 0.02).undecided(0.044)
        'too close to call: probability 0.044, called absent only up to 0.040'
        >>> Calibration(1, 0, None, 0.9, 50, 50, 0.9, 0.02).undecided(0.0004)
        'left open: probability 0.0004, but no threshold for absent held on validation'
        """
        end, threshold = ("absent", self.absent_below) if probability < 0.5 else (
            "present", self.present_above)  # fmt: skip
        if threshold is None:
            told, _ = _told(probability, 0.0)
            return f"left open: probability {told}, but no threshold for {end} held on validation"
        told, limit = _told(probability, threshold)
        bound = "up to" if end == "absent" else "from"
        return f"too close to call: probability {told}, called {end} only {bound} {limit}"


def _told(probability: float, beside: float) -> tuple[str, str]:
    """Two probabilities in as few digits (two at least) as tell them from each other, and the
    first from 0 and 1."""
    for digits in range(2, 8):
        one, other = f"{probability:.{digits}f}", f"{beside:.{digits}f}"
        if one != other and 0 < float(one) < 1:
            return one, other
    if probability < 0.5:
        return "below 0.0000001" if probability < 1e-7 else f"{probability:.7g}", f"{beside:.7g}"
    return "above 0.9999999" if probability > 1 - 1e-7 else f"{probability:.7g}", f"{beside:.7g}"


def fit(
    logits: Floats, truth: npt.NDArray[np.bool_], reliability: float = 0.9, least: int = 8
) -> Calibration:
    """Fit on validation studies.

    reliability: the share of decided studies that must be right, as a lower confidence bound (one
    sided, 90 %, Wilson), on each side separately; `least`: studies a side must decide to count. And
    a decision must change the odds at least WEIGHT times (its likelihood ratio, with the same bound
    on the mistakes), or a rare finding would be denied in everybody, rightly and without a look.
    Raises ValueError unless both classes are there."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if positives < 2 or negatives < 2:
        raise ValueError(f"{positives} positives and {negatives} negatives; wanted 2 of each")
    held, steps = _crossed(logits, truth, _curve), None
    if min(positives, negatives) >= ENOUGH:
        stepped = _crossed(logits, truth, lambda x, t, new: isotonic.fit(x, t)(new))
        if _clearly_better(stepped, held, truth):
            held, steps = stepped, isotonic.fit(logits, truth)
    scale, offset = _platt(logits, truth)
    return Calibration(
        temperature=1 / scale,
        offset=offset,
        absent_below=_flipped(_threshold(1 - held, ~truth, reliability, least)),
        present_above=_threshold(held, truth, reliability, least),
        positives=positives,
        negatives=negatives,
        auroc=auroc(held, truth),
        ece=expected_calibration_error(held, truth),
        steps=steps,
    )


def _crossed(logits: Floats, truth: npt.NDArray[np.bool_], way: Way) -> Floats:
    """Probabilities of each half from the other half's fit, (n,)."""
    held = np.empty(len(logits))
    for fold in (0, 1):
        mine = np.arange(len(logits)) % 2 == fold
        held[mine] = way(logits[~mine], truth[~mine], logits[mine])
    return held


def _clearly_better(new: Floats, old: Floats, truth: npt.NDArray[np.bool_]) -> bool:
    """Whether the log loss fell by more than chance would let it fall."""
    gain = np.log(np.where(truth, new, 1 - new)) - np.log(np.where(truth, old, 1 - old))
    return bool(gain.mean() > CLEARLY * gain.std(ddof=1) / np.sqrt(len(gain)))


def _flipped(threshold: float | None) -> float | None:
    return None if threshold is None else 1 - threshold


def _platt(logits: Floats, truth: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Scale > 0 and offset of the logistic fit, with Platt's smoothed targets."""
    n1, n0 = truth.sum(), (~truth).sum()
    target = np.where(truth, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    centre, spread = float(np.mean(logits)), float(np.std(logits)) or 1.0
    z = (logits - centre) / spread

    def loss(w: Floats) -> float:
        x = np.exp(w[0]) * z + w[1]
        return float(np.mean(np.logaddexp(0, x) - target * x))

    best = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead").x
    scale = float(np.exp(best[0])) / spread
    return scale, float(best[1]) - scale * centre


def _curve(logits: Floats, truth: npt.NDArray[np.bool_], new: Floats) -> Floats:
    scale, offset = _platt(logits, truth)
    return np.asarray(special.expit(new * scale + offset))


def _threshold(
    p: Floats, right: npt.NDArray[np.bool_], reliability: float, least: int
) -> float | None:
    """The lowest threshold above .5 beyond which enough decisions were right, and telling."""
    order = np.argsort(-p)
    best = None
    correct = np.cumsum(right[order])
    all_right, all_wrong = int(right.sum()), int((~right).sum())
    for n in range(least, len(p) + 1):
        threshold = float(p[order[n - 1]])
        if threshold < 0.5:
            break
        told = int(correct[n - 1])
        mistaken = 1 - lower_bound(all_wrong - (n - told), all_wrong)  # at most so often
        if told / all_right >= WEIGHT * mistaken and lower_bound(told, n) >= reliability:
            best = threshold
    return best


def lower_bound(right: int, n: int, z: float = 1.2816) -> float:
    """Wilson's lower bound of a share (z = 1.2816: one-sided 90 %).

    >>> round(lower_bound(95, 100), 3)
    0.914
    """
    share = right / n
    middle = share + z * z / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float((middle - half) / (1 + z * z / n))


def auroc(scores: Floats, truth: npt.NDArray[np.bool_]) -> float:
    """Probability that a positive scores above a negative, ties half (Mann–Whitney)."""
    ranks = rankdata(scores)
    n1, n0 = int(truth.sum()), int((~truth).sum())
    return float((ranks[truth].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def expected_calibration_error(p: Floats, truth: npt.NDArray[np.bool_], bins: int = 10) -> float:
    """Mean |confidence − frequency| over equal-count bins, weighted by size."""
    order = np.argsort(p)
    gaps = [
        len(part) * abs(float(p[part].mean()) - float(truth[part].mean()))
        for part in np.array_split(order, min(bins, len(p)))
        if len(part)
    ]
    return float(sum(gaps) / len(p))
