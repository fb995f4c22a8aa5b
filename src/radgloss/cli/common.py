"""What the commands share: options, settings, and how things are printed."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from radgloss.errors import InputRejected

__all__ = [
    "DONE", "NOTICE", "PART", "REJECTED", "Input", "Json", "Modality", "ModelName", "Output",
    "PrecisionName", "VocabularyFile", "VocabularySource", "Workers", "called_in", "check_file",
    "left_out", "lines", "modality_of", "path", "print_json",
    "settings_of", "table", "tell_precision", "text_of",
]  # fmt: skip

DONE, REJECTED, PART = 0, 3, 4
NOTICE = "For research and education. Not a medical device; not for diagnosis."


def path(given: str | Path) -> Path:
    """A path as typed; an empty one would mean the current folder."""
    if not str(given):
        raise typer.BadParameter("it is empty; name a file or folder.")
    return Path(given)


Input = Annotated[
    Path, typer.Option("-i", "--input", help="DICOM folder, file or zip, or NIfTI.", parser=path)
]
Output = Annotated[
    Path, typer.Option("-o", "--output", help="Folder for the results.", parser=path)
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="A checkpoint folder, a shipped name (starter), or published weights: hf:OWNER/NAME, "
        "or their folder (docs/weights.md).",
    ),
]
Modality = Annotated[
    str, typer.Option("--modality", help="What a NIfTI is (CT, MR, ...); a DICOM file says it.")
]
PrecisionName = Annotated[
    str | None,
    typer.Option(
        "--precision",
        help="fp32, bf16, int8, or auto: the fastest that `radgloss precision` found harmless.",
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes that read and decode.")
]
VocabularyFile = Annotated[
    Path | None,
    typer.Option(
        "--vocabulary", help="Your MRCONSO.RRF (UMLS), or RadLex as CSV or OWL.", parser=path
    ),
]
VocabularySource = Annotated[
    list[str] | None,
    typer.Option("--source", help="Of UMLS only names of this source (SAB); repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def settings_of(**options: Any) -> Any:
    from radgloss.log import configure
    from radgloss.settings import Settings

    settings = Settings(options)
    configure(str(settings["log_level"]))
    return settings


def left_out(problems: Iterable[InputRejected]) -> None:
    """Name what was left out; exit 4 if anything was."""
    listed = list(problems)
    for problem in listed:
        print(f"left out: {problem}", file=sys.stderr)
    if listed:
        raise typer.Exit(PART)


def lines(path: Path) -> list[str]:
    """The labels of a file, one a line; "#" begins a remark."""
    if not path.is_file():
        raise InputRejected("missing", str(path), "no such file", "a list of labels", "Check it.")
    found = [line.strip() for line in text_of(path).splitlines()]
    kept = [line for line in found if line and not line.startswith("#")]
    if not kept:
        raise InputRejected("empty", str(path), "no label", "one label a line", "Write some.")
    return kept


def called_in(
    vocabulary: Path | None, asked: list[str], sources: list[str] | None
) -> dict[str, str]:
    """By label as asked, the finding that a vocabulary says it is; what it cannot say goes to
    stderr."""
    if vocabulary is None:
        if sources:
            print("warning: --source is ignored without --vocabulary.", file=sys.stderr)
        return {}
    from radgloss.text.vocabulary import called

    found = called(vocabulary, asked, sources or ())
    for label, what in found.names.items():
        print(f"{label}: asked as {what}", file=sys.stderr)
    for labels, why in (
        (found.ambiguous, "a name of several concepts"),
        (found.unknown, "not in the vocabulary"),
        (found.elsewhere, "a concept that is no finding here"),
    ):
        if labels:
            print(f"asked as they stand, {why}: {', '.join(labels)}", file=sys.stderr)
    return dict(found.names)


def print_json(value: Any) -> None:
    print(json_module.dumps(value, ensure_ascii=False, indent=2, default=str))


def modality_of(named: str) -> str:
    """A term of the standard, as it spells it."""
    from radgloss import terms

    if named and named.strip().upper() not in terms.MODALITIES:
        raise typer.BadParameter(f"{named!r} is no modality of DICOM, as CT or MR are.",
                                 param_hint="--modality")  # fmt: skip
    return terms.modality(named)


def tell_precision(settings: Any, loaded: Any) -> None:
    """Say what `auto` came to, on stderr."""
    if settings["precision"] != "auto":
        return
    hint = "" if loaded.precision != "fp32" else (
        "; no other is known to be harmless and faster here (radgloss precision measures)"
    )  # fmt: skip
    print(f"precision: {loaded.precision}{hint}", file=sys.stderr)


def text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as problem:
        raise InputRejected("not-text", path.name, "bytes that are not UTF-8", "a text file",
                            "Save it as UTF-8.") from problem  # fmt: skip


def check_file(path: Path) -> None:
    """Refuse a file that could not be written, before the work that would fill it."""
    from radgloss.exchange.files import check_output

    if path.is_dir():
        raise typer.BadParameter("it is a folder; name a file.", param_hint="--output")
    check_output(path.parent)


def table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(row.get(c, "")) for c in columns))
    Console().print(table)
