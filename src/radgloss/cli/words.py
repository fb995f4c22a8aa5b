"""`radgloss bank`: prompts of one's own, under a name, a version and a digest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radgloss.cli.common import (
    Json,
    VocabularyFile,
    VocabularySource,
    check_file,
    lines,
    path,
    print_json,
)
from radgloss.errors import InputRejected

__all__ = ["bank"]


def bank(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The JSON file to write.", parser=path)
    ] = None,
    name: Annotated[list[str] | None, typer.Option("--label", help="A label; repeatable.")] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="A file, one label a line.", parser=path)
    ] = None,
    vocabulary: VocabularyFile = None,
    source: VocabularySource = None,
    title: Annotated[str, typer.Option("--name", help="The bank's name.")] = "mine",
    version: Annotated[str, typer.Option(help="The bank's version.")] = "1",
    check: Annotated[
        Path | None, typer.Option("--check", help="Only check this bank.", parser=path)
    ] = None,
    json: Json = False,
) -> None:
    """Write a bank of prompts to edit and to give to `radgloss label --bank`, or check one.

    For each label, sentences that state it and that deny it; with a vocabulary, also by its other
    names. The digest that is printed changes with every word: quote it beside a figure.
    """
    from radgloss.text import vocabulary as vocabularies
    from radgloss.text.banks import read_banks, with_synonyms, write_banks

    asked = tuple(dict.fromkeys([*(name or []), *(lines(labels) if labels else [])]))
    found = vocabularies.Synonyms()
    if check:
        made = read_banks(check)
    elif output and asked:
        check_file(output)
        if vocabulary:
            found = vocabularies.read(vocabulary, asked, source or ())
        made = with_synonyms(title, version, {n: found.others.get(n, ()) for n in asked})
        write_banks(output, made)
    else:
        raise InputRejected(
            "no-labels", "the request", "no label or no output", "-o FILE with --label or --labels",
            "Give both, or a bank to --check.",
        )  # fmt: skip
    if json:
        print_json({
            "bank": str(made), "digest": made.digest, "labels": list(made.banks),
            "sentences": len(made.texts()), "ambiguous": found.ambiguous, "unknown": found.unknown,
        })  # fmt: skip
        return
    print(f"{made}: {len(made.banks)} labels, {len(made.texts())} sentences")
    if found.ambiguous:
        print(f"names of several concepts, without synonyms: {', '.join(found.ambiguous)}")
    if found.unknown:
        print(f"not in the vocabulary: {', '.join(found.unknown)}")
