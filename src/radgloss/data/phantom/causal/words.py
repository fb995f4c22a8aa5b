"""History lines: what the notes say, from what was asked and what is known."""

from __future__ import annotations

from radgloss.data.phantom.causal.conditions import SURGERY_OF
from radgloss.data.phantom.causal.nouns import Patient
from radgloss.data.phantom.causal.strata import STRATA

__all__ = ["history_lines"]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def history_lines(patient: Patient) -> tuple[str, ...]:
    """Complaints first, then denied complaints, known conditions, surgery; plain sentences.

    No line says more than the encounter recorded, and none tells the disease."""
    e = patient.encounter
    if not e.stratum:
        return ()
    always = STRATA[e.stratum].complaints
    lines = [_capital(name) for name, yes in e.history if yes]
    lines += [f"No {name}." for name, yes in e.history if not yes and name in always]
    lines += [_capital(name) for name, yes in e.known if yes]
    lines += [f"No {name}." for name, yes in e.known if not yes]
    lines += [f"Status post {SURGERY_OF[organ][1]}." for organ in patient.absent]
    return tuple(lines)
