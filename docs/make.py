"""Writes docs/commands.md from the command line's own help, and checks every link in the pages.

python docs/make.py            # or: make docs
python docs/make.py --check    # says what is stale or broken, changes nothing"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import typer
from typer.core import TyperGroup

from radgloss.cli import app

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


def broken_links() -> list[str]:
    """Relative links that lead nowhere."""
    found = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                found.append(f"{page.name}: {target}")
    return found


def main() -> int:
    page, text = DOCS / "commands.md", commands()
    problems = broken_links()
    if "--check" in sys.argv:
        if not page.is_file() or page.read_text("utf-8") != text:
            problems.append("docs/commands.md is stale; run `make docs`")
    else:
        page.write_text(text, "utf-8")
    print("\n".join(problems) or "documentation is in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
