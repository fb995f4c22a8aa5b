"""The floor table of ARCHITECTURE.md holds, and the door opens without the heavy rooms."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import radgloss

ROOT = Path(radgloss.__file__).parent
PAGE = Path(__file__).parent.parent / "ARCHITECTURE.md"
TOP = {"wiring", "demo", "checkup", "cli", "__init__", "__main__"}
LOWER = {"systems"}  # may import everything but the top


def table():
    """Room → allowed rooms, as the page says."""
    allowed = {}
    for line in PAGE.read_text().splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].startswith("`"):
            for room in re.findall(r"`(\w+)`", cells[0]):
                allowed[room] = {c.strip() for c in cells[2].split(",") if c.strip() != "–"}
    return allowed


def imports(path):
    """Absolute names that a file imports at run time, at its top or inside functions."""
    found = set()
    tree = ast.parse(path.read_text())
    typing_only = {
        id(n)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for n in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{a.name}" for a in node.names}
    return found


FILES = sorted(ROOT.rglob("*.py"))


def room_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_import_is_on_the_floor_table(path):
    room = room_of(path)
    if room in TOP:
        return
    allowed = table()
    assert room in allowed, f"{room} has no line in ARCHITECTURE.md"
    for name in imports(path):
        if not name.startswith("radgloss."):
            continue
        target = name.removeprefix("radgloss.")
        other = target.split(".")[0]
        if other in (room, "__version__"):
            continue
        if room in LOWER:
            assert other not in TOP, name
        else:
            dotted = {".".join(target.split(".")[:i]) for i in (1, 2)}
            assert dotted & allowed[room], f"{path.name} imports {name}"


NOUNS = ["errors", "types", "display", "protocols", "preprocess", "dicom", "exchange", "index",
         "trust", "text", "archive", "workflow", "room", "settings", "log"]  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_exceptions_of_the_floor_table(path):
    room, names = room_of(path), imports(path)
    heads = {n.split(".")[0] for n in names}
    if room in NOUNS:
        assert "torch" not in heads
    if room in ("room", "workflow", "eval", "bench"):
        forbidden = {"models", "nn", "checkpoint", "published", "engine"}
        assert not {n.split(".")[1] for n in names if n.startswith("radgloss.")} & forbidden
    if room == "train":
        assert not any(n.startswith("radgloss.engine") for n in names)
    if room != "published":  # read by our own modules; their library is for tests and fetching
        assert not heads & {"transformers", "huggingface_hub", "open_clip"}
    assert "transformers" not in heads
    if room != "dicom":
        assert not heads & {"pydicom", "highdicom", "pynetdicom"}


def loaded_by(code):
    script = f"import sys; {code}; print(' '.join(m.split('.')[0] for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


HEAVY = {"torch", "pydicom", "faiss", "fastapi", "sqlalchemy", "highdicom", "nibabel", "numpy"}


def test_help_starts_without_the_heavy_rooms():
    code = (
        "from typer.testing import CliRunner; from radgloss.cli import app; "
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0"
    )
    assert not loaded_by(code) & HEAVY


def test_importing_the_package_imports_nothing_heavy():
    assert not loaded_by("import radgloss") & HEAVY


def test_importing_the_reader_parses_nothing_in_this_process():
    assert not loaded_by("import radgloss.dicom") & {"pydicom", "imagecodecs", "nibabel", "torch"}


def test_public_names_are_importable_and_listed():
    for name in radgloss.__all__:
        assert getattr(radgloss, name) is not None


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_file_says_what_it_is(path):
    text = path.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), path
