"""CT2Rep and CT2RepLong (Hamamci et al., arXiv 2403.06801): causal slices, a relational memory; an
earlier volume and its report.

Unusual here: slices are the pictures of a study, 16 at most, at 64 pixels; phantoms, whatever the
examination. Long runs ask only what an earlier study adds; their control gives every patient
somebody else's.

    radgloss train ct2rep -d phantoms/manifest.jsonl -o checkpoint
    radgloss train ct2rep-long -d phantoms/manifest.jsonl -o long"""

from radgloss.data.feeds import Followed
from radgloss.systems.image_to_text.small import small
from radgloss.train.run import Run

__all__ = [
    "alone", "causal", "long", "long_another", "long_none", "long_pictures", "long_report", "plain",
]  # fmt: skip

ANOTHER = {"whose": "another's"}
STEPS = 350  # a relational memory reads word by word


def causal() -> Run:
    """CT2Rep: slices read in their order, a relational memory."""
    return small("ct2rep", "ct2rep", steps=STEPS)


def alone() -> Run:
    """CT2Rep without its order: every slice by itself."""
    return small("ct2rep-alone", "ct2rep", steps=STEPS, slices="alone")


def plain() -> Run:
    """CT2Rep without its relational memory."""
    return small("ct2rep-plain", "ct2rep", steps=STEPS, writer="plain")


def long() -> Run:
    """CT2RepLong: beside an earlier study, its pictures and its report."""
    return small("ct2rep-long", "ct2rep", Followed, steps=STEPS, prior="both")


def long_none() -> Run:
    """CT2RepLong without an earlier study."""
    return small("ct2rep-long-none", "ct2rep", Followed, steps=STEPS)


def long_pictures() -> Run:
    """CT2RepLong without the earlier report."""
    return small("ct2rep-long-pictures", "ct2rep", Followed, steps=STEPS, prior="pictures")


def long_report() -> Run:
    """CT2RepLong without the earlier pictures."""
    return small("ct2rep-long-report", "ct2rep", Followed, steps=STEPS, prior="report")


def long_another() -> Run:
    """CT2RepLong with the earlier study of another patient: a control."""
    return small(
        "ct2rep-long-another", "ct2rep", Followed, steps=STEPS, prior="both", brings=ANOTHER
    )
