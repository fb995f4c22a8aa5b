"""A label in the user's words has no calibration, and a set has a coverage that was fitted."""

from dataclasses import replace

import pytest

from radgloss import wiring
from radgloss.engine.aligner import UNCALIBRATED
from radgloss.text.banks import bank_set
from radgloss.text.prompts import Bank, plain
from radgloss.trust import Conformal
from radgloss.types import InputRejected, Study
from tiny import checkpoint, image

CYST = Bank(("A cyst in the liver.",), ("The liver is clear.",))
NEVER = float("-inf")


@pytest.fixture
def ct():
    return Study("9.9", (image(),))


def model(**sets):
    known = checkpoint()
    fitted = {"ct-abdomen": {k: Conformal(0.1, v, (20, 20), True) for k, v in sets.items()}}
    return wiring.Model(replace(known, trust=replace(known.trust, sets=fitted)))


def bank(banks=None):
    return bank_set("mine", "1", banks or {"liver cyst": CYST})


def test_the_users_words_replace_the_models_and_lose_its_calibration(ct):
    known = model()
    (own,) = wiring.label_rows([ct], ["Hepatic cyst"], known, bank())
    (theirs,) = wiring.label_rows([ct], ["hepatic cyst"], known)
    assert own["abstained"]
    assert UNCALIBRATED in own["why"]
    assert str(bank()) in own["why"]
    assert own["words"] == str(bank())
    assert own["probability"] == ""
    assert not theirs["abstained"]
    direction = known.aligner._prompt(CYST.present) - known.aligner._prompt(CYST.absent)
    scores = known.aligner._scale * known.aligner.see(ct)[0].vectors @ direction
    assert own["logit"] == pytest.approx(float(sorted(scores)[-2] + max(scores)) / 2, abs=1e-3)


def test_labels_outside_the_bank_keep_their_calibration(ct):
    (row,) = wiring.label_rows([ct], ["kidney stone"], model(), bank())
    assert not row["abstained"]


def test_without_labels_the_banks_are_asked(ct):
    two = bank({"liver cyst": CYST, "blob": plain("blob")})
    assert [r["label"] for r in wiring.label_rows([ct], [], model(), two)] == ["liver cyst", "blob"]


def test_a_sentence_that_the_model_would_cut_is_refused_before_any_study():
    def studies():
        raise AssertionError("a study was read")
        yield

    long = Bank(("Cyst " * 500,), ("No cyst.",))
    with pytest.raises(InputRejected) as error:
        wiring.label_rows(studies(), [], model(), bank({"blob": long}))
    assert error.value.code == "text-too-long"


def test_sets_have_a_coverage_that_was_fitted_or_none(ct):
    known = model(**{"liver cyst": (NEVER, NEVER)})
    asked = ["liver cyst", "kidney stone"]
    cyst, stone = wiring.label_rows([ct], asked, known, coverage=0.9)
    assert cyst["remaining"] == ["absent", "present"]
    assert cyst["coverage"] == 0.9
    assert stone["remaining"] is None  # none was fitted for it
    with pytest.raises(InputRejected, match=r"wanted 0\.9") as error:
        wiring.label_rows([ct], asked, known, coverage=0.99)
    assert error.value.code == "coverage"
    (own,) = wiring.label_rows([ct], [], known, bank(), coverage=0.9)
    assert own["remaining"] is None  # fitted for other sentences


def test_a_name_of_the_users_vocabulary_gets_the_findings_own_answer(ct):
    known = model()
    (mine,) = wiring.label_rows([ct], ["steatotic blob"], known,
                                called={"steatotic blob": "liver cyst"})  # fmt: skip
    (theirs,) = wiring.label_rows([ct], ["liver cyst"], known)
    assert mine["label"] == "steatotic blob"
    assert mine["finding"] == "liver cyst"
    assert mine["probability"] == theirs["probability"]


def test_an_empty_label_is_refused():
    with pytest.raises(InputRejected, match="no words"):
        wiring.label_rows([], [" "], model())
