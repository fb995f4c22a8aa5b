"""From a recipe to a checkpoint that may be believed: train, then fit and score as its family does.

Calibration, thresholds and the outlier's bank come from the validation and training splits only;
the test split is read once, at the end, for the card."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from radgloss import __version__, checkpoint
from radgloss.data import phantom
from radgloss.data.manifest import Manifest, read_manifest
from radgloss.systems.alignment import finish as alignment
from radgloss.systems.change import Change
from radgloss.systems.image_to_text import finish as image_to_text
from radgloss.systems.representation import finish as representation
from radgloss.systems.starting import begun
from radgloss.systems.training import tokenizer_of, trained, untrained
from radgloss.text.findings import EXAMS
from radgloss.train import cache, prepare, ranks
from radgloss.train.run import Run
from radgloss.types import InputRejected

__all__ = ["train_system"]

AS_IT_IS = Change()


def train_system(
    system: str,
    run: Run,
    manifest_path: Path,
    out: Path,
    change: Change = AS_IT_IS,
    resume: bool = False,
    workers: int = 1,
    network: bool = False,
) -> dict[str, Any]:
    """Train, fit, score and save; returns the card with the checkpoint's name.

    Started by torchrun, every rank calls it and returns the card; what is not training is done by
    rank 0 alone. network: whether published weights may be fetched. Raises InputRejected for a
    manifest, a start or ranks that cannot be used, before any long work."""
    with ranks.joined() as me:
        run = change.of(run)
        work = out.with_name(out.name + ".work")
        _check_parts(run, me)
        manifest = read_manifest(manifest_path).only(getattr(run.feed, "exams", ()))
        if me.first:
            _check(manifest)
        start = begun(run, change.start, work, me, network)
        run, entries = start.run, manifest.split("train")
        _check_chunks(run)
        pairs = me.in_turn(
            lambda: run.feed.read(
                manifest, "train", run.preprocess, work / "pairs", workers, _bar("reading")
            )
        )
        tokenizer = me.in_turn(lambda: tokenizer_of(pairs, run, entries, work, start.tokenizer))
        objective = trained(run, pairs, entries, tokenizer, work, resume)
        command = f"radgloss train {system} -d {manifest_path.name} -o {out.name}"
        card = {**_card(run, objective.model, manifest, command + change.options()), **start.about}

        def finished() -> dict[str, Any]:
            if image_to_text.is_writer(run):
                others = {
                    name: run.feed.read(
                        manifest, name, run.preprocess, work / name, workers, _bar(name)
                    )
                    for name in ("val", "test")
                }
                splits = {
                    name: image_to_text.Split(store, manifest.split(name))
                    for name, store in {"train": pairs, **others}.items()
                }
                return image_to_text.finish(
                    run, objective.model, tokenizer, splits, work, card, out
                )
            if not representation.is_representation(run):
                return alignment.finish(run, objective.model, tokenizer, manifest, out, card)
            test = run.feed.read(
                manifest, "test", run.preprocess, work / "test", workers, _bar("test")
            )
            train, tested = (pairs, entries), (test, manifest.split("test"))
            return representation.finish(run, objective, tokenizer, train, tested, card, out)

        return me.once(finished)


def _check_parts(run: Run, me: ranks.Ranks) -> None:
    """What several ranks, or chunks, cannot compute exactly is refused before any work."""
    if me.count > 1 or run.chunk:
        cache.require_parts(checkpoint.architecture(run.architecture).Objective, run.name)
    me.require_rows(run.batch // run.accumulate)


def _check_chunks(run: Run) -> None:
    """The towers as they will be: what is frozen normalises over nothing."""
    if run.chunk:
        objective = untrained(run)
        prepare.wake(objective, run.freeze)
        cache.require_apart(objective)


def _check(manifest: Manifest) -> None:
    """Say which lines were left out; refuse what cannot be trained, fitted and scored."""
    for problem in manifest.bad:
        tqdm.write(f"left out: {problem}", file=sys.stderr)
    for split in ("train", "val", "test"):
        if not any(e.exam in EXAMS for e in manifest.split(split)):
            raise InputRejected(
                "manifest", f"{manifest.path.name}, split {split}",
                "no study of a known examination", f"exam: {' or '.join(EXAMS)}",
                "Name each study's exam, and give every split some.",
            )  # fmt: skip


def _bar(what: str) -> Any:
    bar: list[tqdm[Any]] = []

    def progress(done: int, total: int) -> None:
        if not bar:
            bar.append(tqdm(total=total, desc=what, unit="study", file=sys.stderr,
                            disable=not sys.stderr.isatty()))  # fmt: skip
        bar[0].update(done - bar[0].n)

    return progress


def _card(run: Run, model: Any, manifest: Manifest, command: str) -> dict[str, Any]:
    """What every card says, before any figure."""
    return {
        "title": run.name,
        "version": __version__,
        "command": command,
        "intended_use": "research and education; not a medical device",
        "data": _data(manifest),
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": run.steps,
        "batch": run.batch,
        "seed": run.seed,
        "precision": run.precision,
        "preprocess": run.preprocess.digest,
        "license": "Apache-2.0",
    }


def _data(manifest: Manifest) -> dict[str, Any]:
    """What it was trained on: counts by split and examination, and the phantom's version."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for e in manifest.entries:
        counts[e.split][e.exam] += 1
    simulated = all(e.patient.startswith("PHANTOM-") for e in manifest.entries)
    version = {"phantom": phantom.VERSION} if simulated else {}
    return {**version, "studies": {k: dict(v) for k, v in counts.items()}}
