"""One token after the other: the likeliest (`greedy`), or drawn from the likeliest (`nucleus`).

Prompts of any lengths are read together, padded on the right; then all rows write in step. A row
that has ended is carried along unread until half of the rows have ended, then the rest goes on
without them.

Shapes: B studies · R rows (texts) · T tokens · V vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

from radgloss.nn.cache import Cache

__all__ = [
    "Plan", "Rule", "Speaker", "Written", "check", "free", "greedy", "nucleus", "prefilled",
    "read", "start",
]  # fmt: skip

Tensor = torch.Tensor


class Speaker(Protocol):
    """What is asked of a model."""

    def step(
        self,
        tokens: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
        cache: Cache | None = None,
        counts: Tensor | None = None,
    ) -> tuple[Tensor, Cache]: ...


class Rule(Protocol):
    """What a row may write next: its state is a function of what it has written."""

    def allowed(self, written: Sequence[int]) -> Tensor | None:
        """(≤ V,) bool with at least one True; None: anything."""
        ...


@dataclass(frozen=True)
class Plan:
    """end: the number that ends a text. longest: in tokens, with the end. words: numbers from here
    on were never learned and are not written; 0: all were."""

    end: int
    longest: int
    words: int = 0

    def __post_init__(self) -> None:
        if self.longest < 1:
            raise ValueError(f"longest is {self.longest}; wanted 1 or more")


@dataclass(frozen=True)
class Written:
    """tokens: without prompt and end. surprise: −log p of each under what was allowed, the end's
    last where it ended. ended: whether it came to its end before it was too long."""

    tokens: tuple[int, ...]
    surprise: tuple[float, ...] = field(default=(), compare=False)
    ended: bool = True


def free(row: int) -> Rule | None:
    """The rule that allows everything, for every row."""
    return None


def check(plan: Plan, prompts: Sequence[Sequence[int]], context: int) -> None:
    """ValueError for prompts that leave no room: every one needs a token, and `longest` more."""
    for n, prompt in enumerate(prompts):
        if not prompt:
            raise ValueError(f"prompt {n} is empty; wanted one token at least")
        if len(prompt) + plan.longest > context:
            raise ValueError(
                f"prompt {n} has {len(prompt)} tokens and {plan.longest} are to be written; "
                f"wanted at most {context} together"
            )


def read(speaker: Speaker, cache: Cache, prompts: Sequence[Sequence[int]]) -> tuple[Tensor, Cache]:
    """All logits (R, T, V) behind each token of the prompts, padded on the right."""
    counts = torch.tensor([len(p) for p in prompts])
    tokens = torch.zeros(len(prompts), int(counts.max()), dtype=torch.int64)
    for row, prompt in enumerate(prompts):
        tokens[row, : len(prompt)] = torch.tensor(prompt)
    return speaker.step(tokens, cache=cache, counts=counts)


def prefilled(
    speaker: Speaker, cache: Cache, prompts: Sequence[Sequence[int]]
) -> tuple[Tensor, Cache]:
    """The logits (R, V) of what follows each prompt."""
    logits, cache = read(speaker, cache, prompts)
    last = torch.tensor([len(p) - 1 for p in prompts])
    return logits[torch.arange(len(last)), last], cache


def start(cache: Cache, studies: Sequence[int]) -> Cache:
    """A row for each text, of the study it is about: one encoding a study, many texts."""
    if list(studies) == list(range(len(cache))):
        return cache
    return cache.chosen(torch.tensor(list(studies)))


Pick = Callable[[Tensor, Sequence[int]], Tensor]
"""(R, V) log-probabilities of what is allowed and the rows' numbers → (R,) tokens."""


def greedy(
    speaker: Speaker,
    cache: Cache,
    prompts: Sequence[Sequence[int]],
    plan: Plan,
    rules: Callable[[int], Rule | None] = free,
) -> list[Written]:
    """The likeliest token, every time. cache: a row for each prompt (`start`)."""
    return _write(speaker, cache, prompts, plan, lambda logp, rows: logp.argmax(-1), rules)


def nucleus(
    speaker: Speaker,
    cache: Cache,
    prompts: Sequence[Sequence[int]],
    plan: Plan,
    generators: Sequence[torch.Generator],
    share: float = 0.9,
    temperature: float = 1.0,
    rules: Callable[[int], Rule | None] = free,
) -> list[Written]:
    """Drawn from the fewest tokens that hold `share` of the probability (arXiv 1904.09751).

    generators: one for each prompt, so that a row's text is its own.
    Raises ValueError for a share outside (0, 1] or a temperature that is not above 0."""
    if not 0 < share <= 1 or not temperature > 0:
        raise ValueError(f"share {share}, temperature {temperature}; wanted (0, 1] and above 0")

    def pick(logp: Tensor, rows: Sequence[int]) -> Tensor:
        p = (logp / temperature).softmax(-1)
        held, order = p.sort(dim=-1, descending=True, stable=True)
        before = held.cumsum(-1) - held
        held = held.masked_fill(before >= share, 0.0)  # the first always stays
        drawn = [
            torch.multinomial(held[n], 1, generator=generators[row]) for n, row in enumerate(rows)
        ]
        return order.gather(1, torch.stack(drawn))[:, 0]

    return _write(speaker, cache, prompts, plan, pick, rules)


@torch.inference_mode()
def _write(
    speaker: Speaker,
    cache: Cache,
    prompts: Sequence[Sequence[int]],
    plan: Plan,
    pick: Pick,
    rules: Callable[[int], Rule | None],
) -> list[Written]:
    texts: list[list[int]] = [[] for _ in prompts]
    doubts: list[list[float]] = [[] for _ in prompts]
    ended = [False] * len(prompts)
    rows, ruled = list(range(len(prompts))), [rules(n) for n in range(len(prompts))]
    logits, cache = prefilled(speaker, cache, prompts)
    for _ in range(plan.longest):
        logp = likely(logits, plan, [ruled[r] for r in rows], [texts[r] for r in rows])
        chosen = pick(logp, rows)
        surprise = -logp.gather(1, chosen[:, None])[:, 0]
        for row, token, s in zip(rows, chosen.tolist(), surprise.tolist(), strict=True):
            if ended[row] or len(texts[row]) == plan.longest:
                continue
            doubts[row].append(s)
            if token == plan.end:
                ended[row] = True
            else:
                texts[row].append(token)
        going = [n for n, r in enumerate(rows) if not ended[r] and len(texts[r]) < plan.longest]
        if not going:
            break
        if 2 * len(going) <= len(rows):
            cache, chosen = cache.chosen(torch.tensor(going)), chosen[going]
            rows = [rows[n] for n in going]
        logits, cache = speaker.step(chosen[:, None], cache=cache)
        logits = logits[:, -1]
    return [Written(tuple(t), tuple(d), e) for t, d, e in zip(texts, doubts, ended, strict=True)]


def likely(
    logits: Tensor, plan: Plan, rules: Sequence[Rule | None], texts: Sequence[Sequence[int]]
) -> Tensor:
    """(R, V) logits → log-probabilities of what each row may write."""
    logits = logits.float().clone()
    if plan.words:
        logits[:, plan.words :] = -torch.inf
    for n, (rule, text) in enumerate(zip(rules, texts, strict=True)):
        if rule is not None and (allowed := rule.allowed(text)) is not None:
            never = ~torch.nn.functional.pad(allowed, (0, logits.shape[-1] - len(allowed)))
            logits[n] = logits[n].masked_fill(never, -torch.inf)
    return logits.log_softmax(-1)
