"""A trained generator as a `Drafter`: sections in one batch over one encoding of the study.

What it wrote is read back by the fact graph, sentence by sentence, so that every claim stands
beside its words as a `Finding`. How sure a sentence is comes from the model's own other tries: the
share of drawn texts that state the same facts. The machine's doubt stands beside the text, never
in it. A study that lies outside what the checkpoint was validated on gets no text, nor does one
whose text comes to no end.

Unusual here: an earlier study is read only by a model that learned with one (CT2RepLong); for all
others every text is begun as one without it (`text.beginnings`), so that no comparison can be right
by chance.

Shapes: R texts · M tokens of memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from radgloss.data.batch import Batch, earlier, places
from radgloss.engine.generating import (
    NGrams,
    Part,
    Plan,
    Rule,
    Written,
    beam,
    compiled,
    greedy,
    nucleus,
    speculated,
)
from radgloss.engine.generating.writing import start
from radgloss.engine.looker import Looker
from radgloss.nn.cache import Cache
from radgloss.nn.turned import turned
from radgloss.text import templates
from radgloss.text.beginnings import SECTIONS, Asked, before, beginning, two_texts
from radgloss.text.facts import Fact, read
from radgloss.text.facts.sentences import sentences
from radgloss.text.findings import exam_findings
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import (
    Case,
    Draft,
    Evidence,
    Finding,
    InputRejected,
    Origin,
    Report,
    Section,
    Sentence,
    Study,
)

__all__ = ["Said", "Settings", "Writer", "agreement", "plan_of", "read_back", "written"]

SUPPORTS = 3
ENDLESS = "the text that was begun came to no end, so nothing of it can be relied on"
Rules = Callable[[int], Rule | None]
Decode = Callable[[Any, Cache, Sequence[Sequence[int]], Plan, Rules], list[Written]]


@dataclass(frozen=True)
class Settings:
    """samples: other tries that a sentence's confidence is counted over; 0: no confidence. share
    and temperature: how they are drawn (`generating.nucleus`). beams: of the text itself; with one
    it is the likeliest word every time. templates: by section, a grammar that no try can leave.

    Raises InputRejected('generation') for options out of range."""

    samples: int = 5
    share: float = 0.95
    temperature: float = 1.0
    seed: int = 0
    beams: int = 1
    templates: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, least, most in (("samples", 0, 64), ("beams", 1, 32), ("seed", 0, 2**31)):
            if not least <= getattr(self, name) <= most:
                raise _rejected(name, getattr(self, name), f"{least} to {most}")
        if not 0 < self.share <= 1:
            raise _rejected("share", self.share, "above 0, at most 1")
        if not 0 < self.temperature < inf:
            raise _rejected("temperature", self.temperature, "above 0")
        if strange := set(self.templates) - set(SECTIONS):
            raise _rejected("templates", sorted(strange)[0], " or ".join(SECTIONS))


def _rejected(what: str, found: object, wanted: str) -> InputRejected:
    return InputRejected("generation", what, str(found), wanted, "Choose another.")


@dataclass(frozen=True)
class Said:
    """ended: whether the text came to its end by itself."""

    text: str
    ended: bool


def plan_of(model: Any, tokenizer: Tokenizer, prompts: Sequence[Sequence[int]]) -> Plan:
    """As long as the context allows behind the longest prompt."""
    room = int(model.config.text.context) - max(len(p) for p in prompts)
    return Plan(tokenizer.mark("[END]"), room, len(tokenizer))


def written(
    model: Any,
    tokenizer: Tokenizer,
    cache: Cache,
    asked: Sequence[tuple[int, Asked]],
    decode: Decode = greedy,
    templates: Mapping[str, tuple[Part, ...]] = MappingProxyType({}),
) -> list[Said]:
    """A text for each (study, what is asked), all in one batch. cache: a row for each study, as
    the model's `begin` gives it. templates: by section.

    Raises InputRejected('grammar')."""
    prompts = [beginning(a, tokenizer) for _, a in asked]
    plan = plan_of(model, tokenizer, prompts)
    rows = start(cache, [study for study, _ in asked])
    grammars = {name: compiled(parts, tokenizer, plan) for name, parts in templates.items()}
    rules = [grammars.get(a.section) for _, a in asked]
    made = decode(model, rows, prompts, plan, rules.__getitem__)
    return [Said(tokenizer.decode(w.tokens).strip(), w.ended) for w in made]


class Writer:
    """`Drafter` over a `Looker`."""

    def __init__(self, looker: Looker, version: str, settings: Settings = Settings()) -> None:
        self.looker = looker
        self.version = version
        self.settings = settings
        turned(looker.checkpoint.model)
        learned = looker.checkpoint.card.get("sections", SECTIONS)
        self.sections = tuple(s for s in SECTIONS if s in learned)
        self._guess: NGrams | None = None

    def draft(self, case: Case) -> Draft:
        """The draft of a case, or an honest abstention.

        Raises InputRejected('no-images') for a study without images."""
        study = case.study
        if not study.images:
            raise InputRejected("no-images", f"study {study.uid}", "no image", "one", "Check it.")
        why = self.looker.why_not(study)
        exam = self.looker.exam(study)
        if why or exam is None:
            return self._abstention(study, why)
        known = case.indication or case.history
        prior = self._earlier(case)
        asked = [Asked(section, exam, known, prior is not None) for section in self.sections]
        cache = self._begun(study, prior)
        with torch.inference_mode():
            said = self._written(cache, [(0, a) for a in asked], self._quickly)
            if not all(s.ended for s in said):
                return self._abstention(study, ENDLESS)
            tries = self._tried(cache, asked)
        told = read_back(self._report([s.text for s in said]), exam)
        seen = [tuple(f.finding for f in read(self._report(t), exam)) for t in tries]
        made = tuple(_sure(sentence, seen) for sentence in told)
        return Draft(
            study=study.uid,
            sentences=(Sentence(templates.technique(exam, 1, None), "technique"), *made),
            origin=self._origin(),
            not_assessed=_silent(exam, [f for s in made for f in s.findings]),
            support=self._support(study, exam),
            synthetic=study.synthetic,
        )

    def _begun(self, study: Study, prior: Batch | None) -> Cache:
        """The study's memory, and nothing written yet: one encoding a study."""
        model, looks = self.looker.checkpoint.model, self.looker.look(study).looks
        more = {"prior": prior} if prior is not None else {}
        with torch.inference_mode():
            one = torch.zeros(len(looks), dtype=torch.int64)
            memory = model.remember(looks, one, places(len(looks)), **more)
            cache: Cache = model.begin(*memory)
        return cache

    def _earlier(self, case: Case) -> Batch | None:
        """What a model that reads an earlier study is told of it; None for all others, and where
        there is none."""
        known = self.looker.checkpoint
        if not known.model.reads_earlier or case.prior is None or not case.prior.images:
            return None
        looks = self.looker.beside(case.prior, known.model.config.before)
        report = before(case.prior_report, known.tokenizer)
        return earlier(torch.zeros(0), looks, [(0, len(looks), report)])

    def _written(
        self, cache: Cache, asked: Sequence[tuple[int, Asked]], decode: Decode = greedy
    ) -> list[Said]:
        known = self.looker.checkpoint
        return written(known.model, known.tokenizer, cache, asked, decode, self.settings.templates)

    def _quickly(
        self, model: Any, rows: Cache, prompts: Sequence[Sequence[int]], plan: Plan, rules: Rules
    ) -> list[Written]:
        """With one beam `greedy` to the letter, with guesses from the checkpoint's reports."""
        if self.settings.beams > 1:
            return beam(model, rows, prompts, plan, self.settings.beams, rules=rules)
        if self._guess is None:
            known = self.looker.checkpoint
            self._guess = NGrams(_tokens(known.support.texts, known.tokenizer))
        return speculated(model, rows, prompts, plan, self._guess, rules).texts

    def _support(self, study: Study, exam: str) -> tuple[Evidence, ...]:
        """The earlier reports of the same examination whose pictures are most alike, by cosine of
        the mean features, centred on all of them."""
        support = self.looker.checkpoint.support
        chosen = [i for i, e in enumerate(support.exams) if e == exam]
        if not chosen:
            return ()
        own = self.looker.look(study).looks.mean((0, 1)).numpy()
        centre = support.vectors[chosen].mean(0)
        held, own = support.vectors[chosen] - centre, own / np.linalg.norm(own) - centre
        lengths = np.linalg.norm(held, axis=1) * np.linalg.norm(own)
        scores = held @ own / np.maximum(lengths, 1e-9)
        best = np.argsort(-scores)[:SUPPORTS]
        return tuple(
            Evidence("report", float(scores[b]), text=support.texts[chosen[b]]) for b in best
        )

    def _tried(self, cache: Cache, asked: Sequence[Asked]) -> list[list[str]]:
        """Other tries, each of all sections, drawn in one batch."""
        s = self.settings
        if not s.samples:
            return []
        many = [(0, a) for _ in range(s.samples) for a in asked]
        draws = [torch.Generator().manual_seed(s.seed * 1009 + n) for n in range(len(many))]

        def draw(
            model: Any, rows: Cache, prompts: Sequence[Sequence[int]], plan: Plan, rules: Rules
        ) -> list[Written]:
            return nucleus(model, rows, prompts, plan, draws, s.share, s.temperature, rules)

        texts = [said.text for said in self._written(cache, many, draw)]
        return [texts[n : n + len(asked)] for n in range(0, len(texts), len(asked))]

    def _report(self, texts: Sequence[str]) -> Report:
        return Report(**dict(zip(self.sections, texts, strict=True)))

    def _abstention(self, study: Study, why: str) -> Draft:
        return Draft(
            study=study.uid,
            sentences=(Sentence(templates.abstention(why), "impression"),),
            origin=self._origin(),
            abstained=True,
            why=why,
            synthetic=study.synthetic,
        )

    def _origin(self) -> Origin:
        c = self.looker.checkpoint
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return Origin(c.name, c.preprocess.digest, self.version, self.settings.seed, now)


# ------------------------------------------------------------------ text and facts


def _tokens(texts: Sequence[str], tokenizer: Tokenizer) -> list[list[int]]:
    """Earlier reports section by section, each between its mark and its end."""
    return [
        [tokenizer.mark(f"[{section.upper()}]"), *tokenizer.pieces(part), tokenizer.mark("[END]")]
        for text in texts
        for section, part in zip(SECTIONS, two_texts(text), strict=True)
        if part
    ]


def read_back(report: Report, exam: str) -> tuple[Sentence, ...]:
    """The sentences of a text, each with the facts that it states.

    >>> [s.findings[0].what for s in read_back(Report(findings="Small left effusion."), "xr-chest")]
    ['pleural effusion']
    """
    facts: dict[tuple[str, int], list[Fact]] = {}
    for fact in read(report, exam):
        if fact.layer != "history":
            facts.setdefault((fact.section, fact.sentence), []).append(fact)
    return tuple(
        _sentence(text[a:b], section, facts.get((section, n), []))
        for section in SECTIONS
        for text in [getattr(report, section)]
        for n, (a, b) in enumerate(sentences(text, 0, len(text)))
    )


def _sentence(text: str, section: Section, facts: Sequence[Fact]) -> Sentence:
    organ = next((f.organ for f in facts if f.organ), "")
    return Sentence(text, section, organ, tuple(f.finding for f in facts))


def agreement(findings: Sequence[Finding], tries: Sequence[Sequence[Finding]]) -> float | None:
    """The share of tries that state these facts too, of the least shared among them.

    Name and status must agree, and the side where both state one. None where nothing is stated or
    nothing was tried.

    >>> left, right = (Finding("pneumothorax", side=s) for s in ("left", "right"))
    >>> agreement([left], [[left], [right], [left, right], []])
    0.5
    """
    if not findings or not tries:
        return None
    shared = (sum(any(_same(f, g) for g in other) for other in tries) for f in findings)
    return min(shared) / len(tries)


def _same(a: Finding, b: Finding) -> bool:
    sides = {a.side, b.side} - {""}
    return (a.what, a.status) == (b.what, b.status) and len(sides) < 2


def _sure(sentence: Sentence, tries: Sequence[Sequence[Finding]]) -> Sentence:
    sure = agreement(sentence.findings, tries)
    return Sentence(
        sentence.text, sentence.section, sentence.organ, sentence.findings, confidence=sure
    )


def _silent(exam: str, findings: Sequence[Finding]) -> tuple[str, ...]:
    """The examination's findings about which the text says nothing."""
    told = {f.what for f in findings}
    return tuple(row.what for row in exam_findings(exam) if row.what not in told)
