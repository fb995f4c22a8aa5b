"""What a training run is: one frozen value, made by a recipe, changed with `replace`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from radgloss.data.feeds import Captioned, Feed
from radgloss.data.pairs import Sampling
from radgloss.nn.lora import Lora
from radgloss.preprocess import Preprocess
from radgloss.train.prepare import Warm

__all__ = ["Run"]


@dataclass(frozen=True)
class Run:
    """steps and batch: optimizer steps, images in each. sampling: which pictures and texts.
    feed: what a step brings of them (`data.feeds`).
    accumulate: micro-batches a step; each has negatives of its own, so the loss is that of the
    smaller batch. chunk: images that are computed at once, with the gradient of the full batch
    (`train.cache`); 0 computes all at once. precision: bf16 keeps weights in fp32 and computes in
    bfloat16. keep_every: steps between resumable states. storage: how the finished checkpoint
    holds its weights; fp16 halves its size, and everything is calibrated and scored on the rounded
    weights. warm: a checkpoint that weights come from. freeze: names of what stays as it is, by
    pattern. lora: linear layers that learn at low rank, merged when training ends
    (`train.prepare`)."""

    name: str
    architecture: str
    model: Any
    preprocess: Preprocess = Preprocess()
    vocabulary: int = 2048
    steps: int = 1000
    batch: int = 64
    accumulate: int = 1
    chunk: int = 0
    rate: float = 1e-3
    warmup: int = 100
    weight_decay: float = 0.05
    clip: float = 1.0
    precision: Literal["fp32", "bf16"] = "fp32"
    sampling: Sampling = Sampling()
    feed: Feed = Captioned()
    seed: int = 0
    keep_every: int = 200
    storage: Literal["fp32", "fp16"] = "fp32"
    evaluate_every: int = 0
    warm: Warm | None = None
    freeze: tuple[str, ...] = ()
    lora: Lora | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulate", "keep_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{self.name}: {name} is {getattr(self, name)}; wanted 1 or more")
        if self.chunk < 0:
            raise ValueError(f"{self.name}: chunk is {self.chunk}; wanted 0 or more")
        if self.batch % self.accumulate:
            raise ValueError(
                f"{self.name}: batch {self.batch} is not a multiple of accumulate {self.accumulate}"
            )

    @property
    def digest(self) -> str:
        """Changes when anything does that a resumed run must not change."""
        fixed = {k: v for k, v in asdict(self).items() if k not in ("keep_every", "storage")}
        fixed["feed"] = [type(self.feed).__name__, fixed["feed"]]  # two feeds may look alike
        return hashlib.sha256(json.dumps(fixed, sort_keys=True, default=str).encode()).hexdigest()[
            :12
        ]
