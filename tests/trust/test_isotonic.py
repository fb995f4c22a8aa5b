"""Isotonic steps are scikit-learn's, and are taken only where they clearly help."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from radgloss.trust import calibration, isotonic


def draw(n, curve, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 2, n)
    return x, rng.random(n) < curve(x)


def plateau(x):
    """No logistic curve: nothing, then half, then nearly all."""
    return np.where(x < -1, 0.03, np.where(x < 1.5, 0.5, 0.97))


def logistic(x):
    return 1 / (1 + np.exp(-1.5 * x))


def test_pools_are_scikit_learns_ties_included():
    x, truth = draw(300, logistic)
    x = np.round(x, 1)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(x, truth)
    inner = isotonic.fit(x, truth)
    for at, p in list(zip(inner.at, inner.probability, strict=True))[1:-1]:
        near = x[np.argmin(np.abs(x - at))]
        assert p == pytest.approx(theirs.predict([near])[0], abs=1e-9)


def test_probabilities_rise_and_never_promise_certainty():
    x, truth = draw(400, plateau)
    p = isotonic.fit(x, truth)(np.linspace(-20, 20, 200))
    assert (np.diff(p) >= 0).all()
    assert p.min() > 0
    assert p.max() < 1


def test_steps_are_taken_where_no_curve_fits_and_make_the_error_smaller():
    fitted = calibration.fit(*draw(1500, plateau))
    assert fitted.steps is not None
    x, _ = draw(4000, plateau, seed=1)
    ours = np.array([fitted.probability(v) for v in x])
    curve = 1 / (1 + np.exp(-(x / fitted.temperature + fitted.offset)))
    assert np.abs(ours - plateau(x)).mean() < 0.6 * np.abs(curve - plateau(x)).mean()


def test_the_curve_stays_where_it_fits_or_studies_are_few():
    assert calibration.fit(*draw(1500, logistic)).steps is None
    assert calibration.fit(*draw(150, plateau)).steps is None


def test_one_class_or_no_number_is_refused():
    with pytest.raises(ValueError, match="0 negatives"):
        isotonic.fit([1.0, 2.0], [1, 1])
    with pytest.raises(ValueError, match="finite"):
        isotonic.fit([1.0, np.nan], [0, 1])
