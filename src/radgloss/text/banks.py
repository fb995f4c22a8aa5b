"""Prompt banks under a name, a version and a digest: the same words give the same answers.

A zero-shot figure belongs to its sentences as much as to its weights. A `BankSet` is what a result
may quote: "chest@2 sha256:5e1f…". Its digest changes with any word and not with the order in which
labels or sentences were written. Before it is used it is checked: a finding that is only stated, or
only denied, cannot be asked; a sentence that both states and denies, or that reads as the opposite
of its list ("No effusion." among those that state one), would turn answers round. Two labels that
are one finding, a label that is itself a denial, and a sentence written twice are refused too.

    {"name": "chest", "version": "2", "banks": {
        "pleural effusion": {"present": ["Pleural effusion."], "absent": ["No effusion."],
                             "right": [], "left": []}}}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from radgloss.text.denied import denied
from radgloss.text.facts import findings
from radgloss.text.findings import finding_type
from radgloss.text.prompts import MOST, Bank, plain
from radgloss.types import InputRejected

__all__ = ["BankSet", "bank_set", "canonical", "read_banks", "with_synonyms", "write_banks"]

LISTS = tuple(f.name for f in fields(Bank))
FORM = '{"name": …, "version": …, "banks": {label: {"present": […], "absent": […]}}}'


@dataclass(frozen=True)
class BankSet:
    """Made by `bank_set` or `read_banks`, which check it."""

    name: str
    version: str
    banks: Mapping[str, Bank] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of name, version and every sentence, in one fixed order."""
        return hashlib.sha256(json.dumps(_plain(self), sort_keys=True).encode()).hexdigest()

    def find(self, label: str) -> Bank | None:
        """The sentences of a label, under any name of the finding that it is; None for another.

        >>> mine = bank_set("mine", "1", {"liver cyst": plain("liver cyst")})
        >>> mine.find("Hepatic cyst") is mine.find("liver cyst"), mine.find("ascites")
        (True, None)
        """
        wanted = canonical(label)
        return next((b for k, b in self.banks.items() if canonical(k) == wanted), None)

    def texts(self) -> tuple[str, ...]:
        """Every sentence, once."""
        lists = (getattr(b, k) for b in self.banks.values() for k in LISTS)
        return tuple(dict.fromkeys(s for sentences in lists for s in sentences))

    def __str__(self) -> str:
        return f"{self.name}@{self.version} sha256:{self.digest[:12]}"


def bank_set(name: str, version: str, banks: Mapping[str, Bank]) -> BankSet:
    """Checked and named. Raises InputRejected('prompt-bank') for what cannot be asked.

    >>> one = bank_set("chest", "1", {"pneumothorax": Bank(("Pneumothorax.",),
    ...                                                    ("No pneumothorax.",))})
    >>> str(one)[:20], len(one.digest)
    ('chest@1 sha256:1c6c2', 64)
    """
    if not name.strip() or not version.strip():
        raise _rejected("a prompt bank", "no name or no version", "both", "Name it.")
    if not banks:
        raise _rejected(f"prompt bank {name}", "no label", "one at least", "Add a label.")
    _check_labels(f"prompt bank {name}", banks)
    for label, bank in banks.items():
        _check(f"prompt bank {name}, {label}", bank)
    return BankSet(name, version, dict(banks))


def with_synonyms(
    name: str, version: str, labels: Mapping[str, tuple[str, ...]], most: int = MOST
) -> BankSet:
    """Plain sentences for each label and its other names, the shortest `most` of them.

    labels: by label, its synonyms; one that is a denial, or that is another label, is passed over.

    >>> with_synonyms("mine", "1", {"fatty widget": ("widget fat",)}).banks["fatty widget"].absent
    ('No fatty widget.', 'There is no fatty widget.', 'No widget fat.', 'There is no widget fat.')
    """
    own = {_bare(label) for label in labels}
    banks = {}
    for label, others in labels.items():
        kept = {_bare(o): o for o in others if not denied(o) and _bare(o) not in own}
        called = [label, *sorted(kept.values(), key=lambda o: (len(o), o))[:most]]
        each = [plain(one) for one in called]
        banks[label] = Bank(
            **{k: tuple(dict.fromkeys(s for b in each for s in getattr(b, k))) for k in LISTS}
        )
    return bank_set(name, version, banks)


def read_banks(path: Path) -> BankSet:
    """From a JSON file. Raises InputRejected('prompt-bank')."""
    what = f"prompt bank {path.name}"
    try:
        given = json.loads(path.read_text("utf-8"), object_pairs_hook=partial(_once, what))
    except OSError as problem:
        raise _rejected(what, "no readable file", FORM, "Check the path.") from problem
    except (UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise _rejected(what, "no JSON in UTF-8", FORM, "Mend the file.") from problem
    if not isinstance(given, dict) or set(given) != {"name", "version", "banks"}:
        raise _rejected(what, "other keys than these", FORM, "Mend the file.")
    if not isinstance(given["banks"], dict):
        raise _rejected(what, "banks that are no object", FORM, "Mend the file.")
    banks = {str(k): _bank(f"{what}, {k}", v) for k, v in given["banks"].items()}
    return bank_set(str(given["name"]), str(given["version"]), banks)


def write_banks(path: Path, banks: BankSet) -> None:
    """As `read_banks` reads it."""
    text = json.dumps(_plain(banks), indent=1, ensure_ascii=False, sort_keys=True)
    path.write_text(text + "\n", "utf-8")


def _plain(banks: BankSet) -> dict[str, Any]:
    """Sorted, since a bank is the mean of its sentences in whatever order."""
    return {
        "name": banks.name, "version": banks.version,
        "banks": {label: {k: sorted(v) for k, v in asdict(b).items()}
                  for label, b in banks.banks.items()},
    }  # fmt: skip


def _once(what: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different: JSON would silently keep the last."""
    held = dict(pairs)
    if len(held) < len(pairs):
        keys = [k for k, _ in pairs]
        twice = next(k for k in keys if keys.count(k) > 1)
        raise _rejected(what, f"{twice!r} twice", "each label and list once", "Take one out.")
    return held


def _bank(what: str, given: Any) -> Bank:
    if not isinstance(given, dict) or not set(given) <= set(LISTS):
        raise _rejected(what, "other lists than these", ", ".join(LISTS), "Mend the file.")
    for sentences in given.values():
        if not isinstance(sentences, list) or not all(isinstance(s, str) for s in sentences):
            raise _rejected(what, "something else than a list of sentences", FORM, "Mend the file.")
    lists: dict[str, tuple[str, ...]] = {k: tuple(given.get(k, ())) for k in LISTS}
    return Bank(**lists)


def _check_labels(what: str, banks: Mapping[str, Bank]) -> None:
    """Labels that can be told apart, each the name of something that may be there."""
    seen: dict[str, str] = {}
    asked: dict[tuple[Any, ...], str] = {}
    for label, bank in banks.items():
        if not label.strip():
            raise _rejected(what, "a label without a name", "a name", "Name it.")
        if of := denied(label):
            raise _rejected(
                f"{what}, {label}", "a label that denies", f"the label {of!r}",
                "Write its denial under 'absent'; the opposite answer is that of \"no …\".",
            )  # fmt: skip
        first = seen.setdefault(canonical(label), label)
        if first != label:
            raise _rejected(
                f"{what}, {label}", f"the same finding as {first!r}", "each finding once",
                "Join their sentences under one name.",
            )  # fmt: skip
        words = tuple(tuple(sorted(map(_bare, getattr(bank, k)))) for k in LISTS)
        first = asked.setdefault(words, label)
        if first != label:
            raise _rejected(
                f"{what}, {label}", f"the sentences of {first!r}", "sentences of its own",
                "Two labels in the same words get the same answer: take one out.",
            )  # fmt: skip


def canonical(label: str) -> str:
    """The finding's name in every table, or the label without case and double spaces."""
    try:
        return finding_type(_bare(label)).what
    except KeyError:
        return _bare(label)


def _check(what: str, bank: Bank) -> None:
    for end in ("present", "absent"):
        if not getattr(bank, end):
            raise _rejected(
                what, f"no sentence under {end!r}", "both ends: a finding stated and denied",
                "Add one, or leave the label out.",
            )  # fmt: skip
    for k in LISTS:
        if any(not s.strip() for s in getattr(bank, k)):
            raise _rejected(what, f"an empty sentence under {k!r}", "words", "Take it out.")
        bare = [_bare(s) for s in getattr(bank, k)]
        if twice := [s for s in bare if bare.count(s) > 1]:
            raise _rejected(
                what, f"{twice[0]!r} twice under {k!r}", "each sentence once",
                "It would weigh double: take one out.",
            )  # fmt: skip
    for one, other in (("present", "absent"), ("right", "left")):
        both = {_bare(s) for s in getattr(bank, one)} & {_bare(s) for s in getattr(bank, other)}
        if both:
            raise _rejected(
                what, f"{min(both)!r} under {one!r} and under {other!r}",
                "each sentence under one of them", "Take it out of one.",
            )  # fmt: skip
    for end, opposite in (("present", "absent"), ("absent", "present")):
        for sentence in getattr(bank, end):
            if {f.status for f in findings(sentence)} == {opposite}:
                raise _rejected(
                    what, f"{sentence!r} under {end!r}, which reads as {opposite}",
                    "sentences that mean what their list says", f"Move it to {opposite!r}.",
                )  # fmt: skip


def _bare(sentence: str) -> str:
    """Without case, spaces or a full stop."""
    return " ".join(sentence.casefold().rstrip(" .").split())


def _rejected(what: str, found: str, wanted: str, do: str) -> InputRejected:
    return InputRejected("prompt-bank", what, found, wanted, do)
