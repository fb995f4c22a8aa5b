"""How fast reports of simulated patients are written, on one core.

python benchmarks/words.py"""

import time

import numpy as np

from radgloss.data.phantom.grammar import Told, write
from radgloss.text.findings import EXAMS, exam_findings
from radgloss.types import Finding


def studies(count: int) -> list[Told]:
    """Studies of every examination with none to three findings."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(count):
        exam = list(EXAMS)[int(rng.integers(len(EXAMS)))]
        rows = exam_findings(exam)
        chosen = rng.permutation(len(rows))[: int(rng.integers(4))]
        found = tuple(
            Finding(rows[i].what, side=rows[i].sides[0] if rows[i].sides else "", size_mm=(12.0,))
            for i in chosen
        )
        deny = tuple(r.what for r in rows if r.what not in {f.what for f in found})
        made.append(Told(exam, (), found, (), deny, history=("fever",)))
    return made


def main() -> None:
    """Print the best of five rounds."""
    told, rng, best, sentences = studies(1000), np.random.default_rng(1), 0.0, 0
    for _ in range(5):
        start = time.process_time()
        sentences = sum(len(write(rng, t).sentences) for t in told)
        best = max(best, len(told) / (time.process_time() - start))
    print(f"{best:,.0f} reports a second a core, {sentences / len(told):.1f} sentences each")


if __name__ == "__main__":
    main()
