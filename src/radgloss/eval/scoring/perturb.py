"""Known errors put into good reports, to see which measures notice them.

Each perturbation changes a reference and leaves the rest as it was; reports it cannot change are
left out. The harmful ones would mislead a clinician; the harmless ones say the same in other words
or another order. What a measure loses on them is told as a share of what it loses on another
patient's report: 0 % is blind, 100 % is as bad as a report of somebody else."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from radgloss.text.facts import findings, read
from radgloss.text.facts.sections import parts
from radgloss.text.facts.sentences import sentences

__all__ = ["NOTICED", "PERTURBATIONS", "Perturbation"]

NOTICED = 0.1  # share of the loss on another patient's report from which a loss counts as noticed


@dataclass(frozen=True)
class Perturbation:
    """change: a report → the changed report, or the same where there is nothing to change.
    short: heads a column."""

    name: str
    short: str
    harmful: bool
    change: Callable[[str], str]


def _exchanged(pairs: dict[str, str], but: str = "") -> Callable[[str], str]:
    """Every word of the table for its partner, with its capital. but: what must not follow."""
    table = pairs | {b: a for a, b in pairs.items() if b not in pairs}
    pattern = re.compile(rf"\b({'|'.join(sorted(table, key=len, reverse=True))})\b{but}",
                         re.IGNORECASE)  # fmt: skip

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


_NO_SEVERITY = r"(?! (?:bowel|intestin|airway|vessel|cell|part|lesions may|rotated|limited))"
_severity = _exchanged({"small": "large", "mild": "severe", "mildly": "severely", "trace":
                        "massive", "minimal": "marked", "tiny": "huge", "slight": "gross",
                        "slightly": "markedly"}, but=_NO_SEVERITY)  # fmt: skip


def _dropped(text: str) -> str:
    """Without the sentences that say that the first finding is there."""
    there = [f for f in read(text) if f.finding.status == "present" and f.layer in _TOLD]
    gone = sorted(f.span[0] for f in there if f.finding.what == there[0].finding.what)
    for start, end in reversed(_spans(text)):
        if bisect_left(gone, start) < bisect_left(gone, end):
            text = text[:start] + text[end:].lstrip(" ")
    return text


def _spans(text: str) -> list[tuple[int, int]]:
    return [s for part in parts(text) for s in sentences(text, part.start, part.end)]


_TOLD = ("observation", "diagnosis")
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
    facts = read(text)
    there = [f for f in facts if f.finding.status == "present" and f.layer in _TOLD]
    if not there or any(f.finding.change for f in facts):
        return text
    start, end = next(s for s in _spans(text) if s[0] <= there[0].span[0] < s[1])
    body = text[start:end].rstrip(".; ")
    return f"{text[:start]}{body}, unchanged{text[start + len(body) :]}"


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
    Perturbation("sides swapped", "sides", True, _exchanged({"left": "right"})),
    Perturbation("“no” deleted", "no", True, _without_no),
    Perturbation("sizes doubled", "sizes", True, _doubled),
    Perturbation("mm for cm", "units", True, _other_unit),
    Perturbation("severity changed", "severity", True, _severity),
    Perturbation("finding dropped", "dropped", True, _dropped),
    Perturbation("finding added", "added", True, _added),
    Perturbation("“unchanged” added", "unchanged", True, _compared),
    Perturbation("sentences reversed", "order", False, _reversed),
    Perturbation("synonyms", "synonyms", False, _synonyms),
    Perturbation("capitals", "capitals", False, str.upper),
)
