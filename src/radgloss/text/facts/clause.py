"""One sentence read from left to right: which words govern which finding.

A small machine. Items that stand before a noun in its own phrase belong to that noun ("small left
effusion"); what follows it belongs to the last noun or its coordinated group ("effusion on the
left, unchanged"). Denials and doubts open a scope which lists continue and verbs, `with`, `but`,
a new subject or a freshly asserted noun close. An organ before a verb or a colon is the subject of
what follows. Every handler is one act for one category of term; `ACTS` is the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from radgloss.text.facts.certainty import CAUSES
from radgloss.text.facts.nouns import (
    GREAT,
    describe,
    measured,
    modify,
    procedure,
    that_in,
    thing,
)
from radgloss.text.facts.organs import (
    ABNORMAL,
    absent_organ,
    adjective,
    denied_after,
    normal,
    unseen,
)
from radgloss.text.facts.place import opposite
from radgloss.text.facts.places import add_place, place_item
from radgloss.text.facts.state import Clause, Context, Mention, Mods, has_organ
from radgloss.text.facts.terms import Item, Place, Term

__all__ = ["Context", "Mention", "read_clause"]


def read_clause(items: Sequence[Item], context: Context, pointing: bool) -> list[Mention]:
    """The mentions of one sentence, in order; `context` is brought up to date.

    items: each with its head. pointing: the sentence points back ("It measures")."""
    state = Clause(items, context, pointing)
    act_of = ACTS.get
    for k, item in enumerate(items):
        act = act_of(item.cat)
        if act is not None and k >= state.skip:
            state.k = k
            act(state, item)
    _finish(state)
    return state.mentions


def _open_denial(s: Clause, item: Item) -> None:
    if s.leads:
        s.subject, s.leads = s.leads, []
    s.denying, s.used = item.term, False
    s.hedge, s.prep, s.sep, s.mods = None, False, "", Mods()


def _deny_change(s: Clause, item: Item) -> None:
    s.deny_change = True


def _hedge(s: Clause, item: Item) -> None:
    if s.leads:
        s.subject, s.leads = s.leads, []
    if _denied_with_it(s, item):
        s.denying, s.used = s.denying or Term("deny"), False
    if s.denying is not None and s.used:
        s.denying = None
    if s.denying is not None:
        return  # "nothing suspicious for": the denial governs
    same_phrase = s.k and s.items[s.k - 1].cat in ("hedge", "doubt", "verb", "or")
    if s.hedge is not None and not s.hedge_used and same_phrase:
        first, second = s.hedge, item.term
        lower = min((first, second), key=lambda t: 1.0 if t.p is None else t.p)
        s.hedge = Term("hedge", p=lower.p, link=first.link or second.link)
    else:
        s.hedge = item.term
    s.hedge_used, s.prep = False, False


def _denied_with_it(s: Clause, item: Item) -> bool:
    """Whether the sign that is denied takes its meaning with it.

    "No stranding to suggest pancreatitis" denies both, wherever the verb stands."""
    last = s.mentions[-1] if s.mentions else None
    if last is None or last.status != "absent" or last.change or not item.term.link:
        return False
    if item.term.word.startswith("to "):
        return True
    return s.denying is not None and s.sep == "" and item.term.word not in CAUSES


def _doubtful(s: Clause, item: Item) -> None:
    """A word that may stand before its noun or after it."""
    ahead = any(i.cat == "thing" for i in s.items[s.k + 1 :])
    if item.head >= 0 or (ahead and not (s.group and s.verb)):
        explains = s.cur is not None and s.sep == "comma"
        s.hedge = Term("hedge", p=item.term.p, link=explains or s.pointing)
        s.hedge_used = False
    elif s.group and (s.verb or s.k + 1 == len(s.items)):
        doubted(s, item)


def doubted(s: Clause, item: Item) -> None:
    p = item.term.p
    if p is None:
        return
    for mention in s.group:
        if mention.status != "absent":
            mention.p = p if mention.p is None else min(p, mention.p)


def _versus(s: Clause, item: Item) -> None:
    if s.cur is not None and s.cur.status == "present":
        s.cur.p = 0.4 if s.cur.p is None else min(0.4, s.cur.p)
        if s.cur.parent is None and len(s.group) > 1 and s.group[-2].status == "present":
            s.cur.parent = s.group[-2]
    s.hedge, s.hedge_used = Term("hedge", p=0.4, link=s.cur is not None), False
    if s.cur is not None and s.cur.parent is None:
        s.hedge = Term("hedge", p=0.4)


def _verb(s: Clause, item: Item) -> None:
    if s.history and item.term.word in _PRESENTS and s.k and s.items[s.k - 1].cat != "history":
        s.history = False  # "a patient with a history of asthma, showing …"
    if s.leads:
        if not has_organ(s.leads) and not (s.cur is not None and s.cur.term.fixed):
            organ = s.subject[0] if has_organ(s.subject) else s.context.organ
            s.leads = [Place(organ.organ, organ.part, p.site, p.side) for p in s.leads]
        s.subject = s.leads
    if s.denying is not None and s.used:
        if _shows_nothing(s, item):
            return
        s.denying = None
    if s.hedge is not None and s.hedge_used:
        s.hedge = None
    s.prep, s.verb = False, True
    s.shows = item.term.word in _WITH_OBJECT
    s.after_verb = bool(s.group)


def _shows_nothing(s: Clause, item: Item) -> bool:
    """ "No lesion shows features of carcinoma": what no thing shows is denied as the thing is."""
    return s.sep == "" and not s.verb and len(s.group) == 1 and item.term.word in _SHOWS


_SHOWS = frozenset(("shows", "show", "demonstrates", "demonstrate", "exhibits", "has", "have"))
_WITH_OBJECT = _SHOWS | {"showing", "demonstrating", "reveals", "revealing"}
_PRESENTS = frozenset(("shows", "showing", "demonstrates", "demonstrating", "reveals", "revealing"))


def _prep(s: Clause, item: Item) -> None:
    s.prep = True


def _join(s: Clause, item: Item) -> None:
    if item.head < 0:
        s.sep = "or" if s.sep == "or" else item.cat
    if item.cat == "comma" and s.cur is not None:
        s.prep = False


def _with(s: Clause, item: Item) -> None:
    if s.used:
        s.denying = None
    if s.hedge_used:
        s.hedge = None
    if s.leads:
        s.subject, s.leads = s.leads, []
    s.prep, s.assoc, s.sep = False, s.cur is not None, ""
    s.mods = Mods()


def _which(s: Clause, item: Item) -> None:
    s.denying, s.hedge, s.prep, s.sep = None, None, False, ""
    s.assoc = s.cur is not None


def _stop(s: Clause, item: Item) -> None:
    _settle(s)
    subject = s.subject
    s.reset()
    s.subject = subject
    if item.cat == "semicolon":
        _remember(s)
        s.subject = []
        s.history = s.drop = s.clinical = False


def _colon(s: Clause, item: Item) -> None:
    if s.leads and not s.mentions:
        s.subject = s.context.heading = [p for p in s.leads if p.organ] or s.leads
        s.leads = []
        return
    s.colon, s.verb, s.after_verb = True, True, bool(s.group)


def _det(s: Clause, item: Item) -> None:
    if item.head >= 0 and item.term.word in ("the", "a", "an", "this", "these", "there"):
        s.mods.definite = True


def _history(s: Clause, item: Item) -> None:
    s.history = True


def _recommend(s: Clause, item: Item) -> None:
    s.drop = True


def _clinical(s: Clause, item: Item) -> None:
    """Laboratory, complaints, relatives: nothing of it is a finding, until a picture is named."""
    if not (s.imaged and item.term.word == "complaint"):
        s.drop = s.clinical = True


def _imaging(s: Clause, item: Item) -> None:
    s.imaged = True
    if s.clinical:
        s.drop = s.clinical = False
        s.denying = s.hedge = None
        s.mods, s.leads = Mods(), []


def _missed(s: Clause, item: Item) -> None:
    """ "Small nodules may be missed": said of nodules that nobody has seen."""
    gone = {id(m) for m in s.group}
    s.mentions = [m for m in s.mentions if id(m) not in gone]
    s.group, s.cur, s.drop = [], None, True


def _minus(s: Clause, item: Item) -> None:
    """ "Effusion (-)": that one alone."""
    if s.cur is not None:
        s.cur.status, s.cur.p = "absent", None


def _ticked(s: Clause, item: Item) -> None:
    """A box of a template: what follows an empty one is not stated, where others are ticked."""
    _settle(s)
    s.reset()
    s.drop = item.cat == "unticked" and s.context.ticks


def _sparing(s: Clause, item: Item) -> None:
    """What follows is where the thing is not."""
    _settle(s)
    s.group, s.cur, s.mods, s.subject = [], None, Mods(), []


def _open(s: Clause, item: Item) -> None:
    s.sep = "comma"


def _query(s: Clause, item: Item) -> None:
    if s.k + 1 < len(s.items) and s.items[s.k + 1].head >= 0:
        s.hedge, s.hedge_used = Term("hedge", p=0.4), False
    else:
        doubted(s, Item(Term("doubted", p=0.4), item.start, item.end))


def _limit(s: Clause, item: Item) -> None:
    if item.head >= 0 or s.cur is None:
        describe(s.mods, item)
    elif s.cur.status != "absent" and s.items[s.k - 1].cat != "not":
        s.cur.severity = s.cur.severity or GREAT.get(item.term.word, "")


def _conspicuity(s: Clause, item: Item) -> None:
    if s.cur is not None:
        s.cur.seen = item.term.word


def _other_side(s: Clause, item: Item) -> None:
    known = [p.side for m in s.mentions for p in (*m.places, *m.subject) if p.side]
    side = known[-1] if known else s.context.side
    side = opposite(side) if item.cat == "opposite" else side
    if side:
        place = Item(Term("place", place=Place(side=side)), item.start, item.end)
        place.head = item.head if item.head >= 0 else -1
        place_item(s, place)


def _respectively(s: Clause, item: Item) -> None:
    s.respectively = True


def _level(s: Clause, item: Item) -> None:
    """ "to the segmental level": denied so far, and not assessed beyond."""
    if s.cur is None or s.cur.status != "absent":
        return
    s.cur.places = [Place(site="central to segmental")]
    beyond = Mention(s.cur.term, s.cur.start, s.cur.end, "not assessed")
    beyond.places = [Place(site="subsegmental")]
    s.mentions.append(beyond)


def _settle(s: Clause) -> None:
    """At the end of a clause: what was said before any noun came goes to the last one."""
    if s.denying is not None and not s.used and s.colon and s.group:
        for mention in s.group:
            mention.status = "absent"
    if s.cur is not None and s.mods.measure is not None:
        measured(s.cur, s.mods.measure)


def _remember(s: Clause) -> None:
    """Give the new mentions the context in which they were said, and then renew it."""
    if s.known == len(s.mentions) and not s.subject:
        return
    context = s.context
    before, organ = context.organ, None
    for mention in s.mentions[s.known :]:
        mention.around, mention.heading = before, context.heading
        if mention.layer == "history":  # an organ that is gone is no context
            continue
        brought = mention.term.place
        if brought.organ and brought.organ != "devices":
            organ = brought
            context.side = brought.side or context.side
        for place in (*mention.subject, *mention.places):
            if place.side:
                context.side = place.side
            if place.organ:
                organ = place
    s.known = len(s.mentions)
    if s.subject and s.subject[0].organ:
        organ = s.subject[0]
    if organ is not None:
        bare = not (organ.site or organ.side)
        context.organ = organ if bare else Place(organ.organ, organ.part)


def _finish(s: Clause) -> None:
    _settle(s)
    last = s.context.last
    if not s.mentions and last is not None and s.pointing and not s.drop:
        organ = next((p.organ for p in s.leads if p.organ), "")
        known = {p.organ for p in (*last.places, *last.subject, last.term.place)}
        if not organ or organ in known or not any(known):
            _refer(s, last)
    _remember(s)
    if s.mentions:
        s.context.last = _last_that_stays(s.mentions)
    if s.respectively:
        for mention in s.mentions:
            if mention.measure is not None and len(mention.measure.sizes) > 1:
                mention.limit = mention.limit or "respectively"


def _last_that_stays(mentions: Sequence[Mention]) -> Mention | None:
    """What the next sentence's "it" may mean."""
    for mention in reversed(mentions):
        gone = mention.status == "absent" or mention.layer == "history"
        if not gone and mention.term is not ABNORMAL:
            return mention
    return None


def _refer(s: Clause, last: Mention) -> None:
    """ "It measures 12 mm and is unchanged": said of the last thing of the sentence before."""
    if last.measure is None:
        measured(last, s.mods.measure)
    for term in s.mods.changes:
        last.change = last.change or term.word
    last.severity = last.severity or s.mods.severity
    last.features += s.mods.features
    for place in s.leads:
        if not any(p.site for p in last.places) or place.organ:
            add_place(last.places, place)


ACTS: dict[str, Callable[[Clause, Item], None]] = {
    "thing": thing, "place": place_item, "severity": modify, "number": modify,
    "measure": modify, "change": modify, "known": modify, "feature": modify,
    "limit": _limit, "conspicuity": _conspicuity, "doubt": _doubtful, "hedge": _hedge,
    "doubted": doubted, "versus": _versus, "deny": _open_denial, "not": _open_denial,
    "denied": denied_after, "unseen": unseen, "unassessed": unseen,
    "deny change": _deny_change, "verb": _verb, "prep": _prep, "and": _join, "or": _join,
    "comma": _join, "open": _open, "close": _join, "semicolon": _stop, "stop": _stop,
    "with": _with, "which": _which, "det": _det, "respectively": _respectively,
    "opposite": _other_side, "same side": _other_side, "that in": that_in,
    "history": _history, "recommend": _recommend, "clinical": _clinical, "imaging": _imaging,
    "missed": _missed, "sparing": _sparing, "minus": _minus, "ticked": _ticked,
    "unticked": _ticked, "normal": normal,
    "borderline normal": normal, "adjective": adjective, "absent organ": absent_organ,
    "level": _level,
    "procedure": procedure, "colon": _colon, "query": _query,
}  # fmt: skip
