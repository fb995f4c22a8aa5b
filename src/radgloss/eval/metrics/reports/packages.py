"""Learned measures by their authors' own packages, in a child process that may not reach a network.

BERTScore (bert_score), RadGraph F1 (radgraph), CheXbert labels (f1chexbert), RaTEScore (RaTEScore)
and GREEN (green_score) are asked where the package *and* its weights are on this machine; nothing
is fetched. They import heavy things, print, set global state and disagree about versions of others:
in a child of its own each can do so (`child`). What fails is "not available" with the reason, never
a zero. Their values are their authors'; the versions are in the signatures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from radgloss.eval.metrics.reports.labels import averages, label_counts
from radgloss.eval.metrics.reports.sums import Family, Floats, Member, NotAvailable, Value

__all__ = ["LEARNED", "Learned", "bertscore", "learned", "no_bertscore"]

PATIENCE = 3600


@dataclass(frozen=True)
class Learned:
    """module: what is imported. package: its name to pip. members: one mean over pairs each."""

    name: str
    module: str
    package: str
    members: tuple[str, ...]


BERTSCORE = Learned("BERTScore", "bert_score", "bert-score", ("BERTScore P", "BERTScore R",
                                                             "BERTScore F1"))  # fmt: skip
LEARNED = (
    Learned("RadGraph", "radgraph", "radgraph",
            ("RadGraph F1, simple", "RadGraph F1, partial", "RadGraph F1, complete")),
    Learned("CheXbert", "f1chexbert", "f1chexbert", ()),
    Learned("RaTEScore", "RaTEScore", "RaTEScore", ("RaTEScore",)),
    Learned("GREEN", "green_score", "green-score", ("GREEN",)),
)  # fmt: skip


def learned(which: Learned) -> Family:
    """One of `LEARNED`, with the weights that its package keeps on this machine."""

    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        answers = _ask(which, references, predictions, {})
        if which.name == "CheXbert":
            true, said = (np.asarray(a, bool) for a in np.split(answers, 2, axis=1))
            return label_counts(true, said)
        return _means(answers)

    members = averages("CheXbert") if which.name == "CheXbert" else _members(which)
    return Family(which.name, f"{which.name}|{which.package}:{_version(which)}", members, count)


def bertscore(folder: str | Path, layer: int) -> Family:
    """BERTScore with the weights of a folder (a transformers model), of that layer.

    Without idf and without rescaling, as the signature says: a rescaled score needs a baseline of
    these weights, which only the ones that bert_score lists have."""
    options: dict[str, str | int] = {"folder": str(Path(folder).resolve()), "layer": layer}

    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        if not Path(folder).is_dir():
            raise NotAvailable("the folder of its weights is not there")
        return _means(_ask(BERTSCORE, references, predictions, options))

    name = Path(folder).resolve().name
    signature = (f"BERTScore|bert-score:{_version(BERTSCORE)}|weights:{name}|layer:{layer}"
                 "|idf:no|rescaled:no")  # fmt: skip
    return Family("BERTScore", signature, _members(BERTSCORE), count)


def no_bertscore() -> Family:
    """What stands in the table where nobody gave weights."""

    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        raise NotAvailable("needs weights on this machine: --bert FOLDER:LAYER")

    return Family("BERTScore", "BERTScore|weights:none", _members(BERTSCORE), count)


def _means(answers: Floats) -> Floats:
    """(n, m) scores → (n, m + 1), a column of ones last."""
    return np.hstack([answers, np.ones((len(answers), 1))])


def _members(which: Learned) -> tuple[Member, ...]:
    return tuple(Member(name, _column(n)) for n, name in enumerate(which.members))


def _column(n: int) -> Value:
    def value(sums: Floats) -> Floats:
        return np.asarray(sums[..., n] / np.maximum(sums[..., -1], 1))

    return value


def _version(which: Learned) -> str:
    try:
        return version(which.package)
    except PackageNotFoundError:
        return "none"


def _ask(
    which: Learned,
    references: Sequence[str],
    predictions: Sequence[str],
    options: dict[str, str | int],
) -> Floats:
    """The child's answer: a row of numbers for each pair."""
    if find_spec(which.module) is None:
        raise NotAvailable(f"needs the package {which.package}, which is not installed")
    asked = json.dumps(
        {"name": which.name, "options": options, "pairs": [list(references), list(predictions)]}
    )
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "NO_PROXY": "",
               "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}  # fmt: skip
    command = [sys.executable, "-m", "radgloss.eval.metrics.reports.child"]
    try:
        done = subprocess.run(
            command, input=asked, capture_output=True, encoding="utf-8", timeout=PATIENCE,
            env={**os.environ, **offline, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )  # fmt: skip
    except subprocess.TimeoutExpired as problem:
        raise NotAvailable("no answer within an hour") from problem
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NotAvailable(f"{which.package} ended with {last.split(':')[0][:60]} "
                           "(are its weights on this machine?)")  # fmt: skip
    answers = np.array(json.loads(done.stdout), float)
    if answers.shape[:1] != (len(predictions),) or not np.isfinite(answers).all():
        raise NotAvailable(f"{which.package} answered {answers.shape} for {len(predictions)} pairs")
    return answers
