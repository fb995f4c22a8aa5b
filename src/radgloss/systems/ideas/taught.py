"""A classifier taught by labels, the conventional way, for comparison with what texts teach.

The same tower as the space's, from random weights, one straight boundary for each finding
(`models.representation.classifier`); pictures drawn evenly, AdamW, as many steps whatever the
number of labels.

Shapes: N pictures · C channels · S side · K findings."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import to_model
from radgloss.data.feeds.two_views import pictures_only
from radgloss.models.representation import classifier
from radgloss.systems.ideas.space import Floats, Pictures

__all__ = ["STEPS", "odds", "taught"]

STEPS, BATCH, RATE = 300, 64, 1e-3
CHUNK = 64


def taught(
    image: Any, pictures: Pictures, answers: npt.NDArray[np.int8],
    rows: npt.NDArray[np.intp], seed: int,
) -> Any:  # fmt: skip
    """A classifier in eval mode. image: the tower's config. pictures: (N, C, S, S) uint8. answers:
    (N, K), 1 there, -1 not there, 0 nothing known. rows: which pictures teach."""
    assert len(pictures) == len(answers)
    assert len(rows)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = classifier.build(
            classifier.Config(image, width=answers.shape[1], tuning=classifier.Full())
        )
    objective = classifier.Objective(model).train()
    optimizer = torch.optim.AdamW(objective.parameters(), lr=RATE, weight_decay=0.05)
    rng = np.random.default_rng([seed, 30])
    for _ in range(STEPS):
        chosen = rows[np.sort(rng.integers(len(rows), size=BATCH))]
        facts = torch.from_numpy(answers[chosen])
        optimizer.zero_grad(set_to_none=True)
        loss, _ = objective(pictures_only(to_model(pictures[chosen]), facts=facts))
        loss.backward()
        optimizer.step()
    return model.eval()


def odds(model: Any, pictures: Pictures) -> Floats:
    """(N, K): log-odds of each finding."""
    with torch.inference_mode():
        parts = [
            model(to_model(pictures[start : start + CHUNK]))
            for start in range(0, len(pictures), CHUNK)
        ]
    return np.asarray(torch.cat(parts).double().numpy())
