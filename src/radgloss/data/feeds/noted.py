"""Whole studies with what their reports state, finding by finding, and whose they are
(CDGPT2's tags, "Knowledge matters").

Shapes: B studies · K findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import Batch
from radgloss.data.feeds.desk import Desk
from radgloss.data.feeds.written import Written
from radgloss.text.facts import findings
from radgloss.text.graph_of_findings import signs
from radgloss.types import Report

__all__ = ["Noted", "noted"]


@dataclass(frozen=True)
class Noted(Written):
    """`Written` with `facts` and `patients` of each study."""

    def _batch(
        self, k: int, desk: Desk, pictures: dict[int, list[int]], studies: Sequence[int]
    ) -> Batch:
        entries = [desk.entries[s] for s in studies]
        number = {e.patient: n for n, e in enumerate(desk.entries)}
        facts = np.stack([noted(e.report, e.exam) for e in entries])
        return replace(
            super()._batch(k, desk, pictures, studies),
            facts=torch.from_numpy(facts),
            patients=torch.tensor([number[e.patient] for e in entries]),
        )


@lru_cache(maxsize=65536)
def noted(report: Report, exam: str) -> npt.NDArray[np.int8]:
    """(K,): what a report states (1), denies (-1) or leaves open (0), in the order of
    `text.graph_of_findings.NAMES`. Read it only."""
    return signs(findings(report, exam))
