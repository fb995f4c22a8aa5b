"""Where a study shows a phrase: a heat map in the image's own coordinates, and a box.

Three ways, each a map over the grid of the prepared square:
words   the places that the phrase's words attend to (GLoRIA, ICCV 2021, section 3.2), of a model
        that has a local score;
hidden  how far the score falls when a place is hidden (`engine.evidence`); of any model;
places  each place's part of the score. Where the picture's vector is the mean of its tokens through
        an affine head, the score is the mean over places of what each would give alone, so the
        parts add up to it exactly; where they do not, this way is not offered. One pass through
        the tower instead of 145, but a token has seen its neighbours and points beside them.

The placement's inverse takes map and box back to the source image, padding, crop and resampling
undone. A map has a maximum wherever it is asked, also where nothing is there: whether the phrase is
true of the study is the label's question, not the map's.

Shapes: N prepared frames · S side of the square · G grid side · P places (G²) · T tokens ·
D width · F, R, C source frames, rows, columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from scipy import ndimage

from radgloss.data.batch import to_model
from radgloss.engine.aligner import Aligner
from radgloss.engine.attention import on_frame
from radgloss.engine.evidence import POSITIONS, Occluded, occlude
from radgloss.engine.published import PublishedAligner
from radgloss.engine.volumes import depth_of
from radgloss.preprocess import Prepared, Preprocess, prepare
from radgloss.text.denied import denied
from radgloss.text.facts import findings
from radgloss.text.prompts import Bank, plain
from radgloss.types import Finding, Image, InputRejected, Region, Study

__all__ = [
    "WAYS", "Box", "Grounding", "Speaker", "bank_of", "finding_of", "ground", "peak_box",
    "word_map",
]  # fmt: skip

Floats = npt.NDArray[np.float32]
Speaker = Aligner | PublishedAligner
Box = tuple[float, float, float, float]  # top, left, bottom, right, in prepared pixels
CHUNK = 16  # frames in one forward pass
STRONG = 0.5  # of the peak above the frame's median: the box holds what is as warm
ADDS_UP = 1e-3  # parts and score, as a share of the largest part

WAYS = ("words", "hidden", "places")


@dataclass(frozen=True, eq=False)
class Grounding:
    """Where a phrase is to be seen best: in one frame of one image.

    heat: (R, C) on that source frame, 0 where it says nothing, 1 at its warmest.
    frame: of the source image. box: the warm region, in source voxels. way: how it was asked.
    score: the phrase's log-odds, stated against denied, in the prepared frame it was asked of;
    uncalibrated."""

    phrase: str
    image: Image
    frame: int
    heat: Floats
    box: Region
    way: str
    score: float


@dataclass(frozen=True, eq=False)
class _Model:
    """What grounding needs of a checkpoint or of published weights."""

    model: Any
    settings: Preprocess
    tensor: Callable[[npt.NDArray[np.uint8]], torch.Tensor]
    texts: Callable[[tuple[str, ...]], Floats]
    prompts: Mapping[str, Bank]
    tokenizer: Any = None


def _of(speaker: Speaker) -> _Model:
    if isinstance(speaker, PublishedAligner):
        known = speaker.published
        tensor = partial(to_model, mean=known.mean, spread=known.spread)
        return _Model(known.model, known.preprocess, tensor, speaker.texts, {})
    kept = speaker.checkpoint
    if depth_of(kept.model):
        raise InputRejected(
            "volumes", f"checkpoint {kept.name}", f"a {kept.architecture}, which takes volumes",
            "a model of pictures", "Label the study: the evidence is a box in it.",
        )  # fmt: skip
    return _Model(
        kept.model, kept.preprocess, to_model, speaker.texts, kept.prompts, kept.tokenizer
    )


def ground(speaker: Speaker, study: Study, phrase: str, way: str = "") -> Grounding:
    """Where in the study the phrase is to be seen best.

    way: one of `WAYS`; "" takes the best that the model offers.
    Raises InputRejected: empty-text; no-place for a phrase that denies, which is nowhere, and for a
    way that the model does not offer; and what the model raises for pictures and words."""
    if not phrase.strip():
        found, wanted = "no words", "what to look for"
        raise InputRejected("empty-text", "the phrase", found, wanted, "Type a word.")
    if what := denied(phrase):
        raise InputRejected(
            "no-place", f"the phrase {phrase!r}", "a denial, which is true of no place",
            "something that can be seen", f"Ask for {what!r}.",
        )  # fmt: skip
    of = _of(speaker)
    bank = bank_of(phrase, of.prompts)
    direction = _scale(of.model) * (of.texts(bank.present).mean(0) - of.texts(bank.absent).mean(0))
    along = torch.from_numpy(direction.astype(np.float32))  # (D,)
    score, image, prepared, n = max(
        (_best(of, image, along) for image in study.images), key=lambda found: found[0]
    )
    chosen, grid = _map(of, prepared, n, along, phrase, way)
    seen = _seen(prepared, grid.shape[0])
    box = peak_box(grid, seen, of.settings.size)
    region = prepared.placement.region(n, *box)
    frame = (region.low[0] + region.high[0]) // 2
    heat = on_frame(_relative(grid, seen), n, prepared.placement, of.settings.size, frame)
    return Grounding(phrase, image, frame, heat, region, chosen, score)


def bank_of(phrase: str, prompts: Mapping[str, Bank]) -> Bank:
    """How the model's own training texts say what the phrase says, or plain sentences.

    A phrase of one finding, perhaps of one side, is asked as that finding is."""
    if phrase in prompts:
        return prompts[phrase]
    finding = finding_of(phrase)
    if finding is None or finding.what not in prompts or finding.site or finding.size_mm:
        return plain(phrase)
    bank, words = prompts[finding.what], plain(finding.what)
    sides = {"right": bank.right or words.right, "left": bank.left or words.left}
    return Bank(sides.get(finding.side, bank.present), bank.absent)


def finding_of(phrase: str) -> Finding | None:
    """The one finding that a phrase states, if it states one and nothing else.

    >>> finding_of("left effusion").what, finding_of("left effusion").side, finding_of("air")
    ('pleural effusion', 'left', None)
    """
    stated = [f for f in findings(phrase) if f.status == "present"]
    return stated[0] if len(stated) == 1 else None


# ------------------------------------------------------------------ the frame


def _scale(model: Any) -> float:
    scale = getattr(model, "scale", None)
    return 1.0 if scale is None else float(scale.detach())


def _best(of: _Model, image: Image, along: torch.Tensor) -> tuple[float, Image, Prepared, int]:
    """The prepared frame of an image with the highest score, and that score."""
    prepared = prepare(image, of.settings)
    scores = []
    with torch.inference_mode():
        for start in range(0, len(prepared.pixels), CHUNK):
            part = of.tensor(prepared.pixels[start : start + CHUNK])
            scores.append((of.model.encode_image(part).float() @ along).numpy())
    found = np.concatenate(scores)
    n = int(found.argmax())
    return float(found[n]), image, prepared, n


# ------------------------------------------------------------------ the map


def _map(
    of: _Model, prepared: Prepared, n: int, along: torch.Tensor, phrase: str, way: str
) -> tuple[str, Floats]:
    """The first way that is offered, or the one that is asked for, and its map (G, G)."""
    picture = of.tensor(prepared.pixels[n : n + 1])
    ways: dict[str, Callable[[], Floats | None]] = {
        "words": lambda: _words(of, picture, phrase),
        "places": lambda: _places(of.model, picture, along),
        "hidden": lambda: _hidden(of.model, prepared, picture, along),
    }
    if way and way not in ways:
        raise InputRejected("no-place", "the way", way, ", ".join(WAYS), "Choose one of them.")
    for name in (way,) if way else WAYS:
        found = ways[name]()
        if found is not None:
            return name, found
    raise InputRejected(
        "no-place", f"the way {way!r}", "a model without it", "another way",
        "Ask by hidden, which works with any model.",
    )  # fmt: skip


def _words(of: _Model, picture: torch.Tensor, phrase: str) -> Floats | None:
    """`word_map` of a model that has one."""
    if not getattr(of.model, "word", None) or of.tokenizer is None:
        return None
    return word_map(of.model, of.tokenizer, picture, phrase)


def word_map(model: Any, tokenizer: Any, picture: torch.Tensor, phrase: str) -> Floats:
    """The mean attention of the phrase's words to a picture (1, C, S, S), as (G, G), 1 where it is
    that of the average place; the rest of the sentence competes."""
    context = model.config.text.context
    own = int(tokenizer.encode([phrase], context).words.max()) + 1
    sentence = tokenizer.encode([f"There is {phrase}."], context)
    told = (torch.from_numpy(x) for x in (sentence.tokens, sentence.mask, sentence.words))
    with torch.inference_mode():
        looks = model.heat_map(picture[0], *told).float().numpy()  # (V, G, G)
    return np.asarray(looks[2 : 2 + own].mean(0) * looks[0].size)  # behind "There is"


def _places(model: Any, picture: torch.Tensor, along: torch.Tensor) -> Floats | None:
    """Each place's part of the score, (G, G), whose mean is the score; None where it is not."""
    tower = model.image
    if not (hasattr(tower, "tokens") and hasattr(tower, "head") and hasattr(tower, "grid")):
        return None
    with torch.inference_mode():
        score = float(model.encode_image(picture)[0].float() @ along)
        tokens = tower.tokens(picture)[0]  # (P, W)
        parts = tower.head(tokens).float()  # (P, D)
        if parts.shape[-1] != len(along):
            return None
        given = parts @ along / parts.mean(0).norm()  # (P,)
    if abs(float(given.mean()) - score) > ADDS_UP * max(float(given.abs().max()), abs(score)):
        return None
    return np.asarray(given.numpy().reshape(tower.grid, tower.grid))


def _hidden(model: Any, prepared: Prepared, picture: torch.Tensor, along: torch.Tensor) -> Floats:
    """How far the score falls with each place hidden, (G, G)."""
    inside = torch.from_numpy(prepared.inside).float()[None, None]
    shown = F.adaptive_avg_pool2d(inside, POSITIONS)[0, 0]
    found = Occluded(*occlude(model, picture[0]), shown, picture.shape[-1])
    falls = (found.whole.float() - found.hidden.float()) @ along
    return np.asarray(falls.numpy())


# ------------------------------------------------------------------ the box


def _seen(prepared: Prepared, grid: int) -> npt.NDArray[np.bool_]:
    """(G, G): which cells show more picture than padding."""
    inside = torch.from_numpy(prepared.inside).float()[None, None]
    return np.asarray(F.adaptive_avg_pool2d(inside, grid)[0, 0].numpy() > 0.5)


def _relative(grid: Floats, seen: npt.NDArray[np.bool_]) -> Floats:
    """0 at the median of what is picture and below, 1 at its warmest."""
    usual, peak = float(np.median(grid[seen])), float(grid[seen].max())
    warm = (grid - usual) / max(peak - usual, 1e-12)
    return np.asarray(np.clip(np.where(seen, warm, 0.0), 0.0, 1.0), np.float32)


def peak_box(grid: Floats, seen: npt.NDArray[np.bool_], side: int) -> Box:
    """The box, in pixels of a prepared square of that side, around the warmest cell and what is
    connected to it and at least half as warm.

    grid: (G, G). seen: (G, G), cells that may hold the peak.

    >>> grid = np.zeros((4, 4)); grid[1, 2] = 1; grid[1, 3] = 0.6
    >>> peak_box(grid, grid > -1, 32)
    (8.0, 16.0, 16.0, 32.0)
    """
    warm = _relative(grid, seen)
    groups, _ = ndimage.label(warm >= STRONG)
    row, column = np.unravel_index(np.where(seen, warm, -1.0).argmax(), warm.shape)
    if not groups[row, column]:  # an even map: its first cell alone
        rows = columns = np.array([0])
        rows, columns = rows + row, columns + column
    else:
        rows, columns = np.nonzero(groups == groups[row, column])
    cell = side / len(grid)
    return (
        float(rows.min() * cell), float(columns.min() * cell),
        float((rows.max() + 1) * cell), float((columns.max() + 1) * cell),
    )  # fmt: skip
