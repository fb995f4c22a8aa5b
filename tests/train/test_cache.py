"""Chunks give the gradient of the whole batch, centring and chance included."""

import weakref
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from radgloss.data.batch import Batch, Pictures
from radgloss.models.alignment import ARCHITECTURES
from radgloss.models.representation import simclr
from radgloss.nn import stripes
from radgloss.train import cache, loop
from radgloss.train.ranks import ALONE
from radgloss.types import InputRejected
from two_ranks import RUN, asking, batch, gradients, objective, trained

TIGHT = {"atol": 1e-9, "rtol": 1e-9}


@pytest.mark.parametrize("chunk", [1, 2, 4, 6])
@pytest.mark.parametrize(
    ("name", "variant"),
    [("clip", "debug"), ("clip", "debug-conv"), ("siglip", "debug"), ("siglip", "debug-softmax")],
)
def test_chunks_give_the_gradient_of_the_whole_batch(name, variant, chunk):
    """Towers, temperature, bias, and the statistics that the centring keeps."""
    whole, parts = objective(name, variant), objective(name, variant)
    loss, _ = whole(batch(0))
    loss.backward()
    got = gradients(parts, chunk, ALONE)
    torch.testing.assert_close(got.pop("loss"), loss.detach(), **TIGHT)
    for key, parameter in whole.named_parameters():
        torch.testing.assert_close(got[key], parameter.grad, **TIGHT, msg=key)
    for (key, a), b in zip(whole.named_buffers(), parts.buffers(), strict=True):
        torch.testing.assert_close(b, a, **TIGHT, msg=key)


@pytest.mark.parametrize(
    ("name", "variant", "chunk"),
    [("biomedclip", "debug", 2), ("dual", "debug-bert", 3),
     ("dual", "debug-siglip", 4), ("expert", "debug", 4)],
)  # fmt: skip
def test_so_do_the_chunks_of_other_losses(name, variant, chunk):
    """A name by its meaning, questions; what a loss does not look at gets no
    gradient, as in one piece."""
    whole, parts = objective(name, variant), objective(name, variant)
    loss, _ = whole(asking(name))
    loss.backward()
    got, _ = cache.backward(parts, asking(name), chunk, ALONE, nullcontext)
    torch.testing.assert_close(got, loss.detach(), **TIGHT)
    for (key, p), q in zip(whole.named_parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(q.grad, p.grad, **TIGHT, msg=key)


def test_centring_a_chunk_on_itself_would_be_another_gradient():
    """Why the split is where it is: chunks that are centred alone miss by more than rounding."""
    whole = objective()
    whole(batch(0))[0].backward()
    right = whole.model.text.embed.weight.grad.clone()
    whole.zero_grad()
    model, b = whole.model, batch(0)
    x = torch.cat([model.encode_image(part) for part in b.images.split(2)])
    y = torch.cat([
        model.encode_text(t, m) for t, m in zip(b.tokens.split(3), b.mask.split(3), strict=True)
    ])  # fmt: skip
    whole.vectors = lambda described, read: (x, y)
    whole.loss(b, None, None)[0].backward()
    wrong = model.text.embed.weight.grad
    assert (wrong - right).norm() > 0.05 * right.norm()


def test_dropout_is_drawn_in_the_third_pass_as_in_the_first():
    """Against autograd through the very features that the first pass had drawn."""

    def dropping():
        o = objective()
        o.model.image.norm = nn.Sequential(o.model.image.norm, nn.Dropout(0.5))
        return o

    o, b = dropping(), batch(0)
    torch.manual_seed(11)
    parts = [o.features(part) for part in cache.cut(b, 3)]
    loss, _ = o.loss(b, *(torch.cat(rows) for rows in zip(*parts, strict=True)))
    loss.backward()
    after = torch.get_rng_state()

    again = dropping()
    torch.manual_seed(11)
    got, _ = cache.backward(again, b, 2, ALONE, nullcontext)
    torch.testing.assert_close(got, loss.detach(), **TIGHT)
    for (key, p), q in zip(o.named_parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(q.grad, p.grad, **TIGHT, msg=key)
    assert torch.equal(torch.get_rng_state(), after)


def test_training_in_chunks_gives_the_weights_of_training_at_once(tmp_path):
    at_once, chunked = trained(tmp_path / "a"), trained(tmp_path / "b", chunk=2)
    for key, value in at_once.items():
        torch.testing.assert_close(chunked[key], value, **TIGHT, msg=key)


def test_accumulation_and_chunks_go_together(tmp_path):
    a = trained(tmp_path / "a", accumulate=2)
    b = trained(tmp_path / "b", accumulate=2, chunk=3)
    for key, value in a.items():
        torch.testing.assert_close(b[key], value, **TIGHT, msg=key)


def test_only_one_chunk_has_a_graph_at_a_time():
    """The largest number of images that a tower saw with gradients is the chunk."""
    o = objective()
    seen = []
    o.model.image.stem.register_forward_hook(
        lambda layer, given, out: seen.append((out.requires_grad, len(out)))
    )
    cache.backward(o, batch(0), 2, ALONE, nullcontext)
    assert seen == [(False, 2)] * 3 + [(True, 2)] * 3


class Held(TorchDispatchMode):
    """Bytes of the tensors that are alive, the most there ever were, and of the largest."""

    def __init__(self):
        super().__init__()
        self.now = self.most = self.largest = 0
        self._known = set()

    def __torch_dispatch__(self, act, types, args=(), kwargs=None):
        made = act(*args, **(kwargs or {}))
        tree_map_only(torch.Tensor, self._note, made)
        return made

    def _note(self, tensor):
        held = tensor.untyped_storage()
        if id(held) in self._known or not held.nbytes():
            return tensor
        self._known.add(id(held))
        self.now += held.nbytes()
        self.most, self.largest = max(self.most, self.now), max(self.largest, held.nbytes())
        weakref.finalize(held, self._gone, id(held), held.nbytes())
        return tensor

    def _gone(self, key, size):
        self._known.discard(key)
        self.now -= size


def drawn(size):
    """So many pictures that are made when they are computed, and a text each."""
    made = []

    def make(start, stop):
        each = [torch.Generator().manual_seed(k) for k in range(start, stop)]
        images = torch.stack([torch.randn(3, 32, 32, generator=g).double() for g in each])
        made.append(weakref.ref(images))
        assert sum(m() is not None for m in made) <= 2  # one computed, one just being made
        return images

    tokens = torch.randint(2, 256, (size, 8), generator=torch.Generator().manual_seed(1))
    whole = torch.ones(size, 8, dtype=torch.bool)
    return Batch(
        Pictures(make, 0, size), tokens, whole, torch.arange(size), torch.zeros(size, 0)
    ), made


@pytest.mark.parametrize("name", ["clip", "siglip"])
def test_a_batch_of_many_chunks_is_held_in_the_room_of_one(name, monkeypatch):
    """32 times the pictures: no tensor is larger than a chunk's largest, so no table of all pairs
    (twice that) and no second chunk of pictures; all at once have less than twice the bytes, which
    are features, vectors and their gradients."""
    monkeypatch.setattr(stripes, "STRIPE", 8)
    found = {}
    for size in (8, 256):
        o = objective(name)
        for p in o.parameters():
            p.grad = torch.zeros_like(p)
        step, made = drawn(size)
        with Held() as held:
            cache.backward(o, step, 8 if size > 8 else 0, ALONE, nullcontext)
        assert len(made) == (1 if size == 8 else 2 * size // 8)
        found[size] = held
    assert found[256].largest == found[8].largest < 256 * 256 * 8
    assert found[256].most < 2 * found[8].most


def test_pictures_that_wait_give_the_gradient_of_those_that_are_there():
    whole, parts = objective(), objective()
    step, _ = drawn(12)
    loss, _ = whole(step.ready())
    loss.backward()
    got, _ = cache.backward(parts, step, 5, ALONE, nullcontext)
    torch.testing.assert_close(got, loss.detach(), **TIGHT)
    for (key, p), q in zip(whole.named_parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(q.grad, p.grad, **TIGHT, msg=key)


def test_views_of_simclr_are_chunked_too():
    def built():
        torch.manual_seed(0)
        return simclr.Objective(simclr.build(simclr.VARIANTS["debug-vit"]))

    nothing = torch.zeros(0)
    views = Batch(torch.randn(8, 3, 32, 32), nothing, nothing, nothing, nothing)
    whole, parts = built(), built()
    whole(views)[0].backward()
    cache.backward(parts, views, 2, ALONE, nullcontext)
    for (key, p), q in zip(whole.named_parameters(), parts.named_parameters(), strict=True):
        torch.testing.assert_close(q[1].grad, p.grad, atol=1e-6, rtol=1e-4, msg=key)


def test_a_tower_that_normalises_over_its_batch_is_refused():
    with pytest.raises(InputRejected) as error:
        gradients(objective("clip", "debug-residual"), 2, ALONE)
    assert error.value.code == "by-rows"
    still = objective("clip", "debug-residual")
    still.model.image.stem.eval()  # with fixed statistics, rows no longer see each other
    gradients(still, 2, ALONE)


def test_chunks_of_such_a_tower_are_refused_before_any_work(tmp_path):
    def never(k):
        raise AssertionError("a batch was asked for")

    with pytest.raises(InputRejected) as error:
        loop.train(replace(RUN, chunk=2), objective("clip", "debug-residual"), never, tmp_path)
    assert error.value.code == "by-rows"


def test_an_objective_without_parts_is_refused_before_any_work(tmp_path):
    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = ARCHITECTURES["clip"].build(RUN.model)

    def never(k):
        raise AssertionError("a batch was asked for")

    with pytest.raises(InputRejected) as error:
        loop.train(replace(RUN, chunk=2), Whole(), never, tmp_path)
    assert error.value.code == "by-rows"
