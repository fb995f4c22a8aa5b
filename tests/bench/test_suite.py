"""PhantomBench: who knows the truth reaches the ceiling, who knows nothing gets chance."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import radgloss
from radgloss.bench import page, suite
from radgloss.bench.material import UNMET
from radgloss.bench.oracle import Constant, Oracle, seen_at
from radgloss.bench.shown import Shown
from radgloss.bench.transcript import Transcript
from radgloss.eval.score import Examined, Picture
from radgloss.types import Case, Embedding, Finding, Image, Report, Study, Truth

EFFUSION, NODULE = "pleural effusion", "lung nodule"
PHRASES = {"right": ("It lies on the right.", "It does not lie on the right.")}


def image(uid: str) -> Image:
    return Image(uid, np.full((1, 40, 40), 7, np.float32), np.diag([1.0, 2, 2, 1]), "DX")


def case(k: int) -> Examined:
    """Every second study shows an effusion on one side, every third a nodule of its own size."""
    facts, masks = [], {}
    if k % 2:
        facts.append(Finding(EFFUSION, side="left" if k % 4 == 1 else "right"))
    if k % 3 == 0:
        facts.append(Finding(NODULE, side="right", site="upper lobe", size_mm=(10.0 + k,)))
    for f in facts:
        masks[f"{f.what}#0"] = np.zeros((1, 40, 40), bool)
        masks[f"{f.what}#0"][0, 4 + len(masks) : 14, 4:18] = True
    truth = Truth(tuple(facts), tuple(facts), tuple(facts), {f"i{k}": masks})
    said = " ".join(f"{f.side} {f.what} {f.size_mm}" for f in facts) or "Normal"
    labels = {EFFUSION: bool(k % 2), NODULE: k % 3 == 0}
    study, report = Study(f"s{k}", (image(f"i{k}"),)), Report(findings=f"{said}.")
    ill = {"pneumonia": 0.2 + 0.5 * (k % 2)}
    return Examined(f"p{k}", "xr-chest", Case(study), truth, report, labels, ill)


def pictures(k: int) -> list[Picture]:
    return [
        Picture(f"p{k}", image(f"{organ}{look}{k}"), organ, look, f"{look} film of the {organ}",
                (organ, look) == ("heart", "lateral"), {"right": organ == "lung"})
        for organ in ("heart", "lung") for look in ("PA", "lateral")
    ]  # fmt: skip


def strange(k: int) -> list[Picture]:
    return [Picture(f"h{k}", image(f"brain{k}"), "brain", "PA", "PA film of the brain", True)]


CASES = [case(k) for k in range(24)]
HEADS = [
    Examined(f"h{k}", "ct-head", Case(Study(f"h{k}", (image(f"j{k}"),))), Truth(()), Report())
    for k in range(3)
]
MATERIAL = suite.Material(
    [suite.light(c) for c in CASES],
    [suite.light(c) for c in HEADS],
    [p for k in range(24) for p in pictures(k)],
    [("pneumonia",) if k % 2 else () for k in range(24)],
    {NODULE: (EFFUSION,)},
    PHRASES,
    {EFFUSION: (EFFUSION, "pleural fluid")},
    [p for k in range(3) for p in strange(k)],
)


def heard(engine: object) -> Transcript:
    """An engine that was asked everything about every case."""
    said = Transcript(engine)
    for k, c in enumerate(CASES):
        said.hear(c, c.labels, pictures(k))
    for k, c in enumerate(HEADS):
        said.hear(c, (EFFUSION, NODULE), strange(k))
    return said


@pytest.fixture(scope="module")
def columns():
    oracle = Oracle()
    for k, c in enumerate(CASES):
        oracle.learn(c, pictures(k), PHRASES)
    for k, c in enumerate(HEADS):
        oracle.learn(c, strange(k), PHRASES, foreign=True)
    engines = {"ceiling": oracle, "chance": Constant({"DX": (EFFUSION, NODULE)})}
    return {name: suite.score(heard(engine), MATERIAL) for name, engine in engines.items()}


def value(scores, measure):
    return next(s.value for s in scores if s.measure == measure)


BEST = {
    "organ × look": "accuracy, unseen pairs",
    "never met": "none of these, AUROC by words", "labels": "mean AUROC",
    "never seen together": f"AUROC, {NODULE}", "attributes": "organ from attributes",
    "words": "denial told from statement", "retrieval": "report → study, recall@1",
    "shift (head CT)": "refused", "shift, ranked": "AUROC", "draft": "fact F1",
    "grounding": "pointing",
}  # fmt: skip


@pytest.mark.parametrize("row", BEST)
def test_the_oracle_reaches_one(columns, row):
    assert value(columns["ceiling"][row], BEST[row]) == pytest.approx(1)


def test_the_oracle_invents_nothing_and_errs_in_no_side_or_size(columns):
    draft = columns["ceiling"]["draft"]
    for measure in (
        "side errors",
        "site errors",
        "sentences that invent",
        "comparisons without a prior",
    ):
        assert value(draft, measure) == 0
    assert value(draft, "size error, median mm") == 0
    assert value(columns["ceiling"]["differential"], "distance to posterior") == 0


def test_nobody_earns_the_name_of_what_was_never_met(columns):
    for column in columns.values():
        named, chance = column["never met"][:2]
        assert named.value <= chance.value


def test_no_text_of_training_names_what_is_never_met():
    source = Path(radgloss.__file__).parent
    writers = [source / "text/findings.py", *(source / "data/phantom/grammar").rglob("*.py")]
    assert len(writers) > 20
    for path in writers:
        assert UNMET not in path.read_text("utf-8").lower(), path.name


def test_who_says_always_the_same_gets_chance(columns):
    chance = columns["chance"]
    assert value(chance["labels"], "mean AUROC") == 0.5
    assert value(chance["organ × look"], "accuracy, unseen pairs") == 0.25
    assert value(chance["words"], "denial told from statement") == 0.5
    assert value(chance["draft"], "fact recall") == 0
    assert value(chance["draft"], "head studies refused") == 0
    assert 0.4 < value(chance["draft"], "denials that are true") < 0.8


def test_a_verb_that_is_not_there_prints_no_number():
    class OnlyEmbeds:
        space = "x"

        def embed_study(self, study):
            return Embedding(np.ones(2, np.float32), "x")

        embed_image = embed_text = embed_study

    found = suite.score(heard(OnlyEmbeds()), MATERIAL)
    assert {found[r] for r in ("labels", "draft", "grounding", "differential", "triage")} == {
        suite.NOT_OFFERED
    }
    assert not isinstance(found["retrieval"], str)


def test_a_lesion_below_the_models_pixels_is_not_there_for_the_oracle():
    small = np.zeros((1, 40, 40), bool)
    small[0, 3:5, 3:5] = True  # 4 mm of 80
    assert seen_at(small, image("i"), 0)
    assert seen_at(small, image("i"), 20)
    assert not seen_at(small, image("i"), 10)


def test_the_oracle_calls_a_lesion_by_the_vaguer_names_that_are_true_of_it() -> None:
    study = case(3)
    study = replace(study, labels={NODULE: True, "lung opacity": True, "pneumothorax": False})
    asked = ["lung opacity", "pneumothorax"]
    for side, opacity in ((0, 1.0), (2, 0.0)):  # at two pixels there is nothing to be seen
        oracle = Oracle(side=side)
        oracle.learn(study, [], {})
        said = oracle.label(study.case.study, asked)
        assert [p.probability for p in said] == [opacity, 0.0]


def test_a_light_case_keeps_shape_and_place_and_holds_no_pixels():
    before, after = CASES[1], suite.light(CASES[1])
    a, b = before.case.study.images[0], after.case.study.images[0]
    assert (a.uid, a.pixels.shape) == (b.uid, b.pixels.shape)
    assert b.pixels.strides == (0, 0, 0)
    (name, mask), *_ = before.truth.masks["i1"].items()
    assert list(after.truth.masks["i1"]) == list(before.truth.masks["i1"])
    assert (after.truth.masks["i1"][name] == mask).all()
    assert after.truth.visible is before.truth.visible


def test_table_page_and_json_say_the_same(columns, tmp_path):
    table = page.Table(columns, {"model": "fake", "studies": 24}, [Shown.of(CASES[3], None)])
    paths = page.save(table, tmp_path)
    data = json.loads(paths["json"].read_text())
    assert data["columns"]["ceiling"]["labels"][0]["value"] == 1
    text, html = paths["markdown"].read_text(), paths["html"].read_text()
    for row in suite.ROWS:
        assert row.name in text
        assert row.name in html
    assert "prove nothing about patients" in text
    assert "prove nothing about patients" in html
    assert "prove nothing about patients" in page.text(table)
    assert html.count("data:image/png") == 1
    assert "<script" not in html
