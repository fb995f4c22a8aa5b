"""Knowledge beside what is seen: a graph of findings, and what reports of similar pictures say
(Yang et al., "Knowledge matters", arXiv 2112.15009).

General knowledge: embeddings of the nodes of a typed graph, learned from its triples by
translation (TransE, Bordes et al. 2013: head + relation ≈ tail). Specific knowledge: the stated
findings of the reports whose pictures are most similar. Every token of the pictures asks both by
multi-head knowledge attention, and the answers are added to it.
Unusual here: the reports that are retrieved are the last `kept` studies that training met, held as
vectors and facts in the model itself, so a checkpoint brings its own; they are told as (finding,
stated or denied) in the graph's own embeddings. Never one of the same patient (`patients`), and
never one whose picture is the same (cosine above `SAME`), which is how a patient who came back
without a name is kept out. Switches: `told`.
Shapes: N pictures · B studies · M tokens of a study · G nodes · E triples · K findings · R reports
retrieved · L studies kept · W width of the tower · D width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.image_to_text.captioner import Captioner, told_apart, word_loss
from radgloss.models.image_to_text.cdgpt2 import tag_loss
from radgloss.nn import decoder, resnet, vit
from radgloss.nn.decoder import heads_of, joined

__all__ = ["VARIANTS", "Config", "Graph", "Knowledge", "Objective", "Store", "build"]

SAME = 0.9999  # cosine above which two pictures are one
NOBODY, EMPTY = -1, -2  # a patient without a number; a place of the store without a study
TOLD = 12  # findings of a retrieved report that are told, at most
Triples = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Graph:
    """triples: (head, relation, tail), by number. The first `findings` nodes are the findings, in
    the order of the batch's facts; the last two relations are "states" and "denies"."""

    nodes: int = 6
    relations: int = 4
    findings: int = 4
    triples: Triples = ((0, 0, 4), (1, 0, 4), (2, 0, 5), (3, 0, 5), (0, 1, 3), (1, 1, 2))


@dataclass(frozen=True)
class Config:
    """kept: studies in the store. reports: retrieved. weights: of the graph's loss, and of the
    findings that make the vectors by which reports are retrieved."""

    image: vit.Config | resnet.ResNetConfig
    text: decoder.Config
    graph: Graph = Graph()
    side: int = 4
    pictures: int = 12
    kept: int = 1024
    reports: int = 3
    told: Literal["both", "general", "specific", "none"] = "both"
    graphed: float = 0.1
    tagged: float = 0.5


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug-conv"], decoder.VARIANTS["debug"], kept=8),
    "small": Config(vit.VARIANTS["small"], decoder.VARIANTS["small"]),
}


class KnowledgeAttention(nn.Module):
    """Tokens ask what is known; the answer is added to them."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.ask = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.told = nn.Linear(width, width)

    def forward(self, x, known, mask=None):  # (B, M, D), (B, G, D), (B, G) -> (B, M, D)
        q = heads_of(self.ask(self.norm(x)), self.heads)
        k, v = (heads_of(y, self.heads) for y in self.key_value(known).chunk(2, -1))
        allowed = None if mask is None else mask[:, None, None]
        return x + self.told(joined(F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)))


class Embedded(nn.Module):
    """The graph's nodes and relations as vectors."""

    def __init__(self, graph: Graph, width: int):
        super().__init__()
        self.graph = graph
        self.nodes = nn.Parameter(torch.randn(graph.nodes, width) * width**-0.5)
        self.relations = nn.Parameter(torch.randn(graph.relations, width) * width**-0.5)
        self.register_buffer("triples", torch.tensor(graph.triples), persistent=False)  # (E, 3)

    def gaps(self, triples):  # (E, 3) -> (E,): |head + relation − tail|
        head, relation, tail = triples.unbind(1)
        return (self.nodes[head] + self.relations[relation] - self.nodes[tail]).norm(dim=1)

    def loss(self):
        """A triple's gap is smaller by one than with another's tail (TransE, equation 1)."""
        tails = self.triples[:, 2]
        others = tails.roll(max(len(tails) // 2, 1))
        wrong = torch.cat([self.triples[:, :2], others[:, None]], 1)
        return F.relu(1 + self.gaps(self.triples) - self.gaps(wrong))[others != tails].mean()

    def general(self):  # -> (G, D): each node, and the mean of what its triples say of it
        head, relation, tail = self.triples.unbind(1)
        said = torch.zeros_like(self.nodes)
        said = said.index_add(0, tail, self.nodes[head] + self.relations[relation])
        said = said.index_add(0, head, self.nodes[tail] - self.relations[relation])
        many = torch.bincount(torch.cat([head, tail]), minlength=len(self.nodes))
        return self.nodes + said / many.clamp(min=1)[:, None]

    def stated(self, facts):  # (…, K) int8 -> (…, TOLD, D), (…, TOLD) bool
        """What a report states, then what it denies, as node + relation."""
        weight = 2 * (facts > 0).long() + (facts < 0)
        value, which = weight.topk(min(TOLD, facts.shape[-1]), dim=-1)
        relation = self.graph.relations - value.clamp(
            min=1
        )  # the last denies, the one before states
        return self.nodes[which] + self.relations[relation], value > 0

    def findings(self, vectors):  # (B, D) -> (B, K): how far each finding is seen in a study
        return vectors @ self.nodes[: self.graph.findings].T


class Store(nn.Module):
    """The last studies that training met, as vectors and facts; buffers, saved with the weights."""

    def __init__(self, kept: int, width: int, findings: int):
        super().__init__()
        self.register_buffer("vectors", torch.zeros(kept, width))
        self.register_buffer("facts", torch.zeros(kept, findings, dtype=torch.int8))
        self.register_buffer("patients", torch.full((kept,), EMPTY))
        self.register_buffer("next", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def keep(self, vectors, facts, patients):  # (B, D), (B, K) int8, (B,) int64
        """Written over the oldest."""
        slots = (self.next + torch.arange(len(vectors))) % len(self.vectors)
        self.vectors[slots] = vectors.to(self.vectors.dtype)
        self.facts[slots], self.patients[slots] = facts, patients
        self.next += len(vectors)

    @torch.no_grad()
    def similar(self, vectors, patients, many):  # (B, D), (B,) -> (B, R, K) int8, (B, R) bool
        """Facts of the most similar studies of other patients, and which of the R there are."""
        likeness = vectors @ self.vectors.T  # (B, L)
        own = (patients[:, None] == self.patients) & (patients >= 0)[:, None]
        barred = own | (self.patients == EMPTY) | (likeness > SAME)
        best, which = likeness.masked_fill(barred, -torch.inf).topk(min(many, len(self.vectors)))
        return self.facts[which], best > -torch.inf


class Knowledge(Captioner):
    """The captioner, whose memory asks what is known."""

    def __init__(self, config: Config):
        super().__init__(config)
        width, heads = config.text.width, config.text.heads
        self.embedded = Embedded(config.graph, width)
        self.store = Store(config.kept, width, config.graph.findings)
        if config.told in ("both", "general"):
            self.general = KnowledgeAttention(width, heads)
        if config.told in ("both", "specific"):
            self.specific = KnowledgeAttention(width, heads)
            self.nothing = nn.Parameter(0.02 * torch.randn(2, width))  # where nothing is known

    def remember(self, looks, study, place, patients=None):  # -> (B, M, D), (B, M)
        return self.known(looks, study, place, patients)[:2]

    def encode_images(self, images, study=None, place=None, patients=None):
        """patients: (B,) numbers, of studies of the store; no report of the same is retrieved."""
        return self.remember(self.look(images), *told_apart(images, study, place), patients)

    def known(self, looks, study, place, patients=None):  # -> (B, M, D), (B, M), (B, D) unit
        """The memory after it asked, and each study's vector, by which it is found."""
        x, mask = self.studies(looks, study, place)
        vectors = F.normalize((x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), dim=-1)
        if patients is None:
            patients = torch.full((len(x),), NOBODY, device=x.device)
        if self.config.told in ("both", "general"):
            x = self.general(x, self.embedded.general().expand(len(x), -1, -1))
        if self.config.told in ("both", "specific"):
            x = self.specific(x, *self.retrieved(vectors, patients))
        return x, mask, vectors

    def retrieved(self, vectors, patients):  # (B, D), (B,) -> (B, 2 + R · TOLD, D), mask
        facts, there = self.store.similar(vectors, patients, self.config.reports)
        told, stated = self.embedded.stated(facts)  # (B, R, TOLD, D), (B, R, TOLD)
        told, stated = told.flatten(1, 2), (stated & there[..., None]).flatten(1)
        told = torch.cat([self.nothing.expand(len(told), -1, -1), told], 1)
        return told, F.pad(stated, (2, 0), value=True)


class Objective(nn.Module):
    """Words, findings and triples; then the step's studies go into the store."""

    def __init__(self, model: Knowledge):
        super().__init__()
        self.model = model

    def forward(self, batch):
        model, config = self.model, self.model.config
        looks = batch.looks if batch.looks.numel() else model.look(batch.images)
        patients = batch.patients if batch.patients.numel() else None
        memory, seen, vectors = model.known(looks, batch.study, batch.place, patients)
        logits = model.decoder(batch.tokens[:, :-1], memory[batch.owner], seen[batch.owner])
        loss, logs = word_loss(logits, batch)
        graphed = model.embedded.loss()
        loss = loss + config.graphed * graphed
        if not batch.facts.any():
            return loss, {**logs, "graphed": graphed.detach()}
        tagged = tag_loss(10 * model.embedded.findings(vectors), batch.facts)
        if self.training and patients is not None:
            model.store.keep(vectors, batch.facts, patients)
        logs |= {"graphed": graphed.detach(), "tagged": tagged.detach()}
        return loss + config.tagged * tagged, logs


def build(config: Config) -> Knowledge:
    """The model of a config."""
    return Knowledge(config)
