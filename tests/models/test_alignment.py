"""The defining mechanism of each alignment system against its formula, written again."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from radgloss.data.batch import KNOWLEDGE, NOBODY, QUESTION, Batch
from radgloss.models.alignment import (
    biomedclip,
    convirt,
    cxrclip,
    gloria,
    kad,
    medclip,
    pmcclip,
    siglip,
)


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
        objective.vectors = lambda described, read: (x, torch.eye(4, 32))
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


# ------------------------------------------------------------------ GLoRIA

WORDS = torch.tensor([[0, 0, 1, 2, -1], [0, 1, 1, 2, 3], [0, 1, -1, -1, -1], [0, 1, 2, 3, 4]])


def spoken():
    return replace(batch(words=WORDS), mask=WORDS >= 0)


@torch.no_grad()
def test_gloria_scores_word_by_place_as_written_with_loops():
    """Equations 2 to 4, one image, one text and one word at a time, in double precision."""
    objective, b = built(gloria), spoken()
    model = objective.model
    places = model.places(b.images).double()
    states = model.word(model.text.states(b.tokens, b.mask)).double()
    expected = torch.zeros(4, 4, dtype=torch.double)
    for i in range(4):
        for j in range(4):
            pieces = {w: states[j][WORDS[j] == w].mean(0) for w in WORDS[j].tolist() if w >= 0}
            words = torch.stack(list(pieces.values()))
            alike = torch.exp(places[i] @ words.T)  # (P, V)
            alike = alike / alike.sum(1, keepdim=True)
            total = 0.0
            for v, word in enumerate(words):
                share = torch.exp(4 * alike[:, v])
                gathered = (share / share.sum()) @ places[i]
                total += torch.exp(5 * (gathered @ word) / (gathered.norm() * word.norm()))
            expected[i, j] = torch.log(total / len(words)) / 5
    made = gloria.local_scores(
        model.places(b.images), *model.words(b.tokens, b.mask, b.words), model.config
    )
    torch.testing.assert_close(made.double(), expected, atol=1e-5, rtol=0)
    loss, logs = objective(b)
    own = torch.arange(4)
    near = (F.cross_entropy(10 * made, own) + F.cross_entropy(10 * made.T, own)) / 2
    torch.testing.assert_close(loss, logs["whole"] + near)


@torch.no_grad()
def test_the_padding_of_other_texts_does_not_change_a_local_score():
    model, b = built(gloria).model, spoken()
    together = model.scores(b.images, b.tokens, b.mask, b.words)
    for j in range(4):
        n = int(b.mask[j].sum())
        alone = model.scores(b.images, *(x[j : j + 1, :n] for x in (b.tokens, b.mask, b.words)))
        torch.testing.assert_close(alone[:, 0], together[:, j], atol=1e-5, rtol=0)


@torch.no_grad()
def test_a_word_looks_at_the_place_that_resembles_it():
    """A place equal to the word, among places that are not: the heat map's peak is there."""
    model, b = built(gloria).model, spoken()
    one = [x[3:4] for x in (b.tokens, b.mask, b.words)]
    places = torch.zeros(1, model.image.grid**2, 32)
    places[0, 5, 2] = 30.0
    model.places = lambda images: places
    model.words = lambda *_: (torch.eye(5, 32)[None], torch.ones(1, 5, dtype=torch.bool))
    maps = model.heat_map(b.images[0], *one)
    assert maps.shape == (5, model.image.grid, model.image.grid)
    torch.testing.assert_close(maps.sum((1, 2)), torch.ones(5))
    assert int(maps[2].flatten().argmax()) == 5


# ------------------------------------------------------------------ CXR-CLIP


@torch.no_grad()
@pytest.mark.parametrize(("images", "texts"), [(1.0, 0.5), (0.0, 0.5), (1.0, 0.0), (0.0, 0.0)])
def test_cxrclip_adds_its_terms_by_their_weights(images, texts):
    """Two studies of two views and two texts, from the definition, each contrast by numpy."""
    objective, b = built(cxrclip, images=images, texts=texts), batch()
    x, y = (v.double().numpy() for v in vectors(objective, b))

    def clip(a, b):
        e = np.exp(float(objective.model.scale) * a @ b.T)
        return -(np.log(np.diag(e) / e.sum(1)) + np.log(np.diag(e) / e.sum(0))).mean() / 2

    x1, x2, y1, y2 = x[:2], x[2:], y[:2], y[2:]
    pairs = (clip(x1, y1) + clip(x1, y2) + clip(x2, y1) + clip(x2, y2)) / 4
    expected = pairs + images * clip(x1, x2) + texts * clip(y1, y2)
    assert float(objective(b)[0]) == pytest.approx(expected, rel=1e-4)


# ------------------------------------------------------------------ BiomedCLIP


@torch.no_grad()
def test_the_text_tower_of_biomedclip_is_a_post_norm_transformer():
    """Against torch's own encoder with the same weights."""
    tower = built(biomedclip).model.text
    block, layer = (
        tower.blocks[0],
        torch.nn.TransformerEncoderLayer(
            32, 2, 128, 0.0, "gelu", 1e-12, batch_first=True, norm_first=False
        ),
    )
    layer.eval()
    names = {
        "self_attn.in_proj_weight": block.attention.qkv.weight,
        "self_attn.in_proj_bias": block.attention.qkv.bias,
        "self_attn.out_proj.weight": block.attention.out.weight,
        "self_attn.out_proj.bias": block.attention.out.bias,
        "linear1.weight": block.mlp[0].weight, "linear1.bias": block.mlp[0].bias,
        "linear2.weight": block.mlp[2].weight, "linear2.bias": block.mlp[2].bias,
        "norm1.weight": block.norm1.weight, "norm1.bias": block.norm1.bias,
        "norm2.weight": block.norm2.weight, "norm2.bias": block.norm2.bias,
    }  # fmt: skip
    layer.load_state_dict(names)
    x = torch.randn(3, 7, 32, generator=torch.Generator().manual_seed(1))
    mask = torch.arange(7)[None] < torch.tensor([7, 4, 2])[:, None]
    ours, theirs = block(x, mask), layer(x, src_key_padding_mask=~mask)
    torch.testing.assert_close(ours[mask], theirs[mask], atol=1e-5, rtol=0)


@torch.no_grad()
def test_a_longer_context_reads_what_a_shorter_one_cuts_off():
    """Texts that differ after token 5 only: one vector with a context of 5, two with 32."""
    model, tokens = built(biomedclip).model, torch.randint(2, 256, (1, 20))
    other = tokens.clone()
    other[0, 12] = (tokens[0, 12] + 7) % 250 + 2
    whole = torch.ones(1, 20, dtype=torch.bool)
    assert torch.equal(*(model.encode_text(t[:, :5], whole[:, :5]) for t in (tokens, other)))
    far = [model.encode_text(t, whole) for t in (tokens, other)]
    assert float((far[0] - far[1]).norm()) > 1e-4


# ------------------------------------------------------------------ PMC-CLIP


def guessing(variant):
    hidden = torch.zeros(4, 5, dtype=torch.bool)
    hidden[:, 2] = True
    return built(pmcclip, variant), batch(hidden=hidden)


@torch.no_grad()
@pytest.mark.parametrize("variant", ["debug", "debug-alone"])
def test_a_hidden_word_is_not_read_by_who_guesses_it(variant):
    objective, b = guessing(variant)
    grid = objective.model.image.tokens(b.images)
    other = torch.where(b.hidden, (b.tokens + 9) % 250 + 2, b.tokens)
    told = [objective.model.guesses(grid, t, b.mask, b.hidden) for t in (b.tokens, other)]
    assert torch.equal(*told)


@torch.no_grad()
@pytest.mark.parametrize(("variant", "sees"), [("debug", True), ("debug-alone", False)])
def test_the_image_changes_a_guess_with_fusion_only(variant, sees):
    objective, b = guessing(variant)
    grid = objective.model.image.tokens(b.images)
    told = [objective.model.guesses(g, b.tokens, b.mask, b.hidden) for g in (grid, grid.flip(0))]
    assert torch.equal(*told) is not sees


@torch.no_grad()
def test_pmcclip_adds_half_the_loss_of_its_guesses():
    """Cross-entropy over the hidden places only, from the log-softmax by hand."""
    objective, b = guessing("debug")
    grid = objective.model.image.tokens(b.images)
    told = objective.model.guesses(grid, b.tokens, b.mask, b.hidden)[:, 2].log_softmax(1)
    missed = -sum(told[i, b.tokens[i, 2]] for i in range(4)) / 4
    loss, logs = objective(b)
    torch.testing.assert_close(logs["hidden"], missed)
    torch.testing.assert_close(loss, logs["pairs"] + 0.5 * missed)


def test_the_mark_of_a_hidden_word_is_in_no_text():
    from radgloss.text.tokenizer import HIDDEN, Tokenizer

    tokens, _ = Tokenizer.train(["A left pleural effusion."], 300)(["Ω unknown ☃ words"], 64)
    assert pmcclip.HIDDEN == HIDDEN
    assert not (tokens == HIDDEN).any()


# ------------------------------------------------------------------ KAD

ANSWERS = torch.tensor([[1, -1, 0], [0, 1, -1], [-1, 0, 1], [1, 1, -1]], dtype=torch.int8)


def queried():
    return replace(batch(owners=(0, 1, 2, 3, *[QUESTION] * 3)), answers=ANSWERS)


def test_knowledge_teaches_the_text_tower_and_pictures_do_not():
    objective = built(kad)
    text = dict(objective.model.text.named_parameters())
    objective(queried())[0].backward()
    assert all(p.grad is None for p in text.values())
    shown = batch(owners=(KNOWLEDGE,) * 4)
    taught = Batch(shown.images[:0], shown.tokens, shown.mask, shown.owner, shown.answers[:0])
    objective(taught)[0].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in text.values())


@torch.no_grad()
def test_an_answer_does_not_depend_on_what_else_is_asked():
    objective, b = built(kad), queried()
    together = objective.model.answers(b.images, b.tokens[4:], b.mask[4:])
    for q in range(3):
        alone = objective.model.answers(b.images, b.tokens[4 + q : 5 + q], b.mask[4 + q : 5 + q])
        torch.testing.assert_close(alone[:, 0], together[:, q], atol=1e-5, rtol=0)


@torch.no_grad()
def test_kad_adds_the_binary_loss_of_what_is_known_of_image_and_text():
    objective, b = built(kad), queried()
    model, names = objective.model, (b.tokens[4:], b.mask[4:])
    known, truth = ANSWERS != 0, (ANSWERS > 0).float()
    texts = model.encode_text(b.tokens[:4], b.mask[:4])[:, None]
    odds = model.answers(b.images, *names), model.decoder(model.encode_text(*names), texts)
    missed = [F.binary_cross_entropy_with_logits(o[known], truth[known]) for o in odds]
    loss, logs = objective(b)
    torch.testing.assert_close(loss, logs["paired"] + sum(missed))
    x, y = model.encode_image(b.images), texts[:, 0]
    z, own = model.scale * x @ y.T, torch.arange(4)
    torch.testing.assert_close(
        logs["paired"], (F.cross_entropy(z, own) + F.cross_entropy(z.T, own)) / 2
    )
