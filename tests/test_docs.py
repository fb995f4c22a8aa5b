"""Docs can fail: help is in the manual, links lead somewhere, README and error codes are real."""

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "radgloss"


def test_manual_is_current_and_links_lead_somewhere():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "make.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_readme_names_only_commands_that_exist():
    manual = (ROOT / "docs" / "commands.md").read_text()
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for name in re.findall(r"(?:^|[`/ ])radgloss ([a-z]+)", page.read_text()):
            if name not in ("checkpoint", "import", "knows"):
                assert f"`radgloss {name}" in manual, f"{page.name}: radgloss {name}"


def test_readme_python_is_valid_and_uses_real_names():
    import radgloss

    for block in re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "radgloss":
                assert hasattr(radgloss, node.attr), node.attr


def test_the_page_of_python_names_only_what_there_is():
    import radgloss
    from radgloss import wiring

    page = (ROOT / "docs" / "python.md").read_text()
    homes = {"radgloss": radgloss, "wiring": wiring, "model": wiring.Model}
    named = re.findall(r"\b(radgloss|wiring|model)\.([A-Za-z_]+)", page)
    assert len(named) > 20
    for home, name in named:
        assert hasattr(homes[home], name), f"{home}.{name}"


def codes_raised():
    """The first argument of every `InputRejected(...)` in the package, where it is a literal."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "InputRejected":
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant):
                    found.add(first.value)
    return found


def test_every_error_code_is_documented():
    page = (ROOT / "docs" / "errors.md").read_text()
    missing = sorted(c for c in codes_raised() if f"`{c}`" not in page)
    assert not missing


def test_changelog_knows_this_version():
    import radgloss

    assert f"## {radgloss.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_version_is_written_once():
    text = (ROOT / "pyproject.toml").read_text()
    import radgloss

    assert f'version = "{radgloss.__version__}"' in text
