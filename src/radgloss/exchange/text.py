"""A draft as plain text: what fits into any report editor, marked above and below."""

from __future__ import annotations

import textwrap

from radgloss.exchange.words import confidence_word, one_line, sections, state_words, told_flags
from radgloss.types import MACHINE_MARK, Draft, ReportStatus, Sentence

__all__ = ["to_check", "write"]

WIDTH = 80


def write(draft: Draft, status: ReportStatus) -> str:
    """The draft as text of at most 80 columns; `[check]` follows what needs a second look, and the
    reasons stand below the text.

    The marking is the first and the last line. An abstention is told with its reason."""
    lines = [MACHINE_MARK, _state(draft, status), ""]
    lines += _abstention(draft) if draft.abstained else []
    flagged = {id(draft.sentences[n]) for n in _flagged(draft)}
    for _, heading, sentences in sections(draft):
        told = (line for s in sentences for line in _sentence(s, id(s) in flagged))
        lines += [heading.upper(), *told, ""]
    lines += [*_flags(draft), *_organs(draft), *_not_assessed(draft)]
    return "\n".join([*lines, MACHINE_MARK, ""])


def to_check(draft: Draft) -> int:
    """How many sentences deserve a second look: a doubtful finding, or a flag."""
    flagged = _flagged(draft)
    return sum(n in flagged or _doubtful(s) for n, s in enumerate(draft.sentences))


def _flagged(draft: Draft) -> set[int]:
    known = range(len(draft.sentences))
    return {f.sentence for f in draft.flags if f.sentence is not None and f.sentence in known}


def _doubtful(sentence: Sentence) -> bool:
    return bool(sentence.findings) and confidence_word(sentence.confidence) == "check"


def _state(draft: Draft, status: ReportStatus) -> str:
    made = "SYNTHETIC IMAGES, no patient. " if draft.synthetic else ""
    return f"{made}Report status: {one_line(status.name)}, {status.sr_verification.lower()}."


def _abstention(draft: Draft) -> list[str]:
    return ["NO DRAFT WAS MADE", *_wrap(one_line(draft.why) or "No reason was given."), ""]


def _sentence(sentence: Sentence, flagged: bool) -> list[str]:
    organ = f"{one_line(sentence.organ).capitalize()}: " if sentence.organ.strip() else ""
    mark = " [check]" if flagged or _doubtful(sentence) else ""
    return _wrap(f"{organ}{one_line(sentence.text)}{mark}")


def _flags(draft: Draft) -> list[str]:
    """What the checks found, each with the sentence that it is about."""
    if not draft.flags:
        return []
    lines = []
    for found, numbers in told_flags(draft):
        lines += _wrap(f"{found}.")
        for text in dict.fromkeys(one_line(draft.sentences[n].text) for n in numbers):
            lines += _wrap(f'  in "{text}"')
    return ["TO BE LOOKED AT AGAIN", *lines, ""]


def _organs(draft: Draft) -> list[str]:
    if not draft.organs:
        return []
    lines = [line for o in draft.organs for line in _wrap(f"{one_line(o.organ)}: {state_words(o)}")]
    return ["ORGANS", *lines, ""]


def _not_assessed(draft: Draft) -> list[str]:
    if not draft.not_assessed:
        return []
    return ["NOT ASSESSED", *_wrap(one_line(", ".join(draft.not_assessed)) + "."), ""]


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ") or [""]
