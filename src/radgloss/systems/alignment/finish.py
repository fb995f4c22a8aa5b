"""A trained pair of towers into a checkpoint: fitted on validation, scored on test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radgloss import __version__, checkpoint
from radgloss.checkpoint import Checkpoint, Support
from radgloss.data import phantom
from radgloss.data.manifest import Entry, Manifest
from radgloss.engine.aligner import Aligner
from radgloss.systems.alignment.asking import ask
from radgloss.systems.alignment.fitting import fit, words_of
from radgloss.systems.alignment.scoring import score
from radgloss.text.banks import BankSet
from radgloss.text.facts.sentences import sentences
from radgloss.text.prompts import Bank, gather
from radgloss.text.tokenizer import Tokenizer
from radgloss.train.run import Run
from radgloss.trust import Trust
from radgloss.trust.calibration import Calibration

__all__ = ["HEADS", "HEAD_SEED", "finish", "said_of"]

FAMILIAR = 100  # training studies of an examination that the outlier's bank is drawn from
SUPPORTING = 100  # training reports of an examination that a draft may point to
HEADS, HEAD_SEED = 20, 9_000_000  # simulated heads, asked once for the card


def finish(
    run: Run,
    model: Any,
    tokenizer: Tokenizer,
    manifest: Manifest,
    out: Path,
    card: Mapping[str, Any],
) -> dict[str, Any]:
    """Fit trust on validation, gather support, score on test, save."""
    if run.storage == "fp16":
        model = checkpoint.rounded(model)
    prompts = gather(said_of(manifest.split("train")))
    bare = _aligner(run, model, tokenizer, prompts)
    training = list(ask(_some(manifest.split("train")), bare, "training studies"))
    validation = list(ask(manifest.split("val"), bare, "validation"))
    trust = fit(training, validation, run.seed, words_of(bare))
    test = list(ask(manifest.split("test"), bare, "test"))
    card = {
        **card,
        "prompts": str(BankSet(run.name, __version__, prompts)),
        "outliers": dict(trust.chosen),
        "validation": {
            exam: {k: _figures(c) for k, c in of.items()} for exam, of in trust.labels.items()
        },
        "test": {**score(test, trust), "head_ct_refused": _heads(bare, trust)},
    }
    support = Support(
        tuple(a.report for a in training),
        tuple(a.exam for a in training),
        np.stack([a.vector for a in training]) if training else np.zeros((0, 1), np.float32),
    )
    name = checkpoint.save(
        out, run.architecture, model, run.preprocess, tokenizer, card, trust, support, run.storage,
        prompts,
    )  # fmt: skip
    return {**card, "name": name}


def said_of(entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """Every caption's sentences with their examination, or the report where there is no caption."""
    for entry in entries:
        yield from ((entry.exam, s) for c in entry.captions for s in c.sentences)
        if not entry.captions:
            text = f"{entry.report.findings} {entry.report.impression}"
            yield from ((entry.exam, text[a:b]) for a, b in sentences(text, 0, len(text)))


def _aligner(run: Run, model: Any, tokenizer: Tokenizer, prompts: Mapping[str, Bank]) -> Aligner:
    """The model as it will serve, before anything was fitted."""
    nothing, doubt = Support((), (), np.zeros((0, 1), np.float32)), Trust({}, {}, {})
    return Aligner(
        Checkpoint("unfinished", run.architecture, model.eval(), run.preprocess, tokenizer, doubt,
                   nothing, {}, prompts)
    )  # fmt: skip


def _some(entries: Sequence[Entry]) -> list[Entry]:
    """The first studies of each examination."""
    kept: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if len(kept[entry.exam]) < max(FAMILIAR, SUPPORTING):
            kept[entry.exam].append(entry)
    return [e for many in kept.values() for e in many]


def _heads(aligner: Aligner, trust: Trust) -> str:
    """How many simulated head CTs, which no training set holds, the abdomen's outlier refuses."""
    if "ct-abdomen" not in trust.outliers:
        return ""
    refused, detector = 0, trust.outliers["ct-abdomen"]
    for i in range(HEADS):
        seen = aligner.see(phantom.make(HEAD_SEED + i, "ct-head").study)
        refused += detector.foreign(np.concatenate([getattr(s, detector.reads) for s in seen]))
    return f"{refused} of {HEADS}"


def _figures(c: Calibration) -> dict[str, Any]:
    return {
        "auroc": round(c.auroc, 3), "ece": round(c.ece, 3), "positives": c.positives,
        "negatives": c.negatives, "absent_below": c.absent_below, "present_above": c.present_above,
    }  # fmt: skip
