"""Detectors agree with what others compute, and the one that is measured best is taken."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from scipy.special import softmax
from sklearn.covariance import LedoitWolf

from radgloss.trust import choosing, detectors, outlier

WIDTH = 8


def studies(n, rng, shift=0.0, pictures=3):
    return [rng.normal(shift, 1, (pictures, WIDTH)).astype(np.float32) for _ in range(n)]


def units(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_shrunk_covariance_is_scikit_learns():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, WIDTH)) @ rng.normal(size=(WIDTH, WIDTH))
    theirs = LedoitWolf().fit(x)
    ours = detectors.ledoit_wolf(x - x.mean(axis=0))
    np.testing.assert_allclose(ours, theirs.covariance_, rtol=1e-9)


def test_distance_is_scipys_to_the_nearest_class():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(120, WIDTH)) * np.arange(1, WIDTH + 1)
    classes = np.arange(120) % 3
    x += classes[:, None]
    found = detectors.fit_mahalanobis(x.astype(np.float32), studies(5, rng), classes)
    centred = np.concatenate([x[classes == c] - x[classes == c].mean(0) for c in range(3)])
    inverse = np.linalg.inv(detectors.ledoit_wolf(centred))
    asked = rng.normal(size=WIDTH).astype(np.float32)
    wanted = min(mahalanobis(asked, x[classes == c].mean(0), inverse) for c in range(3))
    assert found.score(asked[None]) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("tau", [0.05, 1.0])
def test_word_scores_are_those_of_their_papers(tau):
    rng = np.random.default_rng(2)
    known, strange = units(rng.normal(size=(3, WIDTH))), units(rng.normal(size=(5, WIDTH)))
    x = units(rng.normal(size=(1, WIDTH)))
    seen = [units(s) for s in studies(4, rng)]
    c, d = (x @ known.T)[0] / tau, (x @ strange.T)[0] / tau
    wanted = {
        "mcm": 1 - softmax(c).max(),
        "energy": 1 - tau * np.log(np.exp(c).mean()),
        "neglabel": 1 - np.exp(c).sum() / (np.exp(c).sum() + np.exp(d).sum()),
    }
    for kind, value in wanted.items():
        one = detectors.fit_worded(kind, known, seen, strange, tau)
        assert one.score(x) == pytest.approx(value, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("kind", ["nearest", "mahalanobis"])
def test_false_alarms_are_as_set_and_strangers_are_caught(kind):
    rng = np.random.default_rng(3)
    training = rng.normal(size=(600, WIDTH)).astype(np.float32)
    validation, new = studies(200, rng), studies(200, rng)
    fit = {
        "nearest": lambda: outlier.fit(training, validation, false_alarms=0.1),
        "mahalanobis": lambda: detectors.fit_mahalanobis(training, validation, None, 0.1),
    }[kind]()
    assert fit.kind == kind
    assert np.mean([fit.foreign(s) for s in new]) == pytest.approx(0.1, abs=0.07)
    assert all(fit.foreign(s) for s in studies(20, rng, 3.0))


def test_words_that_nothing_known_bears_catch_what_lies_near_them():
    """Pictures of a known thing lie near its word; strangers near words of other things."""
    rng = np.random.default_rng(4)
    words = units(np.eye(WIDTH))
    known, others = words[:2], words[2:]

    def near(word, n):
        return [units(word + 0.3 * rng.normal(size=(3, WIDTH))) for _ in range(n)]

    familiar, strange = near(words[0], 60), near(words[5], 60)
    one = detectors.fit_worded("neglabel", known, familiar[:30], others)
    assert np.mean([one.foreign(s) for s in familiar[30:]]) < 0.25
    assert all(one.foreign(s) for s in strange)


def test_strange_words_are_the_farthest_from_all_that_is_known():
    rng = np.random.default_rng(5)
    known, many = units(rng.normal(size=(4, WIDTH))), units(rng.normal(size=(30, WIDTH)))
    chosen = detectors.strange_words(many, known, most=5, eta=0.0001)
    nearest = (many @ known.T).max(axis=1)
    assert set(chosen) == set(np.argsort(nearest)[:5])


def looked(rows):
    return [{"features": r, "vectors": units(r)} for r in rows]


def test_the_measured_best_is_chosen_and_the_choice_says_so():
    """Strangers differ by an offset in features that their directions hide."""
    rng = np.random.default_rng(6)
    training = rng.normal(size=(500, WIDTH)).astype(np.float32)
    familiar = studies(40, rng)
    strange = [4 * s for s in studies(40, rng)]  # the same directions, farther out
    candidates = {
        "mcm": detectors.fit_worded("mcm", np.eye(WIDTH), [units(f) for f in familiar]),
        "nearest": outlier.fit(training, familiar),
        "mahalanobis": detectors.fit_mahalanobis(training, familiar),
    }
    choice = choosing.choose(candidates, looked(familiar), looked(strange))
    assert choice.name == "nearest"  # as good as mahalanobis, and named first
    assert choice.detector is candidates["nearest"]
    assert choice.auroc["mcm"] < 0.7 < 0.99 < choice.auroc["nearest"]
    assert "AUROC" in str(choice)
    assert "40 familiar and 40 strange" in str(choice)
    assert "mcm 0." in str(choice)


def test_an_unmeasured_choice_is_none():
    rng = np.random.default_rng(7)
    one = outlier.fit(rng.normal(size=(50, WIDTH)).astype(np.float32), studies(5, rng))
    with pytest.raises(ValueError, match="0 strange"):
        choosing.choose({"nearest": one}, looked(studies(5, rng)), [])
    with pytest.raises(ValueError, match="no detector"):
        choosing.choose({}, looked(studies(5, rng)), looked(studies(5, rng)))


def test_bad_detectors_say_why():
    rng = np.random.default_rng(8)
    seen = [units(s) for s in studies(3, rng)]
    with pytest.raises(ValueError, match="without strange words"):
        detectors.fit_worded("neglabel", np.eye(WIDTH), seen)
    with pytest.raises(ValueError, match="wanted one of mcm"):
        detectors.fit_worded("best", np.eye(WIDTH), seen)
    with pytest.raises(ValueError, match="length 0"):
        detectors.fit_worded("mcm", np.zeros((1, WIDTH)), seen)
    with pytest.raises(ValueError, match="columns"):
        detectors.fit_worded("mcm", np.eye(WIDTH + 1), seen)
