"""CLIP (Radford et al., arXiv 2103.00020) on pictures with captions.

Unusual here: pictures are single frames of whole studies, captions say what is true of that frame,
every sentence is a positive of its own, and each picture is asked what is known of it, a statement
against its denial, as it will be asked when the model serves (`data.quiz`).

    make starter        # 3,527 phantoms of three examinations, then the line below
    radgloss train clip -d phantoms/manifest.jsonl -o checkpoint

At 64 pixels, for the comparison with and without its idea, which is the contrast between texts:
without it the words of the caption are predicted, each for itself (section 2.3).

    radgloss train clip-small -d phantoms/manifest.jsonl -o small
    radgloss train clip-words -d phantoms/manifest.jsonl -o words

Measured result: dev/LOG.md, 2026-11-25; the card of the shipped `starter` checkpoint has its
figures. That one was trained with `boxes=None`, as the log says."""

from dataclasses import replace

from radgloss.data.feeds import Captioned
from radgloss.data.pairs import Sampling
from radgloss.data.quiz import Asking
from radgloss.models.alignment import bagged, clip
from radgloss.preprocess import Preprocess
from radgloss.systems.alignment.small import SMALL as SMALL_RUN
from radgloss.train.run import Run

__all__ = ["debug", "predicted", "small", "starter"]


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
    """The shipped checkpoint: 2.4 million parameters, 128 pixels, three examinations."""
    return replace(
        debug(),
        name="clip-starter",
        model=clip.VARIANTS["starter"],
        preprocess=Preprocess(size=128),
        vocabulary=1024,
        steps=4400,
        batch=64,
        sampling=Sampling(texts=2, per_study=6, boxes=1, asked=Asking(), sought=0.4, named=0.2),
        feed=Captioned(loose=1),
        rate=1e-3,
        warmup=200,
        keep_every=250,
        storage="fp16",
    )


def small() -> Run:
    """CLIP at 64 pixels: each picture finds its own text among the others."""
    return replace(SMALL_RUN, name="clip-small", model=clip.VARIANTS["small"])


def predicted() -> Run:
    """CLIP without its idea: the caption's words are predicted, and no text is contrasted."""
    return replace(
        SMALL_RUN, name="clip-words", architecture="bagged", model=bagged.VARIANTS["small"]
    )
