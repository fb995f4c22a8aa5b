"""In how many bits a model multiplies: what this processor can, and which of it may be used.

`fp32` is what a model was trained, calibrated and judged in. `bf16` and `int8` are faster where the
processor multiplies them (see `nn.reduced`), and change every vector a little. `auto` takes the
fastest whose change was *measured* to be harmless on studies with known truth (`trust.agreement`):
never one that failed, never one that was not asked, and fp32 where none is faster.

What was measured is kept in one file for each space, which is a digest of the weights: how well
each precision agrees, and how long it takes on each processor it was timed on."""

from __future__ import annotations

import copy
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from radgloss import disk
from radgloss.log import event
from radgloss.nn.reduced import HALF, INT8, reduced
from radgloss.trust.agreement import Agreement
from radgloss.types import InputRejected

__all__ = [
    "AUTO", "CHOICES", "FP32", "Measured", "automatic", "can", "check", "choose", "lacking",
    "processor", "recall", "remember", "timed", "within",
]  # fmt: skip

FP32, AUTO = "fp32", "auto"
CHOICES = (AUTO, FP32, HALF, INT8)
INSTRUCTIONS = {  # any one of these multiplies it
    HALF: ("avx512_bf16", "amx_bf16"),
    INT8: ("avx512_vnni", "avx_vnni", "amx_int8"),
}
WORTH = 1.1  # times faster than fp32, below which the exact one is kept
ROUNDS = 5

Capabilities = Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """agreements: by precision, with fp32. seconds: by processor, then precision, of one forward
    pass."""

    agreements: Mapping[str, Agreement] = field(default_factory=dict)
    seconds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def faults(self, precision: str) -> tuple[str, ...]:
        """Why a precision may not be chosen; none where it passed."""
        if precision == FP32:
            return ()
        known = self.agreements.get(precision)
        return known.faults() if known else ("never measured",)


# ------------------------------------------------------------------ what the processor can


def lacking(precision: str, has: Capabilities | None = None) -> str:
    """What a precision needs and this processor has not, in words; empty where it can."""
    wanted = INSTRUCTIONS.get(precision, ())
    known = torch.cpu.get_capabilities() if has is None else has
    if not wanted or any(known.get(name) for name in wanted):
        return ""
    return f"none of {', '.join(wanted)}"


def can(has: Capabilities | None = None) -> tuple[str, ...]:
    """The precisions of this processor, fp32 first."""
    return tuple(p for p in (FP32, HALF, INT8) if not lacking(p, has))


def check(precision: str, has: Capabilities | None = None) -> None:
    """Raises InputRejected('precision') for a name that is none, or what this processor cannot."""
    if precision not in CHOICES:
        raise InputRejected(
            "precision", "the precision", repr(precision), ", ".join(CHOICES), "Check --precision."
        )
    if missing := lacking(precision, has):
        raise InputRejected(
            "precision", precision, f"a processor with {missing}",
            f"one of those, or {', '.join(can(has))}", "Take --precision auto or fp32.",
        )  # fmt: skip


def within(model: Any, precision: str, has: Capabilities | None = None) -> Any:
    """The model itself for fp32, else a copy that multiplies in `precision`.

    Raises InputRejected('precision'); `auto` is to be chosen first."""
    check(precision, has)
    assert precision != AUTO, "chosen by `choose`"
    if precision == FP32:
        return model
    return reduced(model, precision, half=not lacking(HALF, has))


def processor(has: Capabilities | None = None) -> str:
    """What a timing depends on: the processor, its instructions, the threads, and torch."""
    known = torch.cpu.get_capabilities() if has is None else has
    given = sorted({n for names in INSTRUCTIONS.values() for n in names if known.get(n)})
    name = str(known.get("cpu_name", known.get("architecture", "unknown")))
    return f"{name} {'+'.join(given) or '-'} ×{torch.get_num_threads()} torch {torch.__version__}"


# ------------------------------------------------------------------ choosing


def choose(measured: Measured, seconds: Callable[[tuple[str, ...]], Mapping[str, float]]) -> str:
    """The fastest of the precisions that passed and that this processor can; fp32 where none is
    faster. seconds: times those precisions; asked only where there is a choice."""
    allowed = tuple(p for p in can() if not measured.faults(p))
    if len(allowed) < 2:
        return FP32
    here = measured.seconds.get(processor(), {})
    times = here if set(allowed) <= set(here) else seconds(allowed)
    best = min(allowed, key=lambda p: times[p])
    return best if times[best] * WORTH < times[FP32] else FP32


def automatic(model: Any, space: str, shape: tuple[int, ...], kept: Sequence[Path]) -> str:
    """What `auto` stands for, for this model on this processor.

    shape: of the pictures that are timed, (B, C, S, S) or (B, C, F, S, S). kept: folders of what
    was measured; the first keeps the times."""
    if not hasattr(model, "encode_image"):
        return FP32  # no pictures, no hurry
    known = recall(space, *kept)

    def seconds(precisions: tuple[str, ...]) -> Mapping[str, float]:
        pictures = torch.zeros(shape)
        if pictures.ndim == 4:
            pictures = pictures.contiguous(memory_format=torch.channels_last)
        times = timed(model, pictures, precisions)
        remember(space, replace(known, seconds={processor(): times}), kept[0])
        return times

    best = choose(known, seconds)
    event("precision", "chosen", precision=best, why={p: known.faults(p) for p in can()})
    return best


def timed(model: Any, pictures: torch.Tensor, precisions: tuple[str, ...]) -> dict[str, float]:
    """Median seconds of one pass of these pictures, (B, C, S, S), round by round in turn."""
    twins = {p: within(model, p) for p in precisions}
    taken: dict[str, list[float]] = {p: [] for p in precisions}
    with torch.inference_mode():
        for twin in twins.values():
            twin.encode_image(pictures)  # the first pass prepares what others only use
        for _ in range(ROUNDS):
            for name, twin in twins.items():
                began = perf_counter()
                twin.encode_image(pictures)
                taken[name].append(perf_counter() - began)
    return {name: statistics.median(times) for name, times in taken.items()}


# ------------------------------------------------------------------ what was measured, kept


def recall(space: str, *folders: Path) -> Measured:
    """What is known of a space: the first folder's file, else the next one's; nothing where there
    is none, or where it cannot be read (it is a cache, and asked again)."""
    for folder in folders:
        try:
            held = json.loads(_file(folder, space).read_text("utf-8"))
            agreements = {p: Agreement(**a) for p, a in held["agreements"].items()}
            seconds = {str(p): dict(times) for p, times in held["seconds"].items()}
            if held["space"] == space:
                return Measured(agreements, seconds)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return Measured()


def remember(space: str, measured: Measured, folder: Path) -> Path:
    """Keep it; agreements and times of the same name are replaced, others stay."""
    before = recall(space, folder)
    seconds = copy.deepcopy(dict(before.seconds))
    for name, times in measured.seconds.items():
        seconds[name] = {**seconds.get(name, {}), **times}
    whole = replace(before, agreements={**before.agreements, **measured.agreements},
                    seconds=seconds)  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = _file(folder, space)
    plain = {"space": space, "agreements": {p: a.plain() for p, a in whole.agreements.items()},
             "seconds": whole.seconds}  # fmt: skip
    disk.write(path, json.dumps(plain, indent=1, sort_keys=True) + "\n")
    return path


def _file(folder: Path, space: str) -> Path:
    return folder / f"{''.join(c if c.isalnum() else '-' for c in space)}.json"
