"""Two ways to tell classes apart on the same vectors: a boundary, and a density (primer, figure 4).

`boundary` is discriminative: logistic regression says on which side of a line a vector lies, and
says it of anything, however strange. `density` is generative: one Gaussian for each class, with one
common spread, says how likely a vector is under each class; it can also be sampled, and can say
"neither". With a common spread both draw straight lines (Fisher 1936), so they differ in what they
learn and not in what they can say.

Shapes: N vectors · D width · K classes · S samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, special, stats

__all__ = ["Boundary", "Density", "boundary", "density"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Boundary:
    """weights: (K, D). bias: (K,)."""

    weights: Floats
    bias: Floats

    def posterior(self, x: Floats) -> Floats:
        """(N, K): the probability of each class, summing to 1 whatever x is."""
        return special.softmax(x @ self.weights.T + self.bias, axis=1)


def boundary(x: Floats, y: Ints, penalty: float = 1.0) -> Boundary:
    """Multinomial logistic regression: the sum of cross-entropies + penalty · |weights|² / 2."""
    d = x.shape[1]
    k = int(y.max()) + 1
    truth = np.eye(k)[y]

    def loss(flat: Floats) -> tuple[float, Floats]:
        w, b = flat[: k * d].reshape(k, d), flat[k * d :]
        log_p = special.log_softmax(x @ w.T + b, axis=1)
        value = -(truth * log_p).sum() + penalty * (w**2).sum() / 2
        slope = np.exp(log_p) - truth  # (N, K)
        return value, np.concatenate([(slope.T @ x + penalty * w).ravel(), slope.sum(0)])

    found = optimize.minimize(
        loss, np.zeros(k * (d + 1)), jac=True, method="L-BFGS-B",
        options={"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-7},
    ).x  # fmt: skip
    return Boundary(found[: k * d].reshape(k, d), found[k * d :])


@dataclass(frozen=True, eq=False)
class Density:
    """means: (K, D). root: (D, D), lower triangle L with L Lᵀ the common covariance. share: (K,) of
    each class. strange: squared distances above it are "neither"."""

    means: Floats
    root: Floats
    share: Floats
    strange: float

    def distances(self, x: Floats) -> Floats:
        """(N, K): squared Mahalanobis distance to each class."""
        white = linalg.solve_triangular(self.root, x.T, lower=True).T
        centres = linalg.solve_triangular(self.root, self.means.T, lower=True).T
        return np.square(white[:, None] - centres[None]).sum(-1)

    def log_density(self, x: Floats) -> Floats:
        """(N, K): log p(x | class)."""
        d = x.shape[1]
        size = np.log(np.diag(self.root)).sum() + d / 2 * np.log(2 * np.pi)
        return -self.distances(x) / 2 - size

    def posterior(self, x: Floats) -> Floats:
        """(N, K): by Bayes, from the densities and the shares."""
        return special.softmax(self.log_density(x) + np.log(self.share), axis=1)

    def neither(self, x: Floats) -> npt.NDArray[np.bool_]:
        """(N,): further from every class than its own vectors almost ever are."""
        return self.distances(x).min(1) > self.strange

    def sample(self, which: int, many: int, rng: np.random.Generator) -> Floats:
        """(S, D): new vectors of a class."""
        noise = rng.standard_normal((many, len(self.root)))
        return self.means[which] + noise @ self.root.T


def density(x: Floats, y: Ints, at_most: float = 0.05, shrink: float = 0.0) -> Density:
    """The most likely class means and common covariance.

    at_most: the share of a class's own vectors that may be called strange; exact where vectors are
    Gaussian and many (chi-squared of D degrees). shrink: how far the covariance is drawn to a
    sphere of the same size, which few vectors of large width need."""
    d, k = x.shape[1], int(y.max()) + 1
    means = np.stack([x[y == c].mean(0) for c in range(k)])
    away = x - means[y]
    spread = away.T @ away / len(x)
    spread = (1 - shrink) * spread + shrink * np.eye(d) * np.trace(spread) / d
    share = np.bincount(y, minlength=k) / len(y)
    strange = float(stats.chi2.ppf(1 - at_most, d))
    return Density(means, linalg.cholesky(spread, lower=True), share, strange)
