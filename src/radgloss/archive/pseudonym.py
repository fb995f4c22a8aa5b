"""Patients' pseudonyms, and the local key without which nobody can make them.

A pseudonym is HMAC-SHA256 under the archive's key (RFC 2104), so that a list of known patient
numbers cannot be tried against it. The key is a file of the archive's folder, readable by its
owner alone; losing it separates old studies from new ones of the same patient, so an archive
that has patients is never opened under another key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from radgloss import disk
from radgloss.types import Identity, InputRejected

__all__ = ["KEY_BYTES", "fingerprint", "load_key", "pseudonym", "seal"]

KEY_BYTES = 32


def _mac(key: bytes, *parts: str) -> str:
    encoded = [p.encode("utf-8", "surrogatepass") for p in parts]
    # Each part behind its length: ("ab", "c") and ("a", "bc") are different patients.
    message = b"".join(len(p).to_bytes(4, "big") + p for p in encoded)
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def pseudonym(key: bytes, identity: Identity, study_uid: str) -> str:
    """`p-` and 24 hexadecimal digits (96 bits) for issuer and patient ID.

    Padding around either does not count (PS3.5 6.2, LO). A file without a patient ID is a patient
    of its own study: two anonymous studies are never taken for one person.

    >>> a = pseudonym(b"k" * 32, Identity(patient_id="7 "), "1.2")
    >>> a == pseudonym(b"k" * 32, Identity(patient_id="7"), "1.3"), len(a)
    (True, 26)
    """
    patient_id = identity.patient_id.strip(" \0")
    if not patient_id:
        return "p-" + _mac(key, "study", study_uid)[:24]
    return "p-" + _mac(key, "patient", identity.issuer.strip(" \0"), patient_id)[:24]


def fingerprint(key: bytes) -> str:
    """What may be stored to recognise the key, and does not tell it."""
    return _mac(key, "fingerprint")[:16]


def seal(key: bytes, text: str) -> str:
    """A mark that only the holder of the key can put under a text."""
    return _mac(key, "seal", text)


def load_key(path: Path, needed: bool = False) -> bytes:
    """The key in that file, made on first use; the caller holds the archive's opening lock.

    needed: it has made pseudonyms already, so that no other may take its place.
    Raises InputRejected `archive-key` where it is needed and gone, open to others, or no key."""
    if needed and not path.exists():
        raise InputRejected(
            "archive-key",
            path.name,
            "no such file beside an archive that it belongs to",
            "the key that made the pseudonyms of this archive",
            "Restore it from a backup; a new one would take every patient for somebody else.",
        )
    if not path.exists():
        _make_key(path)
    if path.stat().st_mode & 0o077:
        raise InputRejected(
            "archive-key",
            path.name,
            f"mode {path.stat().st_mode & 0o777:04o}",
            "a key that only its owner can read",
            "Run chmod 600 on it, and think about who has read it.",
        )
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        found, wanted = f"{len(key)} bytes", f"{KEY_BYTES} bytes"
        raise InputRejected("archive-key", path.name, found, wanted, "Restore it from a backup.")
    return key


def _make_key(path: Path) -> None:
    aside = path.with_name(path.name + ".part")
    disk.write(path, secrets.token_bytes(KEY_BYTES), 0o600, aside)
