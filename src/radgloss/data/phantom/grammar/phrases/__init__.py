"""Every finding's words, by organ; all of them in one table.

The tables are ours, written from the usual vocabulary of reports. A third of the patterns carry a
`~`: no reader of reports was written with them in sight."""

from radgloss.data.phantom.grammar.phrases.chest import CHEST, DEVICES, LUNGS
from radgloss.data.phantom.grammar.phrases.liver import BILIARY, LIVER
from radgloss.data.phantom.grammar.phrases.lower import BOWEL, PELVIS
from radgloss.data.phantom.grammar.phrases.row import (
    DENY,
    DENY_LATE,
    DENY_SIDE,
    FOCAL,
    Phrases,
)
from radgloss.data.phantom.grammar.phrases.upper import KIDNEYS, PANCREAS, SPLEEN

__all__ = ["DENY", "DENY_LATE", "DENY_SIDE", "FOCAL", "PHRASES", "Phrases"]

PHRASES = {
    row.what: row
    for row in (*LIVER, *BILIARY, *SPLEEN, *PANCREAS, *KIDNEYS, *BOWEL, *PELVIS, *LUNGS, *CHEST,
                *DEVICES)
}  # fmt: skip
