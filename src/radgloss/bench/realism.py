"""How like real pictures the phantom's are, by statistics of texture that nobody tuned it for.

Every measure is a bag of numbers per picture. The distance between two bags is the 1-D Wasserstein
distance (the mean shift that turns one into the other, in the measure's own unit), and beside it
stands the distance between two halves of the *real* pictures: a phantom at that distance could not
be told from more of the same. A real set of one examination has halves of one patient, so its
reference is a lower bound, and the page says so.

Noise power spectrum: NPS(u, v) = dx dy / (Nx Ny) <|DFT of the detrended patch|²> (ICRU Report 87,
Eq. 4.3). Shapes: F frames · R rows · C columns · P patches of N × N pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

__all__ = [
    "Row",
    "bias_amplitude",
    "compare",
    "gradients",
    "nps",
    "page",
    "patches",
    "power",
    "radial",
    "spectral_slope",
    "table",
    "values_by_organ",
    "wasserstein",
]

F64 = npt.NDArray[np.float64]
MOST = 20_000  # numbers of one picture that a comparison looks at
ROUNDS = 20  # random halves of the real set


# ------------------------------------------------------------------ measures of one picture


def power(image: npt.ArrayLike) -> F64:
    """Periodogram of a picture (..., R, C): its sum is the variance (Parseval).

    >>> x = np.random.default_rng(0).normal(0, 2, (32, 32))
    >>> bool(np.isclose(power(x).sum(), x.var()))
    True
    """
    x = np.asarray(image, float)
    x = x - x.mean(axis=(-2, -1), keepdims=True)
    return np.abs(np.fft.fft2(x)) ** 2 / (x.shape[-1] * x.shape[-2]) ** 2


def nps(flat: npt.ArrayLike, spacing: tuple[float, float]) -> F64:
    """(N, N) noise power spectrum of patches (P, N, N), in squared units times mm².

    Each patch is freed of its mean. spacing: mm between rows and columns."""
    x = np.asarray(flat, float)
    area = spacing[0] * spacing[1] * x.shape[-1] * x.shape[-2]
    return power(x).mean(axis=0) * area


def radial(
    spectrum: npt.ArrayLike, spacing: tuple[float, float] = (1.0, 1.0), bins: int = 16
) -> tuple[F64, F64]:
    """(bins,) spatial frequency, and the mean of a spectrum (R, C) in rings up to Nyquist.

    Frequencies are 1/mm where spacing is in mm, cycles a pixel where it is 1. The mean itself (zero
    frequency) is left out; an empty ring is NaN."""
    s = np.asarray(spectrum, float)
    v = np.fft.fftfreq(s.shape[0], spacing[0])[:, None]
    u = np.fft.fftfreq(s.shape[1], spacing[1])[None]
    f = np.hypot(u, v)
    edges = np.linspace(0, 0.5 / max(spacing), bins + 1)
    ring = np.digitize(f, edges) - 1
    ring[0, 0] = -1
    ok = (ring >= 0) & (ring < bins)
    count = np.bincount(ring[ok], minlength=bins)
    total = np.bincount(ring[ok], s[ok], minlength=bins)
    mean = np.divide(total, count, out=np.full(bins, np.nan), where=count > 0)
    return (edges[:-1] + edges[1:]) / 2, mean


def spectral_slope(image: npt.ArrayLike) -> float:
    """Exponent b of power ~ frequency^-b over the middle frequencies; about 2 to 3 in anatomy."""
    x = np.asarray(image, float)
    window = np.hanning(x.shape[0])[:, None] * np.hanning(x.shape[1])[None]
    frequency, mean = radial(power((x - x.mean()) * window))
    ok = (frequency > 0.04) & (frequency < 0.4) & (np.nan_to_num(mean) > 0)
    if ok.sum() < 3:
        return float("nan")
    return float(-np.polyfit(np.log(frequency[ok]), np.log(mean[ok]), 1)[0])


def gradients(image: npt.ArrayLike, spacing: Sequence[float], where: npt.ArrayLike) -> F64:
    """Gradient magnitude per mm at the True places of `where`; any number of axes."""
    parts = np.gradient(np.asarray(image, float), *spacing)
    size = np.sqrt(np.sum(np.square(parts), axis=0))
    return size[np.asarray(where, bool)]


def patches(volume: npt.ArrayLike, mask: npt.ArrayLike, size: int = 8) -> F64:
    """(P, size, size) squares of single frames that lie whole inside a mask (F, R, C).

    A plane is fitted and taken away, so that slow shading is no noise; squares do not overlap."""
    x, inside = np.asarray(volume, float), np.asarray(mask, bool)
    found: list[F64] = []
    v, u = np.mgrid[0:size, 0:size] - (size - 1) / 2
    for frame, ok in zip(x, inside, strict=True):
        for r in range(0, frame.shape[0] - size + 1, size):
            for c in range(0, frame.shape[1] - size + 1, size):
                if ok[r : r + size, c : c + size].all():
                    p = frame[r : r + size, c : c + size]
                    p = p - p.mean()
                    p = p - u * ((p * u).sum() / (u * u).sum())
                    found.append(p - v * ((p * v).sum() / (v * v).sum()))
    return np.stack(found) if found else np.zeros((0, size, size))


def values_by_organ(
    volume: npt.ArrayLike, organs: Mapping[str, npt.NDArray[np.bool_]], shrink: int = 1
) -> dict[str, F64]:
    """Values inside each organ (F, R, C), `shrink` voxels from its border, where any are left."""
    x = np.asarray(volume, float)
    out: dict[str, F64] = {}
    for name, mask in organs.items():
        core = ndimage.binary_erosion(mask, iterations=shrink) if shrink else mask
        if core.sum() >= 30:
            out[name] = x[core]
    return out


def bias_amplitude(image: npt.ArrayLike, mask: npt.ArrayLike, sigma: float) -> float:
    """Relative deviation of the slow shading of one tissue: its smoothed logarithm's deviation.

    mask: the voxels of one tissue. sigma: voxels of the smoothing. About 0.1 to 0.3 in MR; anatomy
    within the mask counts too, so it is an upper bound."""
    x, ok = np.asarray(image, float), np.asarray(mask, bool) & (np.asarray(image, float) > 0)
    log = np.where(ok, np.log(np.where(ok, x, 1.0)), 0.0)
    weight = ndimage.gaussian_filter(ok.astype(float), sigma)
    smooth = ndimage.gaussian_filter(log, sigma) / np.maximum(weight, 1e-3)
    return float(smooth[ok].std()) if ok.any() else float("nan")


# ------------------------------------------------------------------ distances


def wasserstein(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """The first Wasserstein distance of two samples: the area between their step functions.

    >>> wasserstein([0, 1, 2], [5, 6, 7])
    5.0
    """
    x, y = np.sort(np.asarray(a, float).ravel()), np.sort(np.asarray(b, float).ravel())
    assert min(len(x), len(y)) > 0, "a distance needs two samples"
    every = np.sort(np.concatenate([x, y]))
    width = np.diff(every)
    below_x = np.searchsorted(x, every[:-1], side="right") / len(x)
    below_y = np.searchsorted(y, every[:-1], side="right") / len(y)
    return float(np.sum(np.abs(below_x - below_y) * width))


@dataclass(frozen=True)
class Row:
    """One measure. real, phantom: medians. distance: between them; reference: between halves of
    the real pictures, NaN where there is but one. pictures: how many (real, phantom)."""

    what: str
    unit: str
    real: float
    phantom: float
    distance: float
    reference: float
    pictures: tuple[int, int]

    @property
    def times(self) -> float:
        """How many times the reference the phantom is away."""
        return self.distance / self.reference if self.reference > 0 else float("nan")


def _thinned(values: npt.ArrayLike, rng: np.random.Generator) -> F64:
    v = np.asarray(values, float).ravel()
    v = v[np.isfinite(v)]
    return v if len(v) <= MOST else rng.choice(v, MOST, replace=False)


def _halves(bags: Sequence[F64], rng: np.random.Generator) -> Iterator[tuple[F64, F64]]:
    for _ in range(ROUNDS):
        order = rng.permutation(len(bags))
        half = len(bags) // 2
        a, b = order[:half], order[half : 2 * half]
        yield np.concatenate([bags[k] for k in a]), np.concatenate([bags[k] for k in b])


def compare(
    what: str,
    unit: str,
    real: Sequence[npt.ArrayLike],
    phantom: Sequence[npt.ArrayLike],
    seed: int = 0,
) -> Row:
    """One row from bags of numbers, one bag a picture (or a slab of it)."""
    rng = np.random.default_rng(seed)
    left = [b for b in (_thinned(v, rng) for v in real) if len(b)]
    right = [b for b in (_thinned(v, rng) for v in phantom) if len(b)]
    assert min(len(left), len(right)) > 0, f"{what}: nothing to compare"
    a, b = np.concatenate(left), np.concatenate(right)
    halves = [wasserstein(x, y) for x, y in _halves(left, rng)] if len(left) > 1 else []
    return Row(
        what,
        unit,
        float(np.median(a)),
        float(np.median(b)),
        wasserstein(a, b),
        float(np.mean(halves)) if halves else float("nan"),
        (len(left), len(right)),
    )


# ------------------------------------------------------------------ the page


def _number(value: float) -> str:
    return "–" if not np.isfinite(value) else f"{value:.3g}"


def table(rows: Sequence[Row]) -> str:
    """Markdown: a row a measure, the farthest from real first."""
    head = [
        "| measure | unit | real, median | phantom, median | distance | real halves | times |"
        " bags (real, phantom) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    order = sorted(rows, key=lambda r: -np.nan_to_num(r.times, nan=-1.0))
    lines = [
        f"| {r.what} | {r.unit} | {_number(r.real)} | {_number(r.phantom)} | "
        f"{_number(r.distance)} | {_number(r.reference)} | {_number(r.times)} | "
        f"{r.pictures[0]}, {r.pictures[1]} |"
        for r in order
    ]
    return "\n".join([*head, *lines])


def page(
    title: str, rows: Sequence[Row], alone: Mapping[str, float], missing: Sequence[str]
) -> str:
    """The dated page. alone: figures of real pictures that the phantom has nothing beside.
    missing: what could not be compared, in words."""
    parts = [f"# {title}", ""]
    parts += [
        "Distances are 1-D Wasserstein distances in the measure's unit; *real halves* is the mean",
        "distance between random halves of the real bags (of one patient where there is but one",
        "scan, hence a lower bound); *times* is how many such distances the phantom is away.",
        "",
    ]
    parts += [table(rows), ""] if rows else ["Nothing could be compared.", ""]
    far = [r.what for r in rows if r.times > 5]
    if far:
        parts += [f"Far off (more than five times): {', '.join(far)}.", ""]
    if alone:
        parts += ["Real pictures alone:", ""]
        parts += [f"- {what}: {_number(value)}" for what, value in alone.items()] + [""]
    if missing:
        parts += ["Not compared:", "", *(f"- {m}" for m in missing), ""]
    return "\n".join(parts)
