"""What pictures are asked to be called, and what they never are."""

import numpy as np
import pytest

from radgloss.data import naming
from radgloss.data.naming import naming_of
from radgloss.data.phantom.captions import captions_of
from radgloss.data.phantom.held_out import is_held_out_cell
from radgloss.data.phantom.patients import draw
from radgloss.data.phantom.study import simulate

T1, T2 = "Axial T1-weighted MR image", "T2-weighted MRI"
SAID = (
    [f"{T1} of the liver."],
    [f"{T2} of the liver."],
    [f"{T2} of the pancreas showing a 20 mm mass.", "There is a mass."],
    [f"{T2} of the pancreas."],
    [f"{T1} of the kidney."],
    [f"{T1} of the right kidney."],
    [f"{T1} of the abdomen.", "The liver is seen."],
    [f"{T2} through the mid abdomen."],
    ["No focal lesion."],
)
STUDIES = [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch):
    monkeypatch.setattr(naming, "LEAST", 1)


def told(made, k):
    """By name, what picture k answers."""
    return dict(zip(made.names, made.options([k])[0].tolist(), strict=True))


def test_a_picture_is_told_from_the_names_that_differ_in_one_part():
    """What differs in both is never held against it: that would say of every organ in which looks
    it has been met, and deny it the others."""
    made = naming_of(SAID, STUDIES)
    assert told(made, 0) == {
        ("MR T1", ""): 0, ("MR T1", "kidney"): -1, ("MR T1", "liver"): 1,
        ("MR T1", "right kidney"): -1, ("MR T2", ""): 0, ("MR T2", "liver"): -1,
        ("MR T2", "pancreas"): 0,
    }  # fmt: skip
    assert {n: v for n, v in told(made, 6).items() if v} == {("MR T1", ""): 1, ("MR T2", ""): -1}


def test_a_name_that_says_less_is_not_wrong():
    """A right kidney is a kidney; which kidney it is, the other caption does not say."""
    made = naming_of(SAID, STUDIES)
    assert told(made, 5)["MR T1", "kidney"] == told(made, 4)["MR T1", "right kidney"] == 0


def test_what_no_caption_names_is_no_choice_right_or_wrong():
    made = naming_of(SAID, STUDIES)
    assert ("MR T1", "pancreas") not in made.names
    assert not any("T1" in s and "pancreas" in s for s in made.wordings(np.random.default_rng(0)))
    assert not made.options([8]).any()  # its words say nothing of how it was taken


def test_a_caption_that_says_more_has_the_name_without_the_words():
    made = naming_of(SAID, STUDIES)
    assert told(made, 2)["MR T2", "pancreas"] == 1
    assert made.said[made.names.index(("MR T2", "pancreas"))] == (f"{T2} of the pancreas.",)


def test_drawn_pairs_are_balanced_and_come_with_the_chances_that_are_said():
    """Of two pictures of one pair and single ones of four, each pair comes as often."""
    made = naming_of(SAID, STUDIES)
    drawn = np.bincount(made.sought(6000, np.random.default_rng(0)), minlength=9) / 6000
    np.testing.assert_allclose(drawn[[0, 1, 4, 5]], 0.2, atol=0.02)
    np.testing.assert_allclose(drawn[[2, 3]], 0.1, atol=0.02)
    np.testing.assert_allclose(drawn, made.chances(), atol=0.02)
    assert not drawn[6:].any()  # whole frames are no pair


def test_shares_follow_the_chances():
    made = naming_of(SAID, STUDIES)
    share = np.exp(made.shares(np.full(9, 1 / 9)))
    assert share[made.names.index(("MR T2", "pancreas"))] == pytest.approx(2 / 8)
    assert share.sum() == pytest.approx(1)


@pytest.mark.parametrize("exam", ["mr-abdomen", "xr-chest"])
def test_no_pair_that_is_held_out_is_ever_asked_of_a_training_patient(exam):
    captions = [c for seed in (0, 1) for c in captions_of(simulate(draw(seed, exam)))]
    made = naming_of([c.sentences for c in captions], [0] * len(captions))
    assert len(made.names) > 3
    for look, of in made.names:
        organ = f"{of.split()[-1]}s" if of.endswith(("kidney", "lung")) else of
        assert not is_held_out_cell(organ, exam, look.partition(" ")[2]), (look, of)
