"""One short recipe for each named system: a function that returns a `Run`."""

from __future__ import annotations

from collections.abc import Callable

from radgloss.systems.alignment import (
    biomedclip,
    clip,
    convirt,
    cxrclip,
    gloria,
    kad,
    medclip,
    merlin,
    noisy,
    pmcclip,
    siglip,
)
from radgloss.systems.image_to_text import captioner
from radgloss.systems.representation import autoencoder, expert, masked, skipgram, views
from radgloss.train.run import Run

__all__ = ["ARMS", "SYSTEMS"]

SYSTEMS: dict[str, Callable[[], Run]] = {
    "biomedclip": biomedclip.long,
    "biomedclip-short": biomedclip.short,
    "biomedclip-letters": biomedclip.letters,
    "clip": clip.starter,
    "clip-debug": clip.debug,
    "clip-small": clip.small,
    "clip-words": clip.predicted,
    "clip-spoiled": noisy.some,
    "clip-spoiled-most": noisy.most,
    "convirt": convirt.weighted,
    "convirt-one-way": convirt.one_way,
    "convirt-equal": convirt.equal,
    "convirt-whole": convirt.whole,
    "cxr-clip": cxrclip.views,
    "cxr-clip-pairs": cxrclip.pairs,
    "cxr-clip-no-images": cxrclip.no_images,
    "cxr-clip-no-texts": cxrclip.no_texts,
    "cxr-clip-no-prompts": cxrclip.no_prompts,
    "gloria": gloria.local,
    "gloria-global": gloria.whole,
    "kad": kad.knowing,
    "kad-unknowing": kad.unknowing,
    "kad-words": kad.words,
    "kad-unasked": kad.unasked,
    "medclip": medclip.soft,
    "medclip-hard": medclip.hard,
    "medclip-paired": medclip.paired_only,
    "merlin": merlin.both,
    "merlin-no-codes": merlin.no_codes,
    "merlin-slices": merlin.slices,
    "merlin-whole": merlin.whole,
    "merlin-volume": merlin.volume_alone,
    "pmc-clip": pmcclip.fused,
    "pmc-clip-alone": pmcclip.alone,
    "siglip": siglip.sigmoid,
    "siglip-softmax": siglip.softmax,
    "words": skipgram.window,
    "words-anywhere": skipgram.anywhere,
    "cnn": autoencoder.convolutional,
    "cnn-flat": autoencoder.flat,
    "expert": expert.told,
    "expert-untold": expert.untold,
    "simclr": views.two_views,
    "simclr-same": views.same,
    "moco": views.queue,
    "moco-hasty": views.hasty,
    "mae": masked.patches,
    "mae-seen": masked.seen,
    "masked-words": masked.words,
    "masked-words-blind": masked.blind,
    "captioner": captioner.starter,
    "captioner-debug": captioner.debug,
    "captioner-vit": captioner.vit,
    "captioner-cnn": captioner.cnn,
}

ARMS: dict[str, tuple[str, ...]] = {
    "biomedclip": ("biomedclip-short", "biomedclip-letters"),
    "clip-small": ("clip-words",),
    "clip-spoiled": ("clip-small", "clip-spoiled-most"),
    "convirt": ("convirt-one-way", "convirt-equal", "convirt-whole"),
    "cxr-clip": (
        "cxr-clip-pairs",
        "cxr-clip-no-images",
        "cxr-clip-no-texts",
        "cxr-clip-no-prompts",
    ),
    "gloria": ("gloria-global",),
    "kad": ("kad-unknowing", "kad-words", "kad-unasked"),
    "medclip": ("medclip-hard", "medclip-paired"),
    "merlin": ("merlin-no-codes", "merlin-slices", "merlin-whole", "merlin-volume"),
    "pmc-clip": ("pmc-clip-alone",),
    "siglip": ("siglip-softmax",),
    "words": ("words-anywhere",),
    "cnn": ("cnn-flat",),
    "expert": ("expert-untold",),
    "simclr": ("simclr-same",),
    "moco": ("moco-hasty",),
    "mae": ("mae-seen",),
    "masked-words": ("masked-words-blind",),
}
"""A system with its defining mechanism → the same without it, the plainest comparison first."""
