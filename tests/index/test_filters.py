"""The filter language: what is written comes back, and a mistake is told with its position."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.index.filters import Compare, Every, Expression, Some, matches, parse
from radgloss.types import InputRejected

_NAMES = st.sampled_from(["modality", "view", "sex", "a.b", "x-1"])
_VALUES = st.one_of(st.sampled_from(["CR", "PA", "and", 'say "a\\b"', "", "ü (x)"]), st.text())
_ORDERED = st.sampled_from(["7", "-2.5", "2019", "2019-05", "20190531"])
_LEAVES = st.one_of(
    st.builds(Compare, _NAMES, _VALUES, st.sampled_from(["=", "!="])),
    st.builds(Compare, _NAMES, _ORDERED, st.sampled_from(["<", "<=", ">", ">="])),
)


def _pairs(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[tuple[Expression, ...]]:
    return st.lists(parts, min_size=2, max_size=3).map(tuple)


_TREES = st.recursive(
    _LEAVES,
    lambda t: st.one_of(st.builds(Every, _pairs(t)), st.builds(Some, _pairs(t))),
    max_leaves=8,
)


def written(tree: Expression) -> str:
    """A text for that tree, every part in brackets and every value in quotes."""
    if isinstance(tree, Compare):
        quoted = tree.value.replace("\\", "\\\\").replace('"', '\\"')
        space = "" if len(tree.operator) == 1 else " "
        return f'{tree.name}{space}{tree.operator}{space}"{quoted}"'
    word = " and " if isinstance(tree, Every) else "  or "
    return "(" + word.join(written(part) for part in tree.parts) + ")"


@settings(deadline=None)
@given(_TREES)
def test_what_is_written_is_read_back(tree: Expression) -> None:
    assert parse(written(tree)) == tree


def test_and_binds_closer_than_or() -> None:
    a, b, c = (Compare(n, "1", "=") for n in "abc")
    assert parse("a=1 or b=1 and c=1") == Some((a, Every((b, c))))
    assert parse("(a=1 or b=1) and c=1") == Every((Some((a, b)), c))
    assert parse("a = 1") == a


def test_an_absent_field_equals_nothing() -> None:
    assert not matches(parse("view=PA"), {})
    assert matches(parse("view!=PA"), {})
    assert not matches(parse('view=""'), {})
    assert matches(parse('view=""'), {"view": ""})


def test_a_field_that_lists_values_equals_each_of_them() -> None:
    both = {"label": "pleural effusion; pneumonia"}
    assert matches(parse('label="pleural effusion" and label=pneumonia'), both)
    assert not matches(parse("label!=pneumonia"), both)
    assert not matches(parse("label=pleural"), both)


@given(st.integers(0, 120), st.integers(0, 120))
def test_numbers_are_ordered_as_numbers(age: int, limit: int) -> None:
    """Not as words, where 9 comes after 70."""
    fields = {"age": str(age)}
    found = [matches(parse(f"age{o}{limit}"), fields) for o in ("<", "<=", "=", ">=", ">")]
    assert found == [age < limit, age <= limit, age == limit, age >= limit, age > limit]
    assert not matches(parse(f"age<{limit} or age>={limit}"), {})


@given(st.dates(date(1900, 1, 1)), st.dates(date(1900, 1, 1)))
def test_dates_are_ordered_as_days_and_as_the_months_they_lie_in(day: date, limit: date) -> None:
    fields = {"date": day.isoformat()}
    for form in ("%Y-%m-%d", "%Y%m%d"):
        assert matches(parse(f"date<={limit.strftime(form)}"), fields) == (day <= limit)
    month, last = day.isoformat()[:7], limit.isoformat()[:7]
    assert matches(parse(f"date<={last}"), fields) == (month <= last)
    assert matches(parse(f"date>{last}"), fields) == (month > last)
    assert matches(parse(f"date>={limit.year:04}"), fields) == (day.year >= limit.year)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 1),
        ("modality", 9),
        ("modality=", 10),
        ("=CR", 1),
        ("a=b c=d", 5),
        ("a=b and", 8),
        ("a=b and or", 9),
        ("(a=b", 5),
        ("a=b)", 4),
        ("a==b", 3),
        ('a="b', 3),
        ("1a=b", 1),
        ("age>old", 5),
        ("age=>5", 5),
        ("a=b or (c=d and e)", 18),
        ("(" * 33 + "a=b" + ")" * 33, 33),
    ],
)
def test_a_mistake_is_told_with_its_position(text: str, position: int) -> None:
    with pytest.raises(InputRejected) as caught:
        parse(text)
    assert caught.value.code == "bad-filter"
    assert caught.value.found.endswith(f"position {position}")


@settings(deadline=None, max_examples=300)
@given(st.text(st.sampled_from('ab =!<>7()"\\ andor\n'), max_size=30))
def test_any_text_is_a_filter_or_a_typed_error(text: str) -> None:
    try:
        tree = parse(text)
    except InputRejected:
        return
    assert parse(written(tree)) == tree
