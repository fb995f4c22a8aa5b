"""Known errors put into good reports, to see which measures notice them.

Each perturbation changes a reference and leaves the rest as it was; reports it cannot change are
left out. The harmful ones would mislead a clinician; the harmless ones say the same in other words
or another order. What a measure loses on them is told as a share of what it loses on another
patient's report: 0 % is blind, 100 % is as bad as a report of somebody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from radgloss.text.facts import findings, read
from radgloss.text.facts.sections import parts
from radgloss.text.facts.sentences import sentences

__all__ = ["NOTICED", "PERTURBATIONS", "Perturbation"]

NOTICED = 0.1  # share of the loss on another patient's report from which a loss counts as noticed


@dataclass(frozen=True)
class Perturbation:
    """change: a report → the changed report, or the same where there is nothing to change."""

    name: str
    harmful: bool
    change: Callable[[str], str]


def _exchanged(pairs: dict[str, str]) -> Callable[[str], str]:
    """Every word of the table for its partner, with its capital."""
    table = pairs | {b: a for a, b in pairs.items() if b not in pairs}
    pattern = re.compile(rf"\b({'|'.join(sorted(table, key=len, reverse=True))})\b", re.IGNORECASE)

    def change(text: str) -> str:
        return pattern.sub(lambda m: _as(m[0], table[m[0].lower()]), text)

    return change


def _as(old: str, new: str) -> str:
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


_NO = re.compile(r"\b(?:no(?: evidence of| sign of| signs of)?|not|without|absence of)\s+", re.I)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)(?=(?:\s*[x×]\s*\d+(?:\.\d+)?)*\s*-?(?:mm|cm)\b)")
_UNIT = re.compile(r"(?<=\d)(\s*-?)(mm|cm)\b")


def _without_no(text: str) -> str:
    return _NO.sub("", text)


def _doubled(text: str) -> str:
    return _SIZE.sub(lambda m: f"{2 * float(m[1]):g}", text)


def _other_unit(text: str) -> str:
    return _UNIT.sub(lambda m: m[1] + ("cm" if m[2] == "mm" else "mm"), text)


_severity = _exchanged({"small": "large", "mild": "severe", "mildly": "severely", "trace":
                        "massive", "minimal": "marked", "tiny": "huge", "slight": "gross",
                        "slightly": "markedly"})  # fmt: skip


def _dropped(text: str) -> str:
    """Without its first sentence that says something is there."""
    fact = next((f for f in read(text) if f.finding.status == "present" and f.layer in
                 ("observation", "diagnosis")), None)  # fmt: skip
    if fact is None:
        return text
    for part in parts(text):
        for start, end in sentences(text, part.start, part.end):
            if start <= fact.span[0] < end:
                return text[:start] + text[end:].lstrip(" ")
    return text


_ADDED = (
    ("pleural effusion", "There is a moderate right pleural effusion."),
    ("pneumothorax", "There is a left pneumothorax."),
    ("rib fracture", "There is a fracture of the left seventh rib."),
)


def _added(text: str) -> str:
    there = {f.what for f in findings(text) if f.status != "absent"}
    sentence = next((s for what, s in _ADDED if what not in there), "")
    return f"{text.rstrip()} {sentence}" if sentence else text


def _compared(text: str) -> str:
    """One finding called unchanged, where nothing was compared."""
    if any(f.finding.change for f in read(text)):
        return text
    fact = next((f for f in read(text) if f.finding.status == "present" and f.layer in
                 ("observation", "diagnosis")), None)  # fmt: skip
    if fact is None:
        return text
    for part in parts(text):
        for start, end in sentences(text, part.start, part.end):
            if start <= fact.span[0] < end:
                body = text[start:end].rstrip()
                stop = body[-1:] if body[-1:] in ".;" else ""
                kept = body[: len(body) - len(stop)]
                return f"{text[:start]}{kept}, unchanged{stop}{text[start + len(body) :]}"
    return text


def _reversed(text: str) -> str:
    """The sentences of each section, last first."""
    found = text
    for part in reversed(parts(text)):
        spans = list(sentences(text, part.start, part.end))
        told = [text[a:b].strip() for a, b in spans]
        if len(told) > 1:
            whole = " ".join(t if t.endswith((".", ";", ":")) else f"{t}." for t in told[::-1])
            found = f"{found[: spans[0][0]]}{whole}{found[spans[-1][1] :]}"
    return found


_SAME = {
    "is seen": "is identified", "are seen": "are identified", "is noted": "is seen",
    "no evidence of": "no", "unremarkable": "normal", "pleural effusion": "pleural fluid",
    "renal calculus": "kidney stone", "renal calculi": "kidney stones", "oedema": "edema",
    "cardiomegaly": "enlarged heart", "splenomegaly": "enlarged spleen",
    "hepatic steatosis": "fatty liver", "gallbladder calculus": "gallstone",
}  # fmt: skip
_SAYS_SAME = re.compile(rf"\b({'|'.join(sorted(_SAME, key=len, reverse=True))})\b", re.IGNORECASE)


def _synonyms(text: str) -> str:
    return _SAYS_SAME.sub(lambda m: _as(m[0], _SAME[m[0].lower()]), text)


PERTURBATIONS = (
    Perturbation("sides swapped", True, _exchanged({"left": "right"})),
    Perturbation("“no” deleted", True, _without_no),
    Perturbation("sizes doubled", True, _doubled),
    Perturbation("mm for cm", True, _other_unit),
    Perturbation("severity changed", True, _severity),
    Perturbation("finding dropped", True, _dropped),
    Perturbation("finding added", True, _added),
    Perturbation("“unchanged” added", True, _compared),
    Perturbation("sentences reversed", False, _reversed),
    Perturbation("synonyms", False, _synonyms),
    Perturbation("capitals", False, str.upper),
)
