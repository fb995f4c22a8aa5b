"""Search at 100,000 vectors: our index, plain faiss flat, and numpy, side by side in one run.

    .venv/bin/python benchmarks/index.py [--rows 100000] [--widths 128 512] [--write]

Vectors: 2,000 clusters with noise, unit length, fixed seed; queries are other draws from the same
clusters, so that no query is stored. Every contender runs in a process of its own, so that its
peak memory is its own (Linux; counted from when the vectors exist). Recall is against faiss flat.
`--write` puts the table into results/."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from radgloss.index import Index
from radgloss.types import Embedding

Array = npt.NDArray[np.float32]
SPACE, K, QUERIES = "benchmark", 10, 1_000
CONTENDERS = ("ours", "ours, one field filtered", "faiss flat", "numpy")


def vectors(rows: int, width: int) -> tuple[Array, Array]:
    """(rows, width) stored and (QUERIES, width) asked, unit length."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((2_000, width), np.float32)

    def draw(n: int) -> Array:
        x = centres[rng.integers(0, 2_000, n)] + 0.7 * rng.standard_normal((n, width), np.float32)
        return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)

    return draw(rows), draw(QUERIES)


def rate(act: Callable[[int], object], most: int, seconds: float = 3.0) -> float:
    """Calls of act(0), act(1), … a second, after one to warm up."""
    act(0)
    start, done = time.perf_counter(), 0
    while done < most and time.perf_counter() - start < seconds:
        act(done)
        done += 1
    return done / (time.perf_counter() - start)


def ours(x: Array, q: Array, folder: Path, where: str | None) -> dict[str, object]:
    """Build, open, one query at a time, all at once, and the uids found."""
    start = time.perf_counter()
    index = Index.create(folder, SPACE, x.shape[1])
    for at in range(0, len(x), 20_000):
        n = range(at, min(at + 20_000, len(x)))
        fields = [{"modality": "CR" if i % 2 else "CT"} for i in n]
        texts = ["No pleural effusion. No pneumothorax."] * len(n)
        index.add([str(i) for i in n], x[at : n.stop], texts, fields)
    built = time.perf_counter() - start
    start = time.perf_counter()
    index = Index.open(folder)
    opened = time.perf_counter() - start
    asked = [Embedding(v, SPACE) for v in q]
    one = rate(lambda i: index.search(asked[i], K, where), len(asked))
    many = rate(lambda i: index.search_many(asked, K, where), 5) * len(asked)
    found = [[int(h.uid) for h in hits] for hits in index.search_many(asked, K, where)]
    size = sum(p.stat().st_size for p in folder.iterdir())
    return {
        "build": built,
        "open": opened,
        "one": one,
        "many": many,
        "found": found,
        "disk": size,
        "told": index.recall,
    }


def flat(x: Array, q: Array) -> dict[str, object]:
    """faiss.IndexFlatIP in memory, as it comes."""
    start = time.perf_counter()
    index = faiss.IndexFlatIP(x.shape[1])
    index.add(x)
    built = time.perf_counter() - start
    one = rate(lambda i: index.search(q[i : i + 1], K), len(q))
    many = rate(lambda i: index.search(q, K), 5) * len(q)
    return {"build": built, "one": one, "many": many, "found": index.search(q, K)[1].tolist()}


def plain(x: Array, q: Array) -> dict[str, object]:
    """One matrix product, argpartition, sort."""

    def best(queries: Array) -> list[list[int]]:
        scores = queries @ x.T
        top = np.argpartition(-scores, K, axis=1)[:, :K]
        order = np.take_along_axis(-scores, top, 1).argsort(axis=1)
        found: list[list[int]] = np.take_along_axis(top, order, 1).tolist()
        return found

    def all_of_them(_: int) -> list[list[int]]:
        return [row for at in range(0, len(q), 100) for row in best(q[at : at + 100])]

    one = rate(lambda i: best(q[i : i + 1]), len(q))
    return {"one": one, "many": rate(all_of_them, 2) * len(q), "found": all_of_them(0)}


def resident(line: str) -> int:
    """Resident bytes of this process: VmRSS now, VmHWM at most."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(s.split()[1]) * 1024 for s in status if s.startswith(line))


def contender(name: str, rows: int, width: int) -> dict[str, object]:
    """One contender's figures, and the peak memory of this process."""
    x, q = vectors(rows, width)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    if name == "faiss flat":
        figures = flat(x, q)
    elif name == "numpy":
        figures = plain(x, q)
    else:
        with tempfile.TemporaryDirectory() as folder:
            where = "modality=CR" if "filtered" in name else None
            figures = ours(x, q, Path(folder) / "index", where)
    return figures | {"memory": resident("VmHWM") - before}


def measured(name: str, rows: int, width: int) -> dict[str, object]:
    """The same, in a process of its own."""
    command = [sys.executable, __file__, "--rows", str(rows), "--one", name, str(width)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, object] = json.loads(done.stdout)
    return result


def recall(found: list[list[int]], truth: list[list[int]]) -> float:
    """Share of the true ten that were found."""
    return float(np.mean([len(set(f) & set(t)) / K for f, t in zip(found, truth, strict=True)]))


def filtered_truth(rows: int, width: int) -> list[list[int]]:
    """Exact answers among the odd rows, which are the ones that the filter keeps."""
    x, q = vectors(rows, width)
    numbers = faiss.knn(q, np.ascontiguousarray(x[1::2]), K, faiss.METRIC_INNER_PRODUCT)[1]
    truth: list[list[int]] = (2 * numbers + 1).tolist()
    return truth


def table(rows: int, width: int) -> list[str]:
    """One width's table in Markdown."""
    results = {name: measured(name, rows, width) for name in CONTENDERS}
    base = results["faiss flat"]
    lines = [
        f"\n## {rows:,} × {width}, {QUERIES:,} queries, k = {K}\n",
        "| | build s | open s | queries/s, one by one | × flat | queries/s, all at once | × flat "
        "| recall@10 | peak memory over the vectors, MB | on disk, MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, r in results.items():
        truth = filtered_truth(rows, width) if "filtered" in name else base["found"]
        cells = [
            name,
            f"{r['build']:.2f}" if "build" in r else "",
            f"{r['open']:.2f}" if "open" in r else "",
            f"{r['one']:,.0f}",
            f"{r['one'] / base['one']:.2f}",  # type: ignore[operator]
            f"{r['many']:,.0f}",
            f"{r['many'] / base['many']:.2f}",  # type: ignore[operator]
            f"{recall(r['found'], truth):.3f}",  # type: ignore[arg-type]
            f"{r['memory'] / 1e6:,.0f}",  # type: ignore[operator]
            f"{r['disk'] / 1e6:,.0f}" if "disk" in r else "",  # type: ignore[operator]
        ]
        lines.append("| " + " | ".join(cells) + " |")
    told = results["ours"]["told"]
    return [*lines, f"\nRecall that our index reports of itself: {told:.3f}."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--widths", type=int, nargs="+", default=[128, 512])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "WIDTH"), help="a contender, as JSON")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(contender(options.one[0], options.rows, int(options.one[1]))))
        return
    now = datetime.now(UTC)
    threads = os.environ.get("OMP_NUM_THREADS", f"all of {os.cpu_count()}")
    lines = [
        f"# Index, {now:%Y-%m-%d}\n",
        f"`benchmarks/index.py`, Python {platform.python_version()}, faiss {faiss.__version__}, "
        f"numpy {np.__version__}, {os.cpu_count()} cores, OMP_NUM_THREADS: {threads}, "
        f"load average at the start {os.getloadavg()[0]:.1f}. Absolute figures vary with the "
        "machine and its load, and so do ratios where the load changed within the run. "
        "Memory counts the mapped pages of our files, which the system "
        "may take back; the vectors that every contender holds are not counted.",
    ]
    for width in options.widths:
        lines += table(options.rows, width)
    text = "\n".join(lines) + "\n"
    print(text)
    if options.write:
        out = Path(__file__).parent / "results" / f"index-{now:%Y-%m-%d}.md"
        out.parent.mkdir(exist_ok=True)
        out.write_text(text)


if __name__ == "__main__":
    main()
