"""Merlin (Blankemeier et al., arXiv 2406.06512): CT volumes, with their reports and their records.

Unusual here: 32 frames of 64 pixels, phantoms; both teachers from the first step; no network for
photographs is inflated: the first steps bring single frames, of which an inflated network learns
exactly as the 2-D network that it is made of would, and go on as volumes. Two windows: soft tissue,
and everything from air to bone. Four switches, one at a time. (64 pixels of 6 mm instead of 32: a
voxel of 12 mm shows no finding but the largest. 448 tokens, so that no whole report is cut: the
phantom's have 214 in the middle and 411 at most, what is said of an organ 10.)

    radgloss train merlin -d phantoms/manifest.jsonl -o checkpoint
    radgloss train merlin-slices -d phantoms/manifest.jsonl -o slices"""

from dataclasses import replace

from radgloss.data.feeds import Volumes
from radgloss.data.pairs import Sampling
from radgloss.models.alignment import merlin
from radgloss.preprocess import Preprocess
from radgloss.systems.alignment.small import SMALL
from radgloss.text.codes import ABDOMEN
from radgloss.train.run import Run
from radgloss.types import Window

__all__ = ["both", "no_codes", "slices", "volume_alone", "whole"]

PHENOTYPES = tuple(ABDOMEN)
FRAMES = Preprocess(
    size=64, step_mm=15.0, max_frames=32, windows=(Window(40, 400), Window(0, 2000))
)


FEED = Volumes(phenotypes=PHENOTYPES, flat=0.4)


def both() -> Run:
    """Merlin: volumes in an inflated network, reports organ by organ, and the record's codes."""
    return replace(
        SMALL,
        name="merlin",
        architecture="merlin",
        model=replace(merlin.VARIANTS["small"], phenotypes=PHENOTYPES),
        preprocess=FRAMES,
        batch=16,
        sampling=Sampling(per_study=1),
        feed=FEED,
    )


def no_codes() -> Run:
    """Merlin without the record: the report alone teaches."""
    run = both()
    model = replace(run.model, phenotypes=())
    return replace(run, name="merlin-no-codes", model=model, feed=replace(FEED, phenotypes=()))


def slices() -> Run:
    """Merlin without volumes: slices never meet before they are averaged."""
    run = both()
    image = replace(run.model.image, reach=1, shrink=0)
    return replace(run, name="merlin-slices", model=replace(run.model, image=image))


def whole() -> Run:
    """Merlin with the whole report as one text instead of organ by organ."""
    return replace(both(), name="merlin-whole", feed=replace(FEED, text="whole"))


def volume_alone() -> Run:
    """Merlin without a 2-D beginning: kernels drawn as a volume's, and volumes from the start."""
    run = both()
    model = replace(run.model, image=replace(run.model.image, kernels="volume"))
    return replace(run, name="merlin-volume", model=model, feed=replace(FEED, flat=0.0))
