"""What is known of a study beside its report: columns exam, prior and sex of the references."""

import csv

import pytest

from radgloss.eval import scoring
from radgloss.eval.metrics.reports import checks
from radgloss.eval.metrics.reports.known import About, Reference, about
from radgloss.eval.metrics.reports.mistakes import mistakes
from radgloss.eval.metrics.reports.sums import NotAvailable
from radgloss.eval.scoring.reading import load, notes, pair


def table(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def scored(true, said):
    return {r.score.measure: r for r in scoring.score(true, said, rounds=0).rows}


def test_a_comparison_is_judged_by_whether_there_was_an_earlier_study():
    def wrong(reference, prior):
        told = Reference(reference, About(prior=prior))
        return mistakes(told, "Left effusion, unchanged.").comparison

    bare, compared = "Left effusion.", "Compared with last year: left effusion, larger."
    assert [wrong(bare, p) for p in (False, True, None)] == [1, 0, 1]
    assert [wrong(compared, p) for p in (False, True, None)] == [1, 0, 0]


def test_equal_texts_of_different_studies_are_judged_apart(tmp_path):
    rows = [{"report": "Left effusion.", "prior": p} for p in ("yes", "no")]
    said = ["Left effusion, unchanged."] * 2
    found = scored(table(tmp_path / "a.csv", rows), said)
    assert found["errors: comparison"].score.value == 0.5
    found = scored(table(tmp_path / "b.csv", rows[::-1]), said)
    assert found["errors: comparison"].score.value == 0.5


def test_each_report_is_read_as_of_its_own_examination(tmp_path):
    rows = [{"report": "8 mm nodule.", "exam": e} for e in ("xr-chest", "ct-abdomen")]
    said = ["8 mm lung nodule.", "8 mm lung nodule."]
    found = scored(table(tmp_path / "a.csv", rows), said)
    assert found["errors: missed"].score.value == 0.5
    assert found["label F1, micro 14"].score.n == 2  # the abdomen has no labels, and none wrong
    assert found["label F1, micro 14"].score.value == 1.0


def test_what_is_known_changes_no_measure_of_words(tmp_path):
    texts = ["Left effusion, 8 mm.", "No pneumothorax is seen.", "Heart size is normal."]
    said = ["Left effusion is seen.", "No pneumothorax.", "Normal heart size today."]
    bare = scored(texts, said)
    rows = [{"report": t, "prior": "no", "sex": "F", "exam": "xr-chest"} for t in texts]
    told = scored(table(tmp_path / "a.csv", rows), said)
    for name in ("BLEU-4", "ROUGE-L", "CIDEr-D", "fact F1", "errors: side"):
        assert told[name].score.value == bare[name].score.value


@pytest.mark.parametrize(
    ("said", "sex", "count"),
    [
        ("The uterus is normal.", "M", 1),
        ("No adnexal mass. The prostate is enlarged.", "M", 1),
        ("No adnexal mass. The prostate is enlarged.", "F", 1),
        ("Status post hysterectomy.", "M", 1),
        ("Free fluid in the pelvis. Bladder normal.", "M", 0),
        ("The uterus is normal.", "F", 0),
        ("The uterus is normal.", "", 0),
    ],
)
def test_organs_that_a_patient_has_not_are_counted(said, sex, count):
    true = [Reference("Free fluid.", About(sex=sex)), Reference("Free fluid.", About(sex="F"))]
    counts = checks.sex("ct-abdomen").count(true, [said, "Free fluid."])
    assert counts.tolist() == [[count, float(sex != "")], [0, 1]]


def test_without_sexes_nothing_is_said_of_them():
    with pytest.raises(NotAvailable, match="sex"):
        checks.sex().count(["Free fluid."], ["Free fluid."])


@pytest.mark.parametrize(
    ("true", "said", "tens"),
    [("8 mm left renal stone.", "8 cm left renal stone.", 1),
     ("1.2 cm liver cyst.", "1.2 mm liver cyst.", 1),
     ("1.2 cm liver cyst.", "12 mm liver cyst.", 0),
     ("8 mm left renal stone.", "18 mm left renal stone.", 0),
     ("Left renal stone.", "8 cm left renal stone.", 0)],
)  # fmt: skip
def test_a_wrong_unit_is_ten_times_off(true, said, tens):
    assert checks.unit().count([true], [said]).tolist() == [[tens, 1]]


def test_columns_are_read_and_what_is_strange_is_told(tmp_path):
    priors = ("yes", "NO", "", "0", "study-17", "false", "No prior")
    rows = [{"report": "Left effusion is seen.", "prior": p, "sex": s, "exam": e}
            for p, s, e in zip(priors, ("F", "male", "", "f", "M", "?", "o"),
                               ("xr-chest", "XR-Chest", "", "knee", "", "", ""),
                               strict=True)]  # fmt: skip
    pairs = pair(
        load(table(tmp_path / "a.csv", rows), "reference"), load([r["report"] for r in rows], "p")
    )
    known = [about(r) for r in pairs.references]
    assert [k.prior for k in known] == [True, False, None, False, True, False, False]
    assert [k.sex for k in known] == ["F", "M", "", "F", "M", "", ""]
    assert [k.exam for k in known] == ["xr-chest", "xr-chest", "", "", "", "", ""]
    told = " ".join(notes(pairs))
    assert "own examination (column exam): 2." in told
    assert "column prior): 6." in told
    assert "not known here" in told
    assert "without: 1." in told
