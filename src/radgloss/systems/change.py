"""What a command asks of a recipe: how long, how it computes, where it starts, what may move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from radgloss.nn.lora import Lora
from radgloss.published.find import PREFIX
from radgloss.train.run import Run
from radgloss.types import InputRejected

__all__ = ["Change"]

TOWERS = ("image", "text")


@dataclass(frozen=True)
class Change:
    """None, "" and 0 keep what the recipe says.

    start: a checkpoint's folder, `hf:OWNER/NAME`, or a folder in the layout of transformers or
    open_clip (`systems.starting`). freeze: "image", "text", or patterns of names. lora: the rank at
    which the linear layers of every tower that is not frozen learn; nothing else of a tower does.
    """

    steps: int | None = None
    seed: int | None = None
    batch: int | None = None
    chunk: int | None = None
    precision: Literal["fp32", "bf16"] | None = None
    start: str = ""
    freeze: tuple[str, ...] = ()
    lora: int = 0

    def of(self, run: Run) -> Run:
        """The recipe with these changes; where it starts is for `starting.begun`.

        Raises InputRejected('lora') where every tower is frozen, and ('batch') for one that cannot
        be split as the recipe does."""
        given = {k: getattr(self, k) for k in ("steps", "seed", "batch", "chunk", "precision")}
        given = {k: v for k, v in given.items() if v is not None}
        if given.get("batch", run.batch) % run.accumulate:
            raise InputRejected(
                "batch", run.name, f"a batch of {given['batch']}",
                f"a multiple of {run.accumulate}, as the recipe accumulates", "Choose another.",
            )  # fmt: skip
        run = replace(run, **given)
        frozen = tuple(f"{name}.*" if name in TOWERS else name for name in self.freeze)
        if not self.lora:
            return replace(run, freeze=(*run.freeze, *frozen))
        free = [t for t in TOWERS if hasattr(run.model, t) and f"{t}.*" not in frozen]
        if not free:
            raise InputRejected(
                "lora", run.name, "every tower frozen", "one that may learn at low rank",
                "Freeze less of it.",
            )  # fmt: skip
        layers = tuple(f"{tower}.*" for tower in free)
        low = Lora(layers, self.lora, 2.0 * self.lora)
        return replace(run, freeze=(*run.freeze, *frozen, *layers), lora=low)

    def options(self) -> str:
        """As the command line has them, each with a space before it; no folder but its name.

        >>> Change(steps=20, start="starter", freeze=("image",)).options()
        ' --steps 20 --from starter --freeze image'
        """
        named = self.start if self.start.startswith(PREFIX) else Path(self.start).name
        given: list[tuple[str, object]] = [
            ("steps", self.steps), ("seed", self.seed), ("batch", self.batch),
            ("chunk", self.chunk), ("precision", self.precision), ("from", named or None),
            *(("freeze", name) for name in self.freeze), ("lora", self.lora or None),
        ]  # fmt: skip
        return "".join(f" --{name} {value}" for name, value in given if value is not None)
