"""What a finding puts into the slots of a pattern, and which of its fields each slot states.

Sizes are whole millimetres or tenths of a centimetre, which are the same to the millimetre. A size
said of several things is the largest of them ("up to 12 mm")."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from radgloss.data.phantom.grammar.authors import Author
from radgloss.data.phantom.grammar.pattern import pick
from radgloss.data.phantom.grammar.phrases import Phrases
from radgloss.data.phantom.grammar.spelling import spell
from radgloss.text.findings import finding_type
from radgloss.types import Finding

__all__ = ["is_plural", "place_of", "said_fact", "size_words", "values_of"]

STATES = {  # slot → the fields it states
    "size": ("size_mm",), "largest": ("size_mm",), "side": ("side",), "onside": ("side",),
    "site": ("site",), "thesite": ("site",), "place": ("side", "site"),
    "apical": ("site",), "atapex": ("site",), "sev": ("severity",),
    "sevly": ("severity",), "a": ("number",), "n": ("number",),
    "single": ("number",), "previous": ("previous_mm",),
}  # fmt: skip
ADVERBS = {"mild": "mildly", "moderate": "moderately", "severe": "severely", "marked": "markedly"}
NUMBERS = {"2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven",
           "8": "eight", "9": "nine"}  # fmt: skip
BARE = ("segment", "both")  # sites that take no article


def size_words(size_mm: tuple[float, ...], author: Author) -> str:
    """The size in the author's unit.

    >>> from radgloss.data.phantom.grammar.authors import author_named
    >>> size_words((32.4, 24.0), author_named("american"))
    '3.2 x 2.4 cm'
    """
    whole = [round(mm) for mm in size_mm]
    small = author.unit == "mixed" and max(whole) < 10
    if author.unit == "mm" or small:
        return f" {author.times} ".join(str(mm) for mm in whole) + " mm"
    return f" {author.times} ".join(f"{mm / 10:.1f}" for mm in whole) + " cm"


def is_plural(finding: Finding, phrases: Phrases) -> bool:
    """Whether the words speak of several things."""
    if finding.side == "bilateral":
        return True
    if finding.number:
        return finding.number != "1"
    return phrases.many and not finding.site


def the(site: str) -> str:
    """A site with its article, where it takes one.

    >>> the("segment VI"), the("upper pole")
    ('segment VI', 'the upper pole')
    """
    return site if site.startswith(BARE) else f"the {site}"


def place_of(finding: Finding, dice: Random | None = None) -> str:
    """Where it lies, with side and site as far as told; "" where neither is.

    >>> place_of(Finding("kidney stone", side="right", site="lower pole"))
    'the lower pole of the right kidney'
    >>> place_of(Finding("consolidation", side="bilateral", site="lower lobe"))
    'both lower lobes'
    """
    organ = finding_type(finding.what).organ
    side, site = finding.side, finding.site
    if not side and not site:
        return ""
    options = _PLACES[organ](side, site) if organ in _PLACES else (the(site),)
    return options[0] if dice is None else pick(dice, options)


def _paired(organ: str, many: str, adjective: str, side: str, site: str) -> tuple[str, ...]:
    if side == "bilateral":
        return (f"the {site}s of both {many}",) if site else (f"both {many}",)
    if not side:
        return (f"the {site} of the {organ}",)
    if not site:
        return (f"the {side} {organ}",)
    if "ureter" in site:
        part = site.removesuffix(" ureter")
        return (f"the {part} {side} ureter", f"the {side} {part} ureter")
    if site == "pelvis":
        return (f"the {side} {adjective} pelvis",)
    return (f"the {site} of the {side} {organ}", f"the {side} {adjective} {site}")


def _kidney(side: str, site: str) -> tuple[str, ...]:
    return _paired("kidney", "kidneys", "renal", side, site)


def _lung(side: str, site: str) -> tuple[str, ...]:
    if side == "bilateral":
        return (f"both {site}s", f"the {site}s bilaterally") if site else ("both lungs",)
    if not site:
        return (f"the {side} lung",)
    return (f"the {side} {site}" if side else f"the {site}",)


def _pleura(side: str, site: str) -> tuple[str, ...]:
    where = site or "pleural space"
    if side == "bilateral":
        return ("both apices",) if site == "apex" else (f"both {where}s",)
    return (f"the {side} {'lung base' if site == 'base' else where}" if side else f"the {where}",)


def _pelvis(side: str, site: str) -> tuple[str, ...]:
    if side == "bilateral":
        return ("both adnexa",) if site == "adnexa" else (f"both {site or 'ovarie'}s",)
    if side and not site:
        return (f"the {side} hemipelvis",)
    return (f"the {side} {site}",) if side else (the(site),)


def _liver(side: str, site: str) -> tuple[str, ...]:
    if site.startswith("segment"):
        return (site, f"{site} of the liver", f"hepatic {site}")
    return (f"the {site} of the liver", f"the {site.replace(' lobe', ' hepatic lobe')}")


def _bones(side: str, site: str) -> tuple[str, ...]:
    number = site.removesuffix(" rib")
    if not site:
        return (f"the {side} ribs",)
    return (f"the {side} {site}".replace("  ", " "), f"the {number} rib on the {side}")[
        : 2 if side else 1
    ]


_PLACES = {
    "liver": _liver,
    "spleen": lambda side, site: (f"the {site} of the spleen", f"the {site}"),
    "pancreas": lambda side, site: (f"the {site} of the pancreas", f"the pancreatic {site}"),
    "kidneys": _kidney,
    "lungs": _lung,
    "pleura": _pleura,
    "pelvis": _pelvis,
    "bones": _bones,
}


def values_of(
    finding: Finding,
    phrases: Phrases,
    author: Author,
    dice: Random,
    adjectives: tuple[str, ...] = (),
    noun: str = "",
) -> dict[str, str]:
    """Slot → words; a slot is missing where its field was not told."""
    many = is_plural(finding, phrases)
    one, several = phrases.noun(noun or pick(dice, phrases.nouns))
    mass = several == "="
    plural = many and not mass
    head = spell(several if plural else one, author.spelling)
    spoken = " ".join([*adjectives, head]) if adjectives else head
    values = {
        "x": spoken,
        "is": "are" if plural else "is",
        "has": "have" if plural else "has",
        "shows": "show" if plural else "shows",
        "measures": "measure" if plural else "measures",
        "a": "" if plural or mass else "a",
    }
    values["many" if plural or finding.side == "bilateral" else "one"] = ""
    if adjectives:
        values["adj"] = " ".join(adjectives)
    if plural and finding.number:
        values["a"] = values["n"] = NUMBERS.get(finding.number, finding.number)
    elif finding.number == "1" and not plural and not mass:
        values["single"] = "solitary"
    if finding.size_mm:
        words = size_words(finding.size_mm, author)
        values["largest" if plural else "size"] = words
        values["tip"] = (
            f"{words} above the carina" if finding.size_mm[0] > 0 else "in the right main bronchus"
        )
    if finding.previous_mm:
        values["previous"] = size_words(finding.previous_mm, author)
    if finding.side:
        values["side"] = finding.side
        values["onside"] = (
            "bilaterally" if finding.side == "bilateral" else f"on the {finding.side}"
        )
    if finding.site == "apex":
        values["apical"], values["atapex"] = "apical", "at the apex"
    if finding.site:
        values["site"] = spell(finding.site, author.spelling)
        values["thesite"] = spell(the(finding.site), author.spelling)
    if where := place_of(finding, dice):
        values["place"] = spell(where, author.spelling)
    if finding.severity:
        values["sev"] = finding.severity
        if finding.severity in ADVERBS:
            values["sevly"] = ADVERBS[finding.severity]
    return values


def said_fact(finding: Finding, used: list[str], values: dict[str, str]) -> Finding:
    """The fact that a sentence states: the told fields whose slots were filled, and no other."""
    fields = {name for slot in used for name in STATES.get(slot, ())}
    number = finding.number if "number" in fields and _counted(used, values) else ""
    return replace(
        finding,
        side=finding.side if "side" in fields else "",
        site=finding.site if "site" in fields else "",
        size_mm=tuple(float(round(mm)) for mm in finding.size_mm) if "size_mm" in fields else (),
        severity=finding.severity if "severity" in fields else "",
        number=number,
        previous_mm=(
            tuple(float(round(mm)) for mm in finding.previous_mm)
            if "previous_mm" in fields else ()
        ),
        change="",
        certainty=None,
    )  # fmt: skip


def _counted(used: list[str], values: dict[str, str]) -> bool:
    """Whether a number word was really written: `{a}` of a single thing is only an article."""
    return any(slot in ("n", "single") or (slot == "a" and values["a"] not in ("", "a"))
               for slot in used)  # fmt: skip
