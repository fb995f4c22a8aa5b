"""What each measure of reports notices, how it agrees with the programs papers name, and how fast.

    python benchmarks/metrics.py MANIFEST [--docs]

MANIFEST: of phantoms (`make starter` makes one of 661 test studies: chest films, CT and MR of the
abdomen); their test reports are perturbed. Agreement and speed are on 600 pairs drawn of them,
half of them right. Peers run in the same process: pycocoevalcap, rouge_score, sacrebleu (all from
the dev extra). Times are CPU seconds of one process, best of three. --docs puts the table into
docs/metrics.md. Writes benchmarks/results/metrics-DATE.md."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import numpy as np
import sacrebleu
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from rouge_score.rouge_scorer import RougeScorer

from radgloss.eval import scoring
from radgloss.eval.metrics.reports import bleu, cider, labels, meteor, mistakes, rouge
from radgloss.eval.metrics.reports.sums import NotAvailable, intervals, paired
from radgloss.eval.metrics.reports.tokens import words
from radgloss.eval.scoring import page
from radgloss.eval.scoring.reading import Pairs
from radgloss.eval.scoring.sheet import measured, probes

PAIRS, ROUNDS = 600, 10_000
PAGE = Path(__file__).parent.parent / "docs" / "metrics.md"
MARK = "<!-- measured -->"


def reports(manifest: Path) -> tuple[list[str], list[str]]:
    """Findings and impression of the test studies: of all, and of chest films."""
    every, chest = [], []
    for line in manifest.read_text().splitlines():
        row = json.loads(line)
        if row["split"] == "test":
            told = row["report"]
            text = "\n".join(f"{s.upper()}: {told[s]}" for s in ("findings", "impression")
                             if told.get(s))  # fmt: skip
            every.append(text)
            if row["exam"] == "xr-chest":
                chest.append(text)
    return every, chest


def best(act) -> float:
    rounds = []
    for _ in range(3):
        began = process_time()
        act()
        rounds.append(process_time() - began)
    return min(rounds)


def value(family, true, said) -> list[float]:
    sums = family.count(true, said).sum(0)
    return [float(m.value(sums)) for m in family.members]


def agreement(true: list[str], said: list[str]) -> list[str]:
    """The largest difference from each peer, over its figures."""
    a, b = ({n: [" ".join(words(t))] for n, t in enumerate(x)} for x in (true, said))
    with contextlib.redirect_stdout(io.StringIO()):
        rows = [
            ("BLEU-1 … 4", "pycocoevalcap", value(bleu.coco(), true, said),
             Bleu(4).compute_score(a, b)[0]),
            ("ROUGE-L", "pycocoevalcap", value(rouge.coco(), true, said),
             [Rouge().compute_score(a, b)[0]]),
            ("CIDEr-D", "pycocoevalcap", value(cider.cider_d(), true, said),
             [Cider().compute_score(a, b)[0]]),
            ("ROUGE-L (F1)", "rouge_score", value(rouge.google(), true, said),
             [google(true, said)]),
            ("sacreBLEU", "sacrebleu", value(bleu.sacrebleu(), true, said),
             [sacrebleu.corpus_bleu(said, [true]).score]),
        ]  # fmt: skip
    return [f"| {name} | {peer} | {', '.join(f'{x:.4f}' for x in ours)} | "
            f"{np.abs(np.subtract(ours, theirs)).max():.1e} |"
            for name, peer, ours, theirs in rows]  # fmt: skip


def google(true: list[str], said: list[str]) -> float:
    scorer = RougeScorer(["rougeL"])
    return float(np.mean([scorer.score(x, y)["rougeL"].fmeasure
                          for x, y in zip(true, said, strict=True)]))  # fmt: skip


def speed(true: list[str], said: list[str]) -> list[str]:
    family = bleu.coco()
    counts = family.count(true, said)
    other = family.count(true, said[::-1])
    values = [m.value for m in family.members]
    many = best(lambda: intervals(counts, values, ROUNDS))
    test = best(lambda: paired(counts, other, values, ROUNDS))
    facts = best(lambda: cold(true, said))
    theirs = sacrebleu.BLEU()
    peer = best(lambda: theirs.corpus_score(said, [true], n_bootstrap=ROUNDS))
    own = bleu.sacrebleu()
    mine = best(lambda: intervals(own.count(true, said), [own.members[0].value], ROUNDS))
    every = [f for f in scoring.families() if f.name != "METEOR"]
    given = Pairs(tuple(true), tuple(said), tuple(range(len(true))))
    whole = best(lambda: measured(given, every, rounds=ROUNDS))
    return [
        f"| {ROUNDS:,} resamples of BLEU-1 … 4 | {many:.2f} |",
        f"| paired test and interval of the difference, {ROUNDS:,} each | {test:.2f} |",
        f"| the six classes of error, texts met for the first time | {facts:.2f} |",
        "| the whole sheet but METEOR, words kept: intervals, baselines, tests, perturbations "
        f"| {whole:.2f} |",
        f"| sacreBLEU with its interval of {ROUNDS:,}, words and all | {mine:.2f} |",
        f"| the same by sacrebleu 2.6 (`n_bootstrap`) | {peer:.2f} |",
    ]


def cold(true: list[str], said: list[str]) -> None:
    from radgloss.text.facts.scan import scanned

    scanned.cache_clear()
    mistakes._read.cache_clear()
    mistakes.six_classes().count(true, said)


def table(every: list[str], chest: list[str]) -> str:
    families = [mistakes.six_classes(), mistakes.fact_f1(), bleu.coco(), bleu.sacrebleu(),
                rouge.coco(), rouge.google(), cider.cider_d()]  # fmt: skip
    with contextlib.suppress(NotAvailable):
        meteor.jar()
        families.append(meteor.meteor())
    found = probes(every, families)
    films = probes(chest, [labels.chexpert()])
    return (f"{len(every)} reports:\n\n{page.perturbations(found)}\n\nCheXpert labels, on the "
            f"{len(chest)} chest films among them:\n\n{page.perturbations(films)}")  # fmt: skip


def main() -> None:
    every, chest = reports(Path(sys.argv[1]))
    rng = np.random.default_rng(0)
    true = [every[i] for i in rng.integers(len(every), size=PAIRS)]
    said = [t if rng.random() < 0.5 else every[int(rng.integers(len(every)))] for t in true]
    told = table(every, chest)
    day = datetime.now(UTC).date().isoformat()
    lines = [
        f"# Measures of reports, {day}", "",
        f"{PAIRS} pairs of phantom reports, half of the predictions right.", "",
        "| measure | peer | ours | largest difference |", "|---|---|---|---|",
        *agreement(true, said), "", "| what | CPU seconds |", "|---|---|", *speed(true, said), "",
        "## What they notice", "", told,
    ]  # fmt: skip
    text = "\n".join(lines) + "\n"
    (Path(__file__).parent / "results" / f"metrics-{day}.md").write_text(text)
    if "--docs" in sys.argv:
        before, _, after = PAGE.read_text().split(MARK)
        PAGE.write_text(f"{before}{MARK}\n\n{told}\n\n{MARK}{after}")
    print(text)


if __name__ == "__main__":
    main()
