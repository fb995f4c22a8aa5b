"""What an engine said, case by case, so that it is asked once and may be scored many times.

A study's pixels are needed only while its questions are asked; a suite of hundreds of volumes then
needs the memory of one. The transcript answers with the same verbs, from what was written down;
words are still embedded by the engine itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from radgloss.eval.score import Examined, Picture
from radgloss.protocols import Differentiator, Drafter, Embedder, Labeler, Watcher, verbs
from radgloss.types import Case, Draft, Embedding, Image, Prediction, Study

__all__ = ["Transcript"]


@dataclass(eq=False)
class Transcript:
    """The record of one engine. offers: the verbs it has, as `protocols.verbs` names them."""

    engine: Any
    offers: tuple[str, ...] = ()
    space: str = ""
    _studies: dict[str, Embedding] = field(default_factory=dict, repr=False)
    _images: dict[str, Embedding] = field(default_factory=dict, repr=False)
    _texts: dict[str, Embedding] = field(default_factory=dict, repr=False)
    _labels: dict[tuple[str, str], Prediction] = field(default_factory=dict, repr=False)
    _drafts: dict[str, Draft] = field(default_factory=dict, repr=False)
    _orders: dict[str, tuple[Prediction, ...]] = field(default_factory=dict, repr=False)
    _strange: dict[str, float] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.offers = verbs(self.engine)
        self.space = getattr(self.engine, "space", "")

    def hear(self, case: Examined, labels: Iterable[str], pictures: Iterable[Picture]) -> None:
        """Ask everything that the engine offers about one case, while its pixels are here."""
        study, engine = case.case.study, self.engine
        if isinstance(engine, Embedder):
            self._studies[study.uid] = engine.embed_study(study)
            for picture in pictures:
                self._images[picture.image.uid] = engine.embed_image(picture.image)
        if isinstance(engine, Labeler) and (names := list(dict.fromkeys(labels))):
            said = engine.label(study, names)
            self._labels.update({(study.uid, n): p for n, p in zip(names, said, strict=True)})
        if isinstance(engine, Drafter):
            self._drafts[study.uid] = engine.draft(case.case)
        if isinstance(engine, Differentiator):
            self._orders[study.uid] = engine.differential(case.case)
        if isinstance(engine, Watcher):
            self._strange[study.uid] = engine.foreign(study)

    # ---- the verbs, from the record

    def embed_study(self, study: Study) -> Embedding:
        return self._studies[study.uid]

    def embed_image(self, image: Image) -> Embedding:
        return self._images[image.uid]

    def embed_text(self, text: str) -> Embedding:
        if text not in self._texts:
            self._texts[text] = self.engine.embed_text(text)
        return self._texts[text]

    def label(self, study: Study, labels: Sequence[str]) -> tuple[Prediction, ...]:
        return tuple(self._labels[study.uid, name] for name in labels)

    def draft(self, case: Case) -> Draft:
        return self._drafts[case.study.uid]

    def differential(self, case: Case) -> tuple[Prediction, ...]:
        return self._orders[case.study.uid]

    def foreign(self, study: Study) -> float:
        return self._strange[study.uid]
