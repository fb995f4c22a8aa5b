"""What the functions of this room may be given: checked once, in one place, with one wording.

Shapes: n studies · K classes · D features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = [
    "Bools",
    "Floats",
    "Ints",
    "binary",
    "probabilities",
    "scores",
    "shares",
    "stacked",
    "vector",
    "whole",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]


def scores(given: npt.ArrayLike, columns: int | None = None, what: str = "scores") -> Floats:
    """(n, K) finite numbers, at least one row; ValueError otherwise."""
    rows = np.asarray(given, np.float64)
    if rows.ndim != 2 or not rows.size:
        raise ValueError(f"{what} of shape {rows.shape}; wanted (studies, columns), one at least")
    if columns is not None and rows.shape[1] != columns:
        raise ValueError(f"{what} with {rows.shape[1]} columns; wanted {columns}")
    if not np.isfinite(rows).all():
        raise ValueError(f"{what} that are not finite; wanted numbers")
    return rows


def vector(given: npt.ArrayLike, n: int | None = None, what: str = "scores") -> Floats:
    """(n,) finite numbers, at least one; ValueError otherwise."""
    values = np.asarray(given, np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"{what} of shape {values.shape}; wanted a list of numbers, one at least")
    if n is not None and len(values) != n:
        raise ValueError(f"{len(values)} {what} for {n} rows; wanted one each")
    if not np.isfinite(values).all():
        raise ValueError(f"{what} that are not finite; wanted numbers")
    return values


def probabilities(given: npt.ArrayLike, columns: int | None = None) -> Floats:
    """(n, K) rows of probabilities that sum to 1; ValueError otherwise."""
    p = scores(given, columns, "probabilities")
    if (p < 0).any() or np.abs(p.sum(axis=1) - 1).max() > 1e-4:
        raise ValueError("rows that are no probabilities; wanted values of 0 to 1 that sum to 1")
    return p


def whole(truth: npt.ArrayLike, rows: npt.NDArray[np.generic]) -> Ints:
    """(n,) class numbers for the rows of an (n, K); ValueError otherwise."""
    true = np.asarray(truth)
    if true.shape != (len(rows),):
        raise ValueError(f"truth of shape {true.shape} for {len(rows)} studies; wanted one each")
    if true.dtype.kind not in "iub":
        raise ValueError(f"truth of type {true.dtype}; wanted class numbers")
    if len(true) and (true.min() < 0 or true.max() >= rows.shape[1]):
        raise ValueError(f"class {int(true.max())} or {int(true.min())}; wanted 0 to "
                         f"{rows.shape[1] - 1}")  # fmt: skip
    return true.astype(np.intp)


def binary(truth: npt.ArrayLike, n: int, both: bool = True) -> Bools:
    """(n,) of true and false; with `both`, one of each at least; ValueError otherwise."""
    true = np.asarray(truth)
    if true.shape != (n,):
        raise ValueError(f"truth of shape {true.shape} for {n} studies; wanted one each")
    if not np.isin(true, (0, 1)).all():
        raise ValueError("truth with other values than true and false")
    true = true.astype(bool)
    if both and (true.all() or not true.any()):
        raise ValueError(f"{int(true.sum())} positives and {int((~true).sum())} negatives; "
                         "wanted one of each at least")  # fmt: skip
    return true


def shares(**named: float) -> None:
    """ValueError unless each lies between 0 and 1, both left out."""
    for name, value in named.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} {value}; wanted a share between 0 and 1")


def stacked(studies: Sequence[npt.ArrayLike], what: str) -> list[Floats]:
    """Studies as (pictures, D) arrays of one width; ValueError otherwise."""
    rows = [scores(s, what=what) for s in studies]
    if not rows or len({r.shape[1] for r in rows}) != 1:
        raise ValueError(f"{what}: {len(rows)} studies; wanted one at least, all of one width")
    return rows
