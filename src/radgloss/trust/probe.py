"""Classifiers on frozen vectors from few examples, with or without what the words know.

    LinearProbe   logistic regression on the vectors alone
    SSText        class means drawn towards the class's sentence: one line of algebra, nothing to
                  tune (the closed form of a probe whose weights are tied to the text's)
    LPPlusPlus    logistic regression on pictures and words with one learned blend a class
                  (arXiv 2404.02285)

Used like scikit-learn's, of which nothing is imported: `fit(X, y)`, `predict_proba(X)`,
`predict(X)`, `classes_`, `get_params`. LinearProbe passes its estimator checks but for two that ask
for scikit-learn's own classes of error and warning. With a handful of examples a class the words
carry most; with hundreds the plain probe catches up. None is
calibrated: fit `calibration` on validation. Shapes: N examples · D width · K classes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
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
    coef_: Floats = field(init=False, repr=False)  # (K, D)
    intercept_: Floats = field(init=False, repr=False)  # (K,)
    n_features_in_: int = field(init=False, repr=False)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was made with, by name; as scikit-learn's `clone` wants it."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}

    def set_params(self, **given: Any) -> Self:
        """Changes what it was made with; ValueError for a name that it does not have."""
        for name, value in given.items():
            if name not in self.get_params():
                raise ValueError(f"no parameter {name!r}; has {', '.join(self.get_params())}")
            setattr(self, name, value)
        return self

    def score(self, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """The share named right."""
        return float(np.mean(self.predict(X) == np.asarray(y)))

    def logits(self, X: npt.ArrayLike) -> Floats:
        """(n, D) → (n, K); ValueError before `fit`, or for another width."""
        if not hasattr(self, "coef_"):
            raise ValueError("a probe that was not fitted; call fit first")
        return np.asarray(_rows(X, self.n_features_in_) @ self.coef_.T + self.intercept_)

    def predict_proba(self, X: npt.ArrayLike) -> Floats:
        """(n, K) probabilities in the order of `classes_`."""
        return np.asarray(softmax(self.logits(X), axis=1))

    def predict(self, X: npt.ArrayLike) -> Labels:
        """(n,) class names."""
        best = self.logits(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _examples(self, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Ints]:
        """Checked vectors and class numbers; sets `classes_`."""
        rows = _rows(X)
        names, self.n_features_in_ = _names(y, len(rows)), rows.shape[1]
        self.classes_, number = np.unique(names, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("one class only; wanted two at least")
        return rows, number

    def _worded(
        self, X: npt.ArrayLike, y: npt.ArrayLike, texts: npt.ArrayLike, names: Sequence[Any] | None
    ) -> tuple[Floats, Ints, Floats]:
        """The same with the classes that words give: one may have no example at all."""
        rows = _rows(X)
        given, self.n_features_in_ = _names(y, len(rows)), rows.shape[1]
        words = scores(texts, rows.shape[1], "texts")
        self.classes_ = np.asarray(np.unique(given) if names is None else names)
        if len(self.classes_) != len(words) or len(words) < 2:
            raise ValueError(f"{len(words)} texts for {len(self.classes_)} classes; wanted one "
                             "each, and two classes at least")  # fmt: skip
        place = {name: k for k, name in enumerate(self.classes_.tolist())}
        if unknown := [name for name in given.tolist() if name not in place]:
            raise ValueError(f"class {unknown[0]!r}, which has no text")
        return rows, np.array([place[name] for name in given.tolist()], np.intp), words


def _rows(X: npt.ArrayLike, columns: int | None = None) -> Floats:
    """`scores`, with what scikit-learn's users look for in a message."""
    if hasattr(X, "toarray"):
        raise TypeError("sparse input is not supported; wanted a dense array of vectors")
    given = np.asarray(X)
    if np.iscomplexobj(given):
        raise ValueError("Complex data not supported; wanted real vectors")
    if given.ndim == 1:
        raise ValueError(f"X of shape {given.shape}. Reshape your data: wanted (studies, columns)")
    if given.ndim == 2 and not given.shape[1]:
        raise ValueError(
            f"0 feature(s) (shape={given.shape}) while a minimum of 1 is required: wanted vectors"
        )
    if columns is not None and given.ndim == 2 and given.shape[1] != columns:
        raise ValueError(
            f"X has {given.shape[1]} features, but it is expecting {columns} features as input: "
            f"X with {given.shape[1]} columns, where it was fitted on {columns}"
        )
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise ValueError("X that is not finite: NaN or infinity; wanted numbers")
    return scores(given, columns, "X")


def _names(y: npt.ArrayLike | None, n: int) -> Labels:
    """(n,) class names; a column is a list with a warning, as scikit-learn has it."""
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    names = np.asarray(y)
    if names.shape == (n, 1):
        warnings.warn("A column-vector y was passed when a 1d array was expected", stacklevel=4)
        names = names[:, 0]
    if names.shape != (n,):
        raise ValueError(f"y of shape {names.shape} for {n} rows; wanted one each")
    if names.dtype.kind == "f" and not np.equal(names, np.round(names)).all():
        raise ValueError("Unknown label type: continuous; wanted names of classes")
    return names


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
        self.coef_, self.intercept_ = best[:, :D], best[:, D]
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
        self.coef_, self.intercept_ = centres / self.tau, np.zeros(len(words))
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

    losses_: the cross-entropy before each turn and after the last."""

    texts: npt.ArrayLike = field(kw_only=True)
    names: Sequence[Any] | None = None
    scale: float = 100.0
    turns: int = 300
    losses_: list[float] = field(init=False, repr=False, default_factory=list)
    blend_: Floats = field(init=False, repr=False)  # α, (K,)

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:
        """X: (N, D), usually unit vectors. y: (N,) class names."""
        rows, number, words = self._worded(X, y, self.texts, self.names)
        N, near = len(rows), rows @ words.T  # (N, K)
        hot = np.eye(len(words))[number]
        bend_w = 0.5 * float(np.linalg.norm(rows, 2)) ** 2 / N
        bend_a = 0.5 * float((near**2).mean(axis=0).max())
        w, alpha = np.zeros_like(words), np.full(len(words), float(self.scale))
        self.losses_ = []
        for _ in range(self.turns):
            z = log_softmax(rows @ w.T + alpha * near, axis=1)
            self.losses_.append(_cross_entropy(z, hot))
            w = w - (np.exp(z) - hot).T @ rows / (N * bend_w)
            off = np.exp(log_softmax(rows @ w.T + alpha * near, axis=1)) - hot
            alpha = alpha - (off * near).mean(axis=0) / max(bend_a, 1e-12)
        self.losses_.append(_cross_entropy(log_softmax(rows @ w.T + alpha * near, axis=1), hot))
        self.blend_ = alpha
        self.coef_, self.intercept_ = w + alpha[:, None] * words, np.zeros(len(words))
        return self


def _cross_entropy(z: Floats, hot: Floats) -> float:
    return float(-(hot * z).sum() / len(z))
