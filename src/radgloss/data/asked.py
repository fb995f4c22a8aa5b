"""What the pictures of a step are asked, beside finding their texts: questions and names.

`Quiz` asks what is there, `Naming` what a picture is of and how it was taken. Both may seek
pictures for what they show, which makes rare answers common; how common, is said beside the
questions (`odds`, `shares`), so that a loss can leave it out.

Shapes: K pictures · B batch · Q questions · O names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radgloss.data.batch import NAME, QUESTION
from radgloss.data.naming import Naming
from radgloss.data.quiz import Quiz

__all__ = ["Asked"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Asked:
    """quiz, naming: None where a step has none. odds: (Q,) log-odds of a yes among the pictures
    that are drawn and answer, 0 where they may be learned. shares: (O,) logarithm of each name's
    share of those that have one."""

    quiz: Quiz | None
    naming: Naming | None
    odds: Floats
    shares: Floats

    def wordings(self, rng: np.random.Generator) -> tuple[list[str], list[int]]:
        """2 Q + O texts, and the owner of each."""
        questions = self.quiz.wordings(rng) if self.quiz else []
        names = self.naming.wordings(rng) if self.naming else []
        return questions + names, [QUESTION] * len(questions) + [NAME] * len(names)

    def answers(self, pictures: Sequence[int]) -> npt.NDArray[np.int8]:  # (B, Q)
        """1 yes, -1 no, 0 not known."""
        if self.quiz is None:
            return np.zeros((len(pictures), 0), np.int8)
        return self.quiz.answers[list(pictures)]

    def options(self, pictures: Sequence[int]) -> npt.NDArray[np.int8]:  # (B, O)
        """1 its name, -1 another that it is not, 0 not asked."""
        if self.naming is None:
            return np.zeros((len(pictures), 0), np.int8)
        return self.naming.options(pictures)
