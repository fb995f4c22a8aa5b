"""`radgloss precision`: which precisions leave a model the same, measured on known truth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from radgloss.cli.common import Json, ModelName, left_out, path, print_json, settings_of, table

__all__ = ["precision"]


def precision(
    data: Annotated[
        Path, typer.Option("-d", "--data", help="A manifest with labels.", parser=path)
    ],
    split: Annotated[str, typer.Option(help="Which of its studies: train, val or test.")] = "test",
    model: ModelName = None,
    json: Json = False,
) -> None:
    """Measure bf16 and int8 beside fp32, so that `--precision auto` may choose them.

    A precision passes with a centred cosine of 0.99, nine of ten nearest neighbours and more
    (0.97) kept, and no label's AUROC changed by more than 0.005, on 50 studies at least. A label
    counts where 20 studies have it and 20 have not; low and high are the 95 % interval of the
    largest change, rare the largest change of the labels that do not count.
    """
    settings = settings_of(model=model)
    from radgloss import wiring

    measured, refused = wiring.measure_precision(settings["model"], data, split)
    rows: list[dict[str, Any]] = []
    for name, found in measured.agreements.items():
        fault = "; ".join(found.faults())
        rows.append({"precision": name, **found.plain(), "verdict": fault or "passes"})
    if json:
        print_json(rows)
    elif rows:
        shown = [{k: f"{v:.4f}" if isinstance(v, float) else v for k, v in r.items()} for r in rows]
        table(shown, tuple(rows[0]))
    else:
        print("This processor multiplies in fp32 only.", file=sys.stderr)
    left_out(refused)
