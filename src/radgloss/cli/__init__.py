"""The command line: words in, wiring called, words out. It decides nothing.

Exit codes: 0 done · 2 usage · 3 input rejected · 4 done in part, what was left out is listed.
Human text on stdout, `--json` for machines, logs and progress on stderr. Heavy rooms are imported
inside the command that needs them, so that `--help` is quick."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from radgloss import __version__
from radgloss.cli.archive import archive
from radgloss.cli.bench import bench
from radgloss.cli.common import DONE, NOTICE, REJECTED
from radgloss.cli.deid import deid
from radgloss.cli.evaluating import evaluate
from radgloss.cli.export import export
from radgloss.cli.looking import doctor, inspect
from radgloss.cli.monitoring import monitor
from radgloss.cli.pages import demo, serve
from radgloss.cli.precision import precision
from radgloss.cli.probing import probe
from radgloss.cli.scoring import score
from radgloss.cli.searching import ground, index, search
from radgloss.cli.studies import label, report
from radgloss.cli.training import phantom, systems, train
from radgloss.cli.words import bank
from radgloss.errors import InputRejected

__all__ = ["app", "main"]

app = typer.Typer(
    name="radgloss",
    help=f"Connects radiology images and text: a study in, a draft report out.\n\n{NOTICE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    report, label, index, search, ground, inspect, doctor, phantom, systems, train, export,
    precision, deid, serve, demo,
    bank, monitor, probe,
):  # fmt: skip
    app.command()(command)
app.command("eval")(evaluate)
app.command()(score)
app.add_typer(archive, name="archive")
app.add_typer(bench, name="bench")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"radgloss {__version__}")
        raise typer.Exit


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
