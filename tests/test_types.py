"""The nouns keep their promises."""

import numpy as np
import pytest

from radgloss.types import Image, Region, Source


def volume() -> Image:
    affine = np.array([[0, 0, 0.7, -9], [0, 0.8, 0, 4], [5, 0, 0, 30], [0, 0, 0, 1]])
    pixels = np.arange(4 * 6 * 8, dtype=np.float32).reshape(4, 6, 8)
    return Image("1", pixels, affine, "CT", sources=tuple(Source(f"1.{k}", "2") for k in range(4)))


def test_a_cut_keeps_values_and_place():
    whole = volume()
    part = whole.cut(Region((1, 2, 3), (2, 5, 6)))
    assert part.pixels.shape == (2, 4, 4)
    assert part.pixels[1, 3, 2] == whole.pixels[2, 5, 5]
    assert np.allclose(part.to_mm(1, 3, 2), whole.to_mm(2, 5, 5))
    assert [s.sop_instance_uid for s in part.sources] == ["1.1", "1.2"]
    assert part.uid != whole.uid


@pytest.mark.parametrize(("low", "high"), [((-1, 0, 0), (1, 1, 1)), ((0, 0, 0), (0, 0, 8))])
def test_a_cut_that_leaves_the_image_is_an_error(low, high):
    with pytest.raises(ValueError, match="leaves an image"):
        volume().cut(Region(low, high))
