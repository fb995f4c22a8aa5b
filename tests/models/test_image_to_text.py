"""Laws of every architecture that writes: pictures of a study in, text out, and nobody else's."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from radgloss.data import phantom
from radgloss.data.batch import Batch, to_model
from radgloss.engine.generating import Plan, greedy
from radgloss.engine.generating.writing import start
from radgloss.models.image_to_text import ARCHITECTURES, captioner
from radgloss.preprocess import Preprocess, prepare
from radgloss.text.tokenizer import Tokenizer

DEBUG = [
    pytest.param(module, name, id=f"{family}-{name}")
    for family, module in ARCHITECTURES.items()
    for name in module.VARIANTS
    if name.startswith("debug")
]
END = 2


def built(module, variant, seed=0):
    torch.manual_seed(seed)
    return module.Objective(module.build(module.VARIANTS[variant])).eval()


def batch(config, seed=0):
    """Three studies of two, one and three pictures; four texts, the last of the first study."""
    rng = np.random.default_rng(seed)
    side = config.image.size
    tokens = torch.from_numpy(rng.integers(3, config.text.vocabulary, (4, 9)))
    mask = torch.arange(9) < torch.tensor([9, 6, 7, 4])[:, None]
    return Batch(
        torch.from_numpy(rng.normal(size=(6, config.image.channels, side, side))).float(),
        tokens * mask, mask, torch.tensor([0, 1, 2, 0]), torch.zeros(6, 0, dtype=torch.int8),
        study=torch.tensor([0, 0, 1, 2, 2, 2]), place=torch.tensor([0, 1, 0, 0, 0.5, 1]),
        hidden=mask & (torch.arange(9) > 1),
    )  # fmt: skip


def seen(model, b):
    return model.encode_images(b.images, b.study, b.place)


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_every_parameter_gets_a_finite_gradient(module, variant):
    objective = built(module, variant)
    loss, _ = objective(batch(objective.model.config))
    loss.backward()
    for name, parameter in objective.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


@torch.no_grad()
@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_other_studies_and_their_order_change_no_memory(module, variant):
    model = built(module, variant).model
    b = batch(model.config)
    memory, mask = seen(model, b)
    alone, whole = model.encode_images(b.images[:2], b.study[:2], b.place[:2])
    assert whole.all()
    torch.testing.assert_close(alone[0], memory[0, mask[0]], atol=1e-5, rtol=0)
    order = torch.tensor([3, 2, 0, 4, 5, 1])  # within a study as they were
    mixed, _ = model.encode_images(b.images[order], b.study[order], b.place[order])
    torch.testing.assert_close(mixed[mask], memory[mask], atol=1e-5, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_one_token_after_the_other_gives_what_all_at_once_gives(module, variant):
    model = built(module, variant).model
    b = batch(model.config)
    memory, mask = seen(model, b)
    whole, _ = model.step(b.tokens[:3], memory, mask)
    cache = model.begin(memory, mask)
    parts = []
    for some in b.tokens[:3].split([2, 1, 1, 3, 2], 1):  # many and one
        logits, cache = model.step(some, cache=cache)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, 1), whole, atol=1e-5, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_padding_on_the_right_changes_nothing(module, variant):
    """Rows of different lengths go on as each would alone, whatever its padding holds."""
    model = built(module, variant).model
    b = batch(model.config)
    memory, mask = seen(model, b)
    counts = b.mask[:3].sum(1)
    noise = torch.where(b.mask[:3], b.tokens[:3], 7)
    _, cache = model.step(noise, memory, mask, counts=counts)
    after, _ = model.step(torch.tensor([[5], [5], [5]]), cache=cache)
    for row in range(3):
        own = b.tokens[row : row + 1, : counts[row]]
        _, alone = model.step(own, memory[row : row + 1], mask[row : row + 1])
        expected, _ = model.step(torch.tensor([[5]]), cache=alone)
        torch.testing.assert_close(after[row], expected[0], atol=1e-5, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_what_was_rewound_was_never_read(module, variant):
    model = built(module, variant).model
    b = batch(model.config)
    memory, mask = seen(model, b)
    _, cache = model.step(b.tokens[:3, :4], memory, mask)
    kept = cache.lengths
    expected, _ = model.step(b.tokens[:3, 4:6], cache=cache.chosen(torch.arange(3)))
    _, further = model.step(b.tokens[:3, 6:9], cache=cache)
    again, _ = model.step(b.tokens[:3, 4:6], cache=further.rewound(kept))
    torch.testing.assert_close(again, expected, atol=1e-6, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_texts_are_those_of_their_own_study_whoever_else_is_written_about(module, variant):
    model = built(module, variant).model
    b = batch(model.config)
    plan = Plan(END, 12, words=300)
    prompts = [[3, 9], [4], [5, 6, 7], [4]]
    studies = [0, 1, 2, 0]
    together = greedy(model, start(model.begin(*seen(model, b)), studies), prompts, plan)
    for prompt, study, text in zip(prompts, studies, together, strict=True):
        mine = b.study == study
        alone = model.encode_images(b.images[mine], b.study[mine] * 0, b.place[mine])
        assert greedy(model, model.begin(*alone), [prompt], plan) == [text]
        assert max(text.tokens) < 300


@torch.no_grad()
@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_looks_that_were_kept_give_the_loss_of_the_pictures(module, variant):
    objective = built(module, variant)
    b = batch(objective.model.config)
    if not hasattr(objective.model, "look"):
        pytest.skip("an architecture whose tower cannot be kept apart")
    kept = replace(b, images=b.images[:0], looks=objective.model.look(b.images))
    assert len(kept) == len(b)
    torch.testing.assert_close(objective(kept)[0], objective(b)[0])


@cache
def films(side, many=3):
    """Prepared phantoms (many, C, S, S) and their impressions."""
    made = [phantom.make(20 + n, "xr-chest") for n in range(many)]
    images = [prepare(m.study.images[0], Preprocess(size=side)).pixels[0] for m in made]
    return np.stack(images), [m.report.impression for m in made]


def pairs(config):
    """Prepared phantoms, and their findings as rows of tokens between a mark and an end."""
    images, texts = films(config.image.size)
    many = len(texts)
    tokenizer = Tokenizer.of_reports(texts, config.text.vocabulary)
    begin, end = tokenizer.mark("[IMPRESSION]"), tokenizer.mark("[END]")
    rows = [[begin, *tokenizer.pieces(t), end] for t in texts]
    tokens = torch.zeros(many, max(map(len, rows)), dtype=torch.int64)
    mask = torch.zeros_like(tokens, dtype=torch.bool)
    for n, row in enumerate(rows):
        tokens[n, : len(row)], mask[n, : len(row)] = torch.tensor(row), True
    b = Batch(
        to_model(images), tokens, mask, torch.arange(many),
        torch.zeros(many, 0, dtype=torch.int8), study=torch.arange(many), place=torch.zeros(many),
        hidden=mask & (torch.arange(tokens.shape[1]) > 0),
    )  # fmt: skip
    return tokenizer, texts, b


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_a_handful_of_phantoms_is_learned_by_heart(module, variant):
    """What was overfitted comes back word for word, from the pictures alone."""
    torch.manual_seed(0)
    objective = module.Objective(module.build(module.VARIANTS[variant])).train()
    tokenizer, texts, b = pairs(objective.model.config)
    optimizer = torch.optim.AdamW(objective.parameters(), lr=5e-3)
    for _ in range(250):
        optimizer.zero_grad()
        loss = objective(b)[0]
        loss.backward()
        torch.nn.utils.clip_grad_norm_(objective.parameters(), 1.0)
        optimizer.step()
        if float(loss.detach()) < 0.02:
            break
    model = objective.eval().model
    plan = Plan(tokenizer.mark("[END]"), 64, len(tokenizer))
    written = greedy(
        model, model.begin(*seen(model, b)), [[tokenizer.mark("[IMPRESSION]")]] * len(texts), plan
    )
    assert len(set(texts)) == len(texts)
    assert [tokenizer.decode(w.tokens) for w in written] == texts
    assert all(w.ended for w in written)


def test_a_share_of_the_memory_is_hidden_in_training_and_never_all_of_it():
    torch.manual_seed(0)
    seen = torch.ones(200, 50, dtype=torch.bool)
    seen[:, 40:] = False
    some = captioner.some_of(seen, 0.25)
    assert not some[:, 40:].any()
    assert some[:, 0].all()
    assert float(some[:, 1:40].float().mean()) == pytest.approx(0.75, abs=0.02)
    assert captioner.some_of(seen, 0.999).any(1).all()
