"""What the rows of the causal tables are: items, shifts of a test, forms of a disease, strata.

An *item* is a thing that is there or not: a sign in the body, a symptom or fact of the history, a
strip that turns positive. Items form small trees: a feature (`within` its sign) exists only where
its sign does. Causes combine as a noisy-OR with a leak. In the disease tables every probability is
P(item | that disease alone), leak included, as a textbook would say it; `model` turns it into the
strength of the cause.

Settings of a simulator, chosen so that pictures alone stay ambiguous; never epidemiology."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from radgloss.data.phantom.causal.nouns import Sex

__all__ = [
    "NONE",
    "Condition",
    "Disease",
    "Form",
    "Item",
    "Order",
    "Shift",
    "Stratum",
    "feature",
    "sign",
]

NONE = "none"  # the hypothesis that nothing acute is there

Kind = Literal["sign", "history", "strip"]


@dataclass(frozen=True)
class Item:
    """One thing that is there or not. within: the item it is a feature of, "" for none.

    leak: probability that it is there without any cause (for a feature: given its sign).
    what, feature: the lesion it is drawn as, and the word it adds to that lesion's features; no
    `what`: the picture does not draw it. organs: of which one must be there, else it cannot be.
    earlier: it speaks of an earlier study and is known only where there was one."""

    name: str
    kind: Kind = "history"
    leak: float = 0.0
    within: str = ""
    what: str = ""
    feature: str = ""
    organs: tuple[str, ...] = ()
    earlier: bool = False


def sign(
    name: str, leak: float = 0.0, what: str = "", organs: tuple[str, ...] = (), feature: str = ""
) -> Item:
    """A thing in the body that a picture may show."""
    return Item(name, "sign", leak, what=what, feature=feature, organs=organs)


def feature(
    name: str, within: str, leak: float = 0.0, word: str = "", earlier: bool = False
) -> Item:
    """A look of a sign; `word` is what it adds to the features of the lesion."""
    return Item(name, "sign", leak, within=within, feature=word, earlier=earlier)


@dataclass(frozen=True)
class Shift:
    """A cause moves a test: log-normal with this median (laboratory unit) and log-SD.

    share: probability that the disease moves it at all, else it stays as in health.
    within: only values of this window (low, high), the density renormalised."""

    median: float
    log_sd: float
    share: float = 1.0
    within: tuple[float, float] = (0.0, float("inf"))


@dataclass(frozen=True)
class Form:
    """A form that a disease takes, with its share and what it changes of the disease's row."""

    share: float
    items: Mapping[str, float] = field(default_factory=dict)
    tests: Mapping[str, Shift] = field(default_factory=dict)


@dataclass(frozen=True)
class Disease:
    """One acute or focal disease within a stratum.

    prior: its share of the stratum's encounters. items: P(item | disease). tests: how it moves a
    test. shows: what its signs are drawn as, where that differs from the item's own `what`.
    conditions: P(chronic condition | disease). women: P(woman | disease). age: (from, to, share):
    P(age within | disease). organs: of which one must be there. second: how often it comes along
    with another disease of the stratum. with_: the same, for one first disease in particular."""

    name: str
    prior: float
    items: Mapping[str, float] = field(default_factory=dict)
    tests: Mapping[str, Shift] = field(default_factory=dict)
    shows: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, float] = field(default_factory=dict)
    women: float | None = None
    age: tuple[int, int, float] | None = None
    organs: tuple[str, ...] = ()
    forms: tuple[Form, ...] = (Form(1.0),)
    second: float = 0.0
    with_: Mapping[str, float] = field(default_factory=dict)
    held_out: bool = False


@dataclass(frozen=True)
class Condition:
    """A chronic condition, a root of the model. items, tests: what it causes by itself."""

    name: str
    prior: float
    items: Mapping[str, float] = field(default_factory=dict)
    tests: Mapping[str, Shift] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """When a test is ordered: with probability `p`, or that of the complaint that asks for it.

    `because` names items of the history that are always asked, so that a missing test tells
    nothing that the history does not."""

    test: str
    p: float
    because: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Stratum:
    """A reason to be examined, with everything that may be behind it.

    ages: whole years, uniform. women: share of women. complaints: items always asked; the others
    are asked with probability `asked`. apart: pairs of diseases that never come together."""

    name: str
    title: str
    ages: tuple[int, int]
    women: float
    items: tuple[Item, ...]
    diseases: tuple[Disease, ...]
    conditions: tuple[Condition, ...]
    orders: tuple[Order, ...]
    complaints: tuple[str, ...]
    asked: float = 0.85
    apart: tuple[frozenset[str], ...] = ()
    sex: Sex | None = None

    def disease(self, name: str) -> Disease:
        """The row of that disease; KeyError where there is none."""
        return {d.name: d for d in self.diseases}[name]

    def item(self, name: str) -> Item:
        """The row of that item; KeyError where there is none."""
        return {i.name: i for i in self.items}[name]
