"""Probabilities mean what they say, thresholds keep their promise, the unknown lies far."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from radgloss.trust import calibration, outlier


def draw(n, seed=0, temperature=3.0):
    """Scores that are log-odds, stretched by a temperature."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0, 2.5, n)
    truth = rng.random(n) < 1 / (1 + np.exp(-logit))
    return logit * temperature, truth


def test_fit_finds_the_temperature_and_agrees_with_scikit_learn():
    logits, truth = draw(4000)
    ours = calibration.fit(logits, truth)
    theirs = LogisticRegression(C=np.inf).fit(logits[:, None], truth)
    assert 1 / ours.temperature == pytest.approx(theirs.coef_[0, 0], rel=0.02)
    assert ours.offset == pytest.approx(theirs.intercept_[0], abs=0.03)
    assert ours.temperature == pytest.approx(3.0, rel=0.1)
    assert ours.ece < 0.03


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=4, max_size=60))
def test_auroc_equals_scikit_learn_ties_included(rows):
    scores = np.array([float(s) for s, _ in rows])
    truth = np.array([t for _, t in rows])
    if truth.all() or not truth.any():
        return
    assert calibration.auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores))


def test_decisions_are_as_reliable_on_new_studies_as_promised():
    c = calibration.fit(*draw(1500, seed=1), reliability=0.9)
    logits, truth = draw(4000, seed=2)
    said = [c.decide(c.probability(x)) for x in logits]
    for answer in (True, False):
        chosen = np.array([s is answer for s in said])
        assert chosen.sum() > 200
        assert (truth[chosen] == answer).mean() >= 0.88


def test_a_score_without_information_decides_nothing():
    rng = np.random.default_rng(0)
    c = calibration.fit(rng.normal(size=400), rng.random(400) < 0.5)
    assert c.present_above is None
    assert c.absent_below is None
    assert c.decide(0.999) is None


def test_a_rare_finding_is_not_denied_by_a_score_that_knows_nothing_of_it():
    """Denied in everybody it would be right in 95 of 100, and nobody would have looked."""
    rng = np.random.default_rng(0)
    c = calibration.fit(rng.normal(size=800), rng.random(800) < 0.05)
    assert c.absent_below is None


def test_a_decision_changes_the_odds_threefold_at_least():
    c = calibration.fit(*draw(1500, seed=1))
    logits, truth = draw(4000, seed=2)
    said = [c.decide(c.probability(x)) for x in logits]
    for answer in (True, False):
        chosen = np.array([s is answer for s in said])
        assert chosen[truth == answer].mean() > 3 * chosen[truth != answer].mean()


def test_probability_rises_with_the_score():
    c = calibration.fit(*draw(500))
    p = [c.probability(x) for x in np.linspace(-20, 20, 50)]
    assert all(np.diff(p) > 0)


def test_one_class_alone_cannot_be_calibrated():
    with pytest.raises(ValueError, match="0 negatives"):
        calibration.fit(np.zeros(10), np.ones(10, bool))


def test_distance_is_to_the_kth_neighbour():
    rng = np.random.default_rng(0)
    bank, asked = rng.normal(size=(50, 6)), rng.normal(size=(9, 6))
    expected = NearestNeighbors(n_neighbors=3).fit(bank).kneighbors(asked)[0][:, 2]
    found = outlier.distances(bank.astype(np.float32), asked.astype(np.float32), 3)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_false_alarms_on_familiar_studies_are_as_set_and_strangers_are_caught():
    rng = np.random.default_rng(0)
    training = rng.normal(size=(800, 8)).astype(np.float32)
    studies = [rng.normal(size=(5, 8)).astype(np.float32) for _ in range(400)]
    fitted = outlier.fit(training, studies[:200], false_alarms=0.05)
    assert np.mean([fitted.foreign(s) for s in studies[200:]]) == pytest.approx(0.05, abs=0.05)
    strangers = [rng.normal(3, 1, size=(5, 8)).astype(np.float32) for _ in range(50)]
    assert all(fitted.foreign(s) for s in strangers)
