"""What a phantom costs: CPU seconds and memory, and patients a minute in parallel.

    python benchmarks/phantom.py [-n 8] [-o benchmarks/results/phantom-DATE.md]

The claim, on one core: at most 1.5 CPU seconds for a CT of 96 x 192 x 192, 0.5 for a film of 512 x
512, cost linear in patients, under 1 GB a worker; two processes at least 1.8 times as fast as one.
A patient is more than one picture: words, the exact posterior, all phases, and often a prior study.
"""

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from radgloss.data import phantom
from radgloss.data.phantom.imaging import examine

ONE_PICTURE = {  # a study of one series: what the claim is about
    "CT 96 x 192 x 192": ("ct-abdomen", {"phases": ("portal venous",), "slice_mm": 5.0}),
    "film 512 x 512, PA": ("xr-chest", {"views": ("PA",)}),
    "film 512 x 512, AP": ("xr-chest", {"views": ("AP",)}),
    "MR 40 x 160 x 192, T2": ("mr-abdomen", {"sequences": ("T2",)}),
}


def picture(exam: str, how: dict[str, Any], n: int) -> dict[str, Any]:
    """CPU seconds of the pictures alone, n patients."""
    spent, shape = [], ()
    for seed in range(n + 1):
        patient = phantom.draw(seed, exam)
        patient = replace(patient, acquisition=replace(patient.acquisition, **how))
        start = time.process_time()
        imaged = examine(patient)
        spent.append(time.process_time() - start)
        shape = imaged.images[0].pixels.shape
    return {"median_s": round(median(spent[1:]), 3), "max_s": round(max(spent[1:]), 3),
            "shape": shape}  # fmt: skip


def patients(exam: str, n: int, first: int) -> dict[str, Any]:
    """CPU seconds of whole patients and of their folders, label maps as Segmentation included.

    The peak is that of the process, so every exam has its own."""
    made, written, images = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + n):
            start = time.process_time()
            whole = phantom.make(seed, exam)
            made.append(time.process_time() - start)
            start = time.process_time()
            phantom.write(whole, Path(folder) / str(seed))
            written.append(time.process_time() - start)
            images.append(len(whole.study.images) + len(whole.prior.study.images if whole.prior
                                                        else ()))  # fmt: skip
    return {
        "make_median_s": round(median(made), 2),
        "make_max_s": round(max(made), 2),
        "write_median_s": round(median(written), 2),
        "images": round(sum(images) / n, 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def alone(exam: str, n: int, first: int) -> dict[str, Any]:
    """`patients` in a process that has made nothing else."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(patients, exam, n, first).result()


def grown(n: int) -> dict[int, float]:
    """CPU seconds of a film's patient where n, 2 n and 4 n are made and written one after another.

    Of a cost that is linear in patients, the same figure thrice."""
    found = {}
    for times in (1, 2, 4):
        with tempfile.TemporaryDirectory() as folder:
            jobs = [phantom.Job(k, "xr-chest") for k in range(n)] * times
            start = time.process_time()
            for k, job in enumerate(jobs):
                phantom.write(phantom.make(job.seed, job.exam), Path(folder) / str(k))
            found[n * times] = round((time.process_time() - start) / len(jobs), 3)
    return found


def throughput(n: int, workers: int) -> float:
    """Patients a minute by the wall clock, MR and film in turn, on disk."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = [phantom.Job(k, e) for k in range(n // 2) for e in ("mr-abdomen", "xr-chest")]
        start = time.perf_counter()
        phantom.generate(jobs, Path(folder), workers=workers)
        return 60 * len(jobs) / (time.perf_counter() - start)


def page(result: dict[str, Any]) -> str:
    """The figures as a dated page."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: dict[str, Any]) -> Iterator[str]:
    yield from (f"# Phantom {result['phantom']}, {result['date']}", "")
    yield from (f"{result['machine']}; load {result['load']:.1f}.", "")
    yield from ("| one picture | CPU seconds, median | largest |", "|---|---|---|")
    for name, c in result["pictures"].items():
        yield f"| {name} | {c['median_s']} | {c['max_s']} |"
    yield from ("", "Whole patients: every series, words, posterior, any prior study.", "")
    yield "| exam | images | make, CPU seconds, median | largest | write, median | peak, MB |"
    yield "|---|---|---|---|---|---|"
    for exam, c in result["patients"].items():
        yield (f"| {exam} | {c['images']} | {c['make_median_s']} | {c['make_max_s']} | "
               f"{c['write_median_s']} | {c['peak_memory_mb']} |")  # fmt: skip
    costs = ", ".join(f"{s:.2f} s where {n} are made" for n, s in result["grown"].items())
    yield from ("", f"CPU seconds of one chest patient, the same patients again: {costs}.")
    one, two = result["a_minute"].values()
    yield from ("", "The peak is of a process of its own for each exam.")
    yield (f"Patients a minute, MR and film in turn, start of the processes included: {one:.1f} "
           f"with one, {two:.1f} with two ({two / one:.2f} times).")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=8, help="patients of each kind")
    parser.add_argument("-o", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "phantom": phantom.VERSION,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', '')}",
        "load": os.getloadavg()[0],
        "pictures": {k: picture(e, how, options.n) for k, (e, how) in ONE_PICTURE.items()},
        "patients": {
            e: alone(e, options.n, 2_000_000 if e == "ct-head" else 0) for e in phantom.EXAMS
        },
        "grown": grown(options.n),
        "a_minute": {w: throughput(6 * options.n, w) for w in (1, 2)},
    }
    print(json.dumps(result, indent=1))
    if options.o:
        options.o.write_text(page(result), encoding="utf-8")


if __name__ == "__main__":
    main()
