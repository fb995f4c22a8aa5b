"""Systems trained, and each compared with itself without its own idea."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radgloss.exchange.files import check_output
from radgloss.published.find import is_published
from radgloss.settings import Settings
from radgloss.types import InputRejected
from radgloss.wiring.models import find_checkpoint

if TYPE_CHECKING:
    from radgloss.systems.change import Change

__all__ = ["bench_systems", "systems", "train"]


def systems() -> dict[str, str]:
    """Every system that can be trained, and what it is, in a line."""
    from radgloss.systems import SYSTEMS

    return {name: (of.__doc__ or "").strip().splitlines()[0] for name, of in SYSTEMS.items()}


def train(
    system: str,
    manifest: Path | str,
    out: Path | str,
    change: Change | None = None,
    resume: bool = False,
    workers: int = 1,
    network: bool | None = None,
) -> dict[str, Any]:
    """Train a system, fit its calibration on the validation split, score it on test; its card.

    change: what differs from the recipe (`systems.change.Change`). network: whether published
    weights that are not in the local cache may be fetched; None: as set. Under torchrun every
    process calls it and gets the card. Raises InputRejected('output', 'system', 'checkpoint') and
    what `train_system` raises, before the long work."""
    from radgloss.systems import SYSTEMS, finish
    from radgloss.systems.change import Change
    from radgloss.train.ranks import joined

    allowed = Settings()["network"] == "on" if network is None else network
    asked = change or Change()
    with joined():
        check_output(Path(out))
        if system not in SYSTEMS:
            raise InputRejected("system", system, "no such system", ", ".join(SYSTEMS), "Pick one.")
        if asked.start and not is_published(asked.start):
            asked = replace(asked, start=str(find_checkpoint(asked.start)))
        return finish.train_system(
            system, SYSTEMS[system](), Path(manifest), Path(out), asked, resume, workers, allowed
        )


def bench_systems(
    manifest: Path | str,
    out: Path | str,
    names: Sequence[str] = (),
    seeds: int = 3,
    steps: int | None = None,
    workers: int = 1,
    progress: Callable[[str, int, int], object] = lambda what, done, total: None,
) -> list[dict[str, Any]]:
    """Every system with its idea and without it, trained anew `seeds` times: a line for each, kept
    in `out`, where an interrupted run goes on. Raises what `systems.ideas.prove.prove` raises."""
    from radgloss.systems.ideas.prove import prove

    check_output(Path(out))
    return prove(manifest, out, names, seeds, steps, workers, progress)
