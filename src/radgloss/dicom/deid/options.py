"""The profile's options (PS3.15 E.3), and which of them a run was given.

Names are the words of the command line: what is cleaned besides the basic profile, and what is kept
in spite of it. Each has the code by which an object says so (PS3.16 CID 7050)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from radgloss.errors import InputRejected

__all__ = ["BASIC", "CLEAN", "OPTIONS", "RETAIN", "Option", "Options", "chosen"]


@dataclass(frozen=True)
class Option:
    """One option: our word for it, its code in DCM and the code's meaning."""

    name: str
    code: str
    meaning: str


BASIC = Option("basic", "113100", "Basic Application Confidentiality Profile")
CLEAN = (
    Option("pixels", "113101", "Clean Pixel Data Option"),
    Option("graphics", "113103", "Clean Graphics Option"),
    Option("structured", "113104", "Clean Structured Content Option"),
    Option("descriptors", "113105", "Clean Descriptors Option"),
)
_FULL = "Retain Longitudinal Temporal Information Full Dates Option"
_MODIFIED = "Retain Longitudinal Temporal Information Modified Dates Option"
RETAIN = (
    Option("dates", "113106", _FULL),
    Option("shifted-dates", "113107", _MODIFIED),
    Option("patient", "113108", "Retain Patient Characteristics Option"),
    Option("device", "113109", "Retain Device Identity Option"),
    Option("uids", "113110", "Retain UIDs Option"),
    Option("private", "113111", "Retain Safe Private Option"),
    Option("institution", "113112", "Retain Institution Identity Option"),
)
OPTIONS = {option.name: option for option in (*CLEAN, *RETAIN)}


@dataclass(frozen=True)
class Options:
    """The options of one run, by name."""

    names: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        assert name in OPTIONS, name
        return name in self.names

    @property
    def coded(self) -> tuple[Option, ...]:
        """The profile and its options, in the order of their codes."""
        return (BASIC, *sorted((OPTIONS[n] for n in self.names), key=lambda o: o.code))

    @property
    def dates(self) -> str:
        """Longitudinal Temporal Information Modified (0028,0303)."""
        if "dates" in self:
            return "UNMODIFIED"
        return "MODIFIED" if "shifted-dates" in self else "REMOVED"


def chosen(clean: Collection[str] = (), retain: Collection[str] = ()) -> Options:
    """The options by name. Raises InputRejected ('deid-option') for what is none, is not done
    here, or contradicts another.

    >>> chosen(["descriptors"], ["shifted-dates"]).dates
    'MODIFIED'
    """
    if "faces" in clean:
        raise InputRejected(
            "deid-option", "--clean faces", "Clean Recognizable Visual Features",
            "an option that is done here", "Deface head CT and MR with a tool made for it.",
        )  # fmt: skip
    _known("--clean", clean, CLEAN)
    _known("--retain", retain, RETAIN)
    if {"dates", "shifted-dates"} <= set(retain):
        raise InputRejected(
            "deid-option", "--retain", "dates and shifted-dates", "one of them", "Drop the other."
        )
    return Options(frozenset((*clean, *retain)))


def _known(where: str, names: Iterable[str], options: Iterable[Option]) -> None:
    known = [option.name for option in options]
    for name in names:
        if name not in known:
            raise InputRejected(
                "deid-option", where, repr(name), f"any of {', '.join(known)}", "Check the word."
            )
