"""How often every finding occurs in the simulated patients of an exam: `python -m` this module."""

from __future__ import annotations

from collections import Counter

from radgloss.data.phantom.causal.looks import drawable
from radgloss.data.phantom.causal.nouns import EXAMS, Prevalence
from radgloss.data.phantom.patients import draw

__all__ = ["prevalences"]


def prevalences(exam: str, prevalence: Prevalence = "enriched", n: int = 1000) -> dict[str, float]:
    """The share of the first n training patients who have each finding the exam can show.

    >>> prevalences("us-pelvis", n=50)["free fluid"] > 0
    True
    """
    patients = (draw(seed, exam, prevalence) for seed in range(n))
    seen = Counter(what for p in patients for what in {x.what for x in p.lesions})
    return {what: seen[what] / n for what in drawable(exam)}


if __name__ == "__main__":
    for exam in EXAMS[:-1]:
        usual, rich = prevalences(exam, "clinical"), prevalences(exam)
        print(f"\n{exam:<28}{'clinical':>10}{'enriched':>10}")
        for what, share in rich.items():
            print(f"{what:<28}{100 * usual[what]:>9.1f}%{100 * share:>9.1f}%")
