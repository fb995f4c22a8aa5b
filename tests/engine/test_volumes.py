"""A model of volumes is served what it was trained on, and points into the volume."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from radgloss import checkpoint as checkpoints
from radgloss.data.batch import to_model
from radgloss.engine.aligner import Aligner
from radgloss.engine.grounding import ground
from radgloss.engine.volumes import origin, volume_of
from radgloss.export.towers import towers
from radgloss.models.alignment import merlin
from radgloss.nn.reduced import HALF, HalfConv3d, reduced
from radgloss.preprocess import Preprocess, prepare, stacked
from radgloss.types import Image, InputRejected, Study, Window
from tiny import checkpoint, image

WINDOWS = (Window(40, 400), Window(0, 2000))
SETTINGS = Preprocess(size=32, max_frames=8, windows=WINDOWS)


def volumes():
    """The tiny checkpoint with a model of volumes in it."""
    torch.manual_seed(0)
    held = checkpoint()
    config = merlin.VARIANTS["debug"]
    text = replace(config.text, vocabulary=len(held.tokenizer))
    model = merlin.build(replace(config, text=text)).eval()
    return replace(held, architecture="merlin", model=model, preprocess=SETTINGS)


def test_a_stack_is_its_frames_in_their_order_between_black_ones():
    frames = np.arange(1, 6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 3), np.uint8)
    volume, first = stacked(frames, 8)
    assert first == 1
    assert volume.shape == (2, 8, 3, 3)
    assert volume[:, :, 0, 0].tolist() == [[0, 1, 2, 3, 4, 5, 0, 0]] * 2
    assert stacked(frames, 3)[0][0, :, 0, 0].tolist() == [2, 3, 4]
    assert stacked(frames, 3)[1] == -1


def test_what_is_served_is_the_volume_that_training_keeps():
    held, ct = volumes(), image(frames=5)
    kept = stacked(prepare(ct, SETTINGS).pixels, SETTINGS.max_frames)[0]
    seen = Aligner(held).embed_image(ct).vector
    with torch.no_grad():
        trained = held.model.encode_image(to_model(kept[None]))[0]
    np.testing.assert_allclose(seen, trained, atol=1e-6)


def test_a_study_has_one_vector_a_series_and_any_image_can_be_asked():
    a = Aligner(volumes())
    study = Study("9.9", (image(uid="1.1"), image(frames=12, seed=1, uid="1.2")))
    assert a.frames(study).shape == (2, 32)
    (said,) = a.label(study, ["liver cyst"])
    assert np.isfinite(said.logit)
    film = Study("8.8", (image("DX", 1),))
    assert np.linalg.norm(a.embed_study(film).vector) == pytest.approx(1, abs=1e-5)


def test_evidence_is_a_box_of_the_volume():
    a = Aligner(volumes())
    study = Study("9.9", (image(frames=12),))
    said = a.label(study, ["liver cyst", "kidney stone", "splenomegaly"])
    found = [e for p in said for e in p.evidence]
    if not found:  # whichever way the untrained model leans, its opposite is there
        found = [e for p in a.label(study, ["no liver cyst"]) for e in p.evidence]
    for e in found:
        assert all(0 <= low <= high < n for low, high, n in
                   zip(e.region.low, e.region.high, (12, 40, 40), strict=True))  # fmt: skip
        assert e.region.low[0] <= e.frame <= e.region.high[0]


class Bright:
    """A model whose every place adds its own brightness: (f, G, G) of (4, 4, 4)."""

    depth = 8

    def places(self, volumes):  # (1, C, F, S, S) -> (1, 4, 4, 4, 1)
        grid = torch.nn.functional.adaptive_avg_pool3d(volumes[:, :1], (4, 4, 4))
        return grid[:, 0, ..., None]


@pytest.mark.parametrize("frame", [0, 3, 7])
def test_the_box_holds_the_place_that_adds_most(frame):
    """A bright block in a dark body: the box covers it, in source voxels, frames included."""
    pixels = np.full((8, 40, 40), -150, np.float32)
    pixels[frame, 20:30, 10:20] = 240
    affine = np.array([[0, 0, 2.0, -30], [0, 2.0, 0, -30], [5.0, 0, 0, 0], [0, 0, 0, 1]])
    prepared = prepare(Image("1.2", pixels, affine, "CT"), SETTINGS)
    region, share = origin(Bright(), prepared, torch.ones(1))
    assert region.low[0] <= frame <= region.high[0] <= region.low[0] + 1
    assert (region.low[1], region.high[1]) == (20, 29)
    assert (region.low[2], region.high[2]) == (10, 19)
    assert 0 < share <= 1


def test_padding_is_no_place():
    """Three frames in eight: what the dark ends add is not asked, whatever it is."""
    prepared = prepare(image(frames=3), SETTINGS)

    class Ends(Bright):
        def places(self, volumes):
            return torch.tensor([9.0, 1.0, 2.0, 9.0])[None, :, None, None, None].expand(
                1, 4, 4, 4, 1
            )

    region, _ = origin(Ends(), prepared, torch.ones(1))
    assert 0 <= region.low[0] <= region.high[0] < 3
    assert volume_of(prepared, 8).shape == (1, 2, 8, 32, 32)


def test_saved_and_loaded_it_keeps_its_golden_volume(tmp_path):
    held = volumes()
    checkpoints.save(tmp_path / "c", "merlin", held.model, SETTINGS, held.tokenizer, {})
    again = checkpoints.load(tmp_path / "c")
    assert again.model.config == held.model.config
    ct = image(frames=5)
    one, other = (Aligner(c).embed_image(ct).vector for c in (held, again))
    assert np.array_equal(one, other)


def test_what_has_no_place_for_frames_refuses_volumes():
    held = volumes()
    study = Study("9.9", (image(),))
    for ask in (lambda: towers(held), lambda: ground(Aligner(held), study, "liver cyst")):
        with pytest.raises(InputRejected) as refused:
            ask()
        assert refused.value.code == "volumes"


def test_in_fewer_bits_a_volume_keeps_its_direction():
    held = volumes()
    twin = reduced(held.model, HALF)
    x = torch.randn(2, 2, 8, 32, 32)
    with torch.inference_mode():
        one, other = held.model.encode_image(x), twin.encode_image(x).float()
    assert torch.nn.functional.cosine_similarity(one, other).min() > 0.99
    assert any(isinstance(m, HalfConv3d) for m in twin.modules())
