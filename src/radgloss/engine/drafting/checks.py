"""The checks that run on every draft, by code. Pure: words, facts and study in, flags out.

A flag never edits the text, and no flag does not mean right: docs/drafts.md says what each check
can and cannot see."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from radgloss.engine.drafting import against, inputs, wording
from radgloss.engine.drafting.reading import Reading, reading
from radgloss.types import Case, Draft, Flag

__all__ = ["CHECKS", "check"]


def prior(read: Reading) -> Iterator[Flag]:
    """Nothing in the files says that the prior is of the same patient."""
    if not inputs.known_same(read.case):
        yield Flag("prior", "the files do not say that the prior is of the same patient")


CHECKS: dict[str, Callable[[Reading], Iterator[Flag]]] = {
    "side": wording.side,
    "negation": wording.negation,
    "sex": wording.sex,
    "units": wording.units,
    "size": against.size,
    "comparison": against.comparison,
    "classifier": against.classifier,
    "unvalidated": against.unvalidated,
    "impression": against.impression,
    "prior": prior,
}
"""By code, in the order of the flags. Two come on top, for they ask the model: `survives` (`erase`)
and `history` (`finished`)."""


def check(draft: Draft, case: Case, exam: str) -> tuple[Flag, ...]:
    """What every check finds in a draft, each thing once; nothing in an abstention.

    exam: a name of EXAMS, which settles what a bare word means."""
    if draft.abstained:
        return ()
    read = reading(draft, case, exam)
    return tuple(dict.fromkeys(flag for find in CHECKS.values() for flag in find(read)))
