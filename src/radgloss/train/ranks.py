"""Several processes, one loss: each computes its rows, all see the features of the whole batch.

Every rank evaluates the *whole* loss on gathered features, and the way back sums what all ranks'
losses say of a rank's rows; gradients are then averaged over ranks. That equals one process with
the same batch, for towers and for the temperature alike. The common shortcuts do not (without the
sum, towers learn 1/W of their gradient; with local negatives only, in another direction) and are
not offered. Memory: (B, D) features on every rank. A script that calls `train.loop.train` is
started with `torchrun --nproc-per-node 2`; `radgloss train` itself is for one process, as what it
does before and after the loop (reading pairs, calibrating) is not shared among ranks.
Shapes: W ranks · b rows of this rank · B rows of all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
import torch.distributed as dist
from torch import nn

from radgloss.data.batch import Batch
from radgloss.types import InputRejected

__all__ = ["ALONE", "Ranks", "cut", "joined"]


@dataclass(frozen=True)
class Ranks:
    """number: which of `count` processes this is; number 0 writes logs and states."""

    number: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        return self.number == 0

    def share(self, batch: Batch) -> Batch:
        """This rank's rows of images and texts."""
        return cut(batch, self.count)[self.number]

    def gather(self, rows: torch.Tensor) -> torch.Tensor:
        """(b, …) of each rank → (B, …) in the order of the ranks; differentiable."""
        return rows if self.count == 1 else _Gather.apply(rows)  # type: ignore[no-untyped-call]

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Every gradient becomes the mean over ranks; None where no rank has one."""
        if self.count == 1:
            return
        parameters = [p for p in parameters if p.requires_grad]
        has = torch.tensor([float(p.grad is not None) for p in parameters])
        has = has.to(parameters[0].device)
        dist.all_reduce(has)
        moved = [p for p, n in zip(parameters, has.tolist(), strict=True) if n]
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in moved]
        flat = torch.cat([g.flatten() for g in grads])
        dist.all_reduce(flat)
        flat /= self.count
        parts = torch.split(flat, [p.numel() for p in moved])
        for p, part in zip(moved, parts, strict=True):
            p.grad = part.view_as(p).clone()

    def begin_equal(self, model: nn.Module, start: int) -> None:
        """Parameters and buffers of rank 0 everywhere.

        Raises InputRejected('resume') where ranks found states of different steps."""
        if self.count == 1:
            return
        held: list[int] = [0] * self.count
        dist.all_gather_object(held, start)
        if len(set(held)) > 1:
            raise InputRejected(
                "resume", "the ranks", f"states of steps {held}", "one folder that all of them see",
                "Give every machine the same shared folder.",
            )  # fmt: skip
        for value in model.state_dict().values():
            dist.broadcast(value, 0)


ALONE = Ranks()


@contextmanager
def joined(device: str = "cpu") -> Iterator[Ranks]:
    """The ranks that torchrun's environment names; `ALONE` where it names none.

    A group that was made before is used as it is, and left."""
    mine = int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized()
    if mine:
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        here = dist.is_available() and dist.is_initialized()
        yield Ranks(dist.get_rank(), dist.get_world_size()) if here else ALONE
    finally:
        if mine:
            dist.destroy_process_group()


TEXTS = ("tokens", "mask", "words", "hidden")  # the fields of `Batch` with a row for each text


def cut(batch: Batch, parts: int) -> list[Batch]:
    """Images and texts in `parts` runs of nearly equal length, each in its order. What belongs to
    the loss (owner, answers, facts, …) stays whole: `features` must not look at it."""
    images = batch.images.tensor_split(parts)
    texts = [getattr(batch, name).tensor_split(parts) for name in TEXTS]
    return [
        replace(batch, images=images[i], **{n: t[i] for n, t in zip(TEXTS, texts, strict=True)})
        for i in range(parts)
    ]


class _Gather(torch.autograd.Function):
    """Forward: everybody's rows. Backward: what everybody's loss says of mine."""

    @staticmethod
    def forward(ctx, rows):  # type: ignore[no-untyped-def]  # (b, …) -> (B, …)
        count = torch.tensor([len(rows)], device=rows.device)
        counts = [torch.zeros_like(count) for _ in range(dist.get_world_size())]
        dist.all_gather(counts, count)
        lengths = [int(n) for n in counts]
        padded = rows.new_zeros(max(lengths), *rows.shape[1:])
        padded[: len(rows)] = rows
        parts = [torch.empty_like(padded) for _ in lengths]
        dist.all_gather(parts, padded)
        ctx.begin = sum(lengths[: dist.get_rank()])
        ctx.length = len(rows)
        return torch.cat([p[:n] for p, n in zip(parts, lengths, strict=True)])

    @staticmethod
    def backward(ctx, grad):  # type: ignore[no-untyped-def]  # (B, …) -> (b, …)
        grad = grad.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(grad)
        return grad[ctx.begin : ctx.begin + ctx.length]
