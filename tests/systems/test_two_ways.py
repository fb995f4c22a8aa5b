"""A boundary and a density on the same vectors, beside scikit-learn, scipy and closed forms."""

import numpy as np
import pytest
from scipy import stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from radgloss.systems.representation.two_ways import Density, boundary, density

RNG = np.random.default_rng(0)
MIXED = RNG.normal(size=(3, 3))
Y = RNG.integers(0, 3, 240)
X = RNG.normal(size=(240, 3)) @ MIXED + np.array([[2, 0, 0], [0, 2, 0], [0, 0, 1]])[Y]
NEW = RNG.normal(size=(50, 3)) * 3


def test_the_boundary_is_scikit_learns_logistic_regression():
    theirs = LogisticRegression(C=1 / 0.7, tol=1e-8, max_iter=5000).fit(X, Y)
    ours = boundary(X, Y, penalty=0.7)
    np.testing.assert_allclose(ours.posterior(NEW), theirs.predict_proba(NEW), atol=1e-4)


def test_the_densitys_posterior_is_linear_discriminant_analysis():
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(X, Y)
    np.testing.assert_allclose(density(X, Y).posterior(NEW), theirs.predict_proba(NEW), atol=1e-6)


def test_the_density_is_scipys_gaussian():
    d = density(X, Y, shrink=0.3)
    for c in range(3):
        theirs = stats.multivariate_normal(d.means[c], d.root @ d.root.T).logpdf(NEW)
        np.testing.assert_allclose(d.log_density(NEW)[:, c], theirs)


def test_samples_have_the_mean_and_spread_they_were_drawn_from():
    d = density(X, Y)
    drawn = d.sample(1, 200_000, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(0), d.means[1], atol=0.03)
    np.testing.assert_allclose(np.cov(drawn.T), d.root @ d.root.T, rtol=0.05, atol=0.05)
    assert (d.posterior(drawn).argmax(1) == 1).mean() > 0.6  # and are taken for their class


def test_the_share_called_neither_is_the_share_that_was_promised():
    """One class at the origin with unit spread: chi-squared, to sampling error."""
    d = Density(np.zeros((1, 4)), np.eye(4), np.ones(1), float(stats.chi2.ppf(0.9, 4)))
    drawn = d.sample(0, 100_000, np.random.default_rng(2))
    assert d.neither(drawn).mean() == pytest.approx(0.1, abs=0.004)


def test_only_the_density_can_say_neither():
    """Far out on one side the boundary is sure of a class; the density is sure of none."""
    far = density(X, Y).means[:1] + 50 * np.array([[1.0, -0.5, 0.2]])
    assert boundary(X, Y).posterior(far).max() > 0.99
    assert density(X, Y).neither(far).all()
    assert density(X, Y).neither(X).mean() < 0.1
