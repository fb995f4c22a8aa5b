"""BLIP as a captioner (Li et al., arXiv 2201.12086): contrast, matching and captioning in one text
transformer, and captions bootstrapped from noisy ones (CapFilt).

Unusual here: captions are sections of reports; of the studies one in four is clean, and of the
others two in five have another patient's report on purpose (`data.feeds.noisy`), so the card can
say what the filter let through; 64 pixels, phantoms.

    radgloss train blip-captioner -d phantoms/manifest.jsonl -o checkpoint
    radgloss train blip-captioner-noisy -d phantoms/manifest.jsonl -o noisy"""

from typing import Any

from radgloss.data.feeds import Noisy
from radgloss.systems.image_to_text.small import small
from radgloss.train.run import Run

__all__ = ["all_three", "no_captioner", "no_contrast", "no_filter", "no_matching", "noisy"]

NAME = "blip-captioner"
STEPS = 300  # every text is read three times


def _arm(name: str, **change: Any) -> Run:
    return small(name, NAME, Noisy, steps=STEPS, bootstrap=STEPS // 2, **change)


def all_three() -> Run:
    """BLIP: three losses, noisy captions judged and written anew."""
    return _arm(NAME)


def no_contrast() -> Run:
    """BLIP without contrast; its negatives are the next in the batch."""
    return _arm(f"{NAME}-no-contrast", contrasted=0.0)


def no_matching() -> Run:
    """BLIP without matching, hence without a filter."""
    return _arm(f"{NAME}-no-matching", matched=0.0, capfilt="none")


def noisy() -> Run:
    """BLIP without bootstrapping: noisy captions as they are."""
    return _arm(f"{NAME}-noisy", capfilt="none")


def no_filter() -> Run:
    """BLIP without its filter: what is not clean is written anew, whatever it said."""
    return _arm(f"{NAME}-no-filter", capfilt="captioner")


def no_captioner() -> Run:
    """BLIP without its captioner: what the filter rejects is left out."""
    return _arm(f"{NAME}-no-captioner", capfilt="filter")
