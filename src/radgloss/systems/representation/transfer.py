"""Transfer learning: what a tower that learned elsewhere brings to a new finding, shot by shot.

Five ways, from nothing moved to nothing kept: `frozen` compares with the mean vectors of the shots,
`probe` draws a straight boundary on vectors that stay (penalised logistic regression), `lora` lets
the tower's transformer learn at low rank (`nn.lora`), `full` tunes all of the tower, `scratch`
trains the same network from random weights. K pictures with the finding and K without it, each of
another patient's study; judged on all pictures of the test split.

    rows = curve(checkpoint.load(folder).model, task(train, test, "pleural effusion"))

Shapes: N pictures · W width · K shots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import to_model
from radgloss.data.feeds.shots import answers_to, few
from radgloss.data.feeds.two_views import pictures_only
from radgloss.data.known import known_of
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs
from radgloss.models.representation import classifier
from radgloss.nn.lora import Lora, adapt
from radgloss.systems.representation import score
from radgloss.systems.representation.two_ways import boundary
from radgloss.trust.calibration import auroc
from radgloss.types import InputRejected

__all__ = ["SHOTS", "WAYS", "Row", "Task", "curve", "task"]

Way = Literal["frozen", "probe", "lora", "full", "scratch"]
WAYS: tuple[Way, ...] = ("frozen", "probe", "lora", "full", "scratch")
SHOTS = (1, 2, 4, 8, 16)
STEPS, RATE = 40, 1e-3  # of the ways that move the tower
LORA = Lora(("image.blocks.*",), rank=4, alpha=8.0)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Split = tuple[Pairs, Sequence[Entry]]


@dataclass(frozen=True, eq=False)
class Task:
    """Pictures (N, C, S, S) uint8 whose answer is known, their answers (1, -1) and studies."""

    what: str
    pictures: npt.NDArray[np.uint8]
    answers: Ints
    studies: Ints
    asked: npt.NDArray[np.uint8]
    truth: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Row:
    """One point of the curve."""

    way: Way
    shots: int
    seed: int
    auroc: float


def task(train: Split, test: Split, what: str) -> Task:
    """The pictures of both splits for which it is known whether they show this finding."""
    kept = []
    for pairs, entries in (train, test):
        answers = answers_to(what, known_of(entries, pairs.sentences, pairs.studies))
        some = np.flatnonzero(answers)
        kept.append((pairs.pictures[some], answers[some], np.asarray(pairs.studies)[some]))
    (pictures, answers, studies), (asked, truth, _) = kept
    return Task(what, pictures, answers, studies, asked, truth > 0)


def curve(
    model: Any,
    on: Task,
    ways: Sequence[Way] = WAYS,
    shots: Sequence[int] = SHOTS,
    seeds: Sequence[int] = (0, 1, 2),
) -> Iterator[Row]:
    """AUROC on the test pictures for every way, number of shots and seed. `model` has the tower
    `image`, and is left as it was. Every way meets the same shots.

    Raises InputRejected('shots') where there are too few studies for the largest K, ('lora') for a
    tower without a transformer, which has nothing to adapt."""
    known, unknown = (_described(model, p) for p in (on.pictures, on.asked))
    for seed in seeds:
        for k in shots:
            rng = np.random.default_rng([seed, k, 9])
            chosen = few(on.what, on.answers, on.studies, k, rng)
            taught = on.answers[chosen]
            for way in ways:
                if way == "frozen":
                    odds = _by_means(known[chosen], taught, unknown)
                elif way == "probe":
                    odds = _by_boundary(known[chosen], taught, unknown)
                else:
                    tower = None if way == "scratch" else model.image
                    lora = LORA if way == "lora" else None
                    odds = _tuned(model.config.image, tower, on, chosen, seed, lora)
                yield Row(way, k, seed, auroc(odds, on.truth))


def _described(model: Any, pictures: npt.NDArray[np.uint8]) -> Floats:
    with torch.inference_mode():
        parts = [model.describe(to_model(p)) for p in _chunks(pictures)]
    return torch.cat(parts).double().numpy()


def _chunks(pictures: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
    yield from (pictures[i : i + 64] for i in range(0, len(pictures), 64))


def _by_means(x: Floats, answers: Ints, z: Floats) -> Floats:
    """Likeness to the mean of those with the finding, less likeness to the others'."""
    middle = x.mean(0)
    towards = x[answers > 0].mean(0) - x[answers < 0].mean(0)
    away = z - middle
    return away @ towards / np.maximum(np.linalg.norm(away, axis=1), 1e-12)


def _by_boundary(x: Floats, answers: Ints, z: Floats) -> Floats:
    x, z = score.standard(x, z)
    p = boundary(x, (answers > 0).astype(np.int64)).posterior(z)
    return np.log(p[:, 1] + 1e-300) - np.log(p[:, 0] + 1e-300)


def _tuned(
    config: Any,
    tower: torch.nn.Module | None,
    on: Task,
    chosen: Sequence[int],
    seed: int,
    lora: Lora | None = None,
) -> Floats:
    """A classifier trained on the shots, its tower begun from `tower` or from nothing; with `lora`
    only the adapters and the boundary learn, and running averages stay as they came."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = classifier.build(classifier.Config(config, width=1, tuning=classifier.Full()))
    if tower is not None:
        wanted = model.image.state_dict()
        kept = {k: v for k, v in deepcopy(tower.state_dict()).items() if k in wanted}
        model.image.load_state_dict(kept)
    objective = classifier.Objective(model).train()
    if lora is not None:
        _adapted(model, lora, seed)
    facts = torch.from_numpy(on.answers[list(chosen)][:, None]).to(torch.int8)
    batch = pictures_only(to_model(on.pictures[list(chosen)]), facts=facts)
    learning = [p for p in objective.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=RATE, weight_decay=0.05)
    for _ in range(STEPS):
        optimizer.zero_grad(set_to_none=True)
        loss, _ = objective(batch)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.inference_mode():
        odds = torch.cat([model(to_model(p))[:, 0] for p in _chunks(on.asked)])
    return odds.double().numpy()


def _adapted(model: Any, lora: Lora, seed: int) -> None:
    model.image.requires_grad_(False).eval()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if not adapt(model, lora):
            raise InputRejected(
                "lora", "the image tower", "no transformer to adapt", "a vision transformer",
                "Leave `lora` out of the ways, or begin from another model.",
            )  # fmt: skip
