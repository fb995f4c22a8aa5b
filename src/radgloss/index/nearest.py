"""Nearest vectors by cosine: exact over the mapped file, inverted lists once it is large.

faiss finds candidates; their scores are then taken again in double precision, so that equal
vectors score equally wherever they lie, and ties can be broken by uid.
Shapes: Q queries · N rows · D width · C candidates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from radgloss.index.files import Ivf, Vectors
from radgloss.types import InputRejected

__all__ = [
    "IVF_FROM",
    "RECALL",
    "Numbers",
    "build_ivf",
    "exact",
    "extend_ivf",
    "load_ivf",
    "probe",
    "rescored",
]

IVF_FROM = 50_000  # rows; below, exact search takes milliseconds
RECALL = 0.98

Numbers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Allowed = npt.NDArray[np.bool_]  # (N,)
Found = tuple[Vectors, Numbers]

# In batches of this size and above faiss multiplies matrices by BLAS: twenty times the queries.
faiss.cvar.distance_compute_blas_threshold = 20

_NEAR = 1e-5  # a float32 dot product of unit vectors errs by less


def _selector(allowed: Allowed | None) -> tuple[Bytes | None, faiss.IDSelectorBitmap | None]:
    """faiss's view of which rows may be found, and the bits that it looks at."""
    if allowed is None:
        return None, None
    bits = np.packbits(allowed, bitorder="little")
    return bits, faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))


def _knn(queries: Vectors, vectors: Vectors, count: int, allowed: Allowed | None) -> Found:
    """Scores and row numbers (Q, count), the best first; -1 where there is no more."""
    scores = np.empty((len(queries), count), np.float32)
    numbers = np.empty((len(queries), count), np.int64)
    _bits, selector = _selector(allowed)
    faiss.knn_inner_product(
        faiss.swig_ptr(queries),
        faiss.swig_ptr(vectors),
        queries.shape[1],
        len(queries),
        len(vectors),
        count,
        faiss.swig_ptr(scores),
        faiss.swig_ptr(numbers),
        selector,
    )
    return scores, numbers


def exact(
    queries: Vectors, vectors: Vectors, k: int, allowed: Allowed | None = None
) -> list[Numbers]:
    """For each query (Q, D), the rows that hold the k best and whatever ties with the k-th.

    allowed: (N,) which rows may be found; None: all."""
    available = len(vectors) if allowed is None else int(allowed.sum())
    if not available:
        return [np.empty(0, np.int64) for _ in queries]
    count = min(k + 16, available)
    scores, numbers = _knn(queries, vectors, count, allowed)
    found = list(numbers)
    for i, query in enumerate(queries):  # rarely more than once round
        row, wider = scores[i], count
        while not _complete(row, k, available):
            wider = min(4 * wider, available)
            more = _knn(query[None], vectors, wider, allowed)
            row, found[i] = more[0][0], more[1][0]
    return found


def _complete(found: Vectors, k: int, available: int) -> bool:
    """Do these scores (best first) surely hold every row that ties with the k-th?"""
    return len(found) >= available or bool(found[-1] < found[k - 1] - _NEAR)


def rescored(query: Vectors, vectors: Vectors, numbers: Numbers) -> npt.NDArray[np.float64]:
    """Cosines (C,) of one query (D,) with those rows, in double precision."""
    rows = np.asarray(vectors[numbers], np.float64)
    return np.asarray((rows * query.astype(np.float64)).sum(axis=1))


def build_ivf(name: str, vectors: Vectors, out: Path) -> Ivf:
    """Train an inverted file over all rows and write it to `out`; its description.

    The probes are the fewest, in powers of two, whose measured recall at ten is at least .98 on
    stored vectors and on points between two of them; all lists where nothing less is enough, and
    then it is exact. Raises InputRejected disk-full."""
    rows, width = vectors.shape
    lists = 1 << max(4, round(float(np.log2(2 * np.sqrt(rows)))))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.niter, index.cp.seed, index.cp.max_points_per_centroid = 8, 1234, 64
    index.train(np.asarray(vectors))
    return _filled(index, Ivf(name, 0, rows, lists, 1, 0.0), vectors, out)


def extend_ivf(folder: Path, ivf: Ivf, name: str, vectors: Vectors, out: Path) -> Ivf:
    """The same lists with the rows that came since; the probes are chosen anew."""
    return _filled(load_ivf(folder, ivf), replace(ivf, file=name), vectors, out)


def _filled(index: faiss.Index, ivf: Ivf, vectors: Vectors, out: Path) -> Ivf:
    for start in range(ivf.rows, len(vectors), 1 << 16):
        index.add(np.asarray(vectors[start : start + (1 << 16)]))
    probes, recall = _choose_probes(index, vectors, ivf.lists)
    try:
        faiss.write_index(index, str(out))
    except RuntimeError:  # all that faiss says of a failed write
        found, do = "a write that failed", "Free some space; the index answers without it."
        raise InputRejected("disk-full", out.name, found, "room on the disk", do) from None
    return replace(ivf, rows=len(vectors), probes=probes, recall=recall)


def _trials(vectors: Vectors) -> Iterator[Vectors]:
    rng = np.random.default_rng(7)
    picked = rng.integers(0, len(vectors), (2, 128))
    yield np.asarray(vectors[picked[0]])
    between = vectors[picked[0]] + vectors[picked[1]]
    length = np.linalg.norm(between, axis=1, keepdims=True)
    yield (between / np.maximum(length, 1e-6)).astype(np.float32)


def _choose_probes(index: faiss.Index, vectors: Vectors, lists: int) -> tuple[int, float]:
    trials = list(_trials(vectors))
    truths = [_knn(trial, vectors, 10, None)[1] for trial in trials]
    probes = 1
    while True:
        recall = min(
            float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(t, f, strict=True)]))
            for t, f in zip(
                truths, (probe(index, x, 10, probes, None) for x in trials), strict=True
            )
        )
        if recall >= RECALL or probes >= lists:
            return probes, recall
        probes = min(2 * probes, lists)


def load_ivf(folder: Path, ivf: Ivf) -> faiss.Index:
    """The inverted file as it was written; its bytes have been checked by `files.load`."""
    return faiss.read_index(str(folder / ivf.file))


def probe(
    index: faiss.Index, queries: Vectors, count: int, probes: int, allowed: Allowed | None
) -> Numbers:
    """Row numbers (Q, count) found in that many lists, only among `allowed` where given."""
    parameters = faiss.SearchParametersIVF()
    parameters.nprobe = probes
    _bits, selector = _selector(allowed)  # faiss borrows both: our names keep them alive
    parameters.sel = selector
    numbers: Numbers = index.search(queries, count, params=parameters)[1]
    return numbers
