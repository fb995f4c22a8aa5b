"""Studies in, words out: `report`, `label`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from radgloss.cli.common import (
    Input,
    Json,
    Modality,
    ModelName,
    Output,
    PrecisionName,
    VocabularyFile,
    VocabularySource,
    Workers,
    called_in,
    check_file,
    left_out,
    lines,
    modality_of,
    path,
    print_json,
    settings_of,
    table,
    tell_precision,
    text_of,
)
from radgloss.errors import InputRejected

if TYPE_CHECKING:
    from radgloss.dicom.burned import Burned

__all__ = ["label", "report"]

SETS = "Also which answers remain, with this coverage (0.9: wrong in one study of ten)."
SETS_MEAN = (
    "Remaining: the truth is among these in {:.0%} of such studies, ill or healthy, over many; "
    "both: nothing was ruled out."
)


def report(
    input: Input,
    output: Output,
    indication: Annotated[str, typer.Option(help="What is asked: text, or a text file.")] = "",
    history: Annotated[str, typer.Option(help="Clinical history: text, or a text file.")] = "",
    prior: Annotated[
        Path | None, typer.Option(help="An earlier study of the patient.", parser=path)
    ] = None,
    prior_report: Annotated[
        Path | None, typer.Option(help="The report of an earlier study, a text file.", parser=path)
    ] = None,
    template: Annotated[
        Path | None, typer.Option(help="Your own template to fill (docs/drafts.md).", parser=path)
    ] = None,
    modality: Modality = "",
    model: ModelName = None,
    precision: PrecisionName = None,
    format: Annotated[str, typer.Option(help="Any of txt,json,html,sr,fhir.")] = (
        "txt,json,html,sr,fhir"
    ),
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Draft a report from raw DICOM: sentences with evidence, or an honest abstention.

    The draft is unverified machine text, and what its checks found stands beside it. Indication and
    history set the order of the impression and cannot put a finding into the text; what has changed
    is said only against a prior, which must be the same patient's.
    """
    from radgloss.dicom.files import mode_of

    for place in (input, prior):
        if place is not None:
            mode_of(place)  # a wrong path is said before seconds go into loading a model
    settings = settings_of(model=model, workers=workers, precision=precision)
    from radgloss import wiring
    from radgloss.dicom.burned import lines as in_lines
    from radgloss.dicom.burned import told
    from radgloss.engine.drafting import template as templates
    from radgloss.exchange.files import check_output
    from radgloss.exchange.words import unnamed
    from radgloss.types import Case

    formats = _formats(format)
    kind = modality_of(modality)
    check_output(output)
    earlier = _text_of(prior_report)
    form = templates.template(_text_of(template)) if template else None
    loaded = wiring.load_trained(settings["model"], settings["precision"])
    tell_precision(settings, loaded)
    study = wiring.read(input, settings, kind)
    case = Case(
        study, _given(history), prior=wiring.read(prior, settings, kind) if prior else None,
        indication=_given(indication), prior_report=earlier,
    )  # fmt: skip
    options = {
        "format": formats, "model": Path(settings["model"]).name, "history": bool(case.history),
        "indication": bool(case.indication), "prior_report": bool(earlier),
        "prior": case.prior.uid if case.prior else "",
    }  # fmt: skip
    letters = _letters(study)
    done = wiring.report(case, output, loaded, formats, options, form)
    burned = letters()
    if not any(i.modality for i in study.images):
        print("warning: the file does not say its modality; --modality can.", file=sys.stderr)
    if json:
        print_json({
            "abstained": done.draft.abstained, "why": done.draft.why,
            "flags": [asdict(f) for f in done.draft.flags],
            "written": {k: str(v) for k, v in done.written.items()},
            "left_out": [p.to_dict() for p in unnamed(done.left_out)],
            "burned_in": None if burned is None else told(burned),
        })  # fmt: skip
    else:
        _print_draft(done.draft)
        if burned:
            print("\nBURNED INTO THE PICTURES (top,left,height,width)", *in_lines(burned), sep="\n")
        print(f"\nWritten to {output}: {', '.join(p.name for p in done.written.values())}")
    left_out(done.left_out)


def _letters(study: Any) -> Callable[[], tuple[Burned, ...] | None]:
    """Begins to read what is burned into the pictures, while the draft is made; what is returned
    waits. None where nobody can read."""
    from concurrent.futures import ThreadPoolExecutor

    from radgloss import wiring

    pool = ThreadPoolExecutor(1)
    begun = pool.submit(wiring.burned_in, study, True)
    pool.shutdown(wait=False)

    def wait() -> tuple[Burned, ...] | None:
        try:
            return begun.result()
        except InputRejected as problem:  # the draft is good without it
            print(f"warning: {problem}", file=sys.stderr)
            return None

    return wait


def _formats(listed: str) -> list[str]:
    from radgloss.exchange.files import FILES

    asked = [f.strip() for f in listed.split(",") if f.strip()]
    if unknown := [f for f in asked if f not in FILES] or ([] if asked else [listed]):
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(FILES)}.",
                                 param_hint="--format")  # fmt: skip
    return list(dict.fromkeys(asked))


def _text_of(file: Path | None) -> str:
    return text_of(file) if file else ""


def _given(given: str) -> str:
    """The text itself, or the content of the file that it names."""
    try:
        named = Path(given).is_file()
    except (OSError, ValueError):  # too long for a path: it is the text
        named = False
    return text_of(Path(given)) if given and named else given


def _print_draft(draft: Any) -> None:
    from radgloss.exchange.words import told_flags

    print("AI DRAFT - unverified - research use only\n")
    for section in ("technique", "comparison", "findings", "impression"):
        if text := draft.text(section):
            print(f"{section.upper()}\n{text}\n")
    if draft.not_assessed:
        print(f"NOT ASSESSED\n{', '.join(draft.not_assessed)}")
    if draft.flags:
        print("\nTO BE LOOKED AT AGAIN")
    for found, numbers in told_flags(draft):
        where = f" (sentence {', '.join(str(n + 1) for n in numbers)})" if numbers else ""
        print(f"{found}{where}")


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
    bank: Annotated[
        Path | None, typer.Option(help="Your own prompts, JSON (docs/label.md).", parser=path)
    ] = None,
    probe: Annotated[
        Path | None, typer.Option(help="A file of `radgloss probe`.", parser=path)
    ] = None,
    sets: Annotated[float | None, typer.Option(min=0, max=1, help=SETS)] = None,
    vocabulary: VocabularyFile = None,
    source: VocabularySource = None,
    modality: Modality = "",
    model: ModelName = None,
    precision: PrecisionName = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Zero-shot labels: a probability, or an abstention and its reason.

    A bank's sentences replace the model's own; no calibration belongs to them, so such a label
    abstains and gives its log-odds.
    """
    settings = settings_of(model=model, workers=workers, precision=precision)
    from radgloss import wiring
    from radgloss.engine.probe_file import read_probe
    from radgloss.text.banks import read_banks

    kind = modality_of(modality)
    if output:
        check_file(output)
    asked = list(name or [])
    if labels:
        asked += lines(labels)
    if bank and probe:
        raise typer.BadParameter("--bank and --probe exclude each other (radgloss probe --bank).")
    own = read_banks(bank) if bank else None
    fitted = read_probe(probe) if probe else None
    known = called_in(vocabulary, asked, source)
    loaded = wiring.load(settings["model"], precision=settings["precision"])
    tell_precision(settings, loaded)
    studies = wiring.each_study(input, settings, modality=kind)
    rows: list[dict[str, Any]] = []
    problems: list[InputRejected] = []
    for row in wiring.label_rows(studies, asked, loaded, own, sets, known, fitted):
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
        print_json(rows)
    elif not output:
        shown = ("study", "label", "probability", *(["logit"] if own else []))
        remaining = ("remaining",) if sets is not None else ()
        table([{k: _cell(v) for k, v in row.items()} for row in rows],
              (*shown, *remaining, "why"))  # fmt: skip
        if own:
            print(f"\nIn the words of {own}, for which no calibration was fitted.")
        if sets is not None:
            print(f"\n{SETS_MEAN.format(sets)}")
    left_out(problems)


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    import csv
    import io

    from radgloss import disk

    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["study"])
    writer.writeheader()
    writer.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
    disk.write(path, text.getvalue())


def _cell(value: Any) -> Any:
    """A set of states in one cell: "absent or present", "neither"; empty where there is none."""
    if value is None:
        return ""
    return (" or ".join(value) or "neither") if isinstance(value, list) else value
