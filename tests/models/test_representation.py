"""Laws that every representation keeps, and each one's own mechanism beside a closed form."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from radgloss.models.representation import (
    ARCHITECTURES,
    autoencoder,
    classifier,
    expert,
    mae,
    masked_words,
    moco,
    simclr,
    skipgram,
)
from radgloss.nn import resnet, vit


@dataclass(frozen=True)
class Batch:
    """What the objectives ask of a batch."""

    images: torch.Tensor
    tokens: torch.Tensor
    mask: torch.Tensor
    owner: torch.Tensor
    answers: torch.Tensor
    hidden: torch.Tensor
    facts: torch.Tensor


DEBUG = [
    pytest.param(module, name, id=f"{family}-{name}")
    for family, module in ARCHITECTURES.items()
    for name in module.VARIANTS
    if name.startswith("debug")
]


def built(module, variant="debug", seed=0, **changed):
    torch.manual_seed(seed)
    return module.Objective(module.build(replace(module.VARIANTS[variant], **changed)))


def batch(config, size=6, seed=0):
    """Everything that any objective here asks for: smooth pictures and texts that mean nothing."""
    rng = torch.Generator().manual_seed(seed)
    side = getattr(config, "image", SimpleNamespace(size=32)).size
    words = getattr(config, "text", SimpleNamespace(vocabulary=256)).vocabulary
    length = torch.randint(3, 9, (size,), generator=rng)
    mask = torch.arange(8) < length[:, None]
    hidden = torch.zeros(size, 8, dtype=torch.bool)
    hidden[:, 1] = True
    return Batch(
        images=F.interpolate(torch.randn(size, 3, 4, 4, generator=rng), side, mode="bicubic"),
        tokens=torch.randint(2, words, (size, 8), generator=rng) * mask,
        mask=mask,
        owner=torch.arange(size),
        answers=torch.zeros(size, 0, dtype=torch.int8),
        hidden=hidden,
        facts=torch.randint(-1, 2, (size, 3), generator=rng, dtype=torch.int8),
    )


def for_module(module, b, config):
    """The same, as that module's feed brings it."""
    if module is mae:
        hidden = torch.zeros(len(b.images), 16, dtype=torch.bool)
        hidden[:, ::2] = True
        return replace(b, hidden=hidden)
    if module is expert:
        owner = torch.tensor([0, 1, expert.KNOWLEDGE, expert.KNOWLEDGE] + 2 * [expert.KNOWLEDGE])
        return replace(b, images=b.images[:2], owner=owner, answers=b.answers[:2])
    if module is skipgram:  # a word, its neighbour, six words of noise
        apart = torch.arange(len(b.tokens))[:, None] * 8 + torch.arange(8)
        return replace(b, tokens=apart, mask=torch.ones_like(b.mask))
    return b


def ready(module, variant):
    objective = built(module, variant)
    config = objective.model.config
    return objective, for_module(module, batch(config), config)


def vectors(model, b):
    """What the model's acts give, by act."""
    given = {}
    if hasattr(model, "encode_image"):
        given["image"] = model.encode_image(b.images)
    if hasattr(model, "encode_text"):
        given["text"] = model.encode_text(b.tokens, b.mask)
    return given


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_vectors_have_unit_length_and_description_leads_to_them(module, variant):
    objective, b = ready(module, variant)
    model = objective.model.eval()
    given = vectors(model, b)
    assert given
    for v in given.values():
        torch.testing.assert_close(v.norm(dim=-1), torch.ones(len(v)))
    if "image" in given:
        described = model.describe(b.images)
        assert described.shape == (len(b.images), model.config.image.width)
        torch.testing.assert_close(model.from_description(described), given["image"])


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_every_trained_parameter_gets_a_finite_gradient(module, variant):
    objective, b = ready(module, variant)
    loss, _ = objective(b)
    loss.backward()
    for name, parameter in objective.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name
            assert parameter.grad.abs().sum() > 0, name
        else:
            assert parameter.grad is None, name


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_batch_mates_order_and_padding_do_not_matter(module, variant):
    objective, b = ready(module, variant)
    model = objective.model.eval()
    order = torch.randperm(len(b.images), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        given = vectors(model, b)
        if "image" in given:
            x = given["image"]
            torch.testing.assert_close(
                model.encode_image(b.images[1:2])[0], x[1], atol=1e-5, rtol=0
            )
            again = model.encode_image(b.images[order])
            torch.testing.assert_close(again, x[order], atol=1e-5, rtol=0)
        if "text" in given:
            padded = model.encode_text(F.pad(b.tokens, (0, 5)), F.pad(b.mask, (0, 5)))
            torch.testing.assert_close(padded, given["text"], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_same_seed_same_model_and_loss(module, variant):
    (one, b), (two, _) = ready(module, variant), ready(module, variant)
    for x, y in zip(one.state_dict().values(), two.state_dict().values(), strict=True):
        assert torch.equal(x, y)
    assert torch.equal(one(b)[0], two(b)[0])


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_saved_and_loaded_is_bit_identical(module, variant, tmp_path):
    objective, b = ready(module, variant)
    model = objective.model.eval()
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, tmp_path / "w")
    again = built(module, variant, seed=9).model.eval()
    again.load_state_dict(load_file(tmp_path / "w"))
    with torch.no_grad():
        for x, y in zip(vectors(model, b).values(), vectors(again, b).values(), strict=True):
            assert torch.equal(x, y)


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_an_unfinished_objective_is_kept_whole(module, variant, tmp_path):
    """What training needs beside the model (a queue, a momentum copy) is in the state."""
    objective, b = ready(module, variant)
    objective(b)
    save_file({k: v.contiguous() for k, v in objective.state_dict().items()}, tmp_path / "o")
    again = built(module, variant, seed=9)
    again.load_state_dict(load_file(tmp_path / "o"))
    assert torch.equal(objective(b)[0], again(b)[0])


LEARNED = {"autoencoder": ("explained", 0.5), "mae": ("explained", 0.5)}


@pytest.mark.parametrize(("module", "variant"), DEBUG)
def test_one_batch_can_be_overfitted(module, variant):
    objective, b = ready(module, variant)
    trained = [p for p in objective.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        loss, logs = objective(b)
        loss.backward()
        optimizer.step()
    name, least = LEARNED.get(module.__name__.split(".")[-1], ("top1", 1.0))
    assert logs[name] >= least


def test_every_config_is_told_from_every_other_by_its_name():
    """A checkpoint names the type of a variant; a union of two types of one name cannot be read."""
    kinds = (vit.Config, resnet.ResNetConfig, autoencoder.Flat)
    assert len({k.__name__ for k in kinds}) == len(kinds)


# ------------------------------------------------------------------ skip-gram


def test_skipgram_meets_the_shifted_mutual_information_at_its_optimum():
    """Levy and Goldberg 2014, eq. 9: w·c = log P(c | w) − log P_noise(c) − log K.

    Every pair and every noise word is brought as often as it is expected, so nothing is drawn."""
    counts = np.array([[8, 2, 4], [2, 6, 2], [4, 2, 2]])
    near = counts.sum(0) / counts.sum()
    noise = np.rint(near * 16).astype(int)  # 16 noise words, in their proportions
    assert noise.sum() == 16
    rows = [
        [w, c, *np.repeat(np.arange(3), noise)]
        for w in range(3)
        for c in range(3)
        for _ in range(counts[w, c])
    ]
    torch.manual_seed(0)
    config = skipgram.Config(skipgram.Words(vocabulary=3), width=3)
    objective = skipgram.Objective(skipgram.build(config)).double()
    tokens = torch.tensor(rows)
    solver = torch.optim.LBFGS(objective.parameters(), max_iter=500, tolerance_grad=1e-10,
                               tolerance_change=0, line_search_fn="strong_wolfe")  # fmt: skip

    def closure():
        solver.zero_grad()
        loss, _ = objective(SimpleNamespace(tokens=tokens))
        loss.backward()
        return loss

    solver.step(closure)
    found = (objective.model.own.weight @ objective.model.near.weight.T).detach().numpy()
    given = counts / counts.sum(1, keepdims=True)
    expected = np.log(given) - np.log(noise / 16) - np.log(16)
    np.testing.assert_allclose(found, expected, atol=1e-3)


# ------------------------------------------------------------------ views


def test_nt_xent_is_equation_1_written_out():
    rng = torch.Generator().manual_seed(0)
    x, y = (F.normalize(torch.randn(5, 7, generator=rng), dim=-1) for _ in range(2))
    views = torch.cat([x, y]).numpy()
    total = 0.0
    for i in range(10):
        e = np.exp(views @ views[i] / 0.3)
        total -= np.log(e[(i + 5) % 10] / (e.sum() - e[i]))
    torch.testing.assert_close(simclr.nt_xent(x, y, 0.3), torch.tensor(total / 10, dtype=x.dtype))


def test_nt_xent_of_orthogonal_pictures_has_a_closed_form():
    """Views agree, pictures are at right angles: −1/τ + log(e^{1/τ} + 2 B − 2)."""
    x, t = torch.eye(4), 0.5
    expected = -1 / t + np.log(np.exp(1 / t) + 6)
    assert float(simclr.nt_xent(x, x, t)) == pytest.approx(expected, abs=1e-6)


def test_moco_is_cross_entropy_against_its_own_key_and_the_queue():
    objective = built(moco)
    b = batch(objective.model.config)
    before = objective.queue.clone()
    loss, _ = objective(b)
    with torch.no_grad():
        q = objective.model.encode_image(b.images[:3])
        k = objective.slow.encode_image(b.images[3:])
        logits = torch.cat([(q * k).sum(1, keepdim=True), q @ before.T], 1) / 0.1
    torch.testing.assert_close(loss.detach(), F.cross_entropy(logits, torch.zeros(3).long()))
    torch.testing.assert_close(objective.queue[:3], k)
    assert torch.equal(objective.queue[3:], before[3:])


def test_the_oldest_keys_leave_the_queue_first():
    objective = built(moco, keys=4)
    seen = []
    for seed in range(3):
        b = batch(objective.model.config, seed=seed)
        objective(b)
        seen += list(objective.slow.encode_image(b.images[3:]))
    expected = torch.stack([seen[8], seen[5], seen[6], seen[7]])  # nine keys, four places
    torch.testing.assert_close(objective.queue, expected)


def test_the_momentum_copy_follows_as_equation_2_says():
    objective = built(moco, momentum=0.9)
    start = [p.clone() for p in objective.slow.parameters()]
    with torch.no_grad():
        for p in objective.model.parameters():
            p.add_(1.0)
    objective(batch(objective.model.config))
    for old, now, fast in zip(
        start, objective.slow.parameters(), objective.model.parameters(), strict=True
    ):
        torch.testing.assert_close(now, 0.9 * old + 0.1 * fast)
    objective.eval()
    kept = objective.queue.clone()
    objective(batch(objective.model.config, seed=5))
    assert torch.equal(objective.queue, kept)  # judged, nothing moves


# ------------------------------------------------------------------ masks


def test_the_encoder_of_masked_pictures_never_sees_a_hidden_patch():
    objective, b = ready(mae, "debug")
    model = objective.model.eval()
    squares = mae.patches(b.images, 8).clone()
    squares[b.hidden] = 1e3 * torch.randn(squares[b.hidden].shape)
    g = model.image.grid
    other = squares.unflatten(1, (g, g)).unflatten(3, (3, 8, 8))  # (B, G, G, C, p, p)
    other = other.permute(0, 3, 1, 4, 2, 5).reshape(b.images.shape)
    with torch.no_grad():
        torch.testing.assert_close(model(other, b.hidden), model(b.images, b.hidden))


def test_masked_pictures_are_judged_on_hidden_patches_only():
    """By a loop over pictures and patches."""
    objective, b = ready(mae, "debug")
    loss, _ = objective(b)
    with torch.no_grad():
        guessed = objective.model(b.images, b.hidden)
    errors = []
    for i, j in b.hidden.nonzero().tolist():
        row, column = divmod(j, 4)
        square = b.images[i, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8].flatten()
        square = (square - square.mean()) / (square.var(correction=0) + 1e-6).sqrt()
        errors.append(float((guessed[i, j] - square).square().mean()))
    assert float(loss.detach()) == pytest.approx(np.mean(errors), rel=1e-5)


def test_nothing_hidden_is_the_autoencoder_of_the_ablation():
    objective, b = ready(mae, "debug")
    whole = replace(b, hidden=torch.zeros_like(b.hidden))
    loss, _ = objective(whole)
    with torch.no_grad():
        guessed = objective.model(b.images, whole.hidden)
    truth = mae.standard(mae.patches(b.images, 8))
    torch.testing.assert_close(loss.detach(), F.mse_loss(guessed, truth))


def test_patches_may_not_overlap():
    config = replace(mae.VARIANTS["debug"], image=vit.VARIANTS["debug-conv"])
    with pytest.raises(ValueError, match="overlap"):
        mae.build(config)


def test_a_hidden_word_cannot_be_read():
    objective, b = ready(masked_words, "debug")
    model = objective.model.eval()
    other = b.tokens.clone()
    other[b.hidden] = 7
    with torch.no_grad():
        one, two = model(b.tokens, b.mask, b.hidden), model(other, b.mask, b.hidden)
    torch.testing.assert_close(one, two)


def test_without_context_the_best_guess_is_the_entropy_of_the_words():
    """One place, words 5, 6 and 7 in 3 : 2 : 1: no loss can be below their entropy, and it is
    reached; with the neighbour in sight, which tells the word, it goes to nothing."""
    truth = torch.tensor([5, 5, 5, 6, 6, 7])
    tokens = torch.stack([truth, truth + 10], 1)
    entropy = -sum(p * np.log(p) for p in (1 / 2, 1 / 3, 1 / 6))
    for blind in (True, False):
        objective = built(masked_words)
        optimizer = torch.optim.Adam(objective.parameters(), lr=1e-2)
        hidden = torch.tensor([[True, blind]]).expand(6, 2)
        asked = SimpleNamespace(tokens=tokens, mask=torch.ones(6, 2).bool(), hidden=hidden)
        for _ in range(120):
            optimizer.zero_grad()
            loss, _ = objective(asked)
            loss.backward()
            optimizer.step()
        assert float(loss.detach()) == pytest.approx(entropy if blind else 0, abs=0.02)


# ------------------------------------------------------------------ expert, transfer


def test_without_knowledge_the_names_are_never_read():
    objective = built(expert, knowledge=0.0)
    config = objective.model.config
    b = for_module(expert, batch(config), config)
    other = replace(b, tokens=b.tokens.clone())
    other.tokens[2:] = 9
    assert torch.equal(objective(b)[0], objective(other)[0])
    told = built(expert)
    assert not torch.equal(told(b)[0], told(other)[0])


def test_names_of_one_concept_find_each_other_in_closed_form():
    """P names at right angles, each equal to its other: −1/τ + log(e^{1/τ} + P − 1)."""
    names = torch.eye(5)
    expected = -1 / 0.2 + np.log(np.exp(1 / 0.2) + 4)
    assert float(expert.told_apart(names, names, 0.2)) == pytest.approx(expected, abs=1e-5)


def test_a_probe_leaves_the_tower_as_it_came_and_full_tuning_does_not():
    for variant, moved in (("debug-probe", False), ("debug", True)):
        objective, b = ready(classifier, variant)
        before = {k: v.clone() for k, v in objective.model.image.state_dict().items()}
        trained = [p for p in objective.parameters() if p.requires_grad]
        optimizer = torch.optim.SGD(trained, lr=0.1)
        objective(b)[0].backward()
        optimizer.step()
        after = objective.model.image.state_dict()
        assert any(not torch.equal(before[k], after[k]) for k in before) is moved


def test_what_is_not_known_of_a_picture_teaches_nothing():
    objective, b = ready(classifier, "debug")
    known = b.facts != 0
    odds = objective.model(b.images)
    expected = F.binary_cross_entropy_with_logits(odds[known], (b.facts[known] > 0).float())
    torch.testing.assert_close(objective(b)[0], expected)


def test_a_residual_network_has_the_acts_of_a_vision_transformer():
    net = resnet.ResNet(resnet.VARIANTS["debug"], out=5).eval()
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert net.tokens(x).shape == (2, net.grid**2, net.config.width)
        torch.testing.assert_close(net(x), net.head(net.tokens(x).mean(1)))
    with pytest.raises(ValueError, match="stride"):
        resnet.ResNet(replace(net.config, size=36), out=5)
