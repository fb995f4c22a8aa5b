"""A decoder that was laid out for writing says what it said."""

import copy

import pytest
import torch

from radgloss.engine import precision as precisions
from radgloss.nn.decoder import Config, Decoder
from radgloss.nn.gpt2 import VARIANTS, Gpt2
from radgloss.nn.turned import ready, turned


def decoders():
    torch.manual_seed(0)
    yield Decoder(Config(97, 64, 32, 2, 2)).eval()
    yield Gpt2(VARIANTS["debug-crossing"]).eval()


@torch.no_grad()
def told(model, tokens, memory):
    logits, cache = model.step(tokens[:, :4], model.begin(memory))
    more, _ = model.step(tokens[:, 4:], cache)
    return torch.cat([logits, more], 1)


@pytest.mark.parametrize("which", [0, 1])
def test_turned_weights_have_the_same_values_and_give_the_same_logits(which):
    model = list(decoders())[which]
    tokens, memory = torch.randint(0, 97, (3, 9)), torch.randn(3, 5, 32)
    before, state = told(model, tokens, memory), copy.deepcopy(model.state_dict())
    turned(model)
    torch.testing.assert_close(told(model, tokens, memory), before, atol=1e-6, rtol=0)
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert model.blocks[0].qkv.weight.stride() == (1, 96)
    assert model.embed.weight.stride() == (1, 97)


@pytest.mark.parametrize("precision", ["bf16", "int8"])
@pytest.mark.parametrize("which", [0, 1])
def test_fewer_bits_say_nearly_the_same_and_leave_the_model_alone(which, precision):
    if precision not in precisions.can():
        pytest.skip(f"this processor has no {precision}")
    model = list(decoders())[which]
    tokens, memory = torch.randint(0, 97, (3, 9)), torch.randn(3, 5, 32)
    before = told(model, tokens, memory)
    twin = ready(model, precision)
    after = told(twin, tokens, memory).float()
    torch.testing.assert_close(after, before, atol=0.05 * float(before.abs().max()), rtol=0)
    assert not torch.equal(after, before)
    assert torch.equal(told(model, tokens, memory), before)
