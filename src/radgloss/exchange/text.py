"""A draft as plain text: what fits into any report editor, marked above and below."""

from __future__ import annotations

import textwrap

from radgloss.exchange.words import confidence_word, one_line, sections
from radgloss.types import MACHINE_MARK, Draft, ReportStatus, Sentence

__all__ = ["to_check", "write"]

WIDTH = 80


def write(draft: Draft, status: ReportStatus) -> str:
    """The draft as text of at most 80 columns; `[check]` follows what needs a second look.

    The marking is the first and the last line. An abstention is told with its reason."""
    lines = [MACHINE_MARK, _state(draft, status), ""]
    lines += _abstention(draft) if draft.abstained else []
    for _, heading, sentences in sections(draft):
        lines += [heading.upper(), *(line for s in sentences for line in _sentence(s)), ""]
    lines += _not_assessed(draft)
    return "\n".join([*lines, MACHINE_MARK, ""])


def to_check(draft: Draft) -> int:
    """How many sentences with a finding deserve a second look."""
    return sum(_doubtful(s) for s in draft.sentences)


def _doubtful(sentence: Sentence) -> bool:
    return bool(sentence.findings) and confidence_word(sentence.confidence) == "check"


def _state(draft: Draft, status: ReportStatus) -> str:
    made = "SYNTHETIC IMAGES, no patient. " if draft.synthetic else ""
    return f"{made}Report status: {one_line(status.name)}, {status.sr_verification.lower()}."


def _abstention(draft: Draft) -> list[str]:
    return ["NO DRAFT WAS MADE", *_wrap(one_line(draft.why) or "No reason was given."), ""]


def _sentence(sentence: Sentence) -> list[str]:
    organ = f"{one_line(sentence.organ).capitalize()}: " if sentence.organ.strip() else ""
    mark = " [check]" if _doubtful(sentence) else ""
    return _wrap(f"{organ}{one_line(sentence.text)}{mark}")


def _not_assessed(draft: Draft) -> list[str]:
    if not draft.not_assessed:
        return []
    return ["NOT ASSESSED", *_wrap(one_line(", ".join(draft.not_assessed)) + "."), ""]


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ") or [""]
