"""What lies beside the lines of a proof: trained spaces, and simulated heads that are strangers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch

from radgloss import disk
from radgloss.data import phantom
from radgloss.preprocess import Preprocess, prepare
from radgloss.systems.alignment.finish import HEAD_SEED, HEADS
from radgloss.systems.ideas.space import Pictures

__all__ = ["heads", "keep", "poured"]


def keep(objective: Any, path: Path) -> None:
    """Write the weights, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {k: v.detach().clone().contiguous() for k, v in objective.state_dict().items()}
    disk.write(path, safetensors.torch.save(state))


def poured(objective: Any, path: Path) -> Any:
    """The objective with the weights of a file that `keep` wrote."""
    objective.load_state_dict(safetensors.torch.load_file(path))
    return objective


def heads(folder: Path, settings: Preprocess) -> Sequence[Pictures]:
    """The pictures, (n, C, S, S), of each of `HEADS` simulated head CTs, which no training set
    holds; made once."""
    path = folder / f"heads-{settings.digest}.npz"
    if not path.is_file():
        made = {}
        for k in range(HEADS):
            images = phantom.make(HEAD_SEED + k, "ct-head").study.images
            made[f"{k:03}"] = np.concatenate([prepare(i, settings).pixels for i in images])
        aside = path.with_suffix(".part.npz")
        np.savez(aside, **made)  # type: ignore[arg-type]
        aside.replace(path)
    with np.load(path) as held:
        return [held[name] for name in sorted(held.files)]
