"""Several processes, one loss: each computes its rows, all see the features of the whole batch.

    torchrun --nproc-per-node 2 -m radgloss train clip -d manifest.jsonl -o checkpoint

Every rank evaluates the *whole* loss on gathered features, and the way back sums what all ranks'
losses say of a rank's rows; gradients are then averaged over ranks. That equals one process with
the same batch, for towers and for the temperature alike. The common shortcuts do not (without the
sum, towers learn 1/W of their gradient; with local negatives only, in another direction) and are
not offered. Memory: (B, D) features on every rank.

What is not the loop (reading pairs, calibrating, saving) is done by rank 0 while the others wait as
long as it takes (`Ranks.once`). A rank that fails ends the others, and one of them speaks: the one
that failed, or, if it was killed without a word, the first that missed it.
Shapes: W ranks · b rows of this rank · B rows of all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.rendezvous import rendezvous

from radgloss.data.batch import Batch
from radgloss.types import InputRejected

__all__ = ["ALONE", "Ranks", "cut", "joined", "summed"]

PATIENCE = timedelta(days=7)  # with rank 0, while it does what is done once
SPOKEN = "radgloss: a rank has said why it ends"
T = TypeVar("T")


class LostError(RuntimeError):
    """Another rank is gone: what was to be done together cannot be."""


@contextmanager
def _with_all() -> Iterator[None]:
    """Something that all ranks do together; the library says in many ways that one is missing."""
    try:
        yield
    except RuntimeError as problem:
        raise LostError(str(problem)) from problem


@dataclass(frozen=True)
class Ranks:
    """number: which of `count` processes this is; number 0 writes logs and states. patient: the
    group in which the others wait for it."""

    number: int = 0
    count: int = 1
    patient: Any = None

    @property
    def first(self) -> bool:
        return self.number == 0

    def once(self, act: Callable[[], T]) -> T:
        """`act` on rank 0 alone; what it returns is returned by all, who wait as long as it takes.

        It must be plain values (it is pickled). If `act` raises, every rank ends."""
        held: list[Any] = [act() if self.first else None]
        if self.count > 1:
            with _with_all():
                dist.broadcast_object_list(held, 0, group=self.patient)
        made: T = held[0]
        return made

    def in_turn(self, act: Callable[[], T]) -> T:
        """`act` on rank 0, then on the others, who find made what it makes."""
        made = [act()] if self.first else []
        self.once(lambda: None)
        return made[0] if made else act()

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
        with _with_all():
            dist.all_reduce(has)
        moved = [p for p, n in zip(parameters, has.tolist(), strict=True) if n]
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in moved]
        flat = torch.cat([g.flatten() for g in grads])
        with _with_all():
            dist.all_reduce(flat)
        flat /= self.count
        parts = torch.split(flat, [p.numel() for p in moved])
        for p, part in zip(moved, parts, strict=True):
            p.grad = part.view_as(p).clone()

    def require_rows(self, batch: int) -> None:
        """InputRejected('ranks') where a rank would have no row of a batch."""
        if batch < self.count:
            raise InputRejected(
                "ranks", f"{self.count} ranks", f"a batch of {batch}", "a row for each of them",
                "Start fewer ranks, or choose a larger batch.",
            )  # fmt: skip

    def begin_equal(self, model: nn.Module, start: int) -> None:
        """Parameters and buffers of rank 0 everywhere.

        Raises InputRejected('resume') where ranks found states of different steps."""
        if self.count == 1:
            return
        held: list[int] = [0] * self.count
        with _with_all():
            dist.all_gather_object(held, start)
        if len(set(held)) > 1:
            raise InputRejected(
                "resume", "the ranks", f"states of steps {held}", "one folder that all of them see",
                "Give every machine the same shared folder.",
            )  # fmt: skip
        with _with_all():
            for value in model.state_dict().values():
                dist.broadcast(value, 0)


ALONE = Ranks()
_here: list[Ranks] = []  # the ranks that this process has joined: one group a process, as in torch


@contextmanager
def joined(device: str = "cpu") -> Iterator[Ranks]:
    """The ranks that torchrun's environment names; `ALONE` where it names none.

    Within it, `joined` again gives the same ranks; a group that was made by somebody else is used
    as it is, and left. Whatever ends one rank ends all of them, and one says why: the others leave
    with SystemExit. Raises InputRejected('ranks') for one that was lost without a word."""
    if _here:
        yield _here[-1]
    elif dist.is_available() and dist.is_initialized():
        yield Ranks(dist.get_rank(), dist.get_world_size(), _patient())
    elif int(os.environ.get("WORLD_SIZE", "1")) > 1:
        store, number, count = next(iter(rendezvous("env://")))
        backend = "nccl" if device.startswith("cuda") else "gloo"
        dist.init_process_group(backend, store=store, rank=number, world_size=count)
        _here.append(Ranks(number, count, _patient()))
        try:
            yield _here[-1]
        except Exception as problem:
            said = _last_words(problem, _here[-1], store)
            if said is problem:
                raise
            raise said from None
        finally:
            _here.clear()
            dist.destroy_process_group()
    else:
        yield ALONE


def _patient() -> Any:
    return dist.new_group(backend="gloo", timeout=PATIENCE)


def _last_words(problem: Exception, me: Ranks, store: Any) -> BaseException:
    """What this rank raises: its problem, if no rank has spoken yet; else it leaves in silence."""
    try:
        silent = store.add(SPOKEN, 1) > 1
    except RuntimeError:  # the store went with the rank that held it, which is the first
        silent = me.number > 1
    if silent:
        return SystemExit(1)
    if not isinstance(problem, LostError):
        return problem
    return InputRejected(
        "ranks", f"rank {me.number} of {me.count}", "another rank that ended without a word",
        "all of them to the end",
        "Look for what killed it (memory?), and go on with --resume.",
    )  # fmt: skip


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


def summed(x: torch.Tensor) -> torch.Tensor:
    """The sum of x over all ranks, on each of them; differentiable."""
    return _Sum.apply(x)  # type: ignore[no-untyped-call]


class _Sum(torch.autograd.Function):
    """Forward: everybody's sum. Backward: the sum of what everybody's loss says of it."""

    @staticmethod
    def forward(ctx, x):  # type: ignore[no-untyped-def]
        return _reduced(x)

    @staticmethod
    def backward(ctx, grad):  # type: ignore[no-untyped-def]
        return _reduced(grad)


def _reduced(x: torch.Tensor) -> torch.Tensor:
    x = x.clone(memory_format=torch.contiguous_format)
    with _with_all():
        dist.all_reduce(x)
    return x


class _Gather(torch.autograd.Function):
    """Forward: everybody's rows. Backward: what everybody's loss says of mine."""

    @staticmethod
    def forward(ctx, rows):  # type: ignore[no-untyped-def]  # (b, …) -> (B, …)
        count = torch.tensor([len(rows)], device=rows.device)
        counts = [torch.zeros_like(count) for _ in range(dist.get_world_size())]
        with _with_all():
            dist.all_gather(counts, count)
        lengths = [int(n) for n in counts]
        padded = rows.new_zeros(max(lengths), *rows.shape[1:])
        padded[: len(rows)] = rows
        parts = [torch.empty_like(padded) for _ in lengths]
        with _with_all():
            dist.all_gather(parts, padded)
        ctx.begin = sum(lengths[: dist.get_rank()])
        ctx.length = len(rows)
        return torch.cat([p[:n] for p, n in zip(parts, lengths, strict=True)])

    @staticmethod
    def backward(ctx, grad):  # type: ignore[no-untyped-def]  # (B, …) -> (b, …)
        return _reduced(grad)[ctx.begin : ctx.begin + ctx.length]
