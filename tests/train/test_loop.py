"""A run that was killed and resumed equals one that was not, to the bit."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from radgloss.data.pairs import Pairs, Sampling
from radgloss.preprocess import Preprocess
from radgloss.systems import SYSTEMS
from radgloss.text.tokenizer import Tokenizer
from radgloss.train import loop, state
from radgloss.types import InputRejected

WORDS = ["A left pleural effusion.", "No pneumothorax.", "A right lung nodule.", "Lungs are clear."]


STILL = Sampling(augment=None)


class KilledError(Exception):
    """Stands for the process that dies."""


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    np.save(folder / "pictures.npy", rng.integers(0, 256, (24, 3, 32, 32), np.uint8))
    about = {
        "schema": 3,
        "preprocess": Preprocess(size=32).to_dict(),
        "manifest": [],
        "bad": [],
        "boxed": [False] * 24,
        "sentences": [[WORDS[i % 4], WORDS[(i + 1) % 4]] for i in range(24)],
        "studies": [0] * 10 + list(range(1, 15)),
    }
    (folder / "pairs.json").write_text(json.dumps(about))
    return Pairs(folder)


RUN = replace(SYSTEMS["clip-debug"](), steps=12, keep_every=4, batch=8)
TOKENIZER = Tokenizer.train(WORDS, size=RUN.model.text.vocabulary)


def go(run, pairs, out, resume=False, die_at=None):
    from radgloss.models.alignment import clip

    torch.manual_seed(run.seed)
    objective = clip.Objective(clip.build(run.model))
    size = run.batch // run.accumulate

    def batches(k):
        if die_at is not None and k >= die_at:
            raise KilledError
        return pairs.batch(k, size, run.seed, TOKENIZER, 32, run.sampling)

    return loop.train(run, objective, batches, out, resume)


def losses(out):
    return [json.loads(line)["loss"] for line in (out / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("die_at", [4, 7, 11])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_resumed_equals_uninterrupted_to_the_bit(pairs, tmp_path, die_at, precision):
    run = replace(RUN, precision=precision)
    whole = go(run, pairs, tmp_path / "whole")
    with pytest.raises(KilledError):
        go(run, pairs, tmp_path / "broken", die_at=die_at)
    resumed = go(run, pairs, tmp_path / "broken", resume=True)
    for (name, a), b in zip(whole.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
    assert losses(tmp_path / "whole") == losses(tmp_path / "broken")


def test_an_unfinished_run_is_not_overwritten_without_resume(pairs, tmp_path):
    with pytest.raises(KilledError):
        go(RUN, pairs, tmp_path, die_at=5)
    with pytest.raises(InputRejected) as error:
        go(RUN, pairs, tmp_path)
    assert error.value.code == "resume"


def test_a_state_of_another_run_is_refused(pairs, tmp_path):
    with pytest.raises(KilledError):
        go(RUN, pairs, tmp_path, die_at=5)
    with pytest.raises(InputRejected) as error:
        go(replace(RUN, rate=0.5), pairs, tmp_path, resume=True)
    assert error.value.code == "resume"


def test_a_half_written_state_is_never_taken_for_whole(pairs, tmp_path):
    go(RUN, pairs, tmp_path)
    (tmp_path / "state-0000099.part").mkdir()
    assert state.latest(tmp_path).name == "state-0000012"


def test_a_loss_that_is_not_a_number_stops_and_keeps_the_last_state(pairs, tmp_path):
    from radgloss.models.alignment import clip

    objective = clip.Objective(clip.build(RUN.model))

    def batches(k):
        batch = pairs.batch(k, 8, 0, TOKENIZER, 32, STILL).ready()
        if k == 6:
            batch.images.fill_(float("nan"))
        return batch

    with pytest.raises(InputRejected) as error:
        loop.train(RUN, objective, batches, tmp_path)
    assert error.value.code == "diverged"
    assert state.latest(tmp_path).name == "state-0000004"


def test_a_gradient_that_is_not_finite_stops_before_the_step_that_would_spoil_the_weights(
    pairs, tmp_path
):
    from radgloss.models.alignment import clip

    class Steep(clip.Objective):
        """A finite loss whose gradient is infinite: the square root at zero."""

        def loss(self, batch, *features):
            loss, logs = super().loss(batch, *features)
            return loss + (0 * self.model.log_scale).sqrt(), logs

    torch.manual_seed(0)
    objective = Steep(clip.build(RUN.model))
    with pytest.raises(InputRejected) as error:
        loop.train(RUN, objective, lambda k: pairs.batch(k, 8, 0, TOKENIZER, 32, STILL), tmp_path)
    assert error.value.code == "diverged"
    assert "step 0" in str(error.value)
    assert all(torch.isfinite(p).all() for p in objective.parameters())


def test_weights_that_are_not_finite_are_never_kept(pairs, tmp_path):
    """Somebody writes NaN where no loss sees it: the state before stays the last."""

    def batches(k):
        if k == 6:
            spoiled.unseen.fill_(float("nan"))
        return pairs.batch(k, 8, 0, TOKENIZER, 32, STILL)

    from radgloss.models.alignment import clip

    spoiled = clip.Objective(clip.build(RUN.model))
    spoiled.register_buffer("unseen", torch.zeros(2))
    with pytest.raises(InputRejected) as error:
        loop.train(RUN, spoiled, batches, tmp_path)
    assert error.value.code == "diverged"
    assert "unseen" in str(error.value)
    assert state.latest(tmp_path).name == "state-0000004"


def test_bf16_learns_what_fp32_learns_and_chunks_change_nothing_of_it(pairs, tmp_path):
    """Half the bits of the products: every loss within 2 %, in chunks and at once."""
    for name, run in (
        ("fp32", RUN),
        ("bf16", replace(RUN, precision="bf16")),
        ("chunks", replace(RUN, precision="bf16", chunk=3)),
    ):
        go(run, pairs, tmp_path / name)
    found = {name: losses(tmp_path / name) for name in ("fp32", "bf16", "chunks")}
    assert found["bf16"] != found["fp32"]
    assert found["bf16"] == pytest.approx(found["fp32"], rel=0.02)
    assert found["chunks"] == pytest.approx(found["bf16"], rel=0.01)


def test_accumulation_averages_the_gradients_of_its_parts(pairs, tmp_path):
    """One step over two micro-batches equals the mean of their gradients, taken by hand."""
    from radgloss.models.alignment import clip

    run = replace(RUN, steps=1, accumulate=2, clip=1e9, warmup=0, sampling=STILL)
    torch.manual_seed(0)
    by_hand = clip.Objective(clip.build(run.model))
    for k in (0, 1):
        loss, _ = by_hand(pairs.batch(k, 4, run.seed, TOKENIZER, 32, STILL).ready())
        (loss / 2).backward()
    expected = torch.cat([p.grad.flatten() for p in by_hand.parameters()]).norm()
    go(run, pairs, tmp_path)
    recorded = json.loads((tmp_path / "log.jsonl").read_text())["norm"]
    assert recorded == pytest.approx(float(expected), rel=1e-5)


def test_batches_are_a_function_of_seed_and_step(pairs):
    one = pairs.batch(5, 8, 3, TOKENIZER, 32, RUN.sampling)
    pairs.batch(9, 8, 3, TOKENIZER, 32, RUN.sampling)
    two = pairs.batch(5, 8, 3, TOKENIZER, 32, RUN.sampling)
    assert torch.equal(one.images.now(), two.images.now())
    parts = [part.now() for part in one.images.tensor_split(3)]
    assert [len(part) for part in parts] == [3, 3, 2]
    with torch.autocast("cpu", torch.bfloat16):  # a picture is the same whatever it is made with
        assert torch.equal(torch.cat(parts), two.images.now())
    assert torch.equal(one.tokens, two.tokens)


def test_every_picture_is_seen_once_an_epoch(pairs):
    seen = pairs.chosen(0, 24, 0, Sampling())
    assert sorted(seen) == list(range(24))


def test_a_study_of_many_pictures_does_not_outweigh_the_others(pairs):
    """Ten pictures of one study, fourteen studies of one: an epoch takes two of the first."""
    epochs = [pairs.chosen(e, 16, 0, Sampling(per_study=2)) for e in range(6)]
    for seen in epochs:
        assert sum(k < 10 for k in seen) == 2
        assert len(set(seen)) == 16
    assert len({k for seen in epochs for k in seen if k < 10}) > 2
    late = [sum(k < 10 for k in seen[8:]) for seen in epochs]
    assert sum(late) > 0  # the large study is spread over the epoch, not at its start


def test_each_text_knows_its_image(pairs):
    b = pairs.batch(0, 8, 0, TOKENIZER, 32, Sampling(texts=2))
    assert b.owner.tolist() == sorted([*range(8), *range(8)])
    assert len(b.tokens) == len(b.owner)


def test_pictures_are_never_mirrored(pairs):
    """A bright left half stays left, whatever the draw."""
    from radgloss.data.pairs import Augment, _moved

    images = torch.zeros(16, 3, 32, 32)
    images[..., :10] = 1.0
    for seed in range(5):
        moved = _moved(images, Augment(), range(16 * seed, 16 * seed + 16))
        assert (moved[..., :16].mean((1, 2, 3)) > moved[..., 16:].mean((1, 2, 3))).all()
