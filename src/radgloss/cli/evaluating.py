"""`radgloss eval`: a model judged on the studies of a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radgloss.cli.bench import Bars
from radgloss.cli.common import Json, Output, PrecisionName, path, print_json, settings_of, table

__all__ = ["evaluate"]


def evaluate(
    model: Annotated[
        str, typer.Argument(help="A shipped name, a checkpoint folder, or package.module:factory.")
    ],
    manifest: Annotated[
        Path, typer.Option("-d", "--data", help="A manifest (.jsonl or .csv).", parser=path)
    ],
    output: Output,
    split: Annotated[str, typer.Option(help="The studies that are judged.")] = "test",
    thresholds: Annotated[
        str, typer.Option(help="Choose operating points on this other split, such as val.")
    ] = "",
    audit: Annotated[
        int, typer.Option(min=0, help="Studies asked again with their pictures taken away.")
    ] = 40,
    precision: PrecisionName = None,
    json: Json = False,
) -> None:
    """Judge a model: ranking, calibration, decisions, retrieval, words, shortcuts, subgroups.

    Nothing is fitted on the studies that are judged. A run that was ended goes on at the next study
    when the same command is given again."""
    settings_of(precision=precision)
    from radgloss import wiring
    from radgloss.bench.manifest import page
    from radgloss.exchange.files import check_output

    check_output(output)
    with Bars() as bars:
        sheet = wiring.evaluate(
            model,
            manifest,
            output,
            split,
            thresholds,
            audit,
            progress=bars.tell,
            precision=precision,
        )
    written = page.save(sheet, output)
    if json:
        print_json(page.plain(sheet))
        return
    ranked = [row for row in page.rows(sheet) if row["AUROC (DeLong)"] != "–"]
    if ranked:
        table(ranked, ("finding", "n", "with it", "AUROC (DeLong)", "ECE", "decided", "right"))
    print(
        f"\n{len(ranked)} of {len(sheet.labels)} findings were there, and absent, often enough.\n"
    )
    print(page.text(sheet))
    print(f"\nWith plots: {written['html']} (also {written['json'].name})")
