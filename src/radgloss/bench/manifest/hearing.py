"""Every study of a split is asked once; what was said is one JSON line, on disk before the next.

A run that was ended goes on at the next study. The lines hold no picture, no word of a report and
no patient's name, only a hash of it, which says what is resampled together. The shortcut audit asks
some studies again with their pictures taken away (`eval.evaluators.shortcut`)."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from radgloss.data.manifest import Entry
from radgloss.dicom import Reader
from radgloss.eval.evaluators.retrieval import pictures
from radgloss.eval.evaluators.shortcut import CONTROLS
from radgloss.protocols import Embedder, Labeler
from radgloss.types import Image, InputRejected, Prediction, Study

__all__ = ["Answer", "Said", "hear", "truth_of"]

Progress = Callable[[int, int], object]
SCHEMA = 1
AGES = ((40, "under 40"), (65, "40 to 64"), (200, "65 and older"))


@dataclass(frozen=True)
class Said:
    """One label's answer, without its evidence."""

    probability: float
    logit: float
    abstained: bool

    @classmethod
    def of(cls, p: Prediction) -> Said:
        return cls(p.probability, p.logit, p.abstained)


@dataclass(frozen=True)
class Answer:
    """One study: what is true, what was said with the picture and, by control, without it.

    vector: of the study, empty where the model does not embed. groups: by kind, which group the
    study belongs to. pictures: what identical pictures have in common. problem: why it could not be
    asked, in words; empty where it was."""

    line: int
    patient: str
    exam: str
    true: Mapping[str, bool]
    said: Mapping[str, Said] = field(default_factory=dict)
    controls: Mapping[str, Mapping[str, Said]] = field(default_factory=dict)
    vector: Sequence[float] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    pictures: str = ""


def truth_of(entry: Entry) -> dict[str, bool]:
    """The labels whose truth the manifest knows."""
    known = {what: label.get("present") for what, label in entry.labels.items()}
    return {what: bool(there) for what, there in known.items() if there is not None}


def hear(
    entries: Sequence[Entry],
    model: Any,
    name: str,
    path: Path,
    audited: int = 0,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> list[Answer]:
    """An answer for every entry, in their order; those that `path` holds already are not asked.

    name: of the model, which the lines remember. audited: of how many studies, spread evenly, the
    controls are asked as well. A study that cannot be read is an answer with its problem.
    Raises InputRejected('eval-lines') where `path` is of another model or other entries."""
    begun = _begun(path, _about(entries, name, audited, seed))
    again = {int(i) for i in np.linspace(0, len(entries) - 1, min(audited, len(entries)))}
    with Reader() as reader, path.open("a", encoding="utf-8") as file:
        for k in range(len(begun), len(entries)):
            rng = np.random.default_rng([seed, k]) if k in again else None
            answer = _ask(entries[k], model, reader, rng)
            begun.append(answer)
            file.write(json.dumps(asdict(answer), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
            progress(k + 1, len(entries))
    return begun


def _about(entries: Sequence[Entry], name: str, audited: int, seed: int) -> dict[str, Any]:
    told = "\n".join(
        f"{e.line} {e.patient} {sorted(truth_of(e).items())}" for e in entries
    )  # fmt: skip
    digest = hashlib.sha256(told.encode()).hexdigest()[:16]
    return {"schema": SCHEMA, "model": name, "entries": digest, "audited": audited, "seed": seed}


def _begun(path: Path, about: Mapping[str, Any]) -> list[Answer]:
    """The answers that are there; a line that was cut short is taken away."""
    if not path.is_file() or not path.read_bytes().count(b"\n"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(about) + "\n", encoding="utf-8")
        return []
    whole = path.read_bytes()
    whole = whole[: whole.rfind(b"\n") + 1]
    first, *rest = whole.decode("utf-8").splitlines()
    if json.loads(first) != about:
        raise InputRejected(
            "eval-lines", path.name, "answers of another model or to other studies",
            "a folder of this evaluation, or an empty one", "Choose another -o, or empty it.",
        )  # fmt: skip
    os.truncate(path, len(whole))
    return [_answer(json.loads(line)) for line in rest]


def _answer(row: dict[str, Any]) -> Answer:
    def said(of: Mapping[str, Any]) -> dict[str, Said]:
        return {what: Said(**s) for what, s in of.items()}

    controls = {name: said(of) for name, of in row["controls"].items()}
    return Answer(**{**row, "said": said(row["said"]), "controls": controls})


def _ask(entry: Entry, model: Any, reader: Reader, rng: np.random.Generator | None) -> Answer:
    whose = hashlib.sha256(entry.patient.encode()).hexdigest()[:16]
    nothing = Answer(entry.line, whose, entry.exam, truth_of(entry))
    try:
        study = reader.read(entry.study)
        return replace(nothing, **dict(_heard(study, nothing.true, model, rng)))
    except InputRejected as problem:
        return replace(nothing, problem=f"{problem.code}: {problem.found}")


def _heard(
    study: Study, true: Mapping[str, bool], model: Any, rng: np.random.Generator | None
) -> Iterator[tuple[str, Any]]:
    names = list(true)
    yield "groups", _groups(study)
    if isinstance(model, Labeler) and names:
        yield "said", _said(model, study, names)
        if rng is not None:
            yield (
                "controls",
                {
                    name: _said(model, _changed(study, change, rng), names)
                    for name, change in CONTROLS.items()
                },
            )
    if isinstance(model, Embedder):
        yield "pictures", pictures(study)[:16]
        yield "vector", [round(float(x), 6) for x in model.embed_study(study).vector]


def _said(model: Labeler, study: Study, names: Sequence[str]) -> dict[str, Said]:
    return {n: Said.of(p) for n, p in zip(names, model.label(study, names), strict=True)}


def _changed(study: Study, change: Any, rng: np.random.Generator) -> Study:
    def without(image: Image) -> Image:
        return replace(image, pixels=change(image, rng))

    return replace(study, images=tuple(map(without, study.images)))


def _groups(study: Study) -> dict[str, str]:
    """What the files say of the patient and of how the pictures were taken, nothing that names."""
    found = {"sex": {"M": "men", "F": "women"}.get(study.sex, "")}
    if study.age_years is not None:
        found["age"] = next(name for most, name in AGES if study.age_years < most)
    found["modality"] = " and ".join(sorted({i.modality for i in study.images}))
    found["view"] = " and ".join(sorted({i.view for i in study.images} - {""}))
    strengths = {i.technique.get("MagneticFieldStrength", "") for i in study.images} - {""}
    found["scanner"] = " and ".join(f"{s} T" for s in sorted(strengths))
    return {kind: name for kind, name in found.items() if name}
