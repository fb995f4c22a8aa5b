"""Two hospitals: what goes with a disease in one place is not the disease [4] (Zech et al. 2018).

Hospital B's pictures are darker and bear a bright mark in a corner. In training its patients have
the finding far more often than A's: a classifier may learn the hospital in place of the finding,
looks good at home and fails where the mark tells nothing. Its twin is taught on the same pictures
with the hospitals dealt by lot. The patients are simulated: the hospital is put on afterwards, and
nothing else differs.

    outside    AUROC of the finding where all pictures are A's
    inside     where hospital and finding go together as they do in training
    reversed   where they go together the other way round
    hospital   AUROC of a boundary on the classifier's features that tells the hospital

Shapes: N pictures · C channels · S side."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from radgloss.data.batch import to_model
from radgloss.systems.ideas import taught
from radgloss.systems.ideas.space import Floats, Pictures, Space
from radgloss.systems.ideas.transferred import findings_of, some
from radgloss.systems.representation import score, transfer
from radgloss.systems.representation.two_ways import boundary
from radgloss.trust.calibration import auroc

__all__ = ["hospitals", "marked"]

OFTEN = 0.9  # how often a picture with the finding is B's, and one without it A's
DARK = 0.85
Dealt = Literal["by lot", "by finding"]


def hospitals(space: Space, dealt: Dealt) -> dict[str, Any]:
    """The figures above, of the finding of which the most is known; None where there is none."""
    names = findings_of(space.train, space.test, 1)
    if not names:
        return {"outside": None}
    task = some(transfer.task(space.train, space.test, names[0]), space.seed)
    rng = np.random.default_rng([space.seed, 32])
    there = task.answers > 0
    of_b = _lots(there, 0.5 if dealt == "by lot" else OFTEN, rng)
    answers = task.answers[:, None].astype(np.int8)
    everyone = np.arange(len(answers))
    pictures = marked(task.pictures, of_b)
    model = taught.taught(space.model.config.image, pictures, answers, everyone, space.seed)
    homes = {
        "outside": np.zeros(len(task.truth), bool),
        "inside": _lots(task.truth, OFTEN, rng),
        "reversed": _lots(task.truth, 1 - OFTEN, rng),
    }
    found = {
        name: round(auroc(taught.odds(model, marked(task.asked, b))[:, 0], task.truth), 4)
        for name, b in homes.items()
    }
    lot = rng.random(len(task.truth)) < 0.5
    return {**found, "hospital": round(_told(model, task, of_b, lot), 4), "finding": names[0]}


def marked(pictures: Pictures, of_b: npt.NDArray[np.bool_]) -> Pictures:
    """The pictures (N, C, S, S) as their hospitals make them.

    >>> marked(np.full((1, 1, 20, 20), 100, np.uint8), np.array([True]))[0, 0, 1:3, 1:3].tolist()
    [[255, 255], [255, 255]]
    """
    out = np.array(pictures)
    out[of_b] = (out[of_b] * DARK).astype(np.uint8)
    side = max(2, out.shape[-1] // 10)
    out[of_b, :, 1 : 1 + side, 1 : 1 + side] = 255
    return out


def _lots(
    there: npt.NDArray[np.bool_], often: float, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Whose each picture is: B's with this probability where the finding is there, and with the
    rest of it where it is not."""
    return np.asarray(rng.random(len(there)) < np.where(there, often, 1 - often))


def _told(
    model: Any, task: transfer.Task, of_b: npt.NDArray[np.bool_], lot: npt.NDArray[np.bool_]
) -> float:
    """AUROC of the hospital in pictures of test patients dealt by lot."""
    x, z = (_described(model, marked(p, b)) for p, b in ((task.pictures, of_b), (task.asked, lot)))
    x, z = score.standard(x, z)
    p = boundary(x, of_b.astype(np.int64), penalty=10.0).posterior(z)
    return auroc(p[:, 1], lot)


def _described(model: Any, pictures: Pictures) -> Floats:
    with torch.inference_mode():
        parts = [
            model.describe(to_model(pictures[k : k + taught.CHUNK]))
            for k in range(0, len(pictures), taught.CHUNK)
        ]
    return np.asarray(torch.cat(parts).double().numpy())
