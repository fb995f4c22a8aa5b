"""Captions of frames and boxes say only what these pictures of this patient show."""

import re
from functools import cache

import numpy as np
import pytest

from radgloss.data.phantom import study
from radgloss.data.phantom.captions import TABLE, captions_of
from radgloss.data.phantom.grammar.captions import level_of, names_organ
from radgloss.data.phantom.held_out import CELLS, FINDINGS, is_held_out_cell
from radgloss.data.phantom.imaging import lesion_names
from radgloss.text.facts import findings
from radgloss.text.findings import EXAMS
from radgloss.text.findings import FINDINGS as FINDINGS_TABLE

MADE = (  # training, validation and test seeds of the quick examinations
    ("xr-chest", 4), ("xr-chest", 11), ("xr-chest", 1_000_002), ("xr-chest", 2_000_001),
    ("us-pelvis", 4), ("mr-abdomen", 3), ("mr-abdomen", 4), ("mr-abdomen", 1_000_001),
    ("mr-abdomen", 2_000_000), ("xr-abdomen", 4), ("xr-abdomen", 6),
)  # fmt: skip
FAULTS = re.compile(r"[{}]|  | ,|\.\.|\b(?:a|A) (?:[aeio]|8|11\b|18\b)|\b(\w+) \1\b")


@cache
def made(exam, seed):
    phantom = study.make(seed, exam)
    return phantom, captions_of(phantom)


def organ_of(what):
    """The organ of a fact that was read; "" where its words were too short to tell."""
    return next((row.organ for row in FINDINGS_TABLE if row.what == what), "")


def all_made():
    return [(*made(exam, seed), seed < 2_000_000) for exam, seed in MADE]


def test_every_image_has_captions_of_frames_and_of_boxes_inside_it():
    for phantom, found, _ in all_made():
        shapes = {i.uid: i.pixels.shape for i in phantom.study.images}
        assert {c.image for c in found} == set(shapes)
        for uid, shape in shapes.items():
            frames = [c.frame for c in found if c.image == uid and c.region is None]
            assert len(frames) == len(set(frames)) == min(4, shape[0])
            boxes = [c.region for c in found if c.image == uid and c.region is not None]
            assert len(boxes) <= 4
            for box in boxes:
                low, high = np.array(box.low), np.array(box.high)
                assert (low >= 0).all()
                assert (high < shape).all()
                assert low[0] == high[0]
                assert ((high - low)[1:] + 1 >= 24).all()
        assert all(c.sentences for c in found)


def test_captions_of_one_seed_are_the_same_whatever_was_asked_before():
    phantom, found = made("mr-abdomen", 4)
    assert captions_of(phantom) == found
    assert len(captions_of(phantom, per_image=1, boxes=0)) == len(phantom.study.images)
    again = study.make(4, "mr-abdomen")
    assert captions_of(again) == found


def test_a_lesion_that_can_be_seen_is_captioned_where_it_is_largest():
    phantom, found = made("mr-abdomen", 2_000_000)
    for image in phantom.study.images:
        seen = phantom.imaged.seen[image.uid]
        masks = {n: m for n, m in phantom.truth.masks[image.uid].items() if n in seen}
        best = {int(m.sum(axis=(1, 2)).argmax()) for m in masks.values()}
        frames = {c.frame for c in found if c.image == image.uid and c.region is None}
        assert not masks or best & frames


def test_what_is_read_back_from_a_sentence_is_seen_on_that_image_or_nowhere_in_the_patient():
    read = 0
    for phantom, found, _ in all_made():
        exam = phantom.patient.exam
        names = lesion_names(phantom.patient.lesions)
        there = {f.what for f in phantom.truth.present}
        for caption in found:
            seen = {n.partition("#")[0] for n in names if n in phantom.imaged.seen[caption.image]}
            organs = {organ_of(what) for what in seen}
            for sentence in caption.sentences:
                assert not FAULTS.search(sentence), sentence
                for fact in findings(sentence, exam):
                    read += 1
                    if fact.status == "absent":
                        assert fact.what not in there, sentence
                    elif fact.status == "present" and fact.what not in seen:  # a vaguer name
                        assert organ_of(fact.what) in {*organs, ""}, (sentence, seen)
    assert read > 300


def test_a_denied_organ_is_shown_in_its_frame():
    for phantom, found, _ in all_made():
        if phantom.patient.exam.startswith("xr"):
            continue
        for caption in (c for c in found if c.region is None):
            organs = phantom.truth.organs[caption.image]
            shown = {TABLE.get(n, n) for n, m in organs.items() if m[caption.frame].any()}
            for sentence in caption.sentences:
                for fact in findings(sentence, phantom.patient.exam):
                    if fact.status == "absent" and organ_of(fact.what) not in ("peritoneum", ""):
                        assert organ_of(fact.what) in shown, sentence


def test_a_lesion_that_no_image_shows_is_neither_stated_nor_denied():
    phantom, _ = made("xr-chest", 18)
    hidden = {f.what for f in phantom.truth.present} - {f.what for f in phantom.truth.visible}
    assert hidden
    said = {
        f.what for c in captions_of(phantom) for s in c.sentences for f in findings(s, "xr-chest")
    }
    assert not hidden & said


def test_training_captions_never_meet_a_held_out_cell_or_finding():
    met = 0
    for phantom, found, training in all_made():
        exam = phantom.patient.exam
        if not training:
            continue
        for caption in found:
            look = phantom.imaged.looks[caption.image]
            for organ in EXAMS[exam].organs:
                if is_held_out_cell(organ, exam, look):
                    met += 1
                    assert not any(names_organ(s, organ) for s in caption.sentences)
            text = " ".join(caption.sentences).lower()
            assert not any(what in text for what in FINDINGS)
    assert met > 50


def test_test_captions_do_meet_the_held_out_cells():
    phantom, found = made("mr-abdomen", 2_000_000)
    cells = {(o, look) for o, exam, look in CELLS if exam == "mr-abdomen"}
    named = {
        (organ, look)
        for c in found
        for organ, look in cells
        if phantom.imaged.looks[c.image] == look and any(names_organ(s, organ) for s in c.sentences)
    }
    assert named


def test_a_box_shows_the_organ_that_its_words_name():
    checked = 0
    for phantom, found, _ in all_made():
        for caption in found:
            match = re.fullmatch(
                r"(?:\S+ ){1,4}of the ((?:right |left )?\w+)\.", caption.sentences[0]
            )
            if caption.region is None or not match:
                continue
            masks = phantom.truth.organs[caption.image]
            low, high = caption.region.low, caption.region.high
            name = match[1]
            options = [m for n, m in masks.items() if n.endswith(name) and m[caption.frame].any()]
            assert options or name in ("abdomen", "pelvis")
            whole = [m[caption.frame].sum() for m in options]
            inside = [m[low[0], low[1] : high[1] + 1, low[2] : high[2] + 1].sum() for m in options]
            assert not options or any(np.equal(whole, inside)), caption
            checked += 1
    assert checked > 50


def test_the_level_of_a_frame_is_one_of_its_organs():
    assert level_of(["spleen", "right kidney"]) == "kidneys"
    assert level_of(["liver"]) == "dome"
    assert level_of(["uterus", "bowel"]) == "pelvis"
    assert level_of([]) == ""


@pytest.mark.parametrize("exam", ["ct-head"])
def test_a_head_has_no_captions(exam):
    assert captions_of(study.make(2_000_000, exam)) == ()
