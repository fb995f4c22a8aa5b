"""Writes docs/commands.md from the command line's own help and docs/systems.md from the figures in
benchmarks/results, and checks every link in the pages.

python docs/make.py            # or: make docs
python docs/make.py --check    # says what is stale or broken, changes nothing"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import typer
from typer.core import TyperGroup

from radgloss.cli import app
from radgloss.systems import SYSTEMS
from radgloss.systems.ideas import page as ideas
from radgloss.systems.ideas import prove
from radgloss.systems.ideas.ways import WAYS

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))]


def commands() -> str:
    """Every command with its options, from the code itself."""
    lines = ["# Commands", "", "Made by `make docs` from the program's own help.", ""]
    for name, command in _walk(typer.main.get_command(app), "radgloss"):
        lines += [f"## `{name}`", "", " ".join((command.help or "").split()), ""]
        options = [p for p in command.params if p.name != "help"]
        if options:
            lines += ["| option | meaning |", "|---|---|"]
            lines += [f"| `{_names(p)}` | {_meaning(p)} |" for p in options]
            lines.append("")
    return "\n".join(lines)


def _walk(command, name):
    if isinstance(command, TyperGroup):
        for word, inner in command.commands.items():
            yield from _walk(inner, f"{name} {word}")
    else:
        yield name, command


def _names(parameter) -> str:
    if parameter.param_type_name == "argument":
        return parameter.name.upper()
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def _meaning(parameter) -> str:
    text = getattr(parameter, "help", None) or ""
    default = parameter.default
    if default not in (None, "", False, ()) and not callable(default) and not parameter.required:
        text += f" Default: {default}."
    return text.replace("|", "\\|")


FOREWORD = """# Systems: does each idea earn its place?

Made by `make docs` from `benchmarks/results/systems.jsonl`, which `radgloss bench systems` wrote.

Each system of the primer is trained with the idea that defines it and without it, on the same
simulated patients, by the same steps, several seeds. The measure a row is judged by was chosen
beforehand for what its idea promises; the other figures stand beside it. A difference is that of
arms of one seed, its interval Student's over seeds: with three of them it is wide, and where it
holds zero no difference was shown, which is a result as well. Networks are small and see 64 × 64
pixels for minutes: the rows are to be compared with their own arms and not with each other, nor
with what the papers report. Some rows compare ways of using one trained space rather than
trainings: there the space is the same in every arm of a seed.
"""


def systems() -> str:
    """Every recipe, and every row with what was measured of it."""
    lines = prove.read(ROOT / "benchmarks" / "results" / "systems.jsonl")
    about = ""
    if lines:
        studies, dates = lines[-1]["studies"], sorted({x["date"] for x in lines})
        when = f"on {dates[0]}" if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        seeds = len({x["seed"] for x in lines})
        many = "one seed" if seeds == 1 else f"up to {seeds} seeds"
        about = (
            f"\nMeasured {when}, {many}, trained on "
            f"{studies['train']:,} studies and judged on {studies['test']:,} of other patients.\n"
        )
    named = ["## Recipes", "", "| name | what it is |", "|---|---|"]
    named += [
        f"| `{n}` | {(r.__doc__ or '').strip().splitlines()[0]} |" for n, r in SYSTEMS.items()
    ]
    named += [
        "",
        "## Ways of using one space",
        "",
        "| name | space | what it is |",
        "|---|---|---|",
    ]
    named += [f"| `{n}` | `{way.base}` | {way.what} |" for n, way in WAYS.items()]
    return "\n".join([FOREWORD + about, ideas.markdown(lines), *named, ""])


def broken_links() -> list[str]:
    """Relative links that lead nowhere."""
    found = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                found.append(f"{page.name}: {target}")
    return found


def main() -> int:
    made = {DOCS / "commands.md": commands(), DOCS / "systems.md": systems()}
    problems = broken_links()
    for one, text in made.items():
        if "--check" not in sys.argv:
            one.write_text(text, "utf-8")
        elif not one.is_file() or one.read_text("utf-8") != text:
            problems.append(f"docs/{one.name} is stale; run `make docs`")
    print("\n".join(problems) or "documentation is in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
