"""Settings and where each came from: option > environment > RADGLOSS_HOME/config.toml > default."""

from __future__ import annotations

import logging
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radgloss.types import InputRejected

__all__ = ["DEFAULTS", "Setting", "Settings", "home"]

DEFAULTS: dict[str, Any] = {
    "model": "starter",  # a shipped checkpoint, or a folder
    "precision": "fp32",  # or bf16, int8, auto: in how many bits a model multiplies
    "workers": 1,  # processes that read and decode
    "memory_gib": 2.0,  # cap of one reading process
    "log_level": "WARNING",
    "network": "off",  # whether published weights that are not here may be fetched
    "archive_watermark": 0.75,  # share of the disk above which no import begins
    "archive_reserve_gb": 5.0,  # 10^9 bytes that an import leaves free
}


@dataclass(frozen=True)
class Setting:
    """One value and its source: option, environment, config.toml or default."""

    name: str
    value: Any
    source: str


def home(environment: Mapping[str, str] = os.environ) -> Path:
    """Where models, the default archive and `config.toml` live."""
    return Path(environment.get("RADGLOSS_HOME") or Path.home() / ".radgloss")


class Settings:
    """All settings, resolved once.

    >>> s = Settings({"model": None, "workers": 2}, {"RADGLOSS_HOME": "/nowhere"})
    >>> s["workers"], s["model"], {x.name: x.source for x in s.all()}["workers"]
    (2, 'starter', 'option')
    """

    def __init__(
        self, options: Mapping[str, Any] | None = None, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._options = {k: v for k, v in (options or {}).items() if v is not None}
        self._environment = environment
        self._file = _config_file(home(environment) / "config.toml")

    def __getitem__(self, name: str) -> Any:
        return self._find(name).value

    def all(self) -> list[Setting]:
        """Every setting, for `doctor`."""
        return [self._find(name) for name in DEFAULTS]

    def _find(self, name: str) -> Setting:
        variable = f"RADGLOSS_{name.upper()}"
        if name in self._options:
            return Setting(name, _typed(name, self._options[name], "the option"), "option")
        if self._environment.get(variable):
            return Setting(name, _typed(name, self._environment[variable], variable), "environment")
        if name in self._file:
            return Setting(name, _typed(name, self._file[name], "config.toml"), "config.toml")
        return Setting(name, DEFAULTS[name], "default")


def _config_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise _rejected("config.toml", str(problem), "TOML", "Mend the file.") from problem
    if unknown := set(values) - set(DEFAULTS) - {"schema"}:
        raise _rejected("config.toml", f"unknown key {sorted(unknown)[0]!r}",
                        ", ".join(DEFAULTS), "Remove or rename it.")  # fmt: skip
    return values


def _typed(name: str, value: Any, where: str) -> Any:
    kind = type(DEFAULTS[name])
    try:
        typed = kind(value)
    except (TypeError, ValueError) as problem:
        raise _rejected(where, f"{name} = {value!r}", f"a {kind.__name__}", "Mend it.") from problem
    if wanted := _unfit(name, typed):
        raise _rejected(where, f"{name} = {value!r}", wanted, "Mend it.")
    return typed


def _unfit(name: str, value: Any) -> str:
    """What a value should have been; empty where it makes sense."""
    if name == "log_level" and value.upper() not in logging.getLevelNamesMapping():
        return "DEBUG, INFO, WARNING or ERROR"
    if name == "network" and value not in ("on", "off"):
        return "on or off"
    if name == "precision" and value not in ("auto", "fp32", "bf16", "int8"):
        return "auto, fp32, bf16 or int8"
    if name == "workers" and value < 1:
        return "at least 1"
    if name == "memory_gib" and not (math.isfinite(value) and value > 0):
        return "a number of GiB above 0"
    if name == "archive_watermark" and not 0 < value <= 1:
        return "a share above 0, 1 at most"
    if name == "archive_reserve_gb" and not (math.isfinite(value) and value >= 0):
        return "a number of GB, 0 at least"
    return ""


def _rejected(what: str, found: str, wanted: str, do: str) -> InputRejected:
    return InputRejected("settings", what, found, wanted, do)
