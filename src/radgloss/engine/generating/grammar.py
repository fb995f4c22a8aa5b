"""A grammar that writing cannot leave: fixed words, fields with choices, free words up to a mark.

    Literal("LIVER: "), Choice(("Normal.", "Cyst.", "Steatosis.")), Literal("\\n")
    Literal("OTHER: "), Words(stop="\\n", most=40)

A grammar is compiled once into a small nondeterministic automaton over tokens; every step allows
what some way through it allows. Each row of a batch may follow a grammar of its own.

Unusual here: a template that contradicts itself, which no text could fill, is refused before
anything is written, with the field that is at fault.

Shapes: V vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from radgloss.engine.generating.writing import Plan
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import InputRejected

__all__ = ["Choice", "Grammar", "Literal", "Part", "Words", "compiled"]


@dataclass(frozen=True)
class Literal:
    """These words, exactly."""

    text: str


@dataclass(frozen=True)
class Choice:
    """One of these."""

    options: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True)
class Words:
    """Any words from least to most tokens, none of which holds a character of `stop`."""

    least: int = 1
    most: int = 60
    stop: str = "\n"
    name: str = ""


Part = Literal | Choice | Words
State = tuple[int, int, int]
"""(part, option, tokens of it that are written)."""


@dataclass(eq=False)
class Grammar:
    """`Rule` of one row. sequences: by part, its options as tokens; of free words, none. free: by
    part, (V,) which tokens free words may hold. bounds: by part, least and most of free words."""

    sequences: tuple[tuple[tuple[int, ...], ...], ...]
    free: tuple[torch.Tensor | None, ...]
    bounds: tuple[tuple[int, int], ...]
    end: int
    vocabulary: int
    _after: dict[tuple[int, ...], frozenset[State]] = field(default_factory=dict)

    def allowed(self, written: Sequence[int]) -> torch.Tensor:
        """(V,) bool: what goes on along some way, and the end where the grammar may be over."""
        found = torch.zeros(self.vocabulary, dtype=torch.bool)
        for part, option, at in self._states(tuple(written)):
            if part == len(self.sequences):
                found[self.end] = True
            elif (words := self.free[part]) is not None:
                found |= words
            else:
                found[self.sequences[part][option][at]] = True
        return found

    def _states(self, written: tuple[int, ...]) -> frozenset[State]:
        """Every way of having written this; each step is worked out once."""
        if not written:
            return self._closed({(0, n, 0) for n in self._options(0)})
        if written not in self._after:
            before = self._states(written[:-1])
            moved = {s for state in before for s in self._moved(state, written[-1])}
            self._after[written] = self._closed(moved)
        return self._after[written]

    def _options(self, part: int) -> range:
        if part == len(self.sequences) or self.free[part] is not None:
            return range(1)
        return range(len(self.sequences[part]))

    def _moved(self, state: State, token: int) -> list[State]:
        part, option, at = state
        if part == len(self.sequences):
            return []
        words = self.free[part]
        if words is not None:
            return [(part, 0, at + 1)] if at < self.bounds[part][1] and words[token] else []
        return [(part, option, at + 1)] if self.sequences[part][option][at] == token else []

    def _closed(self, states: set[State]) -> frozenset[State]:
        """With the beginnings of the parts that may follow; without what is full."""
        found: set[State] = set()
        todo = list(states)
        while todo:
            state = todo.pop()
            if state in found:
                continue
            found.add(state)
            part = state[0]
            if part < len(self.sequences) and self._over(state):
                todo += [(part + 1, n, 0) for n in self._options(part + 1)]
        return frozenset(s for s in found if not self._full(s))

    def _full(self, state: State) -> bool:
        """Whether nothing more of its part can be written: what follows stands beside it."""
        part, option, at = state
        if part == len(self.sequences):
            return False
        if self.free[part] is not None:
            return at >= self.bounds[part][1]
        return at == len(self.sequences[part][option])

    def _over(self, state: State) -> bool:
        part, option, at = state
        if self.free[part] is not None:
            return at >= self.bounds[part][0]
        return at == len(self.sequences[part][option])


def compiled(parts: Sequence[Part], tokenizer: Tokenizer, plan: Plan) -> Grammar:
    """The automaton of a template.

    Raises InputRejected('grammar') for a template without parts, a choice without options or with
    one twice, an empty text, bounds that exclude each other, words that may be everything or
    nothing before other words, and a shortest text that is longer than `plan.longest`."""
    if not parts:
        raise _rejected("the template", "no part", "one at least")
    for part, after in zip(parts, (*parts[1:], None), strict=True):
        _check(part, after)
    size = len(tokenizer)
    sequences = tuple(tuple(tuple(tokenizer.pieces(t)) for t in _texts(p)) for p in parts)
    bounds = tuple((p.least, p.most) if isinstance(p, Words) else (0, 0) for p in parts)
    shortest = 1 + sum(
        b[0] if isinstance(p, Words) else min(map(len, s))
        for p, s, b in zip(parts, sequences, bounds, strict=True)
    )
    if shortest > plan.longest:
        raise _rejected("the template", f"{shortest} tokens at least", f"at most {plan.longest}")
    free = tuple(
        _without(p.stop, tokenizer, size, plan) if isinstance(p, Words) else None for p in parts
    )
    return Grammar(sequences, free, bounds, plan.end, size)


def _texts(part: Part) -> tuple[str, ...]:
    if isinstance(part, Literal):
        return (part.text,)
    return part.options if isinstance(part, Choice) else ()


def _check(part: Part, after: Part | None) -> None:
    name = f"field {getattr(part, 'name', '') or type(part).__name__.lower()}"
    if isinstance(part, Choice) and not part.options:
        raise _rejected(name, "no option", "one at least")
    if isinstance(part, Choice) and len(set(part.options)) < len(part.options):
        raise _rejected(name, "an option that stands there twice", "different options")
    if not all(_texts(part)):
        raise _rejected(name, "an empty text", "words")
    if isinstance(part, Words):
        if not 0 <= part.least <= part.most or part.most < 1:
            raise _rejected(name, f"from {part.least} to {part.most} tokens", "least below most")
        if isinstance(after, Words):
            raise _rejected(name, "free words before free words", "a mark between them")


def _without(stop: str, tokenizer: Tokenizer, size: int, plan: Plan) -> torch.Tensor:
    """(V,) bool: tokens whose text is not empty and holds no character of `stop`."""
    texts = [tokenizer.decode([n]) for n in range(size)]
    kept = torch.tensor([bool(t) and not set(t) & set(stop) for t in texts])
    kept[plan.end] = False
    return kept


def _rejected(what: str, found: str, wanted: str) -> InputRejected:
    return InputRejected("grammar", what, found, wanted, "Mend the template.")
