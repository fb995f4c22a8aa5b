"""A label may deny: "no pneumothorax" asks the same question as "pneumothorax", and wants the
opposite answer.

That is read off the grammar and never left to a text tower: whoever asks for both gets p and 1 - p,
and one is decided just where the other is. (Two sentences that are compared with a picture one by
one agree on far less: they share the organ, the examination and every word but one.)"""

from __future__ import annotations

import re
from dataclasses import replace

from radgloss.types import Prediction

__all__ = ["denied", "opposite"]

_DENIAL = re.compile(
    r"^(?:there (?:is|are) )?(?:no|without|absence of)\b(?: (?:evidence|signs?) of)?(?: an?| any)?"
    r"\s+(?P<what>\S.*?)\.?$",
    re.IGNORECASE,
)


def denied(label: str) -> str:
    """What a label denies; "" for one that states something.

    >>> denied("No pleural effusion"), denied("without evidence of a pneumothorax")
    ('pleural effusion', 'pneumothorax')
    >>> denied("pleural effusion"), denied("nodule"), denied("no")
    ('', '', '')
    """
    found = _DENIAL.match(" ".join(label.split()))
    return found["what"] if found else ""


def opposite(said: Prediction, label: str) -> Prediction:
    """The answer to a label that denies, from the answer to what it denies.

    >>> said = opposite(Prediction("pneumothorax", 0.875, 1.9), "no pneumothorax")
    >>> said.label, said.probability, said.logit
    ('no pneumothorax', 0.125, -1.9)
    """
    why = f"{said.label}: {said.why}" if said.why else ""
    return replace(said, label=label, probability=1 - said.probability, logit=-said.logit, why=why)
