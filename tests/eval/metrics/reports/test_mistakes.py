"""Each class of error sees its own error and no other; the same report has none."""

import pytest

from radgloss.eval.metrics.reports.mistakes import CLASSES, Mistakes, fact_f1, mistakes, six_classes
from radgloss.eval.metrics.reports.sums import NotAvailable

CASES = (
    ("Small left pleural effusion.", "Small left pleural effusion.", {}),
    ("Left pleural effusion.", "Right pleural effusion.", {"side": 1}),
    ("The lungs are clear.", "8 mm nodule in the left upper lobe.", {"invented": 1}),
    ("8 mm nodule in the left upper lobe.", "The pancreas is normal.", {"missed": 1}),
    ("No pneumothorax.", "There is a pneumothorax.", {"negation": 1}),
    ("There is a pneumothorax.", "No pneumothorax.", {"negation": 1}),
    ("8 mm left renal stone.", "18 mm left renal stone.", {"size": 1}),
    ("8 mm left renal stone.", "0.8 cm left renal stone.", {}),
    ("Mild cardiomegaly.", "Severe cardiomegaly.", {"size": 1}),
    ("Small effusion.", "Trace effusion.", {"size": 1}),
    ("Left effusion.", "Left effusion, unchanged.", {"comparison": 1}),
    ("Left effusion, larger than before.", "Left effusion, unchanged.", {}),
    ("Comparison: none.\nFindings: Left effusion.", "Left effusion, increased.", {"comparison": 1}),
    ("No prior studies. Left effusion.", "Left effusion, increased.", {"comparison": 1}),
    ("Right effusion. Left effusion.", "Bilateral effusions.", {}),
    ("Left effusion.", "Bilateral effusions.", {"invented": 1}),
    ("Possible pneumonia.", "Pneumonia.", {}),
    ("Left effusion.", "Effusion.", {}),
    ("Left effusion.", "", {"missed": 1}),
    ("Left effusion.", "Effusion gauche.", {}),
)


@pytest.mark.parametrize(("true", "said", "wrong"), CASES)
def test_each_error_is_of_one_class(true, said, wrong):
    assert mistakes(true, said) == Mistakes(**wrong)


def test_stones_are_paired_so_that_they_agree():
    true = "5 mm stone in the left kidney. 12 mm stone in the right kidney."
    said = "12 mm stone in the right kidney. 5 mm stone in the left kidney."
    assert mistakes(true, said).all == 0


def value(family, true, said):
    sums = family.count(true, said).sum(0)
    return {m.name: float(m.value(sums)) for m in family.members}


def test_errors_are_a_mean_over_reports():
    true = ["Left effusion.", "No pneumothorax."]
    found = value(six_classes(), true, ["Right effusion.", "No pneumothorax."])
    assert found["errors: side"] == found["errors: all"] == 0.5
    assert found["reports without error"] == 0.5
    assert set(found) == {
        *(f"errors: {c}" for c in CLASSES),
        "errors: all",
        "reports without error",
    }


def test_fact_f1_counts_both_sides_of_the_corpus():
    true = ["Left effusion. Cardiomegaly.", "8 mm nodule in the right upper lobe."]
    said = ["Left effusion.", "18 mm nodule in the right upper lobe."]
    found = value(fact_f1(), true, said)
    assert found["fact F1"] == pytest.approx(4 / 5)  # two hits; three true and two said
    assert found["fact F1, every field"] == pytest.approx(2 / 5)  # the size is not the same
    assert value(fact_f1(), true, true)["fact F1, every field"] == 1


def test_denials_count_where_they_are_asked_for():
    found = value(fact_f1(), ["No effusion. Cardiomegaly."], ["Cardiomegaly."])
    assert found["fact F1"] == 1
    assert found["fact F1, with denials"] == pytest.approx(2 / 3)


def test_a_foreign_denial_is_never_read_as_a_finding():
    true = ["Kein Pneumothorax. Herz normal groß.", "Erguss rechts, kein Pneumothorax."]
    with pytest.raises(NotAvailable, match="2 of 2"):
        six_classes().count(true, true)


def test_telegrams_of_english_are_english():
    true = ["Left effusion.", "No PTX.", "NAD", "Non-obstructing 5 mm renal stone, right."]
    assert value(six_classes(), true, true)["errors: all"] == 0


@pytest.mark.parametrize("family", [six_classes(), fact_f1()])
def test_a_language_that_is_not_read_gives_no_figure(family):
    with pytest.raises(NotAvailable, match="English"):
        family.count(["Kein Erguss.", "胸部未见异常"], ["Kein Erguss.", "胸部未见异常"])
