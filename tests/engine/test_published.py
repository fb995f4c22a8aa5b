"""Published weights behind the same verbs: they embed, they never decide."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

import tiny
from radgloss import protocols, wiring
from radgloss.engine.grounding import ground
from radgloss.engine.published import NEVER_VALIDATED, PublishedAligner
from radgloss.errors import InputRejected
from radgloss.pointing import describe
from radgloss.preprocess import prepare
from radgloss.types import Study

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    foreign = pytest.importorskip("foreign", reason="needs transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("siglip")
    foreign.siglip(folder)
    return folder


@pytest.fixture(scope="module")
def speaker(folder):
    return wiring.load(folder)


def study(*images):
    return Study("1.2.9", images)


def test_published_weights_offer_to_embed_and_to_label_only(speaker):
    assert isinstance(speaker, PublishedAligner)
    assert protocols.verbs(speaker) == ("embed", "label")


def test_pixels_are_normalised_as_the_weights_were_trained(speaker, folder):
    image = tiny.image("DX", frames=1)
    pixels = prepare(image, speaker.published.preprocess).pixels
    given = torch.from_numpy((pixels / 255.0 - 0.5) / 0.5).float()
    import transformers

    reference = transformers.SiglipModel.from_pretrained(folder).eval()
    with torch.no_grad():
        theirs = reference.get_image_features(pixel_values=given).pooler_output[0].numpy()
    ours = speaker.embed_image(image).vector
    np.testing.assert_allclose(ours, theirs / np.linalg.norm(theirs), atol=1e-4)


def test_ct_is_one_grey_picture_in_three_channels(speaker):
    pixels = prepare(tiny.image("CT"), speaker.published.preprocess).pixels
    assert (pixels[:, 0] == pixels[:, 2]).all()
    assert pixels.shape[1:] == (3, 32, 32)


def test_every_label_abstains_with_its_log_odds(speaker):
    given = study(tiny.image("CT"))
    (effusion, cyst) = speaker.label(given, ["effusion", "cyst"])
    assert effusion.abstained
    assert cyst.abstained
    assert effusion.why == NEVER_VALIDATED
    assert effusion.logit != cyst.logit
    x = speaker.embed_image(given.images[0]).vector
    assert x.shape == (48,)
    frames = speaker._see(given)[0]
    yes, no = (
        np.mean([speaker.embed_text(t).vector for t in texts], axis=0)
        for texts in (("Effusion.", "There is an effusion."),
                      ("No effusion.", "There is no effusion."))
    )  # fmt: skip
    scale = float(speaker.published.model.scale.detach())
    by_hand = np.sort(scale * frames @ (yes - no))[-2:].mean()
    assert effusion.logit == pytest.approx(float(by_hand), abs=1e-4)


def test_what_was_asked_before_changes_nothing(speaker):
    one, two = study(tiny.image("CT", seed=1)), study(tiny.image("DX", frames=1, seed=2))
    first = speaker.embed_study(one).vector
    speaker.embed_study(two)
    assert np.array_equal(speaker.embed_study(one).vector, first)
    both = replace(one, images=(*one.images, *two.images))
    mean = (first + speaker.embed_study(two).vector) / 2
    np.testing.assert_allclose(
        speaker.embed_study(both).vector, mean / np.linalg.norm(mean), atol=1e-6
    )


def test_a_draft_and_labels_out_of_the_blue_are_refused(speaker, folder):
    with pytest.raises(InputRejected, match="embed and label only"):
        wiring.load_trained(folder)
    with pytest.raises(InputRejected, match="validated on none"):
        wiring.label_rows(iter([study(tiny.image())]), [], speaker)
    with pytest.raises(InputRejected, match="no words"):
        speaker.embed_text(" ")


def test_spaces_of_different_weights_do_not_mix(speaker, tmp_path):
    foreign.clip(tmp_path)
    other = wiring.load(tmp_path)
    assert other.space != speaker.space
    assert other.space.startswith("clip:")
    found = wiring.engine(str(tmp_path))
    assert found.space == other.space


def test_published_weights_can_be_asked_where_they_see_a_phrase(speaker):
    """By hiding, which needs nothing of an architecture; whether it is there stays undecided."""
    seen = study(tiny.image("DX", frames=1))
    found = ground(speaker, seen, "pneumothorax")
    assert found.way == "hidden"
    assert found.heat.shape == seen.images[0].pixels.shape[1:]
    assert found.heat.max() > 0.9
    assert describe(speaker, seen, found)["holds"]["abstained"]
