"""Where a run starts from: nothing, a checkpoint, or somebody's weights.

Somebody's weights become a checkpoint of this house first (`adopted`), so that there is one way on:
words, bridge and weights come together, because none of them means anything without the others.
Where the recipe's architecture is the checkpoint's own, all of it goes on; where it is another, the
towers that both have do, and the rest begins afresh.

Shapes: C channels · D width · P tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from radgloss import __version__, checkpoint
from radgloss.data.batch import MEAN, SPREAD
from radgloss.nn.resnet import ResNetConfig
from radgloss.nn.volume import VolumeConfig, like
from radgloss.published import Published
from radgloss.published import load as load_published
from radgloss.published.find import is_published
from radgloss.systems.training import untrained
from radgloss.text.tokenizer import Tokenizer
from radgloss.train.prepare import Warm
from radgloss.train.ranks import Ranks
from radgloss.train.run import Run
from radgloss.types import InputRejected

__all__ = ["Begun", "adopted", "begun"]

CONTRASTS = ("clip", "siglip")  # recipes that go on in the architecture of published weights
DUAL = "dual"
TOWERS = ("image", "text")
INFLATED = "image.stages.*"  # what a network for volumes takes of one for pictures


@dataclass(frozen=True, eq=False)
class Begun:
    """run: as it must be for the weights that it starts from. tokenizer: theirs; None where words
    are still to be learned. about: for the card, by name."""

    run: Run
    tokenizer: Tokenizer | None
    about: Mapping[str, Any]


def begun(run: Run, start: str, work: Path, me: Ranks, network: bool = False) -> Begun:
    """The run that goes on from `start`, a folder or a name of published weights; "" changes
    nothing. What is made of somebody's weights is kept in `work`, by rank 0.

    Raises what `published.load` and `checkpoint.load` raise, and InputRejected('warm-start') where
    nothing of it fits."""
    if not start:
        return Begun(run, None, {})
    folder, about = Path(start), {"start": Path(start).name}
    if is_published(start):
        folder = work / "start"
        if run.architecture not in CONTRASTS:
            raise _rejected(
                start, f"published weights for {run.name}, which has an architecture of its own",
                f"a recipe of {' or '.join(CONTRASTS)}", "Train one of these, and go on from it.",
            )  # fmt: skip
        me.in_turn(lambda: _kept(folder, start, network))
    known = checkpoint.load(folder)
    about |= {k: known.card[k] for k in ("start", "license") if k in known.card}
    about |= {"start_space": str(known.card.get("start_space", known.space))}
    own = known.architecture == run.architecture
    if own or (known.architecture == DUAL and run.architecture in CONTRASTS):
        return Begun(_all_of(run, known, folder), known.tokenizer, about)
    return _towers_of(run, known, folder, about)


def _kept(folder: Path, name: str, network: bool) -> None:
    """`adopted`, unless it was made before."""
    if not (folder / "files.json").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        adopted(load_published(name, network), folder)


def _all_of(run: Run, known: checkpoint.Checkpoint, folder: Path) -> Run:
    text = getattr(known.model.config, "text", None)
    return replace(
        run, architecture=known.architecture, model=known.model.config,
        preprocess=known.preprocess, warm=Warm(str(folder)),
        vocabulary=run.vocabulary if text is None else text.vocabulary,
    )  # fmt: skip


def _towers_of(
    run: Run, known: checkpoint.Checkpoint, folder: Path, about: dict[str, Any]
) -> Begun:
    """Another architecture: each tower that both have, of one kind; a residual network for pictures
    goes on as one for volumes, inflated."""
    names: list[str] = []
    model, preprocess, vocabulary = run.model, run.preprocess, run.vocabulary
    tokenizer = None
    for tower in TOWERS:
        mine = [n for n in known.model.state_dict() if n.startswith(f"{tower}.")]
        theirs: Any = getattr(known.model.config, tower, None)
        own: Any = getattr(model, tower, None)
        kinds = own.__class__, theirs.__class__
        if mine and kinds == (VolumeConfig, ResNetConfig):
            names.append(INFLATED)
            model = replace(model, image=like(own, theirs))
            preprocess = replace(
                known.preprocess, max_frames=own.frames, step_mm=preprocess.step_mm
            )
            continue
        if not mine or kinds[0] is not kinds[1]:
            continue
        names += mine
        model = replace(model, **{tower: theirs})
        if tower == "image":
            preprocess = known.preprocess
        else:
            tokenizer, vocabulary = known.tokenizer, theirs.vocabulary
    wanted = _names(replace(run, model=model))
    names = [n for n in names if n in wanted or n == INFLATED]
    if not names:
        raise _rejected(
            folder.name, f"a {known.architecture}, no tower of which {run.architecture} has",
            "a tower of the same kind", "Start from another checkpoint, or train another system.",
        )  # fmt: skip
    warm = Warm(str(folder), tuple(names))
    run = replace(run, model=model, preprocess=preprocess, vocabulary=vocabulary, warm=warm)
    taken = sorted({n.split(".")[0] for n in names})
    return Begun(run, tokenizer, {**about, "start_towers": taken})


def _names(run: Run) -> frozenset[str]:
    """Of the weights of a recipe's model: it may lack the head of a tower."""
    return frozenset(untrained(run).model.state_dict())


def adopted(weights: Published, folder: Path) -> str:
    """Somebody's weights as a checkpoint that was validated on nothing; returns its name.

    It gives the same vectors: its words are one table with the marks in it, and the mean and spread
    of its pixels are folded into its first layer, as every checkpoint takes pixels alike."""
    model = weights.model
    _fold(model, weights.mean, weights.spread)
    card = {
        "title": weights.name, "version": __version__, "start": weights.name,
        "start_space": weights.space, "revision": weights.revision,
        "license": f"that of {weights.name}",
        "intended_use": "research and education; not a medical device",
    }  # fmt: skip
    tokenizer = Tokenizer(weights.words.table(model.config.text.context))
    return checkpoint.save(folder, DUAL, model, weights.preprocess, tokenizer, card)


@torch.no_grad()
def _fold(model: Any, mean: tuple[float, ...], spread: tuple[float, ...]) -> None:
    """x' = (x · SPREAD + MEAN − mean) / spread by channel, moved into the stem that reads x'.

    A stem without bias gives its constant to the positions of its tokens."""
    image = model.image
    m, s = (torch.tensor(v, dtype=torch.float64) for v in (mean, spread))
    kernel = image.stem.weight.double()  # (D, C, p, p)
    constant = kernel.sum((2, 3)) @ ((MEAN - m) / s)  # (D,)
    image.stem.weight.copy_(kernel * (SPREAD / s)[None, :, None, None])
    if image.stem.bias is not None:
        image.stem.bias += constant
    else:
        own = int(image.pool is None)  # the class token sees no pixels
        image.position[own:] += constant  # (P, D)


def _rejected(what: str, found: str, wanted: str, do: str) -> InputRejected:
    return InputRejected("warm-start", what, found, wanted, do)
