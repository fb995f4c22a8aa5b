"""Transfer over shots: what is kept, what is moved, and what a good tower is worth."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from radgloss.data.batch import to_model
from radgloss.models.representation import classifier
from radgloss.nn import resnet, vit
from radgloss.systems.representation import transfer
from radgloss.types import InputRejected

RNG = np.random.default_rng(0)


def pictures(answers):
    """Noise; those that answer yes have a bright corner."""
    made = RNG.integers(0, 90, (len(answers), 3, 32, 32)).astype(np.uint8)
    made[answers > 0, :, 4:12, 4:12] += 120
    return made


ANSWERS = np.tile([1, -1], 20)
ASKED = np.tile([1, -1], 15)
TASK = transfer.Task(
    "bright corner", pictures(ANSWERS), ANSWERS, np.arange(40) // 2, pictures(ASKED), ASKED > 0
)


def model(image=vit.VARIANTS["debug-conv"]):
    torch.manual_seed(0)
    return classifier.build(classifier.Config(image, width=1)).eval()


def test_a_tower_that_sees_the_finding_needs_one_shot_and_keeps_its_weights():
    """Its only feature is the brightness of the corner."""

    def describe(images):
        return images[..., 4:12, 4:12].mean((1, 2, 3))[:, None] * torch.ones(1, 4)

    seer = SimpleNamespace(describe=describe)
    rows = list(transfer.curve(seer, TASK, ways=("frozen", "probe"), shots=(1,), seeds=(0, 1)))
    assert [r.auroc for r in rows] == [1.0] * 4


def test_every_way_meets_the_same_shots_and_leaves_the_model_as_it_was():
    m = model()
    before = {k: v.clone() for k, v in m.state_dict().items()}
    rows = list(transfer.curve(m, TASK, shots=(2, 4), seeds=(0,)))
    assert [(r.way, r.shots) for r in rows] == [(w, k) for k in (2, 4) for w in transfer.WAYS]
    assert all(0 <= r.auroc <= 1 for r in rows)
    for key, value in m.state_dict().items():
        assert torch.equal(before[key], value)
    assert list(transfer.curve(m, TASK, shots=(2, 4), seeds=(0,))) == rows


def test_full_tuning_begins_at_the_tower_and_scratch_does_not(monkeypatch):
    """With no step taken, full tuning is the tower under a fresh boundary, picture by picture."""
    monkeypatch.setattr(transfer, "STEPS", 0)
    m = model()
    full = transfer._tuned(m.config.image, m.image, TASK, range(4), seed=3)
    scratch = transfer._tuned(m.config.image, None, TASK, range(4), seed=3)
    torch.manual_seed(3)
    fresh = classifier.build(classifier.Config(m.config.image, width=1)).eval()
    with torch.no_grad():
        expected = fresh.classify(m.describe(to_model(TASK.asked)))[:, 0]
        from_nothing = fresh(to_model(TASK.asked))[:, 0]
    np.testing.assert_allclose(full, expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(scratch, from_nothing.numpy(), atol=1e-5)


def test_too_few_studies_are_refused():
    with pytest.raises(InputRejected) as error:
        list(transfer.curve(model(), TASK, ways=("frozen",), shots=(21,)))
    assert error.value.code == "shots"


def test_low_rank_learns_in_the_adapters_and_the_boundary_alone(monkeypatch):
    """What is trained is not the tower's own; with no step taken it is the tower."""
    trained = []
    real = torch.optim.AdamW

    def optimizer(parameters, **more):
        trained.extend(parameters)
        return real(trained, **more)

    monkeypatch.setattr(torch.optim, "AdamW", optimizer)
    m = model(vit.VARIANTS["debug-residual"])
    before = {k: v.clone() for k, v in m.state_dict().items()}
    moved = transfer._tuned(m.config.image, m.image, TASK, range(4), 0, transfer.LORA)
    full = sum(p.numel() for p in m.parameters())
    assert sum(p.numel() for p in trained) < full / 4
    assert all(torch.equal(before[k], v) for k, v in m.state_dict().items())
    monkeypatch.setattr(transfer, "STEPS", 0)
    still = transfer._tuned(m.config.image, m.image, TASK, range(4), 0, transfer.LORA)
    own = transfer._tuned(m.config.image, m.image, TASK, range(4), 0)
    np.testing.assert_allclose(still, own, atol=1e-5)
    assert np.abs(moved - still).max() > 1e-3


def test_a_tower_without_a_transformer_has_nothing_to_adapt():
    with pytest.raises(InputRejected, match="no transformer") as error:
        list(transfer.curve(model(resnet.VARIANTS["debug"]), TASK, ways=("lora",), shots=(1,)))
    assert error.value.code == "lora"
