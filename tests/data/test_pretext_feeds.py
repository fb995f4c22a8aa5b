"""What the pretexts bring: the same for the same step, and true to what they promise."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from radgloss.data.batch import KNOWLEDGE
from radgloss.data.feeds import (
    Change,
    Desk,
    HiddenPatches,
    HiddenWords,
    Neighbours,
    Shots,
    Told,
    TwoViews,
)
from radgloss.data.feeds.hidden import hidden_words
from radgloss.data.feeds.neighbours import report_sentences
from radgloss.data.feeds.told import concepts
from radgloss.data.feeds.two_views import knows_sides, viewed
from radgloss.data.manifest import Caption, Entry, Manifest
from radgloss.data.pairs import Pairs, Sampling
from radgloss.preprocess import Preprocess
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import InputRejected, Report

SAID = (
    ["The liver is fatty.", "Hepatic steatosis."],
    ["No hepatic steatosis.", "The spleen is enlarged."],
    ["There is a pleural effusion on the left.", "Splenomegaly."],
)
STUDIES, VIEWS = 12, 2
STILL = Sampling(augment=None)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Twelve studies of two pictures of noise."""
    folder = tmp_path_factory.mktemp("pairs")
    count = STUDIES * VIEWS
    noise = np.random.default_rng(0).integers(0, 256, (count, 3, 32, 32), np.uint8)
    np.save(folder / "pictures.npy", noise)
    about = {
        "schema": 3, "preprocess": Preprocess(size=32).to_dict(), "manifest": [], "bad": [],
        "boxed": [False] * count,
        "sentences": [list(SAID[i // VIEWS % 3]) for i in range(count)],
        "studies": [i // VIEWS for i in range(count)],
    }  # fmt: skip
    (folder / "pairs.json").write_text(json.dumps(about))
    return Pairs(folder)


def entry(k, said, **more):
    return Entry(k, Path("study"), f"p{k}", exam="ct-abdomen",
                 report=Report(findings=" ".join(said)), **more)  # fmt: skip


ENTRIES = tuple(entry(k, SAID[k % 3]) for k in range(STUDIES))
PIECES = Tokenizer.train([s for many in SAID for s in many], 400)
WORDS = Tokenizer.of_words(report_sentences(ENTRIES), 100)
FEEDS = [
    TwoViews(), TwoViews(change=None), HiddenPatches(), HiddenWords(), Neighbours(),
    Neighbours(near="anywhere"), Told(), Shots("hepatic steatosis", 2),
]  # fmt: skip


def desk(pairs, size=8, **changes):
    made = Desk(pairs, ENTRIES, PIECES, 64, size, 0, STILL, 10)
    return replace(made, **changes)


def same(a, b):
    names = ("images", "tokens", "mask", "owner", "hidden", "study", "facts")
    return all(torch.equal(getattr(a, n), getattr(b, n)) for n in names)


@pytest.mark.parametrize("feed", FEEDS, ids=repr)
def test_a_batch_is_a_function_of_seed_and_step(pairs, feed):
    words = {"tokenizer": WORDS} if isinstance(feed, Neighbours) else {}
    one, two = (feed.batches(desk(pairs, **words, sampling=Sampling())) for _ in range(2))
    one(7)
    assert same(one(3), two(3))
    if not isinstance(feed, Shots):  # the same few pictures, moved
        assert not same(one(3), one(4))


# ------------------------------------------------------------------ views


def test_both_views_are_of_the_same_pictures(pairs):
    b = TwoViews(Change(1, 0, 0, 0, 0)).batches(desk(pairs))(0)  # nothing is changed
    first, second = b.images.chunk(2)
    torch.testing.assert_close(first, second, atol=1e-4, rtol=0)
    assert b.study.tolist() == [*range(8), *range(8)]
    cut = TwoViews().batches(desk(pairs))(0).images.chunk(2)
    assert (cut[0] - cut[1]).abs().mean() > 0.1
    plain = TwoViews(change=None).batches(desk(pairs))(0).images.chunk(2)
    assert torch.equal(*plain)


def test_a_view_is_never_a_mirror_image():
    """A bright left edge stays left, whatever the draw."""
    images = torch.zeros(64, 1, 32, 32)
    images[..., :16] = 1.0
    for seed in range(3):
        seen = viewed(images, Change(noise=0), torch.Generator().manual_seed(seed))
        left, right = seen[..., :16].mean((1, 2, 3)), seen[..., 16:].mean((1, 2, 3))
        assert (left >= right - 0.02).all()
        assert (left > right + 0.1).float().mean() > 0.7


def test_a_mirror_turns_right_into_left_exactly():
    images = torch.rand(4, 3, 32, 32)
    turned = viewed(images, Change(1, 0, 0, 0, 0, mirror=1.0), torch.Generator().manual_seed(0))
    torch.testing.assert_close(turned, images.flip(-1), atol=1e-5, rtol=0)


def read(feed, entries, tmp_path):
    manifest = Manifest(tmp_path / "m.jsonl", tuple(entries))
    return feed.read(manifest, "train", Preprocess(size=32), tmp_path / "x", 1, lambda a, b: None)


def test_a_mirror_is_refused_where_words_or_labels_know_a_side(tmp_path):
    """Before any study is read: the studies of this manifest are not there."""
    sided = [
        entry(1, ["There is an effusion on the right."]),
        entry(1, [], captions=(Caption("1", 0, ("Left kidney stone.",)),)),
        entry(1, [], labels={"pleural effusion": {"present": True, "side": "left"}}),
    ]
    for one in sided:
        assert knows_sides(one)
        with pytest.raises(InputRejected) as error:
            read(TwoViews(Change(mirror=0.5)), [one], tmp_path)
        assert error.value.code == "mirror"
    plain = entry(1, ["The heart is enlarged, alright."])
    assert not knows_sides(plain)
    for feed, one in ((TwoViews(Change(mirror=0.5)), plain), (TwoViews(), sided[0])):
        with pytest.raises(InputRejected) as error:
            read(feed, [one], tmp_path)
        assert error.value.code == "manifest"  # it went on to read, and found no study


# ------------------------------------------------------------------ hidden


def test_the_same_share_of_every_picture_is_hidden_and_everywhere(pairs):
    made = HiddenPatches(share=0.75, patch=8).batches(desk(pairs))
    hidden = torch.stack([made(k).hidden for k in range(200)])
    assert (hidden.sum(-1) == 12).all()
    often = hidden.float().mean((0, 1))
    assert (often - 0.75).abs().max() < 0.04  # 1600 draws of each of 16 patches
    assert not HiddenPatches(share=0.0).batches(desk(pairs))(0).hidden.any()


def test_whole_words_are_hidden_and_at_least_one():
    words = np.array([[0, 0, 1, 2, 2, 2], [0, 1, -1, -1, -1, -1]])
    for seed in range(20):
        hidden = hidden_words(words, 0.3, np.random.default_rng(seed))
        for row, out in zip(words, hidden, strict=True):
            told = {w: {bool(h) for v, h in zip(row, out, strict=True) if v == w} for w in {*row}}
            assert all(len(v) == 1 for v in told.values())
            assert not told.get(-1, {False}).pop()
            assert out.any()
    assert (hidden_words(words, 1.0, np.random.default_rng(0)) == (words >= 0)).all()


# ------------------------------------------------------------------ neighbours


def test_neighbours_stand_within_the_window_of_one_sentence(pairs):
    b = Neighbours(window=2).batches(desk(pairs, 400, tokenizer=WORDS))(0)
    text = [WORDS.decode([t]) for t in range(len(WORDS))]
    found = {(text[a], text[c]) for a, c in b.tokens[:, :2].tolist()}
    near = set()
    for sentence in report_sentences(ENTRIES):
        row = [text[t] for t in WORDS([sentence], 64)[0][0]]
        near |= {(w, v) for i, w in enumerate(row) for j, v in enumerate(row) if 0 < abs(i - j) < 3}
    assert found <= near
    assert ("hepatic", "steatosis") in found
    away = Neighbours(near="anywhere").batches(desk(pairs, 400, tokenizer=WORDS))(0)
    assert not {(text[a], text[c]) for a, c in away.tokens[:, :2].tolist()} <= near


def test_noise_is_drawn_by_count_to_the_power_of_three_quarters(pairs):
    made = Neighbours(noise=50).batches(desk(pairs, 400, tokenizer=WORDS))
    noise = torch.cat([made(k).tokens[:, 2:].flatten() for k in range(5)])
    tokens = np.concatenate([WORDS([s], 64)[0][0] for s in report_sentences(ENTRIES)])
    wanted = np.bincount(tokens, minlength=len(WORDS)).astype(float)
    wanted[:2] = 0
    wanted = wanted**0.75 / (wanted**0.75).sum()
    found = np.bincount(noise.numpy(), minlength=len(WORDS)) / len(noise)
    np.testing.assert_allclose(found, wanted, atol=0.005)


# ------------------------------------------------------------------ told, shots


def test_no_caption_holds_a_silent_name_and_the_expert_tells_names_of_one_thing(pairs):
    b = Told(silent=("fatty",), concepts=4).batches(desk(pairs))(0)
    texts = [PIECES.decode(row[m].tolist()) for row, m in zip(b.tokens, b.mask, strict=True)]
    owner = b.owner.tolist()
    assert not any("fatty" in t for t, o in zip(texts, owner, strict=True) if o >= 0)
    told = [t.strip() for t, o in zip(texts, owner, strict=True) if o == KNOWLEDGE]
    table = [set(names) for names in concepts(["ct-abdomen"]).values()]
    for name, other in zip(told[:4], told[4:], strict=True):
        assert name != other
        assert any({name, other} <= {n.lower() for n in names} for names in table)


def test_shots_are_of_different_studies_half_with_and_half_without(pairs):
    made = Shots("hepatic steatosis", 3).batches(desk(pairs))
    facts = made(0).facts
    assert facts.flatten().tolist() == [1, 1, 1, -1, -1, -1]
    assert torch.equal(made(0).images, made(5).images)  # still, so the very same pictures
    with pytest.raises(InputRejected) as error:
        Shots("hepatic steatosis", 5).batches(desk(pairs))
    assert error.value.code == "shots"
    with pytest.raises(InputRejected):
        Shots("no such finding", 1).batches(desk(pairs))
