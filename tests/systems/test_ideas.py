"""With and without its idea: an arm is measured once, whatever ends the run, and told as it is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from radgloss.checkpoint import architecture
from radgloss.data.manifest import Entry, Manifest
from radgloss.data.pairs import Pairs
from radgloss.preprocess import Preprocess
from radgloss.systems import ARMS, SYSTEMS
from radgloss.systems.ideas import figures, page, prove, rows, ways
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import InputRejected, Report

SAID = (["There is a pleural effusion."], ["There is no pleural effusion."])
SIDES = (["There is a right pleural effusion."], ["There is a left pleural effusion."])


def store(folder, said, seed):
    """A study for each picture: bright where the first sentence is said, dark where the other."""
    count = 48
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 60, (count, 3, 32, 32), np.uint8)
    pictures[::2] += 150
    np.save(folder / "pictures.npy", pictures)
    about = {
        "schema": 3, "preprocess": Preprocess(size=32).to_dict(), "manifest": [], "bad": [],
        "boxed": [False] * count, "sentences": [list(said[i % 2]) for i in range(count)],
        "studies": list(range(count)),
    }  # fmt: skip
    (folder / "pairs.json").write_text(json.dumps(about))
    return Pairs(folder)


def entries(split):
    return tuple(
        Entry(
            k, Path(f"s{k}"), f"{split}-{k}", split, Report(findings="Effusion."), exam="xr-chest"
        )
        for k in range(48)
    )


@pytest.fixture
def proving(tmp_path, monkeypatch):
    """SigLIP and its arm at a size for tests; returns what runs them and the trainings so far."""
    debug = architecture("siglip").VARIANTS["debug"]
    tiny = {
        name: replace(
            SYSTEMS[name](), steps=2, batch=4, warmup=1, vocabulary=300,
            model=replace(SYSTEMS[name]().model, image=debug.image, text=debug.text, width=32),
        )
        for name in ("siglip", "siglip-softmax")
    }  # fmt: skip
    split = {s: store(tmp_path / s, SAID, k) for k, s in enumerate(("train", "test"))}
    begun = []

    def trained(run, *rest, **more):
        begun.append((run.name, run.seed))
        return real(run, *rest, **more)

    real = prove.trained
    monkeypatch.setattr(prove, "trained", trained)
    monkeypatch.setattr(prove, "SYSTEMS", {n: lambda r=r: r for n, r in tiny.items()})
    monkeypatch.setattr(prove._Bench, "pairs", lambda self, run, s: split[s])
    everyone = Manifest(Path("m"), entries("train") + entries("test"))
    monkeypatch.setattr(prove, "read_manifest", lambda path: everyone)
    return lambda **more: prove.prove("m", tmp_path / "out", ("siglip",), 2, **more), begun


def test_a_run_that_was_ended_goes_on_at_the_next_arm(proving, tmp_path, monkeypatch):
    run, begun = proving
    real = prove._Bench._append

    def once(self, line):
        real(self, line)
        if len(prove.read(self.out / prove.LINES)) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(prove._Bench, "_append", once)
    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.setattr(prove._Bench, "_append", real)
    lines = run()
    assert len(lines) == len(prove.read(tmp_path / "out" / prove.LINES)) == 6
    assert len(begun) == len(set(begun)) == 4  # two arms, two seeds; the untrained learn nothing
    assert run() == lines
    assert len(begun) == 4


def test_a_space_is_trained_once_for_all_its_ways(proving, monkeypatch, tmp_path):
    run, begun = proving
    asked = []

    def act(space):
        weights = space.model.state_dict()
        asked.append(sum(float(v.double().sum()) for v in weights.values()))
        return {"strangers": 0.5}

    these = {n: ways.Way("siglip", n, act) for n in ("one", "other")}
    monkeypatch.setattr(prove, "WAYS", these)
    chosen = [prove.Arm(n, s, t) for s in range(2) for n in these for t in (True, False)]
    monkeypatch.setattr(prove, "arms", lambda names, seeds: tuple(chosen))
    lines = run()
    assert begun == [("siglip", 0), ("siglip", 1)]
    assert len(set(asked)) == 4  # two seeds, trained and not
    (tmp_path / "out" / prove.LINES).unlink()
    asked_first, asked[:] = list(asked), []
    assert [x["figures"] for x in run()] == [x["figures"] for x in lines]
    assert asked == asked_first  # the kept weights are those that were trained
    assert len(begun) == 2


def test_a_line_that_was_cut_short_is_measured_again(proving, tmp_path):
    run, begun = proving
    lines = run()
    path = tmp_path / "out" / prove.LINES
    path.write_bytes(path.read_bytes()[:-20])
    again = run()
    assert len(begun) == 5
    assert [x["figures"] for x in again] == [x["figures"] for x in lines]
    assert len(prove.read(path)) == 6


def test_another_recipe_is_another_arm(proving):
    run, begun = proving
    run()
    run(steps=3)
    assert len(begun) == 8


def test_seed_by_seed_and_every_row_beside_its_untrained_twin():
    chosen = prove.arms(("gloria", "siglip"), 2)
    assert [a.seed for a in chosen] == sorted(a.seed for a in chosen)
    assert {a.recipe for a in chosen if not a.learned} == {"gloria", "siglip"}
    with pytest.raises(InputRejected, match="no row"):
        prove.arms(("glory",))


def test_every_system_that_has_arms_has_a_row_and_a_measure():
    assert {r.system for r in rows.ROWS} == ARMS.keys() | ways.BESIDE.keys()
    assert {r.measure for r in rows.ROWS} <= rows.MEASURES.keys()
    every = {**ARMS, **ways.BESIDE}
    assert set(rows.recipes()) == every.keys() | {a for of in every.values() for a in of}


def test_every_way_has_a_row_and_the_ways_of_a_row_ask_one_space():
    assert {w for head, of in ways.BESIDE.items() for w in (head, *of)} == ways.WAYS.keys()
    for head, of in ways.BESIDE.items():
        assert {ways.WAYS[w].base for w in of} == {ways.WAYS[head].base}
    assert {w.base for w in ways.WAYS.values()} <= SYSTEMS.keys()
    assert not ways.WAYS.keys() & SYSTEMS.keys()


def test_the_interval_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(0)
    one, other = ({s: float(v) for s, v in enumerate(rng.normal(m, 0.1, 5))} for m in (0.7, 0.5))
    ours = page.difference(one, other)
    theirs = stats.ttest_rel(list(one.values()), list(other.values())).confidence_interval(0.95)
    np.testing.assert_allclose((ours.low, ours.high), theirs)
    assert page.difference(one, {9: 1.0}) is None


def line(recipe, seed, learned=True, **measured):
    return {"recipe": recipe, "seed": seed, "learned": learned, "figures": measured}


def test_the_page_tells_what_was_measured_and_what_was_not():
    lines = [line("siglip", s, findings=0.7 + s / 100) for s in range(3)]
    lines += [line("siglip-softmax", s, findings=0.7 + (2 - s) / 100) for s in range(3)]
    lines += [line("siglip", 0, False, findings=0.5)]
    said = page.markdown(lines)
    assert "| `siglip` | 0.710 |" in said
    assert f"1 no difference shown, {len(rows.ROWS) - 1} {page.NOT_YET}." in said
    (glance,) = (x for x in said.splitlines() if x.startswith("| SigLIP |"))
    assert glance.endswith("| no difference shown |")
    assert "no difference shown" in said
    assert f"`gloria`: {page.NOT_YET}" in said
    (row,) = page.plain(lines, ["siglip"])
    assert row["shown"] == "no difference shown"
    assert row["difference"].startswith("+0.000")


class Bright:
    """Knows brightness, and the words that go with it."""

    def __init__(self, word):
        self.word, self.config = word, type("C", (), {"text": type("T", (), {"context": 16})})

    def describe(self, images):
        return images.mean((1, 2, 3))[:, None] + torch.linspace(0, 1, 4)

    def encode_image(self, images):
        light = images.mean((1, 2, 3)).sign()
        return torch.stack([light, torch.ones_like(light)], 1) / 2**0.5

    def encode_text(self, tokens, mask):
        said = (tokens == self.word).any(1).float() * 2 - 1
        return torch.stack([said, torch.ones_like(said)], 1) / 2**0.5


@pytest.mark.parametrize(("said", "word", "measure"), [(SAID, "no", "findings"),
                                                       (SIDES, "left", "sides")])  # fmt: skip
def test_who_knows_what_pictures_show_is_right_and_who_has_it_wrong_is_wrong(
    said, word, measure, tmp_path
):
    train, test = store(tmp_path / "a", said, 0), store(tmp_path / "b", said, 1)
    words = Tokenizer.of_words([s for many in said for s in many] * 5, 64)
    (number,) = words([word], 4)[0][0][:1]
    model = Bright(int(number))
    model.encode_image = lambda x, real=model.encode_image: -real(x)  # bright: not that word
    asked = (words, {}, (train, entries("train")), (test, entries("test")), 0)
    assert figures.aligned(model, *asked)[measure] == 1.0
    model.encode_image = lambda x, real=model.encode_image: -real(x)
    assert figures.aligned(model, *asked)[measure] == 0.0
