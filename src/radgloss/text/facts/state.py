"""What a sentence leaves on the reader's desk: mentions, what waits for a noun, and the context.

The state of the machine in `clause`, and the first of its steps: each describing word is given the
noun in whose phrase it stands, from right to left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from radgloss.text.facts.measure import Measure
from radgloss.text.facts.terms import Item, Place, Term
from radgloss.types import Side, Status

__all__ = ["MODIFIERS", "PREDICATES", "Clause", "Context", "Mention", "Mods", "find_heads"]


class Mention:
    """One thing said once, before it is given its name and place."""

    __slots__ = (
        "around", "before", "change", "companion", "distance", "end", "features", "heading",
        "joined", "layer", "limit", "measure", "number", "p", "parent", "places", "seen",
        "severity", "start", "status", "subject", "term",
    )  # fmt: skip

    def __init__(self, term: Term, start: int, end: int, status: Status = "present") -> None:
        self.term = term
        self.start = start
        self.end = end
        self.status: Status = status
        self.places: list[Place] = []
        self.before = 0  # how many of the places stood before the noun
        self.subject: list[Place] = []  # of its clause
        self.measure: Measure | None = None
        self.severity = ""
        self.number = ""
        self.change = ""
        self.limit = ""
        self.p: float | None = term.p
        self.features: tuple[str, ...] = ()
        self.distance: float | None = None
        self.seen = ""
        self.layer = term.layer
        self.parent: Mention | None = None  # the observation that it explains
        self.joined: Mention | None = None  # the one before it in a list
        self.companion = False  # it came with another ("cyst with calcification")
        self.around = Place()  # the organ that was spoken of before
        self.heading: list[Place] = []


@dataclass
class Mods:
    """What has been said of a noun that has not come yet."""

    places: list[Place] = field(default_factory=list)
    pairs: list[tuple[Place, str, Measure | None]] = field(default_factory=list)
    changes: list[Term] = field(default_factory=list)
    measure: Measure | None = None
    severity: str = ""
    number: str = ""
    limit: str = ""
    p: float | None = None
    features: tuple[str, ...] = ()
    known: bool = False
    definite: bool = False
    early: tuple[str, Measure | None] = ("", None)  # as they stood at the last place


@dataclass
class Context:
    """What earlier sentences of the same section leave behind."""

    heading: list[Place] = field(default_factory=list)
    last: Mention | None = None
    side: Side = ""
    organ: Place = Place()
    hidden: dict[str, set[str]] = field(default_factory=dict)  # organ → sites not assessed
    history_only: bool = False  # an indication: what it asks for is no plan


class Clause:
    """The state of the machine."""

    __slots__ = (
        "after_verb", "assoc", "colon", "context", "cur", "deny_change", "denying", "drop",
        "group", "hedge", "hedge_used", "history", "items", "k", "leads", "mentions", "mods",
        "pointing", "prep", "respectively", "sep", "skip", "subject", "used", "verb",
    )  # fmt: skip

    def __init__(self, items: Sequence[Item], context: Context, pointing: bool) -> None:
        self.items = items
        self.context = context
        self.pointing = pointing
        self.k = 0
        self.skip = 0
        self.mentions: list[Mention] = []
        self.respectively = False
        self.history = False
        self.drop = False
        self.subject: list[Place] = []
        self.reset()

    def reset(self) -> None:
        """Begin a new clause."""
        self.mods = Mods()
        self.leads: list[Place] = []
        self.cur: Mention | None = None
        self.group: list[Mention] = []
        self.denying: Term | None = None
        self.used = False
        self.hedge: Term | None = None
        self.hedge_used = False
        self.deny_change = False
        self.prep = False
        self.verb = False
        self.after_verb = False
        self.assoc = False
        self.colon = False
        self.sep = ""


MODIFIERS = frozenset(
    ("place", "severity", "number", "measure", "change", "limit", "feature", "doubt", "det",
     "known", "now", "ignore", "conspicuity")
)  # fmt: skip
PREDICATES = frozenset(
    ("normal", "enlarged", "dilated", "not enlarged", "not dilated", "unseen", "unassessed",
     "borderline normal", "aneurysmal", "absent organ", "fractured")
)  # fmt: skip


def find_heads(items: Sequence[Item]) -> None:
    """Give each modifier the thing whose noun phrase it stands in, looking from right to left."""
    head = -1
    for k in range(len(items) - 1, -1, -1):
        item = items[k]
        if item.cat == "thing":
            head = k
        elif item.cat not in MODIFIERS and not (
            head >= 0 and item.cat in ("and", "or", "comma") and _pairs(items, k)
        ):
            head = -1
        item.head = head


def _pairs(items: Sequence[Item], k: int) -> bool:
    """Whether "and" joins two descriptions of one noun ("small right and large left effusions")."""
    if k == 0 or k + 1 >= len(items):
        return False
    kind = items[k - 1].cat
    if kind not in ("place", "change"):
        return False
    before = k - 1
    while before >= 0 and items[before].cat in MODIFIERS:
        before -= 1
    if before >= 0 and items[before].cat in ("prep", "thing", "verb"):
        return False
    if kind == "change":
        return items[k + 1].cat == "change" and not items[k - 1].term.link
    at = k + 1
    while at < len(items) and items[at].cat in ("severity", "measure", "det", "number", "change"):
        at += 1
    return at < len(items) and items[at].cat == "place"
