"""Masks in little memory."""

import numpy as np
import pytest

from radgloss.data.packed import PackedMasks


@pytest.mark.parametrize("shape", [(7,), (5, 9), (4, 13, 11), (1, 1, 1)])
def test_masks_come_back_as_they_were_whatever_is_marked(shape):
    rng = np.random.default_rng(3)
    corner = np.zeros(shape, bool)
    corner[(-1,) * len(shape)] = True
    masks = {
        "none": np.zeros(shape, bool), "all": np.ones(shape, bool), "corner": corner,
        "scattered": rng.random(shape) < 0.3,
    }  # fmt: skip
    kept = PackedMasks(masks.items())
    assert list(kept) == list(masks)
    assert len(kept) == len(masks)
    assert "liver" not in kept
    for name, mask in masks.items():
        assert kept[name].dtype == bool
        assert np.array_equal(kept[name], mask)


def test_what_is_unpacked_is_the_askers_own():
    kept = PackedMasks([("liver", np.ones((2, 3), bool))])
    kept["liver"][:] = False
    assert kept["liver"].all()
