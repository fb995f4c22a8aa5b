"""What stands on a sheet: baselines nobody can praise, perturbations with known answers, tests."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from radgloss import InputRejected
from radgloss.cli import app
from radgloss.eval import scoring
from radgloss.eval.metrics.reports import bleu, cider, labels, mistakes, rouge
from radgloss.eval.scoring import page
from radgloss.eval.scoring.baselines import baselines
from radgloss.eval.scoring.perturb import PERTURBATIONS
from radgloss.eval.scoring.reading import Pairs
from radgloss.eval.scoring.sheet import measured

QUICK = (mistakes.six_classes(), mistakes.fact_f1(), labels.chexpert(), bleu.coco(), rouge.google(),
         cider.cider_d())  # fmt: skip
CHANGE = {p.name: p.change for p in PERTURBATIONS}


def reports(n=60, seed=0):
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        side, other = rng.permutation(["left", "right"])
        found.append(
            f"{rng.choice(['Small', 'Large'])} {side} pleural effusion. "
            f"{rng.integers(4, 29)} mm nodule in the {other} upper lobe. "
            f"{rng.choice(['No pneumothorax.', 'There is no consolidation.', 'No fracture.'])} "
            f"{rng.choice(['The heart is enlarged.', 'The lungs are hyperinflated.', ''])}"
        )
    return found


def pairs(true, said, patients=None):
    return Pairs(tuple(true), tuple(said), tuple(patients or range(len(true))))


TRUE = reports()


@pytest.fixture(scope="module")
def sheet():
    said = [CHANGE["sides swapped"](t) if n % 2 else t for n, t in enumerate(TRUE)]
    good = [*TRUE[:55], *said[55:]]
    return measured(pairs(TRUE, said), QUICK, {"good": good}, rounds=500)


def test_every_score_has_interval_signature_and_three_baselines(sheet):
    for row in sheet.rows:
        s = row.score
        assert s.low <= s.value <= s.high, s.measure
        assert "|" in row.signature
        assert set(row.beside) == {"constant", "random", "nearest", "good"}


def value(sheet, measure):
    return next(r.score.value for r in sheet.rows if r.score.measure == measure)


def test_swapped_sides_are_errors_of_side_and_hardly_move_bleu(sheet):
    assert value(sheet, "errors: side") == 1.0  # two in every second report
    assert value(sheet, "errors: all") == 1.0
    assert value(sheet, "BLEU-1") > 0.99


def test_the_better_system_is_found_better_and_p_is_corrected(sheet):
    one = next(c for c in sheet.comparisons
               if (c.measure, c.against) == ("errors: side", "good"))  # fmt: skip
    assert one.difference > 0
    assert one.p <= one.holm
    assert one.holm < 0.5
    assert one.low <= one.difference <= one.high


def test_what_a_measure_does_not_see_is_said(sheet):
    seen = {(p.measure, p.perturbation): p.noticed for p in sheet.probes}
    assert seen["errors: all", "sides swapped"]
    assert seen["fact F1", "“no” deleted"]
    assert seen["fact F1, every field", "sizes doubled"]
    assert not seen["fact F1", "sizes doubled"]
    assert not seen["BLEU-1", "sides swapped"]
    assert not seen["label F1, micro 14", "sides swapped"]
    for p in sheet.probes:
        if p.perturbation == "capitals":
            assert p.share == pytest.approx(0, abs=1e-9), p
    told = page.text(sheet)
    line = next(x for x in told.splitlines() if x.startswith("- ") and "BLEU-1" in x)
    assert "does not notice sides swapped" in line


def test_few_reports_say_nothing_of_what_is_noticed():
    found = measured(pairs(TRUE[:3], TRUE[:3]), QUICK, rounds=0)
    assert all(p.noticed is None for p in found.probes)


def test_a_right_report_loses_nothing_and_a_strangers_everything():
    found = measured(pairs(TRUE, TRUE), QUICK, rounds=0)
    for row in found.rows:
        best = {"low": 0.0, "high": 10.0 if row.score.measure == "CIDEr-D" else 1.0}
        if "macro" not in row.score.measure and "5" not in row.score.measure:
            assert row.score.value == pytest.approx(best[row.score.aim]), row
            strange = row.beside["random"]
            if row.score.measure not in ("errors: comparison", "errors: negation"):
                assert (strange < row.score.value) == (row.score.aim == "high"), row


CHANGES = {
    "sides swapped": ("Left effusion, LEFT lung.", "Right effusion, RIGHT lung."),
    "“no” deleted": ("No evidence of effusion. No cyst.", "effusion. cyst."),
    "sizes doubled": ("3.5 x 2 cm mass, 12-mm cyst, T1.", "7 x 4 cm mass, 24-mm cyst, T1."),
    "mm for cm": ("3.5 cm mass, 12mm cyst.", "3.5 mm mass, 12cm cyst."),
    "severity changed": ("Mild edema, small bowel normal.", "Severe edema, small bowel normal."),
    "finding dropped": ("Heart normal. Left effusion. Effusion again.", "Heart normal. "),
    "finding added": ("Clear.", "Clear. There is a moderate right pleural effusion."),
    "“unchanged” added": ("Left effusion. Clear.", "Left effusion, unchanged. Clear."),
    "sentences reversed": ("FINDINGS: A. B.\nIMPRESSION: C.", "FINDINGS: B. A.\nIMPRESSION: C."),
    "synonyms": ("No evidence of oedema.", "No edema."),
    "capitals": ("a mass", "A MASS"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_each_perturbation_changes_what_it_says(name):
    before, after = CHANGES[name]
    assert CHANGE[name](before).strip() == after.strip()
    assert set(CHANGES) == set(CHANGE)


def test_baselines_never_take_a_patients_own_report():
    true = [f"report {n} of {n // 2}" for n in range(20)]
    owners = [n // 2 for n in range(20)]
    found = baselines(pairs(true, true, owners))
    for name in ("random", "nearest"):
        taken = [owners[true.index(t)] for t in found[name]]
        assert all(a != b for a, b in zip(taken, owners, strict=True)), name
    assert len(set(found["constant"])) == 1


def test_the_nearest_is_the_nearest_and_training_reports_are_preferred():
    train = ["Left effusion seen.", "Normal study.", "Normal study again."]
    found = baselines(pairs(["a", "b"], ["Right effusion seen.", "Normal"]), train)
    assert found["nearest"][0] == train[0]
    assert found["nearest"][1].startswith("Normal")
    assert found["constant"][0] in train
    assert set(found["random"]) <= set(train)


def test_a_system_that_says_one_thing_is_named():
    said = ["The lungs are clear."] * len(TRUE)
    found = measured(pairs(TRUE, said), (bleu.coco(),), rounds=0)
    assert found.distinct.collapsed
    assert "nearly the same of everybody" in page.text(found)


def test_the_same_seed_gives_the_same_sheet():
    once, again = (measured(pairs(TRUE, reports(seed=1)), QUICK, rounds=200, seed=3)
                   for _ in range(2))  # fmt: skip
    assert page.plain(once) == page.plain(again)


@pytest.mark.parametrize(
    "said", [[""] * 60, ["x"] * 60, ["胸部未见异常。"] * 60, ["\ufffd\ufffd effusion"] * 60]
)
def test_odd_predictions_are_scored_and_finite(said):
    found = measured(pairs(TRUE, said), QUICK, rounds=50)
    assert all(math.isfinite(r.score.value) for r in found.rows)


def test_one_pair_has_values_without_intervals():
    found = measured(pairs(TRUE[:1], TRUE[:1]), QUICK, rounds=50)
    assert value(found, "BLEU-4") == pytest.approx(1.0)
    assert not any(r.score.measured for r in found.rows)
    assert next(r for r in found.rows if r.score.measure == "CIDEr-D").absent
    assert page.text(found)


def test_fifty_thousand_words_are_scored():
    long = " ".join(TRUE * 60)[:300_000]
    assert len(long.split()) > 45_000
    for family in (QUICK[0], QUICK[1], bleu.coco(), rouge.google()):
        assert np.isfinite(family.count([TRUE[0], long], [long, TRUE[0]])).all()


def test_the_page_shows_the_table_that_was_measured():
    root = Path(__file__).parents[3]
    told = (root / "docs" / "metrics.md").read_text().split("<!-- measured -->")[1].strip()
    newest = max((root / "benchmarks" / "results").glob("metrics-*.md")).read_text()
    assert told
    assert told in newest


def test_unknown_options_are_refused():
    for options in ({"exam": "x"}, {"tokenizer": "x"}, {"bert": "x"}, {"bert": "x:y"}):
        with pytest.raises(InputRejected) as problem:
            scoring.score(TRUE, TRUE, **options)
        assert problem.value.code == "score-option"


def test_the_command_prints_writes_and_refuses(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no Java: METEOR would take seconds
    true, said = tmp_path / "true.txt", tmp_path / "said.txt"
    true.write_text("\n".join(TRUE[:8]))
    said.write_text("\n".join(TRUE[1:9]))
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["score", str(true), str(said), "--other", f"same={true}",
                                    "--rounds", "50", "-o", str(out)])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "system less same" in done.output
    assert "METEOR: needs Java" in done.output
    assert {p.name for p in out.iterdir()} == {"score.md", "score.json", "mistakes.csv"}
    assert (out / "score.md").read_text() == done.output
    assert len((out / "mistakes.csv").read_text().splitlines()) == 9
    machine = CliRunner().invoke(app, ["score", str(true), str(said), "--rounds", "0", "--json"])
    told = json.loads(machine.output)
    assert told["rows"][0]["score"]["low"] is None
    assert {p["noticed"] for p in told["probes"]} >= {True, False}
    wrong = CliRunner().invoke(app, ["score", str(true), str(said), "--other", "random=x"])
    assert wrong.exit_code == 2
    said.write_text("\n".join(TRUE[:7]))
    with pytest.raises(InputRejected, match="7 predictions for 8 references"):
        CliRunner().invoke(app, ["score", str(true), str(said)], catch_exceptions=False)
