"""Two processes learn what one would: the same loss, gradients and weights."""

import json

import pytest
import torch
from safetensors.torch import load_file

from radgloss.train.ranks import ALONE, Ranks, cut
from radgloss.types import InputRejected
from two_ranks import LOSSES, asking, batch, both, gradients, objective, trained

TIGHT = {"atol": 1e-9, "rtol": 1e-9}


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    both(folder)
    return folder


@pytest.mark.parametrize(("name", "variant", "chunk"), LOSSES)
def test_gradients_of_two_ranks_are_those_of_the_whole_batch(two, name, variant, chunk):
    """Towers, temperature, bias and running statistics, also where a tower normalises over its
    batch; the reference is plain autograd in one process."""
    whole = objective(name, variant)
    loss, _ = whole(asking(name))
    loss.backward()
    for rank in (0, 1):
        got = load_file(two / f"rank{rank}" / f"{name}-{variant}-{chunk}.safetensors")
        torch.testing.assert_close(got.pop("loss"), loss.detach(), **TIGHT)
        for key, parameter in whole.named_parameters():
            torch.testing.assert_close(got[key], parameter.grad, **TIGHT, msg=key)
        for key, value in whole.named_buffers():
            torch.testing.assert_close(got[key], value, **TIGHT, msg=key)


def test_training_on_two_ranks_gives_the_losses_and_weights_of_one(two, tmp_path):
    alone = trained(tmp_path / "alone")
    for rank in (0, 1):
        for key, value in load_file(two / f"rank{rank}" / "whole.safetensors").items():
            torch.testing.assert_close(value, alone[key], **TIGHT, msg=key)
    assert losses(two / "whole") == pytest.approx(losses(tmp_path / "alone"), rel=1e-9)


def test_two_ranks_that_were_killed_go_on_to_the_same_weights(two):
    """Killed at step 3 of 4 with chunks, resumed: equals the run that went through."""
    through = load_file(two / "rank0" / "whole.safetensors")
    for rank in (0, 1):
        for key, value in load_file(two / f"rank{rank}" / "again.safetensors").items():
            torch.testing.assert_close(value, through[key], **TIGHT, msg=key)
    assert losses(two / "broken") == pytest.approx(losses(two / "whole"), rel=1e-9)


def test_what_all_ranks_meet_is_said_by_one(two):
    told = sorted(p.name for rank in (0, 1) for p in (two / f"rank{rank}").glob("s*[dt]"))
    assert told == ["said", "silent"]


def test_only_one_rank_writes(two):
    lines = [json.loads(t)["step"] for t in (two / "whole" / "log.jsonl").read_text().splitlines()]
    assert lines == [0, 1, 2, 3]
    assert sorted(p.name for p in (two / "whole").iterdir()) == ["log.jsonl", "state-0000004"]


def test_shares_are_the_whole_batch_in_its_order():
    whole = batch(1)
    for parts in (1, 2, 4):
        shares = cut(whole, parts)
        assert torch.equal(torch.cat([s.images for s in shares]), whole.images)
        assert torch.equal(torch.cat([s.tokens for s in shares]), whole.tokens)
        assert all(torch.equal(s.owner, whole.owner) for s in shares)


def test_one_process_needs_no_ranks():
    whole = objective()
    got = gradients(whole, 0, ALONE)
    assert torch.equal(got["loss"], objective()(batch(0))[0].detach())


def losses(out):
    return [json.loads(line)["loss"] for line in (out / "log.jsonl").read_text().splitlines()]


def test_more_ranks_than_rows_are_refused():
    with pytest.raises(InputRejected) as error:
        Ranks(0, 4).require_rows(3)
    assert error.value.code == "ranks"
