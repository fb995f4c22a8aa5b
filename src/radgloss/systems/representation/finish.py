"""From a trained representation to its checkpoint: what it learned, judged on the test split.

There is nothing to calibrate: a representation answers no question by itself. Its card says how
well it does its own task on patients it never met, and what its vectors are good for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from radgloss import checkpoint
from radgloss.data.batch import Batch
from radgloss.data.feeds import Desk, Neighbours, Told
from radgloss.data.feeds.neighbours import report_sentences
from radgloss.data.feeds.told import concepts
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs
from radgloss.models.representation import ARCHITECTURES
from radgloss.systems.representation import score, words
from radgloss.text.tokenizer import Tokenizer
from radgloss.train.run import Run

__all__ = ["figures", "finish", "is_representation", "told_names"]

BATCHES = 8  # of the test split, for the task's own loss
Split = tuple[Pairs, Sequence[Entry]]


def is_representation(run: Run) -> bool:
    """Whether a run ends here, and not with labels that are calibrated."""
    return run.architecture in ARCHITECTURES


def finish(
    run: Run, objective: torch.nn.Module, tokenizer: Tokenizer, train: Split, test: Split,
    card: dict[str, Any], out: Path,
) -> dict[str, Any]:  # fmt: skip
    """Score on test, save; returns the card with the checkpoint's name."""
    objective.eval()
    model: Any = objective.model
    if run.storage == "fp16":
        checkpoint.rounded(model)
    card = {**card, "test": figures(run, objective, tokenizer, train, test)}
    name = checkpoint.save(
        out, run.architecture, model, run.preprocess, tokenizer, card, storage=run.storage
    )
    return {**card, "name": name}


def figures(
    run: Run, objective: torch.nn.Module, tokenizer: Tokenizer, train: Split, test: Split
) -> dict[str, Any]:
    """What is measured of this run's model, by what it can do."""
    model: Any = objective.model
    found: dict[str, Any] = {"task": _task(run, objective, tokenizer, test)}
    if hasattr(model, "encode_image"):
        found["pictures"] = score.pictures(model, train, test, run.seed)
    if isinstance(run.feed, Neighbours):
        said = report_sentences([*train[1], *test[1]])
        found["words"] = words.figures(model.own.weight.detach().numpy(), tokenizer, said)
    if isinstance(run.feed, Told):
        exams = sorted({e.exam for e in train[1]})
        found["names"] = told_names(_encoder(model, tokenizer), exams, run.feed.silent)
    return found


def _task(
    run: Run, objective: torch.nn.Module, tokenizer: Tokenizer, test: Split
) -> dict[str, float]:
    """The training task itself, on test patients: mean loss and logs."""
    pairs, entries = test
    context = run.model.text.context if hasattr(run.model, "text") else 1
    still = replace(run.sampling, augment=None)
    size = min(run.batch // run.accumulate, len(pairs))
    desk = Desk(pairs, tuple(entries), tokenizer, context, size, run.seed, still, BATCHES)
    batches: Callable[[int], Batch] = run.feed.batches(desk)
    rows = []
    with torch.no_grad():
        for k in range(BATCHES):
            loss, logs = objective(batches(k).ready())
            rows.append({"loss": float(loss), **{n: float(v) for n, v in logs.items()}})
    return {name: round(float(np.mean([r[name] for r in rows])), 4) for name in rows[0]}


Encoder = Callable[[Sequence[str]], np.ndarray]


def _encoder(model: Any, tokenizer: Tokenizer) -> Encoder:
    def encode(texts: Sequence[str]) -> np.ndarray:
        tokens, mask = tokenizer(texts, model.config.text.context)
        with torch.inference_mode():
            return np.asarray(model.encode_text(torch.from_numpy(tokens), torch.from_numpy(mask)))

    return encode


def told_names(encode: Encoder, exams: Sequence[str], silent: Sequence[str]) -> dict[str, Any]:
    """For every name that no picture came with: which place its finding takes among all findings,
    by the likeness of their names that were heard; 1 is right, `of` how many there are."""
    known = concepts(exams)
    quiet = {w: [n for n in names if any(s in n for s in silent)] for w, names in known.items()}
    heard = {w: [n for n in names if n not in quiet[w]] for w, names in known.items()}
    asked = [(w, n) for w, names in quiet.items() for n in names if heard[w]]
    candidates = [w for w in known if heard[w]]
    centres = np.stack([encode(heard[w]).mean(0) for w in candidates])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    places, likeness = {}, {}
    for what, name in asked:
        alike = centres @ encode([name])[0]
        own = candidates.index(what)
        places[name] = int((alike > alike[own]).sum()) + 1
        likeness[name] = round(float(alike[own] - np.median(alike)), 3)
    return {"place": places, "closer_than_most": likeness, "of": len(candidates)}
