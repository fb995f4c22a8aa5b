"""What a way of looking can show: enhancement needs contrast, echoes need sound.

A way is a modality, a phase, sequence or view of it, or what several of them give together:
`CE` any phase after contrast, `dynamic` an arterial and a later one. MR here is made without
contrast. A word of the look may be said where one of its ways was used; words that no row names
may be said everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

__all__ = ["MODALITIES", "SHOWN_BY", "can_show", "shown_features", "ways_of"]

MODALITIES = {
    "ct-abdomen": "CT",
    "mr-abdomen": "MR",
    "us-abdomen": "US",
    "us-pelvis": "US",
    "xr-chest": "XR",
    "xr-abdomen": "XR",
}
ALL = {  # of each modality, for a study of which nobody says how it was taken
    "CT": ("unenhanced", "arterial", "portal venous", "delayed", "excretory"),
    "MR": ("T1", "T1 opposed", "T1 fat-suppressed", "T2", "DWI", "ADC"),
    "US": (),
    "XR": ("PA", "AP", "lateral", "AP erect"),
}
LATER = frozenset({"portal venous", "delayed"})
ENHANCED = frozenset({"arterial", "portal venous", "delayed", "excretory"})

SHOWN_BY: dict[str, tuple[str, ...]] = {  # "word" or "finding: word" → ways that show it
    # contrast
    "arterial enhancement": ("arterial",),
    "nodular enhancement": ("arterial", "portal venous"),
    "fill-in": ("delayed",),
    "washout": ("dynamic",),
    "capsule": ("portal venous", "delayed"),
    "rim": ("CE",),
    "hypovascular": ("portal venous",),
    "hypervascular": ("arterial",),
    "necrosis": ("CE",),
    "pyelonephritis: wedge": ("CE",),
    "varices": ("CE", "MR", "US"),
    "splenic infarct: wedge": ("CE", "T2", "DWI", "US"),
    "scar": ("CE", "T2"),
    # sound
    "low-level echoes": ("US",),
    "lacy echoes": ("US",),
    "echogenic": ("US",),
    "tubal ring": ("US",),
    "corpus luteum": ("US",),
    "no flow": ("US",),
    "peripheral follicles": ("US", "T2"),
    # calcium, gas and fat
    "wall calcification": ("CT", "US"),
    "calcified": ("CT", "US", "XR"),
    "gas": ("CT", "US"),
    "appendicitis: stranding": ("CT",),
    "diverticulitis: stranding": ("CT",),
    "pyelonephritis: stranding": ("CT",),
    # standing up, or the whole course of the bowel
    "air-fluid levels": ("CT", "AP erect"),
    "transition": ("CT",),
    "cephalisation": ("PA",),
}


@cache
def ways_of(exam: str, technique: tuple[str, ...] = ()) -> frozenset[str]:
    """The ways in which a study was looked at; every way of its modality where nothing is told.

    >>> sorted(ways_of("ct-abdomen", ("portal venous",)))
    ['CE', 'CT', 'portal venous']
    """
    modality = MODALITIES[exam]
    named = technique if any(technique) else ALL[modality]
    ways = {modality, *named}
    if ways & ENHANCED:
        ways.add("CE")
    if "arterial" in ways and ways & LATER:
        ways.add("dynamic")
    return frozenset(ways)


def can_show(what: str, feature: str, ways: frozenset[str]) -> bool:
    """Whether that word of the look of a finding may be said of a study looked at so.

    >>> can_show("hepatocellular carcinoma", "washout", ways_of("ct-abdomen", ("unenhanced",)))
    False
    """
    needed = SHOWN_BY.get(f"{what}: {feature}", SHOWN_BY.get(feature))
    return needed is None or not ways.isdisjoint(needed)


def shown_features(
    what: str, features: Sequence[str], exam: str, technique: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Those words of the look of a finding that this study can show.

    >>> shown_features("liver abscess", ("rim", "gas"), "ct-abdomen", ("unenhanced",))
    ('gas',)
    """
    ways = ways_of(exam, technique)
    return tuple(feature for feature in features if can_show(what, feature, ways))
