"""AdamW (arXiv 1711.05101) with warm-up and cosine decay; gains, biases and positions undecayed."""

from math import cos, pi

import torch
from torch import nn

from radgloss.train.run import Run

__all__ = ["make", "rate_at"]


def make(model: nn.Module, run: Run) -> torch.optim.AdamW:
    """Two groups: matrices and kernels decay, everything of one dimension and positions do not."""
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    plain = [p for n, p in named if p.ndim < 2 or "position" in n]
    decayed = [p for n, p in named if not (p.ndim < 2 or "position" in n)]
    groups = [
        {"params": decayed, "weight_decay": run.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=run.rate, betas=(0.9, 0.98), eps=1e-6, foreach=False)


def rate_at(step: int, run: Run) -> float:
    """The learning rate of a step: linear up to `warmup`, then half a cosine down to zero.

    >>> r = Run("x", "clip", None, steps=100, warmup=10, rate=1.0)
    >>> rate_at(4, r), round(rate_at(55, r), 2)
    (0.5, 0.5)
    """
    if step < run.warmup:
        return run.rate * (step + 1) / run.warmup
    done = (step - run.warmup) / max(1, run.steps - run.warmup)
    return run.rate * 0.5 * (1 + cos(pi * done))
