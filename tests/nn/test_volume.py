"""Inflation is exact, at both ends of the stack as well; what reaches one frame never meets."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

from radgloss.nn.resnet import ResNet
from radgloss.nn.volume import VARIANTS, Convolution, Volume, inflated, spread

DEBUG, SLICES = VARIANTS["debug"], VARIANTS["debug-slices"]


def flat(config, seed=0):
    torch.manual_seed(seed)
    return ResNet(config.flat, 32).eval()


def pictures(config, many=3, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(many, config.channels, config.size, config.size, generator=generator)


def stack(pictures, frames):  # (B, C, S, S) -> (B, C, F, S, S), all frames alike
    return pictures[:, :, None].expand(-1, -1, frames, -1, -1)


@torch.no_grad()
@pytest.mark.parametrize("frames", [1, 2, 5, 8])
@pytest.mark.parametrize("shrink", [0, 1, 2, 3])
def test_equal_slices_give_the_activations_of_the_2d_network(frames, shrink):
    """Section 2.4 of arXiv 1705.07750, at every stage and every place, ends included."""
    config = replace(DEBUG, shrink=shrink)
    two = flat(config)
    three, x = inflated(two, config).eval(), pictures(config)
    y, v = x, stack(x, frames)
    for layer, deep in zip(two.stages, three.stages, strict=True):
        y, v = layer(y), deep(v)
        torch.testing.assert_close(v, stack(y, v.shape[2]), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(three(stack(x, frames)), two(x), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_spread_kernel_is_torchs_own_2d_convolution_on_equal_slices():
    """Against Conv2d and Conv3d of torch: no part of ours but the kernel."""
    two = nn.Conv2d(3, 5, 3, padding=1, bias=False)
    three = nn.Conv3d(3, 5, 3, padding=1, padding_mode="replicate", bias=False)
    three.weight.copy_(spread(two.weight, 3))
    x = torch.randn(2, 3, 8, 8)
    got, wanted = three(stack(x, 4)), stack(two(x), 4)
    inside = (..., slice(1, -1), slice(1, -1))  # torch replicates the picture's edges as well
    torch.testing.assert_close(got[inside], wanted[inside])


@torch.no_grad()
@pytest.mark.parametrize(("stride", "deep"), [(1, 1), (2, 1), (2, 2)])
def test_a_convolution_ends_in_zeros_beside_and_goes_on_above(stride, deep):
    """Against scipy's correlation, edge by edge."""
    layer = Convolution(1, 1, 3, stride, 3, deep)
    x = torch.randn(1, 1, 6, 8, 8)
    longer = np.pad(x[0, 0].numpy(), ((1, 1), (0, 0), (0, 0)), mode="edge")
    by_hand = ndimage.correlate(longer, layer.conv.weight[0, 0].numpy(), mode="constant")[1:-1]
    np.testing.assert_allclose(layer(x)[0, 0], by_hand[::deep, ::stride, ::stride], atol=1e-5)


def test_single_frames_teach_a_volume_as_its_2d_network():
    """After steps on single frames its kernels are still a 2-D network's, inflated; and each such
    step has the gradient of that network."""
    two = flat(DEBUG).train().double()
    three = inflated(two, DEBUG).train().double()
    optimizer = torch.optim.AdamW(three.parameters(), lr=1e-2)
    x, wanted = pictures(DEBUG, 4).double(), torch.randn(4, 32).double()
    for network, seen in ((two, x), (three, x[:, :, None])):
        (network(seen) - wanted).square().sum().backward()
    kernels = [[m for m in n.modules() if isinstance(m, k)]
               for n, k in ((two, nn.Conv2d), (three, nn.Conv3d))]  # fmt: skip
    for one, other in zip(*kernels, strict=True):
        for k in range(other.kernel_size[0]):  # every frame of a kernel moves the sum as one
            moved = other.weight.grad[:, :, k]  # a third of a kernel is rounded: 1e-3
            torch.testing.assert_close(moved, one.weight.grad, atol=1e-4, rtol=1e-3)
    for seed in range(3):
        optimizer.zero_grad()
        (three(pictures(DEBUG, 4, seed).double()[:, :, None]) - wanted).square().sum().backward()
        optimizer.step()
    for other in kernels[1]:
        torch.testing.assert_close(other.weight, other.weight[:, :, :1].expand_as(other.weight))


@torch.no_grad()
def test_a_reach_of_one_frame_is_the_mean_of_its_slices():
    """The 2-D network on every slice by itself, averaged: what Merlin is compared with."""
    two = flat(SLICES)
    three = inflated(two, SLICES).eval()
    v = torch.randn(2, SLICES.channels, 4, 32, 32)
    one_by_one = torch.stack([two.tokens(v[:, :, k]).mean(1) for k in range(4)]).mean(0)
    torch.testing.assert_close(three.tokens(v).mean(1), one_by_one, atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize(("config", "matters"), [(DEBUG, True), (SLICES, False)])
def test_the_order_of_frames_matters_where_they_meet(config, matters):
    torch.manual_seed(0)
    network = Volume(config, 32).eval()
    v = torch.randn(2, config.channels, 4, 32, 32)
    alike = torch.allclose(network(v), network(v[:, :, [2, 0, 3, 1]]), atol=1e-5)
    assert alike is not matters


def test_drawn_as_a_volume_is_no_inflated_network():
    torch.manual_seed(0)
    network = Volume(replace(DEBUG, kernels="volume"), 32)
    kernel = network.stages[0].conv.weight
    assert not torch.allclose(kernel[:, :, 0], kernel[:, :, 1])


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="inflated"):
        inflated(flat(DEBUG), replace(DEBUG, first=16))
    for wrong in ({"kernels": "other"}, {"reach": 2}, {"shrink": 9}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            replace(DEBUG, **wrong)
    with pytest.raises(ValueError, match="multiple"):
        Volume(replace(DEBUG, size=30), 32)
