"""How long `radgloss --help` takes, beside an empty Python and one that imports torch.

    python benchmarks/startup.py

Whole processes, interleaved, medians. Writes benchmarks/results/startup-DATE.md."""

from __future__ import annotations

import statistics
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

RUNS = 15
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "radgloss --help": [sys.executable, "-m", "radgloss", "--help"],
    "python -c 'import torch'": [sys.executable, "-c", "import torch"],
}


def seconds(command: list[str]) -> float:
    began = perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return perf_counter() - began


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        seconds(command)  # warm the file cache
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    base = statistics.median(times["python -c pass"])
    day = datetime.now(UTC).date().isoformat()
    lines = [f"# Start-up, {day}", "", f"Medians of {RUNS} interleaved whole processes.", "",
             "| command | s (min–max) | beyond an empty Python |", "|---|---|---|"]  # fmt: skip
    for name, values in times.items():
        middle = statistics.median(values)
        spread = f"{min(values):.3f}–{max(values):.3f}"
        lines.append(f"| `{name}` | {middle:.3f} ({spread}) | {middle - base:+.3f} |")
    text = "\n".join(lines) + "\n"
    out = Path(__file__).parent / "results" / f"startup-{day}.md"
    out.parent.mkdir(exist_ok=True)
    out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
