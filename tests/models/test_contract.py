"""Laws that every architecture and every debug variant keeps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from radgloss.data.batch import KNOWLEDGE, QUESTION, Batch
from radgloss.models.alignment import ARCHITECTURES, clip

DEBUG = [
    pytest.param(module, name, id=f"{family}-{name}")
    for family, module in ARCHITECTURES.items()
    for name in module.VARIANTS
    if name.startswith("debug")
]


NOT_ASKED = torch.zeros(1, 0, dtype=torch.int8)


def built(module, variant, seed=0):
    torch.manual_seed(seed)
    return module.Objective(module.build(module.VARIANTS[variant]))


def batch(config, size=6, seed=0):
    """Pictures with a text each, and everything else that any feed may bring beside them."""
    rng = np.random.default_rng(seed)
    length = rng.integers(3, 9, size)
    tokens = rng.integers(2, config.text.vocabulary, (size, 8))
    mask = np.arange(8) < length[:, None]
    frames = (config.image.frames,) if hasattr(config.image, "frames") else ()
    sides = (config.image.channels, *frames, config.image.size, config.image.size)
    images = rng.normal(size=(size, *sides)).astype(np.float32)
    words = (torch.from_numpy(a) for a in (tokens * mask, mask, np.arange(size)))
    facts = torch.from_numpy(rng.integers(-1, 2, (size, 12)).astype(np.int8))
    record = rng.integers(0, 2, (size, len(getattr(config, "phenotypes", ())))).astype(np.int8)
    pieces = torch.from_numpy(np.where(mask, np.arange(8) // 2, -1))  # two pieces a word
    return Batch(
        torch.from_numpy(images), *words, NOT_ASKED.expand(size, 0), words=pieces,
        study=torch.arange(size) % (size // 2), facts=facts, said=facts,
        hidden=(torch.arange(8) == 1) & torch.from_numpy(mask), record=torch.from_numpy(record),
    )  # fmt: skip


def brought(module, b):
    """The batch with what this architecture alone is brought: names to ask for, and knowledge."""
    if module is not ARCHITECTURES["kad"]:
        return b
    size = len(b)
    more = {"tokens": b.tokens.flip(0), "mask": b.mask.flip(0)}  # three names, four statements
    more["tokens"] = torch.cat([b.tokens, more["tokens"], b.tokens[:1].flip(1)])
    more["mask"] = torch.cat([b.mask, more["mask"], b.mask[:1] | True])
    owner = torch.cat([b.owner, torch.tensor([QUESTION] * 3 + [KNOWLEDGE] * 4)])
    answers = torch.ones(size, 3, dtype=torch.int8)
    answers[: size // 2, :2] = -1
    return replace(b, **more, owner=owner, answers=answers)


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_shapes_and_unit_length(module, variant):
    model = built(module, variant).model
    b = batch(model.config)
    for vectors in (model.encode_image(b.images), model.encode_text(b.tokens, b.mask)):
        assert vectors.shape == (6, model.config.width)
        torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(6))
    described = model.eval().describe(b.images)
    torch.testing.assert_close(model.from_description(described), model.encode_image(b.images))


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_every_parameter_gets_a_finite_gradient(module, variant):
    objective = built(module, variant)
    loss, _ = objective(brought(module, batch(objective.model.config)))
    loss.backward()
    for name, parameter in objective.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_batch_mates_order_and_padding_do_not_matter(module, variant):
    model = built(module, variant).model.eval()
    b = batch(model.config)
    with torch.no_grad():
        x, y = model.encode_image(b.images), model.encode_text(b.tokens, b.mask)
        order = torch.tensor([3, 1, 5, 0, 2, 4])
        padded = torch.nn.functional.pad(b.tokens, (0, 5)), torch.nn.functional.pad(b.mask, (0, 5))
        torch.testing.assert_close(model.encode_image(b.images[2:3])[0], x[2], atol=1e-5, rtol=0)
        torch.testing.assert_close(model.encode_image(b.images[order]), x[order], atol=1e-5, rtol=0)
        torch.testing.assert_close(model.encode_text(*padded), y, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_same_seed_same_model(module, variant):
    one, two = built(module, variant), built(module, variant)
    for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_saved_and_loaded_is_bit_identical(module, variant, tmp_path):
    model = built(module, variant).model.eval()
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    again = built(module, variant, seed=9).model.eval()
    again.load_state_dict(load_file(tmp_path / "w.safetensors"))
    b = batch(model.config)
    with torch.no_grad():
        assert torch.equal(model.encode_image(b.images), again.encode_image(b.images))
        assert torch.equal(model.encode_text(b.tokens, b.mask), again.encode_text(b.tokens, b.mask))


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_one_batch_can_be_overfitted(module, variant):
    objective = built(module, variant)
    b = brought(module, batch(objective.model.config))
    optimizer = torch.optim.AdamW(objective.parameters(), lr=3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        loss, logs = objective(b)
        loss.backward()
        optimizer.step()
    assert logs["top1"] == 1
    assert float(loss.detach()) < 0.1


def test_identical_texts_share_the_target_exactly():
    """The symmetric softmax over duplicates equals an explicit multi-positive target."""
    module = ARCHITECTURES["clip"]
    objective = built(module, "debug")
    b = batch(objective.model.config, size=4)
    tokens, mask = b.tokens.clone(), b.mask.clone()
    tokens[3], mask[3] = tokens[0], mask[0]
    twin = Batch(b.images, tokens, mask, b.owner, b.answers)
    with torch.no_grad():
        loss, _ = objective(twin)
        x = objective.model.encode_image(twin.images)
        y = objective.model.encode_text(twin.tokens, twin.mask)
        logits = objective.model.scale * x @ y.T
        target = torch.eye(4)
        target[0, 3] = target[3, 0] = target[0, 0] = target[3, 3] = 0.5
        soft = -(target * logits.log_softmax(1)).sum(1) - (target * logits.T.log_softmax(1)).sum(1)
    torch.testing.assert_close(loss, soft.mean() / 2)


def test_infonce_of_a_cold_start_is_the_logarithm_of_the_batch():
    """With every logit equal the loss is ln B (closed form)."""
    objective = built(ARCHITECTURES["clip"], "debug")
    objective.model.log_scale.data.fill_(-30.0)
    loss, _ = objective(batch(objective.model.config))
    assert float(loss.detach()) == pytest.approx(np.log(6), abs=1e-5)


def test_one_text_an_image_is_the_published_loss():
    """Figure 3 of arXiv 2103.00020, written again."""
    objective = built(ARCHITECTURES["clip"], "debug")
    b = batch(objective.model.config)
    with torch.no_grad():
        loss, _ = objective(b)
        x = objective.model.encode_image(b.images)
        y = objective.model.encode_text(b.tokens, b.mask)
        logits = x @ y.T * objective.model.scale
        labels = torch.arange(len(x))
        cross = torch.nn.functional.cross_entropy
        torch.testing.assert_close(loss, (cross(logits, labels) + cross(logits.T, labels)) / 2)


def test_several_texts_an_image_are_each_a_positive():
    """Two texts for the first image: by hand, from the definition."""
    objective = built(ARCHITECTURES["clip"], "debug")
    b = batch(objective.model.config, size=4)
    two = Batch(b.images[:3], b.tokens, b.mask, torch.tensor([0, 1, 2, 0]), b.answers[:3])
    with torch.no_grad():
        loss, _ = objective(two)
        x = objective.model.encode_image(two.images)
        logits = objective.model.scale * x @ objective.model.encode_text(two.tokens, two.mask).T
        p, q = logits.log_softmax(1), logits.log_softmax(0)
        to_text = -((p[0, 0] + p[0, 3]) / 2 + p[1, 1] + p[2, 2]) / 3
        to_image = -(q[0, 0] + q[1, 1] + q[2, 2] + q[0, 3]) / 4
    torch.testing.assert_close(loss, (to_text + to_image) / 2)


def asked(answers):
    """Four pictures with a text each, and one question: text 4 states it, text 5 denies it."""
    objective = built(ARCHITECTURES["clip"], "debug").eval()
    b = batch(objective.model.config)
    owner = torch.tensor([0, 1, 2, 3, -1, -1])
    return objective, Batch(b.images[:4], b.tokens, b.mask, owner, torch.tensor(answers)[:, None])


def test_a_question_adds_the_logistic_loss_of_the_log_odds_that_are_served():
    objective, b = asked([1, -1, 0, 1])
    with torch.no_grad():
        loss, logs = objective(b)
        x = objective.model.encode_image(b.images)
        y = objective.model.encode_text(b.tokens, b.mask)
        odds = objective.model.scale * x @ (y[4] - y[5])
        truth = torch.tensor([1.0, 0.0, 1.0])
        asked_loss = torch.nn.functional.binary_cross_entropy_with_logits(odds[[0, 1, 3]], truth)
    torch.testing.assert_close(logs["asked"], asked_loss)
    torch.testing.assert_close(loss, logs["paired"] + clip.ASKED * asked_loss)


def test_the_texts_of_questions_are_no_candidates_of_the_contrast():
    objective, b = asked([1, -1, 0, 1])
    alone = Batch(b.images, b.tokens[:4], b.mask[:4], b.owner[:4], b.answers[:, :0])
    with torch.no_grad():
        torch.testing.assert_close(objective(alone)[0], objective(b)[1]["paired"])


def test_a_question_that_nobody_can_answer_changes_nothing():
    objective, b = asked([0, 0, 0, 0])
    alone = Batch(b.images, b.tokens[:4], b.mask[:4], b.owner[:4], b.answers[:, :0])
    with torch.no_grad():
        torch.testing.assert_close(objective(alone)[0], objective(b)[0])


def test_odds_that_are_left_out_leave_nothing_to_learn_where_nothing_is_seen():
    """Statement and denial alike for every picture: with the odds of the answers the loss is at its
    minimum in the gap (closed form), without them it wants every gap to be negative."""
    answers = torch.tensor([[1], [-1], [-1], [-1]], dtype=torch.int8)
    gap = torch.zeros(4, 1, requires_grad=True)
    for odds, slope in ((torch.tensor([np.log(1 / 3)]).float(), 0.0), (torch.zeros(0), 0.25)):
        logits = torch.cat([gap, torch.zeros(4, 1)], 1)
        clip._answered(logits, answers, odds).backward()
        assert float(gap.grad.sum()) == pytest.approx(slope, abs=1e-6)
        gap.grad = None


def named(options, shares):
    """Four pictures with a text each, and two names: texts 4 and 5."""
    objective = built(ARCHITECTURES["clip"], "debug").eval()
    b = batch(objective.model.config)
    owner = torch.tensor([0, 1, 2, 3, -4, -4])
    options, shares = torch.tensor(options, dtype=torch.int8), torch.tensor(shares)
    none = NOT_ASKED.expand(4, 0)
    return objective, Batch(
        b.images[:4], b.tokens, b.mask, owner, none, options=options, shares=shares
    )


def test_a_picture_with_a_name_adds_the_softmax_over_its_options():
    options = [[1, -1], [-1, 1], [0, 0], [1, 0]]  # one asked nothing, one with nothing to choose
    objective, b = named(options, [np.log(0.75), np.log(0.25)])
    with torch.no_grad():
        loss, logs = objective(b)
        x = objective.model.encode_image(b.images)
        y = objective.model.encode_text(b.tokens, b.mask)
        logits = objective.model.scale * x @ y[4:].T + b.shares
        by_hand = logits[:2].log_softmax(1)
    torch.testing.assert_close(logs["named"], -(by_hand[0, 0] + by_hand[1, 1]) / 3)
    torch.testing.assert_close(loss, logs["paired"] + clip.NAMED * logs["named"])


def test_names_that_nobody_has_change_nothing():
    objective, b = named([[0, 0]] * 4, [0.0, 0.0])
    alone = replace(b, tokens=b.tokens[:4], mask=b.mask[:4], owner=b.owner[:4],
                    options=torch.zeros(0))  # fmt: skip
    with torch.no_grad():
        torch.testing.assert_close(objective(alone)[0], objective(b)[0])
