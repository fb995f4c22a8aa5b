"""The four strata, and which exam examines which."""

from __future__ import annotations

from radgloss.data.phantom.causal.acute import ACUTE
from radgloss.data.phantom.causal.chest import CHEST
from radgloss.data.phantom.causal.focal import FOCAL
from radgloss.data.phantom.causal.pelvic import PELVIC
from radgloss.data.phantom.causal.rows import Stratum

__all__ = ["OF_EXAM", "STRATA"]

STRATA: dict[str, Stratum] = {s.name: s for s in (PELVIC, ACUTE, FOCAL, CHEST)}

OF_EXAM: dict[str, tuple[tuple[str, float], ...]] = {  # stratum and its share of the exam
    "ct-abdomen": (("A", 0.5), ("L", 0.5)),
    "mr-abdomen": (("L", 1.0),),
    "us-abdomen": (("A", 0.5), ("L", 0.5)),
    "us-pelvis": (("P", 1.0),),
    "xr-chest": (("C", 1.0),),
    "xr-abdomen": (("A", 1.0),),
    "ct-head": (),
}
