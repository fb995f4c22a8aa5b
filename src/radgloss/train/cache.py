"""Gradient caching (GradCache, arXiv 2101.06983): a large batch in the memory of a small one.

Three passes: features of each chunk without a graph; the loss of the whole batch and its gradient
at the features; each chunk again, with its graph, into which that gradient is fed. The sum equals
the gradient of the whole batch, for towers and temperature; the cost is one more forward.

What makes it exact here: an objective is in two parts. `features(batch)` gives tensors whose every
row comes from its own row alone; `loss(batch, *features)` does all that mixes rows, which begins
with centring the pooled vectors over the batch, so a chunk is never centred on itself. A tower
that normalises over its batch (BatchNorm in training) mixes rows earlier: ranks normalise together
(`train.together`), chunks cannot and are refused; and chance (dropout) is drawn in the third pass
as it was in the first.

What is held at once is a chunk, the features of all, and no more: pictures are made chunk by chunk
(`data.batch.Pictures`), the losses make no table of all pairs (`nn.stripes`), and what stays lies
in room made once (`_Rows`), since small pieces kept between large ones that come and go leave the
heap full of holes.
Shapes: B images · M texts."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from math import ceil
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from radgloss.data.batch import Batch
from radgloss.train.ranks import Ranks, cut
from radgloss.train.together import normalised
from radgloss.types import InputRejected

__all__ = ["backward", "require_apart", "require_parts"]

Logs = dict[str, torch.Tensor]
_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
OVER_BATCH = "a tower that normalises over its batch"


def require_parts(objective: nn.Module | type[nn.Module], name: str) -> None:
    """InputRejected('by-rows') for an objective, or a kind of it, that has no parts."""
    if not (hasattr(objective, "features") and hasattr(objective, "loss")):
        raise _rejected(name, "a loss that is computed from a whole batch only")


def require_apart(objective: nn.Module) -> None:
    """InputRejected('by-rows') for a tower that normalises maps over its batch, where it learns.

    Chunks cannot; that one is seen here before any work, and any other at its first chunk."""
    for name, layer in objective.named_modules():
        if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm3d) and layer.training:
            raise _rejected(name, OVER_BATCH)


def backward(
    objective: Any,
    batch: Batch,
    chunk: int,
    ranks: Ranks,
    precision: Callable[[], AbstractContextManager[object]],
    share: float = 1.0,
) -> tuple[torch.Tensor, Logs]:
    """Add `share` of the whole batch's gradient to every `.grad`; returns its loss and logs.

    objective: a module with `features` and `loss` (see above). chunk: images at once; 0 takes all
    of this rank's and keeps their graph. On several ranks the gradients still want
    `Ranks.average`. Raises InputRejected('by-rows') for chunks of a tower that mixes rows."""
    mine = ranks.share(batch)
    if not chunk or chunk >= len(mine):
        with precision():
            with _rows_apart(objective) if chunk else normalised(objective, ranks):
                features = objective.features(mine.ready())
            loss, logs = objective.loss(batch, *(ranks.gather(f) for f in features))
        (share * loss).backward()
        return loss.detach(), logs

    # 1. features of every chunk, without a graph
    chunks = cut(mine, ceil(len(mine) / chunk))
    kept, chances = _Rows(len(chunks)), _Rows(len(chunks))
    with torch.no_grad(), _rows_apart(objective):
        for part in chunks:
            chances.add(_chance(part))
            with precision():
                kept.add(objective.features(part.ready()))
    features = [rows.requires_grad_() for rows in kept.whole()]

    # 2. the loss of the whole batch, and its gradient at the features
    with precision():
        loss, logs = objective.loss(batch, *(ranks.gather(f) for f in features))
    (share * loss).backward()
    grads = kept.parts([f.grad for f in features])

    # 3. every chunk again, into which its rows of that gradient are fed
    after = _chance(batch)
    for part, chance, grad in zip(chunks, chances.parts(chances.whole()), grads, strict=True):
        _restore(part, chance)
        with precision():
            again = objective.features(part.ready())
        fed = [
            (f, g) for f, g in zip(again, grad, strict=True) if f.requires_grad and g is not None
        ]
        if fed:  # else all towers are frozen
            torch.autograd.backward([f for f, _ in fed], [g for _, g in fed])
        del again, fed
        _give_back()
    _restore(batch, after)
    return loss.detach(), logs


class _Rows:
    """What each of `parts` chunks gives, one after another, in room that its first one measures:
    `cut` makes no later chunk longer."""

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self._room: list[torch.Tensor] = []
        self._lengths: list[list[int]] = []  # by tensor, of each chunk so far

    def add(self, tensors: Sequence[torch.Tensor]) -> None:
        """Copy the next chunk's."""
        if not self._room:
            self._room = [t.new_empty(len(t) * self._parts, *t.shape[1:]) for t in tensors]
            self._lengths = [[] for _ in tensors]
        for room, lengths, t in zip(self._room, self._lengths, tensors, strict=True):
            assert not lengths or len(t) <= lengths[0], "a later chunk is longer"
            room[sum(lengths) : sum(lengths) + len(t)] = t
            lengths.append(len(t))

    def whole(self) -> list[torch.Tensor]:
        """Each tensor, of all chunks."""
        return [r[: sum(n)].detach() for r, n in zip(self._room, self._lengths, strict=True)]

    def parts(self, whole: Sequence[torch.Tensor | None]) -> list[tuple[torch.Tensor | None, ...]]:
        """By chunk, its rows of each of them; None where there is none."""
        split = [
            [None] * self._parts if t is None else torch.split(t, lengths)
            for t, lengths in zip(whole, self._lengths, strict=True)
        ]
        return list(zip(*split, strict=True))


def _chance(batch: Batch) -> tuple[torch.Tensor, ...]:
    """The state of the generators that a tower may draw from: the CPU's, the GPU's if it is one."""
    device = batch.images.device
    cuda = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return torch.get_rng_state(), *cuda


def _restore(batch: Batch, chance: Sequence[torch.Tensor | None]) -> None:
    cpu, *cuda = chance
    assert cpu is not None
    torch.set_rng_state(cpu.clone())  # alone: torch takes no view of a larger one
    for state in cuda:
        assert state is not None
        torch.cuda.set_rng_state(state.clone(), batch.images.device)


def _give_back() -> None:
    """Free pages of the heap to the system (glibc): gradients that are born among a chunk's tensors
    and stay would else keep what lies around them."""
    if _TRIM is not None:
        _TRIM(0)


@contextmanager
def _rows_apart(objective: nn.Module) -> Iterator[None]:
    """Within it, a layer that would normalise over its batch raises instead."""

    def refuse(layer: Any, _: object) -> None:
        if layer.training:
            raise _rejected(names[layer], OVER_BATCH)

    names = {m: n for n, m in objective.named_modules() if isinstance(m, _BatchNorm)}
    hooks = [layer.register_forward_pre_hook(refuse) for layer in names]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _rejected(what: str, found: str) -> InputRejected:
    return InputRejected(
        "by-rows", what, found, "rows that do not see each other before the loss",
        "Train it without `chunk`, in one process if its loss has no parts.",
    )  # fmt: skip
