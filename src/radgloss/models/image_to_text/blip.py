"""One text transformer in three modes: contrast, matching, captioning, BLIP (arXiv 2201.12086).

The same weights read a text by itself in both directions (contrast with the picture), read it while
looking at the picture (does it belong to it? with hard negatives, drawn where the contrast is
easily fooled), and write it from left to right while looking. CapFilt: with what was learned, every
noisy caption is judged by the matching mode (the filter), and where it is rejected one that the
captioning mode wrote stands in its place if the filter keeps that.
Unusual here: a picture is a study with all its pictures, its captions are the sections of its
report; all modes share all weights, self-attention too; the first token stands for the text; the
filter is taught on clean pairs alone, which the batch names (`clean`), and captions are
bootstrapped while training goes on, from step `bootstrap` of it. Switches: the weight of each loss,
and `capfilt`, of which captioner and filter can be left out one by one.
Shapes: B studies · R texts · T tokens · M tokens of memory · D width · S shared
width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.image_to_text.captioner import Captioner, word_loss
from radgloss.nn import decoder, resnet, vit
from radgloss.nn.contrast import contrast
from radgloss.nn.decoder import Block, heads_of, joined

__all__ = ["VARIANTS", "Blip", "Config", "Objective", "build"]

END = 2  # the number of the mark that ends a text (`text.tokenizer.MARKS`)


@dataclass(frozen=True)
class Config:
    """contrasted, matched, captioned: weights of the losses. capfilt: what replaces noisy captions.
    bootstrap: the step at which that begins. longest: tokens of a caption that is written. written:
    captions that a step writes, at most; what else is rejected is left out of that step."""

    image: vit.Config | resnet.ResNetConfig
    text: decoder.Config
    side: int = 4
    pictures: int = 12
    shared: int = 64
    temperature: float = 0.07  # at the start; learned
    contrasted: float = 1.0
    matched: float = 1.0
    captioned: float = 1.0
    capfilt: Literal["both", "captioner", "filter", "none"] = "both"
    bootstrap: int = 400
    longest: int = 96
    written: int = 4


VARIANTS = {
    "debug": Config(vit.VARIANTS["debug-conv"], decoder.VARIANTS["debug"], shared=16),
    "small": Config(vit.VARIANTS["small"], decoder.VARIANTS["small"]),
}


@dataclass(frozen=True, eq=False)
class BothWays:
    """Every token sees every real one: mask (B, T) bool."""

    mask: torch.Tensor


class ModedBlock(Block):
    """`Block` that also reads in both directions."""

    def own(self, x, n, cache, allowed):
        if isinstance(allowed, BothWays):
            q, k, v = (heads_of(y, self.heads) for y in self.qkv(x).chunk(3, -1))
            seen = allowed.mask[:, None, None]
            return self.out(joined(F.scaled_dot_product_attention(q, k, v, attn_mask=seen)))
        return super().own(x, n, cache, allowed)


class Blip(Captioner):
    """A tower and a text transformer in three modes."""

    def __init__(self, config: Config):
        super().__init__(config, ModedBlock)
        width = config.text.width
        if config.contrasted:
            self.of_picture = nn.Linear(width, config.shared, bias=False)
            self.of_text = nn.Linear(width, config.shared, bias=False)
            self.log_scale = nn.Parameter(torch.tensor(-log(config.temperature)))
        if config.matched:
            self.match = nn.Linear(width, 1)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    @property
    def scale(self):
        return self.log_scale.exp().clamp(max=100.0)

    def read(self, tokens, mask, memory=None, seen=None):  # (R, T) each, (R, M, D) -> (R, D)
        """A text in both directions, while looking at a memory where one is given."""
        cache = self.decoder.begin(memory, seen, rows=len(tokens), room=0)
        x = self.decoder.embedded(tokens, torch.arange(tokens.shape[1], device=tokens.device))
        for n, block in enumerate(self.decoder.blocks):
            x = block(x, n, cache, BothWays(mask))
        return self.decoder.norm(x)[:, 0]

    def picture_vectors(self, memory, seen):  # (B, M, D), (B, M) -> (B, S), unit length
        mean = (memory * seen[..., None]).sum(1) / seen.sum(1, keepdim=True)
        return F.normalize(self.of_picture(mean), dim=-1)

    def text_vectors(self, tokens, mask):  # (R, T) each -> (R, S), unit length
        return F.normalize(self.of_text(self.read(tokens, mask)), dim=-1)

    def belongs(self, tokens, mask, memory, seen):  # (R, T) each, (R, M, D), (R, M) -> (R,)
        """Log-odds that each text belongs to the study beside it: the filter."""
        return self.match(self.read(tokens, mask, memory, seen))[:, 0]

    @torch.no_grad()
    def caption(self, prompts, counts, memory, seen):  # (R, T), (R,), (R, M, D), (R, M)
        """The likeliest words behind each prompt -> texts (R, T) with prompt and end, mask (R, T).

        counts: how many tokens of each prompt are real."""
        rows, room = torch.arange(len(prompts)), self.config.longest
        tokens = F.pad(prompts, (0, room))
        places = torch.arange(tokens.shape[1])
        tokens = tokens.masked_fill(places >= counts[:, None], 0)
        logits, cache = self.decoder.step(prompts, self.begin(memory, seen), counts)
        logits, ends = logits[rows, counts - 1], counts + room
        for n in range(room):
            tokens[rows, counts + n] = logits.argmax(-1)
            ends = torch.where(
                tokens[rows, counts + n] == END, (counts + n + 1).minimum(ends), ends
            )
            if (ends <= counts + n + 1).all():
                break
            logits, cache = self.decoder.step(tokens[rows, counts + n][:, None], cache)
            logits = logits[:, -1]
        mask = places < ends[:, None]
        return tokens.masked_fill(~mask, 0), mask


class Objective(nn.Module):
    """Three losses over one text transformer; noisy captions are bootstrapped on the way."""

    def __init__(self, model: Blip):
        super().__init__()
        self.model = model

    def forward(self, batch):
        model, config = self.model, self.model.config
        looks = batch.looks if batch.looks.numel() else model.look(batch.images)
        memory, seen = model.remember(looks, batch.study, batch.place)
        clean = batch.clean if batch.clean.numel() else batch.owner.new_ones(len(memory))
        trusted, logs = clean[batch.owner] > 0, {}
        usable = torch.ones_like(trusted)
        if self.training:
            model.steps += 1
        if self.due() and not trusted.all():
            batch, usable, logs = bootstrapped(model, batch, memory.detach(), seen, clean)
        texts = batch.tokens[usable], batch.mask[usable]
        owner, trusted = batch.owner[usable], trusted[usable]
        loss = memory.new_zeros(())
        likeness = None
        if config.contrasted:
            x, y = model.picture_vectors(memory, seen), model.text_vectors(*texts)
            likeness = x @ y.T  # (B, R)
            had, own = owner.unique(return_inverse=True)  # a study may have lost its caption
            part, top1 = contrast(model.scale * likeness[had].float(), own)
            loss = loss + config.contrasted * part
            logs |= {"contrasted": part.detach(), "top1": top1.detach()}
        if config.matched and trusted.any():
            part, right = matched(model, texts, owner, trusted, memory, seen, likeness)
            loss = loss + config.matched * part
            logs |= {"matched": part.detach(), "told_apart": right}
        if config.captioned:
            logits = model.decoder(texts[0][:, :-1], memory[owner], seen[owner])
            part, told = word_loss(
                logits, replace(batch, tokens=texts[0], hidden=batch.hidden[usable])
            )
            loss = loss + config.captioned * part
            logs |= told
        return loss, logs

    def due(self):
        """Whether captions are bootstrapped by now."""
        config = self.model.config
        able = {
            "both": config.matched and config.captioned, "captioner": config.captioned,
            "filter": config.matched, "none": False,
        }[config.capfilt]  # fmt: skip
        return self.training and bool(able) and int(self.model.steps) > config.bootstrap


def matched(model, texts, owner, trusted, memory, seen, likeness):
    """Each trusted text beside its own study, and beside the one that is most easily taken for it;
    without contrast, beside the next. -> the loss, and how many were told apart."""
    tokens, mask = (x[trusted] for x in texts)
    own = owner[trusted]
    if likeness is None:
        other = (own + 1) % len(memory)
    else:
        rows = likeness.detach().T[trusted]  # (r, B)
        other = rows.scatter(1, own[:, None], -torch.inf).argmax(1)
    which = torch.cat([own, other])
    odds = model.belongs(tokens.repeat(2, 1), mask.repeat(2, 1), memory[which], seen[which])
    yes = (torch.arange(len(which), device=odds.device) < len(own)).to(odds.dtype)
    real = which != torch.cat([own, own])
    counted = real | (yes > 0)  # a batch of one study has no other
    loss = F.binary_cross_entropy_with_logits(odds[counted], yes[counted])
    return loss, ((odds > 0) == (yes > 0))[counted].float().mean().detach()


@torch.no_grad()
def bootstrapped(model, batch, memory, seen, clean):
    """CapFilt -> the batch with its noisy captions judged and replaced, (R,) bool which texts may
    be used, and what the filter did beside the truth, where the batch brings it (`clean` −1)."""
    how, owner = model.config.capfilt, batch.owner
    kind = clean[owner]
    noisy, good = kind <= 0, torch.ones_like(kind, dtype=torch.bool)
    logs = {}
    if how in ("both", "filter"):
        odds = model.belongs(batch.tokens, batch.mask, memory[owner], seen[owner])
        good = (odds > 0) | ~noisy
        for name, which in (("right_kept", kind == 0), ("wrong_kept", kind < 0)):
            if which.any():
                logs[name] = good[which].float().mean()
    swap = noisy & ~good if how == "both" else noisy & (how == "captioner")
    usable = good & ~swap
    rows = swap.nonzero()[:, 0][: model.config.written]
    if len(rows):
        before = batch.hidden[rows].long().argmax(1)  # tokens ahead of the first that is guessed
        asked = batch.tokens[rows, : int(before.max())], before
        told, real = model.caption(*asked, memory[owner[rows]], seen[owner[rows]])
        usable[rows] = True
        if how == "both":
            kept = model.belongs(told, real, memory[owner[rows]], seen[owner[rows]]) > 0
            usable[rows], logs["written_kept"] = kept, kept.float().mean()
        batch = _with(batch, rows, told, real, before)
    return batch, usable if usable.any() else ~usable, logs


def _with(batch, rows, tokens, mask, before):
    """The batch with other texts in these rows, guessed behind their first `before` tokens."""
    longest = max(batch.tokens.shape[1], tokens.shape[1])
    wide = [F.pad(x, (0, longest - x.shape[1])) for x in (batch.tokens, batch.mask, batch.hidden)]
    tokens, mask = (F.pad(x, (0, longest - x.shape[1])) for x in (tokens, mask))
    guessed = mask & (torch.arange(longest, device=mask.device) >= before[:, None])
    for whole, new in zip(wide, (tokens, mask, guessed), strict=True):
        whole[rows] = new
    return replace(batch, tokens=wide[0], mask=wide[1], hidden=wide[2])


def build(config: Config) -> Blip:
    """The model of a config."""
    return Blip(config)
