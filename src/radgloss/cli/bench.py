"""`radgloss bench`: suites that judge a model. Words in, wiring called, a table out."""

from __future__ import annotations

import json as json_module
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from radgloss.cli.common import PrecisionName

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["Bars", "bench"]

MOST = 8  # processes, unless more are asked for: each holds a body in memory
UNITS = {"making": "patient", "asking": "patient", "scoring": "column", "arms": "arm"}
bench = typer.Typer(help="Suites that judge a model, ours or any other.", no_args_is_help=True)


@bench.callback()
def _bench() -> None:
    """Suites that judge a model, ours or any other."""


@bench.command("phantom")
def phantom(
    model: Annotated[
        str | None,
        typer.Option(help="A shipped name, a checkpoint folder, or package.module:factory."),
    ] = None,
    quick: Annotated[bool, typer.Option(help="Few patients: wide intervals, two minutes.")] = False,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for phantom.json, .md and .html.")
    ] = Path("bench-output"),
    data: Annotated[
        Path | None,
        typer.Option(help="Where patients are kept. Default: under RADGLOSS_HOME/bench."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that make patients. Default: one a core.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The first test seed, instead of 2500000.")
    ] = None,
    exam: Annotated[list[str] | None, typer.Option(help="Only this; repeatable.")] = None,
    precision: PrecisionName = None,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """PhantomBench: what a model knows of simulated patients, beside chance and ceiling.

    Simulated patients prove that machinery is right. They prove nothing about patients.
    """
    from radgloss import wiring
    from radgloss.bench import page
    from radgloss.exchange.files import check_output
    from radgloss.log import configure
    from radgloss.settings import Settings

    settings = Settings({"model": model, "precision": precision})
    configure(str(settings["log_level"]))
    check_output(output)
    busy = workers or min(os.cpu_count() or 1, MOST)
    with Bars() as bars:
        table = wiring.bench_phantom(
            settings["model"], quick, data, busy, seed, exam or (), bars.tell, precision
        )  # fmt: skip
    written = page.save(table, output)
    if json:
        print(json_module.dumps(page.plain(table), ensure_ascii=False, indent=2))
        return
    print(page.text(table))
    print(f"\nEvery line, with intervals: {written['html']} (also {written['markdown'].name}, "
          f"{written['json'].name})")  # fmt: skip


@bench.command("systems")
def systems(
    manifest: Annotated[
        Path, typer.Option("-d", "--data", help="A manifest with train and test, as for `train`.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for arms.jsonl and what is shared.")
    ] = Path("bench-systems"),
    only: Annotated[
        list[str] | None, typer.Option(help="Only this system and its arms; repeatable.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each arm.")] = 3,
    steps: Annotated[int | None, typer.Option(min=1, help="Instead of the recipes' own.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read studies.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Every system with its own idea and without it: does the idea earn its place?

    Each arm is trained anew, minutes on two cores, and writes one line at once; a run that was
    ended goes on at the next arm when the same command is given again. All of them take hours."""
    from radgloss import wiring
    from radgloss.cli.common import table
    from radgloss.log import configure
    from radgloss.settings import Settings
    from radgloss.systems.ideas import page, prove

    configure(str(Settings()["log_level"]))
    names = tuple(only or ())
    with Bars() as bars:
        lines = wiring.bench_systems(manifest, output, names, seeds, steps, workers, bars.tell)
    (output / "systems.md").write_text(page.markdown(lines), encoding="utf-8")
    rows = page.plain(lines, names)
    if json:
        print(json_module.dumps(rows, ensure_ascii=False, indent=2))
        return
    table(rows, ("system", "measure", "with", "without", "difference", "shown"))
    print(f"\nEvery figure: {output / prove.LINES}; the page: {output / 'systems.md'}")


class Bars:
    """A bar for each stage, on a terminal only."""

    def __enter__(self) -> Bars:
        self._bars: dict[str, tqdm[Any]] = {}
        return self

    def __exit__(self, *problem: object) -> None:
        for bar in self._bars.values():
            bar.close()

    def tell(self, stage: str, done: int, total: int) -> None:
        """So many of them are done."""
        from tqdm import tqdm

        if stage not in self._bars:
            self._bars[stage] = tqdm(
                total=total, desc=stage, unit=UNITS.get(stage, "study"), file=sys.stderr,
                position=len(self._bars), disable=not sys.stderr.isatty(),
            )  # fmt: skip
        bar = self._bars[stage]
        bar.update(done - bar.n)
