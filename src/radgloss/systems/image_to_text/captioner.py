"""Encoder–decoder transformer that writes reports (arXiv 1706.03762 with arXiv 2010.11929).

Unusual here: a study is all its pictures, findings and impression are two texts over one memory,
and a report that was written beside an earlier study is marked as such, so that nothing is called
new where nothing can be compared. Single pictures with their captions come beside whole studies
(`feeds.shown`), since a report does not say in which frame it saw something. The tower of the
shipped `starter` goes on here, frozen: what it makes of every picture is then computed once
(`looks`), and only the decoder learns.

    radgloss train captioner -d phantoms/manifest.jsonl -o reporter --from starter --freeze image

ViT against CNN at 64 pixels, the same decoder on both, learned from nothing:

    radgloss train captioner-vit -d phantoms/manifest.jsonl -o vit
    radgloss train captioner-cnn -d phantoms/manifest.jsonl -o cnn

Measured result: dev/LOG.md; every checkpoint's card has its fact F1 beside a constant report, a
random one and that of the most similar training study."""

from dataclasses import replace

from radgloss.data.feeds import Shown, Written
from radgloss.data.pairs import Sampling
from radgloss.models.image_to_text import captioner
from radgloss.preprocess import Preprocess
from radgloss.train.run import Run

__all__ = ["cnn", "debug", "starter", "vit"]


def debug() -> Run:
    """A minute's run on anything, for tests."""
    model = captioner.VARIANTS["debug"]
    return Run(
        name="captioner-debug",
        architecture="captioner",
        model=model,
        preprocess=Preprocess(size=32, max_frames=8),
        vocabulary=512,
        steps=20,
        batch=4,
        rate=5e-3,
        warmup=5,
        keep_every=10,
        feed=Written(pictures=model.pictures),
    )


def starter() -> Run:
    """Reports at 128 pixels over the pictures of whole studies."""
    model = captioner.VARIANTS["starter"]
    return replace(
        debug(),
        name="captioner",
        model=model,
        preprocess=Preprocess(size=128),
        vocabulary=1024,
        steps=3000,
        batch=16,
        rate=1e-3,
        warmup=200,
        weight_decay=0.1,
        keep_every=100,
        feed=Shown(pictures=model.pictures, captions=1),
        storage="fp16",
    )


def vit() -> Run:
    """Reports at 64 pixels: a vision transformer and a decoder."""
    model = captioner.VARIANTS["small"]
    return replace(
        debug(),
        name="captioner-vit",
        model=model,
        preprocess=Preprocess(size=64, max_frames=16),
        vocabulary=1024,
        steps=600,
        batch=16,
        sampling=Sampling(),
        warmup=60,
        keep_every=200,
        feed=Written(pictures=model.pictures),
    )


def cnn() -> Run:
    """The same decoder over a convolutional network's grid."""
    return replace(vit(), name="captioner-cnn", model=captioner.VARIANTS["small-cnn"])
