"""`radgloss archive`: untouched files, rows, quarantine, audit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from radgloss.cli.common import (
    REJECTED,
    Input,
    Json,
    left_out,
    path,
    print_json,
    settings_of,
    table,
)
from radgloss.errors import InputRejected

__all__ = ["archive"]


archive = typer.Typer(help="The archive: untouched files, rows, quarantine, audit.",
                      no_args_is_help=True)  # fmt: skip

Home = Annotated[
    Path | None, typer.Option("--home", help="Default: RADGLOSS_HOME/archive.", parser=path)
]


def _archive(at: Path | None, made: bool = False) -> Any:
    """The archive there; only receiving makes one where there is none."""
    from radgloss.archive import Archive
    from radgloss.settings import home

    settings = settings_of()
    place = at or home() / "archive"
    if not made and not (place / "archive.db").is_file():
        raise InputRejected("no-archive", place.name, "no archive", "a folder that holds one",
                            "Check --home, or receive something first.")  # fmt: skip
    reserve = int(settings["archive_reserve_gb"] * 1e9)
    return Archive.open(place, reserve=reserve, watermark=settings["archive_watermark"])


@archive.command("receive")
def archive_receive(input: Input, home: Home = None) -> None:
    """Import DICOM files: on disk and in the database before they are acknowledged."""
    if not input.exists():
        raise InputRejected("no-such-path", input.name, "nothing", "a file, folder or zip",
                            "Check the path.")  # fmt: skip
    with _archive(home, made=True) as opened:
        receipt = opened.receive(input)
    print(
        f"{len(receipt.stored)} stored, {len(receipt.already)} already there, "
        f"{len(receipt.quarantined)} in quarantine, {len(receipt.rejected)} rejected, "
        f"{len(receipt.ignored)} ignored (not meant as images)"
    )
    problems = [a.problem for a in (*receipt.quarantined, *receipt.rejected) if a.problem]
    kept = receipt.stored + receipt.already + receipt.quarantined
    if not kept:
        raise problems[0] if len(problems) == 1 else _nothing_kept(input, problems)
    left_out(problems)


def _nothing_kept(path: Path, problems: list[InputRejected]) -> InputRejected:
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    codes = ", ".join(sorted({p.code for p in problems}))
    found = f"{len(problems)} files, none usable ({codes})" if problems else "no DICOM file"
    return InputRejected("nothing-usable" if problems else "empty", path.name, found,
                         "at least one DICOM object", "Check the path.")  # fmt: skip


@archive.command("list")
def archive_list(home: Home = None, json: Json = False) -> None:
    """The studies of the archive."""
    from dataclasses import asdict

    with _archive(home) as opened:
        rows = [asdict(s) for s in opened.studies()]
    if json:
        print_json(rows)
    elif rows:
        table(rows, tuple(rows[0]))
    else:
        print("The archive is empty.")


@archive.command("verify")
def archive_verify(home: Home = None) -> None:
    """Check the audit chain; broken links are named."""
    with _archive(home) as opened:
        broken = opened.verify()
    for link in broken:
        print(link)
    print("audit chain broken" if broken else "audit chain intact")
    if broken:
        raise typer.Exit(REJECTED)
