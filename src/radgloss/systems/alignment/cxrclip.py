"""CXR-CLIP (You et al., arXiv 2310.13292): two views, two sections, labels put into words.

Unusual here: 64 pixels, phantoms, any examination (films have real views: `--exam xr-chest`); no
mirrored view. Three switches, one at a time, and the plain pairs with all terms off.

    radgloss train cxr-clip -d phantoms/manifest.jsonl -o checkpoint
    radgloss train cxr-clip-pairs -d phantoms/manifest.jsonl -o pairs"""

from dataclasses import replace

from radgloss.data.feeds import Studies
from radgloss.models.alignment import cxrclip
from radgloss.systems.alignment.small import SMALL
from radgloss.train.run import Run

__all__ = ["no_images", "no_prompts", "no_texts", "pairs", "views"]


def views() -> Run:
    """CXR-CLIP: image-image and text-text terms, prompts from labels."""
    return replace(
        SMALL,
        name="cxr-clip",
        architecture="cxr-clip",
        model=cxrclip.VARIANTS["small"],
        feed=Studies(),
    )


def pairs() -> Run:
    """CXR-CLIP without its terms: images and texts alone."""
    run = views()
    return replace(run, name="cxr-clip-pairs", model=replace(run.model, images=0.0, texts=0.0))


def no_images() -> Run:
    """CXR-CLIP without the image-image term."""
    run = views()
    return replace(run, name="cxr-clip-no-images", model=replace(run.model, images=0.0))


def no_texts() -> Run:
    """CXR-CLIP without the text-text term."""
    run = views()
    return replace(run, name="cxr-clip-no-texts", model=replace(run.model, texts=0.0))


def no_prompts() -> Run:
    """CXR-CLIP without the studies that have labels only."""
    return replace(views(), name="cxr-clip-no-prompts", feed=Studies("left out"))
