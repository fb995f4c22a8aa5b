"""Merlin's two teachers against their formulas, written again."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from radgloss.data.batch import Batch
from radgloss.models.alignment import merlin

DEBUG = merlin.VARIANTS["debug"]


def built(config=DEBUG):
    torch.manual_seed(0)
    return merlin.Objective(merlin.build(config)).eval()


def batch(**more):
    """Three volumes; two organs, and a third that only one report speaks of."""
    generator = torch.Generator().manual_seed(3)
    image = DEBUG.image
    sides = (image.channels, image.frames, image.size, image.size)
    return Batch(
        torch.randn(3, *sides, generator=generator),
        torch.randint(2, 256, (6, 5), generator=generator),
        torch.ones(6, 5, dtype=torch.bool),
        torch.tensor([0, 1, 2, 0, 2, 1]),
        torch.zeros(3, 0, dtype=torch.int8),
        **{"section": torch.tensor([0, 0, 0, 1, 1, 2]), **more},
    )


def clip_loss(x, y, scale):  # (B, D), (B, D), one text each
    logits, own = scale * x @ y.T, torch.arange(len(x))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


@torch.no_grad()
def test_an_organ_is_told_from_the_same_organ_of_others():
    """Five texts that can be compared, three of one organ and two of another."""
    objective, b = built(), batch()
    x = objective.model.encode_image(b.images)
    y = objective.model.encode_text(b.tokens, b.mask)
    scale = objective.model.scale
    by_hand = 3 * clip_loss(x, y[:3], scale) + 2 * clip_loss(x[[0, 2]], y[3:5], scale)
    torch.testing.assert_close(objective(b)[0], by_hand / 5)


@torch.no_grad()
def test_without_sections_it_is_the_contrast_of_whole_reports():
    objective = built()
    b = batch(section=torch.zeros(0))
    b = replace(b, tokens=b.tokens[:3], mask=b.mask[:3], owner=b.owner[:3])
    x, y = objective.model.encode_image(b.images), objective.model.encode_text(b.tokens, b.mask)
    torch.testing.assert_close(objective(b)[0], clip_loss(x, y, objective.model.scale))


@torch.no_grad()
def test_the_record_is_a_question_for_each_phenotype():
    """Binary cross-entropy over what is known; a volume without a record is not asked."""
    record = torch.tensor([[1, 0, 0], [-1, -1, -1], [0, 1, 1]], dtype=torch.int8)
    objective, b = built(), batch(record=record)
    loss, logs = objective(b)
    odds = objective.model.recorded(b.images)[[0, 2]]
    coded = F.binary_cross_entropy_with_logits(odds, record[[0, 2]].float())
    torch.testing.assert_close(logs["coded"], coded)
    torch.testing.assert_close(loss, logs["paired"] + DEBUG.coded * coded)


@torch.no_grad()
def test_nobodys_record_changes_nothing():
    objective = built()
    unknown = batch(record=torch.full((3, 3), -1, dtype=torch.int8))
    torch.testing.assert_close(objective(unknown)[0], objective(batch())[0])


def test_without_phenotypes_nothing_is_there_to_answer():
    model = merlin.build(merlin.VARIANTS["debug-no-codes"])
    assert not hasattr(model, "record")


@torch.no_grad()
@pytest.mark.parametrize("variant", ["debug", "debug-slices"])
def test_what_the_places_add_is_the_vector(variant):
    """The linear head makes it exact: their mean, brought to unit length."""
    model = built(merlin.VARIANTS[variant]).model
    volumes = torch.randn(2, 2, model.depth, 32, 32)
    mean = model.places(volumes).flatten(1, 3).mean(1)
    torch.testing.assert_close(F.normalize(mean, dim=-1), model.encode_image(volumes))
