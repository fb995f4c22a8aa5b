"""What a model brings to its training: weights from elsewhere, what stays still, what is adapted.

All three name parts of the model by patterns over its own names, as its checkpoint has them
("image.blocks.*"). LiT (arXiv 2111.07991) is a warm start and a frozen image tower."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import torch
from torch import nn

from radgloss import checkpoint
from radgloss.nn import lora
from radgloss.nn.volume import inflated_state
from radgloss.types import InputRejected

__all__ = ["Warm", "adapt", "freeze", "require_learning", "wake", "warm"]


@dataclass(frozen=True)
class Warm:
    """folder: a checkpoint. take: patterns of names that come from it; all by default."""

    folder: str
    take: tuple[str, ...] = ("*",)


def warm(model: nn.Module, start: Warm) -> list[str]:
    """Copy the named weights in place; returns their names.

    Every name of the model that is taken must be in the folder, with its shape; a kernel for
    volumes may be there as one for pictures, which is inflated (`nn.volume`). Raises
    InputRejected('warm-start') with the first that is not, or for a pattern that takes nothing;
    InputRejected('checkpoint') for a folder whose files are not what was saved."""
    own = model.state_dict()
    given = inflated_state(checkpoint.weights(Path(start.folder)), own)
    taken = _matching(own, start.take, "warm-start")
    for name in taken:
        if name not in given:
            raise InputRejected(
                "warm-start", f"checkpoint {Path(start.folder).name}", f"no {name}",
                f"the {len(taken)} weights that {', '.join(start.take)} names",
                "Take less of it, or train the same architecture.",
            )  # fmt: skip
        if given[name].shape != own[name].shape:
            raise InputRejected(
                "warm-start", name, f"shape {tuple(given[name].shape)}",
                f"shape {tuple(own[name].shape)}",
                "Take less of it, or train the same sizes.",
            )  # fmt: skip
        if not torch.isfinite(given[name]).all():
            raise InputRejected(
                "warm-start", name, "weights that are not finite numbers", "finite weights",
                "Start from another checkpoint.",
            )  # fmt: skip
    with torch.no_grad():
        for name in taken:
            own[name].copy_(given[name])
    return taken


def freeze(model: nn.Module, patterns: Sequence[str]) -> list[str]:
    """The named parameters no longer learn; returns their names.

    Raises InputRejected('freeze') for a pattern without a parameter."""
    named = dict(model.named_parameters())
    frozen = _matching(named, patterns, "freeze")
    for name in frozen:
        named[name].requires_grad_(False)
    return frozen


def require_learning(model: nn.Module) -> None:
    """InputRejected('freeze') if nothing of the model may learn."""
    if not any(p.requires_grad for p in model.parameters()):
        raise InputRejected(
            "freeze", "*", "every parameter frozen", "some that learn", "Freeze less of it."
        )


def adapt(model: nn.Module, settings: lora.Lora, seed: int) -> list[str]:
    """`nn.lora` on the named layers, its A drawn from `seed`.

    Raises InputRejected('lora') for a pattern without a linear layer."""
    linear = {n: m for n, m in model.named_modules() if isinstance(m, nn.Linear)}
    _matching(linear, settings.layers, "lora")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return lora.adapt(model, settings)


def wake(objective: nn.Module, patterns: Sequence[str]) -> None:
    """Everything in training, except the named parts: a frozen tower keeps its statistics and
    drops nothing."""
    objective.train()
    for name, part in objective.model.named_modules():  # type: ignore[union-attr]
        if any(fnmatchcase(name, p) or fnmatchcase(name + ".", p) for p in patterns):
            part.eval()


def _matching(names: Iterable[str], patterns: Sequence[str], code: str) -> list[str]:
    """The names that a pattern matches; every pattern must match one."""
    names = list(names)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise InputRejected(
                code, pattern, "nothing of that name", f"names such as {', '.join(names[:3])}",
                "Patterns name parts of the model as its checkpoint has them.",
            )  # fmt: skip
    return [n for n in names if any(fnmatchcase(n, p) for p in patterns)]
