"""Ways of using one trained space: rows of the proof that no training of their own tells apart.

Every way asks a space that a recipe made (`base`); a row's ways ask the same one. Where the
question is what a space without words is good for, the base never heard any.

    radgloss bench systems -d phantoms/manifest.jsonl --only attributes --only outlier"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from radgloss.systems.ideas.asking import asked
from radgloss.systems.ideas.hospitals import hospitals
from radgloss.systems.ideas.organs import by_attributes, two_ways
from radgloss.systems.ideas.pointing import pointed
from radgloss.systems.ideas.space import Space
from radgloss.systems.ideas.strangers import strangers
from radgloss.systems.ideas.supervised import supervised
from radgloss.systems.ideas.transferred import transferred

__all__ = ["BESIDE", "WAYS", "Way"]


@dataclass(frozen=True)
class Way:
    """base: the recipe whose space is asked. what: it does, in a line. act: gives the figures.
    anew: it trains a network of its own, whatever the space learned."""

    base: str
    what: str
    act: Callable[[Space], dict[str, Any]]
    anew: bool = False


WORDLESS, PATCHES, WORDED, PLACED = "simclr", "mae", "clip-small", "gloria"

WAYS: Mapping[str, Way] = {
    "transfer": Way(PATCHES, "Transfer: all of the tower is tuned to the new finding.",
                    partial(transferred, way="full")),
    "transfer-scratch": Way(PATCHES, "Transfer without its idea: the network begins at random.",
                            partial(transferred, way="scratch")),
    "transfer-lora": Way(PATCHES, "Transfer: the transformer learns at low rank.",
                         partial(transferred, way="lora")),
    "transfer-probe": Way(PATCHES, "Transfer: a straight boundary on vectors that stay.",
                          partial(transferred, way="probe")),
    "transfer-frozen": Way(PATCHES, "Transfer: nothing is trained, means are compared.",
                           partial(transferred, way="frozen")),
    "density": Way(WORDLESS, "Generative: a Gaussian for each organ, which may say neither.",
                   partial(two_ways, way="density")),
    "boundary": Way(WORDLESS, "Discriminative: a boundary between organs, unsure where it is near.",
                    partial(two_ways, way="boundary")),
    "attributes": Way(WORDLESS, "Attribute zero-shot by one bilinear map (ESZSL).",
                      partial(by_attributes, how="eszsl", rows="true")),
    "attributes-dealt": Way(WORDLESS, "ESZSL without its idea: rows of attributes of other organs.",
                            partial(by_attributes, how="eszsl", rows="dealt")),
    "attributes-dap": Way(WORDLESS, "Attribute zero-shot by one classifier an attribute (DAP).",
                          partial(by_attributes, how="dap", rows="true")),
    "attributes-dap-dealt": Way(WORDLESS, "DAP without its idea: rows of attributes of others.",
                                partial(by_attributes, how="dap", rows="dealt")),
    "outlier": Way(WORDED, "Outlier: the distance to the nearest training pictures.",
                   partial(strangers, kind="nearest")),
    "outlier-certainty": Way(WORDED, "Outlier without its idea: how sure a classifier is.",
                             partial(strangers, kind="certainty")),
    "outlier-mahalanobis": Way(WORDED, "Outlier: the distance to a Gaussian of training pictures.",
                               partial(strangers, kind="mahalanobis")),
    "outlier-mcm": Way(WORDED, "Outlier by words: the largest share among known words (MCM).",
                       partial(strangers, kind="mcm")),
    "outlier-energy": Way(WORDED, "Outlier by words: their energy.",
                          partial(strangers, kind="energy")),
    "outlier-neglabel": Way(WORDED, "Outlier by words: known ones against strange ones (NegLabel).",
                            partial(strangers, kind="neglabel")),
    "supervised": Way(WORDED, "A classifier of the findings, taught by labels of all studies.",
                      partial(supervised, way="labels"), anew=True),
    "supervised-words": Way(WORDED, "No labels: the findings asked of CLIP in words.",
                            partial(supervised, way="words")),
    "hospitals": Way(WORDED, "A classifier taught where two hospitals see a finding as often.",
                     partial(hospitals, dealt="by lot"), anew=True),
    "hospitals-confounded": Way(WORDED, "The same where nine in ten with the finding are B's.",
                                partial(hospitals, dealt="by finding"), anew=True),
    "attention": Way(WORDED, "Attention, followed through the layers.",
                     partial(pointed, kind="rollout")),
    "attention-middle": Way(WORDED, "Attention without its idea: the middle of every picture.",
                            partial(pointed, kind="middle")),
    "attention-last": Way(WORDED, "Attention of the last layer alone.",
                          partial(pointed, kind="last")),
    "attention-hidden": Way(WORDED, "What the answer hangs on: places are hidden, and it is asked.",
                            partial(pointed, kind="hidden")),
    "gloria-asked": Way(PLACED, "GLoRIA asked by both of its scores, whole and local.",
                        partial(asked, by="both")),
    "gloria-asked-whole": Way(PLACED, "GLoRIA asked without its idea: by the whole picture alone.",
                              partial(asked, by="whole")),
    "gloria-maps": Way(PLACED, "GLoRIA's maps: the places that the finding's words attend to.",
                       partial(pointed, kind="words")),
    "gloria-maps-others": Way(PLACED, "GLoRIA's maps without their idea: another finding's words.",
                              partial(pointed, kind="others")),
    "gloria-maps-middle": Way(PLACED, "No map of a model: the middle of every picture.",
                              partial(pointed, kind="middle")),
    "gloria-maps-hidden": Way(PLACED, "What GLoRIA's answer hangs on: places are hidden.",
                              partial(pointed, kind="hidden")),
}  # fmt: skip

BESIDE: Mapping[str, tuple[str, ...]] = {
    "transfer": ("transfer-scratch", "transfer-lora", "transfer-probe", "transfer-frozen"),
    "density": ("boundary",),
    "attributes": ("attributes-dealt",),
    "attributes-dap": ("attributes-dap-dealt",),
    "outlier": ("outlier-certainty", "outlier-mahalanobis", "outlier-mcm", "outlier-energy",
                "outlier-neglabel"),
    "supervised": ("supervised-words",),
    "hospitals": ("hospitals-confounded",),
    "attention": ("attention-middle", "attention-last", "attention-hidden"),
    "gloria-asked": ("gloria-asked-whole",),
    "gloria-maps": ("gloria-maps-others", "gloria-maps-middle", "gloria-maps-hidden"),
}  # fmt: skip
"""A way → the ways it is compared with, the plainest comparison first."""
