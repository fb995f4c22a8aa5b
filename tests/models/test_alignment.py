"""The defining mechanism of each alignment system against its formula, written again."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from radgloss.data.batch import NOBODY, Batch
from radgloss.models.alignment import convirt, medclip, siglip


def built(module, variant="debug", **changes):
    torch.manual_seed(0)
    return module.Objective(module.build(replace(module.VARIANTS[variant], **changes))).eval()


def batch(pictures=4, owners=(0, 1, 2, 3), side=32, **more):
    """Random pictures, and random texts of five tokens for these owners."""
    generator = torch.Generator().manual_seed(3)
    texts = len(owners)
    return Batch(
        torch.randn(pictures, 3, side, side, generator=generator),
        torch.randint(2, 256, (texts, 5), generator=generator),
        torch.ones(texts, 5, dtype=torch.bool),
        torch.tensor(owners),
        torch.zeros(pictures, 0, dtype=torch.int8),
        **more,
    )


def vectors(objective, b):
    model = objective.model
    return model.encode_image(b.images), model.encode_text(b.tokens, b.mask)


# ------------------------------------------------------------------ SigLIP


@torch.no_grad()
def test_siglip_is_the_mean_of_binary_questions():
    """Equation 1 of arXiv 2303.15343 as binary cross-entropy, which we did not write."""
    objective, b = built(siglip), batch(owners=(0, 1, 2, 3, 1))
    x, y = vectors(objective, b)
    z = objective.model.scale * x @ y.T + objective.model.bias
    truth = torch.zeros(4, 5)
    truth[[0, 1, 2, 3, 1], range(5)] = 1
    expected = F.binary_cross_entropy_with_logits(z, truth, reduction="sum") / 4
    torch.testing.assert_close(objective(b)[0], expected)


@torch.no_grad()
def test_a_sigmoid_pair_does_not_feel_the_other_pairs_and_a_softmax_pair_does():
    """Leaving strangers out takes their own terms away and changes no other."""
    both = batch()
    less = Batch(both.images[:2], both.tokens[:2], both.mask[:2], both.owner[:2], both.answers[:2])
    objective = built(siglip)
    x, y = vectors(objective, both)
    z = objective.model.scale * x @ y.T + objective.model.bias
    sign = 2 * torch.eye(4) - 1
    terms = F.softplus(-sign * z)
    torch.testing.assert_close(4 * objective(both)[0] - (terms.sum() - terms[:2, :2].sum()),
                               2 * objective(less)[0])  # fmt: skip
    soft = built(siglip, "debug-softmax")
    assert abs(float(soft(both)[0] - soft(less)[0])) > 1e-2


# ------------------------------------------------------------------ ConVIRT


@torch.no_grad()
@pytest.mark.parametrize("share", [0.75, 1.0, 0.5])
def test_convirt_weighs_its_two_directions(share):
    """Equations 2 to 4 of arXiv 2010.00747 by numpy, at τ = 0.1."""
    objective, b = built(convirt, towards_text=share), batch()
    x, y = (v.double().numpy() for v in vectors(objective, b))
    e = np.exp(x @ y.T / 0.1)
    to_text = -np.log(np.diag(e) / e.sum(1)).mean()
    to_image = -np.log(np.diag(e) / e.sum(0)).mean()
    loss = float(objective(b)[0])
    assert loss == pytest.approx(share * to_text + (1 - share) * to_image, rel=1e-5)


def test_the_temperature_of_convirt_is_fixed():
    objective = built(convirt)
    assert "log_scale" not in dict(objective.model.named_parameters())
    assert float(objective.model.scale) == pytest.approx(10.0)


# ------------------------------------------------------------------ MedCLIP

FACTS = torch.tensor([[1, 0, -1], [0, 1, 0], [-1, 0, 1], [1, 0, -1]], dtype=torch.int8)


@torch.no_grad()
def test_medclip_takes_its_targets_from_findings():
    """Soft cross-entropy against the softmax of cosines, less the entropy of the target."""
    strangers = batch(owners=(NOBODY,) * 4, facts=FACTS, said=FACTS)
    objective = built(medclip)
    x, y = vectors(objective, strangers)
    logits = objective.model.scale * x @ y.T
    f = FACTS.double()
    cosine = (f @ f.T) / (f.norm(dim=1)[:, None] * f.norm(dim=1)[None])
    target = (10 * cosine).softmax(1).float()
    entropy = -(target * target.log()).sum(1)
    to_text = -(target * logits.log_softmax(1)).sum(1) - entropy
    to_image = -(target * logits.T.log_softmax(1)).sum(1) - entropy  # the target is symmetric
    torch.testing.assert_close(objective(strangers)[0], (to_text.mean() + to_image.mean()) / 2)


def test_a_stranger_that_says_the_same_is_drawn_near_by_soft_targets_only():
    """Image 0 and text 3 are strangers who show and say the same."""

    def slope(variant):
        """How fast the loss rises with the score of image 0 and text 3."""
        objective = built(medclip, variant)
        x = torch.eye(4, 32, requires_grad=True)
        objective.model.encode_image = lambda images: x
        objective.model.encode_text = lambda tokens, mask: torch.eye(4, 32)
        objective(batch(facts=FACTS, said=FACTS))[0].backward()
        return float(x.grad[0, 3])

    assert slope("debug") < 0 < slope("debug-own")


@torch.no_grad()
def test_hard_targets_leave_out_what_has_no_partner():
    b = batch(owners=(0, 1, NOBODY, NOBODY), facts=FACTS, said=FACTS)
    objective = built(medclip, "debug-own")
    x, y = vectors(objective, b)
    logits = objective.model.scale * x @ y.T
    two = torch.tensor([0, 1])
    expected = (F.cross_entropy(logits[:2], two) + F.cross_entropy(logits.T[:2], two)) / 2
    torch.testing.assert_close(objective(b)[0], expected)
