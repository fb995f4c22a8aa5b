"""Self-attention maps: do they lie on what the picture shows (primer, figure 11)?

Whole frames of test patients with a finding whose box is known. The tower's attention is followed
through its layers (`nn.rollout`); beside it the last layer alone, hiding (a causal question in
words, `engine.evidence`), and what needs no model: a map that is brightest in the middle, where
lesions tend to be. Of a GLoRIA, the places that the finding's words attend to, and those that the
words of some other finding do: a map that points as well for these has not heard the words.

    pointed   AUROC of a map between places inside the box and the picture's other places, mean
    hit       share of maps whose brightest place lies in the box

Shapes: S side of the picture · G grid side · D of the shared space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange

from radgloss.data.batch import to_model
from radgloss.data.manifest import Caption, Entry
from radgloss.dicom import Reader
from radgloss.engine.evidence import occluded
from radgloss.engine.grounding import word_map
from radgloss.nn import rollout
from radgloss.preprocess import Placement, Preprocess, prepare
from radgloss.systems.ideas.space import Floats, Space, Spot
from radgloss.text.facts import findings
from radgloss.text.prompts import plain
from radgloss.trust.calibration import auroc
from radgloss.types import InputRejected, Study

__all__ = ["KINDS", "WORDED", "judged", "pointed", "spots"]

Kind = Literal["rollout", "last", "hidden", "middle", "words", "others"]
KINDS: tuple[Kind, ...] = ("rollout", "last", "hidden", "middle")
WORDED: tuple[Kind, ...] = ("words", "others")  # asked of a model whose words attend
MOST = 60  # findings that are asked
EACH = 2  # of one study


def pointed(space: Space, kind: Kind) -> dict[str, Any]:
    """The figures above."""
    maps: Callable[[Spot], Floats] = _MAPS[kind](space)
    rows = [judged(maps(spot), spot) for spot in space.spots(*_asked(space))]
    rows = [r for r in rows if r is not None]
    if not rows:
        return {"pointed": None}
    area, hit = np.array(rows, float).mean(0)
    return {"pointed": round(float(area), 4), "hit": round(float(hit), 4), "spots": len(rows)}


def _asked(space: Space) -> tuple[Preprocess, Sequence[Entry]]:
    """The test studies, in an order drawn by the seed of the space."""
    pairs, entries = space.test
    order = np.random.default_rng([space.seed, 29]).permutation(len(entries))
    return pairs.preprocess, [entries[int(k)] for k in order]


def judged(seen: Floats, spot: Spot) -> tuple[float, float] | None:
    """AUROC and hit of one map (S, S); None where the box holds nothing, or all, of the picture."""
    top, left, bottom, right = spot.box
    side = seen.shape[0]
    centre = np.arange(side) + 0.5
    rows, columns = (
        (centre > low) & (centre < high) for low, high in ((top, bottom), (left, right))
    )
    inside = spot.prepared.inside
    box = (rows[:, None] & columns[None])[inside]
    if not box.any() or box.all():
        return None
    here = seen[inside]
    return auroc(here, box), float(box[int(here.argmax())])


# ------------------------------------------------------------------ maps


def _enlarged(grid: torch.Tensor, side: int) -> Floats:
    """(G, G) → (S, S), linear between the centres of cells."""
    large = F.interpolate(grid[None, None].float(), (side, side), mode="bilinear")
    return np.asarray(large[0, 0].double().numpy())


def _picture(spot: Spot) -> torch.Tensor:
    return to_model(spot.prepared.pixels[spot.frame : spot.frame + 1])


def _rolled(space: Space) -> Callable[[Spot], Floats]:
    def seen(spot: Spot) -> Floats:
        with torch.inference_mode():
            grid = space.model.image.looked_at(_picture(spot))[0]
        return _enlarged(grid, spot.prepared.pixels.shape[-1])

    return seen


def _last(space: Space) -> Callable[[Spot], Floats]:
    tower = space.model.image

    def seen(spot: Spot) -> Floats:
        with torch.inference_mode():
            x = rearrange(tower.stem(_picture(spot)), "b w g h -> b (g h) w") + tower.position
            for block in tower.blocks[:-1]:
                x = block(x)
            given = rollout.attended(tower.blocks[-1].attention, tower.blocks[-1].norm1(x))
            grid = rearrange(given.mean((1, 2)), "b (g h) -> b g h", g=tower.grid)[0]
        return _enlarged(grid, spot.prepared.pixels.shape[-1])

    return seen


def _hidden(space: Space) -> Callable[[Spot], Floats]:
    directions: dict[str, torch.Tensor] = {}

    def direction(what: str) -> torch.Tensor:
        if what not in directions:
            bank = space.banks.get(what) or plain(what)
            yes, no = (space.texts(t).mean(0) for t in (bank.present, bank.absent))
            directions[what] = torch.from_numpy(yes - no).float()
        return directions[what]

    def seen(spot: Spot) -> Floats:
        falls = occluded(space.model, spot.prepared, spot.frame).falls(direction(spot.what))
        least = falls[torch.isfinite(falls)].min()
        falls = torch.where(torch.isfinite(falls), falls, least)
        return _enlarged(falls, spot.prepared.pixels.shape[-1])

    return seen


def _middle(space: Space) -> Callable[[Spot], Floats]:
    def seen(spot: Spot) -> Floats:
        side = spot.prepared.pixels.shape[-1]
        along = np.arange(side) + 0.5 - side / 2
        return np.asarray(-(along[:, None] ** 2 + along[None] ** 2))

    return seen


def _words(space: Space) -> Callable[[Spot], Floats]:
    return lambda spot: _attending(space, spot, spot.what)


def _others(space: Space) -> Callable[[Spot], Floats]:
    """The words of another finding, the one after it in the alphabet."""
    names = sorted(space.banks)

    def seen(spot: Spot) -> Floats:
        later = [n for n in names if n > spot.what] or [n for n in names if n != spot.what]
        return _attending(space, spot, later[0])

    return seen


def _attending(space: Space, spot: Spot, phrase: str) -> Floats:
    grid = word_map(space.model, space.tokenizer, _picture(spot), phrase)
    return _enlarged(torch.from_numpy(grid), spot.prepared.pixels.shape[-1])


_MAPS: Mapping[Kind, Callable[[Space], Callable[[Spot], Floats]]] = {
    "rollout": _rolled, "last": _last, "hidden": _hidden, "middle": _middle,
    "words": _words, "others": _others,
}  # fmt: skip


# ------------------------------------------------------------------ findings whose place is known


def spots(preprocess: Preprocess, entries: Sequence[Entry]) -> list[Spot]:
    """Boxes of findings in whole frames, read from the studies, at most `MOST`."""
    found: list[Spot] = []
    with Reader() as reader:
        for entry in entries:
            boxed = [(c, what) for c in entry.captions if (what := _shown(c, entry.exam))]
            if not boxed:
                continue
            try:
                found += _of(reader.read(entry.study), boxed[:EACH], preprocess)
            except InputRejected:
                continue
            if len(found) >= MOST:
                return found[:MOST]
    return found


def _shown(caption: Caption, exam: str) -> str:
    """The one finding that a box's caption states; "" for none."""
    if caption.region is None:
        return ""
    facts = {f.what for s in caption.sentences for f in findings(s, exam) if f.status == "present"}
    return facts.pop() if len(facts) == 1 else ""


def _of(study: Study, boxed: Sequence[tuple[Caption, str]], settings: Preprocess) -> list[Spot]:
    out = []
    for caption, what in boxed:
        if caption.image not in {i.uid for i in study.images}:
            continue
        prepared = prepare(study.image(caption.image), settings)
        n = round(prepared.placement.from_index(caption.frame))
        assert caption.region is not None
        if 0 <= n < len(prepared.pixels):
            low, high = caption.region.low, caption.region.high
            out.append(Spot(prepared, n, _box(prepared.placement, low, high), what))
    return out


def _box(
    placement: Placement, low: Sequence[int], high: Sequence[int]
) -> tuple[float, float, float, float]:
    """Edges in prepared pixels of a box of source voxels, both corners inside."""
    back = np.linalg.inv(placement.to_source)
    ends = [np.array(c, float) for c in (low, high)]
    ends[0][1:] -= 0.5
    ends[1][1:] += 0.5
    corners = np.stack([(back @ np.append(e, 1.0))[1:3] for e in ends]) + 0.5  # centres to edges
    top, left = corners.min(0).tolist()
    bottom, right = corners.max(0).tolist()
    return top, left, bottom, right
