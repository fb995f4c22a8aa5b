"""Volumes, what is said of each organ, and what a record holds: as their sources have it."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from radgloss import dicom
from radgloss.data.batch import MEAN, SPREAD
from radgloss.data.feeds import Desk, Volumes
from radgloss.data.feeds.volumes import record_of
from radgloss.data.manifest import read_manifest
from radgloss.data.pairs import Pairs, Sampling
from radgloss.data.phantom.causal.conditions import CONDITIONS
from radgloss.data.phantom.causal.strata import STRATA
from radgloss.data.phantom.coded import CODES, record
from radgloss.data.stacks import chosen_series
from radgloss.dicom.write import write_images
from radgloss.preprocess import Preprocess, prepare, stacked
from radgloss.text.anatomy import OTHER, by_organ
from radgloss.text.codes import ABDOMEN, phenotype
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import Image, InputRejected, Study, Window
from tiny import image

SAID = (
    "LIVER: Hepatic steatosis. No cyst.\nSPLEEN: Normal.",
    "The liver is normal. Splenomegaly is present, of 15 cm. No kidney stone.",
    "Liver cyst. The spleen is normal.",
)
SETTINGS = Preprocess(size=32, max_frames=8, windows=(Window(40, 400), Window(0, 2000)))
TOKENIZER = Tokenizer.train(SAID, 300)
ASKED = ("K76", "D73", "E11")
FEED = Volumes(phenotypes=ASKED)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Six CT studies of two volumes and a scout, and a film that nobody can read."""
    folder = tmp_path_factory.mktemp("volumes")
    rows = []
    for k in range(6):
        uids = [f"2.25.{10 * k + n + 1}" for n in range(3)]
        images = [replace(image(frames=n, seed=k, uid=u), synthetic=True)
                  for u, n in zip(uids, (9, 2, 12), strict=True)]  # fmt: skip
        write_images(Study(f"2.25.{900 + k}", tuple(images), synthetic=True), folder / f"s{k}")
        row = {"study": f"s{k}", "patient": f"p{k}", "split": "train" if k < 4 else "test",
               "exam": "ct-abdomen", "report": {"findings": SAID[k % 3], "impression": "Seen."},
               "codes": ["K76.0", "E11.9"][: k % 3]}  # fmt: skip
        rows.append(row)
    rows.append({"study": "none", "patient": "p9", "exam": "xr-chest", "report": "Normal."})
    del rows[1]["codes"]
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return read_manifest(path)


@pytest.fixture(scope="module")
def store(manifest, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    return FEED.read(manifest, "train", SETTINGS, folder / "train", 1, lambda done, of: None)


def desk(store, manifest, size=4):
    entries = manifest.split("train")
    still = Sampling(per_study=1, augment=None)
    return Desk(store, entries, TOKENIZER, 32, size, 0, still, 10)


def numbers(text):
    return tuple(TOKENIZER([text], 32)[0][0].tolist())


def texts(b):
    """Each text of a batch as its tokens' numbers."""
    return [tuple(t[m].tolist()) for t, m in zip(b.tokens, b.mask, strict=True)]


# ------------------------------------------------------------------ the store


def test_a_volume_is_the_series_as_it_is_served(store, manifest):
    study = dicom.read(manifest.split("train")[2].study)
    kept = store.pictures[[k for k, s in enumerate(store.studies) if s == 2]]
    served = [stacked(prepare(i, SETTINGS).pixels, 8)[0] for i in study.images if len(i.pixels) > 2]
    assert np.array_equal(kept, served)
    assert store.bad == []
    assert store.studies == [0, 0, 1, 1, 2, 2, 3, 3]  # no scout, and no other examination


def test_the_store_is_made_once_and_again_for_other_settings(store, manifest, monkeypatch):
    def refuse(*args, **more):
        raise AssertionError("read again")

    def told(feed):
        return feed.read(manifest, "train", SETTINGS, store.folder, 1, lambda done, of: None)

    monkeypatch.setattr("radgloss.data.stacks.reader", refuse)
    assert np.array_equal(told(FEED).pictures, store.pictures)
    with pytest.raises(AssertionError, match="read again"):
        told(replace(FEED, series=1))


def test_of_many_series_first_and_last_are_kept():
    def series(*frames):
        stacks = [Image(str(k), np.zeros((n, 9, 9), np.float32), np.eye(4), "CT")
                  for k, n in enumerate(frames)]  # fmt: skip
        return [i.uid for i in chosen_series(stacks, 2)]

    assert series(9, 1, 9, 9, 9) == ["0", "4"]
    assert series(1, 9) == ["1"]
    assert series(2) == []


# ------------------------------------------------------------------ what a step brings


def test_every_volume_brings_what_its_own_report_says_of_the_organs_of_the_step(store, manifest):
    b = FEED.batches(desk(store, manifest))(0)
    flat = b.images.flatten(1)
    drawn = {}
    for owner, section, text in zip(b.owner.tolist(), b.section.tolist(), texts(b), strict=True):
        said = [by_organ(e.report.findings, e.exam).values() for e in manifest.split("train")]
        assert any(text == numbers(organ) for organs in said for organ in organs)
        drawn.setdefault(section, []).append(owner)
    assert all(len(set(owners)) == len(owners) >= 2 for owners in drawn.values())
    assert len(flat) == 4
    assert b.images.shape == (4, 2, 8, 32, 32)


def test_an_organ_in_which_something_is_found_is_drawn_more_often(store, manifest):
    """Three of four reports find something in the liver, one in the spleen: 4 to 2."""
    made = replace(FEED, sections=1).batches(desk(store, manifest))
    liver = {numbers(by_organ(s, "ct-abdomen")["liver"]) for s in SAID}
    share = np.mean([texts(made(k))[0] in liver for k in range(60)])
    assert share == pytest.approx(2 / 3, abs=0.15)


def test_the_whole_report_is_one_text(store, manifest):
    b = replace(FEED, text="whole").batches(desk(store, manifest))(0)
    assert b.owner.tolist() == [0, 1, 2, 3]
    assert b.section.unique().tolist() == [0]


def test_a_step_brings_the_records_of_its_volumes(store, manifest):
    """Study k holds the first k % 3 codes; of study 1 nobody knows."""
    b = FEED.batches(desk(store, manifest))(0)
    values = ((b.images * SPREAD + MEAN) * 255).round().to(torch.uint8).numpy()
    for volume, row in zip(values, b.record.tolist(), strict=True):
        at = next(k for k, v in enumerate(store.pictures) if np.array_equal(v, volume))
        wanted = ([0, 0, 0], [-1, -1, -1], [1, 0, 1], [0, 0, 0])[store.studies[at]]
        assert row == wanted


def test_an_epoch_has_every_study_once(store, manifest):
    chosen = store.chosen(0, 4, 0, Sampling(per_study=1))
    assert sorted(store.studies[k] for k in chosen) == [0, 1, 2, 3]


def test_single_frames_come_first_and_are_frames_of_the_volumes(store, manifest):
    made = replace(FEED, flat=0.3).batches(desk(store, manifest))
    assert [made(k).images.shape[2] for k in range(10)] == [1] * 3 + [8] * 7
    frames = {v[:, n].tobytes() for v in store.pictures for n in range(2, 6)}
    values = ((made(1).images[:, :, 0] * SPREAD + MEAN) * 255).round().to(torch.uint8).numpy()
    assert all(np.ascontiguousarray(v).tobytes() in frames for v in values)


def test_a_step_is_the_same_whenever_it_is_made(store, manifest):
    one, two = (replace(FEED, flat=0.3).batches(desk(store, manifest)) for _ in range(2))
    two(0)
    for k in (1, 7):
        assert torch.equal(one(k).images, two(k).images)
        assert torch.equal(one(k).tokens, two(k).tokens)


def test_frames_of_a_volume_move_together(store):
    """A column of one value through all frames is a column still, wherever it was moved."""
    volumes = np.zeros((1, 2, 8, 32, 32), np.uint8)
    volumes[..., 10:20, 4:9] = 255
    moved = replace(Sampling().augment, noise=0.0)
    one = Pairs.__new__(Pairs)
    one.pictures = volumes
    x = Pairs.images(one, [0], 3, 0, moved)
    torch.testing.assert_close(x, x[:, :1, :1].expand_as(x))
    assert (x[0, 0, 0] != Pairs.images(one, [0], 3, 0, None)[0, 0, 0]).any()


def test_no_record_anywhere_is_refused_before_anything_is_read(manifest, tmp_path):
    bare = replace(manifest, entries=tuple(replace(e, codes=None) for e in manifest.entries))
    with pytest.raises(InputRejected) as refused:
        FEED.read(bare, "train", SETTINGS, tmp_path / "none", 1, lambda done, of: None)
    assert refused.value.code == "no-codes"
    replace(FEED, phenotypes=()).require(bare)
    with pytest.raises(InputRejected, match="no study of these examinations"):
        replace(FEED, exams=("us-pelvis",)).require(manifest)


# ------------------------------------------------------------------ records


def test_every_disease_and_condition_of_the_simulation_has_a_code_of_icd_10():
    known = {d.name for s in STRATA.values() for d in s.diseases} | CONDITIONS.keys()
    assert known - {"none"} <= CODES.keys()
    assert all(phenotype(code) for code in CODES.values())


def test_a_record_knows_the_visit_and_the_past_but_not_the_picture():
    patient = {"absent": ["spleen"], "lesions": [{"what": "kidney cyst"}],
               "encounter": {"diseases": ["steatosis"], "conditions": ["diabetes"]}}  # fmt: skip
    assert record(patient) == ("E11.9", "K76.0", "Z90.8")


def test_what_an_abdomen_is_asked_is_what_its_simulated_patients_may_have():
    strata = [s for name, s in STRATA.items() if name in ("A", "L")]
    may = {phenotype(CODES[d.name]) for s in strata for d in s.diseases if d.name != "none"}
    assert may <= ABDOMEN.keys()


def test_a_list_of_codes_is_a_record_and_no_list_is_none(manifest, tmp_path):
    train = manifest.split("train")
    assert record_of(train[0], ASKED).tolist() == [0, 0, 0]
    assert record_of(train[1], ASKED).tolist() == [-1, -1, -1]
    assert record_of(train[2], ASKED).tolist() == [1, 0, 1]
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps({"study": "s", "patient": "p", "codes": "K80"}))
    with pytest.raises(InputRejected, match="codes"):
        read_manifest(path)


# ------------------------------------------------------------------ organ by organ


@pytest.mark.parametrize(
    "text",
    [
        "LIVER: Hepatic steatosis.\nSPLEEN: The spleen is enlarged.\nOTHER: Clips are seen.",
        "Hepatic steatosis.\nThe spleen is enlarged.\nClips are seen.",
    ],
)
def test_headings_and_lines_say_the_same_of_an_organ(text):
    said = by_organ(text, "ct-abdomen")
    assert said["spleen"] == "The spleen is enlarged."
    assert said["liver"] == "Hepatic steatosis."
    assert said[OTHER] == "Clips are seen."


def test_nothing_that_is_said_is_lost():
    for text in SAID:
        words = set(text.replace("LIVER:", "").replace("SPLEEN:", "").split())
        assert words == set(" ".join(by_organ(text, "ct-abdomen").values()).split())


def test_free_prose_is_sorted_by_what_it_states():
    said = by_organ(SAID[1], "ct-abdomen")
    assert said == {"liver": "The liver is normal.", "kidneys": "No kidney stone.",
                    "spleen": "Splenomegaly is present, of 15 cm."}  # fmt: skip
