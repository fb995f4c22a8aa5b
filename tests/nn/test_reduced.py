"""Fewer bits: what is exchanged, that it is nearly the same, and that no picture sees another."""

import pytest
import torch
import torch.nn.functional as F

from radgloss.engine.precision import can
from radgloss.models.alignment import biomedclip, clip, convirt
from radgloss.nn import vit
from radgloss.nn.attention import SelfAttention, halved
from radgloss.nn.reduced import HalfConv2d, HalfLinear, Int8Linear, reduced

HERE = [p for p in ("bf16", "int8") if p in can()]
if not HERE:
    pytest.skip("this processor multiplies neither bf16 nor int8", allow_module_level=True)

MODELS = {
    "patches": (clip, "debug"), "convolutions": (clip, "debug-conv"),
    "residual": (clip, "debug-residual"), "resnet": (convirt, "debug"),
    "bert": (biomedclip, "debug"),
}  # fmt: skip


def model_of(name):
    torch.manual_seed(0)
    module, variant = MODELS[name]
    return module.build(module.VARIANTS[variant]).eval()


def pictures(n=5, side=32):
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("precision", HERE)
@pytest.mark.parametrize("name", MODELS)
def test_pictures_and_words_keep_their_place_in_every_architecture(name, precision):
    model = model_of(name)
    twin = reduced(model, precision)
    tokens = torch.randint(1, 200, (3, 7), generator=torch.Generator().manual_seed(2))
    mask = torch.arange(7)[None] < torch.tensor([7, 4, 2])[:, None]
    with torch.inference_mode():
        for was, now in (
            (model.encode_image(pictures()), twin.encode_image(pictures())),
            (model.encode_text(tokens, mask), twin.encode_text(tokens, mask)),
        ):
            assert now.dtype == torch.float32
            assert F.cosine_similarity(was, now.float()).min() > 0.99
            assert not torch.equal(was, now)


@pytest.mark.parametrize("precision", HERE)
def test_a_picture_does_not_depend_on_who_else_is_in_the_batch(precision):
    twin = reduced(model_of("patches"), precision)
    loud = pictures()
    loud[1:] *= 1000  # a scale shared by the batch would leave nothing of the first picture
    with torch.inference_mode():
        alone, among = twin.encode_image(loud[:1])[0], twin.encode_image(loud)[0]
    torch.testing.assert_close(alone, among, atol=2e-3, rtol=0)


@pytest.mark.skipif("int8" not in HERE, reason="this processor multiplies no int8")
def test_int8_is_the_product_of_rounded_numbers_to_the_last_bit_of_int32():
    torch.manual_seed(0)
    layer = torch.nn.Linear(64, 48)
    x = torch.randn(11, 64) * torch.logspace(-3, 3, 11)[:, None]  # rows of any size
    sx = x.abs().amax(1, keepdim=True) / 127
    sw = layer.weight.detach().abs().amax(1, keepdim=True) / 127
    exact = torch.round(x / sx).double() @ torch.round(layer.weight.detach() / sw).double().T
    wanted = exact * sx.double() * sw.double().T + layer.bias.detach().double()
    with torch.inference_mode():
        found = Int8Linear(layer)(x)
    torch.testing.assert_close(found.double(), wanted, rtol=2e-5, atol=1e-5)


@pytest.mark.skipif("int8" not in HERE, reason="this processor multiplies no int8")
def test_int8_takes_the_leading_shape_zeros_and_no_bias():
    layer = torch.nn.Linear(16, 8, bias=False)
    with torch.inference_mode():
        found = Int8Linear(layer)(torch.zeros(2, 3, 16))
    assert found.shape == (2, 3, 8)
    assert not found.any()


@pytest.mark.parametrize("precision", HERE)
def test_what_repeats_is_exchanged_and_what_comes_once_is_not(precision):
    model = model_of("convolutions")
    twin = reduced(model, precision)
    block = twin.image.blocks[0]
    kind = {"bf16": HalfLinear, "int8": Int8Linear}[precision]
    assert all(isinstance(m, kind) for m in (block.attention.qkv, block.mlp[0], block.mlp[2]))
    assert any(isinstance(m, HalfConv2d) for m in twin.modules()) == ("bf16" in HERE)
    assert isinstance(twin.image.project, torch.nn.Linear)
    assert twin.image.project.weight is model.image.project.weight  # shared, not copied
    assert type(model.image.blocks[0].mlp[0]) is torch.nn.Linear  # the model keeps its own
    assert type(model.image.project) is torch.nn.Linear


def test_attention_in_two_products_is_attention():
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 4, 9, 16)
    mask = torch.rand(2, 1, 9, 9) > 0.3
    mask[..., 0] = True
    for m in (None, mask):
        wanted = F.scaled_dot_product_attention(q, k, v, attn_mask=m)
        torch.testing.assert_close(halved(q, k, v, m).float(), wanted, atol=0.03, rtol=0.03)


def test_a_model_in_training_attends_as_it_always_did():
    assert SelfAttention(32, 2).attend is F.scaled_dot_product_attention
    assert vit.ViT(vit.VARIANTS["debug"], 8).blocks[0].attention.attend is (
        F.scaled_dot_product_attention
    )
