"""What vectors are good for, beside scikit-learn."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score
from sklearn.neighbors import KNeighborsClassifier

from radgloss.systems.representation import score

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 4, 200)
VECTORS = RNG.normal(size=(200, 5)) + 2 * RNG.normal(size=(4, 5))[CLASSES]


def test_agreement_is_scikit_learns_normalised_mutual_information():
    other = np.where(RNG.random(200) < 0.6, CLASSES, RNG.integers(0, 6, 200))
    theirs = normalized_mutual_info_score(CLASSES, other)
    assert score.agreement(CLASSES, other) == pytest.approx(theirs)
    assert score.agreement(CLASSES, 3 - CLASSES) == pytest.approx(1)
    assert score.agreement(CLASSES, np.zeros(200)) == pytest.approx(0)


def test_clusters_are_as_tight_as_scikit_learns():
    found = score.clusters(VECTORS, 4, seed=0)
    ours = sum(((VECTORS[found == c] - VECTORS[found == c].mean(0)) ** 2).sum() for c in range(4))
    theirs = KMeans(4, n_init=10, random_state=0).fit(VECTORS).inertia_
    assert ours <= 1.01 * theirs


def test_the_nearest_neighbour_is_scikit_learns():
    x, z = VECTORS[:150], VECTORS[150:]
    knn = KNeighborsClassifier(1, metric="cosine").fit(x, CLASSES[:150])
    theirs = knn.score(z, CLASSES[150:])
    assert score.nearest_alike(x, CLASSES[:150], z, CLASSES[150:]) == pytest.approx(theirs)
