"""What is in files, and whether this installation is in order: `inspect`, `doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from radgloss.cli.common import PART, REJECTED, Json, path, print_json, settings_of
from radgloss.errors import InputRejected

__all__ = ["doctor", "inspect"]


def inspect(
    file: Annotated[
        Path, typer.Argument(help="A DICOM file or folder, zip, or NIfTI.", parser=path)
    ],
    burned_in: Annotated[
        bool,
        typer.Option(
            "--burned-in",
            help="Also where letters are burned into one study's pixels, and whether side markers "
            "agree with the orientation (needs tesseract).",
        ),
    ] = False,
    words: Annotated[
        bool,
        typer.Option("--words", help="With --burned-in: what was read, which may be a name."),
    ] = False,
    json: Json = False,
) -> None:
    """What a file holds: syntax, pixels, windows, geometry, stacks; nothing about the person.

    Exits as reading it would: 3 where nothing can be used, 4 where something is left out.
    """
    settings = settings_of()
    from radgloss import dicom

    found = dicom.inspect(file)
    if burned_in:
        found["burned_in"] = _burned_in(file, settings, words)
    if json:
        print_json(found)
    else:
        _print_tree(found)
    if found["left_out"]:
        raise typer.Exit(PART if found["images"] else REJECTED)


def _burned_in(file: Path, settings: Any, words: bool) -> list[dict[str, Any]]:
    """Raises InputRejected('deid-no-ocr') where nobody can read."""
    from radgloss import wiring
    from radgloss.dicom.burned import told

    found = wiring.burned_in(wiring.read(file, settings))
    if found is None:
        raise InputRejected(
            "deid-no-ocr", "--burned-in", "no tesseract on this machine",
            "the program that reads text in pictures", "Install tesseract-ocr, or look by eye.",
        )  # fmt: skip
    return told(found, words)


def _print_tree(value: Any, depth: int = 0) -> None:
    pad = "  " * depth
    for key, item in value.items():
        if item in ({}, [], "", None):
            print(f"{pad}{key}: none")
        elif isinstance(item, dict):
            print(f"{pad}{key}:")
            _print_tree(item, depth + 1)
        elif isinstance(item, (list, tuple)) and item and isinstance(item[0], dict):
            for number, entry in enumerate(item, 1):
                print(f"{pad}{key} {number}:")
                _print_tree(entry, depth + 1)
        elif key == "affine":
            print(f"{pad}{key}: {[[round(v, 4) for v in row] for row in item]}")
        else:
            print(f"{pad}{key}: {item}")


def doctor(json: Json = False) -> None:
    """Whether this installation is in order: settings and their source, protection, codecs."""
    settings = settings_of()
    from radgloss import checkup

    found = checkup.examine(settings)
    if json:
        print_json(found)
    else:
        _print_tree(found)
    if found["problems"]:
        raise typer.Exit(PART)
