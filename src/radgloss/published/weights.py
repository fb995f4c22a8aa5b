"""Numbers out of safetensors, and out of nothing else.

A pickle can run any code when it is opened, so one is never opened, not even "weights only"; it is
named, with the way out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from radgloss.errors import InputRejected

__all__ = ["digest", "read", "weight_files"]

WHOLE = (
    "model.safetensors", "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors",
)  # fmt: skip
PARTS = "model.safetensors.index.json"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")


def weight_files(folder: Path, what: str) -> list[Path]:
    """The safetensors of a model, one or several.

    Raises InputRejected('pickle') where there are pickles only, ('weights-missing') for none."""
    for name in WHOLE:
        if (folder / name).is_file():
            return [folder / name]
    if (folder / PARTS).is_file():
        return _parts(folder, what)
    if single := sorted(folder.glob("*.safetensors")):
        if len(single) == 1:
            return single
        raise _rejected(what, f"{len(single)} files of weights", f"one, or {PARTS}",
                        "Leave one of them, named model.safetensors.")  # fmt: skip
    if pickles := sorted(p.name for kind in PICKLES for p in folder.glob(kind)):
        raise InputRejected(
            "pickle", what, f"{pickles[0]} and no safetensors",
            "safetensors, which can run no code",
            "Look for a revision with safetensors; or, in an environment that holds nothing of "
            "worth, load it with torch.load(…, weights_only=True) and save its tensors with "
            "safetensors.torch.save_file as model.safetensors beside its config.",
        )  # fmt: skip
    raise _rejected(what, "no weights", "a .safetensors file", "Fetch the whole model.")


def _parts(folder: Path, what: str) -> list[Path]:
    try:
        placed = json.loads((folder / PARTS).read_text("utf-8"))["weight_map"]
        names = sorted({Path(str(name)).name for name in placed.values()})
    except (KeyError, AttributeError, ValueError) as problem:
        raise _damaged(what, f"an unreadable {PARTS}") from problem
    if missing := [n for n in names if not (folder / n).is_file()]:
        raise _rejected(what, f"no {missing[0]}", "every part", "Fetch the rest of it.")
    return [folder / n for n in names]


def read(files: list[Path], what: str) -> dict[str, torch.Tensor]:
    """Every tensor by its published name, as float32.

    Raises InputRejected('weights-damaged') for files that are cut off or hold NaN."""
    state: dict[str, torch.Tensor] = {}
    for path in files:
        try:
            found = load_file(path)
        except (SafetensorError, ValueError, OSError) as problem:
            raise _damaged(what, f"{path.name} cannot be read") from problem
        for name, value in found.items():
            if value.is_floating_point():
                if not torch.isfinite(value).all():
                    raise _damaged(what, f"numbers that are not finite in {name}")
                value = value.to(torch.float32)
            state[name] = value
    return state


def digest(paths: list[Path]) -> str:
    """Twelve hexadecimal digits of the bytes of these files, in their order."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:12]


def _rejected(what: str, found: str, wanted: str, do: str) -> InputRejected:
    return InputRejected("weights-missing", what, found, wanted, do)


def _damaged(what: str, found: str) -> InputRejected:
    return InputRejected("weights-damaged", what, found, "whole safetensors", "Fetch it again.")
