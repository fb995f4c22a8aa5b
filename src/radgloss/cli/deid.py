"""De-identification: `deid`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from radgloss.cli.common import Json, left_out, path, print_json, settings_of

__all__ = ["deid"]


def deid(
    input: Annotated[
        Path, typer.Option("-i", "--input", help="DICOM folder, file or zip.", parser=path)
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A new or empty folder.", parser=path)
    ],
    clean: Annotated[
        list[str] | None,
        typer.Option(help="pixels, graphics, structured or descriptors; repeatable."),
    ] = None,
    retain: Annotated[
        list[str] | None,
        typer.Option(
            help="dates, shifted-dates, patient, device, institution, uids or private; repeatable."
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            help="A secret file, made where there is none: the same key gives the same UIDs, "
            "pseudonyms and days in every run. Without it nothing links two runs.",
            parser=path,
        ),
    ] = None,
    mask: Annotated[
        list[str] | None,
        typer.Option(help="TOP,LEFT,HEIGHT,WIDTH: pixels to fill in every picture; repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """De-identify DICOM (PS3.15 Annex E): the basic profile, and the options you name.

    Writes the new files and a report of what was done and what a person must look at. It never
    promises that nobody can be recognised.
    """
    settings = settings_of()
    from tqdm import tqdm

    from radgloss.dicom import Limits
    from radgloss.dicom.deid import deid as act
    from radgloss.dicom.deid import report
    from radgloss.exchange.files import check_output

    boxes = [_box(text) for text in mask or []]
    check_output(output)
    limits = Limits(memory_bytes=int(settings["memory_gib"] * 2**30))
    with tqdm(unit="file", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:

        def tick(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        done = act(input, output, clean or [], retain or [], key, boxes, limits, tick)
    said = report.tree(done)
    if json:
        print_json(said)
    else:
        _print(said, output)
    left_out(done.left_out)


def _box(text: str) -> tuple[int, int, int, int]:
    try:
        top, left, height, width = (int(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not TOP,LEFT,HEIGHT,WIDTH.",
                                 param_hint="--mask") from None  # fmt: skip
    if min(top, left) < 0 or min(height, width) < 1:
        raise typer.BadParameter(f"{text!r} is no box in a picture.", param_hint="--mask")
    return top, left, height, width


def _print(said: dict[str, object], output: Path) -> None:
    from radgloss.dicom.deid import report

    counts = said["counts"]
    assert isinstance(counts, dict)
    print(f"{counts['instances']} files of {counts['patients']} patients in {output}")
    looks = said["look_at"]
    assert isinstance(looks, list)
    for entry in looks:
        print(f"look at {len(entry['files'])} files: {entry['why']}")
    print(f"{said['notice']}\nRead {output / report.FILES[1]}.")
