"""Simulated patients and training: `phantom`, `systems`, `train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from radgloss.cli.common import Output, Workers, left_out, path, settings_of, table

__all__ = ["phantom", "systems", "train"]


SEEDS = "The first seed; below 1,000,000 they train, and others validate and test."
SHARE = "How many of those others, of each kind, for each patient that trains."
EXAMINATIONS = "Repeatable, taken in turn; ct-head has test seeds (from 2,000,000) only."


Precision = Literal["fp32", "bf16"]
CHUNK = "Images computed at once, with the gradient of the whole batch; 0: all."
BF16 = "bf16 keeps the weights in fp32 and computes in bfloat16."
FROM = "Start from a checkpoint, hf:OWNER/NAME, or a folder of transformers or open_clip."
FREEZE = "Repeatable: image, text, or a pattern of names that stay as they are."
LORA = "Towers that are not frozen learn at this rank only; merged at the end."


def phantom(
    output: Output,
    n: Annotated[int, typer.Option("-n", min=1, help="How many simulated patients.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help=SEEDS)] = 0,
    exam: Annotated[list[str] | None, typer.Option(help=EXAMINATIONS)] = None,
    finding: Annotated[
        list[str] | None, typer.Option(help="Repeatable: these findings and no others.")
    ] = None,
    share: Annotated[float, typer.Option(min=0, max=1, help=SHARE)] = 0.2,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    segments: Annotated[bool, typer.Option(help="Label maps also as DICOM Segmentation.")] = True,
    sheet: Annotated[
        Path | None, typer.Option(help="Also contact sheets (PNG) into this folder.", parser=path)
    ] = None,
) -> None:
    """Simulated patients with known truth: DICOM, report, truth, label maps and a manifest.

    Examinations: ct-abdomen, mr-abdomen, us-abdomen, us-pelvis, xr-chest, xr-abdomen (by default
    all of these that can show what was asked for) and ct-head. A run that was ended goes on when
    the same command is given again."""
    settings_of()
    from tqdm import tqdm

    from radgloss.data import phantom as phantoms
    from radgloss.data.phantom.many import DEFAULT_EXAMS
    from radgloss.data.phantom.patients import showing

    asked = tuple(finding or ())
    exams = tuple(exam or showing(asked, DEFAULT_EXAMS) or DEFAULT_EXAMS)
    jobs = phantoms.plan(n, seed, exams, asked, share)
    with tqdm(total=len(jobs), unit="patient", file=sys.stderr,
              disable=not sys.stderr.isatty()) as bar:  # fmt: skip
        done = phantoms.generate(
            jobs, output, workers=workers, segments=segments,
            progress=lambda done, total: bar.update(done - bar.n),
        )  # fmt: skip
    print(f"{done.made} simulated patients made, {done.kept} kept, in {output}; "
          f"manifest: {done.manifest}")  # fmt: skip
    if sheet:
        from radgloss.data.phantom import sheets

        for path in sheets.save(exams, seed, sheet):
            print(f"contact sheet: {path}")
    left_out(done.left_out)


def systems() -> None:
    """The named systems that can be trained, and the ways of using one space."""
    from radgloss import wiring
    from radgloss.systems.ideas.ways import WAYS

    for name, what in wiring.systems().items():
        print(f"{name:20} {what}")
    print("\nWays of using one space, which `radgloss bench systems` compares:")
    for name, way in WAYS.items():
        print(f"{name:20} {way.what} ({way.base})")


def train(
    system: Annotated[str, typer.Argument(help="A name that `radgloss systems` lists.")],
    manifest: Annotated[
        Path, typer.Option("-d", "--data", help="A manifest (.jsonl or .csv).", parser=path)
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The checkpoint folder to make.", parser=path)
    ],
    steps: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Images a step, of all ranks.")] = None,
    chunk: Annotated[int | None, typer.Option(min=0, help=CHUNK)] = None,
    precision: Annotated[Precision | None, typer.Option(help=BF16)] = None,
    start: Annotated[str, typer.Option("--from", help=FROM)] = "",
    freeze: Annotated[list[str] | None, typer.Option(help=FREEZE)] = None,
    lora: Annotated[int, typer.Option(min=0, help=LORA)] = 0,
    resume: Annotated[bool, typer.Option(help="Go on with an interrupted run.")] = False,
    workers: Workers = None,
) -> None:
    """Train a system, fit its calibration on the validation split, score it on test.

    Under torchrun several processes train one model as one process would."""
    settings = settings_of(workers=workers)
    from radgloss import wiring
    from radgloss.systems.change import Change
    from radgloss.train.ranks import joined

    change = Change(steps, seed, batch, chunk, precision, start, tuple(freeze or ()), lora)
    with joined() as me:
        card = wiring.train(
            system, manifest, output, change, resume, settings["workers"],
            settings["network"] == "on",
        )  # fmt: skip
        if me.first:
            _tell(card, output)


def _tell(card: dict[str, Any], output: Path) -> None:
    """The figures of a finished run."""
    scored = [
        {"examination": exam, "label": k, **v}
        for exam, of in card["test"].get("labels", {}).items()
        for k, v in of.items()
    ]
    if "reports" in card["test"]:
        rows = [{"reports of": name, **row} for name, row in card["test"]["reports"].items()]
        table(rows, ("reports of", "fact_f1", "interval", "asserted_f1", "precision", "recall",
                     "sides_wrong", "distinct", "n"))  # fmt: skip
    elif scored:
        table(scored, ("examination", "label", "auroc", "decided", "right_when_decided",
                        "side_right", "n"))  # fmt: skip
    elif "task" in card["test"]:
        for of, figures in card["test"].items():
            print(f"{of}: " + ", ".join(f"{k} {v}" for k, v in figures.items()))
    else:
        print("Not scored: the test split has no label with both answers.")
    print(f"Checkpoint {card['name']} in {output}")
