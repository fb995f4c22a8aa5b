"""Calibration figures against scikit-learn, and against distortions that were put in."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from radgloss.eval.metrics.calibrating import brier, recalibration, reliability


def draw(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-0.5, 1.5, n))
    return p, rng.random(n) < p


def test_brier_is_scikit_learns():
    p, truth = draw(300)
    assert brier(p, truth) == pytest.approx(brier_score_loss(truth, p))


def test_slope_and_intercept_are_scikit_learns_unpenalised_fit():
    p, truth = draw(500)
    x = logit(p)
    theirs = LogisticRegression(C=np.inf, tol=1e-9, max_iter=1000).fit(x[:, None], truth)
    ours = recalibration(p, truth)
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_right_probabilities_have_slope_one_and_distorted_ones_tell_how():
    p, truth = draw(20000)
    right = recalibration(p, truth)
    assert (right.slope, right.intercept, right.in_the_large) == pytest.approx((1, 0, 0), abs=0.06)
    extreme = recalibration(expit(2 * logit(p)), truth)
    assert extreme.slope == pytest.approx(right.slope / 2, rel=1e-6)
    low = recalibration(expit(logit(p) - 0.7), truth)
    assert low.in_the_large == pytest.approx(right.in_the_large + 0.7, abs=1e-6)


def test_in_the_large_makes_the_mean_probability_the_share():
    p, truth = draw(300)
    shift = recalibration(p, truth).in_the_large
    assert expit(logit(p) + shift).mean() == pytest.approx(truth.mean(), abs=1e-9)


def test_separated_classes_have_no_finite_slope():
    found = recalibration([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    assert np.isnan(found.slope)
    assert found.in_the_large == pytest.approx(0, abs=1e-9)


def test_certainties_are_moved_off_the_ends_and_stay_finite():
    found = recalibration([0.0, 1.0, 0.5, 1.0, 0.0], [0, 1, 1, 0, 1])
    assert np.isfinite([found.slope, found.intercept, found.in_the_large]).all()


def test_curve_is_scikit_learns():
    p, truth = draw(1000)
    happened, said = calibration_curve(truth, p, n_bins=10, strategy="quantile")
    ours = reliability(p, truth)
    assert [b.said for b in ours] == pytest.approx(said, abs=2e-3)
    assert [b.happened for b in ours] == pytest.approx(happened, abs=0.02)
    assert all(b.low <= b.happened <= b.high for b in ours)
    assert sum(b.n for b in ours) == 1000


def test_what_is_no_probability_is_refused():
    with pytest.raises(ValueError, match="beyond 0 to 1"):
        brier([1.2], [1])
    with pytest.raises(ValueError, match="0 negatives"):
        recalibration([0.5, 0.6], [1, 1])
