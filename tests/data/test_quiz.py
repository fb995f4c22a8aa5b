"""What pictures are asked in training, and what is known of the answers."""

from pathlib import Path

import numpy as np
import pytest

from radgloss.data import quiz
from radgloss.data.manifest import Entry
from radgloss.data.quiz import quiz_of
from radgloss.text.findings import FINDINGS, finding_type

THERE, NOT = {"present": True}, {"present": False}
STATED = ("Left pleural effusion.", "Right pleural effusion.", "There is a pleural effusion.")
DENIED = ("No pleural effusion.", "There is no pleural effusion.", "No effusion.")


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch):
    monkeypatch.setattr(quiz, "LEAST", 1)


def entry(**labels):
    return Entry(1, Path("study"), "p", exam="xr-chest", labels=labels)


def answers(entries, sentences, studies):
    """By question, the answer of every picture."""
    made = quiz_of(entries, sentences, studies)
    return {q.what: made.answers[:, k].tolist() for k, q in enumerate(made.questions)}


def test_a_caption_answers_what_it_states_and_denies_and_nothing_else():
    said = [STATED, DENIED, ("The heart is enlarged.",)]
    assert answers([entry()], said, [0, 0, 0])["pleural effusion"] == [1, -1, 0]


def test_a_study_without_the_finding_answers_no_for_all_its_pictures():
    entries = [entry(), entry(**{"pleural effusion": NOT}), entry(**{"pleural effusion": THERE})]
    said = [STATED + DENIED, ("Chest radiograph.",), ("Chest radiograph.",)]
    assert answers(entries, said, [0, 1, 2])["pleural effusion"][1:] == [-1, 0]


def test_a_side_is_asked_where_one_side_is_stated():
    said = [STATED[:1], STATED[1:2], STATED[:2], STATED[2:], DENIED]
    known = answers([entry()], said, [0] * 5)
    assert known["pleural effusion: right, not left"] == [-1, 1, 0, 0, 0]


def test_a_vaguer_name_is_true_of_what_is_shown_in_the_same_organ():
    opacity = ("Right lung opacity.", "There is a lung opacity.", "Left lung opacity.")
    clear = ("No lung opacity.", "There is no lung opacity.", "No pulmonary opacity.")
    nodule = entry(**{"lung opacity": THERE, "lung nodule": THERE})
    said = [opacity, clear, ("Left lung nodule.",), ("The heart is enlarged.",)]
    known = answers([entry(), nodule], said, [0, 0, 1, 1])
    assert known["lung opacity"] == [1, -1, 1, 0]


def test_a_name_of_the_users_own_is_no_mistake():
    known = answers([entry(**{"broken wing": THERE})], [STATED, DENIED], [0, 0])
    assert known["pleural effusion"] == [1, -1]


def test_a_question_needs_pictures_on_both_ends(monkeypatch):
    monkeypatch.setattr(quiz, "LEAST", 2)
    assert answers([entry()], [STATED, DENIED], [0, 0]) == {}


def test_sought_pictures_show_something_and_every_study_counts_the_same():
    """Three pictures of one study are drawn as often as the single one of another."""
    made = quiz_of([entry(), entry()], [STATED, STATED, STATED, STATED, DENIED], [0, 0, 0, 1, 1])
    drawn = np.array(made.sought(4000, np.random.default_rng(0)))
    assert set(drawn) == {0, 1, 2, 3}
    assert np.mean(drawn == 3) == pytest.approx(0.5, abs=0.03)


def test_wordings_are_statements_and_then_denials_of_the_same_questions():
    made = quiz_of([entry()], [STATED, DENIED], [0, 0])
    said = made.wordings(np.random.default_rng(0))
    half = len(made.questions)
    for q, yes, no in zip(made.questions, said[:half], said[half:], strict=True):
        assert yes in q.yes
        assert no in q.no


def test_a_name_is_asked_against_its_own_denial():
    """Every name of the table, in one half of the draws; without them, as captions say it."""
    named = quiz_of([entry()], [STATED, DENIED], [0, 0], words="names")
    (of,) = [q for q in named.questions if q.what == "pleural effusion"]
    assert ("Pleural effusion.", "No pleural effusion.") in of.twins
    rng = np.random.default_rng(0)
    drawn = [of.wording(rng) for _ in range(400)]
    assert np.mean([d in of.twins for d in drawn]) == pytest.approx(0.5, abs=0.1)
    assert quiz_of([entry()], [STATED, DENIED], [0, 0]).questions[0].twins == ()


def test_no_name_of_one_finding_is_asked_for_another():
    for row in FINDINGS:
        for yes, no in quiz.named(row.what, "", "No"):
            assert finding_type(yes.removesuffix(".")).what == row.what
            assert no.lower() == f"no {yes.lower()}"


def test_the_odds_are_those_of_what_is_drawn():
    """One of four pictures says yes, one is silent; drawn alike, and the first one thrice."""
    made = quiz_of([entry()], [STATED, DENIED, DENIED, ("Chest radiograph.",)], [0, 0, 0, 0])
    (q,) = [k for k, of in enumerate(made.questions) if of.what == "pleural effusion"]
    assert made.odds(np.full(4, 0.25))[q] == pytest.approx(np.log(1 / 2))
    assert made.odds(np.array([3, 1, 1, 1]) / 6)[q] == pytest.approx(np.log(3 / 2))


def test_sought_pictures_come_with_the_chances_that_are_said():
    made = quiz_of([entry(), entry()], [STATED, STATED, STATED, STATED, DENIED], [0, 0, 0, 1, 1])
    drawn = np.bincount(made.sought(4000, np.random.default_rng(0)), minlength=5) / 4000
    np.testing.assert_allclose(drawn, made.chances(), atol=0.03)


def test_a_whole_frame_is_sought_before_a_box():
    made = quiz_of([entry()], [STATED, STATED, DENIED], [0, 0, 0], [True, False, False])
    assert set(made.sought(50, np.random.default_rng(0))) == {1}
