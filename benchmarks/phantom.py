"""What a phantom costs: CPU seconds and memory for each exam, and patients a minute in parallel.

    python benchmarks/phantom.py [-n 10] [-o benchmarks/results/phantom-DATE.md]

The claim: at most 1.0 CPU second for a CT, 0.5 for a film, under 1 GB, on one core."""

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from radgloss.data import phantom


def cost(exam: str, n: int) -> dict[str, float]:
    """Median and largest CPU seconds of `make`, and median of `write`."""
    phantom.make(0, exam)  # tables that are made once
    made, written = [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, n + 1):
            start = time.process_time()
            patient = phantom.make(seed, exam)
            made.append(time.process_time() - start)
            start = time.process_time()
            phantom.write(patient, Path(folder) / str(seed))
            written.append(time.process_time() - start)
    return {
        "make_median_s": round(median(made), 3),
        "make_max_s": round(max(made), 3),
        "write_median_s": round(median(written), 3),
    }


def throughput(n: int, workers: int) -> float:
    """Studies a minute, CT and film in turn, written to disk."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        phantom.generate(n, Path(folder), seed=1000, workers=workers)
        return round(60 * n / (time.perf_counter() - start), 1)


def page(result: dict[str, Any]) -> str:
    """The figures as a dated page."""
    rows = [
        f"| {exam} | {c['make_median_s']} | {c['make_max_s']} | {c['write_median_s']} |"
        for exam, c in ((exam, result[exam]) for exam in phantom.EXAMS)
    ]
    speeds = ", ".join(f"{n} ({w})" for w, n in result["studies_a_minute"].items())
    return "\n".join(
        [
            f"# Phantom {result['phantom']}, {result['date']}",
            "",
            f"{result['machine']}. CPU seconds of one process, libraries loaded.",
            "",
            "| exam | make, median | make, largest | write, median |",
            "|---|---|---|---|",
            *rows,
            "",
            f"Peak memory {result['peak_memory_mb']} MB.",
            "Studies a minute by the wall clock, CT and film in turn, under the load of "
            "that moment "
            f"({result['load']:.1f}): {speeds}.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10)
    parser.add_argument("-o", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "phantom": phantom.VERSION,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', '')}",
    }
    for exam in phantom.EXAMS:
        result[exam] = cost(exam, options.n)
    result["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    result["studies_a_minute"] = {
        f"{w} processes": throughput(4 * options.n, w) for w in (1, os.cpu_count() or 1)
    }
    result["load"] = os.getloadavg()[0]
    text = json.dumps(result, indent=1)
    print(text)
    if options.o:
        options.o.write_text(page(result), encoding="utf-8")


if __name__ == "__main__":
    main()
