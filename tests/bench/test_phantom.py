"""PhantomBench end to end: who is examined, what is asked, and that any model can be judged."""

import ast
import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from radgloss import wiring
from radgloss.bench import material, plan, suite
from radgloss.bench.making import Making
from radgloss.bench.phantom import run
from radgloss.bench.plan import FIRST, FULL, QUICK, SPAN, UNSEEN, Plan, chosen
from radgloss.cli import app
from radgloss.data.phantom import held_out, reading
from radgloss.data.phantom.grammar.attributes import ATTRIBUTES, ORGANS_WITH
from radgloss.data.phantom.many import Job
from radgloss.data.phantom.patients import split_of
from radgloss.text.findings import EXAMS
from radgloss.types import Case, Embedding, InputRejected, Prediction, Study
from tiny import checkpoint, image

PAGE = Path(__file__).parents[2] / "docs" / "bench.md"
FEW = Plan("few", {"xr-chest": 3, "us-pelvis": 1}, 1, 1, 0, 2, 4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("patients")


class Reader:
    """An outside model that says that bright pictures are ill."""

    space = "mean grey"

    def embed_study(self, study):
        return self.embed_image(study.images[0])

    def embed_image(self, image):
        x = float(image.pixels.mean()) / 4096
        return Embedding(np.array([np.cos(x), np.sin(x)], np.float32), self.space)

    def embed_text(self, text):
        x = len(text) / 100
        return Embedding(np.array([np.cos(x), np.sin(x)], np.float32), self.space)

    def label(self, study, labels):
        logit = float(study.images[0].pixels.mean()) / 1000 - 1
        return tuple(Prediction(name, 1 / (1 + np.exp(-logit)), logit) for name in labels)


@pytest.fixture(scope="module")
def table(folder):
    return run({"model": Reader()}, FEW, chosen(FEW), folder)


# ------------------------------------------------------------------ who is examined


@pytest.mark.parametrize("numbers", [FULL, QUICK], ids=lambda p: p.name)
def test_patients_are_of_seeds_that_nothing_else_uses_and_each_of_its_own(numbers):
    jobs = chosen(numbers)
    assert all(split_of(j.seed) == "test" and FIRST <= j.seed < FIRST + SPAN for j in jobs)
    assert len({j.seed for j in jobs}) == len(jobs)
    drawn = Counter(j.exam for j in jobs if not j.findings)
    assert drawn == {**numbers.patients, "ct-head": numbers.heads}
    assert set(numbers.patients) == set(EXAMS)


def test_the_same_numbers_choose_the_same_patients():
    assert chosen(FEW) == chosen(FEW)
    assert chosen(FEW) != chosen(FEW, FIRST + 1)


def test_rare_findings_are_filled_up():
    def rarest(jobs):
        have = Counter(w for j in jobs for w in {x.what for x in j.patient().lesions})
        return min(have[what] for what in ("lung nodule", "pneumothorax", "endotracheal tube"))

    jobs = [j for j in chosen(QUICK, exams=["xr-chest"]) if j.exam == "xr-chest"]
    at = jobs[0].seed
    assert rarest(jobs) > rarest([Job(at + k, "xr-chest") for k in range(len(jobs))])


def test_what_training_never_shows_is_drawn_beside_its_neighbours():
    assert set(UNSEEN) == set(held_out.FINDINGS)
    made = Counter((j.exam, j.findings) for j in chosen(QUICK) if j.findings)
    for finding, (exam, others) in UNSEEN.items():
        assert made[exam, (finding,)] == QUICK.unseen
        assert sum(made[exam, (o,)] for o in others) >= QUICK.unseen


def test_a_seed_of_training_or_an_unknown_examination_is_refused():
    with pytest.raises(InputRejected, match="test seed"):
        chosen(FEW, 5)
    with pytest.raises(InputRejected, match="xr-foot"):
        chosen(FEW, exams=["xr-foot"])


# ------------------------------------------------------------------ what is asked


@pytest.fixture(scope="module")
def woman(folder, table):
    """A pelvic ultrasound, with a finding that cannot be seen."""
    (job,) = (j for j in chosen(FEW) if j.exam == "us-pelvis")
    filed = reading.read(folder / job.folder)
    return SimpleNamespace(**vars(filed) | {"labels": {"free fluid": None, "ovarian cyst": True}})


def test_what_is_there_and_cannot_be_seen_is_not_asked(woman):
    assert material.examined(woman).labels == {"ovarian cyst": True}


def test_a_picture_shows_its_organ_and_its_caption_is_of_no_other(woman):
    pictures = material.Gallery(9, 9).pictures(woman)
    assert {p.organ for p in pictures} >= {"uterus", "right ovary"}
    assert len({p.caption for p in pictures}) == len(pictures)
    for p in pictures:
        uid, box = re.fullmatch(r"(.+):(\(.+)", p.image.uid).groups()
        (f, r0, c0), (_, r1, c1) = map(ast.literal_eval, box.split("-"))
        organ = woman.truth.organs[uid][p.organ]
        assert organ[f, r0 : r1 + 1, c0 : c1 + 1].sum() == organ[f].sum() == organ.sum((1, 2)).max()
        assert p.image.pixels.shape == (1, r1 - r0 + 1, c1 - c0 + 1)
        assert p.organ in p.caption


def test_pairs_are_filled_evenly_and_no_further(woman):
    gallery = material.Gallery(2, 1)
    got = Counter(p.caption for _ in range(9) for p in gallery.pictures(woman))
    assert set(got.values()) == {2}


def test_held_out_pairs_are_those_of_the_table():
    every = {
        (organ, exam, look)
        for organ, exam, look in held_out.CELLS
        if any(o == organ for o, _ in material.STRUCTURES.values())
    }
    assert every == set(held_out.CELLS)
    assert all(organ in ORGANS_WITH for organ, _ in material.STRUCTURES.values())
    assert set(material.PHRASES) == set(ATTRIBUTES)


# ------------------------------------------------------------------ from end to end


def test_an_outside_model_is_scored_by_the_verbs_it_has(table):
    assert set(table.columns) == {"model", "chance", "ceiling"}
    model = table.columns["model"]
    assert model["draft"] == model["differential"] == suite.NOT_OFFERED
    assert not isinstance(model["organ × look"], str)
    assert not isinstance(model["labels"], str)


def test_the_ceiling_is_above_chance_wherever_both_were_measured(table):
    seen = 0
    for line in table.lines():
        if {"chance", "ceiling"} <= set(line.scores):
            chance, ceiling = (line.scores[c] for c in ("chance", "ceiling"))
            if chance.aim == "high" and chance.value == chance.value:
                assert ceiling.value >= chance.value, line.measure
                seen += 1
    assert seen > 10


def test_patients_who_are_there_are_not_made_again(folder, table, monkeypatch):
    monkeypatch.setattr("radgloss.data.phantom.many.simulate", None)
    jobs = chosen(FEW)
    with Making(jobs, folder, 1, lambda *_: None) as made:
        assert all((made.folder(job) / "truth.json").is_file() for job in jobs)


def test_what_goes_wrong_in_the_making_is_said_to_who_waits(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with Making(chosen(FEW), file, 1, lambda *_: None) as made, pytest.raises(InputRejected):
        made.folder(chosen(FEW)[0])


# ------------------------------------------------------------------ the command


def test_the_command_judges_the_example_of_the_manual(folder, table, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "QUICK", FEW)
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "mine.py").write_text(example)
    words = ["bench", "phantom", "--model", "mine:Mine", "--quick", "--data", str(folder)]
    done = CliRunner().invoke(app, [*words, "-o", "out"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "prove nothing about patients" in done.stdout
    assert re.search(r"^grounding .*not offered", done.stdout, re.MULTILINE)
    data = json.loads((tmp_path / "out" / "phantom.json").read_text())
    assert data["columns"]["model"]["draft"] == suite.NOT_OFFERED
    assert data["about"]["model"] == "mine:Mine"
    for kind in ("md", "html"):
        assert "never seen together" in (tmp_path / "out" / f"phantom.{kind}").read_text()


@pytest.mark.parametrize(
    ("name", "found"),
    [("nowhere.at.all:Model", "no such module"), ("radgloss.types:Lemon", "Lemon"),
     ("builtins:dict", "without any verb")],
)  # fmt: skip
def test_a_model_that_is_none_is_refused_before_any_work(name, found):
    with pytest.raises(InputRejected, match=found) as refused:
        wiring.bench_phantom(name)
    assert refused.value.code == "engine"


def test_the_twin_has_the_same_shape_other_weights_and_knows_nothing():
    model = wiring.Model(checkpoint())
    twin = model.untrained()
    study = Study("1", (image(),))
    a, b = model.embed_study(study), twin.embed_study(study)
    assert a.vector.shape == b.vector.shape
    assert not np.allclose(a.vector, b.vector)
    assert twin.side == model.side == 32
    assert all(p.abstained for p in twin.label(study, ["liver cyst"]))
    assert twin.draft(Case(study)).abstained
    assert twin.foreign(study) == float("inf")
