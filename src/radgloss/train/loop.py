"""The one training loop, readable from top to bottom.

The model knows nothing of it: an objective takes a batch and returns (loss, logs). Every random
choice is a function of (seed, step), so a run that was killed and resumed equals one that was not,
to the bit on a CPU with the same number of threads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from pathlib import Path
from time import perf_counter

import torch
from torch import nn

from radgloss.data.batch import Batch
from radgloss.train import optim, state
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

    batches(k) is micro-batch number k of `run.batch / run.accumulate` pairs. States and `log.jsonl`
    go to `out`. Raises InputRejected('resume') for a foreign state, InputRejected('diverged') when
    the loss is no longer a number (the last good state stays)."""
    out.mkdir(parents=True, exist_ok=True)

    # ---- where to start
    objective.to(device).train()
    optimizer = optim.make(objective, run)
    start = 0
    if (found := state.latest(out)) is not None:
        if not resume:
            raise InputRejected(
                "resume", str(out), f"an unfinished run ({found.name})", "an empty folder",
                "Go on with --resume, or choose another folder.",
            )  # fmt: skip
        start = state.restore(found, run.digest, objective, optimizer)

    # ---- the loop
    with Log(out / "log.jsonl", run.steps, start) as log:
        for step in range(start, run.steps):
            began = perf_counter()
            rate = optim.rate_at(step, run)
            for group in optimizer.param_groups:
                group["lr"] = rate

            # forward and backward, once for each micro-batch
            optimizer.zero_grad(set_to_none=True)
            total, logs = 0.0, {}
            for part in range(run.accumulate):
                batch = batches(step * run.accumulate + part)
                with _precision(run, device):
                    loss, logs = objective(_to(batch, device))
                (loss / run.accumulate).backward()
                total += float(loss.detach()) / run.accumulate

            # one optimizer step
            if total != total:
                raise InputRejected(
                    "diverged", f"{run.name}, step {step}", "a loss that is not a number",
                    "a finite loss", "Lower the rate; the last state is kept.",
                )  # fmt: skip
            norm = nn.utils.clip_grad_norm_(objective.parameters(), run.clip)
            optimizer.step()

            # record, keep, evaluate
            seconds = perf_counter() - began
            values = {"loss": total, "rate": rate, "norm": float(norm), "seconds": seconds}
            values |= {k: float(v) for k, v in logs.items()}
            done = step + 1
            if evaluate and run.evaluate_every and done % run.evaluate_every == 0:
                objective.eval()
                values |= evaluate(objective.model)  # type: ignore[arg-type]
                objective.train()
            log.step(step, values)
            if done % run.keep_every == 0 or done == run.steps:
                state.save(out, done, run.digest, objective, optimizer)

    objective.eval()
    return objective.model  # type: ignore[return-value]


def _precision(run: Run, device: str) -> AbstractContextManager[object]:
    if run.precision == "bf16":
        return torch.autocast(device.split(":")[0], torch.bfloat16)
    return nullcontext()


def _to(batch: Batch, device: str) -> Batch:
    return Batch(*(getattr(batch, f.name).to(device) for f in fields(batch)))
