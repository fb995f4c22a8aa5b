"""From a recipe and a store of pictures to a trained objective; nothing is scored here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from radgloss import checkpoint
from radgloss.data.feeds import Desk, Neighbours, Written
from radgloss.data.feeds.neighbours import report_sentences
from radgloss.data.feeds.written import written_texts
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs
from radgloss.systems.image_to_text.looks import frozen, looks_of
from radgloss.text.tokenizer import Tokenizer
from radgloss.train import loop, prepare
from radgloss.train.run import Run

__all__ = ["tokenizer_of", "trained", "untrained"]


def tokenizer_of(
    pairs: Pairs,
    run: Run,
    entries: Sequence[Entry],
    work: Path,
    given: Tokenizer | None = None,
) -> Tokenizer:
    """Those that came with the weights; else learned once from the training captions, or whole
    words from the training reports where words are what is learned, or pieces of these reports
    where texts are written. Kept with the unfinished run."""
    path = work / "tokenizer.json"
    if given is not None:
        given.save(path)
    elif path.is_file():
        pass
    elif isinstance(run.feed, Written):
        Tokenizer.of_reports(written_texts(entries), run.vocabulary).save(path)
    elif isinstance(run.feed, Neighbours):
        Tokenizer.of_words(report_sentences(entries), run.vocabulary).save(path)
    else:
        Tokenizer.train((s for many in pairs.sentences for s in many), run.vocabulary).save(path)
    return Tokenizer.load(path)


def trained(
    run: Run,
    pairs: Pairs,
    entries: tuple[Entry, ...],
    tokenizer: Tokenizer,
    work: Path,
    resume: bool,
) -> Any:
    """The objective, its model trained; what has not ended goes on with `resume`."""
    objective = untrained(run)
    size = run.batch // run.accumulate
    context = run.model.text.context if hasattr(run.model, "text") else 1
    desk = Desk(
        pairs, entries, tokenizer, context, size, run.seed, run.sampling,
        run.steps * run.accumulate, _looks(run, objective.model, pairs, work),
    )  # fmt: skip
    loop.train(run, objective, run.feed.batches(desk), work / "states", resume)
    return objective


def _looks(run: Run, model: Any, pairs: Pairs, work: Path) -> Any:
    """What the tower makes of every picture, where it stays as it is; None where it learns."""
    if not frozen(model, run.freeze):
        return None
    if run.warm:
        prepare.warm(model, run.warm)
    if run.sampling.augment is not None:
        tqdm.write("The image tower is frozen and looks at every picture once, so pictures are not "
                   "moved.", file=sys.stderr)  # fmt: skip
    return looks_of(model, pairs, work / "looks" / pairs.folder.name)


def untrained(run: Run) -> Any:
    """The objective with the weights that its seed draws."""
    torch.manual_seed(run.seed)
    module = checkpoint.architecture(run.architecture)
    config = run.model
    if hasattr(config, "text"):
        config = replace(config, text=replace(config.text, vocabulary=run.vocabulary))
    return module.Objective(module.build(config))
