"""Pictures with their sentences, ready for training: made by the readers that serve.

`Pairs.build` reads every study of a split through `dicom.read` and `preprocess.prepare`, keeps the
captioned frames as bytes on disk (so memory stays flat), and remembers which preprocessing made
them. `Pairs.batch` is a pure function of (seed, step): the same step gives the same batch whether
the run was interrupted or not.

Shapes: K pictures · B batch · C channels · S side."""

from __future__ import annotations

import atexit
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from radgloss import dicom
from radgloss.data import children
from radgloss.data.batch import QUESTION, Batch, to_model
from radgloss.data.manifest import Entry, Manifest
from radgloss.data.quiz import Quiz
from radgloss.preprocess import Preprocess, prepare
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import InputRejected, Study

__all__ = ["Augment", "Pairs", "Sampling", "Words", "texts_of"]

SCHEMA = 2
Words = Literal["few", "one", "whole"]
"""One to three of a picture's sentences as one text, a single one, or all of them."""


@dataclass(frozen=True)
class Augment:
    """How far a picture may be moved and re-exposed. Never mirrored: the words know left and right.

    shift and zoom: shares of the side. gain, offset and noise: shares of full brightness."""

    shift: float = 0.06
    zoom: float = 0.08
    gain: float = 0.12
    offset: float = 0.05
    noise: float = 0.02


@dataclass(frozen=True)
class Sampling:
    """What a step takes. texts: how many an image brings (one of one to three sentences, then
    single ones). per_study: pictures of one study in an epoch, so that a CT of fifty frames does
    not outweigh a film; 0 takes all. asked: whether every picture is also asked what is known of
    it (`data.quiz`). sought: the share of pictures drawn because they show something, so that what
    is rare is seen often."""

    texts: int = 1
    per_study: int = 0
    asked: bool = False
    sought: float = 0.0
    augment: Augment | None = Augment()


class Pairs:
    """K pictures (uint8, memory-mapped) and the sentences that are true of each."""

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / "pairs.json").read_text(encoding="utf-8"))
        self.folder = folder
        self.preprocess = Preprocess.from_dict(about["preprocess"])
        self.sentences: list[list[str]] = about["sentences"]
        self.studies: list[int] = about["studies"]
        self.bad: list[str] = about["bad"]
        self._held = list(Counter(self.studies).values())  # pictures of each study
        self._epoch: tuple[tuple[int, int, int], npt.NDArray[np.int64]] | None = None
        self.pictures: npt.NDArray[np.uint8] = np.load(folder / "pictures.npy", mmap_mode="r")

    def __len__(self) -> int:
        return len(self.sentences)

    @classmethod
    def build(
        cls,
        manifest: Manifest,
        split: str,
        preprocess: Preprocess,
        folder: Path,
        workers: int = 1,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Pairs:
        """Read and prepare one split, or take what a finished build left in `folder`.

        Raises InputRejected('manifest') when no picture could be read."""
        wanted = {
            "schema": SCHEMA,
            "preprocess": preprocess.to_dict(),
            "manifest": _fingerprint(manifest.split(split)),
        }
        if (folder / "pairs.json").is_file():
            about = json.loads((folder / "pairs.json").read_text(encoding="utf-8"))
            if {k: about.get(k) for k in wanted} == json.loads(json.dumps(wanted)):
                return cls(folder)
        aside = folder.with_name(folder.name + ".part")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        entries = manifest.split(split)
        sentences, studies, bad = _write_pictures(entries, preprocess, aside, workers, progress)
        if not sentences:
            raise InputRejected(
                "manifest", f"{manifest.path.name}, split {split}", "no readable picture with text",
                "at least one", bad[0] if bad else "Add captions or reports.",
            )  # fmt: skip
        about = {**wanted, "sentences": sentences, "studies": studies, "bad": bad}
        (aside / "pairs.json").write_text(json.dumps(about), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(aside, folder)
        return cls(folder)

    def batch(
        self,
        step: int,
        size: int,
        seed: int,
        tokenizer: Tokenizer,
        context: int,
        sampling: Sampling,
        quiz: Quiz | None = None,
        words: Words = "few",
    ) -> Batch:
        """The pairs of one step, shuffled by epoch; with a quiz, its questions of every picture."""
        rng = np.random.default_rng([seed, step, 1])
        drawn = quiz.sought(int(sampling.sought * size), rng) if quiz else []
        chosen = drawn + self.chosen(step, size - len(drawn), seed, sampling.per_study)
        said = [texts_of(self.sentences[k], sampling.texts, words, rng) for k in chosen]
        owner = np.repeat(np.arange(size), [len(many) for many in said])
        asked = quiz.wordings(rng) if quiz else []
        answers = quiz.answers[chosen] if quiz else np.zeros((size, 0), np.int8)
        written = tokenizer.encode([t for many in said for t in many] + asked, context)
        owner = np.append(owner, np.full(len(asked), QUESTION, owner.dtype))
        images = self.images(chosen, step, seed, sampling.augment)
        arrays = (written.tokens, written.mask, owner, answers, written.words)
        return Batch(images, *(torch.from_numpy(a) for a in arrays))

    def chosen(self, step: int, size: int, seed: int, per_study: int) -> list[int]:
        """The pictures of one step, from an endless sequence that is shuffled by epoch."""
        return [self._at(step * size + i, seed, per_study) for i in range(size)]

    def images(
        self, chosen: Sequence[int], step: int, seed: int, augment: Augment | None
    ) -> torch.Tensor:
        """Those pictures (B, C, S, S) as a model takes them, each moved by its own draw."""
        images = to_model(self.pictures[list(chosen)])
        if augment is None:
            return images
        return _moved(images, augment, torch.Generator().manual_seed(seed * 1_000_003 + step))

    def _at(self, position: int, seed: int, per_study: int) -> int:
        """The picture at a position of the endless shuffled sequence."""
        length = sum(min(n, per_study or n) for n in self._held)
        epoch, place = divmod(position, length)
        return int(self._order(epoch, seed, per_study)[place])

    def _order(self, epoch: int, seed: int, per_study: int) -> npt.NDArray[np.int64]:
        """One epoch: `per_study` pictures of every study, drawn afresh and shuffled."""
        key = (epoch, seed, per_study)
        if self._epoch is None or self._epoch[0] != key:
            rng = np.random.default_rng([seed, epoch, 0])
            taken: Counter[int] = Counter()
            kept = []
            for k in rng.permutation(len(self)):
                study = self.studies[k]
                taken[study] += 1
                if not per_study or taken[study] <= per_study:
                    kept.append(k)
            self._epoch = (key, rng.permutation(kept))  # else large studies would come first
        return self._epoch[1]


def _fingerprint(entries: Iterable[Entry]) -> list[str]:
    return [f"{e.line}:{e.study.name}:{len(e.captions)}" for e in entries]


def texts_of(
    sentences: Sequence[str], texts: int, words: Words, rng: np.random.Generator
) -> list[str]:
    """What an image brings: one text made as `words` says, then single sentences."""
    order = rng.permutation(len(sentences))
    held = len(order) if words == "whole" else 1 if words == "one" else int(rng.integers(1, 4))
    joined = " ".join(sentences[i] for i in sorted(order[:held]))
    return [joined, *(sentences[i] for i in rng.permutation(len(sentences))[: texts - 1])]


def _moved(images: torch.Tensor, augment: Augment, generator: torch.Generator) -> torch.Tensor:
    """Shift, zoom, re-expose and roughen, each picture by its own draw."""
    n = len(images)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator) * 2 - 1

    zoom = 1 + augment.zoom * draw(n)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = zoom
    theta[:, :, 2] = 2 * augment.shift * draw(n, 2)
    grid = torch.nn.functional.affine_grid(theta, list(images.shape), align_corners=False)
    low = float(images.min())
    moved = torch.nn.functional.grid_sample(images - low, grid, align_corners=False) + low
    gain = 1 + augment.gain * draw(n, 1, 1, 1)
    noise = torch.randn(moved.shape, generator=generator) * augment.noise
    return moved * gain + augment.offset * draw(n, 1, 1, 1) + noise


# ------------------------------------------------------------------ reading the studies


def _write_pictures(
    entries: Sequence[Entry],
    preprocess: Preprocess,
    folder: Path,
    workers: int,
    progress: Callable[[int, int], None],
) -> tuple[list[list[str]], list[int], list[str]]:
    """Append every captioned frame to `pictures.npy`; returns each picture's sentences and study,
    and what went wrong."""
    sentences: list[list[str]] = []
    studies: list[int] = []
    bad: list[str] = []
    shape = (preprocess.channels, preprocess.size, preprocess.size)
    raw = folder / "pictures.raw"
    with raw.open("wb") as file:
        for done, result in enumerate(_each(entries, preprocess, workers), 1):
            if isinstance(result, str):
                bad.append(result)
            else:
                for pixels, said in result:
                    file.write(pixels.tobytes())
                    sentences.append(said)
                    studies.append(done - 1)
            progress(done, len(entries))
    pictures = np.lib.format.open_memmap(
        folder / "pictures.npy", "w+", np.uint8, (len(sentences), *shape)
    )
    if sentences:
        source = np.memmap(raw, np.uint8, "r", shape=(len(sentences), *shape))
        for k in range(len(sentences)):
            pictures[k] = source[k]
    pictures.flush()
    raw.unlink()
    return sentences, studies, bad


Prepared = list[tuple[npt.NDArray[np.uint8], list[str]]]


def _each(
    entries: Sequence[Entry], preprocess: Preprocess, workers: int
) -> Iterable[Prepared | str]:
    """In the manifest's order; spawned workers when more than one, a few studies ahead."""
    if workers <= 1:
        yield from (_prepared(e, preprocess) for e in entries)
        return
    with children.pool(workers) as pool:
        waiting: list[Future[Prepared | str]] = []
        for entry in entries:
            waiting.append(pool.submit(_prepared, entry, preprocess))
            if len(waiting) > 4 * workers:
                yield waiting.pop(0).result()
        yield from (w.result() for w in waiting)


@cache
def _reader() -> dicom.Reader:
    """One warm reading child for each working process, ended with it."""
    reader = dicom.Reader()
    atexit.register(reader.close)
    return reader


def _prepared(entry: Entry, preprocess: Preprocess) -> Prepared | str:
    """The captioned frames of one study; without captions, every kept frame has its report."""
    try:
        study = _reader().read(entry.study)
        return _paired(entry, study, preprocess)
    except (InputRejected, ValueError) as problem:
        return f"line {entry.line}: {problem}"


def _paired(entry: Entry, study: Study, preprocess: Preprocess) -> Prepared:
    ready = {image.uid: prepare(image, preprocess) for image in study.images}
    if not entry.captions:
        words = _sentences(entry.report.findings + " " + entry.report.impression)
        return [(p, words) for r in ready.values() for p in r.pixels] if words else []
    pairs: Prepared = []
    for caption in entry.captions:
        only = study.images[0].uid if len(ready) == 1 else ""
        name = caption.image if caption.image in ready else only
        if not name:
            raise ValueError("a caption names an image that the study does not have")
        if caption.region is not None:
            part = prepare(study.image(name).cut(caption.region), preprocess)
            pairs.append((part.pixels[0], list(caption.sentences)))
            continue
        known = ready[name]
        n = known.placement.from_index(caption.frame)
        kept = int(np.rint(n))
        if abs(n - kept) < 1e-6 and 0 <= kept < len(known.pixels):  # a thinned-out frame is passed
            pairs.append((known.pixels[kept], list(caption.sentences)))
    return pairs


def _sentences(text: str) -> list[str]:
    return [s.strip() + "." for s in text.replace("\n", " ").split(". ") if s.strip(" .")]
