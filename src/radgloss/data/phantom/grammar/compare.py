"""How a change since the comparison is said.

Growth is written only beyond what two readers would differ by: at least 2 mm and at least 20 %
(radiology's usual margin for a repeated measurement). Below that both sizes may be given and no
word of change. Without a comparison nothing of this is ever written."""

from __future__ import annotations

from dataclasses import replace

from radgloss.types import Change, Finding

__all__ = ["CHANGES", "NAMED", "PRESIZED", "comparable", "named"]

PRESIZED = frozenset({  # whose size may stand before the noun ("a 12 mm nodule")
    "liver cyst", "liver hydatid cyst", "liver haemangioma", "hepatocellular carcinoma",
    "liver metastases", "liver abscess", "liver lesion", "splenic cyst", "splenic hydatid cyst",
    "splenic granuloma", "splenic infarct", "pancreatic mass", "kidney stone", "ureteric stone",
    "kidney cyst", "kidney mass", "aortic aneurysm", "adnexal mass", "ovarian cyst",
    "lung nodule", "lung mass", "lung granuloma", "gallstones",
})  # fmt: skip
_ANY = ("{x}",)
NAMED: dict[str, tuple[str, ...]] = {  # organ or finding → how it is called, with side and site
    "liver": ("{x} in {place}",),
    "spleen": ("{x} in {place}",),
    "pancreas": ("{x} in {thesite}",),
    "kidneys": ("{x} in {place}", "{side} {x}"),
    "lungs": ("{side} {site} {x}", "{x} in {place}"),
    "pleura": ("{side} {x}",),
    "pelvis": ("{side} {x}",),
    "devices": ("{side} {x}",),
    "bones": ("fracture of {place}",),
    "hydronephrosis": ("{side} {x}",),
    "pyelonephritis": ("{side} {x}", "{x} of {place}"),
    "free fluid": ("{x} in {thesite}",),
    "enlarged ovary": ("enlarged {side} ovary",),
    "diverticulitis": ("{x} of the {site}",),
    "acute pancreatitis": _ANY,
    "intrauterine pregnancy": _ANY,
    "splenomegaly": ("splenomegaly",),
    "cardiomegaly": ("cardiomegaly",),
    "aortic aneurysm": ("abdominal aortic aneurysm",),
    "biliary dilatation": ("biliary dilatation",),
    "hepatic steatosis": ("hepatic steatosis",),
    "cirrhosis": ("cirrhosis",),
    "appendicitis": ("acute appendicitis",),
    "bowel obstruction": ("bowel obstruction",),
    "free air": ("free air", "pneumoperitoneum"),
    "pulmonary oedema": _ANY,
}  # fmt: skip
CHANGES: dict[str, tuple[str, ...]] = {
    "increased": (
        "The {np} {has} increased in size from {previous} to {size}.",
        "The {np} {has} increased from {previous} to {size}.",
        "{hard}Interval growth of the {np}, now {size} (previously {previous}).",
        "{hard}The {np} {is} larger, {size} compared with {previous}.",
        "~{hard}Enlarging {np}, {size}, previously {previous}.",
        "~The {np}, previously {previous}, now {measures} {size}.",
        "The {np} {has} increased, the largest now {largest} (previously {previous}).",
        "{soft}Interval increase of the {np}.",
        "The {np} {has} increased[ and {is} now {sev}].",
        "~The {np} {has} progressed since the prior study.",
        "{soft}Increased {np}.",
        "{hard}Enlarging {np}.",
    ),
    "decreased": (
        "The {np} {has} decreased in size from {previous} to {size}.",
        "The {np} {has} decreased from {previous} to {size}.",
        "Interval decrease of the {np}, now {size} (previously {previous}).",
        "{hard}The {np} {is} smaller, {size} compared with {previous}.",
        "~{hard}Regressing {np}, {size}, previously {previous}.",
        "The {np} {has} decreased, the largest now {largest} (previously {previous}).",
        "{soft}Interval decrease of the {np}.",
        "The {np} {has} decreased[ and {is} now {sev}].",
        "~The {np} {has} improved since the prior study.",
        "{soft}Decreased {np}.",
        "{hard}The {np} {is} smaller.",
    ),
    "unchanged": (
        "The [{presize} ]{np} {is} unchanged.",
        "Unchanged [{presize} ]{np}.",
        "No change in the [{presize} ]{np}.",
        "The [{sev} ]{np} {is} stable.",
        "Stable [{sev} ]{np}[, {size}].",
        "Stable {np}[ of up to {largest}].",
        "~No interval change of the [{presize} ]{np}.",
        "~The {np} {is} again seen, unchanged[ at {size}].",
    ),
    "new": (
        "New [{presize} ]{np}.",
        "There {is} {newa} [{presize} ]{np}.",
        "New {np}[, {size}].",
        "New [{sev} ]{np}.",
        "New {np}[, up to {largest}].",
        "~[{presize} ]{np}, new since the prior study.",
        "~Interval development of {anp}[, {size}].",
    ),
    "resolved": (
        "The {np} {has} resolved.",
        "Interval resolution of the {np}.",
        "The previously seen {np} {is} no longer present.",
        "~{soft}The {np} {has} cleared since the prior study.",
        "{soft}Resolved {np}.",
    ),
    "measured": (  # both sizes, and no word of change: within what two readers differ by
        "The {np} {measures} {size} (previously {previous}).",
        "{np}, {size}, previously {previous}.",
        "~The {np} {measures} {size}, compared with {previous} on the prior study.",
        "The {np} {measures} up to {largest} (previously {previous}).",
    ),
}


def named(finding: Finding, organ: str) -> tuple[str, ...]:
    """The patterns of its name with side and site; the bare name always comes last."""
    return (*NAMED.get(finding.what, NAMED.get(organ, ())), "{x}")


def comparable(finding: Finding, comparison: str) -> tuple[Finding, str]:
    """The finding with what may be said of its change, and which list of words says it ("" none).

    >>> comparable(Finding("lung nodule", size_mm=(13.0,), previous_mm=(12.0,),
    ...                    change="increased"), "2021")[1]
    'measured'
    """
    if not comparison or not finding.change:
        return replace(finding, change="", previous_mm=()), ""
    change: Change = finding.change
    if change in ("increased", "decreased") and finding.size_mm and finding.previous_mm:
        now, before = finding.size_mm[0], finding.previous_mm[0]
        step = now - before if change == "increased" else before - now
        if step < 2 or step < 0.2 * before:
            return replace(finding, change=""), "measured"
    return finding, change
