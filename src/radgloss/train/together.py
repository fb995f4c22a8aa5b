"""Batch normalisation over the rows of all ranks, so that W shares are normalised as one batch.

Within `normalised`, a layer of a tower that normalises over its batch (arXiv 1502.03167) takes mean
and variance from every rank's rows, by two sums that are differentiable (`ranks.summed`), and keeps
the running statistics that one process would keep. torch's own layer for this needs a GPU; this one
needs only sums. The layers stay what they are: names and states do not change.
Shapes: b rows of this rank · B rows of all · C channels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from radgloss.train.ranks import Ranks, summed

__all__ = ["normalised"]


@contextmanager
def normalised(objective: nn.Module, ranks: Ranks) -> Iterator[None]:
    """Every such layer that is in training sees the rows of all ranks."""
    layers = [m for m in objective.modules() if isinstance(m, _BatchNorm) and m.training]
    if ranks.count == 1:
        layers = []
    for layer in layers:
        layer.forward = partial(_over_all, layer)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _over_all(layer: _BatchNorm, x: torch.Tensor) -> torch.Tensor:  # (b, C, …) -> (b, C, …)
    rows = x.to(torch.promote_types(x.dtype, torch.float32))
    others = [d for d in range(x.ndim) if d != 1]
    shape = [-1 if d == 1 else 1 for d in range(x.ndim)]
    held = torch.tensor(float(rows.numel() // rows.shape[1]), dtype=rows.dtype, device=x.device)
    n = summed(held)
    mean = summed(rows.sum(others)) / n  # (C,)
    centred = rows - mean.view(shape)
    variance = summed(centred.square().sum(others)) / n  # (C,)
    _remember(layer, mean.detach(), variance.detach() * n / (n - 1))
    y = centred * (variance + layer.eps).rsqrt().view(shape)
    if layer.affine:
        y = y * layer.weight.view(shape) + layer.bias.view(shape)
    return y.to(x.dtype)


@torch.no_grad()
def _remember(layer: _BatchNorm, mean: torch.Tensor, variance: torch.Tensor) -> None:
    """The running statistics, with the unbiased variance, as torch keeps them."""
    if layer.running_mean is None or layer.running_var is None:
        return
    assert layer.num_batches_tracked is not None
    layer.num_batches_tracked += 1
    share = layer.momentum
    if share is None:  # the plain mean of all batches
        share = 1.0 / float(layer.num_batches_tracked)
    layer.running_mean.lerp_(mean.to(layer.running_mean.dtype), share)
    layer.running_var.lerp_(variance.to(layer.running_var.dtype), share)
