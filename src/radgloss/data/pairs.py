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
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from radgloss import dicom
from radgloss.data import children
from radgloss.data.asked import Asked
from radgloss.data.batch import MEAN, SPREAD, Batch, Pictures, to_model
from radgloss.data.loose import loose_boxes
from radgloss.data.manifest import Caption, Entry, Manifest
from radgloss.data.naming import naming_of
from radgloss.data.quiz import Asking, quiz_of
from radgloss.display import default_voi
from radgloss.preprocess import Preprocess, prepare
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import Image, InputRejected, Region, Study

__all__ = [
    "Augment", "Pairs", "Picture", "Prepared", "Sampling", "Words", "paired", "reader",
    "texts_of",
]  # fmt: skip

SCHEMA = 4
NOTHING = Asked(None, None, np.zeros(0, np.float32), np.zeros(0, np.float32))
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
    single ones). per_study: frames of one study in an epoch, so that a CT of fifty frames does not
    outweigh a film; 0 takes all. boxes: pictures of boxes in frames beside them, of one study; None
    takes all. (Whole frames are what is served; a film brings one, and half a dozen boxes.) asked:
    how every picture is also asked what is known of it (`data.quiz`); None: not at all. sought: the
    share of pictures drawn because they show something, so that what is rare is seen often. named:
    the share drawn so that every pair of look and organ comes alike; above 0 every picture is also
    asked which of them it is (`data.naming`)."""

    texts: int = 1
    per_study: int = 0
    boxes: int | None = None
    asked: Asking | None = None
    sought: float = 0.0
    named: float = 0.0
    augment: Augment | None = Augment()


class Pairs:
    """K pictures (uint8, memory-mapped) and the sentences that are true of each."""

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / "pairs.json").read_text(encoding="utf-8"))
        self.folder = folder
        self.preprocess = Preprocess.from_dict(about["preprocess"])
        self.sentences: list[list[str]] = about["sentences"]
        self.studies: list[int] = about["studies"]
        self.boxed: list[bool] = about["boxed"]
        self.bad: list[str] = about["bad"]
        self._held = Counter(zip(self.studies, self.boxed, strict=True))
        self._epoch: tuple[tuple[int, int, Sampling], npt.NDArray[np.int64]] | None = None
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
        loose: int = 0,
    ) -> Pairs:
        """Read and prepare one split, or take what a finished build left in `folder`.

        loose: boxes about nothing in each captioned frame of a stack (`data.loose`).
        Raises InputRejected('manifest') when no picture could be read."""
        read = partial(_prepared, preprocess=preprocess, loose=loose)
        return cls.kept(
            manifest, split, preprocess, folder, read, {"loose": loose}, workers, progress
        )

    @classmethod
    def kept(
        cls,
        manifest: Manifest,
        split: str,
        preprocess: Preprocess,
        folder: Path,
        read: Read,
        how: Mapping[str, object],
        workers: int,
        progress: Callable[[int, int], None],
        shape: tuple[int, ...] = (),
    ) -> Pairs:
        """The same, the pictures of a study chosen by `read`; `how` says by what settings. shape:
        of what `read` gives, where that is no picture (C, S, S)."""
        shape = shape or (preprocess.channels, preprocess.size, preprocess.size)
        wanted = {
            "schema": SCHEMA,
            "preprocess": preprocess.to_dict(),
            "manifest": _fingerprint(manifest.split(split)),
            **how,
        }
        if (folder / "pairs.json").is_file():
            about = json.loads((folder / "pairs.json").read_text(encoding="utf-8"))
            if {k: about.get(k) for k in wanted} == json.loads(json.dumps(wanted)):
                return cls(folder)
        aside = folder.with_name(folder.name + ".part")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        entries = manifest.split(split)
        told, bad = _write_pictures(entries, read, shape, aside, workers, progress)
        if not told.sentences:
            raise InputRejected(
                "manifest", f"{manifest.path.name}, split {split}", "no readable picture with text",
                "at least one", bad[0] if bad else "Add captions or reports.",
            )  # fmt: skip
        about = {**wanted, **asdict(told), "bad": bad}
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
        asked: Asked | None = None,
        words: Words = "few",
    ) -> Batch:
        """The pairs of one step, shuffled by epoch; with what is asked of every picture."""
        asked = asked or NOTHING
        rng = np.random.default_rng([seed, step, 1])
        drawn = asked.quiz.sought(int(sampling.sought * size), rng) if asked.quiz else []
        drawn += asked.naming.sought(int(sampling.named * size), rng) if asked.naming else []
        chosen = drawn + self.chosen(step, size - len(drawn), seed, sampling)
        said = [texts_of(self.sentences[k], sampling.texts, words, rng) for k in chosen]
        owner = np.repeat(np.arange(size), [len(many) for many in said])
        more, theirs = asked.wordings(rng)
        written = tokenizer.encode([t for many in said for t in many] + more, context)
        arrays = {
            "tokens": written.tokens, "mask": written.mask, "words": written.words,
            "owner": np.append(owner, np.asarray(theirs, owner.dtype)),
            "answers": asked.answers(chosen), "odds": asked.odds,
            "options": asked.options(chosen), "shares": asked.shares,
        }  # fmt: skip
        images = self.drawn(chosen, step, seed, sampling.augment)
        told: dict[str, Any] = {name: torch.from_numpy(a) for name, a in arrays.items()}
        return Batch(images, **told)

    def asked(self, entries: Sequence[Entry], sampling: Sampling) -> Asked:
        """What the sampling has every picture asked. entries: those that `studies` points into."""
        quiz = naming = None
        chances = self.chances(sampling) * (1 - sampling.sought - sampling.named)
        if sampling.asked:
            told = entries, self.sentences, self.studies, self.boxed
            quiz = quiz_of(*told, words=sampling.asked.words)
            chances += sampling.sought * quiz.chances()
        if sampling.named:
            naming = naming_of(self.sentences, self.studies)
            chances += sampling.named * naming.chances()
        out = sampling.asked is not None and sampling.asked.prior == "taken out"
        odds = quiz.odds(chances) if quiz and out else np.zeros(len(quiz.questions) if quiz else 0)
        shares = naming.shares(chances) if naming else np.zeros(0)
        return Asked(quiz, naming, odds.astype(np.float32), shares.astype(np.float32))

    def chances(self, sampling: Sampling) -> npt.NDArray[np.float64]:
        """(K,) of each picture to be one that `chosen` takes, over many epochs; their sum is 1."""
        kinds = list(zip(self.studies, self.boxed, strict=True))
        taken = [min(self._held[k], self._most(sampling, k[1])) / self._held[k] for k in kinds]
        return np.asarray(taken) / max(sum(taken), 1e-12)

    def chosen(self, step: int, size: int, seed: int, sampling: Sampling) -> list[int]:
        """The pictures of one step, from an endless sequence that is shuffled by epoch."""
        length = sum(min(n, self._most(sampling, box)) for (_, box), n in self._held.items())
        places = (divmod(step * size + i, length) for i in range(size))
        return [int(self._order(epoch, seed, sampling)[place]) for epoch, place in places]

    def images(
        self, chosen: Sequence[int], step: int, seed: int, augment: Augment | None
    ) -> torch.Tensor:
        """Those pictures (B, C, S, S), or volumes (B, C, F, S, S), as a model takes them, each
        moved by its own draw."""
        return self.drawn(chosen, step, seed, augment).now()

    def drawn(
        self, chosen: Sequence[int], step: int, seed: int, augment: Augment | None
    ) -> Pictures:
        """`images`, not made yet: read from the disk, moved and made floats when needed."""
        seeds = np.random.default_rng([seed, step, 11]).integers(2**32, size=len(chosen)).tolist()

        def make(start: int, stop: int) -> torch.Tensor:
            images = to_model(self.pictures[list(chosen[start:stop])])
            return images if augment is None else _moved(images, augment, seeds[start:stop])

        return Pictures(make, 0, len(chosen))

    def _order(self, epoch: int, seed: int, sampling: Sampling) -> npt.NDArray[np.int64]:
        """One epoch: so many frames and boxes of every study, drawn afresh and shuffled."""
        key = (epoch, seed, sampling)
        if self._epoch is None or self._epoch[0] != key:
            rng = np.random.default_rng([seed, epoch, 0])
            taken: Counter[tuple[int, bool]] = Counter()
            kept = []
            for k in rng.permutation(len(self)):
                one = self.studies[k], self.boxed[k]
                taken[one] += 1
                if taken[one] <= self._most(sampling, self.boxed[k]):
                    kept.append(k)
            self._epoch = (key, rng.permutation(kept))  # else large studies would come first
        return self._epoch[1]

    def _most(self, sampling: Sampling, box: bool) -> int:
        """Pictures of one study in an epoch: of boxes, or whole frames."""
        if box:
            return len(self) if sampling.boxes is None else sampling.boxes
        return sampling.per_study or len(self)


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


BLACK = -MEAN / SPREAD  # of prepared pixels, as a model takes them


def _moved(images: torch.Tensor, augment: Augment, seeds: Sequence[int]) -> torch.Tensor:
    """Shift, zoom, re-expose and roughen, each picture by its own draw, whoever is beside it."""
    if not len(images):
        return images
    if images.ndim == 5:  # (B, C, F, S, S): the frames of a volume move together
        return _moved(images.flatten(1, 2), augment, seeds).reshape(images.shape)
    chances = [torch.Generator().manual_seed(seed) for seed in seeds]

    def draw(*shape: int) -> torch.Tensor:  # (B, …), between -1 and 1
        return torch.stack([torch.rand(*shape, generator=chance) for chance in chances]) * 2 - 1

    theta = torch.zeros(len(images), 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = 1 + augment.zoom * draw(1)[:, 0]
    theta[:, :, 2] = 2 * augment.shift * draw(2)
    gain, offset = 1 + augment.gain * draw(1, 1, 1), augment.offset * draw(1, 1, 1)
    grid = torch.nn.functional.affine_grid(theta, list(images.shape), align_corners=False)
    moved = torch.nn.functional.grid_sample(images - BLACK, grid, align_corners=False) + BLACK
    moved = moved.mul_(gain).add_(offset)
    for picture, chance in zip(moved, chances, strict=True):
        picture.add_(torch.randn(picture.shape, generator=chance), alpha=augment.noise)
    return moved


# ------------------------------------------------------------------ reading the studies


@dataclass(frozen=True)
class Told:
    """Of each picture: its sentences, its study's place among the entries, whether it is a box."""

    sentences: list[list[str]] = field(default_factory=list)
    studies: list[int] = field(default_factory=list)
    boxed: list[bool] = field(default_factory=list)


def _write_pictures(
    entries: Sequence[Entry],
    read: Read,
    shape: tuple[int, ...],
    folder: Path,
    workers: int,
    progress: Callable[[int, int], None],
) -> tuple[Told, list[str]]:
    """Append every captioned picture to `pictures.npy`; returns what is told of each, and what went
    wrong."""
    told = Told()
    bad: list[str] = []
    raw = folder / "pictures.raw"
    with raw.open("wb") as file:
        for done, result in enumerate(_each(entries, read, workers), 1):
            if isinstance(result, str):
                bad.append(result)
            else:
                for one in result:
                    file.write(one.pixels.tobytes())
                    told.sentences.append(one.sentences)
                    told.studies.append(done - 1)
                    told.boxed.append(one.box)
            progress(done, len(entries))
    many = len(told.sentences)
    pictures = np.lib.format.open_memmap(folder / "pictures.npy", "w+", np.uint8, (many, *shape))
    if many:
        source = np.memmap(raw, np.uint8, "r", shape=(many, *shape))
        for k in range(many):
            pictures[k] = source[k]
    pictures.flush()
    raw.unlink()
    return told, bad


class Picture(NamedTuple):
    """A whole frame, or a box in one, and what is true of it."""

    pixels: npt.NDArray[np.uint8]
    sentences: list[str]
    box: bool


Prepared = list[Picture]
Read = Callable[[Entry], Prepared | str]


def _each(entries: Sequence[Entry], read: Read, workers: int) -> Iterable[Prepared | str]:
    """In the manifest's order; spawned workers when more than one, a few studies ahead."""
    if workers <= 1:
        yield from map(read, entries)
        return
    with children.pool(workers) as pool:
        waiting: list[Future[Prepared | str]] = []
        for entry in entries:
            waiting.append(pool.submit(read, entry))
            if len(waiting) > 4 * workers:
                yield waiting.pop(0).result()
        yield from (w.result() for w in waiting)


@cache
def reader() -> dicom.Reader:
    """One warm reading child for each working process, ended with it."""
    reader = dicom.Reader()
    atexit.register(reader.close)
    return reader


def _prepared(entry: Entry, preprocess: Preprocess, loose: int) -> Prepared | str:
    """The captioned frames of one study; without captions, every kept frame has its report."""
    try:
        study = reader().read(entry.study)
        return paired(entry, study, preprocess, loose)
    except (InputRejected, ValueError) as problem:
        return f"line {entry.line}: {problem}"


def paired(entry: Entry, study: Study, preprocess: Preprocess, loose: int) -> Prepared:
    """The captioned frames and boxes of a study as pictures with their sentences; without captions
    every kept frame with its report's. loose: as `Pairs.build` takes it.

    Raises ValueError for a caption of an image that the study does not have."""
    ready = {image.uid: prepare(image, preprocess) for image in study.images}
    if not entry.captions:
        words = _sentences(entry.report.findings + " " + entry.report.impression)
        return [Picture(p, words, False) for r in ready.values() for p in r.pixels if words]
    pairs: Prepared = []
    for caption in entry.captions:
        only = study.images[0].uid if len(ready) == 1 else ""
        name = caption.image if caption.image in ready else only
        if not name:
            raise ValueError("a caption names an image that the study does not have")
        image, known = study.image(name), ready[name]
        if caption.region is not None:
            pairs.append(_box(image, caption, preprocess))
            continue
        if len(image.pixels) > 1:
            pairs += [_box(image, c, preprocess) for c in loose_boxes(image, caption, loose)]
        n = known.placement.from_index(caption.frame)
        kept = int(np.rint(n))
        if abs(n - kept) < 1e-6 and 0 <= kept < len(known.pixels):
            pixels = known.pixels[kept]
        else:
            pixels = _alone(image, caption.frame, preprocess)
        pairs.append(Picture(pixels, list(caption.sentences), False))
    return pairs


def _alone(image: Image, frame: int, preprocess: Preprocess) -> npt.NDArray[np.uint8]:
    """One frame as it would be served if thinning had kept it: a lesion is captioned where it is
    largest, which on a thin CT is seldom one of the frames that are kept."""
    rows, columns = image.pixels.shape[1:]
    own = image.cut(Region((frame, 0, 0), (frame, rows - 1, columns - 1)))
    window = default_voi(image)  # of the whole stack, where no window is stored
    return prepare(replace(own, voi=(window,)), preprocess).pixels[0]


def _box(image: Image, caption: Caption, preprocess: Preprocess) -> Picture:
    assert caption.region is not None
    part = prepare(image.cut(caption.region), preprocess)
    return Picture(part.pixels[0], list(caption.sentences), True)


def _sentences(text: str) -> list[str]:
    return [s.strip() + "." for s in text.replace("\n", " ").split(". ") if s.strip(" .")]
