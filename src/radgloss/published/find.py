"""Where somebody's weights lie: a folder, or `hf:OWNER/NAME` in the local cache of Hugging Face.

The cache's layout is documented and simple (`models--OWNER--NAME/refs/REVISION` names a commit,
`snapshots/COMMIT` holds its files), so reading it needs no library and no network. Only where the
setting `network` is on does `huggingface_hub` fetch what is missing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from radgloss.errors import InputRejected

__all__ = ["PREFIX", "Found", "cache_folder", "find", "is_published"]

PREFIX = "hf:"
CONFIGS = ("config.json", "open_clip_config.json")
# What is ever fetched: no pickles, no Python.
WANTED = ("*.json", "*.safetensors", "vocab.txt", "merges.txt", "LICENSE*")


@dataclass(frozen=True)
class Found:
    """A folder of weights, and what people call it. revision: a commit, empty for a folder."""

    folder: Path
    name: str
    revision: str = ""


def is_published(name: str | Path) -> bool:
    """Whether a name means somebody's weights and not a checkpoint of this house."""
    if str(name).startswith(PREFIX):
        return True
    folder = Path(name)
    ours = (folder / "files.json").is_file()
    return not ours and any((folder / config).is_file() for config in CONFIGS)


def find(
    name: str | Path, network: bool = False, environment: Mapping[str, str] = os.environ
) -> Found:
    """The folder that a name means: a path, `hf:OWNER/NAME` or `hf:OWNER/NAME@REVISION`.

    Raises InputRejected('weights-missing') where it is not on this computer, saying how to get it,
    and InputRejected('weights-name') for a name that Hugging Face would not know."""
    if not str(name).startswith(PREFIX):
        folder = Path(name)
        if not any((folder / config).is_file() for config in CONFIGS):
            raise InputRejected(
                "weights-missing", str(name), "no config.json or open_clip_config.json",
                "a folder in the layout of transformers or open_clip", "Check the path.",
            )  # fmt: skip
        return Found(folder, folder.name)
    repository, revision = _parsed(str(name))
    kept = cache_folder(environment) / f"models--{repository.replace('/', '--')}"
    snapshot = _snapshot(kept, revision)
    if snapshot is None and network:
        snapshot = _fetched(repository, revision, cache_folder(environment))
    if snapshot is None:
        raise _not_here(repository, revision)
    return Found(snapshot, f"{PREFIX}{repository}", snapshot.name)


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where Hugging Face's libraries keep what was fetched (HF_HUB_CACHE, HF_HOME or the default).

    >>> cache_folder({"HF_HOME": "/models"}).as_posix()
    '/models/hub'
    """
    if environment.get("HF_HUB_CACHE"):
        return Path(environment["HF_HUB_CACHE"])
    if environment.get("HF_HOME"):
        return Path(environment["HF_HOME"]) / "hub"
    home = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "huggingface" / "hub"


def _parsed(name: str) -> tuple[str, str]:
    """Repository and revision; no part can lead out of the cache."""
    repository, _, revision = name.removeprefix(PREFIX).partition("@")
    part = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
    if not re.fullmatch(f"{part}/{part}", repository) or ".." in name or (
        revision and not re.fullmatch(part, revision)
    ):  # fmt: skip
        raise InputRejected(
            "weights-name", name, "no such name at Hugging Face", "hf:OWNER/NAME[@REVISION]",
            "Check --model.",
        )  # fmt: skip
    return repository, revision or "main"


def _snapshot(kept: Path, revision: str) -> Path | None:
    """The folder of a revision, by its name or by its commit; None where it is not kept."""
    named = kept / "refs" / revision
    commit = named.read_text("utf-8").strip() if named.is_file() else revision
    folder = kept / "snapshots" / Path(commit).name
    return folder if any((folder / config).is_file() for config in CONFIGS) else None


def _fetched(repository: str, revision: str, cache: Path) -> Path:
    """What `huggingface_hub` fetched of it. Raises InputRejected('weights-fetch')."""
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                repository, revision=revision, cache_dir=cache, allow_patterns=list(WANTED)
            )
        )
    except (OSError, ValueError) as problem:  # its errors of network, name and licence are OSErrors
        raise InputRejected(
            "weights-fetch", f"{PREFIX}{repository}", f"not fetched ({type(problem).__name__})",
            "a model that may be fetched",
            f"Look at huggingface.co/{repository}: its name, a licence to accept, a token "
            "(`hf auth login`).",
        ) from problem  # fmt: skip


def _not_here(repository: str, revision: str) -> InputRejected:
    at = "" if revision == "main" else f" --revision {revision}"
    return InputRejected(
        "weights-missing", f"{PREFIX}{repository}", f"no {revision} of it in the local cache",
        "its config, tokenizer and safetensors",
        f"Where there is a network: `hf download {repository}{at}`, or allow radgloss to fetch it "
        "(RADGLOSS_NETWORK=on). Gated models want their licence accepted on their page first. "
        "Without a network: copy the folder here and give its path.",
    )  # fmt: skip
