"""How fast the fact graph reads, and how it agrees with CheXpert's labels on reports given to it.

    python benchmarks/facts.py [LABELED.csv]

LABELED.csv: a column `Reports` and CheXpert's fourteen labels (1, 0, -1, empty), as its labeler
writes them. Without it only the speed is measured. One process, one core, reports of 60 to 120
words composed of distinct sentences with numbers drawn anew. Cold: the kept sentences are forgotten
before each report, so that every sentence is met for the first time. Warm: the same reports once
more, as in an archive that repeats its sentences. The floor is `re.findall` of the words of the
same texts. A digest of all facts tells whether another version reads the same. Writes
benchmarks/results/facts-DATE.md."""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import numpy as np

from radgloss.text.facts import read
from radgloss.text.facts.chexpert import LABELS, labels
from radgloss.text.facts.scan import scanned

REPORTS, ROUNDS = 1500, 5
LINES = (
    "The liver is normal in size without focal lesion.",
    "There is a {a} mm cyst in segment VI of the liver, previously {b} mm.",
    "No biliary dilatation, gallstones or pericholecystic fluid are identified.",
    "The spleen measures {a} mm in length and is mildly enlarged.",
    "Right kidney: {b} mm nonobstructing calculus in the lower pole, without hydronephrosis.",
    "The left kidney, pancreas and adrenal glands are unremarkable.",
    "Small amount of free fluid is present in the pelvis, which may be physiological.",
    "Moderate right and small left pleural effusions with adjacent atelectasis.",
    "The cardiac silhouette is mildly enlarged but unchanged since the prior study.",
    "A {a} mm spiculated nodule in the left upper lobe is suspicious for malignancy.",
    "Endotracheal tube tip terminates {a} mm above the carina in satisfactory position.",
    "The visualised osseous structures and the soft tissues of the abdominal wall are intact.",
    "No pneumothorax is seen on this portable supine examination of the chest.",
    "Patchy opacity at the right lung base, likely atelectasis, although early pneumonia cannot "
    "be excluded in the appropriate clinical setting.",
    "The bowel is of normal calibre without wall thickening, obstruction or free air.",
    "Comparison is made with the examination of last year, and follow-up is recommended.",
)


def texts() -> list[str]:
    rng = np.random.default_rng(0)
    found = []
    while len(found) < REPORTS:
        order = rng.permutation(len(LINES))[: int(rng.integers(6, 10))]
        text = " ".join(
            LINES[k].format(a=int(rng.integers(8, 90)), b=int(rng.integers(3, 60))) for k in order
        )
        if 60 <= len(text.split()) <= 120:
            found.append(text)
    return found


def best(act: object, reports: list[str]) -> float:
    """CPU seconds of the fastest round."""
    assert callable(act)
    rounds = []
    for _ in range(ROUNDS):
        began = process_time()
        for text in reports:
            act(text)
        rounds.append(process_time() - began)
    return min(rounds)


def cold(text: str) -> None:
    scanned.cache_clear()
    read(text)


def agreement(path: Path) -> list[str]:
    right, total, wrong = dict.fromkeys(LABELS, 0), 0, []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            found = labels(row["Reports"])
            total += 1
            for label in LABELS:
                theirs = int(float(row[label])) if row[label] else None
                right[label] += found[label] == theirs
                if found[label] != theirs:
                    wrong.append(f"report {total}, {label}: ours {found[label]}, theirs {theirs}")
    lines = ["", f"Agreement with CheXpert's labels on {total} reports", "",
             "| label | agree |", "|---|---|"]  # fmt: skip
    lines += [f"| {label} | {right[label]}/{total} |" for label in LABELS]
    return [*lines, f"| all | {sum(right.values())}/{total * len(LABELS)} |", "", *wrong]


def main() -> None:
    reports = texts()
    words = re.compile(r"\w+|[^\w\s]")
    read(reports[0])  # builds the lexicon
    first, floor = best(cold, reports), best(words.findall, reports)
    for text in reports:
        read(text)
    again = best(read, reports)
    digest = hashlib.sha256("".join(repr(read(t)) for t in reports).encode()).hexdigest()[:16]
    count = sum(len(t.split()) for t in reports) / len(reports)
    facts = sum(len(read(t)) for t in reports) / len(reports)
    day = datetime.now(UTC).date().isoformat()
    lines = [f"# Reading facts, {day}", "",
             f"{len(reports)} reports of {count:.0f} words and {facts:.1f} facts on average; CPU "
             f"time of one process, best of {ROUNDS} rounds.", "",
             "| what | reports a second | µs a report |", "|---|---|---|",
             "| `read`, cold: every sentence met for the first time "
             f"| {len(reports) / first:.0f} | "
             f"{first / len(reports) * 1e6:.0f} |",
             f"| `read`, warm: the same reports once more | {len(reports) / again:.0f} | "
             f"{again / len(reports) * 1e6:.0f} |",
             f"| floor: `re.findall` of the words | {len(reports) / floor:.0f} | "
             f"{floor / len(reports) * 1e6:.0f} |",
             "", f"Digest of the facts: {digest}."]  # fmt: skip
    if len(sys.argv) > 1:
        lines += agreement(Path(sys.argv[1]))
    text = "\n".join(lines).rstrip() + "\n"
    out = Path(__file__).parent / "results" / f"facts-{day}.md"
    out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
