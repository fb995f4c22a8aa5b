"""From a recipe to a checkpoint: arms differ in their idea only, figures tell what they claim."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from radgloss import checkpoint
from radgloss.data.feeds import Neighbours
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs
from radgloss.models.representation import ARCHITECTURES, skipgram
from radgloss.preprocess import Preprocess
from radgloss.systems import ARMS, SYSTEMS
from radgloss.systems.representation import finish, words
from radgloss.systems.training import tokenizer_of, trained
from radgloss.types import Report

MINE = [name for name, recipe in SYSTEMS.items() if recipe().architecture in ARCHITECTURES]
SAID = (
    ["There is a pleural effusion.", "No pneumothorax.", "The liver is fatty."],
    ["There is no pleural effusion.", "The heart is enlarged.", "Hepatic steatosis."],
)


def split(folder, seed, count=24):
    """Pictures whose brightness follows what is said of them, and their studies."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 60, (count, 3, 64, 64), np.uint8)
    pictures[::2, :, 16:32, 16:32] += 150
    np.save(folder / "pictures.npy", pictures)
    about = {
        "schema": 3, "preprocess": Preprocess(size=64).to_dict(), "manifest": [], "bad": [],
        "boxed": [False] * count,
        "sentences": [list(SAID[i % 2]) for i in range(count)], "studies": list(range(count)),
    }  # fmt: skip
    (folder / "pairs.json").write_text(json.dumps(about))
    entries = tuple(
        Entry(k, Path("s"), f"{seed}-{k}", exam=("ct-abdomen", "xr-chest")[k % 2],
              report=Report(findings=" ".join(SAID[k % 2])))
        for k in range(count)
    )  # fmt: skip
    return Pairs(folder), entries


@pytest.mark.parametrize("name", MINE)
def test_a_recipe_trains_is_scored_and_comes_back_from_its_checkpoint(name, tmp_path):
    run = replace(SYSTEMS[name](), steps=2, batch=4, warmup=1)
    train, test = split(tmp_path / "train", 0), split(tmp_path / "test", 1)
    tokenizer = tokenizer_of(train[0], run, train[1], tmp_path)
    objective = trained(run, *train, tokenizer, tmp_path, resume=False)
    card = finish.finish(run, objective, tokenizer, train, test, {}, tmp_path / "out")
    assert np.isfinite(card["test"]["task"]["loss"])
    back = checkpoint.load(tmp_path / "out")
    assert back.name == card["name"]
    for key, value in objective.model.state_dict().items():
        assert torch.equal(back.model.state_dict()[key], value), key
    if "pictures" in card["test"]:
        assert 0 <= card["test"]["pictures"]["nearest"] <= 1
    if "names" in card["test"]:
        assert "fatty liver" in card["test"]["names"]["place"]


@pytest.mark.parametrize(("system", "arm"), [(s, a) for s in ARMS for a in ARMS[s] if s in MINE])
def test_an_arm_differs_from_its_system_in_one_thing(system, arm):
    one, two = SYSTEMS[system](), SYSTEMS[arm]()
    differ = {f.name for f in fields(one) if getattr(one, f.name) != getattr(two, f.name)}
    assert differ - {"name"} in ({"model"}, {"feed"})


def test_skipgram_puts_words_of_the_same_company_together(tmp_path):
    """Four nouns of two kinds, each kind with verbs of its own; against the arm without company."""
    rng = np.random.default_rng(0)
    heard = {
        "liver": "cyst lesion",
        "spleen": "cyst lesion",
        "tube": "tip ends",
        "line": "tip ends",
    }
    said = [f"{w} {rng.choice(heard[w].split())}." for w in heard for _ in range(40)]
    entries = (Entry(0, Path("s"), "p", report=Report(findings=" ".join(said))),)
    pairs, _ = split(tmp_path / "train", 0)
    found = {}
    for near in ("window", "anywhere"):
        run = replace(
            SYSTEMS["words"](), model=skipgram.Config(width=8), vocabulary=64, steps=250, batch=64,
            rate=0.03, warmup=10, feed=Neighbours(near=near, frequent=1.0),
        )  # fmt: skip
        place = tmp_path / near
        place.mkdir()
        tokenizer = tokenizer_of(pairs, run, entries, place)
        model = trained(run, pairs, entries, tokenizer, place, resume=False).model
        numbers = {w: int(tokenizer([w], 4)[0][0, 0]) for w in heard}
        rows = model.own.weight.detach().numpy()[list(numbers.values())]
        found[near] = words.of_one_kind(rows, ["organ", "organ", "device", "device"])
        if near == "window":
            assert words.nearest(model.own.weight.detach().numpy(), numbers, "liver", 1) == [
                "spleen"
            ]
    assert found["window"] == 1


def test_a_map_keeps_what_lies_in_a_plane():
    """Words on a circle in a plane of five dimensions keep all their distances."""
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    plane = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 2)))[0]
    circle = np.stack([np.cos(angles), np.sin(angles)], 1)
    vectors = circle @ plane.T
    shown = words.flat(vectors)
    for i in range(12):
        away = np.linalg.norm(shown - shown[i], axis=1)
        np.testing.assert_allclose(away, np.linalg.norm(vectors - vectors[i], axis=1), atol=1e-9)


def test_a_silent_name_has_the_place_that_its_likeness_gives_it():
    """A made encoder that knows one silent name and is wrong about the other."""
    known = finish.concepts(["ct-abdomen"])
    order = list(known)
    at = {n: i for i, names in enumerate(known.values()) for n in names}
    elsewhere = {"fatty infiltration of the liver": (order.index("hepatic steatosis") + 1)}

    def encode(texts):
        rows = np.eye(len(order))
        return np.stack([rows[elsewhere.get(t, at[t]) % len(order)] for t in texts])

    told = finish.told_names(encode, ["ct-abdomen"], ("fatty",))
    assert told["place"] == {"fatty liver": 1, "fatty infiltration of the liver": 2}
    assert told["of"] == len(order)
