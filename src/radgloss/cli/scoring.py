"""`radgloss score`: anybody's predicted reports, measured."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

from radgloss.cli.common import Json, path, print_json, settings_of

__all__ = ["score"]


def score(
    references: Annotated[
        Path,
        typer.Argument(help="Written reports: .csv, .tsv, .jsonl, else one a line.", parser=path),
    ],
    predictions: Annotated[
        Path,
        typer.Argument(
            help="Predicted ones, in the same order or with an id column in both files.",
            parser=path,
        ),
    ],
    other: Annotated[
        list[str] | None,
        typer.Option(help="NAME=FILE, repeatable: another system's, tested against these."),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(help="Training reports, out of which baselines are taken.", parser=path),
    ] = None,
    column: Annotated[str, typer.Option(help="The column of a table that holds the text.")] = "",
    exam: Annotated[str, typer.Option(help="What all reports are of, such as xr-chest.")] = "",
    tokenizer: Annotated[
        str, typer.Option(help="Words of BLEU, ROUGE-L, CIDEr-D and METEOR: report, 13a, rouge.")
    ] = "report",
    bert: Annotated[
        str, typer.Option(help="FOLDER:LAYER: weights on this machine, for BERTScore.")
    ] = "",
    learned: Annotated[
        bool,
        typer.Option("--learned", help="Also RadGraph, CheXbert, RaTEScore and GREEN (slow)."),
    ] = False,
    rounds: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Resamples for intervals and tests.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Of resamples and of the random baseline.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Folder for score.md, score.json, mistakes.csv.", parser=path
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Score reports: errors, facts, labels, BLEU, ROUGE, CIDEr, METEOR, beside baselines.

    Every score has a signature, an interval over patients and a test against baselines that see no
    picture; the last table says which errors each measure does not notice (docs/metrics.md)."""
    settings_of()
    from radgloss.eval import scoring
    from radgloss.eval.scoring import page
    from radgloss.exchange.files import check_output

    if output is not None:
        check_output(output)
    sheet = scoring.score(
        references, predictions, others=_named(other or []), train=train, column=column,
        exam=exam, tokenizer=tokenizer, bert=bert, learned=learned, rounds=rounds, seed=seed,
    )  # fmt: skip
    if output is not None:
        _save(sheet, output)
    if json:
        print_json(page.plain(sheet))
    else:
        print(page.text(sheet), end="")


def _named(others: list[str]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for given in others:
        name, sign, file = given.partition("=")
        if not (name and sign and file) or name in named:
            raise typer.BadParameter(f"{given!r} is not NAME=FILE with a name of its own.",
                                     param_hint="--other")  # fmt: skip
        if name in ("constant", "random", "nearest"):
            raise typer.BadParameter(f"{name!r} is a baseline.", param_hint="--other")
        named[name] = Path(file)
    return named


def _save(sheet: object, folder: Path) -> None:
    import json as json_module

    from radgloss import disk
    from radgloss.eval.metrics.reports.mistakes import CLASSES
    from radgloss.eval.scoring import page
    from radgloss.eval.scoring.sheet import Sheet

    assert isinstance(sheet, Sheet)
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("row", *CLASSES))
    for number, wrong in enumerate(sheet.mistakes, 1):
        writer.writerow((number, *(getattr(wrong, name) for name in CLASSES)))
    disk.write(folder / "score.md", page.text(sheet))
    disk.write(folder / "score.json", json_module.dumps(page.plain(sheet), indent=2,
                                                             ensure_ascii=False))  # fmt: skip
    disk.write(folder / "mistakes.csv", table.getvalue())
