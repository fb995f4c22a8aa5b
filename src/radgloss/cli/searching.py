"""An archive made searchable, and searched; a phrase found in a picture: `index`, `search`,
`ground`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from radgloss.cli.common import (
    Input,
    Json,
    Modality,
    ModelName,
    Output,
    PrecisionName,
    Workers,
    left_out,
    modality_of,
    path,
    print_json,
    settings_of,
    table,
    tell_precision,
    text_of,
)
from radgloss.errors import InputRejected

__all__ = ["ground", "index", "search"]

COLUMNS = ("score", "study", "modality", "view", "body_part", "year", "age", "label", "found")
REPORT_COLUMNS = ("score", "exam", "line", "report")
SHOWN = 160  # letters of a report in the table; --json has all of it


def index(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The index to make or extend.", parser=path)
    ],
    input: Annotated[
        Path | None, typer.Option("-i", "--input", help="A folder of studies.", parser=path)
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option("-d", "--manifest", help="Studies and reports of a manifest.", parser=path),
    ] = None,
    of: Annotated[
        str, typer.Option("--of", help="What of a manifest: studies, reports, or both.")
    ] = "studies,reports",
    split: Annotated[str, typer.Option(help="Of a manifest: train, val or test; all.")] = "",
    dates: Annotated[
        bool, typer.Option("--dates", help="Keep the day too, not the year alone.")
    ] = False,
    found: Annotated[
        bool,
        typer.Option("--found", help="Label studies too; keep what was decided present."),
    ] = False,
    modality: Modality = "",
    model: ModelName = None,
    precision: PrecisionName = None,
    workers: Workers = None,
) -> None:
    """Embed an archive so that it can be searched by words, by image or by report.

    An index of reports holds their text: keep it as you keep the reports.
    """
    settings = settings_of(model=model, workers=workers, precision=precision)
    from tqdm import tqdm

    from radgloss import searching, wiring
    from radgloss.data.manifest import read_manifest
    from radgloss.exchange.files import check_output

    kind, kinds = modality_of(modality), _kinds(of)
    if (input is None) == (manifest is None):
        raise typer.BadParameter("give a folder (-i) or a manifest (-d).", param_hint="--input")
    check_output(output)
    if manifest is not None:
        read_manifest(manifest)  # refused before the model is loaded
    loaded = wiring.load(settings["model"], precision=settings["precision"])
    tell_precision(settings, loaded)
    marks = partial(searching.found, loaded) if found else searching.unmarked
    with tqdm(unit="study", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        if manifest is not None:
            done = wiring.index_manifest(
                manifest, output, loaded, settings, kinds, split, dates, bar.update, marks
            )
        else:
            assert input is not None
            studies = wiring.each_study([input], settings, bar.update, kind)
            done = wiring.index(studies, output, loaded, dates=dates, marks=marks)
    reports = f" and {done.reports} reports" if done.reports else ""
    print(f"{done.studies} studies{reports} indexed in {output}")
    left_out(done.left_out)


def _kinds(listed: str) -> list[Any]:
    from radgloss.searching import KINDS

    asked = [word.strip() for word in listed.split(",") if word.strip()]
    if unknown := [word for word in asked if word not in KINDS] or ([] if asked else [listed]):
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(KINDS)}.",
                                 param_hint="--of")  # fmt: skip
    return asked


def search(
    words: Annotated[str, typer.Argument(help='What to look for: "left pleural effusion".')] = "",
    index: Annotated[
        Path, typer.Option("--index", help="An index made by `radgloss index`.", parser=path)
    ] = ...,  # type: ignore[assignment]
    image: Annotated[
        Path | None, typer.Option(help="Search by this image or study too.", parser=path)
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Search by this report, a text file, too.", parser=path)
    ] = None,
    of: Annotated[str, typer.Option("--of", help="What to find: studies or reports.")] = "studies",
    k: Annotated[int, typer.Option("-k", min=1, help="How many results.")] = 10,
    where: Annotated[
        str | None,
        typer.Option(help='A filter: "modality=CR and age>=70 and label=pneumonia".'),
    ] = None,
    modality: Modality = "",
    model: ModelName = None,
    precision: PrecisionName = None,
    json: Json = False,
) -> None:
    """Search an index by words, image or report, or several together, for studies or reports."""
    settings = settings_of(model=model, precision=precision)
    from radgloss import wiring

    kind = modality_of(modality)
    if len(wanted := _kinds(of)) != 1:
        raise typer.BadParameter("one kind at a time is ranked.", param_hint="--of")
    text = _report(report) if report else ""
    loaded = wiring.load(settings["model"], precision=settings["precision"])
    tell_precision(settings, loaded)
    hits = wiring.search(index, loaded, words, image, k, where, settings, kind, text, wanted[0])
    rows = [_row(hit, wanted[0]) for hit in hits]
    if json:
        print_json(rows)
    elif wanted[0] == "reports":
        table([{**r, "report": " ".join(r["report"].split())[:SHOWN]} for r in rows],
              REPORT_COLUMNS)  # fmt: skip
    else:
        table(rows, tuple(c for c in COLUMNS if any(row.get(c) for row in rows)))


def _row(hit: Any, kind: str) -> dict[str, Any]:
    named = {"report": hit.text} if kind == "reports" else {"study": hit.uid}
    return {**named, "score": round(hit.score, 4), **hit.fields}


def _report(file: Path) -> str:
    if not file.is_file():
        raise InputRejected("missing", str(file), "no such file", "a report", "Check the path.")
    if not (text := text_of(file)).strip():
        raise InputRejected("empty-text", file.name, "no words", "a report", "Write some.")
    return text


def ground(
    phrase: Annotated[str, typer.Argument(help='What to point at: "left pleural effusion".')],
    input: Input,
    output: Output,
    way: Annotated[
        str, typer.Option(help="words, hidden or places; the best that the model offers.")
    ] = "",
    modality: Modality = "",
    model: ModelName = None,
    precision: PrecisionName = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Point at a phrase: a heat map on the picture, and its box in pixels and millimetres.

    A map has a warmest place wherever it is asked. Whether the phrase holds at all is said beside
    it, with a probability or the reason why there is none.
    """
    settings = settings_of(model=model, workers=workers, precision=precision)
    from radgloss import wiring
    from radgloss.exchange.files import check_output

    kind = modality_of(modality)
    check_output(output)
    loaded = wiring.load(settings["model"], precision=settings["precision"])
    tell_precision(settings, loaded)
    study = wiring.read(input, settings, kind)
    options = {"phrase": phrase, "way": way, "model": Path(settings["model"]).name}
    done = wiring.ground(study, phrase, output, loaded, way, options)
    if json:
        print_json(done.said)
    else:
        _print_place(done.said)
        print(f"Written to {output}: {', '.join(p.name for p in done.written.values())}")
    left_out(study.left_out)


def _print_place(said: dict[str, Any]) -> None:
    low, high = said["pixels"]["low"], said["pixels"]["high"]
    print(f"frame {said['frame']}, rows {low[1]} to {high[1]}, columns {low[2]} to {high[2]}, "
          "counted from 0")  # fmt: skip
    if size := said["millimetres"].get("size"):
        at = "" if said["millimetres"]["trust"] == "patient" else " at the detector"
        print(f"{' x '.join(f'{s:.0f}' for s in size)} mm{at}")
    holds = said["holds"]
    print(f"{holds['label']}: probability {holds['probability']:.2f}" if not holds["abstained"]
          else f"{holds['label']}: not decided whether it is there ({holds['why']})")  # fmt: skip
