"""What a draft is judged on: wrong sentences, whether it doubted them, large findings, medians."""

import numpy as np
import pytest

from radgloss.eval.evaluators import drafting, grounding
from radgloss.eval.evaluators.statements import caught, judged
from radgloss.eval.score import Examined, Score
from radgloss.types import (
    Case,
    Draft,
    Evidence,
    Finding,
    Image,
    Origin,
    Region,
    Report,
    Sentence,
    Study,
    Truth,
)

LEFT = Finding("pleural effusion", side="left")
SMALL = Finding("lung nodule", side="right", site="upper lobe", size_mm=(5.0,))
LARGE = Finding("lung mass", side="left", size_mm=(40.0,))
TUBE = Finding("endotracheal tube", size_mm=(5.0,))  # of a device: from its tip to the carina
HIDDEN = Finding("rib fracture", side="left")


def examined(visible, patient="p", prior=None, present=()):
    truth = Truth((*visible, *present), tuple(visible), tuple(visible), {})
    labels = {f.what: True for f in visible} | {"pneumothorax": False}
    return Examined(patient, "xr-chest", Case(Study("s", ()), prior=prior), truth, Report(), labels)


def draft(*said, confidence=None):
    sure = confidence or [None] * len(said)
    sentences = (Sentence(t, "findings", confidence=c) for t, c in zip(said, sure, strict=True))
    return Draft("s", tuple(sentences), Origin("", "", ""))


def values(scores):
    return {s.measure: s.value for s in scores}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("Left pleural effusion.", False),
        ("There is a pleural effusion.", False),
        ("Right pleural effusion.", True),  # another side
        ("Bilateral pleural effusions.", True),
        ("There is a pneumothorax.", True),  # invented
        ("Possible pneumothorax.", False),  # a doubt invents nothing
        ("No pneumothorax.", False),
        ("No pleural effusion.", True),  # one can be seen
        ("No right pleural effusion.", False),
        ("No large pleural effusion.", False),  # denies the large ones only
        ("Left pleural effusion, unchanged.", True),  # since when?
        ("Left rib fracture.", False),  # there, and not to be seen
        ("The study was made at the bedside.", False),
    ],
)
def test_a_sentence_is_wrong_for_what_its_own_words_state(said, wrong):
    (one,) = judged(examined([LEFT], present=[HIDDEN]), draft(said))
    assert one.wrong == wrong


def test_with_an_earlier_study_a_comparison_may_be_true():
    case = examined([LEFT], prior=Study("earlier", ()))
    assert not judged(case, draft("Left pleural effusion, unchanged."))[0].wrong


def test_the_least_sure_fifth_holds_all_errors_of_a_draft_that_knows_and_a_fifth_of_any_other():
    said = ["There is a pneumothorax.", *["Left pleural effusion."] * 9]
    cases = [examined([LEFT], f"p{k}") for k in range(8)]

    def share(confidence):
        drafts = [draft(*said, confidence=confidence)] * 8
        return values(drafting.drafted(cases, drafts))["errors among the 20 % least sure"]

    assert share([0.1, *[0.9] * 9]) == 1
    assert share([0.9, *[0.1] * 9]) == 0
    assert share([0.5] * 10) == pytest.approx(0.2)
    assert np.isnan(share([None] * 10))
    assert values(drafting.drafted(cases, [draft(*said)] * 8))["wrong sentences"] == 0.1


def test_sentences_without_a_confidence_are_nobodys_doubt():
    assert caught(np.array([np.inf, 0.2, 0.9, 0.9, 0.9]), np.array([1.0, 0, 0, 0, 0])) == 0


def test_what_is_smaller_than_eight_millimetres_is_left_out_on_both_sides():
    case = examined([SMALL, LARGE, TUBE])
    large = "Left lung mass, 40 mm."
    tube = "Endotracheal tube 5 mm above the carina."

    def both(*said):
        found = values(drafting.drafted([case], [draft(*said)]))
        return found["fact F1"], found[drafting.LARGE]

    assert both(large, tube) == (pytest.approx(0.8), 1)
    assert both(large, tube, "5 mm nodule in the right upper lobe.") == (1, 1)
    assert both(large) == (pytest.approx(0.5), pytest.approx(2 / 3))  # a tube is never too small
    assert both(large, tube, "There is a pneumothorax.")[1] == pytest.approx(0.8)


def test_the_ceiling_is_the_measure_of_what_can_be_found():
    mine = (Score("draft", drafting.LARGE, 0.6, 0.5, 0.7, 40),)
    best = (Score("draft", drafting.LARGE, 0.8, 0.7, 0.9, 40),)
    (share,) = drafting.of_ceiling(mine, best)
    assert (share.value, share.low, share.high) == pytest.approx((0.75, 0.625, 0.875))
    assert drafting.of_ceiling(mine, ()) == ()
    assert drafting.of_ceiling(mine, (Score("draft", drafting.LARGE, float("nan")),)) == ()


def test_medians_have_intervals_over_patients():
    cases = [examined([LARGE], f"p{k}") for k in range(12)]
    drafts = [draft(f"Left lung mass, {40 + k % 3} mm.") for k in range(12)]
    (found,) = [s for s in drafting.drafted(cases, drafts) if s.measure == "size error, median mm"]
    assert found.value == 1
    assert found.measured
    assert found.low <= 1 <= found.high


def test_words_are_read_where_a_drafter_never_says_what_they_state():
    mask = np.zeros((1, 8, 8), bool)
    mask[0, 2:5, 2:5] = True
    truth = Truth((LEFT,), (LEFT,), (LEFT,), {"i": {"pleural effusion#0": mask}})
    picture = Image("i", np.zeros((1, 8, 8), np.float32), np.eye(4), "DX")
    case = Examined("p", "xr-chest", Case(Study("s", (picture,))), truth, Report(), {})
    place = Evidence("region", 1.0, "i", region=Region((0, 2, 2), (0, 4, 4)))
    said = Sentence("Left pleural effusion.", "findings", evidence=(place,))
    pointing, _ = grounding.grounded([case], [Draft("s", (said,), Origin("", "", ""))])
    assert (pointing.value, pointing.n) == (1, 1)
