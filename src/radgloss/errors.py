"""The one error of the house; apart from the other nouns because it needs nothing at all."""

from __future__ import annotations

__all__ = ["InputRejected"]


class InputRejected(ValueError):  # noqa: N818 - the name is the interface
    """The one error for input that cannot be used; it says which, found, wanted, do.

    `code` is stable and meant for machines (see `docs/errors.md`); the other four are sentences
    for people and never hold a patient's name. `what` may be a file's name, and that may: the
    command line alone repeats it, to the person who typed the path; what leaves the house goes
    through `exchange.words.unnamed`. `digest`: SHA-256 of that file, where somebody took it.

    >>> print(InputRejected("not-dicom", "a.txt", "plain text", "a DICOM file", "Leave it out."))
    a.txt: found plain text; wanted a DICOM file. Leave it out. [not-dicom]
    """

    def __init__(self, code: str, what: str, found: str, wanted: str, do: str) -> None:
        super().__init__(code, what, found, wanted, do)
        self.code, self.what, self.found, self.wanted, self.do = code, what, found, wanted, do
        self.digest = ""

    def __str__(self) -> str:
        return f"{self.what}: found {self.found}; wanted {self.wanted}. {self.do} [{self.code}]"

    def to_dict(self) -> dict[str, str]:
        """The five fields as plain strings."""
        return {k: getattr(self, k) for k in ("code", "what", "found", "wanted", "do")}
