"""What `radgloss doctor` looks at: settings, protection, codecs, the shipped model, disk, tools."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version
from typing import Any

from radgloss import __version__, dicom
from radgloss.checkpoint import load
from radgloss.published.find import find, is_published
from radgloss.settings import Settings, home
from radgloss.types import InputRejected
from radgloss.wiring import find_checkpoint

__all__ = ["examine"]

LIBRARIES = ("torch", "numpy", "pydicom", "highdicom", "imagecodecs", "faiss-cpu", "SQLAlchemy")
TOOLS = ("dcmj2pnm", "dsrdump", "dciodvfy", "chromium")
LEAST_FREE = 1 << 30  # bytes: less than this and an import may not finish


def examine(settings: Settings) -> dict[str, Any]:
    """Everything worth knowing, and `problems`: sentences about what is not in order."""
    problems: list[str] = []
    place = home()
    there = next(p for p in (place.absolute(), *place.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        problems.append(f"only {free >> 20} MiB free where RADGLOSS_HOME lies")
    return {
        "radgloss": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "home": str(place),
        "free_gib": round(free / 2**30, 1),
        "settings": {s.name: f"{s.value} ({s.source})" for s in settings.all()},
        "libraries": {name: version(name) for name in LIBRARIES},
        "reading": dicom.protection(),
        "model": _model(str(settings["model"]), problems),
        "tools for tests": {t: shutil.which(t) or "not found" for t in TOOLS},
        "problems": problems,
    }


def _model(name: str, problems: list[str]) -> str:
    try:
        if is_published(name):
            found = find(name)
            return f"{name}: published weights, revision {found.revision or 'not known'}"
        checkpoint = load(find_checkpoint(name))
    except InputRejected as problem:
        problems.append(str(problem))
        return "not usable"
    return f"{name}: {checkpoint.name}, every hash and golden vector verified"
