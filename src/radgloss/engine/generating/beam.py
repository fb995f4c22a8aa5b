"""Beam search: several unfinished texts are kept, the best finished one is returned.

Every hypothesis is scored by the sum of its log-probabilities over the `penalty`-th power of its
length (arXiv 1609.08144, section 7, with α = penalty and lp = lengthᵅ). Of 2·beams candidates those
among the first `beams` that end are finished; the best `beams` others go on. A prompt is done when
its best running hypothesis, at its present length, cannot beat the worst of `beams` finished ones:
the rule that transformers applies by default, so that both give the same tokens.

Shapes: H running hypotheses of all prompts · V vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import torch

from radgloss.engine.generating.writing import (
    Plan,
    Rule,
    Speaker,
    Written,
    free,
    likely,
    prefilled,
)
from radgloss.nn.cache import Cache

__all__ = ["beam"]


@dataclass(frozen=True)
class _Running:
    """row: of the cache that it goes on from. surprise: −log p of each token."""

    tokens: tuple[int, ...] = ()
    surprise: tuple[float, ...] = ()
    score: float = 0.0
    row: int = 0


@dataclass
class _Prompt:
    """What is going on behind one prompt."""

    running: list[_Running]
    finished: list[tuple[float, Written]] = field(default_factory=list)

    def done(self, beams: int, penalty: float) -> bool:
        """Nothing runs, or nothing that runs can still be among the best."""
        if not self.running:
            return True
        if len(self.finished) < beams:
            return False
        best = self.running[0]
        return best.score / len(best.tokens) ** penalty <= self.finished[-1][0]


@torch.inference_mode()
def beam(
    speaker: Speaker,
    cache: Cache,
    prompts: Sequence[Sequence[int]],
    plan: Plan,
    beams: int = 4,
    penalty: float = 1.0,
    rules: Callable[[int], Rule | None] = free,
) -> list[Written]:
    """The best finished text behind each prompt.

    Raises ValueError for less than one beam."""
    if beams < 1:
        raise ValueError(f"{beams} beams; wanted 1 or more")
    ruled = [rules(n) for n in range(len(prompts))]
    logits, cache = prefilled(speaker, cache, prompts)
    going = {n: _Prompt([_Running(row=n)]) for n in range(len(prompts))}
    over: dict[int, _Prompt] = {}
    for _ in range(plan.longest):
        hypotheses = [(n, h) for n, p in going.items() for h in p.running]
        logp = likely(
            logits[[h.row for _, h in hypotheses]], plan, [ruled[n] for n, _ in hypotheses],
            [h.tokens for _, h in hypotheses],
        )  # fmt: skip
        at = 0
        for prompt in going.values():
            many = len(prompt.running)
            _advance(prompt, logp[at : at + many], plan, beams, penalty)
            at += many
        over |= {n: p for n, p in going.items() if p.done(beams, penalty)}
        going = {n: p for n, p in going.items() if n not in over}
        if not going:
            break
        running = [h for p in going.values() for h in p.running]
        cache = cache.chosen(torch.tensor([h.row for h in running]))
        last = torch.tensor([[h.tokens[-1]] for h in running])
        logits, cache = speaker.step(last, cache=cache)
        logits = logits[:, -1]
        _placed(going.values())
    return [over[n].finished[0][1] for n in range(len(prompts))]


def _advance(prompt: _Prompt, logp: torch.Tensor, plan: Plan, beams: int, penalty: float) -> None:
    """One token more for every running hypothesis. logp: (running, V)."""
    words = logp.shape[-1]
    scores = torch.tensor([h.score for h in prompt.running])[:, None] + logp
    possible = int(torch.isfinite(scores).sum())
    best, places = scores.flatten().topk(min(2 * beams, possible))
    going: list[_Running] = []
    for rank, (score, place) in enumerate(zip(best.tolist(), places.tolist(), strict=True)):
        before, token = prompt.running[place // words], place % words
        surprise = (*before.surprise, before.score - score)
        length = len(before.tokens) + 1
        if token == plan.end or length == plan.longest:
            if rank < beams:
                ended = token == plan.end
                tokens = before.tokens if ended else (*before.tokens, token)
                one = Written(tokens, surprise, ended)
                prompt.finished.append((score / length**penalty, one))
        elif len(going) < beams:
            going.append(_Running((*before.tokens, token), surprise, score, before.row))
    prompt.finished = sorted(prompt.finished, key=lambda f: -f[0])[:beams]
    prompt.running = going


def _placed(prompts: Iterable[_Prompt]) -> None:
    """After the cache was laid out anew: row by row in the prompts' order."""
    row = 0
    for prompt in prompts:
        prompt.running = [
            _Running(h.tokens, h.surprise, h.score, row + n) for n, h in enumerate(prompt.running)
        ]
        row += len(prompt.running)
