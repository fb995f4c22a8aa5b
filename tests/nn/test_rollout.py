"""Where a tower looked: rows that sum to one, and the published formula."""

import numpy as np
import pytest
import torch

from radgloss.nn import rollout, vit
from radgloss.nn.attention import SelfAttention


def tower(depth=2):
    torch.manual_seed(0)
    config = vit.Config(size=32, stem=vit.PatchStem(8), width=32, depth=depth, heads=2)
    return vit.ViT(config, out=8).eval()


IMAGES = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def test_written_out_weights_give_what_the_attention_gives():
    torch.manual_seed(0)
    attention = SelfAttention(16, heads=4)
    x = torch.randn(2, 5, 16)
    mask = torch.tensor([[True] * 5, [True, True, True, False, False]])
    with torch.no_grad():
        weights = rollout.attended(attention, x, mask)
        v = attention.qkv(x).chunk(3, -1)[2].unflatten(-1, (4, 4)).transpose(1, 2)
        out = attention.out((weights @ v).transpose(1, 2).flatten(2))
        torch.testing.assert_close(out, attention(x, mask))
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 5))
    assert not weights[1, ..., 3:].any()


def test_rollout_is_the_product_of_half_kept_attention():
    """By numpy: (W + I) / 2, the last layer on the left."""
    layers = [torch.rand(1, 2, 4, 4, generator=torch.Generator().manual_seed(i)) for i in (0, 1, 2)]
    layers = [w / w.sum(-1, keepdim=True) for w in layers]
    a, b, c = ((w.numpy()[0].mean(0) + np.eye(4)) / 2 for w in layers)
    np.testing.assert_allclose(rollout.rollout(layers)[0].numpy(), c @ b @ a, rtol=1e-5)


def test_a_map_is_a_share_of_the_picture():
    with torch.no_grad():
        seen = tower().looked_at(IMAGES)
    assert seen.shape == (3, 4, 4)
    torch.testing.assert_close(seen.sum((1, 2)), torch.ones(3))
    assert (seen > 0).all()


def test_a_patch_that_all_others_attend_to_stands_out():
    """The first layer's query and key are set so that patch 6 draws all attention; it then gives
    the mean token half of everything, and its own sixteenth of the other half."""
    model = tower(depth=1)
    attention = model.blocks[0].attention
    with torch.no_grad():
        attention.qkv.weight.zero_()
        attention.qkv.bias.zero_()
        attention.qkv.bias[:32] = 100.0  # every query points one way
        attention.qkv.weight[32:64, 0] = 1.0  # a key is the first number of its token
        model.stem.weight.zero_()
        model.stem.bias.zero_()
        model.position.zero_()
        model.position[:, 1] = 1.0
        model.position[6, 0] = 1.0
        seen = model.looked_at(IMAGES[:1])[0].flatten()
    assert float(seen[6]) == pytest.approx(1 / 2 + 1 / 32, abs=1e-3)


def test_a_tower_without_attention_looks_nowhere_in_particular():
    with pytest.raises(ValueError, match="nowhere"):
        tower(depth=0).looked_at(IMAGES)
