"""DeLong's interval against its own definition in loops, scikit-learn, and the bootstrap."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from radgloss.eval.metrics.bootstrap import interval
from radgloss.eval.metrics.delong import area, difference

Z = 1.959963984540054


def draw(n=200, seed=0, skill=1.0):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.4
    return rng.normal(size=n) + skill * truth, truth


def by_hand(scores, truth):
    """Structural components as DeLong, DeLong and Clarke-Pearson write them, pair by pair."""

    def psi(x, y):
        return 1.0 if x > y else 0.5 if x == y else 0.0

    positive, negative = scores[truth], scores[~truth]
    v10 = np.array([np.mean([psi(x, y) for y in negative]) for x in positive])
    v01 = np.array([np.mean([psi(x, y) for x in positive]) for y in negative])
    return v10, v01


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=6, max_size=40))
def test_area_and_interval_are_those_of_the_definition_ties_included(rows):
    scores, truth = np.array([float(s) for s, _ in rows]), np.array([t for _, t in rows])
    assume(min(truth.sum(), (~truth).sum()) >= 2)
    v10, v01 = by_hand(scores, truth)
    value, low, high = area(scores, truth)
    assert value == pytest.approx(roc_auc_score(truth, scores))
    assume(0 < value < 1)
    half = Z * np.sqrt(v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01))
    assert (low, high) == pytest.approx((max(value - half, 0), min(value + half, 1)))


def test_interval_is_near_the_bootstraps():
    scores, truth = draw(400)

    def statistic(rows):
        return float(roc_auc_score(truth[rows], scores[rows]))

    value, low, high = interval(range(400), statistic, rounds=600)
    assert area(scores, truth) == pytest.approx((value, low, high), abs=0.012)


def test_interval_holds_the_truth_as_often_as_stated():
    from scipy.stats import norm

    true_area = norm.cdf(1 / np.sqrt(2))
    inside = [low <= true_area <= high
              for _, low, high in (area(*draw(150, seed)) for seed in range(300))]  # fmt: skip
    assert np.mean(inside) == pytest.approx(0.95, abs=0.04)


def test_perfect_separation_is_no_certainty():
    value, low, high = area([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1])
    assert (value, high) == (1.0, 1.0)
    assert low == pytest.approx(0.025 ** (1 / 3))  # three of three: exact binomial
    assert area([1, 2, 3, 4], [1, 1, 0, 0])[0::2] == pytest.approx((0.0, 1 - 0.025**0.5))
    assert np.isnan(area([1, 2, 3], [0, 0, 1])[1])


def test_two_scores_are_compared_with_their_correlation():
    scores, truth = draw(300)
    noise = np.random.default_rng(1).normal(size=300)
    other = scores + 0.3 * noise
    found = difference(scores, other, truth)
    (a10, a01), (b10, b01) = by_hand(scores, truth), by_hand(other, truth)
    variance = (a10 - b10).var(ddof=1) / len(a10) + (a01 - b01).var(ddof=1) / len(a01)
    assert found.value == pytest.approx(a10.mean() - b10.mean())
    assert found.high - found.value == pytest.approx(Z * np.sqrt(variance))
    assert 0 < found.p < 1


def test_equal_scores_do_not_differ_and_better_ones_do():
    scores, truth = draw(300)
    same = difference(scores, 2 * scores + 1, truth)
    assert (same.value, same.low, same.high) == pytest.approx((0, 0, 0), abs=1e-9)
    assert np.isnan(same.p)
    useless = np.random.default_rng(2).normal(size=300)
    assert difference(scores, useless, truth).p < 1e-3


def test_what_has_no_area_says_why():
    with pytest.raises(ValueError, match="0 negatives"):
        area([1.0, 2.0], [1, 1])
    with pytest.raises(ValueError, match="finite"):
        area([1.0, np.inf], [0, 1])
