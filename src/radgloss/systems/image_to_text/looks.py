"""What a frozen tower makes of every picture, computed once and kept beside the run.

A tower that does not learn says the same of a picture at every step; on a processor it is most of
the cost. Kept in half precision, under a name that changes with the tower's weights.

Shapes: K pictures · P tokens · W width of the tower."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from radgloss.data.batch import to_model
from radgloss.data.pairs import Pairs

__all__ = ["frozen", "looks_of"]

CHUNK = 64  # pictures at once


def frozen(model: Any, patterns: Sequence[str]) -> bool:
    """Whether a model has a tower whose looks may be kept, and no parameter of it learns."""
    if not hasattr(model, "look"):
        return False
    names = [f"image.{name}" for name, _ in model.image.named_parameters()]
    return all(any(fnmatchcase(name, p) for p in patterns) for name in names)


def looks_of(model: Any, pairs: Pairs, work: Path) -> npt.NDArray[np.float16]:
    """(K, P, W), memory-mapped; what an earlier run left in `work` is taken."""
    work.mkdir(parents=True, exist_ok=True)
    path = work / f"looks-{_digest(model)}.npy"
    if path.is_file():
        kept: npt.NDArray[np.float16] = np.load(path, mmap_mode="r")
        if len(kept) == len(pairs):
            return kept
    aside = path.with_suffix(".part")
    model.eval()
    made = None
    with tqdm(total=len(pairs), desc="looking", unit="picture", file=sys.stderr,
              disable=not sys.stderr.isatty()) as bar, torch.inference_mode():  # fmt: skip
        for at in range(0, len(pairs), CHUNK):
            part = model.look(to_model(np.array(pairs.pictures[at : at + CHUNK]))).numpy()
            if made is None:
                shape = (len(pairs), *part.shape[1:])
                made = np.lib.format.open_memmap(aside, "w+", np.float16, shape)
            made[at : at + len(part)] = part
            bar.update(len(part))
    assert made is not None, "a store is never empty"
    made.flush()
    aside.replace(path)
    found: npt.NDArray[np.float16] = np.load(path, mmap_mode="r")
    return found


def _digest(model: Any) -> str:
    """Of the tower's weights: another tower looks otherwise."""
    sha = hashlib.sha256()
    for name, value in sorted(model.image.state_dict().items()):
        sha.update(name.encode())
        sha.update(value.detach().cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()[:12]
