"""What an aligned model knows, asked of single pictures of the test patients in words.

A finding is asked as the training texts state it and deny it (`text.prompts`), each model in its
own way: KAD's decoder by the finding's name, GLoRIA by words and places together, all others by the
cosine. Truth is what captions and labels know of that picture.

Shapes: N pictures · M texts · K findings and sides · D width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import to_model
from radgloss.data.known import known_of
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs, texts_of
from radgloss.data.quiz import side_of
from radgloss.systems.representation import score
from radgloss.text.prompts import Bank, plain
from radgloss.text.tokenizer import Tokenizer
from radgloss.trust.calibration import auroc

__all__ = ["Questions", "aligned", "answered", "questions"]

Floats = npt.NDArray[np.float64]
Split = tuple[Pairs, Sequence[Entry]]
LEAST = 10  # pictures with each answer that a finding needs
GROUP = 64  # pictures among whose texts a picture looks for its own
MOST = 2000  # pictures that are asked
CHUNK = 64


def aligned(
    model: Any,
    tokenizer: Tokenizer,
    banks: Mapping[str, Bank],
    train: Split,
    test: Split,
    seed: int,
) -> dict[str, Any]:
    """What `answered` gives; `own_text`, how often a picture's own text comes first; and what a
    linear probe finds in the vectors."""
    return {
        **answered(model, tokenizer, banks, test, seed),
        "own_text": _own_text(model, tokenizer, test[0], seed),
        **score.pictures(model, train, test, seed),
    }


def answered(
    model: Any, tokenizer: Tokenizer, banks: Mapping[str, Bank], test: Split, seed: int
) -> dict[str, Any]:
    """`findings` and `sides`, mean AUROC of zero-shot answers, and of each (`by_finding`)."""
    asked = questions(test, seed)
    ask = _Asker(model, tokenizer, test[0].pictures[asked.pictures])
    scores: dict[str, float] = {}
    for k, (what, sided) in enumerate(asked.of):
        known = asked.truth[:, k] != 0
        odds = ask.side(what, banks) if sided else ask.finding(what, banks)
        scores[side_of(what) if sided else what] = auroc(odds[known], asked.truth[known, k] > 0)
    sides = [scores[side_of(what)] for what, sided in asked.of if sided]
    findings = [scores[what] for what, sided in asked.of if not sided]
    return {
        "findings": _mean(findings),
        "asked": len(findings),
        "sides": _mean(sides),
        "asked_sides": len(sides),
        "by_finding": {k: round(v, 3) for k, v in scores.items()},
    }


@dataclass(frozen=True, eq=False)
class Questions:
    """pictures: (N,) rows of the test pictures. of: (Q,) findings, and whether its side is asked.
    truth: (N, Q), 1 there (or right), -1 not there (or left), 0 nothing known."""

    pictures: npt.NDArray[np.intp]
    of: tuple[tuple[str, bool], ...]
    truth: npt.NDArray[np.int8]


def questions(test: Split, seed: int) -> Questions:
    """At most `MOST` pictures, and what has `LEAST` of each answer among them."""
    pairs, entries = test
    chosen = np.sort(np.random.default_rng([seed, 11]).permutation(len(pairs))[:MOST])
    known = known_of(entries, pairs.sentences, pairs.studies)
    truth = known.pictures[chosen]
    kept = [k for k in range(truth.shape[1])
            if min((truth[:, k] == s).sum() for s in (1, -1)) >= LEAST]  # fmt: skip
    of = tuple(_finding(known.places[k], known.places) for k in kept)
    return Questions(chosen, of, truth[:, kept])


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def _finding(place: str, places: Sequence[str]) -> tuple[str, bool]:
    """The finding of a place of `known_of`, and whether the place is of its side."""
    for what in places:
        if place == side_of(what):
            return what, True
    return place, False


class _Asker:
    """Log-odds of findings in many pictures, in the model's own way; pictures are seen once."""

    def __init__(self, model: Any, tokenizer: Tokenizer, pictures: npt.NDArray[np.uint8]) -> None:
        self.model, self.tokenizer, self.pictures = model, tokenizer, pictures
        self._vectors = _vectors(model, pictures)

    def finding(self, what: str, banks: Mapping[str, Bank]) -> Floats:
        """(N,): it is there, against it is not."""
        if hasattr(self.model, "answers") and self.model.config.asked > 0:
            return self._by_name(what)
        bank = banks.get(what) or plain(what)
        return self._differ(bank.present, bank.absent)

    def side(self, what: str, banks: Mapping[str, Bank]) -> Floats:
        """(N,): right against left."""
        bank, words = banks.get(what) or plain(what), plain(what)
        return self._differ(bank.right or words.right, bank.left or words.left)

    def _differ(self, yes: Sequence[str], no: Sequence[str]) -> Floats:
        if hasattr(self.model, "scores") and self.model.config.local > 0:
            texts = self.tokenizer.encode([*yes, *no], self.model.config.text.context)
            parts = (texts.tokens, texts.mask, texts.words)
            given = [torch.from_numpy(p) for p in parts]
            rows = _over(self.pictures, lambda x: self.model.scores(x, *given))  # (N, M)
            return np.asarray(rows[:, : len(yes)].mean(1) - rows[:, len(yes) :].mean(1))
        means = [_texts(self.model, self.tokenizer, t).mean(0) for t in (yes, no)]
        return np.asarray(self._vectors @ (means[0] - means[1]))

    def _by_name(self, what: str) -> Floats:
        tokens, mask = self.tokenizer([what], self.model.config.text.context)
        names = torch.from_numpy(tokens), torch.from_numpy(mask)
        return _over(self.pictures, lambda x: self.model.answers(x, *names))[:, 0]


def _over(pictures: npt.NDArray[np.uint8], ask: Callable[[torch.Tensor], torch.Tensor]) -> Floats:
    with torch.inference_mode():
        parts = [ask(to_model(part)) for part in _parts(pictures)]
    return torch.cat(parts).double().numpy()


def _parts(pictures: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
    for start in range(0, len(pictures), CHUNK):
        yield pictures[start : start + CHUNK]


def _vectors(model: Any, pictures: npt.NDArray[np.uint8]) -> Floats:
    """(N, D), unit length."""
    return _over(pictures, model.encode_image)


def _texts(model: Any, tokenizer: Tokenizer, texts: Sequence[str]) -> Floats:
    """(M, D), unit length."""
    tokens, mask = tokenizer(texts, model.config.text.context)
    with torch.inference_mode():
        vectors = model.encode_text(torch.from_numpy(tokens), torch.from_numpy(mask))
    return np.asarray(vectors.double().numpy())


def _own_text(model: Any, tokenizer: Tokenizer, pairs: Pairs, seed: int) -> float | None:
    """The share of whole frames whose own text, or one word for word like it, is the nearest of a
    group's; groups of pictures of different studies."""
    rng = np.random.default_rng([seed, 12])
    first: dict[int, int] = {}
    for k in rng.permutation(len(pairs)):
        if not pairs.boxed[k]:
            first.setdefault(pairs.studies[k], int(k))
    chosen = list(first.values())
    groups = [chosen[i : i + GROUP] for i in range(0, len(chosen) - GROUP + 1, GROUP)]
    right = []
    for group in groups:
        texts = [texts_of(pairs.sentences[k], 1, "whole", rng)[0] for k in group]
        likeness = _vectors(model, pairs.pictures[group]) @ _texts(model, tokenizer, texts).T
        right += [texts[int(j)] == texts[i] for i, j in enumerate(likeness.argmax(1))]
    return round(float(np.mean(right)), 4) if right else None
