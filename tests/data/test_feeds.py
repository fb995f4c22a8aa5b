"""What a step brings, feed by feed: the same whenever it is made, and true to its sources."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from radgloss.data.batch import KNOWLEDGE, NOBODY, QUESTION
from radgloss.data.feeds import (
    Captioned,
    Desk,
    Masked,
    Queried,
    Reported,
    Spoiled,
    Studies,
    Unpaired,
)
from radgloss.data.feeds.queried import entities
from radgloss.data.feeds.spoiled import traded
from radgloss.data.feeds.studies import said_by_labels
from radgloss.data.known import known_of, places_of
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs, Sampling
from radgloss.data.quiz import side_of
from radgloss.preprocess import Preprocess
from radgloss.systems import ARMS, SYSTEMS
from radgloss.text.knowledge import concepts
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import Report

SAID = (
    ["There is a left pleural effusion.", "No pneumothorax."],
    ["There is a right pleural effusion.", "The heart is normal in size."],
    ["No pleural effusion.", "There is a left pneumothorax."],
)
STUDIES, VIEWS = 12, 2
TOKENIZER = Tokenizer.train([s for many in SAID for s in many], 400)
STILL = Sampling(augment=None)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Twelve studies of two films; the value of a film's pixels is its number."""
    folder = tmp_path_factory.mktemp("pairs")
    count = STUDIES * VIEWS
    values = np.arange(count, dtype=np.uint8)[:, None, None, None]
    np.save(folder / "pictures.npy", np.broadcast_to(values, (count, 3, 32, 32)))
    about = {
        "schema": 3, "preprocess": Preprocess(size=32).to_dict(), "manifest": [], "bad": [],
        "boxed": [False] * count,
        "sentences": [list(SAID[i // VIEWS % 3]) for i in range(count)],
        "studies": [i // VIEWS for i in range(count)],
    }  # fmt: skip
    (folder / "pairs.json").write_text(json.dumps(about))
    return Pairs(folder)


def entries():
    labels = [{"pleural effusion": {"present": k % 3 != 2}} for k in range(STUDIES)]
    return tuple(
        Entry(k, Path("study"), f"p{k}", exam="xr-chest", labels=labels[k],
              report=Report(findings=" ".join(SAID[k % 3]), impression=SAID[k % 3][0]))
        for k in range(STUDIES)
    )  # fmt: skip


def desk(pairs, size=8, **changes):
    made = Desk(pairs, entries(), TOKENIZER, 32, size, 0, STILL, 10)
    return replace(made, **changes)


def numbers(batch):
    """Which pictures of the store a batch brought."""
    from radgloss.data.batch import MEAN, SPREAD

    flat = batch.ready().images.flatten(1)[:, 0]
    return ((flat * SPREAD + MEAN) * 255).round().int().tolist()


def texts(batch):
    rows = zip(batch.tokens, batch.mask, strict=True)
    return [TOKENIZER.decode(t[m].tolist()).strip().replace(" .", ".") for t, m in rows]


FEEDS = (
    Captioned(),
    Captioned(words="whole"),
    Unpaired(),
    Studies(),
    Masked(),
    Reported(),
    Queried(),
    Spoiled(share=0.5),
)


@pytest.mark.parametrize("feed", FEEDS, ids=str)
def test_a_step_is_the_same_whenever_it_is_made(pairs, feed):
    one, two = feed.batches(desk(pairs)), feed.batches(desk(pairs))
    two(0), two(1)
    first, again, later = one(5).ready(), two(5).ready(), one(6)
    assert first.prior is None is again.prior
    for f in [f for f in fields(first) if f.name != "prior"]:
        assert torch.equal(getattr(first, f.name), getattr(again, f.name)), f.name
    assert not torch.equal(first.tokens, later.tokens)


def test_feeds_that_look_alike_are_different_runs():
    run = SYSTEMS["medclip"]()
    digests = {replace(run, feed=f).digest for f in (*FEEDS, Unpaired(strangers=0.0))}
    assert len(digests) == 9


def test_every_arm_is_a_system_that_differs_from_its_own_in_something():
    for name, arms in ARMS.items():
        digests = {SYSTEMS[n]().digest for n in (name, *arms)}
        nameless = {replace(SYSTEMS[n](), name="").digest for n in (name, *arms)}
        assert len(digests) == len(nameless) == 1 + len(arms), name


def test_the_sentences_drawn_are_one_or_all(pairs):
    one = Captioned(words="one").batches(desk(pairs))(0)
    whole = Captioned(words="whole").batches(desk(pairs))(0)
    for number, text in zip(numbers(one), texts(one), strict=True):
        assert text in [s.lower() for s in SAID[number // VIEWS % 3]]
    for number, text in zip(numbers(whole), texts(whole), strict=True):
        assert text == " ".join(SAID[number // VIEWS % 3]).lower()


@pytest.mark.parametrize("share", [0.0, 0.4, 0.8, 1.0])
def test_captions_are_traded_and_none_is_lost(share):
    own = [[str(k)] for k in range(50)]
    found = traded(own, share)
    assert sorted(found) == sorted(own)
    assert sum(a != b for a, b in zip(own, found, strict=True)) == 50 * share
    assert own == [[str(k)] for k in range(50)]


def test_a_step_meets_traded_captions_and_the_store_keeps_its_own(pairs):
    feed = Spoiled(words="whole", share=1.0)
    told = traded(pairs.sentences, 1.0)
    for k in range(3):
        b, own = feed.batches(desk(pairs))(k), Captioned(words="whole").batches(desk(pairs))(k)
        assert torch.equal(b.ready().images, own.ready().images)
        for number, text in zip(numbers(b), texts(b), strict=True):
            assert text == " ".join(told[number]).lower()
    assert pairs.sentences == [list(SAID[i // VIEWS % 3]) for i in range(STUDIES * VIEWS)]


def test_a_token_knows_its_word(pairs):
    b = Captioned(words="one").batches(desk(pairs))(0)
    for text, row, mask in zip(texts(b), b.words, b.mask, strict=True):
        assert row[mask].tolist() == sorted(row[mask].tolist())
        assert len(set(row[mask].tolist())) == len(text.replace(".", " .").split())
        assert (row[~mask] == -1).all()


# ------------------------------------------------------------------ what is known


def test_what_is_known_of_a_picture_joins_its_words_and_its_labels(pairs):
    known = known_of(entries(), pairs.sentences, pairs.studies)
    at = {name: known.pictures[:, k].tolist() for k, name in enumerate(known.places)}
    assert at["pleural effusion"][::2] == [1, 1, -1] * 4
    assert at["pneumothorax"][::2] == [-1, 0, 1] * 4
    assert at[side_of("pleural effusion")][::2] == [-1, 1, 0] * 4


def test_what_a_text_says_is_read_from_it_alone(pairs):
    known = known_of(entries(), pairs.sentences, pairs.studies)
    said = known.said(["No pneumothorax.", "Chest radiograph."], ["xr-chest"] * 2)
    places = places_of(entries())
    assert [places[k] for k in np.flatnonzero(said[0])] == ["pneumothorax"]
    assert said[0].sum() == -1
    assert not said[1].any()


def test_strangers_come_from_studies_that_keep_one_half_only(pairs):
    for k in range(6):
        b = Unpaired().batches(desk(pairs))(k)
        kept = [n // VIEWS % 3 for n in numbers(b)]
        assert kept == [0] * 4 + [1] * 4  # both halves, then pictures alone
        assert b.owner.tolist() == [0, 1, 2, 3] + [NOBODY] * 4
        assert all(t in [s.lower() for s in SAID[2]] for t in texts(b)[4:])  # words alone
        assert len(b.facts) == len(b.said) == 8


def test_without_strangers_only_partners_are_left(pairs):
    b = Unpaired(strangers=0.0).batches(desk(pairs))(0)
    assert {n // VIEWS % 3 for n in numbers(b)} == {0}
    assert b.owner.tolist() == list(range(8))


# ------------------------------------------------------------------ several views


def test_two_views_and_two_sections_are_of_one_study(pairs):
    for k in range(3):
        b = Studies().batches(desk(pairs))(k)
        studies = [n // VIEWS for n in numbers(b)]
        assert studies[:4] == studies[4:]
        assert all(n != m for n, m in zip(numbers(b)[:4], numbers(b)[4:], strict=True))
        assert b.study.tolist() == [0, 1, 2, 3] * 2
        for study, first, second in zip(studies[:4], texts(b)[:4], texts(b)[4:], strict=True):
            if study % 3 != 2:  # a report
                assert first == " ".join(SAID[study % 3]).lower()
                assert second == SAID[study % 3][0].lower()
            else:  # labels only: no pleural effusion
                assert {first, second} == {"no pleural effusion."}


def test_studies_with_labels_only_can_be_left_out(pairs):
    seen = {
        n // VIEWS for k in range(4) for n in numbers(Studies("left out").batches(desk(pairs))(k))
    }
    assert seen == {s for s in range(STUDIES) if s % 3 != 2}


def test_every_study_comes_once_an_epoch(pairs):
    made = Studies().batches(desk(pairs))
    seen = [n // VIEWS for k in range(3) for n in numbers(made(k))[:4]]
    assert sorted(seen) == list(range(STUDIES))


def test_views_are_never_mirrored(pairs, monkeypatch):
    """A bright left half stays left in both views, whatever the draw."""
    bright = np.zeros((len(pairs), 3, 32, 32), np.uint8)
    bright[..., :10] = 255
    monkeypatch.setattr(pairs, "pictures", bright)
    made = Studies().batches(desk(pairs, sampling=Sampling()))
    for k in range(4):
        images = made(k).images
        assert (images[..., :16].mean((1, 2, 3)) > images[..., 16:].mean((1, 2, 3))).all()


def test_labels_are_put_into_words_with_their_side():
    entry = Entry(1, Path("study"), "p", exam="xr-chest", labels={
        "pleural effusion": {"present": True, "side": "left"}, "cardiomegaly": {"present": False},
        "lung nodule": {},
    })  # fmt: skip
    said = said_by_labels(entry, np.random.default_rng(0))
    assert said in (
        "No cardiomegaly. There is a left pleural effusion.",
        "There is a left pleural effusion. No cardiomegaly.",
    )


# ------------------------------------------------------------------ long texts, hidden words


def test_a_long_text_is_the_caption_and_the_report(pairs):
    b = Reported().batches(desk(pairs, context=64))(0)
    for number, text in zip(numbers(b), texts(b), strict=True):
        said = SAID[number // VIEWS % 3]
        assert text == " ".join([*said, *said, said[0]]).lower()


def test_whole_words_are_hidden_and_never_padding(pairs):
    b = Masked(share=0.3).batches(desk(pairs))(0)
    assert b.hidden.any(1).all()
    assert not (b.hidden & ~b.mask).any()
    for row, words in zip(b.hidden, b.words, strict=True):
        for word in words[row].unique():
            assert row[words == word].all()
        count = int(words.max()) + 1
        assert len(words[row].unique()) == round(0.3 * count)


# ------------------------------------------------------------------ knowledge and queries


def test_knowledge_comes_first_and_without_pictures(pairs):
    made = Queried(knowledge=0.3).batches(desk(pairs, context=64))  # of ten steps
    assert [len(made(k).images) for k in range(10)] == [0] * 3 + [8] * 7
    taught = made(2)
    assert taught.owner.tolist() == [KNOWLEDGE] * 16
    home = {s: k for k, many in enumerate(concepts()) for s in many}
    said = [s.replace(" :", ":") for s in texts(taught)]
    for first, second in zip(said[:8], said[8:], strict=True):
        assert home[first] == home[second]
        assert first != second


def test_statements_of_knowledge_mean_one_finding_each():
    table = concepts()
    assert len({s for many in table for s in many}) == sum(map(len, table))
    assert any({"hepatic steatosis", "fatty liver"} <= set(many) for many in table)


def test_what_is_asked_is_a_name_with_what_is_known_of_it(pairs):
    b = Queried().batches(desk(pairs))(9)
    asked = [t for t, o in zip(texts(b), b.owner, strict=True) if o == QUESTION]
    assert {"pleural effusion", "pneumothorax"} <= set(asked)
    column = b.answers[:, asked.index("pleural effusion")].tolist()
    assert column == [(1, 1, -1)[n // VIEWS % 3] for n in numbers(b)]


def test_entities_stand_for_the_words_of_a_picture(pairs):
    b = Queried().batches(desk(pairs))(9)
    for number, text in zip(numbers(b), texts(b), strict=False):
        said = entities(" ".join(SAID[number // VIEWS % 3]), "xr-chest")
        assert said
        assert text.replace(" ;", ";") == said.lower()
