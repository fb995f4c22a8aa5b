"""The child that a learned measure runs in: pairs in as JSON on stdin, numbers out on stdout.

Whatever the package prints goes to stderr. `packages` starts it, with the network taken away."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from radgloss.text.facts.chexpert import LABELS

GREEN = "StanfordAIMI/GREEN-radllama2-7b"
Texts = Sequence[str]
Rows = list[list[float]]


def _bertscore(true: Texts, said: Texts, options: Mapping[str, Any]) -> Rows:
    """Precision, recall, F1. A text without words has 0, as the package means it (its own way there
    fails with newer tokenizers)."""
    scorer = import_module("bert_score").BERTScorer(
        model_type=options["folder"], num_layers=options["layer"], device="cpu"
    )
    found: Rows = [[0.0, 0.0, 0.0] for _ in said]
    whole = [n for n, (a, b) in enumerate(zip(true, said, strict=True)) if a.strip() and b.strip()]
    if whole:
        scores = scorer.score([said[n] for n in whole], [true[n] for n in whole])
        for n, row in zip(whole, zip(*scores, strict=True), strict=True):
            found[n] = [float(x) for x in row]
    return found


def _radgraph(true: Texts, said: Texts, options: Mapping[str, Any]) -> Rows:
    scorer = import_module("radgraph").F1RadGraph(reward_level="all", model_type="radgraph-xl")
    _, each, *_ = scorer(hyps=list(said), refs=list(true))
    return [[float(x) for x in row] for row in zip(*each, strict=True)]


def _chexbert(true: Texts, said: Texts, options: Mapping[str, Any]) -> Rows:
    """Fourteen labels of each reference, then of each prediction, in CheXpert's order; uncertain
    is positive."""
    labeler = import_module("f1chexbert").F1CheXbert(device="cpu")
    order = [list(labeler.target_names).index(name) for name in LABELS]

    def labels(text: str) -> list[float]:
        found = labeler.get_label(text, mode="rrg")
        return [float(found[i]) for i in order]

    return [labels(a) + labels(b) for a, b in zip(true, said, strict=True)]


def _ratescore(true: Texts, said: Texts, options: Mapping[str, Any]) -> Rows:
    scorer = import_module("RaTEScore").RaTEScore(use_gpu=False)
    return [[float(x)] for x in scorer.compute_score(list(said), list(true))]


def _green(true: Texts, said: Texts, options: Mapping[str, Any]) -> Rows:
    with tempfile.TemporaryDirectory() as folder:  # it writes what it has seen
        scorer = import_module("green_score").GREEN(GREEN, output_dir=folder)
        _, _, each, *_ = scorer(list(true), list(said))
    return [[float(x)] for x in each]


How = Callable[[Texts, Texts, Mapping[str, Any]], Rows]
HOW: Mapping[str, How] = {
    "BERTScore": _bertscore,
    "RadGraph": _radgraph,
    "CheXbert": _chexbert,
    "RaTEScore": _ratescore,
    "GREEN": _green,
}


def main() -> None:
    asked = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        rows = HOW[asked["name"]](asked["pairs"][0], asked["pairs"][1], asked["options"])
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main()
