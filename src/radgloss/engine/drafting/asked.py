"""What an indication or a history names: it sets the order of an impression, and nothing else.

A text about the patient is no picture of her. So the only thing taken from it is a set of names
("rule out pneumothorax" names a pneumothorax), and the only thing done with it is sorting."""

from __future__ import annotations

import re

from radgloss.text.facts import findings
from radgloss.types import Report

__all__ = ["asked"]

_QUESTION = re.compile(
    r"\b(?:rule[sd]? out|r/o|exclude|excluding|query|evaluat\w+ (?:for|of)|assess\w* (?:for|of)|"
    r"looking for|concern for|suspicion of|to see whether there is|history of|known)\b|\?",
    re.IGNORECASE,
)
LONGEST = 20_000  # characters: a longer history is read so far


def asked(text: str, exam: str) -> frozenset[str]:
    """The findings that a text names, whatever it says of them.

    >>> sorted(asked("Chest pain, r/o pneumothorax. Known pleural effusion?", "xr-chest"))
    ['pleural effusion', 'pneumothorax']
    """
    plain = _QUESTION.sub(" possible ", text[:LONGEST])
    return frozenset(f.what for f in findings(Report(findings=plain), exam))
