"""`radgloss probe`: few-shot, from one's own studies to a file that `label` takes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from radgloss.cli.common import (
    Json,
    ModelName,
    PrecisionName,
    check_file,
    left_out,
    path,
    print_json,
    settings_of,
    table,
    tell_precision,
)

__all__ = ["probe"]

Kind = Literal["ss-text", "lp++", "linear", "words", "eszsl", "dap"]
KIND = (
    "ss-text and lp++ learn from studies and words; linear from studies; words only calibrates; "
    "eszsl and dap learn attributes, so that unseen findings have answers."
)


def probe(
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.", parser=path)],
    manifest: Annotated[
        Path | None, typer.Option("-d", "--data", help="A manifest (.jsonl or .csv).", parser=path)
    ] = None,
    input: Annotated[
        Path | None, typer.Option("-i", "--input", help="A folder of studies.", parser=path)
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="Their truth: CSV with study and a column a label.", parser=path),
    ] = None,
    kind: Annotated[Kind, typer.Option(help=KIND)] = "lp++",
    bank: Annotated[Path | None, typer.Option(help="Your own prompts.", parser=path)] = None,
    coverage: Annotated[float, typer.Option(help="Of the sets: 0.9 is one in ten wrong.")] = 0.9,
    model: ModelName = None,
    precision: PrecisionName = None,
    json: Json = False,
) -> None:
    """Fit labels of your own on few studies; `radgloss label --probe FILE` then answers with them.

    Fitted on the train split, calibrated on val; test is only judged. From a manifest, or from a
    folder with a table of truth.
    """
    settings = settings_of(model=model, precision=precision)
    if (manifest is None) == (input is None) or (input is None) != (truth is None):
        raise typer.BadParameter("give --data, or --input with --truth.")
    from tqdm import tqdm

    from radgloss import wiring
    from radgloss.data.manifest import read_manifest
    from radgloss.data.truth_table import read_truth
    from radgloss.text.banks import read_banks

    check_file(output)
    known = read_truth(truth, input) if truth and input else read_manifest(manifest or Path())
    own = read_banks(bank) if bank else None
    loaded = wiring.load(settings["model"], precision=settings["precision"])
    tell_precision(settings, loaded)
    with tqdm(unit="study", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        done, digest = wiring.probe(
            loaded, known, output, kind, own, coverage, lambda n, total: bar.update(n - bar.n)
        )
    if json:
        print_json({"probe": str(done.probe), "digest": digest, **done.probe.about,
                    "labels": done.figures})  # fmt: skip
    else:
        table(list(done.figures), ("label", "trained_with", "without", "val_auroc", "val_ece",
                             "test_auroc", "test_n"))  # fmt: skip
        if done.probe.strangers is None:
            print("Too few studies to tell strangers: it will answer about any study.")
        print(f"{done.probe}, sha256:{digest[:12]}, in {output}")
    left_out([*known.bad, *done.refused])
