"""Low rank from outside: nothing changes at first, little learns, merging is exact."""

import pytest
import torch
from torch import nn

from radgloss.models.alignment import clip
from radgloss.nn import lora
from radgloss.nn.lora import Lora

QKV = Lora(("*.attention.qkv",), rank=2, alpha=6.0)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return clip.build(clip.VARIANTS["debug"]).eval()


def seen(model):
    g = torch.Generator().manual_seed(1)
    return model.encode_image(torch.randn(3, 3, 32, 32, generator=g))


def learned(model):
    """Something other than zero in every B."""
    for layer in model.modules():
        if isinstance(layer, lora.Adapted):
            nn.init.normal_(layer.up, std=0.3)
    return model


def test_an_adapted_model_says_at_first_what_it_said(model):
    before = seen(model)
    names = lora.adapt(model, QKV)
    assert names == ["image.blocks.0.attention.qkv", "text.blocks.0.attention.qkv"]
    assert torch.equal(seen(model), before)


def test_names_of_what_was_there_stay(model):
    before = set(model.state_dict())
    lora.adapt(model, QKV)
    new = set(model.state_dict()) - before
    assert before <= set(model.state_dict())
    assert {n.rsplit(".", 1)[1] for n in new} == {"up", "down"}


def test_an_adapted_layer_is_the_equation():
    """h = W x + b + (α / r) B A x, written again."""
    torch.manual_seed(0)
    plain = nn.Linear(5, 7).double()
    layer = lora.Adapted(plain, rank=2, alpha=6.0)
    nn.init.normal_(layer.up)
    x = torch.randn(4, 5).double()
    by_hand = x @ plain.weight.T + plain.bias + 3.0 * x @ layer.down.T @ layer.up.T
    torch.testing.assert_close(layer(x), by_hand)
    torch.testing.assert_close(layer.merged()(x), by_hand)


def test_only_the_two_small_matrices_learn(model):
    lora.adapt(model, Lora(("image.*",), rank=2))
    layer = model.image.blocks[0].mlp[0]
    assert isinstance(layer, lora.Adapted)
    assert {n for n, p in layer.named_parameters() if p.requires_grad} == {"up", "down"}
    seen(learned(model)).sum().backward()
    assert layer.weight.grad is None
    assert layer.down.grad.abs().sum() > 0
    assert not lora.adapt(model, Lora(("image.*",), rank=2))  # not twice


def test_a_merged_model_is_a_plain_one_that_says_the_same(model):
    names = set(model.state_dict())
    lora.adapt(model, QKV)
    adapted = seen(learned(model))
    lora.merge(model)
    assert set(model.state_dict()) == names
    assert not any(isinstance(m, lora.Adapted) for m in model.modules())
    torch.testing.assert_close(seen(model), adapted, atol=1e-6, rtol=1e-5)


def test_unmerging_brings_back_every_bit(model):
    original = model.image.blocks[0].attention.qkv.weight.detach().clone()
    lora.adapt(model, QKV)
    adapted = seen(learned(model))
    lora.unmerge(model, lora.merge(model))
    assert torch.equal(seen(model), adapted)
    assert torch.equal(model.image.blocks[0].attention.qkv.weight, original)
