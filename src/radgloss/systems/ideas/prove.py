"""Train every arm of the chosen rows, judge it, and write down one JSON line at once.

A killed run goes on at the next arm: a line counts when its recipe, its data and its seed are those
that are asked for. The store of pictures and the words are made once and shared by all arms; a
space that ways of using it ask (`ways`) is trained once a seed and kept.

    lines = prove("manifest.jsonl", "ideas", ("gloria", "siglip"))"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from tqdm import tqdm

from radgloss import __version__
from radgloss.data.feeds import Followed, Neighbours, Volumes, Written
from radgloss.data.manifest import Entry, Manifest, read_manifest
from radgloss.data.pairs import Pairs
from radgloss.systems import SYSTEMS
from radgloss.systems.alignment.finish import said_of
from radgloss.systems.ideas import kept
from radgloss.systems.ideas.figures import aligned
from radgloss.systems.ideas.pointing import spots
from radgloss.systems.ideas.rows import ROWS, recipes
from radgloss.systems.ideas.space import Space
from radgloss.systems.ideas.ways import WAYS
from radgloss.systems.image_to_text import finish as image_to_text
from radgloss.systems.image_to_text import writing
from radgloss.systems.representation import finish as representation
from radgloss.systems.training import tokenizer_of, trained, untrained
from radgloss.text.prompts import Bank, gather
from radgloss.text.tokenizer import Tokenizer
from radgloss.train.run import Run
from radgloss.types import InputRejected

__all__ = ["LINES", "SEEDS", "Arm", "arms", "prove", "read"]

SCHEMA = 2  # of a line's figures
SEEDS = 3
LINES = "arms.jsonl"
KINDS = {Neighbours: "reports", Volumes: "volumes"}  # of texts that words are learned from
Progress = Callable[[str, int, int], object]


@dataclass(frozen=True)
class Arm:
    """A recipe and a seed, or a way of using a recipe's space; not learned, the same network as its
    seed draws it."""

    recipe: str
    seed: int
    learned: bool = True

    @property
    def base(self) -> str:
        """What is trained."""
        return WAYS[self.recipe].base if self.recipe in WAYS else self.recipe

    @property
    def name(self) -> str:
        return f"{self.recipe}{'' if self.learned else ', untrained'}, seed {self.seed}"


def arms(names: Sequence[str] = (), seeds: int = SEEDS) -> tuple[Arm, ...]:
    """All arms of these rows, seed by seed, so that an early end leaves whole comparisons.

    Raises InputRejected('system') for a name that is no row."""
    rows = {r.system for r in ROWS}
    if unknown := [n for n in names if n not in rows]:
        raise InputRejected(
            "system", unknown[0], "no row of that name", ", ".join(sorted(rows)), "Pick one."
        )
    every = recipes(tuple(names))
    drawn = {r for r in rows if not (r in WAYS and WAYS[r].anew)}  # beside which a twin says more
    return tuple(
        arm
        for seed in range(seeds)
        for recipe in every
        for arm in (Arm(recipe, seed), *([Arm(recipe, seed, False)] if recipe in drawn else []))
    )


def prove(
    manifest: Path | str,
    out: Path | str,
    names: Sequence[str] = (),
    seeds: int = SEEDS,
    steps: int | None = None,
    workers: int = 1,
    progress: Progress = lambda what, done, total: None,
) -> list[dict[str, Any]]:
    """Every line of these arms, those that were there already included.

    steps: instead of each recipe's own. Where no row is named, one that these data do not allow is
    left out and said. Raises InputRejected('manifest') for one that cannot be used, before any
    training, and what reading raises."""
    known = read_manifest(Path(manifest))
    chosen = _possible(arms(names, seeds), known, required=bool(names))
    bench = _Bench(known, Path(out), workers, progress)
    bench.check()
    lines = []
    for k, arm in enumerate(chosen):
        run = replace(SYSTEMS[arm.base](), seed=arm.seed)
        run = run if steps is None else replace(run, steps=steps)
        lines.append(bench.known(arm, run) or bench.measure(arm, run))
        progress("arms", k + 1, len(chosen))
    return lines


def _possible(chosen: Sequence[Arm], manifest: Manifest, required: bool) -> list[Arm]:
    """The arms that these data allow; raises what one lacks where all are required."""
    lacking: dict[str, InputRejected] = {}
    for name in {arm.base for arm in chosen}:
        feed = SYSTEMS[name]().feed
        if isinstance(feed, Volumes):
            try:
                feed.require(manifest)
            except InputRejected as problem:
                if required:
                    raise
                lacking[name] = problem
    for name, why in sorted(lacking.items()):
        tqdm.write(f"left out: {name}: {why}", file=sys.stderr)
    return [arm for arm in chosen if arm.base not in lacking]


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a file; a last line that was cut short does not count."""
    if not path.is_file():
        return []
    return list(_whole(path.read_text(encoding="utf-8")))


def _whole(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines(keepends=True):
        if line.endswith("\n") and line.strip():
            yield json.loads(line)


@dataclass(eq=False)
class _Bench:
    """What all arms share: the pictures, the words, and the file of lines."""

    manifest: Manifest
    out: Path
    workers: int
    progress: Progress
    _asked: tuple[tuple[str, str, int, bool], tuple[Space, Any]] | None = None

    def check(self) -> None:
        """Refuse what cannot be trained and judged."""
        for split in ("train", "test"):
            if not self.manifest.split(split):
                raise InputRejected(
                    "manifest", f"{self.manifest.path.name}, split {split}", "no study",
                    "studies in train and in test", "Name each study's split.",
                )  # fmt: skip
        self.out.mkdir(parents=True, exist_ok=True)
        self._mend()

    @cached_property
    def digest(self) -> str:
        """Of the data: which studies of which patients, in which split."""
        told = [f"{e.split} {e.patient} {e.exam} {e.study.name}" for e in self.manifest.entries]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]

    @cached_property
    def banks(self) -> dict[str, Bank]:
        return gather(said_of(self.manifest.split("train")))

    def pairs(self, run: Run, split: str) -> Pairs:
        """The store of a split, as this run's bridge prepares it."""
        folder = self.out / f"pictures-{run.preprocess.digest}{_kept(run)}" / split

        def tell(done: int, total: int) -> None:
            self.progress(f"reading {split}", done, total)

        return run.feed.read(self.manifest, split, run.preprocess, folder, self.workers, tell)

    def _words(self, run: Run) -> Path:
        """Where the tokenizer of these words and this size is kept."""
        kind = KINDS.get(type(run.feed), "captions")
        kind = "writing" if isinstance(run.feed, Written) else kind
        folder = self.out / f"words-{kind}-{run.vocabulary}"
        folder.mkdir(exist_ok=True)
        return folder

    def known(self, arm: Arm, run: Run) -> dict[str, Any] | None:
        """The line of this arm where it was measured already, on these data by this recipe."""
        wanted = self._key(arm, run)
        lines = read(self.out / LINES)
        return next((x for x in lines if {k: x.get(k) for k in wanted} == wanted), None)

    def _key(self, arm: Arm, run: Run) -> dict[str, Any]:
        return {
            "schema": SCHEMA, "recipe": arm.recipe, "seed": arm.seed, "learned": arm.learned,
            "digest": run.digest, "data": self.digest,
        }  # fmt: skip

    def measure(self, arm: Arm, run: Run) -> dict[str, Any]:
        """Train and judge one arm; its line is on disk when this returns."""
        begun = perf_counter()
        space, objective = self._space(arm, run)
        learned = perf_counter() - begun
        train, test = space.train, space.test
        if arm.recipe in WAYS:
            found = WAYS[arm.recipe].act(space)
        elif representation.is_representation(run):
            found = _flat(representation.figures(run, objective, space.tokenizer, train, test))
        elif image_to_text.is_writer(run):
            seen = self.out / "work" / "seen"
            found = writing.figures(run, objective.model, space.tokenizer, train, test, seen)
        else:
            found = aligned(objective.model, space.tokenizer, self.banks, train, test, run.seed)
        line = {
            **self._key(arm, run), "steps": run.steps if arm.learned else 0, "figures": found,
            "parameters": sum(p.numel() for p in objective.model.parameters()),
            "seconds": {"training": round(learned), "all": round(perf_counter() - begun)},
            "version": __version__, "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "studies": {s: len(self.manifest.split(s)) for s in ("train", "test")},
        }  # fmt: skip
        self._append(line)
        shutil.rmtree(self.out / "work", ignore_errors=True)
        return line

    def _space(self, arm: Arm, run: Run) -> tuple[Space, Any]:
        """The space of an arm and its objective; the last one is at hand for the next way."""
        key = (arm.base, run.digest, run.seed, arm.learned)
        if self._asked is None or self._asked[0] != key:
            entries = self.manifest.split("train")
            pairs = self.pairs(run, "train")
            tokenizer = tokenizer_of(pairs, run, entries, self._words(run))
            objective = self._objective(arm, run, pairs, entries, tokenizer).eval()
            test = self.pairs(run, "test"), self.manifest.split("test")
            space = Space(objective.model, tokenizer, self.banks, (pairs, entries), test, run.seed,
                          partial(kept.heads, self.out), spots)  # fmt: skip
            self._asked = key, (space, objective)
        return self._asked[1]

    def _objective(
        self, arm: Arm, run: Run, pairs: Pairs, entries: tuple[Entry, ...], tokenizer: Tokenizer
    ) -> Any:
        """Trained, or as its seed draws it; what ways ask is trained once."""
        if not arm.learned:
            return untrained(run)
        path = self.out / "spaces" / f"{run.name}-{run.digest}-{self.digest}-{run.seed}.safetensors"
        if path.is_file() and arm.recipe in WAYS:
            return kept.poured(untrained(run), path)
        work = self.out / "work"
        _own(work, run)
        objective = trained(run, pairs, entries, tokenizer, work, resume=True)
        if arm.base in {way.base for way in WAYS.values()}:
            kept.keep(objective, path)
        return objective

    def _append(self, line: dict[str, Any]) -> None:
        with (self.out / LINES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _mend(self) -> None:
        """Take away the beginning of a line whose writing was cut short."""
        path = self.out / LINES
        if path.is_file() and not (data := path.read_bytes()).endswith(b"\n"):
            with path.open("r+b") as file:
                file.truncate(data.rfind(b"\n") + 1)


def _kept(run: Run) -> str:
    """What tells stores of whole studies apart; single pictures have one store for all feeds."""
    if not isinstance(run.feed, Written):
        return ""
    before = f"-{run.feed.before}" if isinstance(run.feed, Followed) else ""
    return f"-studies-{run.feed.pictures}{before}"


def _own(work: Path, run: Run) -> None:
    """What is unfinished in `work` is of this run; another's is thrown away."""
    mark = work / "run"
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == run.digest):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        mark.write_text(run.digest, encoding="utf-8")


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    """A representation's figures under the names of `rows.MEASURES`."""
    words = {k: v for k, v in found.get("words", {}).items() if k != "nearest"}
    flat = {**found.get("pictures", {}), **words, "task": found["task"]}
    if "top1" in found["task"]:
        flat["guessed"] = found["task"]["top1"]
    if names := found.get("names"):
        flat["place"] = median(names["place"].values())
        flat["place_by_chance"] = (names["of"] + 1) / 2
        flat["names"] = names["place"]
    return flat
