"""CLIP (Radford et al., arXiv 2103.00020) on pictures with captions.

Unusual here: pictures are single frames of whole studies, captions say what is true of that frame,
and every sentence is a positive of its own.

    make starter        # 1,260 phantoms of six examinations, then the line below
    radgloss train clip -d phantoms/manifest.jsonl -o checkpoint

Measured result: dev/LOG.md, 2026-11-25. The shipped `starter` checkpoint is that of phantom 1.0, at
96 pixels; its card has its figures."""

from dataclasses import replace

from radgloss.data.pairs import Sampling
from radgloss.models.alignment import clip
from radgloss.preprocess import Preprocess
from radgloss.train.run import Run

__all__ = ["debug", "starter"]


def debug() -> Run:
    """A minute's run on anything, for tests."""
    return Run(
        name="clip-debug",
        architecture="clip",
        model=clip.VARIANTS["debug"],
        preprocess=Preprocess(size=32, max_frames=16),
        vocabulary=512,
        steps=20,
        batch=8,
        warmup=5,
        keep_every=10,
    )


def starter() -> Run:
    """The shipped checkpoint: about 3 million parameters, 128 pixels, six examinations."""
    return replace(
        debug(),
        name="clip-starter",
        model=clip.VARIANTS["starter"],
        preprocess=Preprocess(size=128),
        vocabulary=1024,
        steps=2400,
        batch=64,
        sampling=Sampling(texts=5, per_study=4),
        rate=5e-4,
        warmup=100,
        keep_every=100,
        storage="fp16",
    )
