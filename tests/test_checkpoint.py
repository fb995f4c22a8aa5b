"""A checkpoint is believed only when every hash and every golden vector is right."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from radgloss import checkpoint
from radgloss.checkpoint import Support
from radgloss.models.alignment import clip
from radgloss.preprocess import Preprocess
from radgloss.text.tokenizer import Tokenizer
from radgloss.trust import Calibration, Outlier, Trust
from radgloss.types import InputRejected

TRUST = Trust(
    {"ct-abdomen": {"liver cyst": Calibration(2.0, 0.1, 0.2, 0.8, 10, 20, 0.9, 0.05)}},
    {},
    {"ct-abdomen": Outlier(np.ones((4, 32), np.float32), np.zeros(32, np.float32),
                           np.ones(32, np.float32), 1, 3.0, 0.05)},
    "30 studies",
)  # fmt: skip


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    model = clip.build(clip.VARIANTS["debug-conv"])
    tokenizer = Tokenizer.train(["no abnormality on the left 12 mm lesion"], 256 + 2)
    support = Support(("No cyst.",), ("ct-abdomen",), np.ones((1, 32), np.float32))
    name = checkpoint.save(
        tmp_path / "c",
        "clip",
        model,
        Preprocess(size=32),
        tokenizer,
        {"title": "t"},
        TRUST,
        support,
    )
    return tmp_path / "c", name, model


@pytest.fixture(autouse=True)
def small_vocabulary(monkeypatch):
    from dataclasses import replace

    config = clip.VARIANTS["debug-conv"]
    wide = replace(config, text=replace(config.text, vocabulary=300))
    monkeypatch.setitem(clip.VARIANTS, "debug-conv", wide)


def refused(folder):
    with pytest.raises(InputRejected) as error:
        checkpoint.load(folder)
    assert error.value.code == "checkpoint"
    return str(error.value)


def resign(folder):
    """Make the hashes right again, as somebody who edits a checkpoint would."""
    listing = folder / "files.json"
    names = json.loads(listing.read_text())
    listing.write_text(json.dumps({n: checkpoint._sha256(folder / n) for n in names}))


def test_loaded_is_bit_identical(saved):
    folder, name, model = saved
    again = checkpoint.load(folder)
    assert again.name == name
    for a, b in zip(model.state_dict().values(), again.model.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert again.trust.labels == TRUST.labels
    assert again.trust.outliers["ct-abdomen"].threshold == 3.0
    assert again.support.texts == ("No cyst.",)
    assert again.preprocess == Preprocess(size=32)


def test_same_content_same_name(saved, tmp_path):
    folder, name, model = saved
    c = checkpoint.load(folder)
    again = checkpoint.save(tmp_path / "d", "clip", model, c.preprocess, c.tokenizer, c.card,
                            c.trust, c.support)  # fmt: skip
    assert again == name


@pytest.mark.parametrize("name", ["weights.safetensors", "config.json", "trust.json", "card.json"])
def test_one_flipped_bit_anywhere_is_noticed(saved, name):
    folder, *_ = saved
    raw = bytearray((folder / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / name).write_bytes(raw)
    assert name in refused(folder)


def test_a_missing_file_is_named(saved):
    folder, *_ = saved
    (folder / "tokenizer.json").unlink()
    assert "tokenizer.json" in refused(folder)


def test_foreign_and_newer_folders_are_refused_by_name(saved, tmp_path):
    folder, *_ = saved
    assert "files.json" in refused(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "schema": 99}))
    resign(folder)
    assert "schema 99" in refused(folder)
    (folder / "config.json").write_text(json.dumps({**config, "format": "other"}))
    resign(folder)
    assert "another program" in refused(folder)


def test_other_weights_fail_their_golden_vectors_even_when_signed(saved):
    folder, *_ = saved
    weights = load_file(folder / "weights.safetensors")
    weights["image.project.weight"] = weights["image.project.weight"].roll(1, 0).clone()
    save_file(weights, folder / "weights.safetensors")
    resign(folder)
    assert "golden" in refused(folder)


def test_weights_that_are_not_numbers_are_refused(saved):
    folder, *_ = saved
    weights = load_file(folder / "weights.safetensors")
    weights["image.norm.bias"][0] = float("nan")
    save_file(weights, folder / "weights.safetensors")
    resign(folder)
    assert "NaN" in refused(folder)


def test_unknown_keys_and_lost_weights_are_refused(saved):
    folder, *_ = saved
    config = json.loads((folder / "config.json").read_text())
    bad = {**config, "model": {**config["model"], "flag": True}}
    (folder / "config.json").write_text(json.dumps(bad))
    resign(folder)
    refused(folder)
    (folder / "config.json").write_text(json.dumps(config))
    weights = load_file(folder / "weights.safetensors")
    del weights["log_scale"]
    save_file(weights, folder / "weights.safetensors")
    resign(folder)
    refused(folder)


def test_random_bytes_in_place_of_weights_are_refused(saved):
    folder, *_ = saved
    (folder / "weights.safetensors").write_bytes(bytes(range(256)) * 10)
    resign(folder)
    refused(folder)


def test_half_precision_halves_the_weights_and_changes_no_answer(saved, tmp_path):
    folder, _, model = saved
    c = checkpoint.load(folder)
    small = checkpoint.rounded(model)
    checkpoint.save(tmp_path / "h", "clip", small, c.preprocess, c.tokenizer, {}, storage="fp16")
    again = checkpoint.load(tmp_path / "h").model
    for a, b in zip(small.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    sizes = [(f / "weights.safetensors").stat().st_size for f in (folder, tmp_path / "h")]
    assert sizes[1] < 0.6 * sizes[0]
