"""Names, UIDs and days that depend on a secret and on nothing else: HMAC-SHA256 (RFC 2104).

The same key gives the same pseudonyms in every run, so files that were de-identified apart still
belong together; without the key nobody can go back, nor test a guess."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

__all__ = ["Key"]

_STANDARD = "1.2.840.10008."  # the standard's own: classes, syntaxes, well-known instances
_WEEK = 7
_LEAST_WEEKS, _MOST_WEEKS = 52, 520  # one to ten years back


def _is_registered(uid: str) -> bool:
    """Whether the standard's own registry lists it (PS3.6 A)."""
    from pydicom.uid import UID

    return UID(uid).name != uid


@dataclass(frozen=True)
class Key:
    """A secret of at least 16 bytes and what is made with it."""

    secret: bytes

    def __post_init__(self) -> None:
        assert len(self.secret) >= 16

    def __repr__(self) -> str:
        return f"Key({self.fingerprint})"

    def _digest(self, purpose: str, *parts: str) -> bytes:
        message = "\0".join((purpose, *parts)).encode("utf-8", "surrogatepass")
        return hmac.new(self.secret, message, hashlib.sha256).digest()

    @property
    def fingerprint(self) -> str:
        """Eight digits that tell two keys apart and say nothing of either."""
        return self._digest("fingerprint")[:4].hex()

    def uid(self, old: str) -> str:
        """Another UID under 2.25 (PS3.5 B.2); the standard's own UIDs stay.

        >>> key = Key(bytes(32))
        >>> key.uid("1.2.3") == key.uid("1.2.3") != key.uid("1.2.4")
        True
        >>> key.uid("1.2.840.10008.1.4.1.1")
        '1.2.840.10008.1.4.1.1'
        """
        old = old.strip("\0 ")
        if not old or (old.startswith(_STANDARD) and _is_registered(old)):
            return old
        digest = bytearray(self._digest("uid", old)[:16])
        digest[6] = digest[6] & 0x0F | 0x80  # a version 8 UUID (RFC 9562)
        digest[8] = digest[8] & 0x3F | 0x80
        return f"2.25.{int.from_bytes(bytes(digest), 'big')}"

    def pseudonym(self, patient: str) -> str:
        """What a patient is called, of 13 letters and digits."""
        return "P" + base64.b32encode(self._digest("patient", patient)[:8]).decode()[:12]

    def days(self, patient: str) -> int:
        """How far all dates of a patient are moved: whole weeks, one to ten years back.

        Weekdays stay, and so does every interval within a patient."""
        span = _MOST_WEEKS - _LEAST_WEEKS + 1
        number = int.from_bytes(self._digest("days", patient)[:8], "big")
        return -_WEEK * (_LEAST_WEEKS + number % span)
