"""The verbs: what an engine can do, in nouns. An engine offers any subset and says which.

Anything with these methods is scored by the evaluators and served by the reading room; no base
class is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from radgloss.types import Answer, Case, Draft, Embedding, Hit, Image, Prediction, Study

__all__ = [
    "Answerer",
    "Differentiator",
    "Drafter",
    "Embedder",
    "Labeler",
    "Measurer",
    "Searcher",
    "Synthesizer",
    "Watcher",
    "verbs",
]


@runtime_checkable
class Embedder(Protocol):
    """Studies and words into one space."""

    space: str

    def embed_study(self, study: Study) -> Embedding: ...
    def embed_image(self, image: Image) -> Embedding: ...
    def embed_text(self, text: str) -> Embedding: ...


@runtime_checkable
class Labeler(Protocol):
    """Zero-shot labels: a probability each, or an abstention with its reason."""

    def label(self, study: Study, labels: Sequence[str]) -> tuple[Prediction, ...]: ...


@runtime_checkable
class Drafter(Protocol):
    """A case into a draft, section by section, each sentence with its evidence."""

    def draft(self, case: Case) -> Draft: ...


@runtime_checkable
class Searcher(Protocol):
    """An index that can be asked by vector."""

    space: str

    def search(self, query: Embedding, k: int = 10) -> list[Hit]: ...


@runtime_checkable
class Answerer(Protocol):
    """A question about a case into an answer with evidence, or an abstention."""

    def answer(self, case: Case, question: str) -> Answer: ...


@runtime_checkable
class Differentiator(Protocol):
    """A case into ranked diseases."""

    def differential(self, case: Case) -> tuple[Prediction, ...]: ...


@runtime_checkable
class Synthesizer(Protocol):
    """A prompt into images marked synthetic."""

    def synthesize(self, prompt: str, n: int, seed: int) -> tuple[Image, ...]: ...


@runtime_checkable
class Measurer(Protocol):
    """A named structure's size in millimetres."""

    def measure(self, study: Study, what: str) -> tuple[float, ...]: ...


@runtime_checkable
class Watcher(Protocol):
    """How little a study resembles what the model knows; higher is more foreign, no unit."""

    def foreign(self, study: Study) -> float: ...


_VERBS: dict[str, type] = {
    "embed": Embedder,
    "label": Labeler,
    "draft": Drafter,
    "answer": Answerer,
    "differential": Differentiator,
    "synthesize": Synthesizer,
    "measure": Measurer,
    "watch": Watcher,
}


def verbs(engine: object) -> tuple[str, ...]:
    """The verbs that this engine offers, in the order of the table above."""
    return tuple(name for name, protocol in _VERBS.items() if isinstance(engine, protocol))
