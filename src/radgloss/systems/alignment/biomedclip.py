"""BiomedCLIP (Zhang et al., arXiv 2303.00915): a vision transformer, a BERT, long texts.

Unusual here: 64 pixels; the long text is a picture's caption and its study's report. Its claim is
scale and domain choices, and only the choices can be tested on phantoms: a context of 256 tokens
against 77, and pieces learned from the field's texts against single letters.

    radgloss train biomedclip -d phantoms/manifest.jsonl -o checkpoint
    radgloss train biomedclip-short -d phantoms/manifest.jsonl -o short"""

from dataclasses import replace

from radgloss.data.feeds import Reported
from radgloss.models.alignment import biomedclip
from radgloss.systems.alignment.small import SMALL
from radgloss.train.run import Run

__all__ = ["letters", "long", "short"]


def long() -> Run:
    """BiomedCLIP: long texts, a context of 256 tokens, pieces of the field's words."""
    return replace(
        SMALL,
        name="biomedclip",
        architecture="biomedclip",
        model=biomedclip.VARIANTS["small"],
        feed=Reported(),
        batch=32,
    )


def short() -> Run:
    """BiomedCLIP without its idea: CLIP's context of 77 tokens."""
    run = long()
    text = replace(run.model.text, context=77)
    return replace(run, name="biomedclip-short", model=replace(run.model, text=text))


def letters() -> Run:
    """BiomedCLIP without words of the field: a vocabulary of single letters."""
    return replace(long(), name="biomedclip-letters", vocabulary=258)
