"""Classifiers on frozen vectors from few examples, with or without what the words know.

    LinearProbe   logistic regression on the vectors alone
    SSText        class means drawn towards the class's sentence: one line of algebra, nothing to
                  tune (the closed form of a probe whose weights are tied to the text's)
    LPPlusPlus    logistic regression on pictures and words with one learned blend a class
                  (arXiv 2404.02285)

Used like scikit-learn's: `fit(X, y)`, `predict_proba(X)`, `predict(X)`, `classes_`. With a handful
of examples a class the words carry most; with hundreds the plain probe catches up. None is
calibrated: fit `calibration` on validation. Shapes: N examples · D width · K classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.special import log_softmax, softmax

from radgloss.trust.arrays import Floats, Ints, scores

__all__ = ["LPPlusPlus", "LinearProbe", "SSText"]

Labels = npt.NDArray[Any]


@dataclass(eq=False)
class _Probe:
    """What the three share: class names in and out, and logits = X · weightsᵀ + bias."""

    classes_: Labels = field(init=False, repr=False)
    weights: Floats = field(init=False, repr=False)  # (K, D)
    bias: Floats = field(init=False, repr=False)  # (K,)

    def logits(self, X: npt.ArrayLike) -> Floats:
        """(n, D) → (n, K); ValueError before `fit`, or for another width."""
        if not hasattr(self, "weights"):
            raise ValueError("a probe that was not fitted; call fit first")
        return np.asarray(scores(X, self.weights.shape[1], "X") @ self.weights.T + self.bias)

    def predict_proba(self, X: npt.ArrayLike) -> Floats:
        """(n, K) probabilities in the order of `classes_`."""
        return np.asarray(softmax(self.logits(X), axis=1))

    def predict(self, X: npt.ArrayLike) -> Labels:
        """(n,) class names."""
        best = self.logits(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _examples(self, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Ints]:
        """Checked vectors and class numbers; sets `classes_`."""
        rows, names = scores(X, what="X"), np.asarray(y)
        if names.shape != (len(rows),):
            raise ValueError(f"y of shape {names.shape} for {len(rows)} rows; wanted one each")
        self.classes_, number = np.unique(names, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("one class only; wanted two at least")
        return rows, number

    def _worded(
        self, X: npt.ArrayLike, y: npt.ArrayLike, texts: npt.ArrayLike, names: Sequence[Any] | None
    ) -> tuple[Floats, Ints, Floats]:
        """The same with the classes that words give: one may have no example at all."""
        rows, given = scores(X, what="X"), np.asarray(y)
        words = scores(texts, rows.shape[1], "texts")
        if given.shape != (len(rows),):
            raise ValueError(f"y of shape {given.shape} for {len(rows)} rows; wanted one each")
        self.classes_ = np.asarray(np.unique(given) if names is None else names)
        if len(self.classes_) != len(words) or len(words) < 2:
            raise ValueError(f"{len(words)} texts for {len(self.classes_)} classes; wanted one "
                             "each, and two classes at least")  # fmt: skip
        place = {name: k for k, name in enumerate(self.classes_.tolist())}
        if unknown := [name for name in given.tolist() if name not in place]:
            raise ValueError(f"class {unknown[0]!r}, which has no text")
        return rows, np.array([place[name] for name in given.tolist()], np.intp), words


@dataclass(eq=False)
class LinearProbe(_Probe):
    """Multinomial logistic regression; penalty |W|² / (2 C), none on the bias.

    Agrees with scikit-learn's LogisticRegression(C=C)."""

    C: float = 1.0

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:
        """X: (N, D). y: (N,) class names, two at least."""
        if self.C <= 0:
            raise ValueError(f"C {self.C}; wanted more than 0")
        rows, number = self._examples(X, y)
        hot, D = np.eye(len(self.classes_))[number], rows.shape[1]

        def loss(flat: Floats) -> tuple[float, Floats]:
            w = flat.reshape(-1, D + 1)
            z = log_softmax(rows @ w[:, :D].T + w[:, D], axis=1)
            off = np.exp(z) - hot
            slope = np.concatenate([off.T @ rows + w[:, :D] / self.C, off.sum(0)[:, None]], axis=1)
            value = -(hot * z).sum() + (w[:, :D] ** 2).sum() / (2 * self.C)
            return float(value), slope.ravel()

        start = np.zeros(len(self.classes_) * (D + 1))
        options = {"maxiter": 2000, "gtol": 1e-7, "ftol": 1e-13}
        best = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
        best = best.reshape(-1, D + 1)
        self.weights, self.bias = best[:, :D], best[:, D]
        return self


@dataclass(eq=False)
class SSText(_Probe):
    """weights_c = text_c + (1 / (N λ_c τ)) Σ of class c's examples, which minimises

        −(1/N) Σ_i x_i · w_y(i) / τ + Σ_c λ_c |w_c − text_c|² / 2

    λ_c: 1 / n_c, so that the words weigh less the more examples a class has; a class without any
    keeps its text. Logits are X · wᵀ / τ. texts: (K, D) in the order of `names`, or of the sorted
    class names in y. tau: the model's temperature, 1 / its scale."""

    texts: npt.ArrayLike = field(kw_only=True)
    names: Sequence[Any] | None = None
    tau: float = 0.01

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:
        """X: (N, D), usually unit vectors. y: (N,) class names."""
        if self.tau <= 0:
            raise ValueError(f"tau {self.tau}; wanted more than 0")
        rows, number, words = self._worded(X, y, self.texts, self.names)
        hot = np.eye(len(words))[number]  # (N, K)
        strength = hot.sum(axis=0)  # 1 / λ_c; 0 without examples, and the sum is 0 too
        centres = words + strength[:, None] * (hot.T @ rows) / (len(rows) * self.tau)
        self.weights, self.bias = centres / self.tau, np.zeros(len(words))
        return self


@dataclass(eq=False)
class LPPlusPlus(_Probe):
    """Logits x · (w_c + α_c text_c), cross-entropy, minimised over w (K, D) and α (K,) in turn.

    Each turn goes to the lowest point of a parabola that lies above the loss everywhere
    (majorise-minimise), so the loss never rises and no rate is chosen. The parabolas' curvatures
    come from the data: ½ times the largest eigenvalue of XᵀX/N for w, and ½ times the largest class
    mean of (x · text_c)² for α, because diag(p) − ppᵀ is at most ½. As in the paper nothing
    penalises the weights and the number of turns is what ends it; unlike the paper it starts at the
    zero-shot classifier (w = 0, α = scale), so that no turn at all leaves the words' answer.

    losses: the cross-entropy before each turn and after the last."""

    texts: npt.ArrayLike = field(kw_only=True)
    names: Sequence[Any] | None = None
    scale: float = 100.0
    turns: int = 300
    losses: list[float] = field(init=False, repr=False, default_factory=list)
    blend: Floats = field(init=False, repr=False)  # α, (K,)

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:
        """X: (N, D), usually unit vectors. y: (N,) class names."""
        rows, number, words = self._worded(X, y, self.texts, self.names)
        N, near = len(rows), rows @ words.T  # (N, K)
        hot = np.eye(len(words))[number]
        bend_w = 0.5 * float(np.linalg.norm(rows, 2)) ** 2 / N
        bend_a = 0.5 * float((near**2).mean(axis=0).max())
        w, alpha = np.zeros_like(words), np.full(len(words), float(self.scale))
        self.losses = []
        for _ in range(self.turns):
            z = log_softmax(rows @ w.T + alpha * near, axis=1)
            self.losses.append(_cross_entropy(z, hot))
            w = w - (np.exp(z) - hot).T @ rows / (N * bend_w)
            off = np.exp(log_softmax(rows @ w.T + alpha * near, axis=1)) - hot
            alpha = alpha - (off * near).mean(axis=0) / max(bend_a, 1e-12)
        self.losses.append(_cross_entropy(log_softmax(rows @ w.T + alpha * near, axis=1), hot))
        self.blend = alpha
        self.weights, self.bias = w + alpha[:, None] * words, np.zeros(len(words))
        return self


def _cross_entropy(z: Floats, hot: Floats) -> float:
    return float(-(hot * z).sum() / len(z))
