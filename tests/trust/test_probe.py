"""Probes agree with computations that are not theirs."""

import numpy as np
import pytest
from scipy import optimize
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

from radgloss.trust.probe import LinearProbe, LPPlusPlus, SSText

K, D = 3, 6


def units(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def draw(n=60, seed=0, noise=0.6):
    """Unit vectors around class directions; texts are those directions, somewhat turned."""
    rng = np.random.default_rng(seed)
    centres = np.eye(D)[:K]
    y = np.arange(n) % K
    texts = units(centres + 0.2 * np.random.default_rng(9).normal(size=centres.shape))
    return units(centres[y] + noise * rng.normal(size=(n, D))), np.array(["a", "b", "c"])[y], texts


@pytest.mark.parametrize("C", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("classes", [2, 3])
def test_linear_probe_is_scikit_learns(C, classes):
    X, y, _ = draw()
    X, y = X[y <= "abc"[classes - 1]], y[y <= "abc"[classes - 1]]
    ours = LinearProbe(C=C).fit(X, y)
    # of two classes scikit-learn penalises the one difference w, ours ½|w/2|² twice: half as much
    strength = 2 * C if classes == 2 else C
    theirs = LogisticRegression(C=strength, tol=1e-8, max_iter=5000).fit(X, y)
    assert ours.predict_proba(X) == pytest.approx(theirs.predict_proba(X), abs=1e-4)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()
    assert ours.classes_.tolist() == theirs.classes_.tolist()


def test_ss_text_is_where_its_objective_is_lowest():
    X, y, texts = draw(n=21)
    tau, counts = 0.5, np.array([(y == c).sum() for c in "abc"])
    number = np.array(["abc".index(c) for c in y])

    def objective(flat):
        w = flat.reshape(K, D)
        pull = ((w - texts) ** 2).sum(axis=1) / counts / 2
        return -(X * w[number]).sum() / (len(X) * tau) + pull.sum()

    best = optimize.minimize(objective, texts.ravel(), method="BFGS").x.reshape(K, D)
    probe = SSText(texts=texts, tau=tau).fit(X, y)
    assert probe.coef_ * tau == pytest.approx(best, abs=1e-3)


def test_a_class_without_examples_keeps_its_words():
    X, y, texts = draw()
    seen = y != "c"
    probe = SSText(texts=texts, names=("a", "b", "c"), tau=0.1).fit(X[seen], y[seen])
    assert probe.coef_[2] * 0.1 == pytest.approx(texts[2])
    assert probe.classes_.tolist() == ["a", "b", "c"]


def test_lp_plus_plus_never_rises_and_begins_with_the_words():
    X, y, texts = draw()
    probe = LPPlusPlus(texts=texts, scale=20.0, turns=100).fit(X, y)
    assert (np.diff(probe.losses_) <= 1e-12).all()
    zero = LPPlusPlus(texts=texts, scale=20.0, turns=0).fit(X, y)
    assert zero.logits(X) == pytest.approx(20.0 * X @ texts.T)
    assert probe.losses_[-1] < 0.8 * zero.losses_[0]


def test_lp_plus_plus_reaches_the_minimum_that_another_optimiser_finds():
    X, y, texts = draw(n=90, noise=1.2)  # classes overlap, so a minimum exists
    number = np.array(["abc".index(c) for c in y])

    def loss(flat):
        w, alpha = flat[: K * D].reshape(K, D), flat[K * D :]
        z = log_softmax(X @ (w + alpha[:, None] * texts).T, axis=1)
        return -z[np.arange(len(X)), number].mean()

    best = optimize.minimize(loss, np.zeros(K * D + K), method="BFGS", options={"gtol": 1e-7})
    probe = LPPlusPlus(texts=texts, scale=1.0, turns=20000).fit(X, y)
    assert probe.losses_[-1] == pytest.approx(best.fun, abs=2e-4)
    assert probe.predict_proba(X).sum(axis=1) == pytest.approx(1)


def test_with_one_example_a_class_words_help():
    texts = draw()[2]
    plain, tied = [], []
    for seed in range(30):
        X, y, _ = draw(n=3, seed=seed, noise=1.0)
        new, true, _ = draw(n=150, seed=1000 + seed, noise=1.0)
        plain.append(np.mean(LinearProbe().fit(X, y).predict(new) == true))
        tied.append(np.mean(LPPlusPlus(texts=texts, scale=5.0).fit(X, y).predict(new) == true))
    assert np.mean(tied) > np.mean(plain) + 0.03


def test_what_cannot_be_fitted_or_asked_says_why():
    X, y, texts = draw()
    with pytest.raises(ValueError, match="call fit first"):
        LinearProbe().predict(X)
    with pytest.raises(ValueError, match="one class only"):
        LinearProbe().fit(X, ["a"] * len(X))
    with pytest.raises(ValueError, match="finite"):
        LinearProbe().fit(X * np.nan, y)
    with pytest.raises(ValueError, match="no text"):
        SSText(texts=texts, names=("a", "b", "x")).fit(X, y)
    with pytest.raises(ValueError, match="2 texts for 3 classes"):
        LPPlusPlus(texts=texts[:2]).fit(X, y)
    with pytest.raises(ValueError, match="columns"):
        SSText(texts=texts).fit(X, y).predict(X[:, :2])


class Checked(ClassifierMixin, BaseEstimator, LinearProbe):
    """With scikit-learn's own tags, which say what its checks may ask."""

    def __init__(self, C=1.0):
        self.C = C


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_checks_pass():
    """All but two that ask for its own classes of error and warning, which would need it."""
    done = check_estimator(Checked(), on_fail=None, on_skip=None)
    failed = {r["check_name"]: str(r["exception"]) for r in done if r["status"] == "failed"}
    assert failed.keys() <= {"check_estimators_unfitted", "check_supervised_y_2d"}, failed
    assert sum(r["status"] == "passed" for r in done) > 40


def test_probes_can_be_cloned_and_with_scikit_learns_tags_searched():
    X, y, texts = draw(90)
    for one in (LinearProbe(C=2.0), SSText(texts=texts, tau=0.2), LPPlusPlus(texts=texts)):
        twin = clone(one)
        assert twin is not one
        assert twin.get_params().keys() == one.get_params().keys()
        assert twin.fit(X, y).score(X, y) > 0.7
    best = GridSearchCV(Checked(), {"C": [1e-6, 1.0]}, cv=3).fit(X, y)
    assert best.best_params_["C"] in (1e-6, 1.0)
    with pytest.raises(ValueError, match="no parameter"):
        LinearProbe().set_params(D=1)
