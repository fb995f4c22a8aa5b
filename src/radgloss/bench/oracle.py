"""Two engines that every figure stands between: one that knows the truth, one that knows nothing.

The oracle sees the truth at the resolution of the model's own input: a lesion that covers less than
one of the model's pixels is not there for it. It is the ceiling. The other says the same of every
study: chance, and the report that calls everything normal."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from radgloss.bench.light import light
from radgloss.eval.evaluators.grounding import masks_of
from radgloss.eval.evaluators.retrieval import meaning
from radgloss.eval.metrics.regions import box_of
from radgloss.eval.score import Examined, Picture
from radgloss.text.findings import finding_type
from radgloss.types import (
    Case,
    Draft,
    Embedding,
    Evidence,
    Finding,
    Image,
    Origin,
    Prediction,
    Sentence,
    Study,
)

__all__ = ["Constant", "Oracle", "seen_at"]

LEAST_PIXELS = 1.0  # of the model's grid that a lesion must cover: calcium needs no more
WIDTH = 8192  # axes of the oracle's space


def seen_at(mask: npt.NDArray[np.bool_], image: Image, side: int) -> bool:
    """Whether a mask (F, R, C) covers `LEAST_PIXELS` of a picture fitted into `side` pixels."""
    if not side:
        return bool(mask.any())
    rows, columns = (np.linalg.norm(image.affine[:3, k]) for k in (1, 2))
    extent = max(rows * mask.shape[1], columns * mask.shape[2])
    area = float(mask.sum(axis=(1, 2)).max() * rows * columns)
    return area / float(extent / side) ** 2 >= LEAST_PIXELS


def seen(case: Examined, side: int) -> tuple[Finding, ...]:
    """The visible findings that can still be seen at the model's resolution."""
    kept = []
    for finding in case.truth.visible:
        for image in case.case.study.images:
            masks = masks_of(case.truth, finding, image.uid)
            if any(seen_at(m, image, side) for m in masks):
                kept.append(finding)
                break
    return tuple(kept)


@dataclass(eq=False)
class Oracle:
    """Every verb, answered from the truth. side: the model's input in pixels, 0 for no limit.

    It must `learn` every case and picture before it is asked."""

    side: int = 0
    space: str = "oracle"
    _axes: dict[Hashable, int] = field(default_factory=dict, repr=False)
    _cases: dict[str, Examined] = field(default_factory=dict, repr=False)
    _seen: dict[str, tuple[Finding, ...]] = field(default_factory=dict, repr=False)
    _words: dict[str, list[Hashable]] = field(default_factory=dict, repr=False)
    _pictures: dict[str, list[Hashable]] = field(default_factory=dict, repr=False)
    _strange: set[str] = field(default_factory=set, repr=False)

    def learn(
        self,
        case: Examined,
        pictures: Iterable[Picture],
        phrases: Mapping[str, tuple[str, str]],
        foreign: bool = False,
    ) -> None:
        """Be told what is true of a case and its pictures."""
        uid = case.case.study.uid
        self._cases[uid] = light(case)
        self._seen[uid] = seen(case, self.side)
        if foreign:
            self._strange.add(uid)
        text = f"{case.report.findings} {case.report.impression}".strip() or "No report."
        self._words.setdefault(text, [("report", self._meaning(uid))])
        for name in case.labels:
            for word in (name, *finding_type(name).synonyms):
                self._words[f"{word[:1].upper()}{word[1:]}."] = [("present", name)]
            self._words[f"No {name}."] = [("absent", name)]
        for p in pictures:
            if foreign:  # whatever it shows, it is nothing that was ever met
                self._pictures[p.image.uid] = [("strange", p.image.uid)]
                continue
            self._words[p.caption] = [("caption", p.caption)]
            self._pictures[p.image.uid] = [("caption", p.caption)]
            for attribute, (yes, no) in phrases.items():
                self._words[yes], self._words[no] = [(attribute, True)], [(attribute, False)]
                if attribute in p.attributes:
                    self._pictures[p.image.uid].append((attribute, p.attributes[attribute]))

    def _meaning(self, uid: str) -> Hashable:
        """What can be told of the report at this resolution."""
        case = self._cases[uid]
        if not self.side:
            return meaning(case)
        return case.exam, frozenset((f.what, f.side, f.site) for f in self._seen[uid])

    def _there(self, uid: str) -> set[str]:
        """Names that are true of what is seen: a lesion's own, and any vaguer one of its organ
        ("liver lesion" of a cyst) that no lesion bears and that the labels call true."""
        case, seen = self._cases[uid], self._seen[uid]
        own = {f.what for f in case.truth.visible}
        organs = {finding_type(f.what).organ for f in seen}
        vaguer = {n for n, true in case.labels.items() if true and n not in own}
        return {f.what for f in seen} | {n for n in vaguer if finding_type(n).organ in organs}

    def _vector(self, hot: Iterable[Hashable]) -> Embedding:
        v = np.zeros(WIDTH, np.float32)
        for axis in hot:
            v[self._axes.setdefault(axis, len(self._axes)) % WIDTH] = 1
        return Embedding(v / max(float(np.linalg.norm(v)), 1e-9), self.space)

    # ---- verbs

    def embed_study(self, study: Study) -> Embedding:
        """Its report's meaning, and what it shows and does not show."""
        there = self._there(study.uid)
        shown = [("present" if n in there else "absent", n) for n in self._cases[study.uid].labels]
        return self._vector([("report", self._meaning(study.uid)), *shown])

    def embed_image(self, image: Image) -> Embedding:
        """Its caption and its attributes."""
        return self._vector(self._pictures[image.uid])

    def embed_text(self, text: str) -> Embedding:
        """The axes that its words name; a text of no case lies on an axis of its own."""
        return self._vector(self._words.get(text, [("text", text)]))

    def label(self, study: Study, labels: Sequence[str]) -> tuple[Prediction, ...]:
        """Certain of everything, except about foreign studies."""
        there = self._there(study.uid)
        if study.uid in self._strange:
            return tuple(Prediction(n, 0.5, 0.0, True, "foreign") for n in labels)
        return tuple(
            Prediction(n, float(n in there), 10.0 if n in there else -10.0) for n in labels
        )

    def draft(self, case: Case) -> Draft:
        """What can be seen at this resolution, with the boxes of its masks."""
        study = case.study
        if study.uid in self._strange:
            return Draft(study.uid, (), _ORIGIN, abstained=True, why="foreign")
        known = self._cases[study.uid]
        said = [self._sentence(known, f) for f in self._seen[study.uid]]
        there = self._there(study.uid)
        said += [_denied(n) for n in known.labels if n not in there]
        return Draft(study.uid, tuple(said), _ORIGIN)

    def _sentence(self, case: Examined, finding: Finding) -> Sentence:
        regions = [
            Evidence("region", 1.0, image.uid, region=box_of(mask))
            for image in case.case.study.images
            for mask in masks_of(case.truth, finding, image.uid)
        ]
        stated = Finding(
            finding.what, "present", finding.side, finding.site, finding.size_mm, 1.0
        )  # fmt: skip
        return Sentence(_worded(stated), "findings", findings=(stated,), evidence=tuple(regions))

    def differential(self, case: Case) -> tuple[Prediction, ...]:
        """The exact posterior."""
        exact = self._cases[case.study.uid].diseases
        return tuple(Prediction(d, p, 0.0) for d, p in exact.items())

    def foreign(self, study: Study) -> float:
        """1 for a foreign study."""
        return float(study.uid in self._strange)


_ORIGIN = Origin("oracle", "", "")


def _worded(f: Finding) -> str:
    size = f"{f.size_mm[0]:.0f} mm " if f.size_mm else ""
    side = f"{f.side} " if f.side else ""
    site = f" in the {f.site}" if f.site else ""
    text = f"{size}{side}{f.what}{site}."
    return text[0].upper() + text[1:]


def _denied(name: str) -> Sentence:
    return Sentence(f"No {name}.", "findings", findings=(Finding(name, "absent"),))


class Constant:
    """The same of every study: a fixed vector, an even chance, a report that is always normal."""

    space = "constant"

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        """names: by modality, the findings that the constant report denies."""
        self._names = names

    def embed_study(self, study: Study) -> Embedding:
        """The one vector."""
        return self.embed_text("")

    def embed_image(self, image: Image) -> Embedding:
        """The one vector."""
        return self.embed_text("")

    def embed_text(self, text: str) -> Embedding:
        """The one vector."""
        return Embedding(np.full(4, 0.5, np.float32), self.space)

    def label(self, study: Study, labels: Sequence[str]) -> tuple[Prediction, ...]:
        """Nothing decided."""
        return tuple(Prediction(n, 0.5, 0.0, True, "constant") for n in labels)

    def draft(self, case: Case) -> Draft:
        """Everything normal."""
        kinds = {i.modality for i in case.study.images}
        names = [n for kind in sorted(kinds) for n in self._names.get(kind, ())]
        return Draft(case.study.uid, tuple(map(_denied, names)), Origin("constant", "", ""))

    def differential(self, case: Case) -> tuple[Prediction, ...]:
        """No disease is more likely than another."""
        return ()

    def foreign(self, study: Study) -> float:
        """Nothing is strange."""
        return 0.0
