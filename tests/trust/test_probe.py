"""Probes agree with computations that are not theirs."""

import numpy as np
import pytest
from scipy import optimize
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

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
    assert probe.weights * tau == pytest.approx(best, abs=1e-3)


def test_a_class_without_examples_keeps_its_words():
    X, y, texts = draw()
    seen = y != "c"
    probe = SSText(texts=texts, names=("a", "b", "c"), tau=0.1).fit(X[seen], y[seen])
    assert probe.weights[2] * 0.1 == pytest.approx(texts[2])
    assert probe.classes_.tolist() == ["a", "b", "c"]


def test_lp_plus_plus_never_rises_and_begins_with_the_words():
    X, y, texts = draw()
    probe = LPPlusPlus(texts=texts, scale=20.0, turns=100).fit(X, y)
    assert (np.diff(probe.losses) <= 1e-12).all()
    zero = LPPlusPlus(texts=texts, scale=20.0, turns=0).fit(X, y)
    assert zero.logits(X) == pytest.approx(20.0 * X @ texts.T)
    assert probe.losses[-1] < 0.8 * zero.losses[0]


def test_lp_plus_plus_reaches_the_minimum_that_another_optimiser_finds():
    X, y, texts = draw(n=90, noise=1.2)  # classes overlap, so a minimum exists
    number = np.array(["abc".index(c) for c in y])

    def loss(flat):
        w, alpha = flat[: K * D].reshape(K, D), flat[K * D :]
        z = log_softmax(X @ (w + alpha[:, None] * texts).T, axis=1)
        return -z[np.arange(len(X)), number].mean()

    best = optimize.minimize(loss, np.zeros(K * D + K), method="BFGS", options={"gtol": 1e-7})
    probe = LPPlusPlus(texts=texts, scale=1.0, turns=20000).fit(X, y)
    assert probe.losses[-1] == pytest.approx(best.fun, abs=2e-4)
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
