"""`radgloss monitor`: an alarm when studies no longer come from where validation's came from."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from radgloss.cli.common import (
    Json,
    Modality,
    ModelName,
    PrecisionName,
    Workers,
    left_out,
    modality_of,
    path,
    print_json,
    settings_of,
    table,
    tell_precision,
)
from radgloss.errors import InputRejected

__all__ = ["monitor"]

ALPHA = "The probability of any alarm, ever, while nothing has changed."


def monitor(
    input: Annotated[
        list[Path], typer.Option("-i", "--input", help="Studies; may be repeated.", parser=path)
    ],
    alpha: Annotated[float, typer.Option(min=1e-6, max=0.5, help=ALPHA)] = 0.05,
    modality: Modality = "",
    model: ModelName = None,
    precision: PrecisionName = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Watch a folder of studies for a shift: another scanner, protocol, body part or population.

    Each study's distance from what the model knows, and an alarm for each examination. It says that
    studies have changed, not why, and not that the model is wrong.
    """
    settings = settings_of(model=model, workers=workers, precision=precision)
    from radgloss import wiring
    from radgloss.engine.monitor import Monitor

    kind = modality_of(modality)
    loaded = wiring.load_trained(settings["model"], settings["precision"])
    tell_precision(settings, loaded)
    watch = Monitor(loaded.aligner, alpha)
    studies = wiring.each_study(input, settings, modality=kind)
    problems = [x for x in watch.look(studies) if isinstance(x, InputRejected)]
    if not watch.seen and problems:
        raise problems[0]
    stands = [asdict(s) for s in watch.stands()]
    if json:
        print_json({"alpha": alpha, "examinations": stands, "studies": [
            asdict(s) for s in watch.seen]})  # fmt: skip
    else:
        table([asdict(s) for s in watch.seen], ("study", "exam", "distance", "foreign"))
        print(f"\n{watch.told()}")
        if not any(s["alarm"] for s in stands):
            print(f"No alarm (false in at most {alpha:.0%} of such streams).")
    left_out(problems)
    sys.stdout.flush()
