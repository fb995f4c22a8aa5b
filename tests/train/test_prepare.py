"""Warm starts, frozen parts and low rank, as data in a run."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from radgloss.models.alignment import clip
from radgloss.nn.lora import Lora
from radgloss.train import loop, prepare
from radgloss.train.prepare import Warm
from radgloss.types import InputRejected
from two_ranks import RUN, batch, objective, trained


@pytest.fixture
def folder(tmp_path):
    """What `checkpoint.weights` needs of a checkpoint: the weights and their hash."""
    import hashlib

    home = tmp_path / "before"
    home.mkdir()
    torch.manual_seed(8)
    save_file(clip.build(RUN.model).state_dict(), home / "weights.safetensors")
    digest = hashlib.sha256((home / "weights.safetensors").read_bytes()).hexdigest()
    (home / "files.json").write_text(json.dumps({"weights.safetensors": digest}))
    return home


def test_a_warm_start_takes_what_it_names_and_nothing_else(folder):
    model = objective().model
    before = {k: v.clone() for k, v in model.state_dict().items()}
    prepare.warm(model, Warm(str(folder), ("image.*",)))
    torch.manual_seed(8)
    there = clip.build(RUN.model).double().state_dict()
    for key, value in model.state_dict().items():
        wanted = there if key.startswith("image.") else before
        assert torch.equal(value, wanted[key]), key


def test_names_and_shapes_that_disagree_are_named(folder):
    wider = clip.build(replace(RUN.model, width=16))
    residual = clip.build(clip.VARIANTS["debug-residual"])
    for model, take, said in (
        (wider, ("*",), "image.project.weight"),
        (residual, ("image.stem.*",), "no image.stem"),
        (objective().model, ("picture.*",), "picture.*"),
    ):
        with pytest.raises(InputRejected) as error:
            prepare.warm(model, Warm(str(folder), take))
        assert error.value.code == "warm-start"
        assert said in str(error.value)


def test_a_folder_that_is_no_longer_what_was_saved_is_refused(folder):
    raw = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(raw[:-1] + b"x")
    with pytest.raises(InputRejected) as error:
        prepare.warm(objective().model, Warm(str(folder)))
    assert error.value.code == "checkpoint"


def test_locked_image_tuning_moves_the_text_tower_only(folder, tmp_path):
    """LiT: a warm image tower that stays still to the bit, its statistics too."""
    start = Warm(str(folder), ("image.*",))
    after = trained(tmp_path / "lit", warm=start, freeze=("image.*",))
    torch.manual_seed(8)
    there = clip.build(RUN.model).double().state_dict()
    cold = objective().model.state_dict()
    for key, value in after.items():
        if key.startswith("image."):
            assert torch.equal(value, there[key]), key
    assert not torch.equal(after["text.embed.weight"], cold["text.embed.weight"])
    assert not torch.equal(after["log_scale"], cold["log_scale"])


def test_a_frozen_tower_goes_with_chunks(tmp_path):
    a = trained(tmp_path / "a", freeze=("image.*",))
    b = trained(tmp_path / "b", freeze=("image.*",), chunk=2)
    for key, value in a.items():
        torch.testing.assert_close(b[key], value, atol=1e-9, rtol=1e-9, msg=key)


def test_low_rank_training_ends_in_plain_layers_of_low_rank_change(tmp_path):
    low = Lora(("image.blocks.*.attention.qkv",), rank=2)
    cold = objective().model.state_dict()
    after = trained(tmp_path / "lora", lora=low, freeze=("image.*",))
    assert set(after) == set(cold)
    changed = (
        after["image.blocks.0.attention.qkv.weight"] - cold["image.blocks.0.attention.qkv.weight"]
    )
    strength = torch.linalg.svdvals(changed)
    assert strength[1] > 0
    assert strength[2] < 1e-9 * strength[0]
    assert torch.equal(after["image.position"], cold["image.position"])


def test_low_rank_training_resumes_to_the_bit(tmp_path):
    low = Lora(("*.attention.*",), rank=2)
    whole = trained(tmp_path / "whole", lora=low)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "broken", lora=low, die_at=3)
    again = trained(tmp_path / "broken", lora=low, resume=True)
    for key, value in whole.items():
        assert torch.equal(value, again[key]), key


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"freeze": ("imgae.*",)}, "freeze"),
        ({"freeze": ("*",)}, "freeze"),
        ({"lora": Lora(("image.position",))}, "lora"),
        ({"warm": Warm("nowhere")}, "checkpoint"),
    ],
)
def test_a_pattern_that_names_nothing_is_refused_before_any_work(tmp_path, change, code):
    def never(k):
        raise AssertionError("a batch was asked for")

    with pytest.raises(InputRejected) as error:
        loop.train(replace(RUN, **change), objective(), never, tmp_path)
    assert error.value.code == code


def test_a_batch_of_the_frozen_tower_changes_none_of_its_statistics():
    o = objective("clip", "debug-residual")
    prepare.freeze(o.model, ("image.*",))
    prepare.wake(o, ("image.*",))
    before = {k: v.clone() for k, v in o.model.image.named_buffers()}
    o(batch(0))
    assert all(torch.equal(v, before[k]) for k, v in o.model.image.named_buffers())
    assert o.model.text.training
