"""Ways of using one space: who knows is told from who does not, on spaces made by hand."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from radgloss.data.manifest import Caption, Entry
from radgloss.models.alignment import gloria
from radgloss.nn import vit
from radgloss.preprocess import Preprocess, prepare
from radgloss.systems.ideas import asking, organs, pointing, strangers, transferred
from radgloss.systems.ideas.space import Organs, Space, Spot
from radgloss.text.prompts import plain
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import Image, Region, Study

RNG = np.random.default_rng(0)
NAMES = ("liver", "spleen", "pancreas", "left kidney", "right kidney", "aorta", "bowel", "heart",
         "left lung", "right lung", "gallbladder", "uterus")  # fmt: skip


def of_organs(seed, vectors):
    """Twenty pictures of each organ."""
    rng = np.random.default_rng(seed)
    names = np.repeat(NAMES, 20)
    return Organs(vectors(rng, names), names)


def telling(rng, names):
    """Vectors that hold the attributes and little else."""
    return organs.table(names.tolist()) + 0.05 * rng.standard_normal((len(names), 18))


def silent(rng, names):
    return rng.standard_normal((len(names), 18))


def space(vectors=telling, seed=0):
    return SimpleNamespace(organs=(of_organs(1, vectors), of_organs(2, vectors)), seed=seed)


# ------------------------------------------------------------------ attributes, two ways


@pytest.mark.parametrize("how", ["eszsl", "dap"])
def test_unseen_organs_are_named_from_attributes_and_not_from_those_of_others(how):
    told = organs.by_attributes(space(), how, "true")
    dealt = [organs.by_attributes(space(seed=s), how, "dealt")["unseen"] for s in range(4)]
    nobody = organs.by_attributes(space(silent), how, "true")
    assert told["unseen"] > 0.8
    assert np.mean(dealt) < 0.6
    assert abs(nobody["unseen"] - nobody["unseen_by_chance"]) < 0.15


def test_an_organ_is_unseen_once_and_no_picture_of_it_is_taught():
    left_out = []
    for hand in organs.hands(*space().organs, seed=3):
        left_out += np.flatnonzero(~hand.seen).tolist()
        assert len(hand.x) == 20 * hand.seen.sum()
        assert set(hand.y.tolist()) == set(range(int(hand.seen.sum())))
        assert len(hand.z) == 20 * len(NAMES)
    assert sorted(left_out) == list(range(len(NAMES)))


def test_no_two_organs_share_a_row_of_attributes():
    names = [*NAMES, "stomach", "urinary bladder", "left ovary", "right ovary", "bile ducts"]
    assert len(np.unique(organs.table(names), axis=0)) == len(names)


def test_a_density_says_neither_of_what_lies_apart():
    """Organs on a line, each a place; unseen ones far off to another side."""

    def placed(rng, names):
        place = np.array([NAMES.index(n) for n in names])
        return np.eye(12)[place] * 6 + rng.standard_normal((len(names), 12))

    found = organs.two_ways(space(placed), "density")
    assert found["strangers"] > 0.9
    assert found["named"] > 0.95
    assert found["sampled"] > 0.95  # what it draws teaches a boundary
    assert "sampled" not in organs.two_ways(space(placed), "boundary")


# ------------------------------------------------------------------ strangers

WORDS = Tokenizer.of_words(["Axial CT of the abdomen.", *strangers.STRANGE] * 5, 128)


class Bright:
    """Its features are the brightness of three parts; its words hear the abdomen."""

    config = SimpleNamespace(text=SimpleNamespace(context=16))

    def describe(self, images):
        return torch.stack([images[..., k::3, :].mean((1, 2, 3)) for k in range(3)], 1)

    def from_description(self, described):
        light = described.mean(1)
        return torch.nn.functional.normalize(torch.stack([light, torch.ones_like(light)], 1))

    def encode_text(self, tokens, mask):
        (number,) = WORDS(["abdomen"], 4)[0][0][:1]
        own = (tokens == int(number)).any(1).float() * 2 - 1
        return torch.nn.functional.normalize(torch.stack([own, torch.ones_like(own)], 1))


class Store(SimpleNamespace):
    def __len__(self):
        return len(self.boxed)


def store(count, seed, exam=strangers.EXAM):
    """Bright abdomens, two pictures each, and a film for each, dark."""
    rng = np.random.default_rng(seed)
    bright = rng.integers(170, 250, (2 * count, 3, 9, 9), np.uint8)
    films = rng.integers(60, 120, (count, 3, 9, 9), np.uint8)
    pairs = Store(
        pictures=np.concatenate([bright, films]), boxed=[False] * 3 * count,
        studies=[k // 2 for k in range(2 * count)] + list(range(count, 2 * count)),
        sentences=[["Axial CT of the abdomen."]] * 2 * count + [["A film."]] * count,
        preprocess=Preprocess(size=9),
    )  # fmt: skip
    exams = [exam] * count + ["xr-chest"] * count
    return pairs, [Entry(k, Path(), f"p{k}", exam=e) for k, e in enumerate(exams)]


def abdomens(heads, exam=strangers.EXAM):
    splits = []
    for seed in (1, 2):
        splits.append(store(80, seed, exam))
    return Space(Bright(), WORDS, {}, *splits, 0, lambda settings: heads, lambda *_: [])


HEADS = [RNG.integers(0, 40, (2, 3, 9, 9), np.uint8) for _ in range(20)]
SAME = [RNG.integers(170, 250, (2, 3, 9, 9), np.uint8) for _ in range(20)]


@pytest.mark.parametrize("kind", [k for k in strangers.KINDS if k != "mcm"])
def test_who_knows_abdomens_is_told_by_every_detector_that_a_dark_picture_is_none(kind):
    found = strangers.strangers(abdomens(HEADS), kind)
    if kind == "certainty":  # dark is on the films' side of the boundary, and surely so
        assert found["heads"] < 0.5
        return
    assert found["heads"] == 1.0
    assert found["caught"] == 1.0
    assert found["studies_until"] < len(HEADS)


@pytest.mark.parametrize("kind", ["nearest", "mahalanobis"])
def test_more_of_the_same_are_no_strangers(kind):
    found = strangers.strangers(abdomens(SAME), kind)
    assert 0.2 < found["heads"] < 0.8
    assert found["studies_until"] is None


def test_without_abdomens_there_is_nothing_that_a_head_is_strange_to():
    assert strangers.strangers(abdomens(HEADS, exam="mr-abdomen"), "nearest")["heads"] is None


@pytest.mark.parametrize("kind", ["nearest", "mahalanobis"])
def test_an_organ_that_is_left_out_is_a_stranger_where_organs_lie_apart(kind):
    def placed(rng, names):
        place = np.array([NAMES.index(n) for n in names])
        return np.eye(12)[place] * 6 + rng.standard_normal((len(names), 12))

    asked = abdomens(HEADS)
    asked.__dict__["organs"] = space(placed).organs
    assert strangers.strangers(asked, kind)["strangers"] > 0.9
    asked.__dict__["organs"] = space(silent).organs
    assert abs(strangers.strangers(asked, kind)["strangers"] - 0.5) < 0.15


# ------------------------------------------------------------------ attention


def spot(box=(8.0, 8.0, 16.0, 16.0), size=32):
    image = Image("1", RNG.random((1, 64, 48)).astype(np.float32) * 200, np.eye(4), "DX")
    return Spot(prepare(image, Preprocess(size=size)), 0, box, "pleural effusion")


def test_a_map_on_the_box_is_right_and_one_elsewhere_wrong():
    asked = spot()
    on = np.zeros((32, 32))
    on[8:16, 8:16] = 1
    assert pointing.judged(on, asked) == (1.0, 1.0)
    assert pointing.judged(-on, asked) == (0.0, 0.0)
    assert pointing.judged(np.ones((32, 32)), asked)[0] == 0.5
    assert pointing.judged(on, replace(asked, box=(0.0, 0.0, 32.0, 32.0))) is None
    assert pointing.judged(on, replace(asked, box=(0.0, 0.0, 32.0, 2.0))) is None  # padding


def test_a_box_of_source_voxels_is_where_they_were_drawn():
    """A bright box in a turned, unequal image is bright in the prepared square, and nothing else
    is."""
    pixels = np.zeros((1, 60, 80), np.float32)
    low, high = (0, 10, 50), (0, 29, 64)
    pixels[0, 10:30, 50:65] = 100
    affine = np.diag([1.0, -1.0, -1.0, 1.0])[:, [2, 1, 0, 3]]
    image = Image("1", pixels, affine, "DX")
    settings = Preprocess(size=40)
    captions = (Caption("1", 0, ("Left pleural effusion.",), Region(low, high)),)
    (found,) = pointing._of(Study("s", (image,)), [(captions[0], "pleural effusion")], settings)
    area, hit = pointing.judged(found.prepared.pixels[0, 0].astype(float), found)
    assert area > 0.999
    assert hit == 1.0


def test_only_a_box_that_states_one_finding_is_asked():
    def box(*said):
        return Caption("1", 0, said, Region((0, 0, 0), (0, 5, 5)))

    assert pointing._shown(box("Left pleural effusion."), "xr-chest") == "pleural effusion"
    assert pointing._shown(box("No pleural effusion."), "xr-chest") == ""
    assert pointing._shown(box("Pleural effusion. Consolidation."), "xr-chest") == ""
    assert pointing._shown(Caption("1", 0, ("Pleural effusion.",)), "xr-chest") == ""


@pytest.mark.parametrize("kind", pointing.KINDS)
def test_every_map_covers_the_picture_and_is_judged(kind):
    torch.manual_seed(0)
    tower = vit.ViT(vit.VARIANTS["debug"], 2).eval()
    model = SimpleNamespace(
        image=tower, encode_image=lambda x: torch.nn.functional.normalize(tower(x)),
        encode_text=Bright().encode_text, config=Bright.config,
    )  # fmt: skip
    of = (SimpleNamespace(preprocess=Preprocess(size=32)), [])
    asked = Space(model, WORDS, {}, of, of, 0, lambda s: [], lambda *_: [spot(), spot()])
    found = pointing.pointed(asked, kind)
    assert found["spots"] == 2
    assert 0 <= found["pointed"] <= 1


def test_a_map_of_words_is_that_of_the_words_asked_and_others_ask_for_another():
    torch.manual_seed(0)
    model = gloria.build(gloria.VARIANTS["debug"]).eval()
    banks = dict.fromkeys(("cyst", "nodule", "pleural effusion"), plain("cyst"))
    words = Tokenizer.of_words(["There is pleural effusion.", "There is cyst."] * 5, 128)
    asked = SimpleNamespace(model=model, tokenizer=words, banks=banks)
    size = gloria.VARIANTS["debug"].image.size
    where = spot(size=size)
    own, other = (pointing._MAPS[kind](asked)(where) for kind in pointing.WORDED)
    assert own.shape == other.shape == (size, size)
    cyst = replace(where, what="cyst")  # no name comes behind the last, so the first is asked
    np.testing.assert_array_equal(other, pointing._words(asked)(cyst))
    assert np.abs(own - other).max() > 0


def test_what_is_asked_by_the_whole_picture_alone_has_no_local_score(monkeypatch):
    """A model whose local score is right and whose vectors know nothing."""
    met = []

    def answered(model, *rest):
        met.append(hasattr(model, "scores"))
        return {"findings": 0.5}

    monkeypatch.setattr(asking, "answered", answered)
    model = gloria.build(gloria.VARIANTS["debug"])
    of = SimpleNamespace(model=model, tokenizer=WORDS, banks={}, test=(None, ()), seed=0)
    assert asking.asked(of, "both") == asking.asked(of, "whole") == {"findings": 0.5}
    assert met == [True, False]


def test_the_middle_is_brightest_in_the_middle():
    (seen,) = (pointing._middle(SimpleNamespace())(spot()),)
    assert np.unravel_index(seen.argmax(), seen.shape) in {(15, 15), (15, 16), (16, 15), (16, 16)}


# ------------------------------------------------------------------ transfer


def test_findings_are_those_whose_rarer_answer_is_known_most_often():
    """Effusion in half of the studies, pneumothorax in a third: in that order, and no side."""
    entries = [
        Entry(k, Path(), f"p{k}", exam="xr-chest",
              labels={"pleural effusion": {"present": False}, "pneumothorax": {"present": False}})
        for k in range(60)
    ]  # fmt: skip
    said = [
        [*(["Right pleural effusion."] if k % 2 else ["No pleural effusion."]),
         *(["Left pneumothorax."] if k % 3 == 0 else ["No pneumothorax."])]
        for k in range(60)
    ]  # fmt: skip
    pairs = SimpleNamespace(sentences=said, studies=list(range(60)))
    split = (pairs, entries)
    assert transferred.findings_of(split, split, 2) == ["pleural effusion", "pneumothorax"]
