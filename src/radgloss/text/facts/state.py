"""What a sentence leaves on the reader's desk: mentions, what waits for a noun, and the context.

The state of the machine in `clause`, and the first of its steps: each describing word is given the
noun in whose phrase it stands, from right to left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from radgloss.text.facts.measure import Measure
from radgloss.text.facts.terms import Item, Place, Term
from radgloss.types import Side, Status

__all__ = ["MODIFIERS", "PREDICATES", "Clause", "Context", "Mention", "Mods", "find_heads",
           "has_organ"]  # fmt: skip


class Mention:
    """One thing said once, before it is given its name and place.

    What is seldom said stays with the class, which makes a mention cheap."""

    before = 0  # how many of the places stood before the noun
    subject: Sequence[Place] = ()  # of its clause
    measure: Measure | None = None
    severity = ""
    number = ""
    change = ""
    limit = ""
    features: tuple[str, ...] = ()
    distance: float | None = None
    seen = ""
    parent: Mention | None = None  # the observation that it explains
    joined: Mention | None = None  # the one before it in a list
    companion = False  # it came with another ("cyst with calcification")
    around = Place()  # the organ that was spoken of before
    heading: Sequence[Place] = ()
    listed = False  # its places are a list: "in the liver, spleen or pancreas"

    def __init__(self, term: Term, start: int, end: int, status: Status = "present") -> None:
        self.term = term
        self.start = start
        self.end = end
        self.status: Status = status
        self.places: list[Place] = []
        self.p: float | None = term.p
        self.layer = term.layer


class Mods:
    """What has been said of a noun that has not come yet."""

    pairs: tuple[tuple[Place, str, Measure | None], ...] = ()
    changes: tuple[Term, ...] = ()
    measure: Measure | None = None
    severity = ""
    number = ""
    limit = ""
    p: float | None = None
    features: tuple[str, ...] = ()
    known = False
    definite = False
    early: tuple[str, Measure | None] = ("", None)  # as they stood at the last place

    def __init__(self) -> None:
        self.places: list[Place] = []

    def copy(self) -> Mods:
        """The same again, to be changed apart; the list of places is shared."""
        same = Mods()
        same.__dict__.update(self.__dict__)
        return same


@dataclass
class Context:
    """What earlier sentences of the same section leave behind."""

    heading: list[Place] = field(default_factory=list)
    last: Mention | None = None
    side: Side = ""
    organ: Place = Place()
    hidden: dict[str, set[str]] = field(default_factory=dict)  # organ → sites not assessed
    ticks: bool = False  # a box of the report is ticked, so that an empty one means something
    history_only: bool = False  # an indication: what it asks for is no plan


class Clause:
    """The state of the machine."""

    skip = 0
    known = 0  # mentions that have been given their context
    respectively = False
    history = False
    drop = False  # what is said is no statement
    imaged = False  # a picture was named
    clinical = False  # and that because no picture is spoken of
    cur: Mention | None = None
    denying: Term | None = None
    used = False
    hedge: Term | None = None
    hedge_used = False
    deny_change = False
    prep = False
    verb = False
    shows = False  # and it was one with an object ("the view shows a dilated aorta")
    after_verb = False
    assoc = False
    colon = False
    sep = ""

    def __init__(self, items: Sequence[Item], context: Context, pointing: bool) -> None:
        self.items = items
        self.context = context
        self.pointing = pointing
        self.k = 0
        self.mentions: list[Mention] = []
        self.subject: list[Place] = []
        self.mods = Mods()
        self.leads: list[Place] = []
        self.group: list[Mention] = []

    def reset(self) -> None:
        """Begin a new clause of the same sentence."""
        self.mods, self.leads, self.group = Mods(), [], []
        self.cur = self.denying = self.hedge = None
        self.used = self.hedge_used = self.deny_change = self.colon = False
        self.prep = self.verb = self.shows = self.after_verb = self.assoc = False
        self.sep = ""


MODIFIERS = frozenset(
    ("place", "severity", "number", "measure", "change", "limit", "feature", "doubt", "det",
     "known", "now", "ignore", "conspicuity")
)  # fmt: skip
PREDICATES = frozenset(
    ("normal", "adjective", "unseen", "unassessed", "borderline normal", "absent organ")
)  # fmt: skip


def has_organ(places: Sequence[Place]) -> bool:
    """Whether any of them names an organ."""
    for place in places:  # noqa: SIM110  a generator costs three times as much
        if place.organ:
            return True
    return False


def find_heads(items: Sequence[Item]) -> None:
    """Give each modifier the thing whose noun phrase it stands in, looking from right to left."""
    head = -1
    for k in range(len(items) - 1, -1, -1):
        item = items[k]
        cat = item.cat
        if cat == "thing":
            head = k
        elif cat in MODIFIERS:
            if head >= 0 and cat == "place" and _stands_behind(items, k):
                head = -1
        elif cat == "adjective" and k + 1 < len(items) and items[k + 1].cat == "thing":
            pass  # "a fatty lesion": said of the lesion, not of the organ
        elif not (head >= 0 and cat in ("and", "or", "comma") and _pairs(items, k)):
            head = -1
        item.head = head


def _stands_behind(items: Sequence[Item], k: int) -> bool:
    """ "Opacity RLL likely atelectasis": the place belongs to the noun before it."""
    return 0 < k < len(items) - 1 and items[k - 1].cat == "thing" and items[k + 1].cat == "doubt"


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
