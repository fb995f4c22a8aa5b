"""`radgloss eval`: each study is asked once, nothing is fitted where it is judged, figures hold."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

import radgloss
import tiny
from radgloss import checkpoint as checkpoints
from radgloss.bench.manifest import figures, hearing, page, plots
from radgloss.bench.manifest.hearing import Answer, Said
from radgloss.data import phantom
from radgloss.data.manifest import Entry
from radgloss.engine import precision as precisions
from radgloss.eval.metrics.abstaining import risk_coverage
from radgloss.types import Embedding, InputRejected, Prediction, Report
from radgloss.wiring import judging

FINDING = "pleural effusion"


class Engine:
    """Says what brightness says; counts how often it was asked."""

    space = "grey"

    def __init__(self):
        self.asked = 0

    def label(self, study, labels):
        self.asked += 1
        grey = float(np.mean([i.pixels.mean() for i in study.images])) / 1000
        return tuple(Prediction(n, float(1 / (1 + np.exp(-grey))), grey) for n in labels)

    def embed_study(self, study):
        return Embedding(np.array([1, 0], np.float32), self.space)

    embed_image = embed_study

    def embed_text(self, text):
        return Embedding(np.array([len(text) % 2, 1], np.float32), self.space)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Six films, half of them to choose on and half to judge."""
    place = tmp_path_factory.mktemp("films")
    jobs = phantom.plan(6, 7, ("xr-chest",), (), 0)
    phantom.generate(jobs, place, workers=1, segments=False)
    rows = [json.loads(x) for x in (place / "manifest.jsonl").read_text().splitlines()]
    for k, row in enumerate(rows):
        row["split"] = ("val", "test")[k % 2]
        row["labels"] = {FINDING: {"present": k < 3}, "pneumothorax": {}}
    path = place / "eval.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


@pytest.fixture
def engine(monkeypatch):
    made = Engine()
    monkeypatch.setattr(judging, "engine", lambda name, precision=None: made)
    return made


def test_a_study_is_asked_once_however_often_the_run_was_ended(manifest, engine, tmp_path):
    def stop(stage, done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        radgloss.evaluate("m", manifest, tmp_path, audited=0, progress=stop)
    sheet = radgloss.evaluate("m", manifest, tmp_path, audited=0)
    assert engine.asked == sheet.about["studies"] == 3
    lines = (tmp_path / "answers-test.jsonl").read_bytes()
    (tmp_path / "answers-test.jsonl").write_bytes(lines[:-9])  # cut short
    again = radgloss.evaluate("m", manifest, tmp_path, audited=0)
    assert engine.asked == 4
    assert page.plain(again) == page.plain(sheet)


def test_no_patient_and_no_word_of_a_report_is_in_the_lines(manifest, engine, tmp_path):
    radgloss.evaluate("m", manifest, tmp_path, audited=1)
    written = (tmp_path / "answers-test.jsonl").read_text()
    assert "PHANTOM-" not in written
    assert "lung" not in written
    first = json.loads(written.splitlines()[1])
    assert list(first["true"]) == [FINDING]  # what nobody knows is not asked
    assert set(first["controls"]) == {"blank", "shuffled"}
    assert first["controls"]["blank"][FINDING]["logit"] == 0


def test_points_are_never_chosen_on_the_studies_that_are_judged(manifest, engine, tmp_path):
    with pytest.raises(InputRejected) as refused:
        radgloss.evaluate("m", manifest, tmp_path, thresholds="test")
    assert refused.value.code == "fit-on-test"
    assert not engine.asked
    radgloss.evaluate("m", manifest, tmp_path, thresholds="val", audited=0)
    assert engine.asked == 6


def test_answers_of_another_model_or_to_other_studies_are_not_taken(manifest, engine, tmp_path):
    radgloss.evaluate("m", manifest, tmp_path, audited=0)
    with pytest.raises(InputRejected, match="another model"):
        radgloss.evaluate("n", manifest, tmp_path, audited=0)
    with pytest.raises(InputRejected, match="no study"):
        radgloss.evaluate("m", manifest, tmp_path, split="train")


def test_a_precision_is_told_and_its_answers_are_its_own(manifest, tmp_path, monkeypatch):
    """Whatever this processor can: the model itself stands for its half."""
    c = tiny.checkpoint()
    checkpoints.save(tmp_path / "tiny", "clip", c.model, c.preprocess, c.tokenizer, {}, c.trust,
                     c.support)  # fmt: skip
    taken = []
    monkeypatch.setattr(precisions, "check", lambda precision: None)
    monkeypatch.setattr(precisions, "within", lambda m, p: taken.append(p) or m)

    def judged(folder, precision):
        return radgloss.evaluate(
            tmp_path / "tiny", manifest, tmp_path / folder, audited=0, precision=precision
        )

    assert judged("a", "bf16").about["precision"] == "bf16"
    assert judged("b", None).about["precision"] == "fp32"
    assert judged("c", "auto").about["precision"] == "fp32, chosen by auto"  # never measured
    assert taken == ["bf16", "fp32", "fp32"]
    with pytest.raises(InputRejected, match="another model"):
        judged("a", "fp32")


def test_a_precision_is_not_asked_of_a_model_from_outside(manifest, tmp_path):
    with pytest.raises(InputRejected, match="Leave --precision out") as refused:
        radgloss.evaluate("mine:Mine", manifest, tmp_path, precision="int8")
    assert refused.value.code == "precision"


def test_a_study_that_cannot_be_read_is_named_and_the_others_are_judged(engine, tmp_path):
    here = Entry(1, tmp_path / "nowhere", "p", labels={FINDING: {"present": True}})
    (answer,) = hearing.hear([here], engine, "m", tmp_path / "a.jsonl")
    assert answer.problem
    made = figures.sheet([answer], [Report()], engine, {})
    assert made.about["studies"] == 0
    assert "line 1" in made.problems[0]


def answers(n=60, seed=0, **more):
    """n answers whose log-odds follow the truth, two of each patient."""
    rng = np.random.default_rng(seed)
    true = rng.random(n) < 0.4
    logits = rng.normal(0, 1.5, n) + 2 * true
    return [
        Answer(k, f"p{k // 2}", "xr-chest", {FINDING: bool(t)},
               {FINDING: Said(float(1 / (1 + np.exp(-x))), float(x), abs(x) < 1)},
               groups={"sex": ("men", "women")[k % 2]}, **more)
        for k, (t, x) in enumerate(zip(true, logits, strict=True))
    ]  # fmt: skip


def test_figures_agree_with_others():
    given = answers()
    (label,) = figures.sheet(given, [Report()] * 60, None, {}).labels
    true = [a.true[FINDING] for a in given]
    logits = np.array([a.said[FINDING].logit for a in given])
    p = np.array([a.said[FINDING].probability for a in given])
    assert label.auroc[0] == pytest.approx(metrics.roc_auc_score(true, logits))
    assert label.brier == pytest.approx(metrics.brier_score_loss(true, p))
    assert label.decided == pytest.approx(np.mean(np.abs(logits) >= 1))
    false, hit = figures._roc(logits, np.array(true))
    theirs = metrics.roc_curve(true, logits, drop_intermediate=False)
    np.testing.assert_allclose(false, theirs[0])
    np.testing.assert_allclose(hit, theirs[1])


def test_a_point_finds_nine_in_ten_where_it_was_chosen_and_is_only_applied_elsewhere():
    chosen_on, judged = answers(seed=1), answers(seed=2)
    point = figures.points(chosen_on)[FINDING]
    found = [a.said[FINDING].logit >= point.threshold for a in chosen_on if a.true[FINDING]]
    assert np.mean(found) >= figures.SENSITIVITY
    (label,) = figures.sheet(judged, [Report()] * 60, None, {}, {FINDING: point}).labels
    assert label.point.threshold == point.threshold
    mine = [a for a in judged if not a.true[FINDING]]
    below = np.mean([a.said[FINDING].logit < point.threshold for a in mine])
    assert label.point.specificity == pytest.approx(below)


def test_every_group_is_a_row_and_all_of_them_together_another():
    groups = figures.sheet(answers(), [Report()] * 60, None, {}).groups
    assert [g.name for g in groups["sex"]] == ["all", "men", "women"]
    assert groups["sex"][0].n == groups["sex"][1].n + groups["sex"][2].n
    assert "examination" not in groups  # one alone has nothing to be compared with


def test_who_does_not_look_is_seen_through():
    """Controls that answer as well as the pictures did are in the table, side by side."""
    given = [replace(a, controls={"blank": a.said}) for a in answers()]
    scores = {s.measure: s.value for s in figures.sheet(given, [Report()] * 60, None, {}).scores}
    assert scores["blank, mean AUROC"] == scores["true pictures, mean AUROC"] > 0.7
    assert scores["words alone, mean AUROC"] == pytest.approx(0.5)


def test_the_page_holds_its_plots_and_no_number_that_is_none(tmp_path):
    made = figures.sheet(answers(), [Report()] * 60, None, {"model": "<m>"})
    written = page.save(made, tmp_path)
    html = written["html"].read_text()
    assert html.count("<svg") == 3
    assert "&lt;m&gt;" in html
    assert "nan" not in html.lower()
    json.loads(written["json"].read_text(), parse_constant=pytest.fail)


def test_the_axis_of_risks_ends_beyond_the_largest():
    curve = risk_coverage(stats.norm.rvs(size=50, random_state=0), np.arange(50) % 10 == 0)
    drawn = plots.risk(curve)
    heights = [float(p.split(",")[1]) for p in drawn.split('points="')[1].split('"')[0].split()]
    assert min(heights) >= plots.TOP


def test_truth_that_nobody_knows_is_no_label():
    entry = Entry(1, Path("s"), "p", labels={"a": {}, "b": {"present": False}})
    assert hearing.truth_of(entry) == {"b": False}
