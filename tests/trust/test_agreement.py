"""The gate that a precision has to pass, against closed forms and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from radgloss.trust.agreement import (
    LIMITS,
    Agreement,
    agreement,
    auroc_change,
    centred_cosine,
    overlap,
)

GOOD = Agreement(0.999, 0.99, 0.001, 200, 10)


def vectors(n=120, d=16, seed=0):
    v = np.random.default_rng(seed).normal(size=(n, d)) + 5.0  # a narrow cone
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def test_the_same_vectors_agree_wholly():
    v = vectors()
    truth = np.arange(120) % 2 == 0
    found = agreement(v, v, {"x": (v[:, 0], v[:, 0], truth)})
    assert (round(found.cosine, 9), found.overlap, found.auroc) == (1.0, 1.0, 0.0)
    assert (found.studies, found.labels, found.faults()) == (120, 1, ())


def test_strangers_in_one_cone_do_not_pass_for_each_other():
    a, b = vectors(seed=0), vectors(seed=1)
    assert (a * b).sum(1).mean() > 0.95  # as plain cosines have it
    assert abs(centred_cosine(a, b).mean()) < 0.2
    assert overlap(a, b) < 0.2


def test_overlap_is_that_of_sklearns_neighbours():
    a = vectors()
    b = a + np.random.default_rng(3).normal(0, 0.02, a.shape)
    b /= np.linalg.norm(b, axis=1, keepdims=True)
    near = [NearestNeighbors(n_neighbors=11, metric="cosine").fit(v).kneighbors(v)[1][:, 1:]
            for v in (a, b)]  # fmt: skip
    wanted = np.mean([len({*p} & {*q}) / 10 for p, q in zip(*near, strict=True)])
    assert overlap(a, b) == pytest.approx(wanted)


def test_the_change_of_auroc_is_sklearns():
    rng = np.random.default_rng(0)
    truth = rng.random(80) < 0.3
    a, b = rng.normal(size=(2, 80)) + truth
    wanted = roc_auc_score(truth, b) - roc_auc_score(truth, a)
    assert auroc_change(a, b, truth)[0] == pytest.approx(wanted)
    assert auroc_change(np.round(a), np.round(b), truth)[0] == pytest.approx(
        roc_auc_score(truth, np.round(b)) - roc_auc_score(truth, np.round(a))
    )  # ties count half


def test_the_spread_of_the_change_is_that_of_resampled_studies():
    rng = np.random.default_rng(1)
    truth = np.arange(240) % 3 == 0
    a = rng.normal(size=240) + truth
    b = a + rng.normal(0, 0.3, 240)
    where = [np.flatnonzero(truth), np.flatnonzero(~truth)]
    drawn = []
    for _ in range(600):
        k = np.concatenate([rng.choice(w, len(w)) for w in where])
        drawn.append(auroc_change(a[k], b[k], truth[k])[0])
    assert auroc_change(a, b, truth)[1] == pytest.approx(np.std(drawn), rel=0.12)


def test_a_rare_label_is_told_and_decides_nothing():
    """Five of a hundred: two pairs that trade places are beyond the limit already."""
    v = vectors()
    often, rare = np.arange(120) % 2 == 0, np.arange(120) < 5
    same, order = often + 0.0, np.arange(120.0, 0, -1)
    swapped = order.copy()
    swapped[[3, 4, 5, 6]] = order[[5, 6, 3, 4]]
    found = agreement(v, v, {"often": (same, same, often), "rare": (order, swapped, rare)})
    assert found.rare > LIMITS["auroc"]
    assert (found.labels, found.auroc, found.label, found.faults()) == (1, 0.0, "often", ())
    alone = agreement(v, v, {"rare": (order, swapped, rare)})
    assert len(alone.faults()) == 1  # nothing was asked of it
    assert "no label" in alone.faults()[0]


def test_one_label_that_changed_is_enough_to_fail():
    v = vectors()
    truth = np.arange(120) % 2 == 0
    same, turned = truth + 0.0, 1.0 - truth
    found = agreement(v, v, {"kept": (same, same, truth), "turned": (same, turned, truth)})
    assert found.auroc == 1.0
    assert found.label == "turned"
    assert found.low == found.high == -1.0  # certain: no pair kept its order
    assert len(found.faults()) == 1


@pytest.mark.parametrize(
    "worse",
    [
        Agreement(LIMITS["cosine"] - 1e-6, 0.99, 0.001, 200, 10),
        Agreement(0.999, LIMITS["overlap"] - 1e-6, 0.001, 200, 10),
        Agreement(0.999, 0.99, LIMITS["auroc"] + 1e-6, 200, 10),
        Agreement(0.999, 0.99, 0.001, 49, 10),
        Agreement(float("nan"), 0.99, 0.001, 200, 10),
    ],
)
def test_each_limit_fails_alone(worse):
    assert GOOD.faults() == ()
    assert len(worse.faults()) == 1
