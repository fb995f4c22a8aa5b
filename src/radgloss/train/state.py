"""A run's state on disk: all that is needed to go on as if nothing had happened.

One folder a state, written aside and renamed, so a half-written one is never taken for whole.
Tensors only (safetensors): nothing on disk can run code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from radgloss import disk
from radgloss.types import InputRejected

__all__ = ["latest", "restore", "save"]


def save(
    folder: Path, step: int, digest: str, model: nn.Module, optimizer: torch.optim.AdamW
) -> None:
    """`folder/state-000200/` with model, optimizer and step; the one before it is removed after."""
    home = folder / f"state-{step:07d}"
    aside = folder / f"state-{step:07d}.part"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    save_file(
        {k: v.contiguous() for k, v in model.state_dict().items()}, aside / "model.safetensors"
    )
    save_file(_flat(optimizer), aside / "optimizer.safetensors")
    (aside / "state.json").write_text(json.dumps({"step": step, "run": digest}), encoding="utf-8")
    disk.replace_folder(aside, home)
    for other in sorted(folder.glob("state-???????")):
        if other != home:
            shutil.rmtree(other)


def latest(folder: Path) -> Path | None:
    """The newest whole state, if any."""
    states = sorted(folder.glob("state-???????"))
    return states[-1] if states else None


def restore(state: Path, digest: str, model: nn.Module, optimizer: torch.optim.AdamW) -> int:
    """Load a state in place; returns its step.

    Raises InputRejected('resume') when the state belongs to another run."""
    about = json.loads((state / "state.json").read_text(encoding="utf-8"))
    if about["run"] != digest:
        raise InputRejected(
            "resume", state.name, f"a state of run {about['run']}", f"one of run {digest}",
            "Resume with the settings it was started with, or choose another output folder.",
        )  # fmt: skip
    model.load_state_dict(load_file(state / "model.safetensors"))
    flat = load_file(state / "optimizer.safetensors")
    loaded = optimizer.state_dict()
    loaded["state"] = {}
    for key, value in flat.items():
        number, name = key.split(".", 1)
        loaded["state"].setdefault(int(number), {})[name] = value
    optimizer.load_state_dict(loaded)
    return int(about["step"])


def _flat(optimizer: torch.optim.AdamW) -> dict[str, torch.Tensor]:
    return {
        f"{number}.{name}": value.contiguous()
        for number, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }
