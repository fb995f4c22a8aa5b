"""The examples of docs/facts.md are what the code says."""

import doctest
from pathlib import Path


def test_every_example_on_the_page_is_true():
    page = Path(__file__).parents[2] / "docs" / "facts.md"
    failed, tried = doctest.testfile(
        str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert tried > 5
    assert failed == 0
