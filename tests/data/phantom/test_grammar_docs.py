"""The reports on the page about words are the ones that the package writes."""

import re
from pathlib import Path

import numpy as np

from radgloss.data.phantom.grammar import Told, author_named, write
from radgloss.types import Finding

PAGE = Path(__file__).parents[3] / "docs" / "words.md"
SECTIONS = ("indication", "technique", "comparison", "findings", "impression")


def as_text(report):
    """A report as the page prints it."""
    parts = [(name, getattr(report, name)) for name in SECTIONS]
    return "\n".join(f"{name.upper()}: {text}" for name, text in parts if text) + "\n"


def samples(page):
    """(code, text) of every sample report."""
    return re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", page, re.S)


def test_the_sample_reports_are_written_by_the_package():
    found = samples(PAGE.read_text("utf-8"))
    assert len(found) == 3
    for code, text in found:
        names = {"Told": Told, "Finding": Finding, "write": write, "np": np,
                 "author_named": author_named}  # fmt: skip
        exec(code, names)
        assert as_text(names["written"].report) == text
