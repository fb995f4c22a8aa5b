"""The one training loop, readable from top to bottom.

The model knows nothing of it: an objective takes a batch and returns (loss, logs). Every random
choice is a function of (seed, step), so a run that was killed and resumed equals one that was not,
to the bit on a CPU with the same number of threads. On several ranks (torchrun) and in chunks
(`Run.chunk`) the loss and the weights are those of one process with the whole batch, up to
rounding; only rank 0 writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from math import isfinite, nan
from pathlib import Path
from time import perf_counter

import torch
from torch import nn

from radgloss.data.batch import Batch
from radgloss.nn import lora
from radgloss.train import cache, optim, prepare, ranks, state
from radgloss.train.log import Log
from radgloss.train.run import Run
from radgloss.types import InputRejected

__all__ = ["train"]


def train(
    run: Run,
    objective: nn.Module,
    batches: Callable[[int], Batch],
    out: Path,
    resume: bool = False,
    evaluate: Callable[[nn.Module], dict[str, float]] | None = None,
    device: str = "cpu",
) -> nn.Module:
    """Train `objective.model` in place and return it.

    batches(k) is micro-batch number k of `run.batch / run.accumulate` pairs; every rank is given
    the whole of it and computes its share. States and `log.jsonl` go to `out`, a folder that all
    ranks see. Raises InputRejected('resume') for a foreign state, InputRejected('diverged') when
    loss, gradient or weights are no longer numbers (the last good state stays), ('by-rows') for
    ranks or chunks of an objective that has no parts, ('ranks') for more ranks than rows or one
    that is lost; and what `train.prepare` raises."""
    with ranks.joined(device) as me:
        return _train(run, objective, batches, out, resume, evaluate, device, me)


def _train(
    run: Run,
    objective: nn.Module,
    batches: Callable[[int], Batch],
    out: Path,
    resume: bool,
    evaluate: Callable[[nn.Module], dict[str, float]] | None,
    device: str,
    me: ranks.Ranks,
) -> nn.Module:
    out.mkdir(parents=True, exist_ok=True)
    precision = partial(_precision, run, device)
    parted = bool(run.chunk) or me.count > 1
    if parted:
        cache.require_parts(objective, run.name)
    me.require_rows(run.batch // run.accumulate)

    # ---- what it brings: weights from elsewhere, what stays still, what learns at low rank
    found = state.latest(out)
    model: nn.Module = objective.model  # type: ignore[assignment]
    if run.warm and found is None:
        prepare.warm(model, run.warm)
    if run.freeze:
        prepare.freeze(model, run.freeze)
    if run.lora:
        prepare.adapt(model, run.lora, run.seed)
    prepare.require_learning(objective)

    # ---- where to start
    prepare.wake(objective.to(device), run.freeze)
    if run.chunk:
        cache.require_apart(objective)
    optimizer = optim.make(objective, run)
    start = 0
    if found is not None:
        if not resume:
            raise InputRejected(
                "resume", str(out), f"an unfinished run ({found.name})", "an empty folder",
                "Go on with --resume, or choose another folder.",
            )  # fmt: skip
        start = state.restore(found, run.digest, objective, optimizer)
    me.begin_equal(objective, start)

    # ---- the loop
    with Log(out / "log.jsonl", run.steps, start) if me.first else nullcontext() as log:
        for step in range(start, run.steps):
            began = perf_counter()
            rate = optim.rate_at(step, run)
            for group in optimizer.param_groups:
                group["lr"] = rate

            # forward and backward, once for each micro-batch
            optimizer.zero_grad(set_to_none=True)
            total = 0.0
            logs: dict[str, torch.Tensor] = {}
            for part in range(run.accumulate):
                k = step * run.accumulate + part
                batch = batches(k).to(device)
                with _chance(run.seed, k, me, device):
                    if parted:
                        loss, logs = cache.backward(
                            objective, batch, run.chunk, me, precision, 1 / run.accumulate
                        )
                    else:
                        with precision():
                            loss, logs = objective(batch.ready())
                        (loss / run.accumulate).backward()
                total += float(loss.detach()) / run.accumulate
            me.average(objective.parameters())

            # one optimizer step
            norm = float(nn.utils.clip_grad_norm_(objective.parameters(), run.clip))
            _require_finite(run, step, {"loss": total, "gradient": norm})
            optimizer.step()

            # record, keep, evaluate
            seconds = perf_counter() - began
            values = {"loss": total, "rate": rate, "norm": norm, "seconds": seconds}
            values |= {k: float(v) for k, v in logs.items()}
            done = step + 1
            if evaluate and run.evaluate_every and done % run.evaluate_every == 0:
                objective.eval()
                values |= evaluate(objective.model)  # type: ignore[arg-type]
                prepare.wake(objective, run.freeze)
            if log:
                log.step(step, values)
                if done % run.keep_every == 0 or done == run.steps:
                    _require_finite(run, step, _broken(objective))
                    state.save(out, done, run.digest, objective, optimizer)

    objective.eval()
    lora.merge(model)
    return model


def _require_finite(run: Run, step: int, values: dict[str, float]) -> None:
    """InputRejected('diverged') for what is NaN or infinite; the state before it is still there."""
    for what, value in values.items():
        if not isfinite(value):
            raise InputRejected(
                "diverged", f"{run.name}, step {step}", f"{what} that is not a finite number",
                "finite numbers", "Lower the rate; the last state is kept.",
            )  # fmt: skip


def _broken(objective: nn.Module) -> dict[str, float]:
    """By name, NaN for a tensor that holds any number that is not finite."""
    numbers = objective.state_dict().items()
    return {name: nan for name, v in numbers if not torch.isfinite(v).all()}


def _precision(run: Run, device: str) -> AbstractContextManager[object]:
    if run.precision == "bf16":
        return torch.autocast(device.split(":")[0], torch.bfloat16)
    return nullcontext()


@contextmanager
def _chance(seed: int, k: int, me: ranks.Ranks, device: str) -> Iterator[None]:
    """What a tower draws (dropout) is a function of seed and micro-batch, on each rank its own."""
    cuda = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed((seed * 1_000_003 + k) * 1_009 + me.number)
        yield
