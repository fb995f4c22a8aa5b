"""Volumes with their reports and their records, Merlin (arXiv 2406.06512; Nature 2026).

One inflated 3-D network is taught by two things that hospitals have of every CT: the diagnosis
codes of the patient's record, grouped to phenotypes (each one a yes or no of its own), and the
report, organ by organ: what is said of the liver is to be told from what is said of other livers.
Unusual here: both teach together from the first step, which the paper compares with one after the
other; a network of a million weights; a volume's vector is centred over the batch, as everywhere in
this house. Where a batch says nothing of sections, a report is one text.
Shapes: B volumes · M texts · C channels · F frames · S side · W tower width · R phenotypes · D
shared width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.models.alignment.towers import ByRows, Towers, full
from radgloss.nn import transformer, volume
from radgloss.nn.contrast import contrast

__all__ = ["VARIANTS", "Config", "Merlin", "Objective", "build", "by_section"]


@dataclass(frozen=True)
class Config:
    """phenotypes: what the record may hold, in the order of the batch's `record`. coded: weight of
    the record; without phenotypes there is none. rare: share of records that a phenotype is thought
    to be in before anything is learned."""

    image: volume.VolumeConfig
    text: transformer.Config
    width: int = 128
    temperature: float = 0.07  # at the start; learned
    phenotypes: tuple[str, ...] = ()
    coded: float = 5.0  # a phenotype of one in twenty begins at 0.2, a contrast of 16 at 2.8
    rare: float = 0.05


_DEBUG = Config(
    volume.VARIANTS["debug"], transformer.VARIANTS["debug"], width=32,
    phenotypes=("K35", "K80", "N20"), coded=1.0, rare=0.5,
)  # fmt: skip
VARIANTS = {
    "debug": _DEBUG,
    "debug-slices": replace(_DEBUG, image=volume.VARIANTS["debug-slices"]),
    "debug-no-codes": replace(_DEBUG, phenotypes=()),
    "small": Config(
        volume.VARIANTS["small"], transformer.Config(context=448, width=96, depth=2, heads=4)
    ),
}


class Merlin(Towers):
    """A network for volumes, a text tower, one temperature, and a yes or no for each phenotype."""

    def __init__(self, config: Config):
        image = volume.Volume(config.image, out=config.width)
        super().__init__(config, image, transformer.TextEncoder(config.text, out=config.width))
        self.log_scale = nn.Parameter(torch.tensor(-log(config.temperature)))
        if config.phenotypes:
            self.record = nn.Linear(config.image.width, len(config.phenotypes))
            nn.init.constant_(self.record.bias, log(config.rare / (1 - config.rare)))

    @property
    def depth(self) -> int:
        """Frames of a volume: what is served is stacked to as many."""
        return self.config.image.frames

    def recorded(self, volumes):  # (B, C, F, S, S) -> (B, R)
        """The log-odds that the patient's record holds each of `config.phenotypes`."""
        return self.record(self.image.centre(self.describe(volumes)))

    def places(self, volumes):  # (B, C, F, S, S) -> (B, f, G, G, D)
        """What each place adds to the volume's vector before it is brought to unit length: the
        head is linear, so their mean is that vector, exactly."""
        grid = self.image.features(volumes)  # (B, W, f, G, G)
        rows = grid.movedim(1, -1)
        return self.image.head(rows.flatten(0, -2)).unflatten(0, rows.shape[:-1])


class Objective(ByRows):
    """A volume finds what its report says of an organ among what others' say of it; the record is
    guessed from the volume alone."""

    def loss(self, batch, described, read):
        centred = self.model.image.centre(described)  # once: it is what both teachers see
        x, y = F.normalize(self.model.image.project(centred), dim=-1), self.model.from_read(read)
        x, y = full(x), full(y)
        section = batch.section if batch.section.numel() else torch.zeros_like(batch.owner)
        loss, top1 = by_section(self.model.scale * x @ y.T, batch.owner, section)
        logs = {"top1": top1.detach(), "scale": self.model.scale.detach()}
        known = batch.record >= 0
        if self.model.config.phenotypes and known.any():
            odds = full(self.model.record(centred))
            missed = F.binary_cross_entropy_with_logits(
                odds, batch.record.float(), reduction="none"
            )
            missed = missed[known].mean()
            logs |= {"paired": loss.detach(), "coded": missed.detach()}
            loss = loss + self.model.config.coded * missed
        return loss, logs


def by_section(logits, owner, section):  # (B, M), (M,), (M,) -> loss, share of texts that find it
    """The contrast within each section, of the volumes that have it; the mean over texts. A section
    that one volume alone has decides nothing."""
    losses, found, many = [], [], []
    for one in section.unique():
        of = section == one
        rows, place = owner[of].unique(return_inverse=True)
        if len(rows) > 1:
            loss, top1 = contrast(logits[rows][:, of], place)
            losses.append(loss)
            found.append(top1)
            many.append(float(of.sum()))
    if not losses:
        return 0.0 * logits.sum(), logits.new_zeros(())
    share = logits.new_tensor(many) / sum(many)
    return (torch.stack(losses) * share).sum(), (torch.stack(found) * share).sum()


def build(config: Config) -> Merlin:
    """The model of a config."""
    return Merlin(config)
