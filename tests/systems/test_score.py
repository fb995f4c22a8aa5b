"""What vectors are good for, beside scikit-learn."""

from types import SimpleNamespace

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


def test_only_pictures_cut_to_an_organ_are_gathered_by_organ():
    """The first pixel tells the organ; whole pictures and those with a finding are not asked."""
    rng = np.random.default_rng(1)
    organs = ("liver", "spleen", "pancreas")
    said = [[f"Axial portal venous CT of the {organs[k % 3]}."] for k in range(90)]
    said += [["Axial portal venous CT of the abdomen."]] * 30
    pixels = rng.integers(0, 10, (120, 3, 4, 4), np.uint8)
    pixels[:90, :, 0, 0] += 80 * (np.arange(90) % 3).astype(np.uint8)[:, None]
    pixels[90:, :, 0, 0] = rng.integers(0, 255, (30, 1))
    pairs = SimpleNamespace(pictures=pixels, sentences=said)
    seeing = SimpleNamespace(describe=lambda images: images[:, :1, 0, 0])
    blind = SimpleNamespace(describe=lambda images: images[:, :1, 3, 3])
    before = np.array([[-2.0], [2.0]])
    assert score._organs(seeing, before, pairs, 0)["organs"] == 1
    nothing = score._organs(blind, before, pairs, 0)
    assert nothing["organs"] == pytest.approx(nothing["organs_by_chance"], abs=0.05)
    none = SimpleNamespace(pictures=pixels[90:], sentences=said[90:])
    assert score._organs(seeing, before, none, 0) == {"organs": None}
