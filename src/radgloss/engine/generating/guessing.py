"""Speculation that cannot change a word: what is likely to come is guessed, then checked at once.

Reports repeat themselves. A few tokens are guessed from what such reports say (arXiv 2304.04487),
the model reads them in one step, and as many are kept as it would have written itself, one after
the other; then comes its own next token (arXiv 2211.17192, for greedy choice). The text is the one
that `greedy` writes; only the number of steps is smaller.

Unusual here: the guess is an n-gram model of the reports that the checkpoint brings, so it goes on
over several sentences, and it stops guessing where such reports differ.

Shapes: R rows · T tokens guessed, and the one before them · V vocabulary."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch

from radgloss.engine.generating.writing import (
    Plan,
    Rule,
    Speaker,
    Written,
    free,
    likely,
    prefilled,
    read,
)
from radgloss.nn.cache import Cache

__all__ = ["Guess", "NGrams", "Speculated", "own_words", "speculated"]

Guess = Callable[[Sequence[int]], Sequence[int]]
"""Prompt and text so far → what may come next, any number of tokens."""


class NGrams:
    """The most frequent continuation in some texts, after as many tokens as are known there.

    texts: token by token, with their ends. order: of the longest n-gram. most: tokens of a guess.
    sure: share of the texts that must go on so, else the guess stops.

    >>> said = NGrams([[1, 2, 3, 4], [1, 2, 3, 5], [1, 2, 3, 4]], order=2, sure=0.6)
    >>> said([0, 1]), said([9])
    ([2, 3, 4], [])
    """

    def __init__(
        self, texts: Iterable[Sequence[int]], order: int = 4, most: int = 12, sure: float = 0.5
    ) -> None:
        self.order, self.most, self.sure = order, most, sure
        counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for text in texts:
            for n, token in enumerate(text):
                for k in range(1, min(order - 1, n) + 1):
                    counts[tuple(text[n - k : n])][token] += 1
        self._next: dict[tuple[int, ...], int] = {}
        for before, after in counts.items():
            token, times = after.most_common(1)[0]
            if times >= sure * after.total():
                self._next[before] = token
        self._known = frozenset(counts)

    def __call__(self, text: Sequence[int]) -> list[int]:
        tail = list(text[-(self.order - 1) :])
        guess: list[int] = []
        while len(guess) < self.most and (token := self._after(tail)) is not None:
            guess.append(token)
            tail = [*tail, token][-(self.order - 1) :]
        return guess

    def _after(self, tail: Sequence[int]) -> int | None:
        """By the longest known tail; None where texts go on differently behind it."""
        for k in range(min(self.order - 1, len(tail)), 0, -1):
            before = tuple(tail[-k:])
            if before in self._known:
                return self._next.get(before)
        return None


def own_words(text: Sequence[int], order: int = 3, most: int = 10) -> list[int]:
    """What followed the same last tokens the last time in this very text (prompt lookup).

    >>> own_words([5, 1, 2, 3, 4, 9, 1, 2], order=3, most=2)
    [3, 4]
    """
    for k in range(order, 0, -1):
        tail = list(text[-k:])
        for at in range(len(text) - k - 1, -1, -1):
            if list(text[at : at + k]) == tail:
                return list(text[at + k : at + k + most])
    return []


@dataclass(frozen=True)
class Speculated:
    """texts: as `greedy` writes them. steps: that were taken. guessed, accepted: tokens."""

    texts: list[Written]
    steps: int
    guessed: int
    accepted: int


@torch.inference_mode()
def speculated(
    speaker: Speaker,
    cache: Cache,
    prompts: Sequence[Sequence[int]],
    plan: Plan,
    guess: Guess,
    rules: Callable[[int], Rule | None] = free,
) -> Speculated:
    """`greedy`, in fewer steps. cache: a row for each prompt."""
    texts: list[list[int]] = [[] for _ in prompts]
    doubts: list[list[float]] = [[] for _ in prompts]
    ended = [False] * len(prompts)
    rows, ruled = list(range(len(prompts))), [rules(n) for n in range(len(prompts))]
    logits, cache = prefilled(speaker, cache, prompts)
    asked: list[list[int]] = [[] for _ in rows]
    logits = logits[:, None]  # (R, T, V): behind the last token, and behind each guess
    steps, guessed, accepted = 1, 0, 0
    while True:
        kept = []
        for n, row in enumerate(rows):
            count = _take(logits[n], asked[n], plan, ruled[row], texts[row], doubts[row])
            ended[row] = count.ended
            kept.append(count.right)
            accepted += count.right
        going = [n for n, r in enumerate(rows) if not ended[r] and len(texts[r]) < plan.longest]
        if not going:
            return Speculated(_written(texts, doubts, ended), steps, guessed, accepted)
        surplus = torch.tensor([len(a) - k for a, k in zip(asked, kept, strict=True)])
        cache = cache.rewound(cache.lengths - surplus)
        if len(going) < len(rows):
            cache, rows = cache.chosen(torch.tensor(going)), [rows[n] for n in going]
        asked = [_guess(guess, prompts[r], texts[r], plan) for r in rows]
        guessed += sum(len(a) for a in asked)
        told = [[texts[r][-1], *a] for r, a in zip(rows, asked, strict=True)]
        logits, cache = read(speaker, cache, told)
        steps += 1


@dataclass(frozen=True)
class _Taken:
    """right: guesses that were kept. ended: whether the end came."""

    right: int
    ended: bool


def _take(
    logits: torch.Tensor,
    asked: Sequence[int],
    plan: Plan,
    rule: Rule | None,
    text: list[int],
    doubt: list[float],
) -> _Taken:
    """Append the model's own tokens as long as the guesses were these, and one more."""
    for n in range(len(asked) + 1):
        logp = likely(logits[n : n + 1], plan, [rule], [text])[0]
        token = int(logp.argmax())
        doubt.append(-float(logp[token]))
        if token == plan.end:
            return _Taken(n, True)
        text.append(token)
        if len(text) == plan.longest or n == len(asked) or token != asked[n]:
            return _Taken(n, False)
    raise AssertionError("one token at least is taken")


def _guess(guess: Guess, prompt: Sequence[int], text: Sequence[int], plan: Plan) -> list[int]:
    """No further than the text may go."""
    return list(guess([*prompt, *text]))[: max(plan.longest - len(text) - 1, 0)]


def _written(
    texts: Sequence[Sequence[int]], doubts: Sequence[Sequence[float]], ended: Sequence[bool]
) -> list[Written]:
    return [Written(tuple(t), tuple(d), e) for t, d, e in zip(texts, doubts, ended, strict=True)]
