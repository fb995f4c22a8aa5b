"""Pictures and sentences as the trainer will see them."""

import json
from dataclasses import replace

import numpy as np
import torch

from radgloss.data.batch import NAME
from radgloss.data.manifest import read_manifest
from radgloss.data.pairs import Pairs, Sampling
from radgloss.data.quiz import Asking
from radgloss.dicom.write import write_images
from radgloss.preprocess import Preprocess, prepare
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import Image, Region, Study

SETTINGS = Preprocess(size=32)
ASKING = Sampling(texts=1, asked=Asking(), sought=0.5)


def image() -> Image:
    affine = np.array([[0, 0, 1.0, 0], [0, 1.0, 0, 0], [5.0, 0, 0, 0], [0, 0, 0, 1]])
    pixels = np.random.default_rng(0).integers(-200, 200, (3, 40, 40)).astype(np.float32)
    return Image("2.25.11", pixels, affine, "CT", body_part="ABDOMEN", synthetic=True)


def manifest(folder, captions):
    write_images(Study("2.25.10", (image(),), synthetic=True), folder / "study")
    row = {"study": "study", "patient": "p", "captions": captions}
    (folder / "m.jsonl").write_text(json.dumps(row))
    return read_manifest(folder / "m.jsonl")


def test_a_boxed_caption_is_trained_on_the_box_and_a_plain_one_on_the_frame(tmp_path):
    captions = [
        {"image": "any", "frame": 1, "sentences": ["A frame."]},
        {"image": "any", "frame": 1, "sentences": ["A box."], "region": [[1, 4, 6], [1, 30, 33]]},
    ]
    pairs = Pairs.build(manifest(tmp_path, captions), "train", SETTINGS, tmp_path / "pairs")
    assert pairs.sentences == [["A frame."], ["A box."]]
    whole, part = image(), image().cut(Region((1, 4, 6), (1, 30, 33)))
    assert np.array_equal(pairs.pictures[0], prepare(whole, SETTINGS).pixels[1])
    assert np.array_equal(pairs.pictures[1], prepare(part, SETTINGS).pixels[0])


def test_a_frame_that_thinning_leaves_out_is_trained_on_as_if_it_were_kept(tmp_path):
    """Frames of 2.5 mm thinned to 5 mm: three captions, three pictures, the kept one untouched."""
    stack = replace(image(), affine=image().affine @ np.diag([0.5, 1, 1, 1]))
    write_images(Study("2.25.10", (stack,), synthetic=True), tmp_path / "study")
    said = [{"image": "any", "frame": k, "sentences": [f"Frame {k}."]} for k in range(3)]
    row = {"study": "study", "patient": "p", "captions": said}
    (tmp_path / "m.jsonl").write_text(json.dumps(row))
    thin, full = SETTINGS, replace(SETTINGS, step_mm=2.5)
    assert len(prepare(stack, thin).pixels) < 3 == len(prepare(stack, full).pixels)
    pairs = Pairs.build(read_manifest(tmp_path / "m.jsonl"), "train", thin, tmp_path / "pairs")
    assert pairs.sentences == [["Frame 0."], ["Frame 1."], ["Frame 2."]]
    assert np.array_equal(pairs.pictures, prepare(stack, full).pixels)


def test_loose_boxes_say_how_a_frame_was_taken_and_nothing_else(tmp_path):
    said = ["Axial arterial phase CT at the level of the kidneys.", "No liver cyst."]
    captions = [
        {"image": "any", "frame": 1, "sentences": said},
        {"image": "any", "frame": 2, "sentences": said[1:]},
    ]
    made = manifest(tmp_path, captions)
    pairs = Pairs.build(made, "train", SETTINGS, tmp_path / "pairs", loose=2)
    assert pairs.sentences == [*[["Axial arterial phase CT."]] * 2, said, said[1:]]
    assert pairs.boxed == [True, True, False, False]
    assert not np.array_equal(pairs.pictures[0], pairs.pictures[1])
    again = Pairs.build(made, "train", SETTINGS, tmp_path / "again", loose=2)
    assert np.array_equal(pairs.pictures, again.pictures)
    assert len(Pairs.build(made, "train", SETTINGS, tmp_path / "pairs")) == 2  # made anew without


def test_a_box_outside_its_image_is_named_and_left_out(tmp_path):
    row = {"image": "any", "frame": 1, "sentences": ["A."], "region": [[1, 4, 6], [1, 30, 90]]}
    good = {"study": "study", "patient": "q", "captions": [{**row, "region": None}]}
    made = manifest(tmp_path, [row])
    with made.path.open("a") as file:
        file.write("\n" + json.dumps(good))
    pairs = Pairs.build(read_manifest(made.path), "train", SETTINGS, tmp_path / "pairs")
    assert len(pairs) == 1
    assert "line 1" in pairs.bad[0]
    assert "leaves an image" in pairs.bad[0]


def asked(folder):
    """Two captioned frames, a tokenizer of their words, and what may be asked of them."""
    said = [["Liver cyst.", "There is a liver cyst.", "Simple liver cyst."],
            ["No liver cyst.", "There is no liver cyst.", "No hepatic cyst."]]  # fmt: skip
    captions = [{"image": "any", "frame": k, "sentences": s} for k, s in enumerate(said)]
    made = manifest(folder, captions)
    pairs = Pairs.build(made, "train", SETTINGS, folder / "pairs")
    tokenizer = Tokenizer.train((s for many in said for s in many), 300)
    return pairs, tokenizer, pairs.asked(made.split("train"), ASKING)


def test_a_step_with_questions_is_the_same_whenever_it_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr("radgloss.data.quiz.LEAST", 1)
    pairs, tokenizer, questions = asked(tmp_path)
    once, again = (pairs.batch(7, 4, 0, tokenizer, 16, ASKING, questions).ready() for _ in range(2))
    for name in ("images", "tokens", "mask", "owner", "answers"):
        assert torch.equal(getattr(once, name), getattr(again, name)), name
    assert once.owner.tolist() == [0, 1, 2, 3, -1, -1]  # one question: stated, denied
    assert once.answers[:2].tolist() == [[1], [1]]  # half of the step was sought


def test_without_a_quiz_a_step_asks_nothing(tmp_path):
    pairs, tokenizer, _ = asked(tmp_path)
    batch = pairs.batch(0, 2, 0, tokenizer, 16, Sampling())
    assert batch.answers.shape == batch.options.shape == (2, 0)
    assert batch.owner.tolist() == [0, 1]


def test_what_is_drawn_comes_with_the_chances_that_are_said(tmp_path):
    """Frames and boxes of two studies of unequal size, over many epochs."""
    pairs = boxes_and_frames(tmp_path / "pairs", frames=5, more=2)
    sampling = Sampling(per_study=2, boxes=1)
    drawn = np.bincount([k for s in range(600) for k in pairs.chosen(s, 6, 0, sampling)])
    said = pairs.chances(sampling)
    np.testing.assert_allclose(said.sum(), 1)
    np.testing.assert_allclose(drawn / drawn.sum(), said, atol=0.012)


def named(folder, prior="taken out"):
    """Three T1 and one T2 picture of the liver, each study with one; and a frame of each."""
    said = ["Axial T1-weighted MR image of the liver."] * 3 + ["T2-weighted MRI of the liver."]
    frames = ["T1-weighted MRI of the abdomen.", "Axial T2-weighted MR image of the abdomen."]
    folder.mkdir()
    np.save(folder / "pictures.npy", np.zeros((6, 3, 32, 32), np.uint8))
    about = {
        "schema": 3, "preprocess": SETTINGS.to_dict(), "manifest": [], "bad": [],
        "sentences": [[s] for s in said + frames], "studies": [0, 1, 2, 3, 0, 3],
        "boxed": [True] * 4 + [False] * 2,
    }  # fmt: skip
    (folder / "pairs.json").write_text(json.dumps(about))
    pairs = Pairs(folder)
    return pairs, Tokenizer.train(said + frames, 300)


def test_named_pictures_choose_between_the_names_of_their_kind(tmp_path, monkeypatch):
    monkeypatch.setattr("radgloss.data.naming.LEAST", 1)
    pairs, tokenizer = named(tmp_path / "pairs")
    sampling = Sampling(named=0.5, augment=None)
    asked = pairs.asked([], sampling)
    batch = pairs.batch(0, 6, 0, tokenizer, 32, sampling, asked)
    assert batch.owner.tolist() == [0, 1, 2, 3, 4, 5] + [NAME] * 4
    assert (batch.options.sum(1) == 0).all()  # two names of its kind: its own, and the other
    assert ((batch.options == 1).sum(1) == 1).all()
    assert torch.equal(batch.shares, torch.from_numpy(asked.shares))


def test_the_shares_of_names_are_those_of_what_is_drawn(tmp_path, monkeypatch):
    """Half of a step is drawn pair by pair, so three quarters T1 become five eighths."""
    monkeypatch.setattr("radgloss.data.naming.LEAST", 1)
    pairs, _ = named(tmp_path / "pairs")
    asked = pairs.asked([], Sampling(named=0.5))
    share = {n: np.exp(s) for n, s in zip(asked.naming.names, asked.shares, strict=True)}
    boxes = share["MR T1", "liver"], share["MR T2", "liver"]
    drawn = 0.5 * np.array([3, 1]) / 6 + 0.5 * np.array([0.5, 0.5])
    np.testing.assert_allclose(boxes, drawn, rtol=1e-6)


def boxes_and_frames(folder, frames, more=0):
    """Two studies; each has so many whole frames and three boxes, the first some boxes more."""
    folder.mkdir()
    count = 2 * (frames + 3) + more
    np.save(folder / "pictures.npy", np.zeros((count, 3, 32, 32), np.uint8))
    about = {
        "schema": 3, "preprocess": SETTINGS.to_dict(), "manifest": [], "bad": [],
        "sentences": [["A."]] * count, "studies": [k % 2 for k in range(count - more)] + [0] * more,
        "boxed": [k >= 2 * frames for k in range(count)],
    }  # fmt: skip
    (folder / "pairs.json").write_text(json.dumps(about))
    return Pairs(folder)


def test_an_epoch_takes_so_many_frames_and_so_many_boxes_of_every_study(tmp_path):
    pairs = boxes_and_frames(tmp_path / "pairs", frames=5)
    one = Sampling(per_study=2, boxes=1)
    for epoch in range(3):  # six pictures each: two frames and a box of both studies
        chosen = pairs.chosen(epoch, 6, 0, one)
        whats = sorted((pairs.studies[k], pairs.boxed[k]) for k in chosen)
        assert whats == [(s, b) for s in (0, 1) for b in (False, False, True)]
        assert len(set(chosen)) == 6
    everything = pairs.chosen(0, 16, 0, Sampling())
    assert sorted(everything) == list(range(16))
    assert not any(pairs.boxed[k] for k in pairs.chosen(0, 10, 0, Sampling(boxes=0)))
