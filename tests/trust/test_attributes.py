"""Closed forms are met, and classes nobody was trained on are named by their attributes."""

import itertools

import numpy as np
import pytest
from scipy import optimize

from radgloss.trust.attributes import DAP, ESZSL, generalised, harmonic, per_class

ALL = np.array(list(itertools.product((0, 1), repeat=4)), float)  # sixteen classes
UNSEEN = [3, 6, 9, 12]
SEEN = [k for k in range(16) if k not in UNSEEN]


def draw(classes, each=12, noise=0.3, seed=0):
    """Features are a fixed mixture of the attributes, with noise."""
    rng = np.random.default_rng(seed)
    mixture = np.random.default_rng(7).normal(size=(4, 10))
    y = np.repeat(classes, each)
    return (2 * ALL[y] - 1) @ mixture + noise * rng.normal(size=(len(y), 10)), y


def test_map_is_where_its_objective_is_lowest():
    """|XVSᵀ − Y|² + γ|VSᵀ|² + λ|XV|² + γλ|V|², minimised by another optimiser."""
    rng = np.random.default_rng(0)
    X, s, y = rng.normal(size=(20, 3)), rng.normal(size=(4, 2)), np.arange(20) % 4
    Y = 2 * np.eye(4)[y] - 1
    gamma, lam = 0.7, 0.3

    def objective(flat):
        V = flat.reshape(3, 2)
        return (((X @ V @ s.T - Y) ** 2).sum() + gamma * ((V @ s.T) ** 2).sum()
                + lam * ((X @ V) ** 2).sum() + gamma * lam * (V**2).sum())  # fmt: skip

    best = optimize.minimize(objective, np.zeros(6), method="BFGS").x.reshape(3, 2)
    assert ESZSL(gamma, lam).fit(X, y, s).map == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("model", [ESZSL(), DAP()], ids=["eszsl", "dap"])
def test_unseen_classes_are_named_from_their_attributes(model):
    X, y = draw(SEEN)
    signed = 2 * ALL - 1 if isinstance(model, ESZSL) else ALL
    model.fit(X, y, signed)
    new, true = draw(UNSEEN, seed=1)
    said = np.array(UNSEEN)[model.scores(new, signed[UNSEEN]).argmax(axis=1)]
    assert per_class(said.tolist(), true.tolist()) > 0.95


def test_an_attribute_that_no_seen_class_shows_cannot_name_anything():
    """Without attribute 3 in training, classes that differ in nothing else score alike."""
    without = [k for k in range(16) if ALL[k, 3] == 0]
    X, y = draw(without)
    model = DAP().fit(X, y, ALL)
    assert 3 not in model.known
    new, _ = draw([14, 15], seed=2)
    scores = model.scores(new, ALL[[14, 15]])
    assert scores[:, 0] == pytest.approx(scores[:, 1])


def test_independent_attributes_multiply():
    X, y = draw(SEEN)
    model = DAP().fit(X, y, ALL)
    p = np.stack([probe.predict_proba(X[:1])[0] for probe in model.probes])  # (A, 2)
    prior = np.stack([1 - model.share, model.share], axis=1)
    for k in (0, 5, 15):
        wanted = np.prod([p[a, int(v)] / prior[a, int(v)] for a, v in enumerate(ALL[k])])
        assert np.exp(model.scores(X[:1], ALL[[k]])[0, 0]) == pytest.approx(wanted)


def test_a_handicap_gives_unseen_classes_their_chance():
    X, y = draw(SEEN, noise=1.0)
    signed = 2 * ALL - 1
    model = ESZSL(gamma=1e-3).fit(X, y, signed)
    new, true = draw(range(16), noise=1.0, seed=3)
    scores = model.scores(new, signed)
    seen = np.isin(np.arange(16), SEEN)
    found = [generalised(scores, true, seen, h) for h in (-50.0, 0.0, 50.0)]
    assert found[0].unseen == found[2].seen == 0
    assert found[0].harmonic == found[2].harmonic == 0
    assert found[1].harmonic == pytest.approx(harmonic(found[1].seen, found[1].unseen))
    assert found[1].harmonic > 0.5


def test_what_cannot_be_learned_says_why():
    X, y = draw(SEEN)
    with pytest.raises(ValueError, match="one seen class"):
        ESZSL().fit(X, np.zeros(len(X), int), ALL)
    with pytest.raises(ValueError, match="0 and 1"):
        DAP().fit(X, y, 2 * ALL - 1)
    with pytest.raises(ValueError, match="no attribute that tells"):
        DAP().fit(X, y, np.ones_like(ALL))
    with pytest.raises(ValueError, match="rows of attributes"):
        ESZSL().fit(X, y + 10, ALL)
    with pytest.raises(ValueError, match="call fit first"):
        DAP().scores(X, ALL)
    with pytest.raises(ValueError, match="seen and unseen"):
        generalised([[1.0, 0.0]], [0], [True, False])
