"""Losses against closed forms, definitions written again, and themselves in stripes."""

from math import log

import pytest
import torch
import torch.nn.functional as F

from radgloss.nn import stripes
from radgloss.nn.contrast import compared, contrast, directions, nt_xent, sigmoid, soft


def vectors(b=6, m=9, d=8):
    g = torch.Generator().manual_seed(0)
    x, y = (F.normalize(torch.randn(n, d, generator=g).double(), dim=1) for n in (b, m))
    return x, y, torch.tensor([0, 1, 2, 3, 4, 5, 0, 0, 3])


def test_without_knowledge_the_contrast_is_the_logarithm_of_the_batch():
    """s → 0: every logit equal."""
    x, y, _ = vectors(m=6)
    loss, _ = contrast(1e-12 * x @ y.T, torch.arange(6))
    assert float(loss) == pytest.approx(log(6), abs=1e-9)


def test_one_text_an_image_is_the_plain_cross_entropy_both_ways():
    x, y, _ = vectors(m=6)
    logits, labels = 5 * x @ y.T, torch.arange(6)
    to_text, to_image = directions(logits, labels)
    torch.testing.assert_close(to_text, F.cross_entropy(logits, labels))
    torch.testing.assert_close(to_image, F.cross_entropy(logits.T, labels))


def test_the_sigmoid_is_the_binary_cross_entropy_of_every_pair():
    x, y, owner = vectors()
    own = (torch.arange(6)[:, None] == owner[None]).double()
    z = 10 * x @ y.T - 4.2
    bce = F.binary_cross_entropy_with_logits(z, own, reduction="sum") / 6
    torch.testing.assert_close(sigmoid(x, y, owner, 10.0, -4.2), bce)


def test_a_cold_sigmoid_with_no_bias_is_the_texts_times_the_logarithm_of_two():
    x, y, owner = vectors()
    assert float(sigmoid(x, y, owner, 0.0, 0.0)) == pytest.approx(9 * log(2))


def test_a_text_of_nobody_is_a_stranger_to_all():
    x, y, owner = vectors()
    z = 10 * x @ y[8] - 4.2
    with_it = sigmoid(x, y, torch.cat([owner[:8], torch.tensor([-1])]), 10.0, -4.2)
    without = sigmoid(x, y[:8], owner[:8], 10.0, -4.2)
    torch.testing.assert_close(with_it, without + F.softplus(z).sum() / 6)


@pytest.mark.parametrize("chunk", [1, 4, 6, 100])
def test_the_sigmoid_in_stripes_is_the_sigmoid_at_once_also_in_its_gradients(chunk):
    x, y, owner = vectors()
    got = {}
    for size in (100, chunk):
        given = [x.clone(), y.clone(), torch.tensor(10.0).double(), torch.tensor(-4.2).double()]
        for tensor in given:
            tensor.requires_grad_()
        loss = sigmoid(given[0], given[1], owner, given[2], given[3], size)
        got[size] = (loss, *torch.autograd.grad(loss, given))
    for a, b in zip(got[100], got[chunk], strict=True):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("stripe", [1, 4, 6])
def test_the_softmax_in_stripes_is_the_contrast_of_the_table_also_in_its_gradients(stripe):
    x, y, owner = vectors()
    got = []
    for act in (lambda a, b, s: contrast(s * a @ b.T, owner),
                lambda a, b, s: stripes.softmax(a, b, owner, s, stripe)):  # fmt: skip
        given = [t.clone().requires_grad_() for t in (x, y, torch.tensor(10.0).double())]
        loss, found = act(*given)
        got.append((loss, found.float(), *torch.autograd.grad(3 * loss, given)))
    for a, b in zip(*got, strict=True):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=1e-12)


def test_of_two_images_that_a_text_is_equally_near_the_first_counts_in_stripes_too():
    x, _, _ = vectors()
    twins, owner = x[[0, 0, 1, 2]], torch.tensor([1, 0, 2, 3])
    scale = torch.tensor(5.0).double()
    whole = contrast(scale * twins @ twins.T, owner)[1]
    assert whole == 0.75
    assert float(stripes.softmax(twins, twins, owner, scale, 1)[1]) == whole


@pytest.mark.parametrize("many", [4, 300])
def test_vectors_are_compared_in_full_also_where_the_towers_are_not(many):
    """Under autocast a product would be rounded to eight bits: in one piece, and in stripes."""
    x, _, _ = vectors(b=many)
    x, owner, scale = x.float(), torch.arange(many), torch.tensor(14.0)
    with torch.autocast("cpu", torch.bfloat16):
        assert (x @ x.T).dtype == torch.bfloat16
        halved = compared(x, x, owner, scale)[0], sigmoid(x, x, owner, scale, torch.zeros(()))
    exact = compared(x, x, owner, scale)[0], sigmoid(x, x, owner, scale, torch.zeros(()))
    assert halved == exact


def test_stripes_keep_no_table_of_pairs():
    """The largest tensor that autograd keeps is what was given, not B × M: of the sigmoid, and of
    the softmax."""
    x, y = torch.randn(64, 4, requires_grad=True), torch.randn(64, 4, requires_grad=True)
    scale, bias = torch.tensor(10.0, requires_grad=True), torch.tensor(-4.0, requires_grad=True)
    kept = []

    def note(tensor):
        kept.append(tensor.numel())
        return tensor

    for chunk, largest in ((64, 64 * 64), (8, 64 * 4)):
        kept.clear()
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            sigmoid(x, y, torch.arange(64), scale, bias, chunk)
        assert max(kept) == largest
    kept.clear()
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        stripes.softmax(x, y, torch.arange(64), scale, 8)
    assert max(kept) == 64 * 4


def test_nt_xent_of_orthonormal_views_has_its_closed_form():
    """Equal views, all else orthogonal: −log(e^(1/τ) / (e^(1/τ) + 2B − 2))."""
    x, tau = torch.eye(4, 8).double(), 0.5
    e = torch.tensor(1 / tau).double().exp()
    torch.testing.assert_close(nt_xent(x, x, tau), -torch.log(e / (e + 6)))


def test_soft_targets_are_met_by_their_own_logits_only():
    alike = torch.randn(4, 5, generator=torch.Generator().manual_seed(1)).double()
    assert float(soft(alike, alike)) == pytest.approx(0, abs=1e-12)
    assert float(soft(alike + torch.eye(4, 5), alike)) > 0.01


def test_sharp_soft_targets_are_the_contrast():
    x, y, _ = vectors(m=6)
    logits = 3 * x @ y.T
    hard = 1e3 * torch.eye(6).double()
    torch.testing.assert_close(soft(logits, hard), contrast(logits, torch.arange(6))[0])
