"""The command line: words in, wiring called, words out. It decides nothing.

Exit codes: 0 done · 2 usage · 3 input rejected · 4 done in part, what was left out is listed.
Human text on stdout, `--json` for machines, logs and progress on stderr. Heavy rooms are imported
inside the command that needs them, so that `--help` is quick."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from radgloss import __version__
from radgloss.cli_bench import bench
from radgloss.errors import InputRejected

__all__ = ["app", "main"]

DONE, REJECTED, PART = 0, 3, 4
NOTICE = "For research and education. Not a medical device; not for diagnosis."


def path(given: str | Path) -> Path:
    """A path as typed; an empty one would mean the current folder."""
    if not str(given):
        raise typer.BadParameter("it is empty; name a file or folder.")
    return Path(given)


app = typer.Typer(
    name="radgloss",
    help=f"Connects radiology images and text: a study in, a draft report out.\n\n{NOTICE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Input = Annotated[
    Path, typer.Option("-i", "--input", help="DICOM folder, file or zip, or NIfTI.", parser=path)
]
Output = Annotated[
    Path, typer.Option("-o", "--output", help="Folder for the results.", parser=path)
]
ModelName = Annotated[
    str | None, typer.Option("--model", help="A checkpoint folder, or a shipped name (starter).")
]
Modality = Annotated[
    str, typer.Option("--modality", help="What a NIfTI is (CT, MR, ...); a DICOM file says it.")
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes that read and decode.")
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def main() -> NoReturn:
    """The `radgloss` program: a user's mistake ends in one line, never in a traceback."""
    try:
        app()
        sys.exit(DONE)
    except InputRejected as problem:
        _rejected(problem)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(DONE)
    except OSError as problem:
        _rejected(_disk(problem))


def _rejected(problem: InputRejected) -> NoReturn:
    if "--json" in sys.argv:
        from radgloss.exchange.words import unnamed

        print(json_module.dumps({"rejected": unnamed([problem])[0].to_dict()}))
    print(f"radgloss: {problem}", file=sys.stderr)
    sys.exit(REJECTED)


def _disk(problem: OSError) -> InputRejected:
    """What the system said of a file or folder, in our words."""
    return InputRejected(
        "disk", Path(str(problem.filename or "the output")).name,
        (problem.strerror or "an error").lower(), "a place that can be read and written",
        "Check the path, its permissions and the space left.",
    )  # fmt: skip


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as problem:
        raise InputRejected("not-text", path.name, "bytes that are not UTF-8", "a text file",
                            "Save it as UTF-8.") from problem  # fmt: skip


def _history(given: str) -> str:
    """The text itself, or the content of the file that it names."""
    try:
        named = Path(given).is_file()
    except (OSError, ValueError):  # too long for a path: it is the text
        named = False
    return _text(Path(given)) if given and named else given


def _settings(**options: Any) -> Any:
    from radgloss.log import configure
    from radgloss.settings import Settings

    settings = Settings(options)
    configure(str(settings["log_level"]))
    return settings


def _left_out(problems: Iterable[InputRejected]) -> None:
    """Name what was left out; exit 4 if anything was."""
    listed = list(problems)
    for problem in listed:
        print(f"left out: {problem}", file=sys.stderr)
    if listed:
        raise typer.Exit(PART)


def _print_json(value: Any) -> None:
    print(json_module.dumps(value, ensure_ascii=False, indent=2, default=str))


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"radgloss {__version__}")
        raise typer.Exit


# ------------------------------------------------------------------ the main job


@app.command()
def report(
    input: Input,
    output: Output,
    prior: Annotated[
        Path | None, typer.Option(help="An earlier study of the patient.", parser=path)
    ] = None,
    history: Annotated[str, typer.Option(help="Clinical history: text, or a text file.")] = "",
    modality: Modality = "",
    model: ModelName = None,
    format: Annotated[str, typer.Option(help="Any of txt,json,html,sr,fhir.")] = (
        "txt,json,html,sr,fhir"
    ),
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Draft a report from raw DICOM: sentences with evidence, or an honest abstention.

    The draft is unverified machine text. This model reads neither history nor prior; they are
    accepted so that the same command serves models that do, and a warning says so.
    """
    settings = _settings(model=model, workers=workers)
    from radgloss import wiring
    from radgloss.exchange.files import check_output
    from radgloss.exchange.words import unnamed

    formats = _formats(format)
    kind = _modality(modality)
    check_output(output)
    said = _history(history)
    loaded = wiring.load(settings["model"])
    study = wiring.read(input, settings, kind)
    earlier = wiring.read(prior, settings, kind) if prior else None
    if said or earlier:
        print("warning: this model reads pixels only; history and prior are ignored.",
              file=sys.stderr)  # fmt: skip
    options = {"format": formats, "model": Path(settings["model"]).name}
    done = wiring.report(study, output, loaded, formats, said, earlier, options)
    if not any(i.modality for i in study.images):
        print("warning: the file does not say its modality; --modality can.", file=sys.stderr)
    if json:
        _print_json({
            "abstained": done.draft.abstained, "why": done.draft.why,
            "written": {k: str(v) for k, v in done.written.items()},
            "left_out": [p.to_dict() for p in unnamed(done.left_out)],
        })  # fmt: skip
    else:
        _print_draft(done.draft)
        print(f"\nWritten to {output}: {', '.join(p.name for p in done.written.values())}")
    _left_out(done.left_out)


def _formats(listed: str) -> list[str]:
    from radgloss.exchange.files import FILES

    asked = [f.strip() for f in listed.split(",") if f.strip()]
    if unknown := [f for f in asked if f not in FILES] or ([] if asked else [listed]):
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(FILES)}.",
                                 param_hint="--format")  # fmt: skip
    return list(dict.fromkeys(asked))


def _modality(named: str) -> str:
    """A term of the standard, as it spells it."""
    from radgloss import terms

    if named and named.strip().upper() not in terms.MODALITIES:
        raise typer.BadParameter(f"{named!r} is no modality of DICOM, as CT or MR are.",
                                 param_hint="--modality")  # fmt: skip
    return terms.modality(named)


def _print_draft(draft: Any) -> None:
    print("AI DRAFT - unverified - research use only\n")
    for section in ("technique", "findings", "impression"):
        if text := draft.text(section):
            print(f"{section.upper()}\n{text}\n")
    if draft.not_assessed:
        print(f"NOT ASSESSED\n{', '.join(draft.not_assessed)}")


@app.command()
def label(
    input: Annotated[
        list[Path], typer.Option("-i", "--input", help="Studies; may be repeated.", parser=path)
    ],
    labels: Annotated[
        Path | None, typer.Option("--labels", help="A file, one label a line.", parser=path)
    ] = None,
    name: Annotated[list[str] | None, typer.Option("--label", help="A label; repeatable.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A CSV file.", parser=path)
    ] = None,
    modality: Modality = "",
    model: ModelName = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Zero-shot labels: a probability, or an abstention and its reason."""
    settings = _settings(model=model, workers=workers)
    from radgloss import wiring

    kind = _modality(modality)
    if output:
        _check_file(output)
    asked = list(name or [])
    if labels:
        asked += _lines(labels)
    loaded = wiring.load(settings["model"])
    studies = wiring.each_study(input, settings, modality=kind)
    rows: list[dict[str, Any]] = []
    problems: list[InputRejected] = []
    for row in wiring.label_rows(studies, asked, loaded):
        if isinstance(row, InputRejected):
            problems.append(row)
        else:
            rows.append(row)
    if not rows and problems:
        raise problems[0]
    if output:
        _write_csv(output, rows)
        print(f"{len(rows)} rows written to {output}", file=sys.stderr if json else sys.stdout)
    if json:
        _print_json(rows)
    elif not output:
        _table(rows, ("study", "label", "probability", "why"))
    _left_out(problems)


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise InputRejected("missing", str(path), "no such file", "a list of labels", "Check it.")
    found = [line.strip() for line in _text(path).splitlines()]
    if not any(found):
        raise InputRejected("empty", str(path), "no label", "one label a line", "Write some.")
    return [line for line in found if line and not line.startswith("#")]


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    import csv
    import io

    from radgloss import disk

    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["study"])
    writer.writeheader()
    writer.writerows(rows)
    disk.write(path, text.getvalue())


def _check_file(path: Path) -> None:
    """Refuse a file that could not be written, before the work that would fill it."""
    from radgloss.exchange.files import check_output

    if path.is_dir():
        raise typer.BadParameter("it is a folder; name a file.", param_hint="--output")
    check_output(path.parent)


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(row.get(c, "")) for c in columns))
    Console().print(table)


# ------------------------------------------------------------------ search


@app.command()
def index(
    input: Annotated[Path, typer.Option("-i", "--input", help="A folder of studies.", parser=path)],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The index to make or extend.", parser=path)
    ],
    modality: Modality = "",
    model: ModelName = None,
    workers: Workers = None,
) -> None:
    """Embed an archive so that it can be searched by words or by image."""
    settings = _settings(model=model, workers=workers)
    from tqdm import tqdm

    from radgloss import wiring
    from radgloss.exchange.files import check_output

    kind = _modality(modality)
    check_output(output)
    loaded = wiring.load(settings["model"])
    with tqdm(unit="study", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        studies = wiring.each_study([input], settings, bar.update, kind)
        done = wiring.index(studies, output, loaded)
    print(f"{done.studies} studies indexed in {output}")
    _left_out(done.left_out)


@app.command()
def search(
    words: Annotated[str, typer.Argument(help='What to look for: "left pleural effusion".')] = "",
    index: Annotated[
        Path, typer.Option("--index", help="An index made by `radgloss index`.", parser=path)
    ] = ...,  # type: ignore[assignment]
    image: Annotated[
        Path | None, typer.Option(help="Search by this image or study too.", parser=path)
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many results.")] = 10,
    where: Annotated[str | None, typer.Option(help='A filter: "modality=CR and view=PA".')] = None,
    modality: Modality = "",
    model: ModelName = None,
    json: Json = False,
) -> None:
    """Search an index by words, by image, or by both."""
    settings = _settings(model=model)
    from radgloss import wiring

    kind = _modality(modality)
    loaded = wiring.load(settings["model"])
    hits = wiring.search(index, loaded, words, image, k, where, settings, kind)
    rows = [{"study": h.uid, "score": round(h.score, 4), **h.fields} for h in hits]
    if json:
        _print_json(rows)
    else:
        _table(rows, ("score", "study", "modality", "view", "body_part"))


# ------------------------------------------------------------------ looking at files


@app.command()
def inspect(
    file: Annotated[
        Path, typer.Argument(help="A DICOM file or folder, zip, or NIfTI.", parser=path)
    ],
    json: Json = False,
) -> None:
    """What a file holds: syntax, pixels, windows, geometry, stacks; nothing about the person.

    Exits as reading it would: 3 where nothing can be used, 4 where something is left out.
    """
    _settings()
    from radgloss import dicom

    found = dicom.inspect(file)
    if json:
        _print_json(found)
    else:
        _print_tree(found)
    if found["left_out"]:
        raise typer.Exit(PART if found["images"] else REJECTED)


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


@app.command()
def doctor(json: Json = False) -> None:
    """Whether this installation is in order: settings and their source, protection, codecs."""
    settings = _settings()
    from radgloss import checkup

    found = checkup.examine(settings)
    if json:
        _print_json(found)
    else:
        _print_tree(found)
    if found["problems"]:
        raise typer.Exit(PART)


# ------------------------------------------------------------------ phantoms, training


SEEDS = "The first seed; below 1,000,000 they train, and a fifth as many validate and test."
EXAMINATIONS = "Repeatable, taken in turn; ct-head has test seeds (from 2,000,000) only."


@app.command()
def phantom(
    output: Output,
    n: Annotated[int, typer.Option("-n", min=1, help="How many simulated patients.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help=SEEDS)] = 0,
    exam: Annotated[list[str] | None, typer.Option(help=EXAMINATIONS)] = None,
    finding: Annotated[
        list[str] | None, typer.Option(help="Repeatable: these findings and no others.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    segments: Annotated[bool, typer.Option(help="Label maps also as DICOM Segmentation.")] = True,
    sheet: Annotated[
        Path | None, typer.Option(help="Also contact sheets (PNG) into this folder.", parser=path)
    ] = None,
) -> None:
    """Simulated patients with known truth: DICOM, report, truth, label maps and a manifest.

    Examinations: ct-abdomen, mr-abdomen, us-abdomen, us-pelvis, xr-chest, xr-abdomen (all of these
    by default) and ct-head. A run that was ended goes on when the same command is given again."""
    _settings()
    from tqdm import tqdm

    from radgloss.data import phantom as phantoms
    from radgloss.data.phantom.many import DEFAULT_EXAMS

    exams = tuple(exam or DEFAULT_EXAMS)
    jobs = phantoms.plan(n, seed, exams, tuple(finding or ()))
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
    _left_out(done.left_out)


@app.command()
def systems() -> None:
    """The named systems that can be trained."""
    from radgloss.systems import SYSTEMS

    for name, recipe in SYSTEMS.items():
        print(f"{name:12} {(recipe.__doc__ or '').strip().splitlines()[0]}")


@app.command()
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
    resume: Annotated[bool, typer.Option(help="Go on with an interrupted run.")] = False,
    workers: Workers = None,
) -> None:
    """Train a system, fit its calibration on the validation split, score it on test."""
    settings = _settings(workers=workers)
    from radgloss.exchange.files import check_output
    from radgloss.systems import SYSTEMS
    from radgloss.systems.finish import train_system

    check_output(output)
    if system not in SYSTEMS:
        raise InputRejected("system", system, "no such system", ", ".join(SYSTEMS), "Pick one.")
    card = train_system(
        system, SYSTEMS[system](), manifest, output, steps=steps, seed=seed, resume=resume,
        workers=settings["workers"],
    )  # fmt: skip
    scored = [
        {"examination": exam, "label": k, **v}
        for exam, of in card["test"]["labels"].items()
        for k, v in of.items()
    ]
    if scored:
        _table(scored, ("examination", "label", "auroc", "decided", "right_when_decided",
                        "side_right", "n"))  # fmt: skip
    else:
        print("Not scored: the test split has no label with both answers.")
    print(f"Checkpoint {card['name']} in {output}")


app.add_typer(bench, name="bench")


# ------------------------------------------------------------------ archive, pages


archive = typer.Typer(help="The archive: untouched files, rows, quarantine, audit.",
                      no_args_is_help=True)  # fmt: skip
app.add_typer(archive, name="archive")

Home = Annotated[
    Path | None, typer.Option("--home", help="Default: RADGLOSS_HOME/archive.", parser=path)
]


def _archive(at: Path | None, made: bool = False) -> Any:
    """The archive there; only receiving makes one where there is none."""
    from radgloss.archive import Archive
    from radgloss.settings import home

    settings = _settings()
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
    _left_out(problems)


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
        _print_json(rows)
    elif rows:
        _table(rows, tuple(rows[0]))
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


@app.command()
def serve(
    folder: Annotated[
        Path, typer.Argument(help="A folder of drafts, as demo and report make.", parser=path)
    ],
    port: Annotated[int, typer.Option(help="0 picks a free one.")] = 8765,
) -> None:
    """The reading page over a folder of drafts, on loopback only."""
    _settings()
    from radgloss import room

    room.serve(folder, port=port)


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="Your own studies, if you like.", parser=path)
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", parser=path)] = Path("demo-output"),
    modality: Modality = "",
    serve: Annotated[bool, typer.Option(help="Serve the reading page afterwards.")] = True,
    port: Annotated[int, typer.Option(help="0 picks a free one.")] = 8765,
    model: ModelName = None,
) -> None:
    """Simulated and real studies through everything, then the reading page on loopback."""
    settings = _settings(model=model)
    from radgloss import demo as tour
    from radgloss import room

    kind = _modality(modality)

    shown = tour.run(output, settings, folder, say=print, modality=kind)
    print(f"\n{shown} studies in {output}. {NOTICE}")
    if serve:
        room.serve(output, port=port)


if __name__ == "__main__":
    main()
