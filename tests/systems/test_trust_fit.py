"""What is fitted on validation: sets that cover, and a detector that was measured."""

from dataclasses import replace

import numpy as np
import pytest

from radgloss.engine.aligner import Aligner
from radgloss.systems.alignment.asking import Asked
from radgloss.systems.alignment.fitting import Words, fit, words_of
from radgloss.systems.alignment.scoring import score
from tiny import checkpoint

EXAM, WHAT = "ct-abdomen", "liver cyst"


def studies(n, exam=EXAM, seed=0, shift=0.0):
    """Logits that know the truth fairly well; features around `shift`."""
    rng = np.random.default_rng(seed)
    out = []
    for k in range(n):
        true = k % 3 == 0
        out.append(
            Asked(exam, {WHAT: float(rng.normal(2.0 if true else -2.0, 1.5))}, {}, {WHAT: true}, {},
                  rng.normal(shift, 1, (3, 6)).astype(np.float32), np.ones(4, np.float32), "")
        )  # fmt: skip
    return out


def test_sets_cover_on_studies_that_took_no_part_and_the_card_says_how_often():
    trust = fit(studies(50), studies(300, seed=1))
    assert trust.sets[EXAM][WHAT].studied == (200, 100)
    told = []
    for seed in range(8):  # the promise is one over validation sets, too
        trust = fit(studies(50), studies(300, seed=10 + seed))
        row = score(studies(600, seed=100 + seed), trust)["labels"][EXAM][WHAT]["covered"]
        told.append([float(part.split()[0]) for part in row.split(", ")[:2]])
    assert np.mean(told, axis=0) == pytest.approx((0.9, 0.9), abs=0.035)


def test_the_detector_is_chosen_against_other_examinations_and_says_so():
    validation = [*studies(40, seed=1), *studies(40, "xr-chest", seed=2, shift=4.0)]
    trust = fit([*studies(50), *studies(50, "xr-chest", seed=5, shift=4.0)], validation)
    assert "40 familiar and 40 strange" in trust.chosen[EXAM]
    assert "mahalanobis" in trust.chosen[EXAM]
    assert trust.outliers[EXAM].foreign(studies(1, seed=9, shift=4.0)[0].features)


def test_without_another_examination_the_choice_is_called_unmeasured():
    trust = fit(studies(50), studies(40, seed=1))
    assert "not measured" in trust.chosen[EXAM]
    assert trust.outliers[EXAM].kind == "nearest"


def spoken(n, exam=EXAM, seed=0, near=(1.0, 0.0)):
    """Features that tell nothing apart; vectors that lie near one direction."""
    rng = np.random.default_rng(seed)
    out = []
    for one in studies(n, exam, seed):
        v = np.array(near) + 0.05 * rng.normal(size=(3, 2))
        unit = (v / np.linalg.norm(v, axis=1, keepdims=True)).astype(np.float32)
        out.append(replace(one, vectors=unit))
    return out


def test_every_detector_is_measured_and_the_best_is_kept_with_the_others_figures():
    """Only words tell these examinations apart, so a worded detector must win."""
    words = Words(np.array([[1.0, 0.0]], np.float32), np.array([[0.0, 1.0]], np.float32))
    validation = [*spoken(40, seed=1), *spoken(40, "xr-chest", seed=2, near=(0.0, 1.0))]
    trust = fit(spoken(50), validation, words={EXAM: words})
    assert trust.outliers[EXAM].kind in ("energy", "neglabel")
    for kind in ("nearest", "mahalanobis", "mcm", "energy", "neglabel"):
        assert kind in trust.chosen[EXAM]
    assert trust.outliers[EXAM].foreign(spoken(1, seed=9, near=(0.0, 1.0))[0].vectors)
    assert score(spoken(20, seed=7), trust)["refused_as_foreign"][EXAM] <= 0.25


def test_the_familiar_distances_are_kept_as_the_detector_gives_them():
    validation = studies(40, seed=1)
    trust = fit(studies(50), validation)
    found = sorted(trust.outliers[EXAM].score(a.features) for a in validation)
    assert trust.familiar[EXAM] == pytest.approx(found, abs=1e-5)
    assert np.mean(np.array(found) > trust.outliers[EXAM].threshold) <= 0.05


def test_strange_words_are_none_that_an_examinations_reports_state():
    found = words_of(Aligner(checkpoint()))
    for exam in ("ct-abdomen", "xr-chest"):
        assert len(found[exam].strange) == 100
        assert found[exam].known.shape[1] == found[exam].strange.shape[1]
        nearest = (found[exam].strange @ found[exam].known.T).max()
        assert nearest < 1 - 1e-6
